"""What calls and charges come to in a range of days: in all, by day, kind, number; from the sums.

Every figure comes from the same rows, so totals equal the sum of their parts to the micro-unit.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

import display
import rollup
from models import ChargeKind, Client, Reseller, UsageKind
from prepared import Prepared, prepared
from usage import selecting

KINDS = {
    UsageKind.INBOUND: "Inbound",
    UsageKind.OUTBOUND: "Outbound",
    UsageKind.TOLL_FREE: "Toll-free",
    UsageKind.MESSAGE: "Messages",
    UsageKind.E911: "911 calls",
    UsageKind.MONTHLY: "Monthly fees",
    UsageKind.SETUP: "Set-up fees",
    UsageKind.ADJUSTMENT: "Adjustments",
}
ONE_CALL = KINDS | {UsageKind.MESSAGE: "Message", UsageKind.E911: "911 call"}
"""The names of the kinds where each line is one call."""
CHARGES = frozenset(KINDS[UsageKind(kind.value)] for kind in ChargeKind)
"""The names of what is no call: fees and adjustments."""
MOST_DAYS = 400
"""The longest range that is added up at once."""
NUMBERS = 50
"""Numbers that a page lists at once."""


@dataclass(frozen=True)
class Range:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Count the days."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class AskedRange:
    """The days that somebody asked for: what is shown, what was typed, and what was wrong."""

    span: Range
    typed: Mapping[str, str]
    problems: Mapping[str, str]

    @property
    def in_address(self) -> dict[str, Any]:
        """Give the range that is shown as an address has it."""
        return {"from": self.span.first.isoformat(), "to": self.span.last.isoformat()}

    @property
    def in_page(self) -> dict[str, Any]:
        """Give a template the range: its days, how it stands in an address and in its form."""
        return {"span": self.span, "range_args": self.in_address, "asked": self}

    @property
    def in_form(self) -> Mapping[str, str]:
        """Give what the fields begin with: what was typed, as long as it is to be corrected."""
        return self.typed if self.problems else self.in_address


class Sums(NamedTuple):
    """What some calls add up to; seconds are billed ones, money is micro-units."""

    calls: int = 0
    messages: int = 0
    billed_seconds: int = 0
    cost_micros: int = 0
    price_micros: int = 0

    @property
    def in_words(self) -> str:
        """Count calls, minutes and messages, as far as there are any."""
        said = [f"{display.plural(self.calls, 'call')}, {self.minutes} minutes"]
        if self.messages:
            said.append(display.plural(self.messages, "message"))
        return ", ".join(said)

    @property
    def minutes(self) -> str:
        """Write the billed minutes with one decimal."""
        tenths = (self.billed_seconds * 10 + 30) // 60
        return f"{tenths // 10:,}.{tenths % 10}"

    @property
    def margin_micros(self) -> int:
        """Tell what is left of the price after the cost."""
        return self.price_micros - self.cost_micros


@dataclass(frozen=True)
class Report:
    """The usage of a range: in all, by day and by kind."""

    range: Range
    total: Sums
    by_day: dict[date, Sums]
    by_kind: dict[UsageKind, Sums]
    owed_by_day: dict[date, int]
    """Fees and adjustments alone, in micro-units."""

    @property
    def used_by_day(self) -> dict[date, int]:
        """Tell the price of each day's calls and messages alone, in micro-units."""
        return {day: sums.price_micros - self.owed_by_day[day] for day, sums in self.by_day.items()}

    @property
    def by_kind_micros(self) -> dict[str, int]:
        """Tell the price of each kind by its name, fees and adjustments too."""
        return {KINDS[kind]: sums.price_micros for kind, sums in self.by_kind.items()}

    @property
    def charges_micros(self) -> int:
        """Tell how much of the price is fees and adjustments, not calls."""
        charges = (sums for kind, sums in self.by_kind.items() if kind.value in set(ChargeKind))
        return sum(sums.price_micros for sums in charges)


Days = dict[tuple[date, UsageKind], Sums]
"""What was used on some days, each kind apart."""

today = rollup.today
next_month = rollup.next_month


def read_day(typed: str) -> date:
    """Read a day as an address writes it.

    Raises ValueError, in a sentence for whoever typed it, for one that no call can have.
    """
    try:
        day = date.fromisoformat(typed)
    except ValueError as error:
        raise ValueError(f"“{typed[:20]}” is no date; write it like 2026-11-01.") from error
    if not 2000 <= day.year < 2200:
        raise ValueError(
            f"There are no calls in the year {day.year}; choose one from 2000 to 2199."
        )
    return day


