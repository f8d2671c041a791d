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
