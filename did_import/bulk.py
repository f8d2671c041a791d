"""Many rows at once, found and written as each database likes it; which ones is not said here.

SQLite is fed by ``executemany``. PostgreSQL takes a bunch of rows as one JSON value, several times
as fast as row by row. Both ways go through the session, so the reseller's scope holds.
"""

import json
from itertools import groupby
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from columns import Number
from extensions import db
from models import Did

Rows = list[dict[str, Any]]


def among(column_of: Any, values: list[str], kind: Any = Number) -> Any:
    """Compare a column, of numbers or another ``kind``, with many; PostgreSQL takes them as one."""
    if _is_postgresql():
        return column_of == any_(bindparam(None, values, type_=ARRAY(kind)))
    return column_of.in_(values)


def insert_rows(model: Any, rows: Rows, reseller_id: int) -> None:
    """Insert rows that have all the same columns, in the name of one reseller."""
    if not rows:
        return
    if not _is_postgresql():
        # Into the table and not the model: the ORM takes as long over a row as the database does.
        owned = [row | {"reseller_id": reseller_id} for row in rows]
        db.session.execute(insert(model.__table__), owned)
        return
    names = list(rows[0])
    given = _recordset(model, names)
    owner = bindparam("reseller_id", type_=BigInteger)
    chosen = select(owner, *(given.c[name] for name in names))
    statement = insert(model.__table__).from_select(["reseller_id", *names], chosen)
    db.session.execute(statement, {"reseller_id": reseller_id, "rows": _as_json(rows)})


def update_rows(rows: Rows) -> None:
    """Update numbers by their ``id``; the rows may differ in which columns they change."""
    for names, alike in groupby(sorted(rows, key=sorted), key=sorted):
        if not _is_postgresql():
            db.session.execute(update(Did), list(alike))
            continue
        given = _recordset(Did, names)
        statement = (
            update(Did)
            .where(Did.id == given.c.id)
            .values({name: given.c[name] for name in names if name != "id"})
            .execution_options(synchronize_session=False)
        )
        db.session.execute(statement, {"rows": _as_json(list(alike))})


def _recordset(model: Any, names: list[str]) -> Any:
    """Name the columns of a JSON value's rows as a table, with the types of the real one."""
    columns = [column(name, model.__table__.c[name].type) for name in names]
    rows = cast(bindparam("rows", type_=Text), JSONB)
    return (
        func.jsonb_to_recordset(rows, type_=JSON)
        .table_valued(*columns)
        .render_derived(name="given", with_types=True)
    )


def _as_json(rows: Rows) -> str:
    return json.dumps(rows, default=str)


def _is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"
