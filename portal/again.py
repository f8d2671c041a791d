"""Asking again for what an order wanted that was rejected, cancelled or failed (P22).

The form of that kind opens, filled; nothing is sent before somebody presses its button.
"""

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, redirect, url_for
from sqlalchemy import select

import catalog
import display
import policy
from extensions import db
from models import Did, E911Record, Order, OrderLine
from portal import asked, basket, e911, numbers_csv, order_rows, orders, sheet_changes
from portal.access import blueprint, current_client, own, requires_order_requests

MOST_NAMED = 5
"""More numbers that cannot be asked for again are counted, not named."""


@blueprint.get("/orders/<number>/again")
@requires_order_requests
def ask_again(number: str) -> Any:
    """Open the form of an order's kind, filled with what the order asked for."""
    order = own(Order, number=number)
    if order.state not in asked.STATES:
        words = order_rows.STATES[order.state][0].lower()
        return orders.show(order, f"This order is {words}; there is nothing to ask again."), 409
    problem = policy.kind_problem(policy.settings_of(current_client()), order.kind)
    if problem:
        abort(403, problem)
    if order.kind == "did_order":
        chosen = basket.as_digits([line.number for line in asked.left(order)])
        return _open("review_numbers", order, chosen=chosen)
    if order.kind.startswith("e911_"):
        return _address(order)
    return _own_numbers(order)


def _open(endpoint: str, order: Order, **values: Any) -> Any:
    return redirect(url_for(f"portal.{endpoint}", again=order.number, **values), 303)


def _address(order: Order) -> Any:
    """Open the form of an address; of a number that has none to remove, say so."""
    wanted = [line.number for line in asked.left(order)]
    number, client = wanted[0], current_client()
    if len(wanted) > 1 and order.kind != "e911_remove":
        mine = e911.mine_of(wanted)
        if lost := _lost([one for one in wanted if one not in mine]):
            flash(lost, "warning")
        return _open("many_e911", order, n=basket.as_digits(sorted(mine)))
    has_one = _exists(E911Record, number, E911Record.removed_at.is_(None))
    if order.kind == "e911_remove":
        if has_one:
            return _open("remove_e911", order, digits=number[2:])
        return orders.show(order, f"{display.number(number)} has no 911 address any more."), 409
    if has_one or _exists(Did, number, Did.client_id == client.id):
        return _open("change_e911", order, digits=number[2:])
    return _open("new_e911", order)


def _exists(model: Any, number: str, condition: Any) -> bool:
    mine = select(model.id).where(
        model.number == number, model.client_id == current_client().id, condition
    )
    return db.session.scalar(mine.limit(1)) is not None


def _own_numbers(order: Order) -> Any:
    """Open the form of a service or of a release, for the numbers that are still the client's."""
    lines = asked.left(order)
    mine = set(
        db.session.scalars(
            select(Did.number).where(
                Did.client_id == current_client().id,
                Did.number.in_([line.number for line in lines]),
            )
        )
    )
    kept = [line for line in lines if line.number in mine]
    lost = _lost([line.number for line in lines if line.number not in mine])
    if not kept:
        return orders.show(order, lost), 409
    if order.kind in catalog.SERVICES and not _are_alike(order.kind, kept):
        return _each_its_own(order, lines)
    if lost:
        flash(lost, "warning")
    if len(lines) == 1:
        return _open_one(order, lines[0].number[2:])
    many = "review_release" if order.kind == "did_release" else "review_many"
    digits = basket.as_digits([line.number for line in kept])
    return _open(many, order, n=digits, service=None if order.kind == "did_release" else order.kind)


def _open_one(order: Order, digits: str) -> Any:
    if order.kind == "did_release":
        return _open("release_number", order, digits=digits)
    return _open("change_service", order, digits=digits, service=order.kind)


def _lost(numbers: Sequence[str]) -> str:
    """Say which numbers are the client's no more."""
    if not numbers:
        return ""
    named = [display.number(number) for number in numbers[:MOST_NAMED]]
    more = len(numbers) - len(named)
    words = ", ".join([*named, f"{more} more"] if more else named)
    return f"No longer among your numbers, and left out: {words}."


def _are_alike(service: str, lines: Sequence[OrderLine]) -> bool:
    """Tell whether an order asked for the same on each of its numbers."""
    return all(line.requested.get(service) == lines[0].requested.get(service) for line in lines)


def _each_its_own(order: Order, lines: Sequence[OrderLine]) -> Any:
    """Show an order that asked for different things as a file of changes is shown."""
    carried = [
        (line.position, line.number, {order.kind: line.requested[order.kind]}) for line in lines
    ]
    wishes = sheet_changes.wishes_of(carried)
    plan = sheet_changes.plan(current_client(), [catalog.SERVICES[order.kind]], wishes)
    return numbers_csv.preview(plan, again=order)
