"""Rows that tell of what was done, kept back in a batch and written together at its end.

Events, audit entries, mails and charges: nothing that is decided in a batch depends on them, and
written one by one they are most of its time. Outside a batch they are written where they arise.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import insert

from extensions import db


@dataclass
class Kept:
    """What a batch has kept back until now, and what it has read once for all."""

    rows: list[Any] = field(default_factory=list)
    charges: list[dict[str, Any]] = field(default_factory=list)
    mail_keys: set[str] = field(default_factory=set)
    """The keys of the mails of its orders; what is not among them was never written."""
    first_open: date = date.min
    """The first day that is in no closed month; locked, so that it stays so."""
    line_by_line: bool = False
    """Whether each line of an order has a savepoint of its own, so that it fails alone."""
    running_fees: dict[str, list[Any]] = field(default_factory=dict)
    """The running monthly fees of each number that the batch has not yet touched."""
    live_e911: dict[str, Any] = field(default_factory=dict)
    """The 911 address, or None, of each number that the batch has not yet touched."""


def kept() -> Kept | None:
    """Give what the session's batch keeps back; None outside a batch."""
    found: Kept | None = db.session().info.get("kept")
    return found


def add(row: Any) -> None:
    """Add a row that only tells of what was done: at once, or at the end of the batch."""
    batch = kept()
    if batch is None:
        db.session.add(row)
    else:
        batch.rows.append(row)


def write(rows: Iterable[Any]) -> None:
    """Write rows of several tables, each table's with one statement, in their order."""
    tables: dict[type, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        values = {name: value for name, value in vars(row).items() if not name.startswith("_")}
        tables[type(row)].append(values)
    for table, values_of_rows in tables.items():
        db.session.execute(insert(table).execution_options(render_nulls=True), values_of_rows)


@contextmanager
def keeping() -> Iterator[Kept]:
    """Keep back inside the block; the caller writes what was kept, after the block."""
    info = db.session().info
    info["kept"] = batch = Kept()
    try:
        yield batch
    finally:
        del info["kept"]


@contextmanager
def at_its_end() -> Iterator[None]:
    """Write what orders of a batch change at the block's end, not before each question they ask.

    What asks about a number that an earlier one has changed writes first (``Batch.facts_for``).
    Where lines go one by one, all is written at once.
    """
    batch = kept()
    if batch is None or batch.line_by_line:
        yield
        return
    with db.session.no_autoflush:
        yield


def flush() -> None:
    """Write what was changed, unless that comes at the end of some orders of a batch."""
    batch = kept()
    if batch is None or batch.line_by_line:
        db.session.flush()


@contextmanager
def line_by_line() -> Iterator[None]:
    """Give each line of the batch's orders a savepoint of its own inside the block."""
    batch = kept()
    if batch is None:
        raise RuntimeError("Only a batch goes without a savepoint for each line.")
    batch.line_by_line = True
    try:
        yield
    finally:
        batch.line_by_line = False


@contextmanager
def savepoint() -> Iterator[None]:
    """Undo what the block did when it raises, what it kept back included."""
    batch = kept()
    before = (len(batch.rows), len(batch.charges)) if batch else (0, 0)
    try:
        with db.session.begin_nested():
            yield
    except BaseException:
        if batch:
            del batch.rows[before[0] :], batch.charges[before[1] :]
        raise
