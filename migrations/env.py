"""Run migrations with the application's engine; two releases at once wait for each other."""

import time

import click
from alembic import context
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

import columns
import models
from extensions import db

LOCK = 4_120_555
"""An arbitrary key of PostgreSQL's advisory lock: one migration at a time."""

LOCK_TIMEOUT, TRIES, PAUSE_SECONDS = "1s", 30, 1.0
"""Whoever asks for a table waits behind a migration that waits for it, so none waits long."""

NO_LOCK = "55P03"
"""PostgreSQL's code for a lock that did not come in time."""


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
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))


def run() -> None:
    """Try until no reader stands in the way any more; each try is all or nothing."""
    for tries in range(1, TRIES + 1):
        try:
            _run()
            return
        except OperationalError as error:
            if tries == TRIES or getattr(error.orig, "sqlstate", None) != NO_LOCK:
                raise
            said = f"A table was in use; nothing was changed. Trying again, {tries}."
            click.echo(said, err=True)
            time.sleep(PAUSE_SECONDS)


def _run() -> None:
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
