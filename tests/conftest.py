"""The application under test, its database and the cast; not what a single screen needs.

The cast never changes. Alice works for the reseller and may approve; Victor works there and may
only look; Bob is a login of client Acme; Charlie is a login of Birch, another client; Mallory works
for another reseller.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis
import pytest
from flask import Flask
from hypothesis import settings as hypothesis_settings
from sqlalchemy import text

import tenancy
from app import create_app
from config import Settings
from extensions import db
from tests.support import cast, people
from tests.support.databases import drop_database, fresh_database_url
from tests.support.web import Visitor

pytest_plugins = ["tests.support.browser"]

# The same examples on every machine, and no clock of a busy one fails a test.
hypothesis_settings.register_profile("house", derandomize=True, deadline=None)
hypothesis_settings.load_profile("house")

KIND = os.environ.get("TEST_DATABASE", "sqlite")

# The same examples in every run, however slow the machine: a failure is never a matter of luck.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of this worker's own, of the kind that TEST_DATABASE names."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    url = fresh_database_url(KIND, worker)
    yield url
    drop_database(url)


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    """The settings of the application under test."""
    return Settings.from_environment(
        {
            "APP_ENV": "test",
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a-key-for-tests-only-that-is-long-enough-to-pass",
            "PUBLIC_URL": "http://localhost",
            "DELIVERER": "off",
        }
    )


@pytest.fixture(scope="session")
def migrated_app(settings: Settings) -> Iterator[Flask]:
    """The application with all migrations applied, once a run."""
    from flask_migrate import upgrade

    app = create_app(settings)
    app.config["ARGON2_COST"] = "test"
    with app.app_context():
        upgrade(directory=os.path.join(app.root_path, "migrations"))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The application with an empty database."""
    yield migrated_app
    with migrated_app.app_context():
        empty_all_tables()


def empty_all_tables() -> None:
    """Empty every table, the append-only ones too, as no code of the application could."""
    db.session.remove()
    names = [table.name for table in db.Model.metadata.sorted_tables]
    with db.engine.begin() as connection:
        if db.engine.dialect.name == "postgresql":
            # A replica runs no triggers and checks no keys; TRUNCATE takes five times as long.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("; ".join(f"DELETE FROM {name}" for name in names)))
            return
        triggers = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        ).all()
        for name, _ in triggers:
            connection.execute(text(f"DROP TRIGGER {name}"))
        for name in reversed(names):
            connection.execute(text(f"DELETE FROM {name}"))
        for _, sql in triggers:
            connection.exec_driver_sql(sql)


@pytest.fixture
def story(app: Flask) -> cast.Story:
    """The two resellers, their people, clients and numbers, as plain records."""
    with app.app_context():
        return cast.make()


@pytest.fixture
def alice(story: cast.Story) -> cast.Person:
    """Alice works for the reseller and may approve."""
    return story.alice


@pytest.fixture
def victor(story: cast.Story) -> cast.Person:
    """Victor works for the reseller and may only look."""
    return story.victor


@pytest.fixture
def olga(app: Flask, story: cast.Story) -> cast.Person:
    """Olga owns the reseller's account; she comes only where a test asks for her."""
    with app.app_context():
        return people.owner_of(story)


@pytest.fixture
def bob(story: cast.Story) -> cast.Person:
    """Bob is a login of client Acme."""
    return story.bob


@pytest.fixture
def charlie(story: cast.Story) -> cast.Person:
    """Charlie is a login of client Birch and sees nothing of Bob's."""
    return story.charlie


@pytest.fixture
def mallory(story: cast.Story) -> cast.Person:
    """Mallory works for another reseller and sees nothing at all."""
    return story.mallory


@pytest.fixture
def acme(story: cast.Story) -> cast.Thing:
    """Acme, Bob's company."""
    return story.acme


@pytest.fixture
def birch(story: cast.Story) -> cast.Thing:
    """Birch, Charlie's company."""
    return story.birch


@pytest.fixture
def at_reseller(app: Flask, story: cast.Story) -> Iterator[cast.Story]:
    """An application context narrowed to the reseller, for tests below the views.

    Never ask for it together with a visitor: requests would reuse the open context.
    """
    with app.app_context():
        tenancy.enter(story.reseller_id)
        yield story
        db.session.rollback()


@pytest.fixture
def look(app: Flask, story: cast.Story):  # type: ignore[no-untyped-def]
    """Open a short context on the reseller's rows, beside requests: ``with look(): ...``."""

    @contextmanager
    def opened(reseller_id: int | None = None) -> Iterator[None]:
        with app.app_context(), tenancy.acting_for(reseller_id or story.reseller_id):
            yield

    return opened


@pytest.fixture
def visitor(app: Flask):  # type: ignore[no-untyped-def]
    """Make a browser without a sign-in, or signed in as one of the cast: ``visitor(bob)``."""

    def make(person: cast.Person | None = None) -> Visitor:
        browser = Visitor(app)
        return browser.sign_in(person) if person else browser

    return make
