"""Run migrations with the application's engine; two releases at once wait for each other."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

import columns
import models
from extensions import db

LOCK = 4_120_555
"""An arbitrary key of PostgreSQL's advisory lock: one migration at a time."""


def _render(kind: str, item: object, autogen: object) -> str | bool:
    """Write Portico's column types as the plain types that they store."""
    if kind == "type" and isinstance(item, columns.Micros):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, columns.UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, columns.Number):
        return "sa.String(length=12)"
    return False


def _is_of_both(_item: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave out what only one of the databases can have; its migration says what that is."""
    return not (kind == "index" and name in models.POSTGRESQL_ALONE)


def _lock(connection: Connection) -> None:
    """Wait for a migration under way, and never queue long behind a reader's lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))


def run() -> None:
    """Bring the database to the wanted revision in one transaction."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            # Batch mode rebuilds tables, which the foreign keys of others must survive.
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            _lock(connection)
            context.configure(
                connection=connection,
                target_metadata=db.Model.metadata,
                render_as_batch=True,
                compare_type=True,
                render_item=_render,
                include_object=_is_of_both,
                user_module_prefix="sa.",
            )
            with context.begin_transaction():
                context.run_migrations()
        if engine.dialect.name == "sqlite":
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")


run()
