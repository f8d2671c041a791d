"""Sums, statements, pages and files equal an independent sum over the raw file, to the micro-unit.

The months have a change of clock in them: New York's hour, and Lord Howe Island's half hour.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import display
import statements
from extensions import db
from models import Client, Rate, RatePlan, Reseller, Tier, UsageDay
from tests.support.calls import (
    BY,
    assert_sums_agree,
    file_of,
    forget_charges,
    hold_since_long_ago,
    line,
)
from tests.usage.independent import Book, Clock, Sums
from usage import importing, reports
from usage.reports import Range

STRAY = "+17135550123"
KINDS = ("Origination", "Termination", "TollFree", "SMS", "911")
LENGTHS = (0, 1, 5, 6, 7, 29, 30, 31, 59, 60, 61, 119, 3_599)
FAR = ("+12125550147", "+12125560147", "+13055550147", "+14415550147", "+442079460000")
CALLS = 1_500


@dataclass(frozen=True)
class Month:
    """A month with a change of clock, in a reseller's zone."""

    zone: str
    first: date
    clock: Clock

    @property
    def key(self) -> str:
        """Write it as an address does."""
        return f"{self.first:%Y-%m}"

    @property
    def range(self) -> Range:
        """Give its days."""
        return statements.range_of(self.first)


NEW_YORK = Month(
    "America/New_York",
    date(2026, 11, 1),
    Clock("2026-11-01 06:00:00", "-240 minutes", "-300 minutes"),
)
LORD_HOWE = Month(
    "Australia/Lord_Howe",
    date(2026, 10, 1),
    Clock("2026-10-03 15:30:00", "+630 minutes", "+660 minutes"),
)
"""https://www.timeanddate.com/time/change gives both; nothing of it is asked of the program."""


def rate(kind: str, prefix: str, minute: int, **more: Any) -> dict[str, Any]:
    """Write a rate as both sides of the comparison take it."""
    usual = {"tier": "", "unit": 0, "least": 6, "step": 6, "first": "2026-01-01", "until": None}
    return {"kind": kind, "prefix": prefix, "minute": minute} | usual | more


def rates(month: Month) -> list[dict[str, Any]]:
    """List rates by prefix and tier; some begin and end in the middle of the month."""
    middle = (month.first + timedelta(days=14)).isoformat()
    return [
        rate("outbound", "1", 19_001),
        rate("outbound", "1212", 11_117, least=30),
        rate("outbound", "1212555", 7_771, least=60, step=60, first=middle),
        rate("outbound", "1305", 9_999, until=middle, unit=123),
        rate("inbound", "", 4_321, least=60, step=60),
        rate("inbound", "", 3_333, tier="1", first=middle),
        rate("message", "", 0, unit=10_007),
        rate("toll_free", "1", 25_013, least=0, step=1),
    ]


def raw(month: Month, numbers: tuple[str, ...]) -> bytes:
    """Make a call file: calls all over the month and its edges, most around the change of clock."""
    chance = random.Random(month.zone)
    change = datetime.fromisoformat(month.clock.at)
    begin = datetime.combine(month.first, datetime.min.time()) - timedelta(days=1)
    lines = []
    for n in range(CALLS):
        minutes = chance.randrange(33 * 24 * 60)
        at = begin + timedelta(minutes=minutes, seconds=chance.randrange(60))
        if n % 3 == 0:
            at = change + timedelta(minutes=chance.randrange(-26 * 60, 26 * 60))
        kind = chance.choice(KINDS)
        told = line(
            f"p{n}",
            chance.choice(numbers),
            kind="Termination" if kind == "911" else kind,
            at=f"{at:%Y-%m-%d %H:%M:%S}",
            seconds=0 if kind == "SMS" else chance.choice(LENGTHS),
            price=f"{chance.randrange(300_000) / 1e6:.6f}",
            far=chance.choice(FAR),
        )
        lines.append(told.replace("Termination", kind, 1) if kind == "911" else told)
    return file_of(*lines).getvalue()


@pytest.fixture(params=[NEW_YORK, LORD_HOWE], ids=["New York", "Lord Howe Island"])
def proof(request, look, story, time_machine) -> Iterator[tuple[Month, Book]]:  # type: ignore[no-untyped-def]
    """Import the month's file; the book has worked the same file out by itself."""
    month: Month = request.param
    after = datetime.combine(month.range.last + timedelta(days=4), datetime.min.time(), UTC)
    time_machine.move_to(after, tick=True)
    content = raw(month, (story.acme_number, story.birch_number, STRAY))
    book = Book(content, month.clock)
    with look():
        forget_charges()
        hold_since_long_ago()
        db.session.get_one(Reseller, story.reseller_id).time_zone = month.zone
        _plans(story, book, month)
        db.session.commit()
        importing.run(io.BytesIO(content), "month.CDR", by=BY)
    return month, book


def _plans(story: Any, book: Book, month: Month) -> None:
    """Give Acme a plan of rates with a mark-up, Birch a mark-up alone; in the book too."""
    tier = db.session.get_one(Tier, story.tier.id).label
    owned = {"Acme": story.acme_number, "Birch": story.birch_number}
    terms = {"Acme": (1_250, 1_001), "Birch": (3_333, 0)}
    for name, thing in (("Acme", story.acme), ("Birch", story.birch)):
        points, fixed = terms[name]
        plan = RatePlan(name=name, markup_basis_points=points, markup_fixed_micros=fixed)
        db.session.add(plan)
        db.session.flush()
        db.session.get_one(Client, thing.id).rate_plan_id = plan.id
        book.plan(name, points, fixed)
        book.hold(owned[name], name, tier, name)
        if name == "Acme":
            book.rates(name, rates(month))
            db.session.add_all(_rate(plan.id, one) for one in rates(month))


