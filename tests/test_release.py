"""Two releases at once, as a platform may start them: one migrates, the other waits for it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, inspect

from config import ROOT
from tests.conftest import KIND
from tests.support.databases import drop_database, fresh_database_url


@pytest.fixture
def address() -> Iterator[str]:
    """An empty database."""
    url = fresh_database_url(KIND, "release")
    yield url
    drop_database(url)


def test_two_releases_at_once_are_as_one(address: str) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "test",
        "DATABASE_URL": address,
        "PUBLIC_URL": "http://localhost",
    }
    command = [sys.executable, "-m", "flask", "db", "upgrade"]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE) for _ in range(2)
    ]
    said = [process.communicate(timeout=110)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    engine = create_engine(address)
    assert {"reseller", "audit_entry", "alembic_version"} <= set(inspect(engine).get_table_names())
    engine.dispose()
