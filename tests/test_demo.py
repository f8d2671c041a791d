"""The demo's months: who began when, what was charged since, and a story in every graph."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

import charging
import demo
import demo_usage
import tenancy
from extensions import db
from models import Charge, Client, Reseller, UsageDay, UsageKind
from tests.support.calls import assert_sums_agree
from usage import insights, reports
from usage.reports import Range


@pytest.fixture
def loaded(app: Flask) -> Iterator[date]:
    """The demo's first reseller with its clients; gives its today."""
    with app.app_context():
        demo.load()
        with tenancy.across_resellers():
            home = db.session.scalars(select(Reseller.id).where(Reseller.slug == "keystone")).one()
        with tenancy.acting_for(home):
            yield charging.this_day()


def test_every_graph_of_the_demo_has_a_story(loaded: date) -> None:
    clients = db.session.scalars(select(Client).order_by(Client.id)).all()
    assert_fees_began_on([loaded - timedelta(days=days) for days in demo.DAYS_AGO])
    for client in clients:
        found = reports.report(Range(loaded - timedelta(days=47), loaded), client_id=client.id)
        assert {UsageKind.INBOUND, UsageKind.OUTBOUND, UsageKind.MONTHLY} <= set(found.by_kind)
        assert found.total.price_micros > 2 * found.charges_micros
    assert_sums_agree()
    assert_the_ledger_is_in_the_sums()
    assert [one.client_id for one in insights.unusual(loaded)] == [clients[1].id]
    assert [one.number for one in insights.unassigned()] == [demo_usage.STRAY]
    assert len(db.session.scalars(insights.unused(loaded)).all()) == 1


def assert_fees_began_on(days: list[date]) -> None:
    """Hold the first charges of the clients against the days on which they began."""
    first = select(func.min(Charge.day)).group_by(Charge.client_id).order_by(Charge.client_id)
    assert list(db.session.scalars(first)) == days


def assert_the_ledger_is_in_the_sums() -> None:
    """Add the charges up by client, day and kind, and hold the daily sums against it."""
    owed: dict[tuple[int, date, str], int] = defaultdict(int)
    for charge in db.session.scalars(select(Charge)):
        owed[charge.client_id, charge.day, charge.kind.value] += charge.price_micros
    summed: dict[tuple[int, date, str], int] = defaultdict(int)
    for row in db.session.scalars(select(UsageDay).where(UsageDay.calls == 0)):
        summed[row.client_id or 0, row.day, row.kind.value] += row.price_micros
    assert dict(summed) == dict(owed)
