"""Two releases at once, as a platform may start them: one migrates, the other waits for it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from config import ROOT
from tests.conftest import KIND
from tests.support.databases import drop_database, fresh_database_url


@pytest.fixture
def address() -> Iterator[str]:
    """An empty database."""
    url = fresh_database_url(KIND, "release")
    yield url
    drop_database(url)


def start(address: str, *wanted: str) -> subprocess.Popen[bytes]:
    """Start a migration in a process of its own, to the newest revision or to the one named."""
    environ = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "test",
        "DATABASE_URL": address,
        "PUBLIC_URL": "http://localhost",
    }
    command = [sys.executable, "-m", "flask", "db", "upgrade", *wanted]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE)


@pytest.mark.skipif(KIND != "postgresql", reason="SQLite has one lock, and no queue behind it.")
def test_a_migration_behind_a_long_reader_lets_others_read_and_tries_again(address: str) -> None:
    said = start(address, "0021").communicate(timeout=110)[1].decode()
    engine = create_engine(address)
    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM reseller"))
        migration = start(address)
        assert migration.stderr is not None, said
        lines = iter(migration.stderr.readline, b"")
        assert any(b"Trying again, 2." in line for line in lines), said
        with engine.connect() as another:
            another.execute(text("SET LOCAL lock_timeout = '1500ms'"))
            another.execute(text("SELECT count(*) FROM reseller"))
        assert "four_eyes" not in _columns(engine)
        reader.rollback()
        rest = migration.communicate(timeout=110)[1].decode()
    assert migration.returncode == 0, rest
    assert "four_eyes" in _columns(engine)
    engine.dispose()


def _columns(engine: Engine) -> set[str]:
    return {column["name"] for column in inspect(engine).get_columns("reseller")}


def test_two_releases_at_once_are_as_one(address: str) -> None:
    running = [start(address) for _ in range(2)]
    said = [process.communicate(timeout=110)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    engine = create_engine(address)
    assert {"reseller", "audit_entry", "alembic_version"} <= set(inspect(engine).get_table_names())
    engine.dispose()
