"""The ledger of charges: what is charged when, what is given back, and that nothing comes twice."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

import charging
from catalog import Invalid
from extensions import db
from models import (
    AuditEntry,
    Charge,
    Client,
    DidService,
    MonthlyFee,
    Reseller,
    ServicePrice,
    Tier,
    UsageDay,
)
from permissions import Actor
from tests.support import orders
from tests.support.calls import assert_sums_agree, forget_charges

BY = Actor(name="Test")
DOLLAR = 1_000_000


@pytest.fixture
def clock(at_reseller, monkeypatch):  # type: ignore[no-untyped-def]
    """The story in an empty ledger, and a clock that stands where a test sets it."""
    forget_charges()
    db.session.commit()
    return lambda *at: monkeypatch.setattr(charging, "now", lambda: _moment(*at))


def _moment(year: int, month: int, day: int, hour: int = 15) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def ledger() -> list[tuple[str, int, date]]:
    rows = db.session.execute(
        select(Charge.kind, Charge.price_micros, Charge.day).order_by(Charge.id)
    )
    return [(kind.value, price, day) for kind, price, day in rows]


def sums() -> int:
    assert_sums_agree()
    return int(db.session.scalar(select(func.sum(UsageDay.price_micros))) or 0)


def begin(story, price: int = 3 * DOLLAR) -> None:  # type: ignore[no-untyped-def]
    charging.begin(story.acme.id, story.acme_number, "sms", price)


def test_the_first_month_is_paid_by_days_and_the_next_one_whole(at_reseller, clock) -> None:
    clock(2026, 11, 11)
    begin(at_reseller)
    clock(2026, 12, 1)
    assert charging.charge_due() == 1
    assert ledger() == [
        ("monthly", 2 * DOLLAR, date(2026, 11, 11)),
        ("monthly", 3 * DOLLAR, date(2026, 12, 1)),
    ]
    assert sums() == 5 * DOLLAR


def test_a_month_is_charged_once_however_often_it_is_asked(at_reseller, clock) -> None:
    clock(2026, 11, 1)
    begin(at_reseller)
    assert [charging.charge_due(), charging.charge_due()] == [0, 0]
    assert ledger() == [("monthly", 3 * DOLLAR, date(2026, 11, 1))]


def test_what_ends_gives_back_the_days_after_today(at_reseller, clock) -> None:
    clock(2026, 11, 1)
    begin(at_reseller)
    clock(2026, 11, 10)
    charging.end(at_reseller.acme.id, at_reseller.acme_number, "sms")
    clock(2026, 12, 5)
    assert charging.charge_due() == 0
    assert ledger()[1:] == [("monthly", -2 * DOLLAR, date(2026, 11, 10))]
    assert sums() == DOLLAR


def test_ending_twice_gives_back_once(at_reseller, clock) -> None:
    clock(2026, 11, 1)
    begin(at_reseller)
    for _ in range(2):
        charging.end(at_reseller.acme.id, at_reseller.acme_number, "sms")
    assert len(ledger()) == 2


def test_another_price_holds_from_today_and_the_day_is_paid_once(at_reseller, clock) -> None:
    clock(2026, 11, 1)
    begin(at_reseller)
    clock(2026, 11, 16)
    begin(at_reseller, 6 * DOLLAR)
    assert sums() == (15 * 3 + 15 * 6) * DOLLAR // 30


def test_a_new_price_on_the_day_of_the_start_replaces_the_first(at_reseller, clock) -> None:
    clock(2026, 11, 1)
    begin(at_reseller)
    begin(at_reseller, 6 * DOLLAR)
    assert sums() == 6 * DOLLAR


def test_the_same_price_again_changes_nothing(at_reseller, clock) -> None:
    clock(2026, 11, 5)
    begin(at_reseller)
    before = ledger()
    clock(2026, 11, 9)
    begin(at_reseller)
    assert ledger() == before


def test_months_that_were_missed_are_charged_late(at_reseller, clock) -> None:
    clock(2026, 9, 1)
    begin(at_reseller)
    clock(2026, 11, 3)
    assert charging.charge_due() == 2
    assert [day for _, _, day in ledger()] == [
        date(2026, 9, 1),
        date(2026, 10, 1),
        date(2026, 11, 1),
    ]


def test_a_fee_that_begins_does_not_hide_a_month_that_others_missed(at_reseller, clock) -> None:
    clock(2026, 8, 1)
    begin(at_reseller)
    assert charging.charge_due() == 0
    clock(2026, 10, 2)
    charging.begin(at_reseller.acme.id, at_reseller.acme_number, "cnam_inbound", DOLLAR)
    assert charging.charge_due() == 2
    months = select(Charge.first_day).where(Charge.subject == "sms").order_by(Charge.first_day)
    assert list(db.session.scalars(months)) == [date(2026, n, 1) for n in (8, 9, 10)]


def test_a_months_days_are_the_resellers(at_reseller, clock) -> None:
    clock(2026, 11, 20)
    begin(at_reseller)
    clock(2026, 12, 1, 3)
    assert charging.charge_due() == 0
    clock(2026, 12, 1, 6)
    assert charging.charge_due() == 1


def test_a_closed_month_takes_nothing_more(at_reseller, clock) -> None:
    clock(2026, 11, 20)
    begin(at_reseller)
    clock(2026, 12, 3)
    assert charging.close_month(date(2026, 11, 1), by=BY)
    november = [row for row in ledger() if row[2] < date(2026, 12, 1)]
    db.session.query(Charge).filter(Charge.day >= date(2026, 12, 1)).delete()
    charging._charge(list(db.session.scalars(select(MonthlyFee))), date(2026, 10, 1))
    assert [row for row in ledger() if row[2] < date(2026, 12, 1)] == november
    assert ledger()[-1][2] == date(2026, 12, 1)


def test_a_month_is_closed_once_and_with_its_charges(at_reseller, clock) -> None:
    clock(2026, 9, 1)
    begin(at_reseller)
    clock(2026, 11, 3)
    assert charging.close_month(date(2026, 10, 1), by=BY)
    assert not charging.close_month(date(2026, 10, 1), by=BY)
    assert not charging.close_month(date(2026, 9, 1), by=BY)
    assert [day for _, _, day in ledger()][1] == date(2026, 10, 1)
    entries = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert entries.count("month.closed") == 1


def test_a_month_that_is_not_over_cannot_be_closed(at_reseller, clock) -> None:
    clock(2026, 11, 30)
    with pytest.raises(Invalid, match=r"not over yet\. Close it from December 1, 2026 on"):
        charging.close_month(date(2026, 11, 1), by=BY)
    assert db.session.scalar(select(Reseller.closed_through)) is None


def test_an_adjustment_sent_twice_is_written_once(at_reseller, clock) -> None:
    clock(2026, 11, 10)
    acme = db.session.get_one(Client, at_reseller.acme.id)
    sent = [charging.adjust(acme, -5 * DOLLAR, " Good \n will ", by=BY, key="k") for _ in "ab"]
    assert sent == [True, False]
    assert ledger() == [("adjustment", -5 * DOLLAR, date(2026, 11, 10))]
    assert db.session.scalar(select(Charge.reason)) == "Good will"


@pytest.mark.parametrize(
    ("amount", "reason", "field"),
    [(0, "Why", "amount"), (1, "  ", "reason"), (1, "x" * 201, "reason"), (10**13, "a", "amount")],
)
def test_a_wrong_adjustment_is_refused(at_reseller, clock, amount, reason, field) -> None:
    clock(2026, 11, 10)
    acme = db.session.get_one(Client, at_reseller.acme.id)
    with pytest.raises(Invalid) as refused:
        charging.adjust(acme, amount, reason, by=BY, key="k")
    assert list(refused.value.problems) == [field]
    assert ledger() == []


@given(
    st.integers(0, 10**12),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.integers(1, 31),
)
def test_the_parts_of_a_month_never_come_to_more_than_a_unit_beside_the_whole(
    monthly: int, day: date, cut: int
) -> None:
    first = day.replace(day=1)
    last = charging.next_month(first) - timedelta(days=1)
    middle = min(first.replace(day=min(cut, last.day)), last)
    assert charging.part(monthly, first, last) == monthly
    before = charging.part(monthly, first, middle)
    after = charging.part(monthly, middle + timedelta(days=1), last)
    assert abs(before + after - monthly) <= 1


# --- What causes charges ------------------------------------------------------------------------


@pytest.fixture
def priced(at_reseller, clock):  # type: ignore[no-untyped-def]
    """The story on the first of a month, with prices for a text service and for 911."""
    clock(2026, 11, 1)
    db.session.query(ServicePrice).delete()
    owner = {"reseller_id": at_reseller.reseller_id}
    for service in ("sms", "e911", "call_forwarding"):
        prices = {"monthly_micros": 3 * DOLLAR, "setup_micros": DOLLAR}
        db.session.add(ServicePrice(**owner, service=service, **prices))
    tier = db.session.get_one(Tier, at_reseller.tier.id)
    tier.monthly_micros, tier.setup_micros, tier.cost_monthly_micros = 6 * DOLLAR, 2 * DOLLAR, 7
    db.session.commit()
    return at_reseller


def carried_out(story, kind: str, number: str, **settings) -> None:  # type: ignore[no-untyped-def]
    order = orders.ask(story.bob, number, kind=kind, **settings)
    orders.approve(order, story.alice)
    assert orders.find(order).state == "completed"


def rows() -> list[tuple[str, str, int, int]]:
    found = select(Charge.kind, Charge.subject, Charge.price_micros, Charge.cost_micros)
    return [(kind.value, *rest) for kind, *rest in db.session.execute(found.order_by(Charge.id))]


def test_a_number_is_charged_when_it_is_handed_over_and_given_back_at_its_release(priced) -> None:
    number = priced.free[0]
    carried_out(priced, "did_order", number)
    assert rows() == [
        ("monthly", "did", 6 * DOLLAR, 7),
        ("setup", "did", 2 * DOLLAR, 100_000),
    ]
    carried_out(priced, "did_release", number)
    assert rows()[2:] == [("monthly", "did", -29 * 6 * DOLLAR // 30, -7)]
    assert sums() == sum(price for _, _, price, _ in rows())


def test_a_service_is_charged_and_goes_on_at_its_price_when_it_is_changed(priced) -> None:
    number = priced.acme_number
    carried_out(priced, "call_forwarding", number, forward_to="4125550147")
    before = rows()
    assert before == [
        ("monthly", "call_forwarding", 3 * DOLLAR, 0),
        ("setup", "call_forwarding", DOLLAR, 0),
    ]
    carried_out(priced, "call_forwarding", number, forward_to="4125550148")
    assert rows() == before
    assert db.session.scalar(select(DidService.monthly_micros)) == 3 * DOLLAR


def test_a_service_that_another_one_turns_off_is_given_back(priced) -> None:
    carried_out(priced, "call_forwarding", priced.acme_number, forward_to="4125550147")
    carried_out(priced, "failover", priced.acme_number, failover_to="4125550148")
    assert rows()[2:] == [("monthly", "call_forwarding", -29 * 3 * DOLLAR // 30, 0)]


def test_a_rejected_order_charges_nothing(priced) -> None:
    order = orders.ask(priced.bob, priced.free[0])
    orders.reject(order, priced.alice, "No.")
    assert rows() == []