def _rate(plan_id: int, one: dict[str, Any]) -> Rate:
    return Rate(
        rate_plan_id=plan_id,
        kind=one["kind"],
        prefix=one["prefix"],
        tier=one["tier"],
        minute_micros=one["minute"],
        unit_micros=one["unit"],
        minimum_seconds=one["least"],
        increment_seconds=one["step"],
        starts_on=date.fromisoformat(one["first"]),
        ends_on=date.fromisoformat(one["until"]) if one["until"] else None,
    )


def stored() -> Sums:
    """Read the daily sums in the book's words."""
    assert_sums_agree()
    names = dict(db.session.execute(select(Client.id, Client.name)).all())
    return {
        (str(row.day), names.get(row.client_id, ""), row.number, row.kind.value): (
            *(row.calls, row.billed_seconds),
            *(row.cost_micros, row.price_micros),
        )
        for row in db.session.scalars(select(UsageDay))
    }


def test_every_daily_sum_is_the_books(proof, look) -> None:
    month, book = proof
    with look():
        assert stored() == book.sums()
    assert sum(sums[0] for sums in book.sums().values()) == CALLS
    assert {key[0][:7] for key in book.sums()} > {month.key}


def test_a_book_that_does_not_change_its_clock_is_noticed(proof, look) -> None:
    _, book = proof
    book.base.execute("UPDATE clock SET after = before")
    with look():
        assert stored() != book.sums()


def test_reports_and_statements_are_the_books(proof, look) -> None:
    month, book = proof
    with look():
        for client in db.session.scalars(select(Client)):
            count, cost, price = book.total(client.name, month.key)
            found = reports.report(month.range, client_id=client.id).total
            assert (found.calls + found.messages, found.cost_micros, found.price_micros) == (
                *(count, cost),
                price,
            )
            assert statements.of(client, month.first).total_micros == price > 0
        nobody = reports.by_client(month.range)[0]
        assert (nobody.cost_micros, nobody.price_micros) == book.total("", month.key)[1:]


def cells(page: Any, selector: str) -> list[str]:
    return [cell.get_text(strip=True) for cell in page.html.select_one(selector).select("td")]


def exact(page: Any) -> str:
    """Read what a statement comes to before it is rounded to cents."""
    rows = page.html.select("#statement-exact") or page.html.select("#statement-total")
    return str(rows[0].select("td")[-1].get_text(strip=True))


def headline(page: Any) -> str:
    """Read the exact amount behind the first figure of a month."""
    shown = page.html.select_one("#usage-total dd")
    return str(shown.span["title"].removeprefix("exactly ") if shown.span else shown.get_text())


def read(page: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.text)))


def micros(rows: list[dict[str, str]], column: str) -> int:
    return sum(display.to_micros(row[column]) for row in rows)


def spans(month: Month) -> str:
    return f"?from={month.range.first}&to={month.range.last}"


@pytest.mark.parametrize("name", ["Acme", "Birch"])
def test_the_back_offices_pages_and_files_are_the_books(proof, visitor, alice, story, name) -> None:
    month, book = proof
    _, cost, price = book.total(name, month.key)
    where = f"/admin/clients/{getattr(story, name.lower()).id}"
    browser = visitor(alice)
    page = page_of_usage = browser.get(f"{where}/usage/{spans(month)}")
    shown = cells(page, "#usage-kinds tbody tr:last-child")
    assert shown[3:5] == [display.money(cost, "USD"), display.money(price, "USD")]
    for what in ("days", "numbers", "calls"):
        rows = read(page.forms[f"csv-{what}"].submit())
        assert (micros(rows, "cost"), micros(rows, "price")) == (cost, price), what
    page = browser.get(f"{where}/statements/{month.key}")
    assert exact(page) == display.money(price, "USD")
    assert cells(page, "#statement-total")[-1] == display.cents(price, "USD")
    assert headline(page_of_usage) == display.money(price, "USD")
    rows = read(page.forms["csv"].submit())
    assert micros([row for row in rows if row["section"] == "total"], "price") == price
    assert micros([row for row in rows if row["section"] == "numbers"], "price") == price


def test_the_report_over_all_clients_is_the_books(proof, visitor, alice) -> None:
    month, book = proof
    rows = read(visitor(alice).get(f"/admin/usage/csv{spans(month)}"))
    told = {
        row["client"].replace("(nobody)", ""): tuple(
            display.to_micros(row[column]) for column in ("cost", "price")
        )
        for row in rows
    }
    assert told == {name: book.total(name, month.key)[1:] for name in ("Acme", "Birch", "")}


def test_the_portals_pages_and_files_are_the_books(proof, visitor, bob) -> None:
    month, book = proof
    _, _, price = book.total("Acme", month.key)
    browser = visitor(bob)
    page = browser.get(f"/portal/keystone/usage{spans(month)}")
    assert cells(page, "#usage-total")[-1] == display.money(price, "USD")
    for what in ("days", "numbers", "calls"):
        rows = read(page.forms[f"csv-{what}"].submit())
        assert micros(rows, "price") == price, what
        assert not {"cost", "margin"} & set(rows[0])
    page = browser.get(f"/portal/keystone/statements/{month.key}")
    assert exact(page) == display.money(price, "USD")
    assert cells(page, "#statement-total")[-1] == display.cents(price, "USD")
