"""Notes on an order: between client and reseller, or for the reseller's staff alone.

A note decides nothing. It is told to the other side by mail; a private one to nobody.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

import audit
import mailer
from catalog import Invalid
from extensions import db
from models import Order, OrderNote
from permissions import Actor, Permission
from policy import Refused
from prepared import prepared

LONGEST = 2_000


def of(order: Order, *, private: bool) -> Sequence[OrderNote]:
    """List an order's notes, oldest first; the private ones only for staff."""
    return _of_order(private).objects(order=order.id).all()


@prepared
def _of_order(private: bool) -> Any:
    mine = select(OrderNote).where(OrderNote.order_id == bindparam("order")).order_by(OrderNote.id)
    return mine if private else mine.where(OrderNote.is_private.is_(False))


def add(order: Order, typed: str | None, by: Actor, *, is_private: bool = False) -> OrderNote:
    """Add a note to an order and tell the other side.

    Raises Invalid for no text or too much, Refused for who may not write.
    """
    is_staff = by.staff_id is not None
    may = by.can(Permission.ORDERS_VIEW) if is_staff else by.may_request
    if not may or (not is_staff and by.client_id != order.client_id):
        raise Refused("Your sign-in may look but not write. Ask your administrator.")
    text = (typed or "").replace("\0", "").strip()
    if not text:
        raise Invalid({"note": "Write the note first."})
    if len(text) > LONGEST:
        raise Invalid({"note": f"Use at most {LONGEST:,} characters; this has {len(text):,}."})
    note = OrderNote(
        reseller_id=order.reseller_id,
        order_id=order.id,
        staff_id=by.staff_id or by.impersonator_id,
        login_id=by.login_id,
        by_name=audit.full_name(by),
        text=text,
        is_private=is_private and is_staff,
    )
    db.session.add(note)
    db.session.flush()
    audit.record("order.noted", order, by, is_private=note.is_private)
    if not note.is_private:
        mailer.order_noted(order, note)
    return note
