"""The two addresses for the platform, on an application that has nothing else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import insert

import database
import health
from columns import now
from config import ROOT, Settings
from extensions import db, migrate
from models import Mail, MailState, Reseller
from tests.support.databases import drop_database, fresh_database_url, kind

MIGRATIONS = str(ROOT / "migrations")


@pytest.fixture
def bare_app(worker_id: str) -> Iterator[Flask]:
    """An application with an empty database, no migration applied, and these two addresses."""
    url = fresh_database_url(kind(), f"{worker_id}_health")
    app = make_app(url)
    yield app
    with app.app_context():
        db.engine.dispose()
    drop_database(url)


def make_app(url: str) -> Flask:
    """Make an application on a database of any address."""
    app = Flask(__name__)
    app.config.from_mapping(
        Settings.from_environment({"APP_ENV": "test"}).as_flask_config(),
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={},
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=MIGRATIONS)
    database.prepare(app)
    health.init_app(app)
    return app


def ask(app: Flask, path: str) -> tuple[int, object]:
    """Ask one address; give the status and what it says."""
    response = app.test_client().get(path)
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    return response.status_code, response.get_json(silent=True) or response.text


@pytest.mark.parametrize(
    "url", ["sqlite:////no/such/folder/portico.db", "postgresql+psycopg://nobody@127.0.0.1:1/none"]
)
def test_without_a_database_it_is_alive_but_not_ready(url: str):
    app = make_app(url)
    assert ask(app, "/healthz") == (200, "ok\n")
    assert ask(app, "/readyz") == (503, {"database": "unreachable", "migrations": "unknown"})


def test_it_is_not_ready_before_the_migrations(bare_app: Flask):
    assert ask(bare_app, "/readyz") == (
        503,
        {"database": "reachable", "migrations": "behind; run: flask db upgrade"},
    )


def test_it_is_ready_after_the_migrations_and_not_after_taking_one_back(bare_app: Flask):
    with bare_app.app_context():
        upgrade()
    assert ask(bare_app, "/readyz") == (
        200,
        {"database": "reachable", "migrations": "at head", "oldest_due_mail_seconds": 0},
    )
    with bare_app.app_context():
        downgrade()
    assert ask(bare_app, "/readyz")[0] == 503


def test_it_tells_how_long_the_oldest_due_mail_waits(bare_app: Flask):
    with bare_app.app_context():
        upgrade()
        keep_mail_due_since(timedelta(minutes=5), MailState.WAITING, "a")
        keep_mail_due_since(timedelta(hours=5), MailState.SENT, "b")
        keep_mail_due_since(timedelta(hours=-5), MailState.WAITING, "c")
    status, state = ask(bare_app, "/readyz")
    assert status == 200
    assert 300 <= state["oldest_due_mail_seconds"] < 400


def keep_mail_due_since(age: timedelta, state: MailState, key: str) -> None:
    """Write one mail row below the session, which no reseller is needed for."""
    due_at = now() - age
    with db.engine.begin() as connection:
        if key == "a":
            connection.execute(insert(Reseller).values(id=1, name="R", slug="r"))
        connection.execute(
            insert(Mail).values(
                reseller_id=1,
                kind="k",
                to_address="a@b.example",
                from_name="R",
                subject="s",
                text="t",
                html="h",
                message_id=key,
                dedupe_key=key,
                state=state,
                next_at=due_at,
            )
        )
