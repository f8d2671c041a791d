"""The database goes away, is cut off or is full: nothing is half done, and it heals."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

import background
from columns import now
from extensions import db
from models import Call, CdrImport, Did, Mail, Order, OrderState, UsageDay
from tests.conftest import KIND
from tests.support import orders
from tests.support.calls import (
    BY,
    assert_sums_agree,
    file_of,
    forget_charges,
    hold_since_long_ago,
    line,
)
from tests.support.cast import Story
from tests.support.databases import terminate
from tests.support.wire import losing_answers
from usage import importing
from usage.receiving import receive

NOT_SAVED = "We are busy at the moment. Nothing was changed: go back and try again."


@contextmanager
def listening(app: Flask, name: str, act: Any) -> Iterator[None]:
    """Have something happen on the wire to the database, with fresh connections."""
    with app.app_context():
        engine = db.engine
    engine.dispose()
    event.listen(engine, name, act)
    try:
        yield
    finally:
        event.remove(engine, name, act)
        engine.dispose()


def refuse_to_connect(dialect: Any, *about: Any) -> None:
    """Answer as a server that is not there."""
    raise dialect.loaded_dbapi.OperationalError("the database is away")


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_without_a_database_a_page_says_so_and_the_next_one_is_there(
    app: Flask, story: Story, visitor, name: str
) -> None:
    person = getattr(story, name)
    home = "/admin/" if person.is_staff else "/portal/keystone/"
    browser = visitor(person)
    with listening(app, "do_connect", refuse_to_connect):
        page = browser.get(home, status=503)
    assert NOT_SAVED in page.html.select_one("main").get_text()
    assert page.headers["Retry-After"] == "5"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    browser.get(home, status=200)


@pytest.fixture
def pending(story: Story, look) -> str:  # type: ignore[no-untyped-def]
    """The number of a pending order of Bob's."""
    with look():
        return orders.ask(story.bob, story.free[0])


def stands(look, number: str) -> tuple[OrderState, int, int]:  # type: ignore[no-untyped-def]
    """Tell how an order stands: its state, its mails, and how many of its numbers have an owner."""
    with look():
        state = db.session.scalar(select(Order.state).where(Order.number == number))
        mails = db.session.scalar(select(func.count(Mail.id)))
        given = select(func.count(Did.id)).where(Did.client_id.is_not(None))
        return state, mails, db.session.scalar(given)  # type: ignore[return-value]


