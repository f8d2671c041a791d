"""Daily sums of what clients used and owe; calls and charges are added in the same transaction.

The sums are what pages read. A closed month never changes: what comes too late for it counts on the
first day that is still open.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
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
    if sums:
        _write(sums, tenant)
    return set(sums)


def drop_empty(touched: Iterable[Key]) -> None:
    """Remove sums from which everything was taken off, so that they look as if never made."""
    for day, client_id, number, kind in touched:
        db.session.execute(
            delete(UsageDay)
            .where(
                UsageDay.day == day,
                UsageDay.owner == (client_id or 0),
                UsageDay.number == number,
                UsageDay.kind == kind,
                *(getattr(UsageDay, name) == 0 for name in ADDED),
            )
            .execution_options(synchronize_session=False)
        )


def _write(sums: dict[Key, list[int]], tenant: int) -> None:
    statement = dialect().insert(UsageDay)
    statement = statement.on_conflict_do_update(
        index_elements=["reseller_id", "day", "owner", "number", "kind"],
        set_={name: getattr(UsageDay, name) + statement.excluded[name] for name in ADDED},
    )
    values = [
        {
            "reseller_id": tenant,
            "day": day,
            "client_id": client_id,
            "owner": client_id or 0,
            "number": number,
            "kind": kind,
            **dict(zip(ADDED, total, strict=True)),
        }
        # In one order, so that two imports at once wait for each other instead of locking up.
        for (day, client_id, number, kind), total in sorted(
            sums.items(), key=lambda item: (item[0][0], item[0][1] or 0, item[0][2], item[0][3])
        )
    ]
    db.session.execute(statement.execution_options(render_nulls=True), values)
