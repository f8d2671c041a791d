"""What a reseller should look at: calls of nobody, unused numbers, days out of pattern."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import bindparam, func, select

import rollup
import tenancy
from extensions import db
from models import Did, DidStatus, UsageClientDay, UsageDay
from prepared import prepared
from usage.reports import Days, Range

UNUSED_DAYS = 90
LATELY = 7
"""Days back from today that are looked at for unusual ones."""

WEEKS = 8
"""How many of the same weekday before a day make its pattern; fewer than half say nothing."""

TIMES = 3
LEAST_MICROS = 5_000_000
"""A day is pointed out when it is three times its pattern, and dearer by at least this."""

CALLS = ("inbound", "outbound", "toll_free", "message", "e911")


@dataclass(frozen=True)
class Unassigned:
    """Calls of nobody with one number, in open months."""

    number: str
    calls: int
    first: date
    last: date
    cost_micros: int


@dataclass(frozen=True)
class Unusual:
    """A day on which a client used far more than on the same weekdays before."""

    client_id: int
    day: date
    price_micros: int
    usual_micros: int


def unassigned() -> list[Unassigned]:
    """List the numbers with calls of nobody that can still be given, most calls first."""
    first_open = rollup.open_from(tenancy.current())
    rows = db.session.execute(
        select(
            UsageDay.number,
            func.sum(UsageDay.calls),
            func.min(UsageDay.day),
            func.max(UsageDay.day),
            func.sum(UsageDay.cost_micros),
        )
        .where(UsageDay.owner == 0, UsageDay.client_id.is_(None), UsageDay.day >= first_open)
        .group_by(UsageDay.number)
        .order_by(func.sum(UsageDay.calls).desc(), UsageDay.number)
    )
    return [Unassigned(n, int(count), a, b, int(cost)) for n, count, a, b, cost in rows]


def unused(today: date) -> Any:
    """Select the numbers that a client has had for 90 days without one call or message."""
    since = today - timedelta(days=UNUSED_DAYS)
    used = (
        select(UsageDay.number)
        .where(UsageDay.day >= since, UsageDay.kind.in_(CALLS), UsageDay.calls > 0)
        .distinct()
    )
    return (
        select(Did)
        .where(
            Did.client_id.is_not(None),
            Did.status == DidStatus.ACTIVE,
            Did.activated_at < _midnight(since),
            Did.number.not_in(used),
        )
        .order_by(Did.activated_at, Did.number)
    )


def pattern(today: date, days: int = LATELY) -> Range:
    """Give the days that the pattern of the last few is made of, and these."""
    return Range(today - timedelta(days=days + 7 * WEEKS), today - timedelta(days=1))


def unusual(today: date, *, days: int = LATELY) -> list[Unusual]:
    """Find the days, of the last few, on which a client's calls were far beyond its pattern.

    The pattern of a day is the median of the same weekday in the eight weeks before.
    """
    span, by_client = pattern(today, days), defaultdict[int, dict[date, int]](dict)
    edges = {"first": span.first, "last": span.last, "lately": today - timedelta(days=days)}
    for owner, day, micros in _dear().all(**edges):
        by_client[owner][day] = int(micros)
    found = [one for owner, spent in by_client.items() for one in _far(owner, spent, today, days)]
    return sorted(found, key=lambda one: (one.day, one.price_micros), reverse=True)


@prepared
def _dear() -> Any:
    """Select the days of clients of whom a day from ``lately`` on was dear: most need no pattern.

    A dear day has a kind that makes up its part of it, which leaves few to be added up.
    """
    table: Any = UsageClientDay
    calls = (table.owner != 0, table.kind.in_(CALLS), table.day <= bindparam("last"))
    lately, price = table.day >= bindparam("lately"), func.sum(table.price_micros)
    may_be = select(table.owner).where(*calls, lately)
    may_be = may_be.where(table.price_micros >= LEAST_MICROS // len(CALLS))
    is_dear = select(table.owner).where(*calls, lately, table.owner.in_(may_be))
    is_dear = is_dear.group_by(table.owner, table.day).having(price >= LEAST_MICROS)
    since = table.day >= bindparam("first")
    found = select(table.owner, table.day, price).where(*calls, since, table.owner.in_(is_dear))
    return found.group_by(table.owner, table.day)


def unusual_of(client_id: int, found: Days, today: date, *, days: int = LATELY) -> list[Unusual]:
    """Find a client's unusual days among days that were read, those of ``pattern`` at least."""
    span, spent = pattern(today, days), defaultdict[date, int](int)
    for (day, kind), sums in found.items():
        if kind in CALLS and span.first <= day <= span.last:
            spent[day] += sums.price_micros
    return list(_far(client_id, dict(spent), today, days))


def _far(client_id: int, spent: dict[date, int], today: date, days: int) -> Iterator[Unusual]:
    """Go through the last few days, the latest first, for those far beyond their pattern."""
    for day in (today - timedelta(days=n) for n in range(1, days + 1)):
        price = spent.get(day, 0)
        if price >= LEAST_MICROS:
            usual = _usual(spent, day)
            if usual is not None and _is_far(price, usual):
                yield Unusual(client_id, day, price, usual)


def _usual(spent: dict[date, int], day: date) -> int | None:
    """Tell what the same weekdays before came to; None where there is no pattern yet."""
    began = min(spent)
    before = [day - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    known: Sequence[int] = [spent.get(one, 0) for one in before if one >= began]
    return int(median(known)) if len(known) >= WEEKS // 2 else None


def _is_far(price: int, usual: int) -> bool:
    return price > TIMES * usual and price - usual >= LEAST_MICROS


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
