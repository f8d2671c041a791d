"""``flask import-dids``: it shows, asks, and writes what it showed; never anything else."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from extensions import db
from models import AuditEntry, Did, Tier

SAMPLES = Path(__file__).parents[1] / "sample_data"


@pytest.fixture
def run(app, story):  # type: ignore[no-untyped-def]
    """Run the command on a file with some lines, answering its question."""

    def command(path, *options, answer=""):
        runner = app.test_cli_runner()
        return runner.invoke(args=["import-dids", str(path), *options], input=answer)

    return command


@pytest.fixture
def file(tmp_path):  # type: ignore[no-untyped-def]
    """Write a file of numbers."""
    path = tmp_path / "numbers.csv"
    path.write_text("TN,Tier\n412-555-0120,1\n412-555-0121,9\n12,1\n")
    return path


def count(look, model):  # type: ignore[no-untyped-def]
    with look():
        return db.session.scalar(select(func.count(model.id)))


def test_it_asks_and_writes_what_it_showed(run, file, look):
    before = count(look, Did)
    result = run(file, "--reseller", "keystone", answer="y\n")
    assert result.output.splitlines() == [
        "Line 3, (412) 555-0121: There is no tier “9”. Known tiers: 1. Correct it, or create the "
        "tier.",
        "Line 4: “12” is not a ten-digit number: it has 2 digits.",
        "3 lines: 1 added, 0 changed, 0 unchanged, 2 refused.",
        "Unknown tiers: 9 (1). Use --create-tiers to create them.",
        "Write 1 number? [y/N]: y",
        "Written: 1 added, 0 changed, 0 unchanged, 2 refused.",
    ]
    assert result.exit_code == 0
    assert count(look, Did) == before + 1
    assert count(look, AuditEntry) == 1


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_without_a_yes_it_writes_nothing(run, file, look, answer):
    before = count(look, Did)
    assert "Nothing was written." in run(file, "--reseller", "keystone", answer=answer).output
    assert count(look, Did) == before


def test_the_second_time_there_is_nothing_to_write(run, look):
    first = run(SAMPLES / "inventory.csv", "--reseller", "keystone", "--yes", "--create-tiers")
    assert "New tiers, at no price: 2, 4, 777." in first.output
    assert count(look, Tier) == 4
    again = run(SAMPLES / "inventory.csv", "--reseller", "keystone", "--yes", "--create-tiers")
    assert again.output.splitlines()[-2:] == [
        "600 lines: 0 added, 0 changed, 600 unchanged, 0 refused.",
        "There is nothing to write.",
    ]


def test_of_the_broken_sample_only_the_good_lines_are_written(run, look):
    before = count(look, Did)
    result = run(SAMPLES / "inventory_broken.csv", "--reseller", "keystone", "--yes")
    assert "Written: 2 added, 0 changed, 0 unchanged, 26 refused." in result.output
    assert count(look, Did) == before + 2


def test_an_unknown_reseller_or_file_is_told(run, file, tmp_path):
    wrong = run(file, "--reseller", "nobody")
    assert (wrong.exit_code, wrong.output) == (
        1,
        "Error: There is no reseller with the short name nobody.\n",
    )
    no_list = tmp_path / "x.csv"
    no_list.write_bytes(b"PK\x03\x04")
    refused = run(no_list, "--reseller", "keystone")
    assert (refused.exit_code, refused.output) == (
        1,
        "Error: This is an Excel workbook or a zip file, not a CSV file. Save it as CSV (UTF-8) "
        "first.\n",
    )
