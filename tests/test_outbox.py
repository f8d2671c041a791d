"""Delivery against a real SMTP server: nothing lost, nothing doubled, whatever the server does."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import select, update

import background
import columns
import credentials
import mailer
import outbox
import permissions
import tenancy
import workflow
from extensions import db, mail_transport
from lines import Request
from models import Client, Lease, Login, Mail, MailState, Staff
from tests.support.cast import Story
from tests.support.smtp import Script, free_port, mail_server

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def connected(app: Flask, port: int) -> Iterator[None]:
    """Let the application believe that a mail server is configured there."""
    before = {key: app.config[key] for key in ("MAIL_SERVER", "MAIL_PORT")}
    app.config |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": port}
    mail_transport.init_app(app)
    try:
        yield
    finally:
        app.config |= before
        mail_transport.init_app(app)


@pytest.fixture
def server(app: Flask) -> Iterator[Script]:
    """A mail server that the application is connected to."""
    script = Script()
    with mail_server(script) as port, connected(app, port):
        yield script


def submit(story: Story, number: str = "") -> None:
    """Have Bob order a number: a mail to the Client Contact and one to Alice."""
    with tenancy.acting_for(story.reseller_id):
        login = db.session.get_one(Login, story.bob.id)
        acme = db.session.get_one(Client, story.acme.id)
        asked = [Request(number or story.free[0])]
        workflow.submit(acme, "did_order", asked, permissions.login_actor(login))
        db.session.commit()


def mails() -> list[Mail]:
    with tenancy.across_resellers():
        db.session.expire_all()
        return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def states() -> list[str]:
    return [mail.state.value for mail in mails()]


@contextmanager
def later(
    monkeypatch: pytest.MonkeyPatch, by: timedelta, *, is_stopped: bool = False
) -> Iterator[None]:
    """Move the outbox's clock; a deliverer has run all the while, unless it was stopped."""
    if not is_stopped:
        with tenancy.across_resellers():
            before = columns.now() + by - timedelta(seconds=1)
            db.session.execute(update(Lease).values(until=before))
            db.session.commit()
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "now", lambda: columns.now() + by)
        yield


def test_an_order_reaches_its_readers(app: Flask, story: Story, server: Script) -> None:
    with app.app_context():
        submit(story)
        assert outbox.deliver_due() == 2
        assert states() == ["sent", "sent"]
    assert server.recipients == [["orders@acme.example"], ["alice@keystone.example"]]
    mail = server.mails[0]
    assert mail["Subject"] == "Order O-000001: New Numbers"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Keystone Voice" in mail["From"]
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert "(412) 555-0101" in text.get_content()
    assert "(412) 555-0101" in html.get_content()


def test_what_is_sent_is_not_sent_again(app: Flask, story: Story, server: Script) -> None:
    with app.app_context():
        submit(story)
        assert [outbox.deliver_due(), outbox.deliver_due()] == [2, 0]
    assert len(server.mails) == 2


def test_without_a_server_mail_is_kept_and_marked(app: Flask, story: Story) -> None:
    with app.app_context():
        submit(story)
        assert (outbox.deliver_due(), states()) == (0, ["kept", "kept"])


def test_a_recipient_that_does_not_exist_fails_and_stops_nobody(
    app: Flask, story: Story, server: Script
) -> None:
    server.rcpt["orders@acme.example"] = "550 No such person"
    with app.app_context():
        submit(story)
        outbox.deliver_due()
        assert states() == ["failed", "sent"]
        assert mails()[0].last_error == "The server answered 550: No such person"


