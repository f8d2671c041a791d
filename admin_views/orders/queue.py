"""Which orders wait and in which turn: 911 first of all, then the oldest; reads only."""

from collections.abc import Sequence
from typing import Any

from flask import abort
from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import joinedload, load_only, selectinload

from extensions import db
from models import Client, Mail, Order, OrderState

TURN = (Order.is_urgent.desc(), Order.submitted_at, Order.id)


def find(number: str) -> Order:
    """Find an order of the session's reseller by its number, or answer 404."""
    statement = (
        select(Order)
        .where(Order.number == number)
        .options(*whole(), joinedload(Order.impersonator))
        .execution_options(populate_existing=True)
    )
    return db.session.scalar(statement) or abort(404)


def whole() -> tuple[Any, ...]:
    """List what to load with an order that is about to be decided."""
    client = joinedload(Order.client)
    return (
        client.joinedload(Client.order_settings),
        client.joinedload(Client.reseller),
        joinedload(Order.login),
        selectinload(Order.lines),
    )


def mails(order: Order) -> Sequence[Mail]:
    """List the mails that an order caused, without their texts."""
    envelope = load_only(Mail.to_address, Mail.subject, Mail.state)
    mine = select(Mail).where(Mail.order_id == order.id).order_by(Mail.id).options(envelope)
    return db.session.scalars(mine).all()


def following(order: Order) -> Order | None:
    """Find the pending order whose turn comes after this one's, else the first of all."""
    after = and_(Order.is_urgent == order.is_urgent, _later(order))
    if order.is_urgent:
        after = or_(after, Order.is_urgent.is_(False))
    return db.session.scalar(
        select(Order)
        .where(Order.state == OrderState.PENDING, Order.id != order.id)
        .order_by(case((after, 0), else_=1), *TURN)
        .options(joinedload(Order.client))
        .limit(1)
    )


def _later(order: Order) -> Any:
    return or_(
        Order.submitted_at > order.submitted_at,
        and_(Order.submitted_at == order.submitted_at, Order.id > order.id),
    )


def length() -> int:
    """Count the pending orders."""
    return (
        db.session.scalar(select(func.count(Order.id)).where(Order.state == OrderState.PENDING))
        or 0
    )
