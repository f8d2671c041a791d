"""How the two databases are opened: SQLite safely with several writers, PostgreSQL without ado.

SQLite's default transactions lose updates without an error (two readers, then two writers). A
transaction that may write therefore takes the write lock first, with BEGIN IMMEDIATE; one that only
reads (a GET) begins plainly, so that readers never wait for each other.

On PostgreSQL a page that only looks needs no transaction: at READ COMMITTED each statement sees
what was committed before it, inside one or not. BEGIN, ROLLBACK and the question whether a pooled
connection still lives were more messages than the page's own statements, so none of them is sent.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from time import monotonic
from typing import Any

from flask import Flask
from sqlalchemy import Engine, Select, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError

from extensions import db

LOOKED_AT = 400
"""How many rows of an index are looked at for its statistics."""

TRUSTED_SECONDS = 30
"""How long a pooled connection is believed to live when nothing was heard of its end."""


class Transaction(Enum):
    """What a transaction is begun for."""

    WRITING = "writing"
    """May change something: SQLite's write lock comes first."""
    READING = "reading"
    """Changes nothing, and is a transaction all the same, which a cursor of the server needs."""
    LOOKING = "looking"
    """A page that is read: on PostgreSQL each statement stands for itself."""


_aim: ContextVar[Transaction] = ContextVar("aim", default=Transaction.WRITING)


@contextmanager
def reading() -> Iterator[None]:
    """Begin transactions inside the block without the write lock."""
    token = _aim.set(Transaction.READING)
    try:
        yield
    finally:
        _aim.reset(token)


def set_looking(value: bool) -> None:
    """Say for the rest of this context whether a page is only looked at."""
    _aim.set(Transaction.LOOKING if value else Transaction.WRITING)


class Commit(Enum):
    """How far the last commit of this request has come."""

    NONE = "none"
    ASKED = "asked"
    DONE = "done"


_commit: ContextVar[Commit] = ContextVar("commit", default=Commit.NONE)


def begin_request() -> None:
    """Forget the commits of the request before, which the same thread may have served."""
    _commit.set(Commit.NONE)


def _ask_for_commit(_connection: Any) -> None:
    _commit.set(Commit.ASKED)


@event.listens_for(db.session, "after_commit")
def _note_commit(_session: Any) -> None:
    # The end of a savepoint is told here, too; the database is asked for a whole commit alone.
    if _commit.get() is Commit.ASKED:
        _commit.set(Commit.DONE)


def may_have_saved(error: DBAPIError) -> bool:
    """Tell whether what this request sent may stand in the database in spite of an error.

    It may where a commit went through before, and where the connection broke off during one: the
    server may have carried it out, and its answer was lost. SQLite says for certain.
    """
    is_lost = _commit.get() is Commit.ASKED and error.connection_invalidated
    return is_lost or _commit.get() is Commit.DONE


def prepare(app: Flask) -> None:
    """Attach how connections are opened and transactions begun to the application's engine."""
    with app.app_context():
        engine = db.engine
    event.listen(engine, "commit", _ask_for_commit)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _look_for_a_pooler)
        event.listen(engine, "checkout", _check_that_it_lives)
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "before_cursor_execute", _open_before_a_write)


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "busy_timeout=10000",
        "foreign_keys=ON",
        "synchronous=NORMAL",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _may_write() else "BEGIN")


def _may_write() -> bool:
    return _aim.get() is Transaction.WRITING


def _look_for_a_pooler(connection: Any, _record: Any) -> None:
    """Prepare no statement where a pooler such as PgBouncer stands before the server.

    It may send each transaction to another process of the server, which does not know what was
    prepared. Who is there says so: another process answers than the one that took the connection.
    """
    answering = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
    connection.rollback()
    if answering != connection.info.backend_pid:
        connection.prepare_threshold = None


def _check_that_it_lives(connection: Any, record: Any, _proxy: Any) -> None:
    """Take another connection where the server ended this one, or may have while it lay long.

    A server that ends a connection says so: there is something to read where nothing was asked.
    Only then, and after a long rest, in which a network may have forgotten it, is it asked.
    """
    from psycopg import OperationalError

    now = monotonic()
    used = record.info.get("used", now)
    record.info["used"] = now
    try:
        if now - used >= TRUSTED_SECONDS or _has_news(connection):
            connection.autocommit = True
            connection.execute("SELECT 1")
    except OperationalError as error:
        raise InvalidatePoolError("The server ended this connection.") from error


def _has_news(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _begin_postgresql(connection: Any) -> None:
    driver, is_looking = _driver(connection), _aim.get() is Transaction.LOOKING
    if driver.autocommit != is_looking:
        driver.autocommit = is_looking


def _open_before_a_write(
    connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool
) -> None:
    """Let a page that writes after all have its transaction, so that it is whole or not at all."""
    from psycopg.pq import TransactionStatus

    driver = _driver(connection)
    if not driver.autocommit or driver.info.transaction_status is not TransactionStatus.IDLE:
        return
    if context.is_crud or not statement.startswith(("SELECT", "WITH")):
        driver.execute("BEGIN")


def _driver(connection: Any) -> Any:
    return connection.connection.dbapi_connection


def locking(rows: Select[Any], *of: Any) -> Select[Any]:
    """Let nobody else change these rows, of these tables alone where some are named.

    Rows that refer to them may still be written. An ordinary FOR UPDATE has every row of an order
    wait for one that names the same reseller or number, and two orders wait for each other.
    """
    return rows.with_for_update(key_share=True, of=of or None)


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
