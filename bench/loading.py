"""Rows into tables as fast as the database takes them: COPY or executemany; not what they are.

A row is a tuple of plain values in the order of its columns. The tables are Portico's own, made by
its migrations, with every index, constraint and trigger in place.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any

import bare_app
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from extensions import db

AT_ONCE = 20_000


def make_app(url: str) -> Flask:
    """Make a bare application on a database, migrated up to date."""
    app = bare_app.make_app(url)
    with app.app_context():
        upgrade()
    return app


class Loader:
    """One connection that writes; ``done`` makes the ids go on where the rows end."""

    def __init__(self) -> None:
        self.is_sqlite = db.engine.dialect.name == "sqlite"
        self.connection: Any = db.engine.raw_connection()
        self.counts: dict[str, int] = {}
        if self.is_sqlite:
            self.connection.execute("PRAGMA synchronous=OFF")
            self.connection.execute("PRAGMA cache_size=-400000")
            self.connection.execute("BEGIN IMMEDIATE")
        elif is_superuser():
            # The rows refer to each other rightly; checking each of them takes most of the time.
            self.connection.execute("SET session_replication_role = replica")

    def write(self, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows; ``columns`` are their names, with spaces between."""
        names = columns.split()
        rows = iter(rows)
        while some := list(islice(rows, AT_ONCE)):
            self.counts[table] = self.counts.get(table, 0) + len(some)
            plain = ([_plain(value) for value in row] for row in some)
            (self._insert if self.is_sqlite else self._copy)(table, names, plain)

    def _insert(self, table: str, names: list[str], rows: Iterator[list[Any]]) -> None:
        marks = ", ".join("?" * len(names))
        self.connection.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows
        )

    def _copy(self, table: str, names: list[str], rows: Iterator[list[Any]]) -> None:
        cursor = self.connection.cursor()
        with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def done(self) -> None:
        """Commit, let the ids go on, and let the planner see what there is."""
        self.connection.commit()
        # Not back to the pool: this session skips checks.
        self.connection.invalidate()
        raw: Any = db.engine.raw_connection()
        if self.is_sqlite:
            raw.execute("ANALYZE")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            raw.driver_connection.autocommit = True
            for table in self.counts:
                if "id" in db.metadata.tables[table].columns:
                    sequence = f"pg_get_serial_sequence('{table}', 'id')"
                    raw.driver_connection.execute(
                        f"SELECT setval({sequence}, (SELECT max(id) FROM {table}))"
                    )
            raw.driver_connection.execute("VACUUM ANALYZE")
        raw.invalidate()


def is_superuser() -> bool:
    """Tell whether PostgreSQL lets this user leave triggers and foreign keys out."""
    with db.engine.connect() as connection:
        return connection.scalar(text("SHOW is_superuser")) == "on"


def _plain(value: Any) -> Any:
    """Write a value as both databases read it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return value
