"""The portal's first page: numbers, the month, what waits, what lacks 911; it only shows."""

from typing import Any, NamedTuple

from flask import render_template
from sqlalchemy import bindparam, func, select

import emergency
import policy
from columns import now
from models import Client, Did, Order, in_states
from portal import first_steps, orders, porting
from portal.access import actor, blueprint, current_client, current_login
from prepared import prepared
from usage import reports

FEW, DECIDED = 5, 3
PENDING_CAP = 100
"""Pending orders are counted no further; the page then says "100+"."""


@blueprint.get("/")
def first_page() -> Any:
    """Show a login how things stand."""
    client = current_client()
    mine = {"client": client.id, "skipped": 0}
    waiting = orders.list_of("pending").all(**mine, most=FEW)
    decided = orders.list_of("completed", by_decision=True).all(**mine, most=DECIDED)
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
    with_911 = policy.kind_problem(policy.settings_of(client), "e911_provision") is None
    return Counts(*map(int, _counted(with_911).one(client=client.id)))


@prepared
def _counted(with_911: bool) -> Any:
    mine: Any = bindparam("client")
    some = select(Order.id).where(Order.client_id == mine, in_states(*orders.TABS["pending"]))
    wanted = [
        select(func.count(Did.id)).where(Did.client_id == mine),
        select(func.count()).select_from(some.limit(PENDING_CAP).subquery()),
        porting.counted_active(mine),
    ]
    if with_911:
        wanted.append(emergency.counted_uncovered(mine))
    return select(*(one.scalar_subquery() for one in wanted))


def _month_to_date(client: Client) -> reports.Sums:
    today = reports.today(client.reseller.time_zone, now())
    return reports.total(reports.month_to_date(today), client.id)
