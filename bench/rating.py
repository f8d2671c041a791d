"""Measure rating: calls a second by longest prefix, beside a bare dictionary; asserts nothing.

Run: python bench/rating.py [--calls 300000]
One plan of 10,000 prefixes and one of 200,000, priced in one process, in turns. The floor is the
longest of the plan's prefixes, looked up in a dictionary, and one multiplication a call: it knows
no days, tiers, steps or rounding. Other load changes the seconds; trust the ratio and
the CPU. What docs/performance.md says was taken with this.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from models import CallKind  # noqa: E402
from usage.rating import Price, Pricing  # noqa: E402

DAY, SINCE = date(2026, 11, 10), date(2026, 1, 1)
TURNS = 3
Call = tuple[str, int]
"""The far end and seconds."""


def prefixes(count: int, chance: random.Random) -> list[str]:
    """Make different prefixes of 4 to 9 digits, and one that every call has."""
    made = {"1"}
    while len(made) < count:
        made.add(f"1{chance.randrange(10 ** chance.randint(3, 8))}")
    return sorted(made)


def calls(count: int, known: list[str], chance: random.Random) -> list[Call]:
    """Make calls that each have a prefix of the plan."""
    far = ((chance.choice(known) + "5550147000")[:11] for _ in range(count))
    return [(f"+{digits}", chance.randrange(1, 600)) for digits in far]


def rated(pricing: Pricing, some: list[Call]) -> int:
    """Price calls as an import does; gives what they come to."""
    price = pricing.price
    return sum(price(CallKind.OUTBOUND, far, DAY, seconds, 0)[0] for far, seconds in some)


def floor(table: dict[str, int], some: list[Call]) -> int:
    """Look calls up in a bare dictionary."""
    lengths, total = sorted({len(prefix) for prefix in table}, reverse=True), 0
    for far, seconds in some:
        for length in lengths:
            minute = table.get(far[1 : length + 1])
            if minute is not None:
                total += minute * seconds // 60
                break
    return total


def cpu(work: Callable[[], int]) -> float:
    """Give the seconds of CPU that a work takes at best, of a few turns."""
    taken = []
    for _ in range(TURNS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def main() -> None:
    """Measure both plans and print a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=300_000)
    count = parser.parse_args().calls
    for size in (10_000, 200_000):
        chance = random.Random(size)
        known = prefixes(size, chance)
        some = calls(count, known, chance)
        begun = time.process_time()
        pricing = Pricing(
            (CallKind.OUTBOUND, prefix, Price(SINCE, None, "", 9_000, 0, 6, 6)) for prefix in known
        )
        made = time.process_time() - begun
        ours = cpu(lambda p=pricing, s=some: rated(p, s))
        table = dict.fromkeys(known, 9_000)
        bare = cpu(lambda t=table, s=some: floor(t, s))
        print(
            f"{size:,} prefixes: {count / ours:,.0f} calls a second of CPU, "
            f"the floor {count / bare:,.0f}, {bare / ours:.2f} of it; ready in {made:.2f} s"
        )


if __name__ == "__main__":
    main()
