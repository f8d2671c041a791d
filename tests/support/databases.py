"""An empty database for each test process, on SQLite or PostgreSQL; knows nothing of the tables.

Run as a program it prints the address of a PostgreSQL server that it found, for the scripts.
"""

import os
import sys
import tempfile
from pathlib import Path

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import make_url

LOCAL_SERVER = "127.0.0.1:5432"


def kind() -> str:
    """Tell on which database this run of the tests works: TEST_DATABASE, else sqlite."""
    chosen = os.environ.get("TEST_DATABASE", "sqlite")
    if chosen not in {"sqlite", "postgresql"}:
        raise ValueError(f"TEST_DATABASE is {chosen!r}; put sqlite or postgresql.")
    return chosen


def fresh_database_url(kind: str, worker_id: str = "main") -> str:
    """Create an empty database for one test process and give its SQLAlchemy address.

    ``worker_id`` tells the processes of one run apart (pytest-xdist's ``gw0``, ``gw1``, …).
    """
    name = f"portico_test_{os.getpid()}_{worker_id}"
    if kind == "sqlite":
        folder = Path(tempfile.mkdtemp(prefix=f"{name}_"))
        return f"sqlite:///{folder / 'test.db'}"
    server = server_url()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(_drop(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Remove a database that fresh_database_url made, with whoever is still connected."""
    address = make_url(url)
    assert address.database
    if address.get_backend_name() == "sqlite":
        file = Path(address.database)
        for path in file.parent.iterdir():
            path.unlink()
        file.parent.rmdir()
        return
    assert address.database.startswith("portico_test_")
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(_drop(address.database))


def server_url() -> str:
    """Find the PostgreSQL server for the tests: TEST_DATABASE_URL, else the one on this machine.

    Raises LookupError with a sentence when there is none.
    """
    given = os.environ.get("TEST_DATABASE_URL", "")
    if given:
        url = make_url(given).set(drivername="postgresql")
        return url.render_as_string(hide_password=False)
    for user in ("postgres", os.environ.get("USER", "")):
        address = f"postgresql://{user}@{LOCAL_SERVER}/postgres"
        if user and _answers(address):
            return address
    raise LookupError(
        f"No PostgreSQL was found: TEST_DATABASE_URL is not set and nothing at {LOCAL_SERVER} "
        "lets the user postgres in. `make test-postgresql` starts one of its own."
    )


def _answers(address: str) -> bool:
    try:
        with psycopg.connect(address, connect_timeout=3):
            return True
    except psycopg.OperationalError:
        return False


def _drop(name: str) -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))


def main() -> str:
    """Print the address of the server for the tests, or give the sentence that says why not."""
    try:
        address = server_url()
    except LookupError as error:
        return str(error)
    if not _answers(address):
        return "Nothing answers at TEST_DATABASE_URL."
    sys.stdout.write(address + "\n")
    return ""


if __name__ == "__main__":
    sys.exit(main() or 0)


def terminate(app: Flask, pid: int) -> None:
    """End a connection of the server, as an administrator or a failing server would."""
    with _beside(app) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))


def last_said(app: Flask, pid: int) -> str:
    """Tell what the server heard last of a connection."""
    with _beside(app) as other:
        found = other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", (pid,))
        return str(found.fetchall()[0][0])


def _beside(app: Flask) -> psycopg.Connection:
    address = app.config["SQLALCHEMY_DATABASE_URI"].replace("+psycopg", "")
    return psycopg.connect(address, autocommit=True)
