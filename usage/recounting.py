"""Changing calls that are counted already: priced again, or given to somebody; sums follow exactly.

Only calls of open months change. A call and its sums change in one transaction, by the difference,
so that an import at the same time disturbs nothing. Pricing many in steps is ``rerating``.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select, update

import audit
import rollup
import tenancy
from did_import.bulk import among
from extensions import db
from models import Call, Client, Did, Reseller, Tier
from permissions import Actor
from usage.rating import Prices
from usage.reports import Range

CHUNK = 2_000
SHOWN = ("day", "client_id", "number", "kind", "billed_seconds", "cost_micros", "price_micros")

READ = ("id", *SHOWN, "far_end", "started_at", "seconds")


class Change(NamedTuple):
    """A call that comes out otherwise: its id, and what its sum is made of, before and after."""

    id: int
    before: dict[str, Any]
    after: dict[str, Any]


def rerate(span: Range, *, by: Actor, client_id: int | None = None) -> int:
    """Price the calls of some days again with the rates of today; gives how many changed.

    The figures are then those of a fresh import. Closed months are left out. Commits chunk by
    chunk: cut off in the middle, it can be done again.
    """
    prices, changed = Prices(), 0
    for calls in _chunks(among_days(span, client_id)):
        changed += write(repriced(calls, prices, [call.client_id for call in calls]))
        db.session.commit()
    thing = db.session.get_one(Client, client_id) if client_id else _reseller()
    days = f"{span.first.isoformat()} to {span.last.isoformat()}"
    audit.record("calls.rerated", thing, by, days=days, changed=changed)
    db.session.commit()
    return changed


def give(number: str, client: Client, *, by: Actor, since: date | None = None) -> int:
    """Give the calls of nobody with this number to a client, priced in its rates; commits.

    Gives how many. Calls of closed months stay nobody's.
    """
    wanted = [Call.number == number, Call.client_id.is_(None)]
    if since is not None:
        wanted.append(Call.day >= since)
    prices, given, client_id = Prices(), 0, client.id
    for calls in _chunks(wanted):
        given += write(repriced(calls, prices, [client_id] * len(calls)))
        db.session.commit()
    thing = db.session.get_one(Client, client_id)
    audit.record("calls.given", thing, by, number=number, calls=given)
    db.session.commit()
    return given


def among_days(span: Range, client_id: int | None) -> list[Any]:
    """Name the calls of some days, of one client or of all."""
    wanted = [Call.day >= span.first, Call.day <= span.last]
    if client_id is not None:
        wanted.append(Call.client_id == client_id)
    return wanted


def chunk(wanted: Sequence[Any], after: int, *, lock: bool = True) -> Sequence[Any]:
    """Read the next calls of open months by their ids; with ``lock`` until the commit.

    They come as rows of ``READ``: objects would take most of the time.
    """
    first_open = rollup.open_from(tenancy.current(), lock=lock)
    mine = select(*(getattr(Call, name) for name in READ))
    mine = mine.where(*wanted, Call.day >= first_open, Call.id > after)
    mine = mine.order_by(Call.id).limit(CHUNK)
    return db.session.execute(mine.with_for_update() if lock else mine).all()


def repriced(calls: Sequence[Any], prices: Prices, owners: Sequence[int | None]) -> list[Change]:
    """Price calls anew for their owners; gives those that come out otherwise."""
    tiers = _tiers(sorted({call.number for call in calls if _is_known(call.number)}))
    zone, found = _reseller().time_zone, []
    for call, owner in zip(calls, owners, strict=True):
        price, billed = prices.of(owner).price(
            call.kind,
            call.far_end,
            rollup.today(zone, call.started_at),
            call.seconds,
            call.cost_micros,
            tiers.get(call.number, ""),
        )
        before = {name: getattr(call, name) for name in SHOWN}
        after = before | {"price_micros": price, "billed_seconds": billed, "client_id": owner}
        if after != before:
            found.append(Change(call.id, before, after))
    return found


def write(changes: Sequence[Change]) -> int:
    """Write changed calls and move their sums by the difference; gives how many."""
    if changes:
        tenant, columns = tenancy.current(), ("price_micros", "billed_seconds", "client_id")
        rows = [{"id": one.id} | {name: one.after[name] for name in columns} for one in changes]
        db.session.execute(update(Call), rows)
        # In one go: two that came after each other could wait for an import that waits for them.
        before, after = ([getattr(one, when) for one in changes] for when in ("before", "after"))
        touched = rollup.add_up(after, tenant, less=before)
        rollup.drop_empty(touched)
    return len(changes)


def _reseller() -> Reseller:
    return db.session.get_one(Reseller, tenancy.current())


def _chunks(wanted: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Go through calls of open months, each chunk locked until it is committed."""
    after = 0
    while calls := chunk(wanted, after):
        after = calls[-1].id
        yield calls
    db.session.rollback()


def _is_known(number: str) -> bool:
    return number.startswith("+1") and len(number) == 12


def _tiers(numbers: list[str]) -> dict[str, str]:
    found = select(Did.number, Tier.label).join(Did.tier).where(among(Did.number, numbers))
    return dict(db.session.execute(found).all())  # type: ignore[arg-type]
