"""The portal's first page: numbers, the month, what waits, what lacks 911; it only shows."""

from typing import Any, NamedTuple

from flask import render_template
from sqlalchemy import func, select

import emergency
import policy
from columns import now
from extensions import db
from models import Client, Did, Order
from portal import first_steps, orders, porting
from portal.access import actor, blueprint, current_client, current_login
from usage import reports

FEW = 5
PENDING_CAP = 100
"""Pending orders are counted no further; the page then says "100+"."""


@blueprint.get("/")
def first_page() -> Any:
    """Show a login how things stand."""
    client = current_client()
    waiting = db.session.execute(orders.list_of(client, "pending").limit(FEW)).all()
    decided = _last_decided(client)
    counts = _counts(client)
    moving = porting.waiting(client, FEW) if counts.moving else []
    return render_template(
        "portal/first_page.html",
        client=client,
        number_count=counts.numbers,
        without_911=counts.without_911,
        month=_month_to_date(client),
        waiting=waiting,
        pending_count=counts.pending,
        pending_cap=PENDING_CAP,
        decided=decided,
        moving=moving,
        moving_count=counts.moving,
        subjects=orders.subjects([*waiting, *decided]),
        steps=first_steps.of(current_login(), actor(), counts.numbers, counts.without_911),
        may_order=orders.may_order(client),
    )


class Counts(NamedTuple):
    """How much a client has; ``without_911`` is None where 911 is not the client's to change."""

    numbers: int
    pending: int
    moving: int
    without_911: int | None = None


def _counts(client: Client) -> Counts:
    """Count a client's numbers, pending orders, ports and what lacks 911, with one statement."""
    mine = select(func.count(Did.id)).where(Did.client_id == client.id)
    some = orders.list_of(client, "pending").with_only_columns(Order.id).limit(PENDING_CAP)
    pending = select(func.count()).select_from(some.order_by(None).subquery())
    wanted: list[Any] = [mine, pending, porting.counted_active(client)]
    if policy.kind_problem(policy.settings_of(client), "e911_provision") is None:
        wanted.append(emergency.counted_uncovered(client.id))
    found = db.session.execute(select(*(one.scalar_subquery() for one in wanted))).one()
    return Counts(*map(int, found))


def _month_to_date(client: Client) -> reports.Sums:
    today = reports.today(client.reseller.time_zone, now())
    return reports.total(reports.month_to_date(today), client.id)


def _last_decided(client: Client) -> list[Any]:
    newest_first = orders.list_of(client, "completed").order_by(None)
    by_decision = newest_first.order_by(Order.decided_at.desc(), Order.id.desc())
    return list(db.session.execute(by_decision.limit(3)))
