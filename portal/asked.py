"""An order that ended without effect, as the filling of a form that asks again (P22).

A form's address names the order: ``?again=O-000012``. The values come from the order itself, so
that nothing but the client's own orders can fill a form.
"""

from typing import Any

from flask import request

from models import LineResult, Order, OrderLine, OrderState
from portal.access import own

STATES = (OrderState.REJECTED, OrderState.CANCELLED, OrderState.FAILED)
"""The orders that can be asked for again: they changed nothing, or not all."""


def earlier() -> Order | None:
    """Fetch the order that fills this form; None for a form that begins empty, 404 for others'."""
    number = request.args.get("again")
    if not number:
        return None
    found = own(Order, number=number)
    return found if found.state in STATES else None


def left(order: Order) -> list[OrderLine]:
    """List the lines of an order that have not been carried out."""
    return [line for line in order.lines if line.result is not LineResult.DONE]


def settings(order: Order | None, subject: str, number: str | None = None) -> dict[str, Any] | None:
    """Tell what an order asked for on a number, or on its first; None where it asked for none."""
    for line in left(order) if order else []:
        if number in (None, line.number):
            asked: dict[str, Any] | None = line.requested.get(subject)
            return asked
    return None


def note(order: Order | None, most: int) -> str:
    """Give the note as it was typed, else as the earlier order had it."""
    if request.method == "POST":
        return request.form.get("note", "")[:most]
    return (order.client_note or "")[:most] if order else ""
