"""Call files for tests: lines in the documented format, and importing them."""

import gzip
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from operator import add
from typing import Any

from sqlalchemy import select, update

import rollup
import tenancy
from extensions import db
from models import (
    CdrImport,
    Charge,
    DidAssignment,
    MonthlyFee,
    UsageAllDay,
    UsageClientDay,
    UsageClientMonth,
    UsageDay,
    UsageKind,
)
from permissions import Actor
from usage import importing

HEADER = (
    "CallType;StartTime;StopTime;CallDuration;BillDuration;CallMinimum;CallIncrement;BasePrice;"
    "CallPrice;TransactionId;CustomerIP;ANI;ANIState;DNIS;LRN;DNISState;DNISLATA;DNISOCN;OrigTier;"
    "TermRateDeck"
)
BY = Actor(name="Test")


def line(
    key: str,
    number: str,
    *,
    kind: str = "Origination",
    at: str = "2026-11-10 15:00:00",
    seconds: object = 61,
    price: str = "0.0100",
    far: str = "+12125550147",
) -> str:
    """Write one call of a number as the carrier does."""
    ani, dnis = (number, far) if kind == "Termination" else (far, number)
    return (
        f"{kind};{at};{at};{seconds};{seconds};6;6;0.01;{price};{key};203.0.113.9;{ani};PA;{dnis};"
        f"{dnis};PA;234;0000;1;"
    )


def file_of(*lines: str, header: str = HEADER, zipped: bool = False) -> io.BytesIO:
    """Put lines under the header, as the bytes of a file."""
    content = "\n".join((header, *lines, "")).encode()
    return io.BytesIO(gzip.compress(content) if zipped else content)


def load(*lines: str, name: str = "20261110_20261111.CDR", **more: object) -> CdrImport:
    """Import lines for the session's reseller."""
    return importing.run(file_of(*lines, **more), name, by=BY)  # type: ignore[arg-type]


def forget_charges() -> None:
    """Empty the ledger, so that calls alone make the sums of a test."""
    for model in (Charge, MonthlyFee, *SUMS):
        db.session.query(model).delete()


def spent(
    client_id: int,
    day: date,
    price_micros: int,
    kind: UsageKind,
    *,
    number: str = "",
    calls: int = 0,
) -> None:
    """Add to a client's sums without a call or a charge."""
    row = {"day": day, "client_id": client_id, "number": number, "kind": kind, "calls": calls}
    row |= {"cost_micros": 0, "price_micros": price_micros}
    rollup.add_up([row], tenancy.current())


def assert_sums_agree() -> None:
    """Add the daily sums of numbers up, and hold those of clients by day and month against it."""
    days: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    months: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (day, *key), sums in _read(UsageDay, UsageDay.day):
        for found, first in ((days, day), (months, day.replace(day=1))):
            total = found[first, *key]
            total[:] = map(add, total, sums)
    of_all: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for (day, _, kind), sums in days.items():
        total = of_all[day, kind]
        total[:] = map(add, total, sums)
    assert dict(_read(UsageAllDay, UsageAllDay.day)) == of_all
    assert dict(_read(UsageClientDay, UsageClientDay.day)) == days
    assert dict(_read(UsageClientMonth, UsageClientMonth.month)) == months


def _read(table: Any, when: Any) -> Iterator[tuple[tuple[Any, ...], list[int]]]:
    owner = [] if table is UsageAllDay else [table.owner]
    sums = (getattr(table, name) for name in rollup.ADDED)
    for row in db.session.execute(select(when, *owner, table.kind, *sums)):
        yield tuple(row[:-4]), list(row[-4:])


SUMS = (UsageDay, UsageClientDay, UsageClientMonth, UsageAllDay)


def hold_since_long_ago() -> None:
    """Let everybody have held the numbers of today for years."""
    held = update(DidAssignment).values(started_at=LONG_AGO)
    db.session.execute(held.execution_options(synchronize_session=False))


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
