"""What a reseller should look at: calls of nobody, unused numbers, days out of pattern."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import func, select

import rollup
import tenancy
from extensions import db
from models import Did, DidStatus, UsageDay

UNUSED_DAYS = 90
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


def unusual(today: date, *, days: int = 7, client_id: int | None = None) -> list[Unusual]:
    """Find the days, of the last few, on which a client's calls were far beyond its pattern.

    The pattern of a day is the median of the same weekday in the eight weeks before.
    """
    first = today - timedelta(days=days + 7 * WEEKS)
    wanted = [
        UsageDay.day >= first,
        UsageDay.day < today,
        UsageDay.client_id.is_not(None),
        UsageDay.kind.in_(CALLS),
    ]
    if client_id is not None:
        wanted.append(UsageDay.client_id == client_id)
    rows = db.session.execute(
        select(UsageDay.client_id, UsageDay.day, func.sum(UsageDay.price_micros))
        .where(*wanted)
        .group_by(UsageDay.client_id, UsageDay.day)
    )
    by_client: dict[int, dict[date, int]] = defaultdict(dict)
    for owner, day, price in rows:
        by_client[owner or 0][day] = int(price)
    recent = [today - timedelta(days=n) for n in range(1, days + 1)]
    found = [
        Unusual(owner, day, spent.get(day, 0), usual)
        for owner, spent in by_client.items()
        for day in recent
        if (usual := _usual(spent, day)) is not None and _is_far(spent.get(day, 0), usual)
    ]
    return sorted(found, key=lambda one: (one.day, one.price_micros), reverse=True)


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
