"""What calls and charges come to in a range of days: in all, by day, kind, number; from the sums.

Every figure comes from the same rows, so totals equal the sum of their parts to the micro-unit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

import rollup
from extensions import db
from models import Call, ChargeKind, Client, Did, DidGroup, UsageDay, UsageKind

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
class Sums:
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
    """The usage of a range: in all and by day, kind and number."""

    range: Range
    total: Sums
    by_day: dict[date, Sums]
    by_kind: dict[UsageKind, Sums]
    by_number: dict[str, Sums]
    """Charges that are no number's stand under the empty one."""

    @property
    def by_kind_micros(self) -> dict[str, int]:
        """Tell the price of each kind by its name, fees and adjustments too."""
        return {KINDS[kind]: sums.price_micros for kind, sums in self.by_kind.items()}

    @property
    def charges_micros(self) -> int:
        """Tell how much of the price is fees and adjustments, not calls."""
        charges = (sums for kind, sums in self.by_kind.items() if kind.value in set(ChargeKind))
        return sum(sums.price_micros for sums in charges)


today = rollup.today


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


def report(
    span: Range, *, client_id: int | None = None, number: str | None = None, numbers: int = 200
) -> Report:
    """Add up a range of days, of one client or all, of one number or all.

    ``numbers`` is how many numbers are listed, the dearest first.
    """
    mine = _of(span, client_id, number)
    by_day = {day: Sums(*sums) for day, *sums in _grouped(UsageDay.day, mine)}
    by_kind = {kind: Sums(*sums) for kind, *sums in _grouped(UsageDay.kind, mine)}
    dearest = _statement(UsageDay.number, mine).order_by(
        func.sum(UsageDay.price_micros).desc(), UsageDay.number
    )
    rows = db.session.execute(dearest.limit(numbers)).all() if numbers else []
    return Report(
        span,
        add(by_kind.values()),
        {day: by_day.get(day, Sums()) for day in _days(span)},
        {kind: by_kind[kind] for kind in UsageKind if kind in by_kind},
        {name: Sums(*_whole(sums)) for name, *sums in rows},
    )


def by_client(span: Range, ids: Sequence[int] | None = None) -> dict[int, Sums]:
    """Add up a range of days client by client; calls of nobody stand under 0."""
    mine = _of(span, None, None)
    if ids is not None:
        mine.append(UsageDay.client_id.in_(ids))
    return {owner: Sums(*sums) for owner, *sums in _grouped(UsageDay.owner, mine)}


def by_group(span: Range, client_id: int) -> dict[str, Sums]:
    """Add up a client's range by the DID Groups that its numbers are in now, the dearest first.

    What is in no group, and charges of no number, stand under the empty name.
    """
    statement = _statement(DidGroup.name, _of(span, client_id, None)).select_from(UsageDay)
    of_group = statement.outerjoin(Did, Did.number == UsageDay.number).outerjoin(
        DidGroup, (DidGroup.id == Did.did_group_id) & (DidGroup.client_id == client_id)
    )
    rows = db.session.execute(of_group).all()
    found = {name or "": Sums(*_whole(sums)) for name, *sums in rows}
    return dict(sorted(found.items(), key=lambda item: (-item[1].price_micros, item[0])))


def counted_late(calls: Iterable[Call], zone: str) -> set[int]:
    """Tell which calls count on another day than their own: its month was closed already."""
    return {call.id for call in calls if call.day != today(zone, call.started_at)}


def total(span: Range, client_id: int | None = None) -> Sums:
    """Add up a range of days."""
    return add(Sums(*sums) for _, *sums in _grouped(UsageDay.kind, _of(span, client_id, None)))


def forecast(found: Report) -> int:
    """Carry the month's calls on at the same pace; gives micro-units for the whole month.

    Fees are charged in advance and adjustments once, so these are added as they are.
    """
    span, charges = found.range, found.charges_micros
    next_month = (span.first + timedelta(days=32)).replace(day=1)
    calls = found.total.price_micros - charges
    return calls * (next_month - span.first).days // span.days + charges


def calls(span: Range, *, client_id: int | None = None, number: str | None = None) -> Any:
    """Select the calls of a range, the latest first."""
    wanted = select(Call).where(Call.day >= span.first, Call.day <= span.last)
    if client_id is not None:
        wanted = wanted.where(Call.client_id == client_id)
    if number is not None:
        wanted = wanted.where(Call.number == number)
    return wanted.order_by(Call.started_at.desc(), Call.id.desc())


def names(ids: Sequence[int]) -> dict[int, str]:
    """Name clients by id."""
    rows = db.session.execute(select(Client.id, Client.name).where(Client.id.in_(ids)))
    return dict(rows.all())  # type: ignore[arg-type]


def _of(span: Range, client_id: int | None, number: str | None) -> list[Any]:
    mine = [UsageDay.day >= span.first, UsageDay.day <= span.last]
    if client_id is not None:
        mine.append(UsageDay.client_id == client_id)
    if number is not None:
        mine.append(UsageDay.number == number)
    return mine


def _statement(column: Any, mine: list[Any]) -> Any:
    is_message = UsageDay.kind == UsageKind.MESSAGE
    return (
        select(
            column,
            func.sum(UsageDay.calls).filter(~is_message),
            func.sum(UsageDay.calls).filter(is_message),
            func.sum(UsageDay.billed_seconds),
            func.sum(UsageDay.cost_micros),
            func.sum(UsageDay.price_micros),
        )
        .where(*mine)
        .group_by(column)
    )


def _grouped(column: Any, mine: list[Any]) -> list[list[Any]]:
    rows = db.session.execute(_statement(column, mine)).all()
    return [[key, *_whole(sums)] for key, *sums in rows]


def _whole(sums: Sequence[Any]) -> list[int]:
    return [int(value or 0) for value in sums]


def add(found: Iterable[Sums]) -> Sums:
    """Add sums up."""
    columns = zip(
        *((s.calls, s.messages, s.billed_seconds, s.cost_micros, s.price_micros) for s in found),
        strict=True,
    )
    return Sums(*(sum(column) for column in columns))


def _days(span: Range) -> list[date]:
    return [span.first + timedelta(days=n) for n in range(span.days)]
