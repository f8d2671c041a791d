"""What a client pays for a call: the rate of the longest prefix, or a mark-up on the cost.

Amounts are whole micro-units. A price is rounded half up, once, when the call is priced.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from models import CallKind, Rate, RatePlan

LONGEST_PREFIX = 16


class Pricing:
    """A rate plan ready for many calls: prefixes in a table, each with its rates by day."""

    def __init__(self, plan: RatePlan | None, rates: Iterable[Rate] = ()) -> None:
        self.basis_points = plan.markup_basis_points if plan else 0
        self.fixed_micros = plan.markup_fixed_micros if plan else 0
        table: dict[tuple[CallKind, str], list[Rate]] = defaultdict(list)
        for rate in rates:
            table[rate.kind, rate.prefix].append(rate)
        self.table = {
            key: sorted(found, key=lambda rate: rate.starts_on) for key, found in table.items()
        }
        self.days = {key: [rate.starts_on for rate in found] for key, found in self.table.items()}
        self.lengths = sorted({len(prefix) for _, prefix in self.table}, reverse=True)

    def rate(self, kind: CallKind, far_end: str, day: date) -> Rate | None:
        """Find the rate of a call: the longest prefix that has one in force on its day."""
        digits = far_end.lstrip("+")
        for length in self.lengths:
            key = (kind, digits[:length])
            if length > len(digits) or key not in self.table:
                continue
            place = bisect_right(self.days[key], day)
            if place:
                return self.table[key][place - 1]
        return None

    def price(
        self, kind: CallKind, far_end: str, day: date, seconds: int, cost_micros: int
    ) -> tuple[int, int]:
        """Price a call; gives (micro-units, billed seconds)."""
        rate = self.rate(kind, far_end, day)
        if rate is None:
            marked = half_up(cost_micros * self.basis_points, 10_000)
            return cost_micros + marked + self.fixed_micros, seconds
        billed = billed_seconds(seconds, rate.minimum_seconds, rate.increment_seconds)
        return rate.unit_micros + half_up(billed * rate.minute_micros, 60), billed


def billed_seconds(seconds: int, minimum: int, increment: int) -> int:
    """Round a call's length up to the increment, but not below the minimum; 0 stays 0."""
    if seconds <= 0:
        return 0
    return max(minimum, -(-seconds // increment) * increment)


def half_up(amount: int, by: int) -> int:
    """Divide whole numbers that are not negative, rounding half up."""
    return (2 * amount + by) // (2 * by)