def test_a_deferred_mail_is_tried_again_with_rising_delays(
    app: Flask, story: Story, server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.rcpt["orders@acme.example"] = "451 Later, please"
    with app.app_context():
        submit(story)
        waits = []
        for _ in outbox.LADDER[:4]:
            with later(monkeypatch, timedelta(days=1) * len(waits)):
                outbox.deliver_due()
                waits.append(round((mails()[0].next_at - outbox.now()).total_seconds()))
        assert waits == list(outbox.LADDER[:4])


def test_a_mail_that_is_deferred_for_ever_fails_at_last(
    app: Flask, story: Story, server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.rcpt["orders@acme.example"] = "451 Later, please"
    with app.app_context():
        submit(story)
        for day in range(len(outbox.LADDER) + 2):
            with later(monkeypatch, timedelta(hours=9) * day):
                outbox.deliver_due()
        assert states() == ["failed", "sent"]
        assert mails()[0].attempts == len(outbox.LADDER) + 1


def test_a_dead_server_costs_no_mail_a_try(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), connected(app, free_port()):
        submit(story)
        assert (outbox.deliver_due(), states()) == (0, ["waiting", "waiting"])
        assert [mail.attempts for mail in mails()] == [0, 0]
    script = Script()
    with mail_server(script) as port, connected(app, port), app.app_context():
        assert outbox.deliver_due() == 0, "the pause after a dead server was not kept"
        with later(monkeypatch, timedelta(minutes=1)):
            assert outbox.deliver_due() == 2
    assert len(script.mails) == 2


def test_an_unclear_end_is_sent_again_under_the_same_id(
    app: Flask, story: Story, server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.hang_up_after_data = True
    with app.app_context():
        submit(story)
        outbox.deliver_due()
        server.hang_up_after_data = False
        with later(monkeypatch, timedelta(minutes=5)):
            outbox.deliver_due()
        assert states() == ["sent", "sent"]
        first = mails()[0].message_id
    ids = [mail["Message-ID"] for mail in server.mails]
    assert (ids.count(first), len(set(ids))) == (2, 2)


def test_a_mail_that_cannot_be_written_stops_nobody(
    app: Flask, story: Story, server: Script
) -> None:
    with app.app_context():
        submit(story)
        with tenancy.across_resellers():
            broken = update(Mail).where(Mail.id == mails()[0].id)
            db.session.execute(broken.values(from_name="A\r\nBcc: everybody@example.com"))
            db.session.commit()
        outbox.deliver_due()
        assert states() == ["failed", "sent"]
    assert server.recipients == [["alice@keystone.example"]]


def test_what_waited_too_long_is_not_sent(
    app: Flask, story: Story, server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        submit(story)
        with later(monkeypatch, timedelta(days=3)):
            assert outbox.deliver_due() == 0
        assert states() == ["failed", "failed"]
        assert "waited for more than two days" in mails()[0].last_error
    assert server.mails == []


def test_what_a_restored_backup_has_not_sent_is_held(
    app: Flask, story: Story, server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deliverer last ran when the backup was made: who knows what was sent after that."""
    with app.app_context():
        submit(story)
        server.rcpt["alice@keystone.example"] = "451 Later, please"
        outbox.deliver_due()
        submit(story, story.free[1])
        leave_in_the_middle(mails()[2])
        server.mails.clear()
        with later(monkeypatch, timedelta(hours=7), is_stopped=True):
            assert outbox.deliver_due() == 0
        assert states() == ["sent", "failed", "failed", "failed"]
        assert "it may have been sent. Resend it" in mails()[2].last_error
    assert server.mails == []


def leave_in_the_middle(mail: Mail) -> None:
    """Let a mail look as in a backup that was made while it was being sent."""
    with tenancy.across_resellers():
        mail.state, mail.lease_until = MailState.SENDING, columns.now()
        mail.created_at = outbox.last_turn()
        for row in db.session.scalars(select(Mail).where(Mail.id > mail.id)):
            row.created_at = mail.created_at
        db.session.commit()


def test_what_was_written_while_nobody_delivered_is_sent(
    app: Flask, story: Story, server: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was away for a night: what people did meanwhile is no old news."""
    with app.app_context():
        outbox.deliver_due()
        with tenancy.across_resellers():
            db.session.execute(update(Lease).values(until=columns.now() - timedelta(hours=8)))
            db.session.commit()
        submit(story)
        assert outbox.deliver_due() == 2
    assert len(server.mails) == 2


def test_no_transaction_is_open_while_a_mail_is_sent(
    app: Flask, story: Story, server: Script
) -> None:
    """A slow mail server must not hold the database, of which SQLite has one write lock."""
    with app.app_context():
        submit(story)
        pool, held = db.engine.pool, []
        server.while_sending = lambda: held.append(pool.checkedout())
        assert outbox.deliver_due() == 2
    assert held == [0, 0]


def test_staff_can_resend_a_failed_mail(app: Flask, story: Story, server: Script) -> None:
    server.rcpt["orders@acme.example"] = "550 No such person"
    with app.app_context():
        submit(story)
        outbox.deliver_due()
        server.rcpt.clear()
        with tenancy.acting_for(story.reseller_id):
            alice = permissions.staff_actor(db.session.get_one(Staff, story.alice.id))
            outbox.resend(db.session.get_one(Mail, mails()[0].id), alice)
            db.session.commit()
        outbox.deliver_due()
        assert states() == ["sent", "sent"]


def test_the_link_is_in_the_mail_but_not_in_the_table(
    app: Flask, story: Story, server: Script
) -> None:
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        bob = db.session.get_one(Login, story.bob.id)
        invitation = credentials.invite(bob)
        row = mailer.login_invited(bob, invitation, ["bob@acme.example"])[0]
        db.session.commit()
        link = credentials.link(invitation)
        token = link.rsplit("/", 1)[1]
        stored = [str(value) for value in vars(row).values()]
        assert not [value for value in stored if token in value or invitation.nonce in value]
    with app.app_context():
        outbox.deliver_due()
    assert link in server.mails[0].get_body(("plain",)).get_content()
    assert link in server.mails[0].get_body(("html",)).get_content()


# --- One at a time, and crashes -------------------------------------------------------------------


def test_while_another_process_delivers_this_one_does_not(
    app: Flask, story: Story, server: Script
) -> None:
    with app.app_context():
        submit(story)
        other = Lease(name="deliverer", owner="other", until=columns.now() + timedelta(minutes=1))
        db.session.add(other)
        db.session.commit()
        assert outbox.deliver_due() == 0
    assert server.mails == []


def test_many_threads_deliver_each_mail_once(app: Flask, story: Story, server: Script) -> None:
    """Even without the lease of the job, the claim of a row alone keeps mails single."""
    with app.app_context():
        for number in story.free[:6]:
            submit(story, number)

    def drain() -> None:
        with app.app_context(), tenancy.across_resellers():
            with outbox.SafeConnection(current_app.extensions["mail"]) as connection:
                while (row := outbox.claim()) is not None:
                    outbox._deliver_one(row, connection)

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    ids = [mail["Message-ID"] for mail in server.mails]
    assert (len(ids), len(set(ids))) == (12, 12)


@pytest.mark.parametrize(
    ("point", "copies"), [("after_claim_before_send", 1), ("after_send_before_mark", 2)]
)
def test_a_kill_loses_no_mail(
    app: Flask,
    story: Story,
    server: Script,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    copies: int,
) -> None:
    """A process dies by SIGKILL around the sending; the next one delivers under the same id."""
    with app.app_context():
        submit(story)
    killed = run_a_turn(app, CRASH_AT=point)
    assert killed == -signal.SIGKILL
    with app.app_context():
        assert states() == ["sending", "waiting"]
        with later(monkeypatch, timedelta(minutes=5)):
            outbox.deliver_due()
        assert states() == ["sent", "sent"]
        first = mails()[0].message_id
    assert [mail["Message-ID"] for mail in server.mails].count(first) == copies


def run_a_turn(app: Flask, **more: str) -> int:
    """Run one turn of the background loop in a process of its own; gives its exit code."""
    script = "import app, background; background.turn(app.create_app())"
    environ = os.environ | {
        "APP_ENV": "test",
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "SECRET_KEY": app.config["SECRET_KEY"],
        "PUBLIC_URL": "http://localhost",
        "SMTP_URL": f"smtp://127.0.0.1:{app.config['MAIL_PORT']}?tls=off",
        "DELIVERER": "off",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environ, timeout=60, check=False
    ).returncode


def test_a_process_of_its_own_delivers(app: Flask, story: Story, server: Script) -> None:
    with app.app_context():
        submit(story)
    assert run_a_turn(app) == 0
    assert len(server.mails) == 2


def test_the_thread_delivers_and_stops(app: Flask, story: Story, server: Script) -> None:
    with app.app_context():
        submit(story)
    worker = background.start(app)
    for _ in range(200):
        if len(server.mails) == 2:
            break
        worker.stopping.wait(0.05)
    worker.stop()
    assert (len(server.mails), worker.is_alive()) == (2, False)


def test_a_job_that_fails_stops_no_other(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def broken() -> int:
        raise RuntimeError("planted")

    monkeypatch.setattr(background, "JOBS", (broken, lambda: done.append(1) or 1))
    assert (background.turn(app), done) == (1, [1])


def test_the_thread_outlives_a_turn_that_fails(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    turns, taken = [], threading.Event()

    def turn(_app: Flask) -> int:
        turns.append(1)
        if len(turns) < 3:
            raise RuntimeError("planted")
        taken.set()
        return 0

    monkeypatch.setattr(background, "turn", turn)
    monkeypatch.setattr(background, "TURN_SECONDS", 0.01)
    worker = background.start(app)
    assert taken.wait(10), "the thread died"
    worker.stop()


def test_states_of_the_outbox_are_those_of_the_model() -> None:
    assert {state.value for state in MailState} == {"waiting", "sending", "sent", "failed", "kept"}