def read_range(typed: Mapping[str, str], today: date) -> AskedRange:
    """Read the days ``from`` and ``to`` of an address; what cannot be leaves the month to date.

    Without a last day the range goes up to today, without a first from the last day's month on.
    """
    words = {name: typed.get(name, "").strip() for name in ("from", "to")}
    days: dict[str, date] = {}
    problems: dict[str, str] = {}
    for name in filter(words.get, words):
        try:
            days[name] = read_day(words[name])
        except ValueError as error:
            problems[name] = str(error)
    last = days.get("to", today)
    span = Range(days.get("from", last.replace(day=1)), last)
    if not problems and (problem := range_problem(span)):
        problems["to" if words["to"] else "from"] = problem
    return AskedRange(month_to_date(today) if problems else span, words, problems)


def range_problem(span: Range) -> str | None:
    """Tell why days are no range that can be added up; None when they are."""
    if span.last < span.first:
        return f"{display.day(span.last)} lies before {display.day(span.first)}; swap the days."
    if span.days > MOST_DAYS:
        return f"These are {span.days:,} days; choose at most {MOST_DAYS}."
    return None


def month_to_date(day: date) -> Range:
    """Give the month's first day up to this one."""
    return Range(day.replace(day=1), day)


def month_before(span: Range) -> Range:
    """Give the month before, up to the same day; to its end where it is shorter."""
    last_of_before = span.first - timedelta(days=1)
    day = min(span.last.day, last_of_before.day)
    return Range(last_of_before.replace(day=1), last_of_before.replace(day=day))


def report(span: Range, client_id: int | None = None) -> Report:
    """Add up a range of days, of one client or all."""
    return of_days(span, days(span, client_id=client_id))


def of_days(span: Range, found: Days) -> Report:
    """Make the report of a range of days that were read already, maybe with others."""
    mine = [(key, sums) for key, sums in found.items() if span.first <= key[0] <= span.last]
    by_day: dict[date, list[Sums]] = {day: [] for day in _days(span)}
    by_kind: dict[UsageKind, list[Sums]] = defaultdict(list)
    owed = dict.fromkeys(by_day, 0)
    for (day, kind), sums in mine:
        by_day[day].append(sums)
        by_kind[kind].append(sums)
        owed[day] += sums.price_micros if kind.value in set(ChargeKind) else 0
    return Report(
        span,
        add(sums for _, sums in mine),
        {day: add(some) for day, some in by_day.items()},
        {kind: add(by_kind[kind]) for kind in UsageKind if kind in by_kind},
        owed,
    )


def days(*spans: Range, client_id: int | None = None) -> Days:
    """Read what was used on the days of some ranges, by one client or all, with one statement."""
    edges = {"first": min(s.first for s in spans), "last": max(s.last for s in spans)}
    for n, span in enumerate(spans):
        edges |= {f"first_{n}": span.first, f"last_{n}": span.last}
    of_client = {} if client_id is None else {"client": client_id}
    wanted = selecting.days(len(spans), client_id is not None)
    return {
        (day, kind): Sums(0, calls, *sums) if kind is UsageKind.MESSAGE else Sums(calls, 0, *sums)
        for day, kind, calls, *sums in wanted.all(**edges, **of_client)
    }


def by_number(span: Range, client_id: int) -> dict[str, Sums]:
    """Add up a client's range by number, the dearest first.

    Charges that are no number's stand under the empty one.
    """
    rows = selecting.by_number().all(**_in_numbers(span, client_id))
    return {number: Sums(*map(int, sums)) for number, *sums in rows}


def of_number(span: Range, client_id: int, number: str) -> Sums | None:
    """Add up a range of days of one number; None where it was not used."""
    row = selecting.of_number().first(client=client_id, number=number, days=_days(span))
    return Sums(*map(int, row[1:])) if row else None


def by_group(span: Range, client_id: int) -> dict[str, Sums]:
    """Add up a client's range by the DID Groups that its numbers are in now, the dearest first.

    What is in no group, and charges of no number, stand under the empty name.
    """
    return _groups(selecting.by_group().all(**_in_numbers(span, client_id)))


@dataclass(frozen=True)
class Numbers:
    """One page of a client's numbers, the dearest first, and its groups; sums by their names."""

    by_number: dict[str, Sums]
    by_group: dict[str, Sums]
    page: int
    pages: int | None
    """None while more follow."""


