"""Many orders decided in one transaction: read once for all, each in a savepoint of its own.

What stands in the way of an order is looked up once for the whole batch, and what tells of the
decisions (events, audit entries, mails, charges) is written once at its end. Decides nothing.
"""

from collections.abc import Iterator, Sequence
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
        return self.known if self.changed.isdisjoint(numbers) else None

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

    The caller has locked the orders, and puts each decision into ``each``.
    """
    lock(line.did_id for order in orders for line in order.lines)
    batch = Batch(facts(orders))
    with together.keeping() as kept:
        kept.first_open = rollup.open_from(tenancy.current(), lock=True)
        keys = select(Mail.dedupe_key).where(Mail.order_id.in_([order.id for order in orders]))
        kept.mail_keys.update(db.session.scalars(keys))
        kept.running_fees = charging.running_fees(batch.known.dids)
        yield batch
    together.write(kept.rows)
    charging.write(kept.charges, kept.first_open)


@contextmanager
def each(order: Order, batch: Batch) -> Iterator[None]:
    """Decide one order of a batch inside the block; a Refused undoes that order alone."""
    try:
        with together.savepoint():
            yield
    except Refused:
        db.session.refresh(order)
        raise
    batch.changed |= {line.number for line in order.lines}
