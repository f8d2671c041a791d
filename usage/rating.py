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
        self.table: dict[tuple[CallKind, str], list[Price]] = defaultdict(list)
        for kind, prefix, price in rates:
            self.table[kind, prefix].append(price)
        for found in self.table.values():
            found.sort(key=lambda price: price.starts_on, reverse=True)
        self.lengths = sorted({len(prefix) for _, prefix in self.table}, reverse=True)

    def rate(self, kind: CallKind, far_end: str, day: date, tier: str = "") -> Price | None:
        """Find the rate of a call: the longest prefix that has one in force on its day.

        Of one prefix the rate of the number's tier comes before that of any tier.
        """
        digits = far_end.lstrip("+")
        for length in self.lengths:
            if length > len(digits):
                continue
            standing = [
                price
                for price in self.table.get((kind, digits[:length]), ())
                if price.starts_on <= day
                and (price.ends_on is None or day < price.ends_on)
                and price.tier in ("", tier)
            ]
            if standing:
                return next((price for price in standing if price.tier == tier), standing[0])
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


class Prices:
    """The pricing of each client; a plan is read when the first call needs it."""

    def __init__(self) -> None:
        having = select(Client.id, Client.rate_plan_id).where(Client.rate_plan_id.is_not(None))
        self.plan_ids: dict[int, int] = dict(db.session.execute(having).all())  # type: ignore[arg-type]
        self.plans: dict[int, Pricing] = {0: Pricing()}

    def of(self, client_id: int | None) -> Pricing:
        """Give the pricing of a client; without a plan the price is the cost."""
        plan_id = self.plan_ids.get(client_id or 0, 0)
        if plan_id not in self.plans:
            self.plans[plan_id] = pricing_of(plan_id)
        return self.plans[plan_id]


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
