"""Which orders wait and in which turn: 911 first of all, then the oldest; reads only."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import abort
from sqlalchemy import and_, or_, select
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
    """Find the pending order whose turn comes after this one's, else the first of all.

    Each question is answered by the head of the queue's index, however long the queue is.
    """
    waiting = (
        select(Order)
        .where(Order.state == OrderState.PENDING, Order.id != order.id)
        .order_by(*TURN)
        .options(load_only(Order.number), joinedload(Order.client).load_only(Client.name))
        .limit(1)
    )
    for rules in _after(order):
        found = db.session.scalar(waiting.where(*rules))
        if found is not None:
            return found
    return None


def _after(order: Order) -> Iterator[tuple[Any, ...]]:
    """Give the parts of the queue in which the next order may be, the nearest first."""
    later = or_(
        Order.submitted_at > order.submitted_at,
        and_(Order.submitted_at == order.submitted_at, Order.id > order.id),
    )
    yield Order.is_urgent == order.is_urgent, Order.submitted_at >= order.submitted_at, later
    if order.is_urgent:
        yield (Order.is_urgent.is_(False),)
    yield ()
