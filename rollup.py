"""Daily sums of what clients used and owe; calls and charges are added in the same transaction.

The sums are what pages read: by number and day where numbers are shown, else those of a client by
day or by month. A closed month never changes: what comes too late for it counts on the
first day that is still open.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from extensions import db
from models import Reseller, UsageAllDay, UsageClientDay, UsageClientMonth, UsageDay

ADDED = ("calls", "billed_seconds", "cost_micros", "price_micros")
TOGETHER = 500
"""Rows that SQLite is given in one statement; it has room for three thousand of ten values."""
CHARGING = 1
"""The first key of the advisory lock that is held while a reseller's clients are charged."""

Key = tuple[date, int | None, str, str]
"""Day, client (None for nobody), number and kind."""


def dialect() -> Any:
    """Give the module whose ``insert`` knows conflicts on this database."""
    return postgresql if db.engine.dialect.name == "postgresql" else sqlite


def today(zone: str, at: datetime) -> date:
    """Tell the day in the reseller's time zone, which is where months begin and end."""
    return at.astimezone(ZoneInfo(zone)).date()


def next_month(day: date) -> date:
    """Give the first day of the month after."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def open_from(tenant: int, *, lock: bool = False) -> date:
    """Tell the first day that is not in a closed month.

    With ``lock`` nobody closes a month before this transaction has ended; on SQLite the one write
    lock does the same.
    """
    through = select(Reseller.closed_through).where(Reseller.id == tenant)
    if lock:
        through = through.with_for_update(read=True)
    closed = db.session.scalar(through)
    return closed + timedelta(days=1) if closed else date.min


def wait_to_charge(tenant: int) -> None:
    """Let no other transaction charge the reseller's clients until this one has ended.

    One that charges twice holds the sum of one day and then wants that of another: two at once
    could wait for each other. On SQLite the one write lock does the same.
    """
    if db.engine.dialect.name == "postgresql":
        lock = "SELECT pg_advisory_xact_lock(%s, hashint8(%s))"
        db.session.connection().exec_driver_sql(lock, (CHARGING, tenant))


def add_up(
    rows: Iterable[Mapping[str, Any]], tenant: int, *, less: Iterable[Mapping[str, Any]] = ()
) -> set[Key]:
    """Add calls or charges to the sums, and take others off; gives the daily sums touched.

    A row has ``day``, ``client_id``, ``number``, ``kind``, ``cost_micros`` and ``price_micros``; a
    call has ``billed_seconds`` besides and counts as one, unless ``calls`` says otherwise.
    """
    sums: dict[Key, list[int]] = defaultdict(_none)
    for sign, some in ((-1, less), (1, rows)):
        for row in some:
            total = sums[row["day"], row["client_id"], row["number"], row["kind"]]
            total[0] += sign * row.get("calls", 1)
            total[1] += sign * row.get("billed_seconds", 0)
            total[2] += sign * row["cost_micros"]
            total[3] += sign * row["price_micros"]
    add_sums(sums, tenant)
    return set(sums)


def drop_empty(touched: Iterable[Key]) -> None:
    """Remove sums from which everything was taken off, so that they look as if never made."""
    keys = list(touched)
    if not keys:
        return
    days, kinds = {day for day, *_ in keys}, {kind for *_, kind in keys}
    months = {day.replace(day=1) for day in days}
    for table, is_touched in (
        (UsageDay, UsageDay.day.in_(days)),
        (UsageClientDay, UsageClientDay.day.in_(days)),
        (UsageAllDay, UsageAllDay.day.in_(days)),
        (UsageClientMonth, UsageClientMonth.month.in_(months)),
    ):
        nothing = (getattr(table, name) == 0 for name in ADDED)
        gone = delete(table).where(is_touched, table.kind.in_(kinds), *nothing)  # type: ignore[attr-defined]
        db.session.execute(gone.execution_options(synchronize_session=False))


def add_sums(sums: Mapping[Key, Sequence[int]], tenant: int) -> None:
    """Add to the daily sums, for each key the four numbers of ``ADDED``, and to what they come to.

    The sums of clients and of all follow here and nowhere else, so that they always agree.
    There are many at once, so the driver gets them; each names the reseller.
    """
    if not sums:
        return
    db.session.flush()
    days = {day: day.isoformat() for day in {key[0] for key in sums}}
    fine = [
        (tenant, days[day], owner or 0, number, str(kind), owner, *total)
        for (day, owner, number, kind), total in sums.items()
    ]
    by_day = _by_client(
        ((days[day], owner or 0, str(kind)), total) for (day, owner, _, kind), total in sums.items()
    )
    by_month = _by_client(
        ((f"{day[:7]}-01", owner, kind), total) for (day, owner, kind), total in by_day.items()
    )
    _add(_DAY, fine)
    of_all = _by_client(((day, 0, kind), total) for (day, _, kind), total in by_day.items())
    for table, coarse in ((_CLIENT_DAY, by_day), (_CLIENT_MONTH, by_month)):
        _add(table, [(tenant, *key, *total) for key, total in coarse.items()])
    _add(_ALL_DAY, [(tenant, day, kind, *total) for (day, _, kind), total in of_all.items()])


def _none() -> list[int]:
    return [0, 0, 0, 0]


def _by_client(
    rows: Iterable[tuple[tuple[str, int, str], Sequence[int]]],
) -> dict[tuple[str, int, str], list[int]]:
    """Add sums up by their day or month, owner and kind."""
    sums: dict[tuple[str, int, str], list[int]] = defaultdict(_none)
    for key, (calls, seconds, cost, price) in rows:
        total = sums[key]
        total[0] += calls
        total[1] += seconds
        total[2] += cost
        total[3] += price
    return sums


class _Table(NamedTuple):
    """A table of sums: its key with PostgreSQL's types, and what stands beside the key."""

    name: str
    key: Mapping[str, str]
    beside: Mapping[str, str]


