"""Calls by the thousand, past the ORM, as fast as each database takes them.

Statements go to the driver, where no scope of ``tenancy`` reaches: each of them names the session's
own reseller, and nothing else may call the driver.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

import rollup
import tenancy
from extensions import db

OF_FILE = ("reseller_id", "cdr_import_id")
"""What the calls of one file have in common."""
OF_CALL = (
    *("source", "transaction_id", "kind", "started_at", "day", "number", "far_end", "carried_by"),
    *("seconds", "billed_seconds", "cost_micros", "price_micros", "client_id"),
)
Row = tuple[Any, ...]
"""A call's values in the order of ``OF_CALL``; its start is a text in UTC, its day a text too."""


def insert_calls(import_id: int, rows: list[Row]) -> None:
    """Insert calls of the session's reseller.

    Raises IntegrityError for one that is there already, OperationalError where another import of
    the same calls and this one wait for each other.
    """
    if not rows:
        return
    names, connection = ", ".join(OF_FILE + OF_CALL), db.session.connection()
    if _is_postgresql():
        shared = f"{tenancy.current()}\t{import_id}\t{_escaped(rows[0][0])}"
        _copy(connection, f"COPY call ({names}) FROM STDIN", _copied(rows, shared))
        return
    # The ids are our own whole numbers.
    shared, marks = f"{tenancy.current():d}, {import_id:d}", ", ".join("?" * len(OF_CALL))
    insert = f"INSERT INTO call ({names}) VALUES ({shared}, {marks})"  # noqa: S608
    connection.exec_driver_sql(insert, rows)


def _copy(connection: Connection, statement: str, lines: Iterable[str]) -> None:
    """Send lines by COPY; what the driver raises is told in SQLAlchemy's words, as elsewhere."""
    raw: Any = connection.connection.driver_connection
    dialect: Any = connection.dialect
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("".join(lines))
    except dialect.dbapi.Error as error:
        raise DBAPIError.instance(statement, None, error, dialect.dbapi.Error) from error


def _copied(rows: Iterable[Row], shared: str) -> Iterator[str]:
    """Write rows as COPY reads them; only a backslash could mean something else there."""
    for _, key, kind, stamp, day, number, far_end, host, *numbers, client in rows:
        name = key if "\\" not in key else _escaped(key)
        by = "\\N" if host is None else _escaped(host)
        whose = "\\N" if client is None else client
        seconds, billed, cost, price = numbers
        yield (
            f"{shared}\t{name}\t{kind}\t{stamp}+00\t{day}\t{number}\t{far_end}\t{by}\t"
            f"{seconds}\t{billed}\t{cost}\t{price}\t{whose}\n"
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


def known_keys(source: str, keys: Iterable[str]) -> set[str]:
    """Tell which transaction ids the session's reseller has calls of already."""
    wanted, tenant = list(keys), tenancy.current()
    if not wanted:
        return set()
    connection = db.session.connection()
    if _is_postgresql():
        statement = (
            "SELECT transaction_id FROM call WHERE reseller_id = %s AND source = %s "
            "AND transaction_id = ANY(%s::text[])"
        )
        found = connection.exec_driver_sql(statement, (tenant, source, rollup.as_array(wanted)))
    else:
        statement = (
            "SELECT transaction_id FROM call WHERE reseller_id = ? AND source = ? "
            "AND transaction_id IN (SELECT value FROM json_each(?))"
        )
        found = connection.exec_driver_sql(statement, (tenant, source, json.dumps(wanted)))
    return {key for (key,) in found}


def _is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"
