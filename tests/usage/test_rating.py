"""Prices: the longest prefix, steps, mark-up and rounding, against slow and obvious versions."""

from datetime import date
from fractions import Fraction
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from models import CallKind
from usage.rating import Known, Price, Pricing, billed_seconds, half_up

DAY = date(2026, 11, 10)
OUT = CallKind.OUTBOUND


def rate(prefix: str, minute: int, starts_on: date = date(2026, 1, 1), **more: object) -> Known:
    terms = {"ends_on": None, "tier": "", "unit_micros": 0}
    terms |= {"minimum_seconds": 60, "increment_seconds": 60} | more
    return OUT, prefix, Price(starts_on=starts_on, minute_micros=minute, **terms)


def test_the_worked_table() -> None:
    """Seconds, minimum and increment to billed seconds and price at 1 cent a minute."""
    table = [
        (0, 6, 6, 0, 0),
        (1, 6, 6, 6, 1_000),
        (17, 6, 12, 24, 4_000),
        (17, 30, 6, 30, 5_000),
        (31, 30, 6, 36, 6_000),
        (61, 60, 60, 120, 20_000),
        (60, 60, 60, 60, 10_000),
        (1, 1, 1, 1, 167),
    ]
    for seconds, minimum, increment, billed, price in table:
        one = rate("", 10_000, minimum_seconds=minimum, increment_seconds=increment)
        found = Pricing([one]).price(OUT, "+12125550147", DAY, seconds, 0)
        assert found == (price, billed), (seconds, minimum, increment)


def test_without_a_rate_the_cost_is_marked_up() -> None:
    pricing = Pricing(basis_points=2_550, fixed_micros=100)
    assert pricing.price(OUT, "+12125550147", DAY, 61, 10_001) == (10_001 + 2_550 + 100, 61)


def test_a_rate_holds_from_its_day_on() -> None:
    rates = [rate("1", 1_000_000), rate("1", 2_000_000, date(2026, 11, 10))]
    pricing = Pricing(rates)
    assert pricing.price(OUT, "+12125550147", date(2026, 11, 9), 60, 0)[0] == 1_000_000
    assert pricing.price(OUT, "+12125550147", DAY, 60, 0)[0] == 2_000_000


def test_a_rate_of_tomorrow_leaves_todays_shorter_prefix() -> None:
    rates = [rate("1", 1_000_000), rate("1212", 2_000_000, date(2026, 12, 1))]
    assert Pricing(rates).price(OUT, "+12125550147", DAY, 60, 0)[0] == 1_000_000


def test_a_rate_that_has_ended_leaves_the_shorter_prefix() -> None:
    rates = [rate("1", 1_000_000), rate("1212", 2_000_000, ends_on=DAY)]
    pricing = Pricing(rates)
    assert pricing.price(OUT, "+12125550147", date(2026, 11, 9), 60, 0)[0] == 2_000_000
    assert pricing.price(OUT, "+12125550147", DAY, 60, 0)[0] == 1_000_000


def test_the_rate_of_the_numbers_tier_comes_first() -> None:
    pricing = Pricing([rate("", 3, tier="777"), rate("", 1)])
    found = [pricing.rate(OUT, "+12125550147", DAY, tier) for tier in ("777", "1", "")]
    assert [price.minute_micros for price in found if price] == [3, 1, 1]


def test_another_kind_has_no_part_in_it() -> None:
    pricing = Pricing([rate("1", 1_000_000)])
    assert pricing.rate(CallKind.INBOUND, "+12125550147", DAY) is None


prefixes = st.text("0123456789", max_size=8)


@given(st.lists(prefixes, unique=True, max_size=30), st.text("0123456789", min_size=1, max_size=12))
def test_the_longest_prefix_is_found(known: list[str], digits: str) -> None:
    pricing = Pricing([rate(prefix, len(prefix)) for prefix in known])
    fits = [prefix for prefix in known if digits.startswith(prefix)]
    found = pricing.rate(OUT, f"+{digits}", DAY)
    assert (found.minute_micros if found else None) == (max(map(len, fits)) if fits else None)


@given(st.integers(0, 10**15), st.integers(1, 10**6))
def test_half_up_is_what_it_says(amount: int, by: int) -> None:
    assert half_up(amount, by) == floor(Fraction(amount, by) + Fraction(1, 2))


@given(st.integers(0, 10_000), st.integers(0, 120), st.integers(1, 120))
def test_billed_seconds_are_the_least_that_fit(seconds: int, minimum: int, step: int) -> None:
    billed = billed_seconds(seconds, minimum, step)
    if seconds == 0:
        assert billed == 0
    else:
        fits = next(n for n in range(seconds, seconds + step) if n % step == 0)
        assert billed == max(minimum, fits)


@given(st.lists(st.tuples(st.text("0123", max_size=4), st.integers(0, 4_000)), max_size=30))
def test_pricing_many_calls_gives_what_pricing_each_does(calls: list[tuple[str, int]]) -> None:
    """What a plan remembers of one far end never prices another wrongly."""
    rates = [rate(prefix, 1_000 + n) for n, prefix in enumerate(("1", "10", "102", "13", "2"))]
    many, basis = Pricing(rates, basis_points=500), Pricing(rates, basis_points=500)
    for digits, seconds in calls:
        far_end = f"+{digits}55501"
        found = many.price_of(OUT.value, far_end, DAY, seconds, 70, "")
        assert found == basis.price(OUT, far_end, DAY, seconds, 70)
