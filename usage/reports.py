"""What calls and charges come to in a range of days: in all, by day, kind, number; from the sums.

Every figure comes from the same rows, so totals equal the sum of their parts to the micro-unit.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, cast, func, or_, select, union_all

import rollup
from extensions import db
from models import (
    Call,
    ChargeKind,
    Client,
    Did,
    DidGroup,
    UsageClientDay,
    UsageClientMonth,
    UsageDay,
    UsageKind,
)

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
CHARGES = frozenset(KINDS[UsageKind(kind.value)] for kind in ChargeKind)
"""The names of what is no call: fees and adjustments."""
LONGEST_RANGE = timedelta(days=400)
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


class Sums(NamedTuple):
    """What some calls add up to; seconds are billed ones, money is micro-units."""

    calls: int = 0
    messages: int = 0
    billed_seconds: int = 0
    cost_micros: int = 0
    price_micros: int = 0

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
    """Read a day as an address writes it; raises ValueError for one that no call can have."""
    day = date.fromisoformat(typed)
    if not 2000 <= day.year < 2200:
        raise ValueError(f"{typed} lies out of all calls.")
    return day


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
    for (day, kind), sums in mine:
        by_day[day].append(sums)
        by_kind[kind].append(sums)
    return Report(
        span,
        add(sums for _, sums in mine),
        {day: add(some) for day, some in by_day.items()},
        {kind: add(by_kind[kind]) for kind in UsageKind if kind in by_kind},
    )


def days(*spans: Range, client_id: int | None = None) -> Days:
    """Add up the days of some ranges by kind, of one client or all, with one statement."""
    columns = (UsageClientDay.day, UsageClientDay.kind)
    wanted = select(*columns, *_added(UsageClientDay)).group_by(*columns)
    wanted = wanted.where(
        UsageClientDay.day >= min(span.first for span in spans),
        UsageClientDay.day <= max(span.last for span in spans),
    )
    if len(spans) > 1:
        wanted = wanted.where(or_(*(UsageClientDay.day.between(s.first, s.last) for s in spans)))
    if client_id is not None:
        wanted = wanted.where(UsageClientDay.owner == client_id)
    return {
        (day, kind): Sums(0, calls, *sums) if kind is UsageKind.MESSAGE else Sums(calls, 0, *sums)
        for day, kind, calls, *sums in db.session.execute(wanted)
    }


def by_number(
    span: Range, client_id: int, *, most: int | None = None, skipped: int = 0
) -> dict[str, Sums]:
    """Add up a client's range by number, the dearest first, after leaving some out.

    Charges that are no number's stand under the empty one.
    """
    found = _of_numbers(span, client_id).order_by(
        func.sum(UsageDay.price_micros).desc(), UsageDay.number
    )
    rows = db.session.execute(found.limit(most).offset(skipped) if most else found)
    return {number: Sums(*map(int, sums)) for number, *sums in rows}


def numbers_at(span: Range, client_id: int, page: int) -> tuple[dict[str, Sums], int | None]:
    """Give one page of ``by_number``, and how many pages there are; None while more follow."""
    found = by_number(span, client_id, most=NUMBERS + 1, skipped=(page - 1) * NUMBERS)
    return dict(islice(found.items(), NUMBERS)), None if len(found) > NUMBERS else page


def of_number(span: Range, client_id: int, number: str) -> Sums | None:
    """Add up a range of days of one number; None where it was not used."""
    row = db.session.execute(_of_numbers(span, client_id).where(UsageDay.number == number)).first()
    return Sums(*map(int, row[1:])) if row else None


def by_group(span: Range, client_id: int) -> dict[str, Sums]:
    """Add up a client's range by the DID Groups that its numbers are in now, the dearest first.

    What is in no group, and charges of no number, stand under the empty name.
    """
    used = _of_numbers(span, client_id).subquery()
    sums = (func.sum(column) for column in list(used.c)[1:])
    of_group = (
        select(DidGroup.name, *sums)
        .select_from(used)
        .outerjoin(Did, Did.number == used.c.number)
        .outerjoin(DidGroup, (DidGroup.id == Did.did_group_id) & (DidGroup.client_id == client_id))
        .group_by(DidGroup.name)
    )
    found = {name or "": Sums(*map(int, sums)) for name, *sums in db.session.execute(of_group)}
    return dict(sorted(found.items(), key=lambda item: (-item[1].price_micros, item[0])))


def by_client(span: Range, ids: Sequence[int] | None = None) -> dict[int, Sums]:
    """Add up a range of days client by client, the dearest first; nobody's stands under 0."""
    used = _of_clients(span, ids)
    price = func.sum(used.c.price_micros).desc()
    found = select(used.c.owner, *_summed(used.c)).group_by(used.c.owner)
    rows = db.session.execute(found.order_by(price, used.c.owner))
    return {owner: Sums(*map(int, sums)) for owner, *sums in rows}


