"""How SQLite comes to know its tables; how transactions begin is test_races.py's."""

from flask import Flask
from sqlalchemy import text

import background
import database
from extensions import db
from tests.support.cast import Story


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
