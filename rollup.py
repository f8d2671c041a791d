"""Daily sums of what clients used and owe; calls and charges are added in the same transaction.

The sums are what pages read. A closed month never changes: what comes too late for it counts on the
first day that is still open.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from extensions import db
from models import Reseller, UsageDay

ADDED = ("calls", "billed_seconds", "cost_micros", "price_micros")
Key = tuple[date, int | None, str, str]
"""Day, client (None for nobody), number and kind."""


def dialect() -> Any:
    """Give the module whose ``insert`` knows conflicts on this database."""
    return postgresql if db.engine.dialect.name == "postgresql" else sqlite


def today(zone: str, at: datetime) -> date:
    """Tell the day in the reseller's time zone, which is where months begin and end."""
    return at.astimezone(ZoneInfo(zone)).date()


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


def add_up(rows: Iterable[Mapping[str, Any]], tenant: int, *, sign: int = 1) -> set[Key]:
    """Add calls or charges to the daily sums, or take them off; gives the sums that were touched.

    A row has ``day``, ``client_id``, ``number``, ``kind``, ``cost_micros`` and ``price_micros``; a
    call has ``billed_seconds`` besides and counts as one, unless ``calls`` says otherwise.
    """
    sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
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
    if keys:
        db.session.execute(
            delete(UsageDay)
            .where(
                UsageDay.day.in_({day for day, *_ in keys}),
                UsageDay.kind.in_({kind for *_, kind in keys}),
                *(getattr(UsageDay, name) == 0 for name in ADDED),
            )
            .execution_options(synchronize_session=False)
        )


def add_sums(sums: Mapping[Key, Sequence[int]], tenant: int) -> None:
    """Add to the daily sums: for each key the four numbers of ``ADDED``.

    There are many at once, so the driver gets them; each names the reseller.
    """
    if not sums:
        return
    db.session.flush()
    # In one order, so that two imports at once wait for each other instead of locking up.
    keys = sorted(sums, key=lambda key: (key[0], key[1] or 0, key[2], key[3]))
    rows = [
        (tenant, day.isoformat(), client_id, client_id or 0, number, str(kind), *sums[key])
        for key in keys
        for day, client_id, number, kind in (key,)
    ]
    connection = db.session.connection()
    if db.engine.dialect.name == "postgresql":
        arrays = tuple(map(as_array, zip(*rows, strict=True)))
        given = ", ".join(f"%s::{kind}[]" for kind in _TYPES)
        insert = f"{_INSERT} SELECT * FROM unnest({given}) {_ADD}"  # noqa: S608 (All ours.)
        connection.exec_driver_sql(insert, arrays)
    else:
        marks = ", ".join("?" * len(_COLUMNS))
        connection.exec_driver_sql(f"{_INSERT} VALUES ({marks}) {_ADD}", rows)


def as_array(values: Iterable[Any]) -> str:
    """Write whole numbers or words as an array of PostgreSQL; the driver takes long over them."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if value is None else str(value)


_COLUMNS = ("reseller_id", "day", "client_id", "owner", "number", "kind", *ADDED)
_TYPES = ("bigint", "date", "bigint", "bigint", "text", "text", *["bigint"] * len(ADDED))
_INSERT = f"INSERT INTO usage_day ({', '.join(_COLUMNS)})"
_ADD = "ON CONFLICT (reseller_id, day, owner, number, kind) DO UPDATE SET " + ", ".join(
    f"{name} = usage_day.{name} + excluded.{name}" for name in ADDED
)