_DAY = _Table(
    "usage_day",
    {"reseller_id": "bigint", "day": "date", "owner": "bigint", "number": "text", "kind": "text"},
    {"client_id": "bigint"},
)
_CLIENT_DAY = _Table(
    "usage_client_day",
    {"reseller_id": "bigint", "day": "date", "owner": "bigint", "kind": "text"},
    {},
)
_CLIENT_MONTH = _Table(
    "usage_client_month",
    {"reseller_id": "bigint", "month": "date", "owner": "bigint", "kind": "text"},
    {},
)
_ALL_DAY = _Table("usage_all_day", {"reseller_id": "bigint", "day": "date", "kind": "text"}, {})


def _add(table: _Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows to a table of sums; their first columns are its key."""
    # In one order, so that two imports at once wait for each other instead of locking up.
    ordered = sorted(rows)
    types = {**table.key, **table.beside} | dict.fromkeys(ADDED, "bigint")
    insert = f"INSERT INTO {table.name} ({', '.join(types)})"
    sums = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in ADDED)
    added = f"ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {sums}"
    connection = db.session.connection()
    if db.engine.dialect.name == "postgresql":
        arrays = tuple(map(as_array, zip(*ordered, strict=True)))
        given = ", ".join(f"%s::{kind}[]" for kind in types.values())
        statement = f"{insert} SELECT * FROM unnest({given}) {added}"  # noqa: S608 (All ours.)
        connection.exec_driver_sql(statement, arrays)
    else:
        marks = f"({', '.join('?' * len(types))})"
        for at in range(0, len(ordered), TOGETHER):
            some = ordered[at : at + TOGETHER]
            statement = f"{insert} VALUES {', '.join([marks] * len(some))} {added}"
            connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))


def as_array(values: Iterable[Any]) -> str:
    """Write whole numbers or words as an array of PostgreSQL; the driver takes long over them."""
    listed = list(values)
    if str in map(type, listed):
        cells = [value.replace("\\", "\\\\").replace('"', '\\"') for value in listed]
        return '{"' + '","'.join(cells) + '"}'
    return "{" + ",".join(map(str, listed)).replace("None", "NULL") + "}"
