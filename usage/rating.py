"""What a client pays for a call: the rate of the longest prefix, or a mark-up on the cost.

Amounts are whole micro-units. A price is rounded half up, once, when the call is priced.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from extensions import db
from models import CallKind, Client, Rate, RatePlan

LONGEST_PREFIX = 16
REMEMBERED = 50_000
"""Rates found that a plan keeps at hand."""
KINDS = {kind.value: kind for kind in CallKind}


class Price(NamedTuple):
    """A rate as pricing needs it; of a deck there may be 200,000."""

    starts_on: date
    ends_on: date | None
    tier: str
    minute_micros: int
    unit_micros: int
    minimum_seconds: int
    increment_seconds: int


Known = tuple[CallKind, str, Price]
"""A rate's kind of call, its prefix and the rest."""


class Pricing:
    """A rate plan ready for many calls: prefixes in a table, each with its rates by day."""

    def __init__(
        self, rates: Iterable[Known] = (), *, basis_points: int = 0, fixed_micros: int = 0
    ) -> None:
        self.basis_points, self.fixed_micros = basis_points, fixed_micros
        self.kinds: dict[CallKind, dict[str, list[Price]]] = defaultdict(dict)
        for kind, prefix, price in rates:
            self.kinds[kind].setdefault(prefix, []).append(price)
        self.lengths: dict[CallKind, list[int]] = {}
        for kind, table in self.kinds.items():
            self.lengths[kind] = sorted({len(prefix) for prefix in table}, reverse=True)
            for found in table.values():
                found.sort(key=lambda price: price.starts_on, reverse=True)

        self.longest = max((lengths[0] for lengths in self.lengths.values()), default=0) + 1
        self.found: dict[tuple[str, str, date, str], Price | None] = {}

    def price_of(
        self, kind: str, far_end: str, day: date, seconds: int, cost_micros: int, tier: str
    ) -> tuple[int, int]:
        """Price one of many calls as ``price`` does; ``kind`` is the value of a ``CallKind``.

        Far ends that agree in what the longest prefix reads (and a plus) are looked up once.
        """
        key = (kind, far_end[: self.longest], day, tier)
        rate = self.found.get(key)
        if rate is None:
            rate = self._found(key)
            if rate is None:
                return self.amount(rate, seconds, cost_micros)
        _, _, _, minute, unit, minimum, step = rate
        if seconds <= 0:
            return unit, 0
        billed = -(-seconds // step) * step
        if billed < minimum:
            billed = minimum
        # Rounded half up, as ``half_up`` does.
        return unit + (billed * minute * 2 + 60) // 120, billed

    def _found(self, key: tuple[str, str, date, str]) -> Price | None:
        found = self.found
        if key not in found:
            if len(found) >= REMEMBERED:
                found.clear()
            kind, far_end, day, tier = key
            found[key] = self.rate(KINDS[kind], far_end, day, tier)
        return found[key]

    def rate(self, kind: CallKind, far_end: str, day: date, tier: str = "") -> Price | None:
        """Find the rate of a call: the longest prefix that has one in force on its day.

        Of one prefix the rate of the number's tier comes before that of any tier.
        """
        table, digits = self.kinds.get(kind), far_end.lstrip("+")
        if table is None:
            return None
        for length in self.lengths[kind]:
            prices = table.get(digits[:length])
            found = _standing(prices, day, tier) if prices else None
            if found is not None:
                return found
        return None

    def price(
        self,
        kind: CallKind,
        far_end: str,
        day: date,
        seconds: int,
        cost_micros: int,
        tier: str = "",
    ) -> tuple[int, int]:
        """Price a call; gives (micro-units, billed seconds)."""
        return self.amount(self.rate(kind, far_end, day, tier), seconds, cost_micros)

    def amount(self, rate: Price | None, seconds: int, cost_micros: int) -> tuple[int, int]:
        """Price a call whose rate is known, None for a mark-up; gives (micro-units, seconds)."""
        if rate is None:
            marked = half_up(cost_micros * self.basis_points, 10_000)
            return cost_micros + marked + self.fixed_micros, seconds
        billed = billed_seconds(seconds, rate.minimum_seconds, rate.increment_seconds)
        return rate.unit_micros + half_up(billed * rate.minute_micros, 60), billed


class OfNobody(Pricing):
    """What calls of nobody are priced by: as long as nobody has them, nobody pays for them."""

    def amount(self, rate: Price | None, seconds: int, cost_micros: int) -> tuple[int, int]:
        """Give no price, and the length as it was."""
        return 0, seconds


def _standing(prices: Iterable[Price], day: date, tier: str) -> Price | None:
    """Choose among the rates of one prefix, the latest first, the one that holds on a day."""
    of_any = None
    for price in prices:
        if price.starts_on <= day and (price.ends_on is None or day < price.ends_on):
            if price.tier == tier:
                return price
            if of_any is None and not price.tier:
                of_any = price
    return of_any


class Prices:
    """The pricing of each client; a plan is read when the first call needs it."""

    def __init__(self) -> None:
        having = select(Client.id, Client.rate_plan_id).where(Client.rate_plan_id.is_not(None))
        self.plan_ids: dict[int, int] = dict(db.session.execute(having).all())  # type: ignore[arg-type]
        self.plans: dict[int, Pricing] = {0: Pricing()}
        self.clients: dict[int | None, Pricing] = {None: OfNobody()}

    def of(self, client_id: int | None) -> Pricing:
        """Give the pricing of a client; without a plan the price is the cost."""
        if client_id not in self.clients:
            plan_id = self.plan_ids.get(client_id or 0, 0)
            if plan_id not in self.plans:
                self.plans[plan_id] = pricing_of(plan_id)
            self.clients[client_id] = self.plans[plan_id]
        return self.clients[client_id]


def pricing_of(plan_id: int) -> Pricing:
    """Read a rate plan of the session's reseller, ready for many calls."""
    plan = db.session.get_one(RatePlan, plan_id)
    rows = db.session.execute(
        select(
            Rate.kind,
            Rate.prefix,
            Rate.starts_on,
            Rate.ends_on,
            Rate.tier,
            Rate.minute_micros,
            Rate.unit_micros,
            Rate.minimum_seconds,
            Rate.increment_seconds,
        ).where(Rate.rate_plan_id == plan_id)
    )
    rates = ((row[0], row[1], Price._make(row[2:])) for row in rows)
    return Pricing(
        rates,
        basis_points=plan.markup_basis_points,
        fixed_micros=plan.markup_fixed_micros,
    )


def billed_seconds(seconds: int, minimum: int, increment: int) -> int:
    """Round a call's length up to the increment, but not below the minimum; 0 stays 0."""
    if seconds <= 0:
        return 0
    return max(minimum, -(-seconds // increment) * increment)


def half_up(amount: int, by: int) -> int:
    """Divide whole numbers that are not negative, rounding half up."""
    return (2 * amount + by) // (2 * by)