def numbers_at(span: Range, client_id: int, page: int, *, groups: bool = False) -> Numbers:
    """Read one page of ``by_number``, and ``by_group`` too where it is asked for.

    Both are told by one statement, which adds the days of numbers up once.
    """
    asked = _in_numbers(span, client_id) | {
        "most": NUMBERS + 1,
        "skipped": (page - 1) * NUMBERS,
    }
    numbers: list[Sequence[Any]] = []
    of_groups: list[Sequence[Any]] = []
    for is_group, *row in selecting.numbers(groups).all(**asked):
        (of_groups if is_group else numbers).append(row)
    return Numbers(
        {number: Sums(*map(int, sums)) for number, *sums in numbers[:NUMBERS]},
        _groups(of_groups),
        page,
        None if len(numbers) > NUMBERS else page,
    )


def _groups(rows: Iterable[Sequence[Any]]) -> dict[str, Sums]:
    found = {name or "": Sums(*map(int, sums)) for name, *sums in rows}
    return dict(sorted(found.items(), key=lambda item: (-item[1].price_micros, item[0])))


def by_client(span: Range, ids: Sequence[int] | None = None) -> dict[int, Sums]:
    """Add up a range of days client by client, the dearest first; nobody's stands under 0."""
    wanted, given = _of_clients(selecting.clients, span, ids)
    return {owner: Sums(*map(int, sums)) for owner, *sums in wanted.all(**given)}


def dearest(span: Range, most: int) -> list[tuple[int, str, int]]:
    """List the clients that a range of days came dearest to: id, name and micro-units."""
    wanted, given = _of_clients(selecting.dearest, span)
    rows = wanted.all(**given, most=most)
    return [(key, name, int(micros)) for key, name, micros in rows]


def total(span: Range, client_id: int | None = None) -> Sums:
    """Add up a range of days."""
    wanted, given = _of_clients(selecting.total, span, None if client_id is None else [client_id])
    return Sums(*(int(value or 0) for value in wanted.one(**given)))


def counted_late(calls: Iterable[Any], zone: str) -> set[int]:
    """Tell which calls count on another day than their own: its month was closed already."""
    return {call.id for call in calls if call.day != today(zone, call.started_at)}


def kept_from(span: Range, reseller: Reseller) -> date | None:
    """Tell the first day whose calls are all kept, where a range begins before it; else None."""
    moment = reseller.calls_forgotten_before
    if moment is None:
        return None
    local = moment.astimezone(ZoneInfo(reseller.time_zone))
    day = local.date() + timedelta(days=local.time() > time())
    return day if span.first < day else None


def forecast(found: Report) -> int:
    """Carry the month's calls on at the same pace; gives micro-units for the whole month.

    Fees are charged in advance and adjustments once, so these are added as they are.
    """
    span, charges = found.range, found.charges_micros
    calls = found.total.price_micros - charges
    return calls * (next_month(span.first) - span.first).days // span.days + charges


def calls(span: Range, client_id: int, number: str, *, most: int, skipped: int) -> Sequence[Any]:
    """Give some calls of a client's number, the latest first: rows with the columns of calls."""
    given = _in_numbers(span, client_id) | {"number": number, "most": most, "skipped": skipped}
    return selecting.calls().all(**given)


def names(ids: Iterable[int]) -> dict[int, str]:
    """Name clients by id."""
    wanted = sorted(ids)
    return dict(map(tuple, _names().all(ids=wanted))) if wanted else {}


@prepared
def _names() -> Any:
    return select(Client.id, Client.name).where(Client.id.in_(bindparam("ids", expanding=True)))


def _in_numbers(span: Range, client_id: int) -> dict[str, Any]:
    return {"client": client_id, "first": span.first, "last": span.last}


def _of_clients(
    select_from: Callable[[tuple[str, ...], bool], Prepared],
    span: Range,
    ids: Sequence[int] | None = None,
) -> tuple[Prepared, dict[str, Any]]:
    """Make a statement on what clients used in a range, and give what it is told.

    A range comes to whole months, and days at its ends. Those that follow in its last month are
    taken off: of a month to date there are hardly any.
    """
    day = timedelta(days=1)
    given: dict[str, Any] = {} if ids is None else {"ids": ids}
    months_from = span.first if span.first.day == 1 else next_month(span.first)
    parts: dict[str, tuple[date, date]] = {"days": (span.first, span.last)}
    if months_from <= span.last:
        parts = {
            "months": (months_from, span.last),
            "after": (span.last + day, next_month(span.last) - day),
        }
        if span.first < months_from:
            parts["days"] = (span.first, months_from - day)
    for part, (first, last) in parts.items():
        given |= {f"{part}_first": first, f"{part}_last": last}
    return select_from(tuple(parts), ids is not None), given


def add(found: Iterable[Sums]) -> Sums:
    """Add sums up."""
    return Sums(*map(sum, zip(*found, strict=True)))


def _days(span: Range) -> list[date]:
    return [span.first + timedelta(days=n) for n in range(span.days)]
