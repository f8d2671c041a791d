"""Calls priced again or given to somebody come out as a fresh import would have made them."""

import os
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select, update

import tenancy
from extensions import db
from models import (
    AuditEntry,
    Call,
    CallKind,
    CdrImport,
    Client,
    Did,
    DidAssignment,
    Rate,
    RatePlan,
    Reseller,
    Tier,
    UsageDay,
)
from tests.support.calls import BY, LONG_AGO, SUMS, assert_sums_agree, forget_charges, line, load
from usage import recounting
from usage.reports import Range

AUTUMN = Range(date(2026, 9, 1), date(2026, 10, 31))


@pytest.fixture
def held(at_reseller):  # type: ignore[no-untyped-def]
    """The story, with numbers held since long ago, nothing charged and a plan for Acme."""
    forget_charges()
    db.session.execute(
        update(DidAssignment)
        .values(started_at=LONG_AGO)
        .execution_options(synchronize_session=False)
    )
    plan = RatePlan(reseller_id=at_reseller.reseller_id, name="Plan", markup_basis_points=5_000)
    db.session.add(plan)
    db.session.flush()
    db.session.get_one(Client, at_reseller.acme.id).rate_plan_id = plan.id
    db.session.commit()
    return at_reseller


def lines(story: Any) -> list[str]:
    """Make calls in both months, in and out, of Acme, Birch and nobody."""
    made = []
    for n in range(40):
        number = (story.acme_number, story.birch_number, "+17135550123")[n % 3]
        kind = ("Origination", "Termination", "SMS")[n % 3 if n % 2 else 0]
        at = f"2026-{9 + n % 2:02d}-{1 + n % 28:02d} {n % 24:02d}:30:00"
        made.append(line(f"k{n}", number, kind=kind, at=at, seconds=7 * n, price=f"0.0{n:02d}7"))
    return made


def sums() -> set[tuple[Any, ...]]:
    assert_sums_agree()
    columns = (UsageDay.day, UsageDay.owner, UsageDay.number, UsageDay.kind)
    totals = (UsageDay.calls, UsageDay.billed_seconds, UsageDay.cost_micros, UsageDay.price_micros)
    return {tuple(row) for row in db.session.execute(select(*columns, *totals))}


def correct(story: Any) -> None:
    """Correct the plan: one rate for the tier of Acme's numbers, one for a prefix."""
    plan = db.session.scalars(select(RatePlan)).one()
    label = db.session.get_one(Tier, story.tier.id).label
    common = {"rate_plan_id": plan.id, "starts_on": date(2026, 9, 10), "increment_seconds": 6}
    db.session.add(Rate(kind=CallKind.INBOUND, tier=label, minute_micros=12_345, **common))
    db.session.add(Rate(kind=CallKind.OUTBOUND, prefix="1212", minute_micros=777, **common))
    db.session.commit()


def start_over() -> None:
    for model in (Call, *SUMS, CdrImport):
        db.session.query(model).delete()
    db.session.commit()


def test_calls_priced_again_come_out_as_a_fresh_import(held) -> None:
    load(*lines(held))
    stale = sums()
    correct(held)
    assert recounting.rerate(AUTUMN, by=BY) > 0
    rerated = sums()
    start_over()
    load(*lines(held))
    assert rerated == sums() != stale


def test_pricing_again_changes_nothing_the_second_time(held) -> None:
    load(*lines(held))
    correct(held)
    recounting.rerate(AUTUMN, by=BY)
    before = sums()
    assert recounting.rerate(AUTUMN, by=BY) == 0
    assert sums() == before


def test_a_closed_month_keeps_its_prices(held) -> None:
    load(*lines(held))
    correct(held)
    db.session.get_one(Reseller, held.reseller_id).closed_through = date(2026, 9, 30)
    db.session.commit()
    before = {row for row in sums() if row[0].month == 9}
    recounting.rerate(AUTUMN, by=BY)
    assert {row for row in sums() if row[0].month == 9} == before


def test_one_client_is_priced_again_alone(held) -> None:
    load(*lines(held))
    correct(held)
    others = {row for row in sums() if row[1] != held.acme.id}
    recounting.rerate(AUTUMN, by=BY, client_id=held.acme.id)
    assert {row for row in sums() if row[1] != held.acme.id} == others
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "calls.rerated")).one()
    assert entry.object_id == held.acme.id


def test_calls_of_nobody_are_given_as_if_they_had_been_held(held) -> None:
    load(*lines(held))
    acme = db.session.get_one(Client, held.acme.id)
    assert recounting.give("+17135550123", acme, by=BY) == 13
    given = sums()
    start_over()
    own = {"number": "+17135550123", "npa": "713", "nxx": "555", "tier_id": held.tier.id}
    did = Did(**own, client_id=held.acme.id, did_group_id=held.acme_group.id)
    db.session.add(did)
    db.session.flush()
    db.session.add(
        DidAssignment(did_id=did.id, number=did.number, client_id=held.acme.id, started_at=LONG_AGO)
    )
    db.session.commit()
    load(*lines(held))
    assert given == sums()


def test_calls_are_given_once_and_from_a_day_on(held) -> None:
    load(*lines(held))
    acme = db.session.get_one(Client, held.acme.id)
    first = recounting.give("+17135550123", acme, by=BY, since=date(2026, 10, 1))
    rest = recounting.give("+17135550123", acme, by=BY)
    assert (first + rest, recounting.give("+17135550123", acme, by=BY)) == (13, 0)
    unassigned = select(func.count(Call.id)).where(Call.client_id.is_(None))
    assert db.session.scalar(unassigned) == 0


def test_an_upgrade_takes_the_price_off_calls_of_nobody(app: Flask, held: Any) -> None:
    """Before it nobody was said to pay what such a call costs, in every sum."""
    load(*lines(held))
    fresh, reseller_id = sums(), held.reseller_id
    nobodys = select(func.sum(Call.price_micros)).where(Call.client_id.is_(None))
    folder = os.path.join(app.root_path, "migrations")
    db.session.remove()
    downgrade(directory=folder, revision="0029")
    with tenancy.acting_for(reseller_id):
        costs = select(func.sum(Call.cost_micros)).where(Call.client_id.is_(None))
        assert db.session.scalar(nobodys) == db.session.scalar(costs) > 0
        assert sums() != fresh
    db.session.remove()
    upgrade(directory=folder)
    with tenancy.acting_for(reseller_id):
        assert (db.session.scalar(nobodys), sums()) == (0, fresh)
