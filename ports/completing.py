"""Completing a port: what comes into the inventory with it, and whose the numbers become.

Who has a number changes in ``carriers.inventory`` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import display
from carriers import inventory
from catalog import TOLL_FREE, Invalid
from extensions import db
from models import Did, DidType, OrderLine, Port, PortStatus, Tier
from permissions import Actor
from ports import words
from ports.entering import refuse_ended
from ports.moving import enter
from ports.story import lock, lock_numbers, read_text


@dataclass(frozen=True)
class Coming:
    """What completing does to each number: new to the inventory, given from it, there, or left."""

    new: tuple[str, ...]
    given: tuple[str, ...]
    there: tuple[str, ...]
    left: tuple[str, ...]
    """Numbers that were cancelled on their own."""

    problems: tuple[str, ...]
    """Why the numbers cannot be brought in as things stand."""


def coming(port: Port) -> Coming:
    """Tell what completing a port would bring into the inventory and to its client."""
    cancelled = {s.id for s in words.statuses() if s.key == words.CANCELLED}
    left = [row.number for row in port.numbers if row.status_id in cancelled]
    moving = [row.number for row in port.numbers if row.number not in left]
    dids = {d.number: d for d in db.session.scalars(select(Did).where(Did.number.in_(moving)))}
    there = [n for n, did in dids.items() if did.client_id == port.client_id]
    given = [n for n, did in dids.items() if did.client_id is None]
    return Coming(
        new=tuple(n for n in moving if n not in dids),
        given=tuple(sorted(given)),
        there=tuple(sorted(there)),
        left=tuple(left),
        problems=tuple(_obstacles(list(dids.values()), port)),
    )


def _obstacles(dids: Sequence[Did], port: Port) -> list[str]:
    taken = [did for did in dids if did.client_id not in (None, port.client_id)]
    found = [
        f"{display.number(did.number)} belongs to {did.client.name}." for did in taken if did.client
    ]
    free = [did.number for did in dids if did.client_id is None]
    claimed = select(OrderLine.number).where(OrderLine.number.in_(free), OrderLine.is_open)
    for number in sorted(set(db.session.scalars(claimed))):
        found.append(f"An order is under way for {display.number(number)}. Decide that first.")
    return found


def complete(
    port: Port,
    *,
    by: Actor,
    seen: int | None = None,
    tier: Tier | None = None,
    note: str | None = None,
    brings: bool = False,
) -> Coming:
    """Complete a port; with ``brings``, its numbers go to the inventory and to its client.

    ``tier`` is for the numbers that are new to the inventory. Raises Invalid; then nothing of it
    is done.
    """
    said = read_text(note, "note")
    lock_numbers()
    lock(port)
    if port.status.key == words.COMPLETED:
        return Coming((), (), (), (), ())
    if seen is not None and seen != port.status_id:
        sentence = f"Somebody else has just moved this port to {port.status.label}. Look again."
        raise Invalid({"": sentence})
    refuse_ended(port, "")
    plan = coming(port)
    if brings:
        _bring(port, plan, tier)
    for row in port.numbers:
        if row.number not in plan.left:
            row.status_id = row.reason = None
    enter(port, _completed(), by, "completed", said)
    return plan


def _completed() -> PortStatus:
    for status in words.statuses():
        if status.key == words.COMPLETED:
            return status
    raise Invalid({"": "The status Completed is missing. Make it under Port Words first."})


def _bring(port: Port, plan: Coming, tier: Tier | None) -> None:
    if plan.problems:
        raise Invalid({"brings": " ".join(plan.problems[:3])})
    if plan.new and tier is None:
        raise Invalid({"tier_id": "Choose the tier that says what the new numbers cost."})
    group = inventory.main_group(port.client)
    known = select(Did).where(Did.number.in_(plan.given)).order_by(Did.number)
    dids = list(db.session.scalars(known))
    dids += [_new(port, number, tier) for number in plan.new if tier is not None]
    db.session.add_all(dids)
    db.session.flush()
    for did in dids:
        try:
            with db.session.begin_nested():
                inventory.give_did(did, group)
        except inventory.CannotCarryOut as no:
            raise Invalid({"brings": f"{display.number(did.number)}: {no}"}) from no
        except IntegrityError as clash:
            # One number is in service once in the whole deployment.
            number = display.number(did.number)
            raise Invalid({"brings": f"{number} is still in service elsewhere."}) from clash


def _new(port: Port, number: str, tier: Tier) -> Did:
    return Did(
        reseller_id=port.reseller_id,
        number=number,
        npa=number[2:5],
        nxx=number[5:8],
        type=DidType.TOLL_FREE if number[2:5] in TOLL_FREE else DidType.LOCAL,
        tier=tier,
        tier_id=tier.id,
        rate_center=next(row.rate_center for row in port.numbers if row.number == number),
    )
