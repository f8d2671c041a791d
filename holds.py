"""What an order claims while it is open: the slots of its numbers, and the numbers it wants.

A claim is a line's ``is_open``: a unique index lets one order at a time have a (number, slot). A
wanted number is also held (``Did.held_by_id`` until ``held_until``), so that lists leave it out. A
hold that has lapsed may be taken over; the order that lost it learns so when somebody approves it.

Before there is an order, a client may keep what is in its basket for a while (``Did.kept_for_id``).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import contains_eager

import catalog
import display
import policy
from columns import now
from database import locking
from extensions import db
from models import Client, Did, DidStatus, LineResult, Order, OrderLine
from policy import Refused

KEPT_FOR = timedelta(minutes=30)
"""How long a basket is kept; carriers reserve a number no longer either."""


def acquire(order: Order) -> None:
    """Claim all that an order needs; raises Refused with every number that is taken.

    The order must have been flushed. The caller's transaction is rolled back on a refusal.
    """
    wanted = [line for line in order.lines if line.result is not LineResult.DONE]
    # What is claimed already nobody else can claim: the index does not let it happen.
    is_claimed = all(line.is_open for line in wanted)
    problems = {} if is_claimed else _conflicts(order, wanted)
    if order.kind == "did_order" and not problems:
        problems = _hold(order, wanted)
    if problems:
        raise Refused(next(iter(problems.values())), problems)
    if not is_claimed:
        _claim(order, wanted)


def _claim(order: Order, wanted: list[OrderLine]) -> None:
    try:
        with db.session.begin_nested():
            for line in wanted:
                line.is_open = True
    except IntegrityError as clash:
        # Somebody was faster between the look and the claim; look again for the words.
        problems = _conflicts(order, wanted)
        sentence = next(iter(problems.values()), "Another order was faster. Try again.")
        raise Refused(sentence, problems) from clash


def release(order: Order) -> None:
    """Give up an order's claims and its holds."""
    for line in order.lines:
        line.is_open = False
    db.session.flush()
    if order.kind == "did_order":
        mine = update(Did).where(Did.held_by_id == order.id)
        db.session.execute(
            mine.values(held_by_id=None, held_until=None),
            execution_options={"synchronize_session": "fetch"},
        )


def _conflicts(order: Order, wanted: list[OrderLine]) -> dict[str, str]:
    """Find the open lines of other orders in the way; lapsed ones are closed instead."""
    rivals = db.session.scalars(
        select(OrderLine)
        .join(OrderLine.order)
        .options(contains_eager(OrderLine.order))
        .where(
            OrderLine.is_open,
            OrderLine.order_id != order.id,
            OrderLine.slot == catalog.kind(order.kind).slot,
            OrderLine.number.in_([line.number for line in wanted]),
        )
    ).all()
    found = {}
    for rival in rivals:
        if rival.order.kind == "did_order" and not _is_held(rival):
            rival.is_open = False
        else:
            found[rival.number] = _rival_sentence(order, rival)
    db.session.flush()
    return found


def _is_held(line: OrderLine) -> bool:
    """Tell whether the number of a line is still held for its order."""
    did = line.did
    return bool(
        did and did.held_by_id == line.order_id and did.held_until and did.held_until >= now()
    )


def _rival_sentence(order: Order, rival: OrderLine) -> str:
    shown = display.number(rival.number)
    if rival.order.client_id != order.client_id:
        return f"{shown} is being ordered by someone else."
    label = catalog.kind(rival.order.kind).label
    return (
        f"{shown} already has an open order: {rival.order.number} ({label}). "
        "Wait for it, or cancel it first."
    )


def _hold(order: Order, wanted: list[OrderLine]) -> dict[str, str]:
    """Hold the free numbers with one statement, so that of two orders one gets each."""
    moment = now()
    ids = [line.did_id for line in wanted]
    # Locking in one order keeps two overlapping orders from waiting for each other for ever.
    db.session.execute(locking(select(Did.id).where(Did.id.in_(ids)).order_by(Did.id)))
    held = db.session.scalars(
        update(Did)
        .where(
            Did.id.in_(ids),
            Did.client_id.is_(None),
            Did.status == DidStatus.AVAILABLE,
            or_(Did.held_until.is_(None), Did.held_until < moment, Did.held_by_id == order.id),
            policy.is_kept_from_nobody_else(order.client_id),
        )
        .values(
            held_by_id=order.id,
            held_until=moment + _hold_time(order),
            kept_for_id=None,
            kept_until=None,
        )
        .returning(Did.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    return {
        line.number: f"{display.number(line.number)} has gone: someone else has it or ordered it."
        for line in wanted
        if line.did_id not in set(held)
    }


def _hold_time(order: Order) -> timedelta:
    return timedelta(hours=order.client.reseller.hold_hours)


# --- Baskets ------------------------------------------------------------------------------------


def keep(client: Client, numbers: Sequence[str]) -> None:
    """Keep numbers for a client for half an hour from now, before it orders them.

    Numbers that somebody else has or keeps are left out. Raises Refused when the client would keep
    more than one order may have, since nobody else sees what is kept.
    """
    settings, moment = policy.settings_of(client), now()
    others = kept(client).keys() - set(numbers)
    if len(others) + len(numbers) > settings.max_numbers_per_order:
        most = display.plural(settings.max_numbers_per_order, "number")
        raise Refused(f"At most {most} can be kept at once. Send this order, or remove some.")
    free = policy.orderable(settings).with_only_columns(Did.id).where(Did.number.in_(numbers))
    ids = list(db.session.scalars(locking(free.order_by(Did.id), Did)))
    db.session.execute(
        update(Did)
        .where(Did.id.in_(ids), policy.is_kept_from_nobody_else(client.id))
        .values(kept_for_id=client.id, kept_until=moment + KEPT_FOR),
        execution_options={"synchronize_session": "fetch"},
    )


def let_go(client: Client, number: str) -> None:
    """Keep a number no longer for a client."""
    mine = update(Did).where(Did.number == number, Did.kept_for_id == client.id)
    db.session.execute(
        mine.values(kept_for_id=None, kept_until=None),
        execution_options={"synchronize_session": "fetch"},
    )


def kept(client: Client) -> dict[str, datetime]:
    """Tell which numbers are kept for a client, and until when."""
    mine = select(Did.number, Did.kept_until).where(
        Did.kept_for_id == client.id, Did.kept_until >= now()
    )
    return {number: until for number, until in db.session.execute(mine) if until}
