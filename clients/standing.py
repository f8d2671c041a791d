"""Suspending, reopening and closing a client: what becomes of its people, orders and numbers."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

import audit
import credentials
import workflow
from extensions import db
from models import AccountStatus, Client, ClientStatus, Did, Login, Order, OrderState
from permissions import Actor

CLOSED_REASON = "The account is closed."


@dataclass(frozen=True)
class Stakes:
    """What suspending or closing a client touches, in numbers."""

    logins: int
    pending: int
    approved: int
    numbers: int


def stakes(client: Client) -> Stakes:
    """Count what suspending or closing a client touches."""
    open_login = Login.status != AccountStatus.DISABLED
    return Stakes(
        logins=_count(Login.id, Login.client_id == client.id, open_login),
        pending=_count(Order.id, _of(client, OrderState.PENDING)),
        approved=_count(Order.id, _of(client, OrderState.APPROVED)),
        numbers=_count(Did.id, Did.client_id == client.id),
    )


def suspend(client: Client, *, by: Actor) -> bool:
    """Shut a client's people out for a while; its orders wait. False when it was not active."""
    if client.status is not ClientStatus.ACTIVE:
        return False
    _end_sessions(client)
    return _set(client, ClientStatus.SUSPENDED, "suspended", by)


def reopen(client: Client, *, by: Actor) -> bool:
    """Let a client's people in again. False when it was active already."""
    if client.status is ClientStatus.ACTIVE:
        return False
    return _set(client, ClientStatus.ACTIVE, "reopened", by)


def close(client: Client, *, by: Actor) -> bool:
    """End the business with a client: its people are out, its pending orders rejected.

    What the orders held is free again. Its numbers stay its own until they are released. False when
    it was closed already. Raises NotAllowed for who may not decide orders where some are pending.
    """
    if client.status is ClientStatus.CLOSED:
        return False
    pending = select(Order).where(_of(client, OrderState.PENDING)).order_by(Order.id)
    for order in db.session.scalars(pending).all():
        workflow.reject(order, by, CLOSED_REASON)
    _end_sessions(client)
    for login in client.logins:
        credentials.end_invitations(login)
    return _set(client, ClientStatus.CLOSED, "closed", by)


def _of(client: Client, state: OrderState) -> ColumnElement[bool]:
    return (Order.client_id == client.id) & (Order.state == state)


def _count(column: Any, *wanted: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count(column)).where(*wanted)) or 0


def _end_sessions(client: Client) -> None:
    for login in client.logins:
        credentials.end_sessions(login)


def _set(client: Client, status: ClientStatus, verb: str, by: Actor) -> bool:
    before, client.status = client.status, status
    audit.record(f"client.{verb}", client, by, status=[before.value, status.value])
    return True
