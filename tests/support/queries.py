"""Counting the statements of a page, so that a list of thirty rows asks no more than one of one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event

from extensions import db

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|TRUNCATE)\b", re.I)


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect the SQL of all that happens inside the block."""
    with app.app_context():
        engine = db.engine
    seen: list[str] = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):  # type: ignore[no-untyped-def]
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def writes(seen: list[str]) -> list[str]:
    """Keep the statements that change rows."""
    return [statement for statement in seen if WRITES.match(statement)]
