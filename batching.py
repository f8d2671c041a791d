"""Many orders decided in one transaction: read once for all, and written together.

What stands in the way of an order is looked up once for the whole batch, and what tells of the
decisions (events, audit entries, mails, charges) is written once at its end. Decides nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select

import charging
import circles
import lines
import policy
import rollup
import tenancy
import together
from carriers.inventory import lock
from carrying import CANNOT_BE_DONE
from extensions import db
from models import Mail, Order
from policy import Facts, Refused


def facts(orders: Sequence[Order]) -> Facts:
    """Read how things stand for the numbers of many orders, and where they would send calls."""
    policy.load_tiers(
        policy.settings_of(order.client) for order in orders if order.kind == "did_order"
    )
    known = policy.facts([line.number for order in orders for line in order.lines])
    known.legs = circles.following(
        number
        for order in orders
        for number in lines.targets(order.kind, [line.requested for line in order.lines])
    )
    return known


AT_ONCE = 25
"""Orders that share a savepoint."""


@dataclass
class Batch:
    """Orders to be decided in one transaction, locked by the caller and read once for all."""

    known: Facts
    changed: set[str] = field(default_factory=set)
    """The numbers of the orders that were decided already."""

    def facts_for(self, order: Order) -> Facts | None:
        """Give how things stand for an order; None when an earlier one has changed that."""
        numbers = {line.number for line in order.lines}
        if order.kind in circles.TARGETS:
            numbers |= self._way(order)
        if self.changed.isdisjoint(numbers):
            return self.known
        # It is asked for anew, and must have been written.
        db.session.flush()
        return None

    def _way(self, order: Order) -> set[str]:
        """Collect the numbers that calls to those of an order could pass through."""
        found: set[str] = set()
        ahead = lines.targets(order.kind, [line.requested for line in order.lines])
        while ahead:
            number = ahead.pop()
            if number not in found:
                found.add(number)
                leg = (self.known.legs or {}).get(number)
                ahead += [leg.to] if leg else []
        return found


@contextmanager
def deciding(orders: Sequence[Order]) -> Iterator[Batch]:
    """Decide many orders inside the block; what tells of it is written together at its end.

    The caller has locked the orders, and has them decided by ``decide``.
    """
    lock(line.did_id for order in orders for line in order.lines)
    batch = Batch(facts(orders))
    with together.keeping() as kept:
        kept.first_open = rollup.open_from(tenancy.current(), lock=True)
        keys = select(Mail.dedupe_key).where(Mail.order_id.in_([order.id for order in orders]))
        kept.mail_keys.update(db.session.scalars(keys))
        kept.running_fees = charging.running_fees(batch.known.dids)
        kept.live_e911 = dict.fromkeys(batch.known.numbers) | batch.known.e911
        yield batch
    together.write(kept.rows)
    charging.write(kept.charges, kept.first_open)


Act = Callable[[Order], object]


def decide(orders: Sequence[Order], batch: Batch, check: Act, act: Act) -> dict[int, Refused]:
    """Decide the orders of a batch; gives why some could not be, by their ids.

    ``check`` raises Refused and changes nothing. ``act`` decides, some orders in one savepoint, so
    that what they change is written together. Where it raises they go again, one by one; and where
    a line cannot be carried out its order goes again, line by line, so that it fails by itself.
    """
    refused: dict[int, Refused] = {}
    for at in range(0, len(orders), AT_ONCE):
        some = orders[at : at + AT_ONCE]
        try:
            refused |= _decide(some, batch, check, act)
        except (Refused, *CANNOT_BE_DONE):
            for order in some:
                refused |= _decide_alone(order, batch, check, act)
    return refused


def _decide_alone(order: Order, batch: Batch, check: Act, act: Act) -> dict[int, Refused]:
    key = order.id
    try:
        return _decide([order], batch, check, act)
    except Refused as refused:
        return {key: refused}
    except CANNOT_BE_DONE:
        with together.line_by_line():
            return _decide([order], batch, check, act)


def _decide(orders: Sequence[Order], batch: Batch, check: Act, act: Act) -> dict[int, Refused]:
    refused: dict[int, Refused] = {}
    with together.savepoint(), together.at_its_end():
        for order in orders:
            try:
                check(order)
            except Refused as why:
                refused[order.id] = why
            else:
                act(order)
                batch.changed |= {line.number for line in order.lines}
    return refused
