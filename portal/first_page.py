"""The portal's first page: numbers, the month, what waits, what lacks 911; it only shows."""

from typing import Any

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
    numbers, pending, without_911 = _counts(client)
    moving = porting.waiting(client, FEW)
    return render_template(
        "portal/first_page.html",
        client=client,
        number_count=numbers,
        without_911=without_911,
        month=_month_to_date(client),
        waiting=waiting,
        pending_count=pending,
        pending_cap=PENDING_CAP,
        decided=decided,
        moving=moving,
        moving_count=porting.count_active(client) if moving else 0,
        subjects=orders.subjects([*waiting, *decided]),
        steps=first_steps.of(current_login(), actor(), numbers, without_911),
        may_order=orders.may_order(client),
    )


def _counts(client: Client) -> tuple[int, int, int | None]:
    """Count a client's numbers, its pending orders and what lacks 911, with one statement.

    The last is None where 911 is not the client's to change.
    """
    mine = select(func.count(Did.id)).where(Did.client_id == client.id)
    some = orders.list_of(client, "pending").with_only_columns(Order.id).limit(PENDING_CAP)
    pending = select(func.count()).select_from(some.order_by(None).subquery())
    wanted: list[Any] = [mine, pending]
    if policy.kind_problem(policy.settings_of(client), "e911_provision") is None:
        wanted.append(emergency.counted_uncovered(client.id))
    found = db.session.execute(select(*(one.scalar_subquery() for one in wanted))).one()
    numbers, waiting, *without_911 = map(int, found)
    return numbers, waiting, next(iter(without_911), None)


def _month_to_date(client: Client) -> reports.Sums:
    today = reports.today(client.reseller.time_zone, now())
    return reports.total(reports.month_to_date(today), client.id)


def _last_decided(client: Client) -> list[Any]:
    newest_first = orders.list_of(client, "completed").order_by(None)
    by_decision = newest_first.order_by(Order.decided_at.desc(), Order.id.desc())
    return list(db.session.execute(by_decision.limit(3)))
