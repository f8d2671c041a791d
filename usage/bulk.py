"""Calls by the thousand, past the ORM, as fast as each database takes them.

Statements go to the driver, where no scope of ``tenancy`` reaches: each of them names the session's
own reseller, and nothing else may call the driver.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import tenancy
from extensions import db

COLUMNS = (
    *("reseller_id", "cdr_import_id", "source", "transaction_id", "kind", "started_at", "day"),
    *("number", "far_end", "carried_by", "seconds", "billed_seconds", "cost_micros"),
    *("price_micros", "client_id"),
)
Row = tuple[Any, ...]
"""A call's values but the reseller's, in the order of ``COLUMNS``, as the database writes them."""


def insert_calls(rows: Sequence[Row]) -> None:
    """Insert calls of the session's reseller; one that is there already makes the driver raise."""
    if not rows:
        return
    names, tenant = ", ".join(COLUMNS), tenancy.current()
    connection = db.session.connection()
    if not _is_postgresql():
        marks = ", ".join("?" * (len(COLUMNS) - 1))
        # The reseller's id is our own whole number, and no text of anybody's.
        insert = f"INSERT INTO call ({names}) VALUES ({int(tenant)}, {marks})"  # noqa: S608
        connection.exec_driver_sql(insert, list(rows))
        return
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY call ({names}) FROM STDIN") as copy:
        copy.write("".join(_copied(rows, tenant)))


def _copied(rows: Iterable[Row], tenant: int) -> Iterable[str]:
    """Write rows as COPY reads them; only a backslash could mean something else there."""
    for row in rows:
        line = "\t".join(["\\N" if value is None else str(value) for value in row])
        if "\\" in line:
            line = "\t".join(map(_escaped, row))
        yield f"{tenant}\t{line}\n"


def _escaped(value: Any) -> str:
    return "\\N" if value is None else str(value).replace("\\", "\\\\")


def known_keys(source: str, keys: Iterable[str]) -> set[str]:
    """Tell which transaction ids the session's reseller has calls of already."""
    wanted, tenant = list(keys), tenancy.current()
    if not wanted:
        return set()
    connection = db.session.connection()
    if _is_postgresql():
        statement = (
            "SELECT transaction_id FROM call WHERE reseller_id = %s AND source = %s "
            "AND transaction_id = ANY(%s)"
        )
        found = connection.exec_driver_sql(statement, (tenant, source, wanted))
    else:
        statement = (
            "SELECT transaction_id FROM call WHERE reseller_id = ? AND source = ? "
            "AND transaction_id IN (SELECT value FROM json_each(?))"
        )
        found = connection.exec_driver_sql(statement, (tenant, source, json.dumps(wanted)))
    return {key for (key,) in found}


def _is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"
