"""How SQLite comes to know its tables, and what PostgreSQL is not asked.

How transactions of SQLite begin is test_races.py's.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import select, text, update

import background
import database
import tenancy
from extensions import db
from models import Client
from tests.conftest import KIND
from tests.support.cast import Story
from tests.support.databases import last_said, terminate
from tests.support.wire import through_a_pooler


def test_sqlite_is_told_how_its_tables_are_filled(app: Flask, story: Story) -> None:
    with app.app_context():
        if not database.is_sqlite(db.engine):
            assert database.refresh_statistics() == 0
            return
        assert database.refresh_statistics() == 1
        with db.engine.connect() as connection:
            known = connection.scalars(text("SELECT DISTINCT tbl FROM sqlite_stat1")).all()
    assert {"client", "did", "login"} <= set(known)


def test_it_is_told_again_and_again() -> None:
    assert "refresh_statistics" in {job.__name__ for job in background.JOBS}


postgresql = pytest.mark.skipif(KIND != "postgresql", reason="of PostgreSQL's connections")


def name_of(client_id: int) -> str | None:
    return db.session.scalar(select(Client.name).where(Client.id == client_id))


def driver() -> Any:
    """The driver's own connection of this session."""
    return db.session.connection().connection.dbapi_connection


@contextmanager
def looking() -> Iterator[None]:
    """What a page that is read does, with what its session left unsaid forgotten."""
    db.session.rollback()
    database.set_looking(True)
    try:
        yield
    finally:
        db.session.rollback()
        database.set_looking(False)


@postgresql
def test_a_page_that_is_read_opens_no_transaction(at_reseller: Story) -> None:
    with looking():
        assert name_of(at_reseller.bob.client_id)
        assert driver().info.transaction_status is TransactionStatus.IDLE
    assert name_of(at_reseller.bob.client_id)
    assert driver().info.transaction_status is TransactionStatus.INTRANS


@postgresql
def test_what_a_page_that_is_read_writes_is_whole_or_not_at_all(at_reseller: Story) -> None:
    before = name_of(at_reseller.bob.client_id)
    change = update(Client).where(Client.id == at_reseller.bob.client_id).values(name="Changed")
    with looking():
        db.session.execute(change)
        assert driver().info.transaction_status is TransactionStatus.INTRANS
        assert name_of(at_reseller.bob.client_id) == "Changed"
    assert name_of(at_reseller.bob.client_id) == before
    with looking():
        with db.session.begin_nested():
            db.session.execute(change)
        assert name_of(at_reseller.bob.client_id) == "Changed"
    assert name_of(at_reseller.bob.client_id) == before


@postgresql
def test_reading_row_by_row_is_a_transaction(at_reseller: Story) -> None:
    db.session.rollback()
    with database.reading():
        found = db.session.scalars(select(Client.name).execution_options(yield_per=1))
        assert len(list(found)) == 2


@postgresql
def test_a_connection_that_the_server_ended_is_replaced(app: Flask, at_reseller: Story) -> None:
    name, pid = name_of(at_reseller.bob.client_id), driver().info.backend_pid
    db.session.remove()
    terminate(app, pid)
    tenancy.enter(at_reseller.reseller_id)
    assert name_of(at_reseller.bob.client_id) == name
    assert driver().info.backend_pid != pid


@postgresql
def test_a_connection_is_asked_whether_it_lives_after_a_long_rest_only(
    app: Flask, at_reseller: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [time.monotonic()]
    monkeypatch.setattr(database, "monotonic", lambda: moment[0])
    name_of(at_reseller.bob.client_id)
    pid = driver().info.backend_pid
    for rest, is_asked in ((database.TRUSTED_SECONDS - 1, False), (database.TRUSTED_SECONDS, True)):
        name_of(at_reseller.bob.client_id)
        db.session.rollback()
        moment[0] += rest
        assert driver().info.backend_pid == pid
        assert (last_said(app, pid) == "SELECT 1") is is_asked


def prepared(times: int = 10) -> int:
    """Ask the same again and again; gives how many statements the server keeps prepared."""
    for _ in range(times):
        db.session.execute(select(Client.name).where(Client.id == 1))
    counted = driver().execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    return int(counted[0])


@postgresql
def test_nothing_is_prepared_where_a_pooler_may_change_who_answers(
    app: Flask, at_reseller: Story
) -> None:
    db.session.rollback()
    assert prepared() > 0
    db.session.remove()
    with through_a_pooler(app), tenancy.acting_for(at_reseller.reseller_id):
        assert driver().info.backend_pid == 1
        assert prepared() == 0
        db.session.remove()
