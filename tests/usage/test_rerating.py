"""Pricing calls again in two steps: compared for each client, then written, in pieces and once."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

import jobs
from catalog import Invalid
from columns import now
from extensions import db
from models import AuditEntry, Call, Client, RatePlan, RerateState, Rerating, Reseller, UsageDay
from tests.support.calls import BY, forget_charges, hold_since_long_ago, line, load
from usage import recounting, rerating

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
DOLLAR = 1_000_000


@pytest.fixture
def held(at_reseller, monkeypatch):  # type: ignore[no-untyped-def]
    """Five calls of Acme's at a dollar and one of Birch's; Acme's mark-up was put right since."""
    monkeypatch.setattr(recounting, "CHUNK", 2)
    forget_charges()
    hold_since_long_ago()
    plan = RatePlan(name="Plan")
    db.session.add(plan)
    db.session.flush()
    db.session.get_one(Client, at_reseller.acme.id).rate_plan_id = plan.id
    db.session.commit()
    days = [f"2026-11-{n:02d} 15:00:00" for n in range(2, 7)]
    mine = [line(at, at_reseller.acme_number, at=at, price="1") for at in days]
    load(*mine, line("b", at_reseller.birch_number, price="1"))
    db.session.scalars(select(RatePlan)).one().markup_basis_points = 5_000
    db.session.commit()
    return at_reseller


def begin(client: Client | None = None) -> Rerating:
    job = rerating.begin(FIRST, LAST, client, by=BY)
    db.session.commit()
    return job


def work(job: Rerating, seconds: float = 60) -> Rerating:
    rerating.work(job.id, seconds=seconds)
    return db.session.get_one(Rerating, job.id, populate_existing=True)


def total(story: Any) -> int:
    """Add Acme's calls up, which the sums must equal."""
    calls = select(func.sum(Call.price_micros)).where(Call.client_id == story.acme.id)
    sums = select(func.sum(UsageDay.price_micros)).where(UsageDay.client_id == story.acme.id)
    assert db.session.scalar(calls) == db.session.scalar(sums)
    return int(db.session.scalar(calls) or 0)


def test_comparing_tells_the_difference_and_changes_nothing(held) -> None:
    job = work(begin())
    assert (job.state, job.seen, job.changed) == (RerateState.READY, 6, 5)
    assert rerating.differences(job) == [
        rerating.Difference(held.acme.id, 5, 5 * DOLLAR, 7_500_000)
    ]
    assert total(held) == 5 * DOLLAR


def test_what_is_confirmed_is_written_as_it_was_compared(held) -> None:
    job = work(begin())
    compared = rerating.differences(job)
    assert rerating.confirm(job, by=BY)
    db.session.commit()
    job = work(job)
    assert (job.state, rerating.differences(job)) == (RerateState.DONE, compared)
    assert total(held) == 7_500_000


def test_it_is_confirmed_once(held) -> None:
    job = work(begin())
    assert [rerating.confirm(job, by=BY), rerating.confirm(job, by=BY)] == [True, False]
    actions = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions.count("calls.rerated") == 1


def test_what_was_not_compared_to_its_end_cannot_be_confirmed(held) -> None:
    job = work(begin(), seconds=0)
    assert (job.state, job.seen) == (RerateState.COMPARING, 2)
    assert not rerating.confirm(job, by=BY)


def test_pieces_come_to_the_same_as_the_whole(held) -> None:
    job = begin()
    while job.state is not RerateState.READY:
        job = work(job, seconds=0)
    assert rerating.differences(job)[0].more_micros == 2_500_000
    rerating.confirm(job, by=BY)
    db.session.commit()
    while job.state is not RerateState.DONE:
        job = work(job, seconds=0)
    assert (job.seen, job.changed, total(held)) == (6, 5, 7_500_000)


def test_a_crash_in_a_piece_loses_and_doubles_nothing(held, monkeypatch) -> None:
    job = work(begin())
    rerating.confirm(job, by=BY)
    db.session.commit()
    work(job, seconds=0)
    with monkeypatch.context() as broken:
        broken.setattr(recounting.rollup, "add_up", lambda *a, **b: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rerating.work(job.id, seconds=60)
    db.session.rollback()
    assert total(held) == 6 * DOLLAR
    db.session.get_one(Rerating, job.id).leased_until = now()
    db.session.commit()
    assert work(job).changed == 5
    assert total(held) == 7_500_000


def test_of_two_processes_one_works(held) -> None:
    job = begin()
    assert rerating._lease(job.id)
    assert rerating.work(job.id, seconds=60) == 0


def test_the_background_goes_on_with_it(app, held) -> None:
    job = begin()
    db.session.commit()
    assert jobs.rerate_due() == 3
    assert db.session.get_one(Rerating, job.id, populate_existing=True).state is RerateState.READY


def test_one_client_is_compared_alone(held) -> None:
    db.session.get_one(Client, held.birch.id).rate_plan_id = db.session.scalar(select(RatePlan.id))
    job = work(begin(db.session.get_one(Client, held.birch.id)))
    assert [one.client_id for one in rerating.differences(job)] == [held.birch.id]


def test_calls_of_a_closed_month_are_not_even_compared(held) -> None:
    db.session.get_one(Reseller, held.reseller_id).closed_through = date(2026, 11, 4)
    assert work(begin()).seen == 3


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (None, LAST, "first"),
        (FIRST, None, "last"),
        (LAST, FIRST, "last"),
        (date(2020, 1, 1), LAST, "last"),
        (date(2026, 9, 1), date(2026, 9, 30), "last"),
    ],
)
def test_days_that_cannot_be_are_refused(held, first, last, field: str) -> None:
    db.session.get_one(Reseller, held.reseller_id).closed_through = date(2026, 10, 31)
    with pytest.raises(Invalid) as refused:
        rerating.begin(first, last, None, by=BY)
    assert list(refused.value.problems) == [field]
    assert db.session.scalar(select(func.count(Rerating.id))) == 0
