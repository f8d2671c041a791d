"""Exactly once under kill -9: a process that imports dies at any moment, and totals come out even.

The importer is a process of its own, killed a random while after it began to write; the leases of
the dead run out, and another goes on. The seeds are fixed, the moments of the kills are not.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from extensions import db
from models import Call, CdrImport, CdrImportPart, CdrReject, ImportState, UsageDay
from tests.support.calls import (
    HEADER,
    SUMS,
    assert_sums_agree,
    forget_charges,
    hold_since_long_ago,
    line,
)
from tests.support.databases import kind

ROOT = Path(__file__).resolve().parents[2]
ROWS, BUNCH, KILLS = 6_000, 20, 3


@pytest.fixture
def file(tmp_path: Path, story, look) -> Path:  # type: ignore[no-untyped-def]
    """A long file of both clients' calls, with a bad line in every hundred and some repeated."""
    with look():
        forget_charges()
        hold_since_long_ago()
        db.session.commit()
    numbers = (story.acme_number, story.birch_number, *story.free)
    lines = [
        "bad;line" if n % 100 == 0 else line(str(n - n % 7 % 2), numbers[n % len(numbers)])
        for n in range(ROWS)
    ]
    path = tmp_path / "20261110_20261111.CDR"
    path.write_text("\n".join((HEADER, *lines, "")))
    return path


def start(url: str, file: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.importer", url, "keystone", str(file)]
    out = subprocess.Popen([*command, str(BUNCH)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert out.stdout
    with out.stdout:
        assert out.stdout.readline() == "started\n"
    return out


def kill_after(process: "subprocess.Popen[str]", seconds: float) -> bool:
    """Kill a process a while after it began; False when it had ended by then."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def expire_leases(look: Any) -> None:
    """Let the time pass after which the dead are given up."""
    with look():
        db.session.execute(update(CdrImport).values(leased_until=None))
        db.session.commit()


def facts(look: Any) -> dict[str, Any]:
    """Tell all that an import leaves, but for ids and times."""
    with look():
        row = db.session.scalars(select(CdrImport).where(CdrImport.state == ImportState.DONE)).one()
        sums = select(
            UsageDay.day, UsageDay.client_id, UsageDay.number, UsageDay.kind, UsageDay.calls,
            UsageDay.billed_seconds, UsageDay.cost_micros, UsageDay.price_micros,
        )  # fmt: skip
        assert_sums_agree()
        calls = select(Call.transaction_id, Call.client_id, Call.price_micros, Call.day)
        return {
            "counts": (row.lines, row.added, row.repeated, row.bad, row.unassigned),
            "sums": sorted(map(str, db.session.execute(sums))),
            "calls": sorted(map(str, db.session.execute(calls))),
            "rejects": db.session.scalars(select(CdrReject.line).order_by(CdrReject.line)).all(),
            "pieces": db.session.scalar(select(func.count(CdrImportPart.id))),
        }


def forget(look: Any) -> None:
    with look():
        for model in (Call, *SUMS, CdrReject, CdrImportPart, CdrImport):
            db.session.query(model).delete()
        db.session.commit()


@pytest.mark.parametrize("seed", range(1))
def test_killed_at_random_it_comes_out_as_if_never_killed(
    database_url: str, file: Path, look, seed: int
) -> None:
    process = start(database_url, file)
    began = time.monotonic()
    assert process.wait(120) == 0
    whole_run = time.monotonic() - began
    clean = facts(look)
    assert clean["pieces"] == 0
    forget(look)
    chance, killed = random.Random(f"{kind()} {seed}"), 0
    for _ in range(KILLS):
        killed += kill_after(start(database_url, file), chance.uniform(0.1, 0.5) * whole_run)
        expire_leases(look)
    assert start(database_url, file).wait(120) == 0
    assert killed >= 1
    assert facts(look) | {"pieces": 0} == clean


def test_a_killed_import_goes_on_where_it_was(database_url: str, file: Path, look) -> None:
    """What was written before the kill is not read again: no call of it counts as repeated."""
    process = start(database_url, file)
    while written(look) == 0 and process.poll() is None:
        pass
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    before = written(look)
    assert 0 < before < ROWS
    expire_leases(look)
    assert start(database_url, file).wait(120) == 0
    with look():
        row = db.session.scalars(select(CdrImport)).one()
        assert (row.lines, row.added + row.repeated + row.bad) == (ROWS, ROWS)
        distinct = db.session.scalar(select(func.count(Call.id)))
        assert row.added == distinct


def written(look: Any) -> int:
    with look():
        return db.session.scalar(select(func.max(CdrImport.lines))) or 0