def dearest(span: Range, most: int) -> list[tuple[int, str, int]]:
    """List the clients that a range of days came dearest to: id, name and micro-units."""
    used = _of_clients(span)
    price = func.sum(used.c.price_micros)
    found = (
        select(Client.id, Client.name, price)
        .join_from(used, Client, Client.id == used.c.owner)
        .group_by(Client.id, Client.name)
        .order_by(price.desc(), Client.name)
        .limit(most)
    )
    return [(key, name, int(micros)) for key, name, micros in db.session.execute(found)]


def total(span: Range, client_id: int | None = None) -> Sums:
    """Add up a range of days."""
    used = _of_clients(span, None if client_id is None else [client_id])
    row = db.session.execute(select(*_summed(used.c))).one()
    return Sums(*(int(value or 0) for value in row))


def counted_late(calls: Iterable[Call], zone: str) -> set[int]:
    """Tell which calls count on another day than their own: its month was closed already."""
    return {call.id for call in calls if call.day != today(zone, call.started_at)}


def forecast(found: Report) -> int:
    """Carry the month's calls on at the same pace; gives micro-units for the whole month.

    Fees are charged in advance and adjustments once, so these are added as they are.
    """
    span, charges = found.range, found.charges_micros
    calls = found.total.price_micros - charges
    return calls * (next_month(span.first) - span.first).days // span.days + charges


def calls(span: Range, *, client_id: int | None = None, number: str | None = None) -> Any:
    """Select the calls of a range, the latest first."""
    wanted = select(Call).where(Call.day >= span.first, Call.day <= span.last)
    if client_id is not None:
        wanted = wanted.where(Call.client_id == client_id)
    if number is not None:
        wanted = wanted.where(Call.number == number)
    return wanted.order_by(Call.started_at.desc(), Call.id.desc())


def names(ids: Iterable[int]) -> dict[int, str]:
    """Name clients by id."""
    rows = db.session.execute(select(Client.id, Client.name).where(Client.id.in_(sorted(ids))))
    return dict(rows.all())  # type: ignore[arg-type]


def _of_numbers(span: Range, client_id: int) -> Any:
    """Select what each number of a client used: the number, then its sums."""
    mine = (UsageDay.client_id == client_id, UsageDay.day >= span.first, UsageDay.day <= span.last)
    return select(UsageDay.number, *_summed(UsageDay)).where(*mine).group_by(UsageDay.number)


def _of_clients(span: Range, ids: Sequence[int] | None = None) -> Any:
    """Select sums of clients by kind that come to a range: whole months, and days at its ends.

    Days that follow in its last month are taken off: of a month to date there are hardly any.
    """
    months_from = span.first if span.first.day == 1 else next_month(span.first)
    if months_from > span.last:
        return _from(UsageClientDay, UsageClientDay.day, span.first, span.last, ids).subquery()
    day = timedelta(days=1)
    month_end = next_month(span.last) - day
    parts = [
        _from(UsageClientMonth, UsageClientMonth.month, months_from, span.last, ids),
        _from(UsageClientDay, UsageClientDay.day, span.last + day, month_end, ids, sign=-1),
    ]
    if span.first < months_from:
        before = months_from - day
        parts.append(_from(UsageClientDay, UsageClientDay.day, span.first, before, ids))
    return union_all(*parts).subquery()


def _from(
    table: Any, when: Any, first: date, last: date, ids: Sequence[int] | None, sign: int = 1
) -> Any:
    mine = [when >= first, when <= last]
    if ids is not None:
        mine.append(table.owner.in_(ids))
    sums = ((getattr(table, name) * sign).label(name) for name in rollup.ADDED)
    return select(table.owner, table.kind, *sums).where(*mine)


def _summed(table: Any) -> list[Any]:
    """Add the numbers of ``Sums`` up, from a table's columns."""
    is_message = table.kind == UsageKind.MESSAGE
    return [
        func.coalesce(func.sum(table.calls).filter(~is_message), 0).label("calls"),
        func.coalesce(func.sum(table.calls).filter(is_message), 0).label("messages"),
        *(func.sum(getattr(table, name)).label(name) for name in rollup.ADDED[1:]),
    ]


def _added(table: Any) -> list[Any]:
    # PostgreSQL adds whole numbers up to decimals, which take Python longer.
    return [cast(func.sum(getattr(table, name)), BigInteger) for name in rollup.ADDED]


def add(found: Iterable[Sums]) -> Sums:
    """Add sums up."""
    return Sums(*map(sum, zip(*found, strict=True)))


def _days(span: Range) -> list[date]:
    return [span.first + timedelta(days=n) for n in range(span.days)]
