"""Reports come from coarse sums where they can, and equal the sums of numbers all the same."""

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

import tenancy
from extensions import db
from models import UsageDay, UsageKind
from tests.conftest import KIND
from tests.support.calls import forget_charges, spent
from usage import reports
from usage.reports import Range, Sums

BEGIN = date(2026, 8, 20)
DAYS = 100
RANGES = [
    Range(date(2026, 11, 1), date(2026, 11, 25)),
    Range(date(2026, 9, 1), date(2026, 10, 31)),
    Range(date(2026, 9, 5), date(2026, 9, 20)),
    Range(date(2026, 8, 25), date(2026, 11, 3)),
    Range(date(2026, 10, 31), date(2026, 11, 1)),
    Range(date(2026, 11, 30), date(2026, 11, 30)),
    Range(date(2026, 1, 1), date(2026, 12, 31)),
    Range(date(2026, 12, 1), date(2026, 12, 25)),
]


@pytest.fixture
def used(at_reseller):  # type: ignore[no-untyped-def]
    """The story, in which three owners used everything all over a hundred days."""
    forget_charges()
    chance = random.Random(7)
    numbers = ["", *(f"+1412555{n:04d}" for n in range(200, 260))]
    for _ in range(400):
        spent(
            chance.choice([at_reseller.acme.id, at_reseller.birch.id, None]),
            BEGIN + timedelta(days=chance.randrange(DAYS)),
            chance.randrange(-1_000_000, 9_000_000),
            chance.choice(list(UsageKind)),
            number=chance.choice(numbers),
            calls=chance.randrange(5),
        )
    return at_reseller


def fine(span: Range, key: Any) -> dict[Any, Sums]:
    """Add the sums of numbers up in Python, by what ``key`` gives of a row."""
    found: dict[Any, Sums] = defaultdict(Sums)
    for row in db.session.scalars(select(UsageDay)):
        if span.first <= row.day <= span.last:
            is_message = row.kind is UsageKind.MESSAGE
            counts = (0, row.calls) if is_message else (row.calls, 0)
            own = Sums(*counts, row.billed_seconds, row.cost_micros, row.price_micros)
            found[key(row)] = reports.add([found[key(row)], own])
    return dict(found)


@pytest.mark.parametrize("span", RANGES, ids=lambda span: f"{span.first} {span.last}")
def test_every_way_of_adding_up_gives_the_same(used, span: Range) -> None:
    assert reports.by_client(span) == fine(span, lambda row: row.owner)
    for client_id in (used.acme.id, None):
        mine = (
            {
                key[1:]: sums
                for key, sums in fine(span, lambda row: (row.owner, row.day, row.kind)).items()
                if key[0] == client_id
            }
            if client_id
            else fine(span, lambda row: (row.day, row.kind))
        )
        found = reports.report(span, client_id)
        assert reports.days(span, client_id=client_id) == mine
        assert found.total == reports.total(span, client_id) == reports.add(mine.values())
        assert reports.add(found.by_day.values()) == found.total
        assert reports.add(found.by_kind.values()) == found.total
        assert list(found.by_day) == [span.first + timedelta(days=n) for n in range(span.days)]


def test_ranges_that_are_read_at_once_are_as_if_read_alone(used) -> None:
    days = reports.days(*RANGES[:3], client_id=used.acme.id)
    for span in RANGES[:3]:
        assert reports.of_days(span, days) == reports.report(span, used.acme.id)


def test_numbers_stand_on_pages_the_dearest_first(used) -> None:
    span = RANGES[-2]
    mine = fine(span, lambda row: (row.owner, row.number))
    expected = {number: sums for (owner, number), sums in mine.items() if owner == used.acme.id}
    assert len(expected) > reports.NUMBERS
    first, rest = (reports.numbers_at(span, used.acme.id, page, groups=page > 1) for page in (1, 2))
    assert (len(first.by_number), first.pages, rest.pages) == (reports.NUMBERS, None, 2)
    assert first.by_number | rest.by_number == expected == reports.by_number(span, used.acme.id)
    assert (first.by_group, rest.by_group) == ({}, reports.by_group(span, used.acme.id))
    assert reports.add(rest.by_group.values()) == reports.total(span, used.acme.id)
    prices = [sums.price_micros for sums in [*first.by_number.values(), *rest.by_number.values()]]
    assert prices == sorted(prices, reverse=True)
    assert reports.of_number(span, used.acme.id, "") == expected[""]
    assert reports.of_number(span, used.acme.id, "+19995550100") is None


@pytest.mark.skipif(KIND != "sqlite", reason="PostgreSQL reads a table of few rows whole.")
def test_the_sum_of_one_number_reads_that_numbers_days_alone(used) -> None:
    span, plans = RANGES[0], []

    @event.listens_for(db.engine, "before_cursor_execute")
    def explain(connection, cursor, statement, given, *_):  # type: ignore[no-untyped-def]
        if statement.startswith("SELECT usage_day"):
            asked = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.extend(row[-1] for row in asked)

    assert reports.of_number(span, used.acme.id, "+14125550200")
    event.remove(db.engine, "before_cursor_execute", explain)
    assert "(reseller_id=? AND day=? AND owner=? AND number=?)" in plans[0]


def test_the_dearest_clients_are_told_by_name(used) -> None:
    span = RANGES[0]
    sums = fine(span, lambda row: row.owner)
    (first, name, micros), (second, *_) = reports.dearest(span, 5)
    assert micros == sums[first].price_micros > sums[second].price_micros
    assert {first, second} == {used.acme.id, used.birch.id}
    assert name in ("Acme", "Birch")


def test_another_resellers_sums_are_in_none_of_these(used) -> None:
    span, mine = RANGES[-2], used.acme.id
    assert reports.total(span).price_micros != 0
    with tenancy.acting_for(used.other_reseller_id):
        assert (reports.total(span), reports.total(span, mine)) == (Sums(), Sums())
        assert (reports.days(span), reports.days(span, client_id=mine)) == ({}, {})
        assert (reports.by_client(span), reports.dearest(span, 5)) == ({}, [])
        assert (reports.by_number(span, mine), reports.by_group(span, mine)) == ({}, {})
        assert reports.of_number(span, mine, "") is None
        assert reports.numbers_at(span, mine, 1, groups=True) == reports.Numbers({}, {}, 1, 1)
