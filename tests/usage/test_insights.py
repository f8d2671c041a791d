"""What a reseller should look at: calls of nobody, numbers without use, days out of pattern."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from extensions import db
from models import Did, Reseller, UsageKind
from tests.support.calls import LONG_AGO, forget_charges, hold_since_long_ago, line, load, spent
from usage import insights, reports

TODAY = date(2026, 11, 25)
DOLLAR = 1_000_000


@pytest.fixture
def held(at_reseller):  # type: ignore[no-untyped-def]
    """The story in an empty ledger, its numbers held since long ago."""
    forget_charges()
    hold_since_long_ago()
    for did in db.session.scalars(select(Did).where(Did.client_id.is_not(None))):
        did.activated_at = LONG_AGO
    db.session.commit()
    return at_reseller


def spend(client_id: int, day: date, dollars: int, kind: UsageKind = UsageKind.OUTBOUND) -> None:
    spent(client_id, day, dollars * DOLLAR, kind, number=f"+1412555{day:%m%d}", calls=1)


def test_calls_of_nobody_are_listed_by_number(held) -> None:
    load(
        line("a", "+17135550123", at="2026-11-03 15:00:00", price="0.01"),
        line("b", "+17135550123", at="2026-11-05 15:00:00", price="0.02"),
        line("c", "+17135550124", at="2026-11-05 15:00:00"),
        line("d", held.acme_number),
    )
    first, second = insights.unassigned()
    assert first == insights.Unassigned(
        "+17135550123", 2, date(2026, 11, 3), date(2026, 11, 5), 30_000
    )
    assert second.number == "+17135550124"


def test_calls_of_nobody_in_a_closed_month_are_not_listed(held) -> None:
    load(line("a", "+17135550123", at="2026-10-03 15:00:00"))
    db.session.get_one(Reseller, held.reseller_id).closed_through = date(2026, 10, 31)
    assert insights.unassigned() == []


def test_a_number_without_a_call_in_90_days_is_unused(held) -> None:
    load(line("a", held.acme_number, at="2026-08-27 15:00:00"))
    listed = db.session.scalars(insights.unused(TODAY)).all()
    assert [did.number for did in listed] == [held.birch_number]
    later = db.session.scalars(insights.unused(TODAY + timedelta(days=1))).all()
    assert [did.number for did in later] == [held.acme_number, held.birch_number]


def test_a_fee_is_no_use(held) -> None:
    spent(held.acme.id, TODAY, 1, UsageKind.MONTHLY, number=held.acme_number)
    listed = db.session.scalars(insights.unused(TODAY)).all()
    assert held.acme_number in {did.number for did in listed}


def test_a_number_that_is_new_is_not_called_unused(held) -> None:
    did = db.session.scalars(select(Did).where(Did.number == held.acme_number)).one()
    did.activated_at = datetime(2026, 11, 1, tzinfo=UTC)
    listed = db.session.scalars(insights.unused(TODAY)).all()
    assert [one.number for one in listed] == [held.birch_number]


def pattern(client_id: int, day: date, dollars: int, weeks: int = 8) -> None:
    for n in range(1, weeks + 1):
        spend(client_id, day - timedelta(weeks=n), dollars)


def test_a_day_far_beyond_its_weekdays_is_pointed_out(held) -> None:
    day = date(2026, 11, 24)
    pattern(held.acme.id, day, 4)
    spend(held.acme.id, day, 40)
    found = insights.unusual(TODAY)
    assert found == [insights.Unusual(held.acme.id, day, 40 * DOLLAR, 4 * DOLLAR)]
    for client_id, expected in ((held.acme.id, found), (held.birch.id, [])):
        days = reports.days(insights.pattern(TODAY), client_id=client_id)
        assert insights.unusual_of(client_id, days, TODAY) == expected


@pytest.mark.parametrize(("usual", "spent", "weeks"), [(20, 60, 8), (1, 5, 8), (4, 40, 3)])
def test_a_day_within_its_pattern_or_without_one_is_not(held, usual, spent, weeks) -> None:
    day = date(2026, 11, 24)
    pattern(held.acme.id, day, usual, weeks)
    spend(held.acme.id, day, spent)
    assert insights.unusual(TODAY) == []


def test_a_fee_makes_no_day_unusual(held) -> None:
    day = date(2026, 11, 24)
    pattern(held.acme.id, day, 4)
    spend(held.acme.id, day, 400, UsageKind.SETUP)
    assert insights.unusual(TODAY) == []


def test_an_old_day_is_pointed_out_no_more(held) -> None:
    day = date(2026, 11, 17)
    pattern(held.acme.id, day, 4)
    spend(held.acme.id, day, 40)
    assert insights.unusual(TODAY) == []
