"""The tables of docs/money.md are what the program does."""

import re
from datetime import date
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import charging
import display
from models import CallKind
from usage.rating import Price, Pricing

PAGE = Path(__file__).resolve().parents[1] / "docs" / "money.md"
DAY = date(2026, 11, 10)


def table(heading: str) -> list[tuple[str, ...]]:
    """Read the rows of the table under a heading."""
    section = PAGE.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip().replace(",", "") for cell in row[1:-1].split("|")) for row in rows]


@pytest.mark.parametrize("row", table("A call with a rate"), ids=" ".join)
def test_a_call_with_a_rate_comes_to_what_is_written(row: tuple[str, ...]) -> None:
    seconds, minimum, step, minute, unit, billed, price = map(int, row)
    rate = Price(date(2026, 1, 1), None, "", minute, unit, minimum, step)
    pricing = Pricing([(CallKind.OUTBOUND, "1", rate)])
    found = pricing.price(CallKind.OUTBOUND, "+12125550147", DAY, seconds, 0)
    assert found == (price, billed)


@pytest.mark.parametrize("row", table("A call without a rate"), ids=" ".join)
def test_a_call_without_a_rate_comes_to_what_is_written(row: tuple[str, ...]) -> None:
    cost, percent, fixed, price = row
    pricing = Pricing(basis_points=round(Fraction(percent) * 100), fixed_micros=int(fixed))
    found = pricing.price(CallKind.OUTBOUND, "+12125550147", DAY, 61, int(cost))
    assert found == (int(price), 61)


@pytest.mark.parametrize("row", table("Part of a month"), ids=" ".join)
def test_part_of_a_month_comes_to_what_is_written(row: tuple[str, ...]) -> None:
    monthly, first, last, charge = row
    days = (date.fromisoformat(first), date.fromisoformat(last))
    assert charging.part(int(monthly), *days) == int(charge)


@pytest.mark.parametrize("row", table("What is due"), ids=" ".join)
def test_what_is_due_is_what_is_written(row: tuple[str, ...]) -> None:
    assert display.to_cents(int(row[0])) == int(row[1])


@given(st.integers(-(10**15), 10**15))
def test_what_is_due_is_the_nearest_cent_and_never_rounded_twice(micros: int) -> None:
    due = display.to_cents(micros)
    assert due == floor(Fraction(micros, 10_000) + Fraction(1, 2)) * 10_000
    assert display.to_cents(due) == due


def test_a_total_says_what_it_was_before_rounding() -> None:
    assert display.total(12_800_600, "USD") == '<span title="exactly $12.8006">$12.80</span>'
    assert (display.total(12_800_000, "USD"), display.total(None)) == ("$12.80", "")
    assert display.cents(-12_805_001, "EUR") == "−€12.81"


def test_the_tables_are_there() -> None:
    headings = re.findall(r"^## (.+)$", PAGE.read_text(), re.M)
    assert [len(table(heading)) for heading in headings] == [12, 6, 8, 8]


@given(st.integers(0, 10**13), st.dates(date(2020, 1, 1), date(2032, 12, 31)), st.integers(0, 30))
def test_part_of_a_month_is_the_fraction_of_its_days(monthly: int, first: date, more: int) -> None:
    """The slow version counts the month's days one by one."""
    month = [day for day in range(1, 32) if _is_day(first, day)]
    last = first.replace(day=min(first.day + more, month[-1]))
    kept = [day for day in month if first.day <= day <= last.day]
    exact = Fraction(monthly * len(kept), len(month))
    assert charging.part(monthly, first, last) == floor(exact + Fraction(1, 2))


def _is_day(month: date, day: int) -> bool:
    try:
        month.replace(day=day)
    except ValueError:
        return False
    return True
