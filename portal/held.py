"""How long numbers are still held: those of an order until it is decided (P23), those in a basket
for half an hour, when their client asks for it.

What is only chosen is not held: a choice writes nothing, and to keep numbers from others by looking
at them would let one client shut the stock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import display
import holds
from columns import now
from models import Client, Did, Order, OrderState, Reseller


@dataclass(frozen=True)
class Hold:
    """Until when an order's numbers are held, and those whose hold has ended already."""

    until: datetime | None
    left: str
    ended: list[str]


def of(order: Order, dids: Sequence[Did | None]) -> Hold | None:
    """Tell how long an order's numbers are held; None for an order that holds none."""
    if order.kind != "did_order" or order.state is not OrderState.PENDING:
        return None
    moment = now()
    held = {
        did.number: did.held_until
        for did in dids
        if did and did.held_by_id == order.id and did.held_until and did.held_until >= moment
    }
    until = min(held.values(), default=None)
    ended = [did.number for did in dids if did and did.number not in held]
    return Hold(until, display.age(moment, until) if until else "", ended)


@dataclass(frozen=True)
class Kept:
    """What of a basket is kept for its client: until when, for how long yet, and is it all."""

    until: datetime
    left: str
    count: int


def basket(client: Client, numbers: Sequence[str]) -> Kept | None:
    """Tell how long the numbers of a basket are kept; None where none is."""
    moment, found = now(), holds.kept(client)
    times = [found[number] for number in numbers if number in found]
    if not times:
        return None
    return Kept(min(times), display.age(moment, min(times)), len(times))


def usual(reseller: Reseller) -> str:
    """Say for how long a reseller holds ordered numbers."""
    moment = now()
    return display.age(moment, moment + timedelta(hours=reseller.hold_hours))
