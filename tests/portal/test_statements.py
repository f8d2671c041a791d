"""Statements in the portal (P25): one's own months, in one's own price, and nobody else's (P31)."""

import csv
import io

import pytest
from sqlalchemy import select

from columns import now
from extensions import db
from models import AuditEntry
from tests.support.words import leaks

KEY = f"{now():%Y-%m}"
HOME = "/portal/keystone/statements"


def test_bob_reads_his_month_from_the_menu(visitor, bob) -> None:
    page = visitor(bob).get("/portal/keystone/").click("Statements").click(f"{now():%B %Y}")
    rows = [row.get_text(" ", strip=True) for row in page.html.select("#statement tbody tr")]
    assert rows[0].startswith("Numbers, monthly 1 $")
    assert rows[-1].startswith("In all $")
    numbers = page.html.select("#statement-numbers tbody th")
    assert [cell.get_text() for cell in numbers] == ["(412) 555-0190"]


def test_the_files_hold_no_word_of_the_reseller_alone(visitor, bob) -> None:
    page = visitor(bob).get(f"{HOME}/{KEY}")
    rows = list(csv.DictReader(io.StringIO(page.forms["csv"].submit().text)))
    assert [row["what"] for row in rows if row["section"] == "numbers"] == ["+14125550190"]
    assert leaks(page.forms["csv"].submit().text) == []
    drawn = page.forms["pdf"].submit()
    assert drawn.body.startswith(b"%PDF-")
    assert leaks(drawn.body.decode("latin-1")) == []


def test_what_is_taken_as_a_file_is_recorded(visitor, bob, look) -> None:
    visitor(bob).get(f"{HOME}/{KEY}").forms["pdf"].submit()
    with look():
        taken = (
            select(AuditEntry.login_id)
            .order_by(AuditEntry.id)
            .where(AuditEntry.action == "statement.exported")
        )
        assert db.session.scalars(taken).all() == [bob.id]


def test_charlie_reads_his_own_numbers_alone(visitor, charlie) -> None:
    page = visitor(charlie).get(f"{HOME}/{KEY}")
    assert "(412) 555-0191" in page
    assert "(412) 555-0190" not in page


@pytest.mark.parametrize("key", ["2019-01", "2026-13", "nonsense"])
def test_a_month_without_anything_is_not_found(visitor, bob, key: str) -> None:
    visitor(bob).get(f"{HOME}/{key}", status=404)


@pytest.mark.parametrize("what", ["pdf", "csv"])
def test_a_file_is_not_taken_by_a_link(visitor, bob, what: str) -> None:
    visitor(bob).get(f"{HOME}/{KEY}.{what}", status="4*")
