"""``flask import-cdrs``: files by name, what came of each, and an honest exit code."""

from pathlib import Path

import pytest
from flask import Flask

from extensions import db
from models import Call
from tests.support.calls import file_of, line


@pytest.fixture
def file(tmp_path: Path, story) -> Path:  # type: ignore[no-untyped-def]
    """A call file with one good line and one bad."""
    path = tmp_path / "20261110_20261111.CDR"
    path.write_bytes(file_of(line("a", story.acme_number), "bad;line").getvalue())
    return path


def run(app: Flask, *args: object):  # type: ignore[no-untyped-def]
    return app.test_cli_runner().invoke(args=["import-cdrs", *map(str, args)])


def test_a_file_is_imported_once(app: Flask, file: Path, look) -> None:
    first = run(app, file, "--reseller", "keystone")
    assert first.output.endswith("1 new call, 0 known already, 1 bad line.\n")
    again = run(app, file, "--reseller", "keystone")
    said = f"This file was imported already, as {file.name}. Nothing was added.\n"
    assert (again.exit_code, again.output) == (0, f"{file.name}: {said}")
    with look():
        assert db.session.query(Call).count() == 1


def test_a_refused_file_fails_and_says_why(app: Flask, tmp_path: Path, story) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    result = run(app, path, "--reseller", "keystone")
    assert result.exit_code == 1
    assert "The first line lacks CallType" in result.output


def test_an_unknown_reseller_is_said(app: Flask, file: Path) -> None:
    result = run(app, file, "--reseller", "nobody")
    assert result.exit_code == 1
    assert "There is no reseller nobody." in result.output