@pytest.mark.skipif(KIND != "postgresql", reason="a connection to SQLite cannot be cut off")
def test_a_connection_cut_off_in_an_approval_leaves_the_order_pending(
    app: Flask, story: Story, visitor, alice, pending: str, look
) -> None:
    """The server ends the connection after the order was moved and before the commit."""
    browser, before = visitor(alice), stands(look, pending)
    form = browser.get(f"/admin/orders/{pending}").forms["approve"]

    def cut_off(connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO mail"):
            terminate(app, connection.connection.dbapi_connection.info.backend_pid)

    with listening(app, "before_cursor_execute", cut_off):
        page = form.submit(status=503)
    assert NOT_SAVED in page
    assert stands(look, pending) == before
    browser.get(f"/admin/orders/{pending}").forms["approve"].submit(status=(302, 303))
    assert stands(look, pending)[0] is OrderState.COMPLETED


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite answers a commit in this process")
def test_a_lost_answer_to_a_commit_is_said_and_deciding_again_changes_nothing(
    app: Flask, story: Story, visitor, alice, pending: str, look
) -> None:
    """The server carries the approval out, and the connection breaks off before it says so."""
    browser = visitor(alice)
    form = browser.get(f"/admin/orders/{pending}").forms["approve"]
    with losing_answers(app, to=b"COMMIT") as wire:
        page = form.submit(status=503)
    assert wire.lost == 1
    assert NOT_SAVED not in page
    assert "may be saved or not. Look first; send it again only" in page
    stood = stands(look, pending)
    assert stood[0] is OrderState.COMPLETED
    again = form.submit(status=302).follow()
    assert again.html.select_one("main").get_text().count("Approved by Alice") == 1
    assert stands(look, pending) == stood


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite answers a commit in this process")
def test_an_order_sent_again_after_a_lost_answer_is_the_same_order(
    app: Flask, story: Story, visitor, bob, look
) -> None:
    browser = visitor(bob)
    form = browser.get("/portal/keystone/numbers/4125550190/call_forwarding").forms[
        "change-service"
    ]
    form["forward_to"] = "(212) 555-0147"
    with losing_answers(app, to=b"COMMIT") as wire:
        page = form.submit(status=503)
    assert (wire.lost, "may be saved or not" in page) == (1, True)
    form.submit(expect_errors=True)
    with look():
        assert db.session.scalar(select(func.count(Order.id))) == 1


def pages_without_room(file: str) -> int:
    """Press a database together until no page of it is free; gives how many pages it has."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM")
        return int(connection.execute("PRAGMA page_count").fetchone()[0])


@pytest.mark.skipif(KIND != "sqlite", reason="PostgreSQL's disk cannot be filled here")
def test_a_full_database_saves_nothing_goes_on_reading_and_heals(
    app: Flask, story: Story, visitor, bob, look
) -> None:
    with app.app_context():
        db.engine.dispose()
        pages = pages_without_room(str(db.engine.url.database))
    browser, long = visitor(bob), "x" * 900
    asked = "/portal/keystone/order-numbers/review?n=4125550101"
    form = browser.get(asked).forms["send-order"]
    form["note"] = long

    def be_full(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with listening(app, "connect", be_full):
        page = form.submit(expect_errors=True)
        assert (page.status_int, NOT_SAVED in page) == (503, True)
        browser.get("/portal/keystone/numbers", status=200)
    with look():
        assert db.session.scalar(select(func.count(Order.id))) == 0
    form.submit(status=303)
    with look():
        assert db.session.scalar(select(func.count(Order.id))) == 1


# --- A call file on a full disk -----------------------------------------------------------------

LINES, BUNCH, ROOM = 3_000, 250, 60
"""Lines of the file, lines a bunch, and pages of room: enough for some bunches and not for all."""


@pytest.fixture
def call_file(app: Flask, story: Story, look, monkeypatch) -> int:  # type: ignore[no-untyped-def]
    """The id of an import that waits to be read."""
    monkeypatch.setattr(importing, "CHUNK", BUNCH)
    lines = [line(f"k{n}", (story.acme_number, story.birch_number)[n % 2]) for n in range(LINES)]
    with look():
        forget_charges()
        hold_since_long_ago()
        db.session.commit()
        row, _ = receive(file_of(*lines), "20261110_20261111.CDR", by=BY)
        return row.id


@pytest.mark.skipif(KIND != "sqlite", reason="PostgreSQL's disk cannot be filled here")
def test_a_call_file_on_a_full_disk_fails_counts_nothing_by_halves_and_goes_on(
    app: Flask, visitor, alice, call_file: int, look, caplog
) -> None:
    browser, where = visitor(alice), f"/admin/call-files/details/?id={call_file}"
    with app.app_context():
        db.engine.dispose()
        most = pages_without_room(str(db.engine.url.database)) + ROOM

    def be_full(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {most}")

    with listening(app, "connect", be_full):
        while "database or disk is full" not in caplog.text:
            assert background.turn(app) > 0
        said = browser.get(where).html.select_one("#said").get_text()
    read = counted(look, call_file)
    assert 0 < read < LINES
    assert said.startswith("Reading it failed. It is tried again by itself in a few minutes.")
    assert said.endswith(f"{read:,} new calls.")
    rest_is_over(look)
    while counted(look, call_file) < LINES:
        assert background.turn(app) > 0
    background.turn(app)
    assert browser.get(where).html.select_one("#said").get_text() == f"{LINES:,} new calls."


def counted(look, import_id: int) -> int:  # type: ignore[no-untyped-def]
    """Tell how many lines are counted: the same by the import, the calls and the daily sums."""
    with look():
        assert_sums_agree()
        row = db.session.get_one(CdrImport, import_id)
        calls = db.session.scalar(select(func.count(Call.id)))
        summed = db.session.scalar(select(func.sum(UsageDay.calls))) or 0
        assert row.lines == row.added == calls == summed
        return row.lines


def rest_is_over(look) -> None:  # type: ignore[no-untyped-def]
    """Let the time pass for which a file rests."""
    with look():
        db.session.execute(update(CdrImport).values(leased_until=now()))
        db.session.commit()
