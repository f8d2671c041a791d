"""A client's month as it is told to the client: usage, fees, adjustments, and what they come to.

Everything is read from the daily sums and the ledger, in the client's price alone. ``pdf`` draws
it, screens show it, and ``mailing`` sends it on the day that the reseller chose.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

import catalog
import charging
import display
import tenancy
from extensions import db
from models import Charge, ChargeKind, Client, Reseller, UsageClientMonth, UsageDay, UsageKind
from usage import reports
from usage.reports import Range, Sums, read_day

FEES = (UsageKind.MONTHLY, UsageKind.SETUP)
CALLS = tuple(kind for kind in UsageKind if kind.value not in set(ChargeKind))


@dataclass(frozen=True)
class Fee:
    """Fees of one sort, added up: what for, how many and what they come to in micro-units."""

    kind: ChargeKind
    subject: str
    count: int
    price_micros: int

    @property
    def label(self) -> str:
        """Say what the fees are for."""
        name = "Numbers" if self.subject == catalog.DID else catalog.label(self.subject)
        return f"{name}, set-up" if self.kind is ChargeKind.SETUP else f"{name}, monthly"


@dataclass(frozen=True)
class OfNumber:
    """What one number used and owes; the number is empty for what is no number's."""

    number: str
    used: Sums
    fees_micros: int

    @property
    def total_micros(self) -> int:
        """Add the calls and the fees."""
        return self.used.price_micros + self.fees_micros


@dataclass(frozen=True)
class Statement:
    """One month of one client; every amount is micro-units of the client's price."""

    client: Client
    range: Range
    is_closed: bool
    calls: dict[UsageKind, Sums]
    fees: list[Fee]
    adjustments: list[Charge]
    numbers: list[OfNumber]
    """The dearest first."""
    total_micros: int

    @property
    def due_micros(self) -> int:
        """Tell what is due: the exact sum, rounded to cents once."""
        return display.to_cents(self.total_micros)

    @property
    def month(self) -> str:
        """Name the month."""
        return f"{self.range.first:%B %Y}"


@dataclass(frozen=True)
class Month:
    """A month of which there is a statement: its first day and what it comes to."""

    first: date
    price_micros: int
    is_closed: bool

    @property
    def key(self) -> str:
        """Write the month as an address carries it."""
        return f"{self.first:%Y-%m}"


def month_of(key: str) -> date | None:
    """Read the month of an address, such as 2026-11; None for anything else."""
    try:
        return read_day(f"{key}-01")
    except ValueError:
        return None


def range_of(month: date) -> Range:
    """Give the days of the month that begins on a day."""
    return Range(month, charging.next_month(month) - timedelta(days=1))


def months(client: Client) -> list[Month]:
    """List the months in which a client used or owed anything, the latest first."""
    month = UsageClientMonth.month
    found = db.session.execute(
        select(month, func.sum(UsageClientMonth.price_micros))
        .where(UsageClientMonth.owner == client.id)
        .group_by(month)
        .order_by(month.desc())
    )
    closed = _closed_through(client)
    return [Month(first, int(price), first <= closed) for first, price in found]


@dataclass(frozen=True)
class MonthOfAll(Month):
    """A month of all clients: how many there are, and the calls of nobody."""

    clients: int
    unassigned: int


def months_of_all() -> list[MonthOfAll]:
    """List the months in which anything was used or owed, the latest first."""
    used = UsageClientMonth
    is_nobodys = used.owner == 0
    found = db.session.execute(
        select(
            used.month,
            func.sum(used.price_micros).filter(~is_nobodys),
            func.count(used.owner.distinct()).filter(~is_nobodys),
            func.sum(used.calls).filter(is_nobodys),
        )
        .group_by(used.month)
        .order_by(used.month.desc())
    )
    closed = db.session.get_one(Reseller, tenancy.current()).closed_through or date.min
    return [
        MonthOfAll(first, int(price or 0), first <= closed, clients, int(unassigned or 0))
        for first, price, clients, unassigned in found
    ]


def clients_in(month: date) -> Any:
    """Select the ids of the clients that used or owed anything in a month."""
    used = select(UsageClientMonth.owner).where(UsageClientMonth.month == month.replace(day=1))
    return used.where(UsageClientMonth.owner != 0).distinct()


def of(client: Client, month: date) -> Statement:
    """Make a client's statement of the month that begins on a day."""
    span = range_of(month)
    cells = _cells(client, span)
    adjustments = select(Charge).where(
        *_charges_of(client, span), Charge.kind == ChargeKind.ADJUSTMENT
    )
    return Statement(
        client=client,
        range=span,
        is_closed=month <= _closed_through(client),
        calls=_by_kind(cells),
        fees=_fees(client, span),
        adjustments=list(db.session.scalars(adjustments.order_by(Charge.day, Charge.id))),
        numbers=_by_number(cells),
        total_micros=sum(sums.price_micros for sums in cells.values()),
    )


def _closed_through(client: Client) -> date:
    reseller = db.session.get_one(Reseller, client.reseller_id)
    return reseller.closed_through or date.min


def _charges_of(client: Client, span: Range) -> tuple[Any, ...]:
    return (
        Charge.client_id == client.id,
        Charge.day >= span.first,
        Charge.day <= span.last,
    )


def _cells(client: Client, span: Range) -> dict[tuple[str, UsageKind], Sums]:
    """Add the month's sums up by number and kind; every figure of a statement is made of these."""
    rows = db.session.execute(
        select(
            UsageDay.number,
            UsageDay.kind,
            func.sum(UsageDay.calls),
            func.sum(UsageDay.billed_seconds),
            func.sum(UsageDay.price_micros),
        )
        .where(
            UsageDay.client_id == client.id,
            UsageDay.day >= span.first,
            UsageDay.day <= span.last,
        )
        .group_by(UsageDay.number, UsageDay.kind)
    )
    found = {}
    for number, kind, count, seconds, price in rows:
        is_message = kind is UsageKind.MESSAGE
        found[number, kind] = Sums(
            calls=0 if is_message else int(count),
            messages=int(count) if is_message else 0,
            billed_seconds=int(seconds),
            price_micros=int(price),
        )
    return found


def _by_kind(cells: dict[tuple[str, UsageKind], Sums]) -> dict[UsageKind, Sums]:
    kinds: dict[UsageKind, list[Sums]] = defaultdict(list)
    for (_, kind), sums in cells.items():
        kinds[kind].append(sums)
    return {kind: reports.add(kinds[kind]) for kind in CALLS if kind in kinds}


def _by_number(cells: dict[tuple[str, UsageKind], Sums]) -> list[OfNumber]:
    used: dict[str, list[Sums]] = defaultdict(list)
    fees: dict[str, int] = defaultdict(int)
    for (number, kind), sums in cells.items():
        used[number].append(sums if kind in CALLS else sums._replace(price_micros=0))
        fees[number] += sums.price_micros if kind not in CALLS else 0
    rows = [OfNumber(number, reports.add(used[number]), fees[number]) for number in used]
    return sorted(rows, key=lambda row: (-row.total_micros, row.number))


def _fees(client: Client, span: Range) -> list[Fee]:
    rows = db.session.execute(
        select(
            Charge.kind,
            Charge.subject,
            func.count(Charge.number.distinct()),
            func.sum(Charge.price_micros),
        )
        .where(*_charges_of(client, span), Charge.kind != ChargeKind.ADJUSTMENT)
        .group_by(Charge.kind, Charge.subject)
        .order_by(Charge.kind, Charge.subject)
    )
    return [Fee(kind, subject, int(count), int(price)) for kind, subject, count, price in rows]
