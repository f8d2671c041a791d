"""Which orders wait and in which turn: 911 first of all, then the oldest; reads only."""

from typing import Any

from flask import abort
from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import joinedload, selectinload

from models import Client, Mail, Order, OrderState
from prepared import prepared

TURN = (Order.is_urgent.desc(), Order.submitted_at, Order.id)


def find(number: str) -> Order:
    """Find an order of the session's reseller by its number, or answer 404."""
    found: Order | None = _numbered().objects(number=number).first()
    return found or abort(404)


@prepared
def _numbered() -> Any:
    return (
        select(Order)
        .where(Order.number == bindparam("number"))
        .options(*whole(), joinedload(Order.impersonator))
        .execution_options(populate_existing=True)
    )


def whole() -> tuple[Any, ...]:
    """List what to load with an order that is about to be decided."""
    client = joinedload(Order.client)
    return (
        client.joinedload(Client.order_settings),
        client.joinedload(Client.reseller),
        joinedload(Order.login),
        selectinload(Order.lines),
    )


@prepared
def mails() -> Any:
    """Select the mails that an ``order`` caused, without their texts."""
    envelope = (Mail.id, Mail.to_address, Mail.subject, Mail.state)
    return select(*envelope).where(Mail.order_id == bindparam("order")).order_by(Mail.id)


def following(order: Order) -> Any:
    """Find the number of the pending order whose turn comes after this one's, else of the first.

    Each question is answered by the head of the
    queue's index, however long the queue is.
    """
    here = {"order": order.id, "at": order.submitted_at}
    if found := _after(order.is_urgent).first(**here):
        return found
    return _head(not order.is_urgent).first(**here) or _head(order.is_urgent).first(**here)


@prepared
def _after(is_urgent: bool) -> Any:
    """Select the next of those as urgent as the ``order`` that was sent ``at`` a time."""
    at: Any = bindparam("at")
    later = or_(
        Order.submitted_at > at, and_(Order.submitted_at == at, Order.id > bindparam("order"))
    )
    return _head_of(is_urgent).where(Order.submitted_at >= at, later)


@prepared
def _head(is_urgent: bool) -> Any:
    """Select the first of all, but for an ``order``."""
    return _head_of(is_urgent).where(Order.id != bindparam("order"))


def _head_of(is_urgent: bool) -> Any:
    return (
        select(Order.number)
        .where(Order.state == OrderState.PENDING, Order.is_urgent == is_urgent)
        .order_by(Order.submitted_at, Order.id)
        .limit(1)
    )
