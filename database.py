"""How the two databases are opened: what SQLite needs to be safe with several writers.

SQLite's default transactions lose updates without an error (two readers, then two writers). A
transaction that may write therefore takes the write lock first, with BEGIN IMMEDIATE; one that only
reads (a GET) begins plainly, so that readers never wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from extensions import db

LOOKED_AT = 400
"""How many rows of an index are looked at for its statistics."""

_reading: ContextVar[bool] = ContextVar("reading", default=False)


@contextmanager
def reading() -> Iterator[None]:
    """Begin transactions inside the block without the write lock."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def set_reading(value: bool) -> None:
    """Say for the rest of this context whether transactions only read."""
    _reading.set(value)


def prepare(app: Flask) -> None:
    """Attach the SQLite settings to the application's engine; PostgreSQL needs none."""
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        "cache_size=-16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN" if _reading.get() else "BEGIN IMMEDIATE")


def is_sqlite(engine: Engine) -> bool:
    """Tell whether this engine speaks to SQLite."""
    return engine.dialect.name == "sqlite"


def refresh_statistics() -> int:
    """Let SQLite look at how its tables are filled; gives 1 where it did, 0 on PostgreSQL.

    Without that it takes any index that begins with the reseller for as good as another, and reads
    all rows of a reseller for fifty. PostgreSQL looks by itself. A few rows of each index suffice
    (https://www.sqlite.org/lang_analyze.html#approx), so that it takes milliseconds.
    """
    if not is_sqlite(db.engine):
        return 0
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA analysis_limit={LOOKED_AT}")
        connection.exec_driver_sql("ANALYZE")
    return 1
