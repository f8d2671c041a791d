"""The portal's first page: how many numbers, what waits, what was decided last; nothing is done."""

from typing import Any

from flask import render_template
from sqlalchemy import func, select

from extensions import db
from models import Client, Did, Order
from portal import orders
from portal.access import blueprint, current_client

FEW = 5
PENDING_CAP = 100
"""Pending orders are counted no further; the page then says "100+"."""


@blueprint.get("/")
def first_page() -> Any:
    """Show a login how things stand."""
    client = current_client()
    waiting = db.session.execute(orders.list_of(client, "pending").limit(FEW)).all()
    decided = _last_decided(client)
    return render_template(
        "portal/first_page.html",
        client=client,
        number_count=_count(client),
        waiting=waiting,
        pending_count=_count_pending(client),
        pending_cap=PENDING_CAP,
        decided=decided,
        subjects=orders.subjects([*waiting, *decided]),
        may_order=orders.may_order(client),
    )


def _count(client: Client) -> int:
    mine = select(func.count(Did.id)).where(Did.client_id == client.id)
    return int(db.session.scalar(mine) or 0)


def _count_pending(client: Client) -> int:
    some = orders.list_of(client, "pending").with_only_columns(Order.id).limit(PENDING_CAP)
    return int(db.session.scalar(select(func.count()).select_from(some.subquery())) or 0)


def _last_decided(client: Client) -> list[Any]:
    newest_first = orders.list_of(client, "completed").order_by(None)
    by_decision = newest_first.order_by(Order.decided_at.desc(), Order.id.desc())
    return list(db.session.execute(by_decision.limit(3)))
