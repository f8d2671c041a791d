"""Usage in the portal (P25): the client's own calls, in its own price, and nobody else's (P31)."""

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import select, update

from extensions import db
from models import AuditEntry, Call, CallKind, Client, DidAssignment, RatePlan
from tests.support.calls import LONG_AGO, forget_charges, line, load
from tests.support.words import leaks_of

HOME = "/portal/keystone/usage"
MONTH = "from=2026-11-01&to=2026-11-30"


@pytest.fixture
def calls(look, story):  # type: ignore[no-untyped-def]
    """Three calls of Acme's, for which it pays twice what they cost, and one of Birch's."""
    with look():
        forget_charges()
        db.session.execute(
            update(DidAssignment)
            .values(started_at=LONG_AGO)
            .execution_options(synchronize_session=False)
        )
        plan = RatePlan(reseller_id=story.reseller_id, name="Double", markup_basis_points=10_000)
        db.session.add(plan)
        db.session.flush()
        db.session.get_one(Client, story.acme.id).rate_plan_id = plan.id
        db.session.commit()
        mine = [line(f"a{n}", story.acme_number, price="0.123456") for n in range(3)]
        load(*mine, line("b", story.birch_number, price="9.99"))
    return story


def test_bob_sees_his_month_in_his_own_price(visitor, bob, calls) -> None:
    page = visitor(bob).get(f"{HOME}?{MONTH}")
    total = [cell.get_text() for cell in page.html.select("#usage-total td")]
    assert total == ["3", "3.1", "0", "$0.740736"]
    said = page.html.select_one("[data-figure]")["aria-label"]
    assert said.endswith(": $0.74, $0.00 in the month before up to the same day.")


def test_the_graph_by_kind_adds_up_to_the_pages_total(visitor, bob, calls) -> None:
    page = visitor(bob).get(f"{HOME}?{MONTH}")
    box = page.html.select_one("#kinds-figure [data-figure]")
    used, owed = json.loads(box["data-figure"])["data"]
    assert (used["y"], used["x"], owed["y"]) == (["Inbound"], [0.740736], [])
    assert box["aria-label"] == "Inbound $0.74: in all $0.74."
    twin = page.html.select("#usage-kinds tbody tr")[-1]
    assert [cell.get_text() for cell in twin.find_all("td")] == ["3", "3.1", "0", "$0.740736"]


def test_what_it_costs_the_reseller_stands_nowhere(visitor, bob, calls) -> None:
    browser = visitor(bob)
    for path in (f"{HOME}?{MONTH}", f"{HOME}/{calls.acme_number}?{MONTH}"):
        page = browser.get(path)
        assert "0.370368" not in page.text
        assert "0.123456" not in page.text
        assert leaks_of(page) == []


def test_a_number_leads_to_its_calls(visitor, bob, calls) -> None:
    page = visitor(bob).get(f"{HOME}?{MONTH}").click(r"\(412\) 555-0190")
    assert len(page.html.select("#calls tbody tr")) == 3
    assert "$0.246912" in page.html.select_one("#calls tbody tr").get_text()
    said = " ".join(page.html.select_one(".page-intro").get_text().split())
    assert said.startswith("From Nov 1, 2026 to Nov 30, 2026: 3 calls, 3.1 minutes, $0.74.")


@pytest.mark.parametrize(
    ("what", "rows"), [("days", 30), ("kinds", 1), ("numbers", 1), ("calls", 3)]
)
def test_the_csv_adds_up_and_its_export_is_recorded(
    visitor, bob, calls, look, what: str, rows: int
) -> None:
    answer = visitor(bob).get(f"{HOME}?{MONTH}").forms[f"csv-{what}"].submit()
    read: list[Any] = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(read) == rows
    assert sum(round(float(row["price"]) * 1_000_000) for row in read) == 740_736
    assert "cost" not in answer.text
    with look():
        entry = db.session.query(AuditEntry).filter_by(action="usage.exported").one()
        assert entry.by_name == "Bob"


def test_charlie_sees_none_of_bobs_calls(visitor, charlie, calls) -> None:
    browser = visitor(charlie)
    assert "555-0190" not in browser.get(f"{HOME}?{MONTH}").text
    browser.get(f"{HOME}/{calls.acme_number}?{MONTH}", status=404)


@pytest.mark.parametrize(
    ("junk", "wrong", "sentence"),
    [
        ("from=x", ["from"], "“x” is no date; write it like 2026-11-01."),
        (
            "from=2026-12-02&to=2026-11-01",
            ["to"],
            "Nov 1, 2026 lies before Dec 2, 2026; swap the days.",
        ),
        ("from=2031-01-01", ["from"], "lies before Jan 1, 2031; swap the days."),
        ("from=2025-01-01&to=2026-02-05", ["to"], "These are 401 days; choose at most 400."),
        ("from=1990-01-01", ["from"], "There are no calls in the year 1990; choose one from 2000"),
        ("from=x&to=2026-02-30", ["from", "to"], "“2026-02-30” is no date; write it like"),
    ],
)
@pytest.mark.parametrize("page_of", [HOME, f"{HOME}/4125550190"])
def test_a_range_that_cannot_be_is_said_at_its_days_and_shows_the_month(
    visitor, bob, calls, junk: str, wrong: list[str], sentence: str, page_of: str
) -> None:
    page = visitor(bob).get(f"{page_of}?{junk}")
    said = page.html.find(id="range-problem").get_text()
    assert sentence in said
    assert said.endswith(" The month to date is shown.")
    assert [one["name"] for one in page.html.select("[aria-invalid]")] == wrong
    form = page.forms["range"]
    typed = dict(part.split("=") for part in junk.split("&"))
    assert {name: form[name].value for name in typed} == typed


@pytest.mark.parametrize("days", ["2026-11-20&to=2026-11-20", "2025-01-01&to=2026-02-04"])
def test_one_day_and_four_hundred_are_ranges(visitor, bob, calls, days: str) -> None:
    page = visitor(bob).get(f"{HOME}?from={days}")
    assert page.html.find(id="range-problem") is None
    assert page.forms["range"]["from"].value == days[:10]


def test_each_call_says_what_it_was_and_how_long(visitor, bob, calls, look) -> None:
    with look():
        of_bob = select(Call).where(Call.number == "+14125550190").order_by(Call.started_at)
        first, second, third = db.session.scalars(of_bob).all()
        first.seconds, second.kind, third.seconds = 9, CallKind.MESSAGE, 3_723
        db.session.commit()
    page = visitor(bob).get(f"{HOME}/4125550190?{MONTH}")
    rows = [
        tuple(row.select_one(f"[data-label={name}]").get_text() for name in ("Kind", "Length"))
        for row in page.html.select("#calls tbody tr")
    ]
    assert rows == [("Inbound", "1:02:03"), ("Message", "–"), ("Inbound", "0:09")]


def test_a_number_without_calls_says_so(visitor, bob, story) -> None:
    page = visitor(bob).get(f"{HOME}/4125550190")
    assert page.html.find(id="no-calls").get_text() == "No calls in these days."
