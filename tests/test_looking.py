"""Who looked at calls is recorded: staff, logins, staff as a login; and nothing else is written."""

import pytest
from sqlalchemy import select

from extensions import db
from models import AuditEntry
from tests.support.calls import forget_charges, hold_since_long_ago, line, load

SPAN = "from=2026-11-01&to=2026-11-30"


@pytest.fixture
def calls(look, story):  # type: ignore[no-untyped-def]
    """A call of Acme's and one of Birch's."""
    with look():
        forget_charges()
        hold_since_long_ago()
        db.session.commit()
        load(line("a", story.acme_number), line("b", story.birch_number))
    return story


def looked(look) -> list[tuple[str, str, dict[str, str]]]:  # type: ignore[no-untyped-def]
    with look():
        mine = (
            select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "calls.looked_at")
        )
        return [(row.by_name, row.object_name, row.changes) for row in db.session.scalars(mine)]


def test_staff_who_look_are_recorded(visitor, alice, acme, calls, look) -> None:
    page = visitor(alice).get(f"/admin/clients/{acme.id}/usage/numbers/{calls.acme_number}?{SPAN}")
    assert "(212) 555-0147" in page
    told = {"number": calls.acme_number, "range": "2026-11-01 to 2026-11-30"}
    assert looked(look) == [("Alice", "Acme", told)]


def test_a_login_who_looks_is_recorded(visitor, bob, calls, look) -> None:
    page = visitor(bob).get(f"/portal/keystone/usage/{calls.acme_number}?{SPAN}")
    assert "(212) 555-0147" in page
    assert [entry[:2] for entry in looked(look)] == [("Bob", "Acme")]


def test_staff_who_look_as_a_login_are_recorded_with_both_names(
    visitor, alice, bob, calls, look
) -> None:
    browser = visitor(alice)
    form = browser.get(f"/admin/logins/details/?id={bob.id}").forms["impersonate"]
    form["reason"] = "Ticket 4711"
    door = form.submit(status=303).follow()
    door.forms["impersonate"].submit(status=302).follow()
    browser.get(f"/portal/keystone/usage/{calls.acme_number}?{SPAN}")
    assert [entry[:2] for entry in looked(look)] == [("Alice as Bob", "Acme")]


def test_who_finds_nothing_has_looked_at_nothing(
    visitor, alice, mallory, acme, calls, look
) -> None:
    where = f"/admin/clients/{acme.id}/usage/numbers"
    visitor(alice).get(f"{where}/{calls.birch_number}", status=404)
    visitor(mallory).get(f"{where}/{calls.acme_number}", status=404)
    assert looked(look) == []


def test_a_page_of_sums_is_no_look_at_calls(visitor, alice, bob, acme, calls, look) -> None:
    visitor(alice).get(f"/admin/clients/{acme.id}/usage/?{SPAN}")
    visitor(bob).get(f"/portal/keystone/usage?{SPAN}")
    assert looked(look) == []


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_who_takes_calls_as_a_file_is_recorded(visitor, story, acme, calls, look, who) -> None:
    where = f"/admin/clients/{acme.id}/usage/" if who == "alice" else "/portal/keystone/usage"
    page = visitor(getattr(story, who)).get(f"{where}?{SPAN}")
    assert "+12125550147" in page.forms["csv-calls"].submit()
    with look():
        mine = select(AuditEntry).where(AuditEntry.action == "usage.exported")
        entry = db.session.scalars(mine).one()
        assert (entry.by_name.lower(), entry.object_name) == (who, "Acme")
        assert entry.changes == {"what": "calls", "range": "2026-11-01 to 2026-11-30"}
