"""Measure an import of numbers: time, memory and its ratio to a bare executemany; asserts nothing.

Run: python bench/import_dids.py [--rows 100000] [--url sqlite:////path/file.db]
The database must be empty; it is migrated, and emptied again between the measurements. Each
measurement is a process of its own, so that its peak of memory is its own. The aim: preview and
apply of 100,000 rows within 15 s, and no more memory than 1,000 rows need, but for the list of the
numbers met and the database's cache. Other load doubles the seconds; trust the ratio and the CPU.

Seen on two cores, 100,000 rows in random places of the indexes: SQLite preview 1.7 s and apply
6.8 s, 0.8 of a bare executemany; PostgreSQL 15, under light load, 2.5 s and 9.8 s, 1.8 of it.
Memory over that of 1,000 rows: 18 MB and 15 MB.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench"), str(ROOT / "sample_data")]

from bare_app import make_app  # noqa: E402
from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import delete, insert  # noqa: E402

import did_import  # noqa: E402
import models  # noqa: E402
import tenancy  # noqa: E402
from extensions import db  # noqa: E402
from permissions import Actor  # noqa: E402


def prepare() -> None:
    """Empty the numbers; make the reseller with its tiers the first time."""
    with tenancy.across_resellers():
        db.session.execute(delete(models.Did))
        if db.session.query(models.Reseller).count() == 0:
            reseller = models.Reseller(name="Bench", slug="bench")
            db.session.add(reseller)
            db.session.flush()
            for label in ("1", "2", "4", "777"):
                db.session.add(models.Tier(reseller_id=reseller.id, label=label, name=label))
        db.session.commit()


def through_us(path: str, step: str) -> dict[str, float]:
    """Preview or apply the file; a second apply shows what an unchanged file takes."""
    with tenancy.across_resellers():
        reseller = db.session.query(models.Reseller).one()
    tenancy.enter(reseller.id)
    took: dict[str, float] = {}
    with open(path, "rb") as stream:
        source = did_import.read(stream, path)
        start = time.perf_counter()
        seen = did_import.preview(source, reseller).summary()
        took["preview"] = time.perf_counter() - start
        db.session.rollback()
        if step == "apply":
            start = time.perf_counter()
            done = did_import.apply(source, reseller, by=Actor("Bench"), expected=seen.fingerprint)
            db.session.commit()
            took["apply"] = time.perf_counter() - start
            assert done.counts == seen.counts
        took["written"] = seen.writes
    return took


def bare(path: str) -> dict[str, float]:
    """Insert the same rows with the database's own executemany, checking nothing."""
    import csv

    tenancy.enter(0)
    with tenancy.across_resellers():
        reseller = db.session.query(models.Reseller.id).scalar()
        tiers = {t.label: t.id for t in db.session.query(models.Tier)}
    start = time.perf_counter()
    with open(path, newline="", encoding="utf-8") as stream:
        rows = [_row(r, reseller, tiers) for r in csv.reader(stream) if r[0] != "Number"]
    db.session.rollback()
    connection = db.engine.raw_connection()
    statement = insert(models.Did).values(rows[0]).compile(db.engine)
    sql = str(statement)
    made = [_bind(statement, row) for row in rows]
    cursor = connection.cursor()
    cursor.executemany(sql, made)
    connection.commit()
    return {"bare": time.perf_counter() - start, "written": len(rows)}


def _row(r: list[str], reseller: int, tiers: dict[str, int]) -> dict[str, Any]:
    digits = "".join(c for c in r[0] if c.isdigit())
    return {
        "reseller_id": reseller,
        "number": f"+1{digits}",
        "npa": digits[:3],
        "nxx": digits[3:6],
        "type": "local",
        "status": "available",
        "tier_id": tiers[r[1]],
        "state": r[2],
        "rate_center": r[3],
        "city": r[4],
        "lata": r[5],
        "has_t38": "T.38" in r[6],
        "has_cnam": "CNAM" in r[6],
        "has_sms": "SMS" in r[6],
        "created_at": datetime.now(UTC).replace(tzinfo=None),
    }


def _bind(statement: Any, row: dict[str, Any]) -> Any:
    return tuple(row[k] for k in statement.positiontup) if statement.positiontup else row


def write_file(path: str, rows: int) -> None:
    from make_inventory import as_csv, many

    Path(path).write_bytes(as_csv(many(rows)))


def measure(url: str, what: str, path: str) -> dict[str, Any]:
    """Do one step in a process of its own."""
    command = [sys.executable, __file__, "--url", url, "--step", what, "--file", path]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def step(url: str, what: str, path: str) -> None:
    app = make_app(url)
    with app.app_context():
        took = bare(path) if what == "bare" else through_us(path, what)
        took |= {"peak_mb": peak_mb(), "cpu": time.process_time()}
    print(json.dumps(took))


def peak_mb() -> float:
    """Tell this process's own peak; getrusage would tell the parent's, which had the file."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--url", default="")
    options.add_argument("--step", default="")
    options.add_argument("--file", default="")
    given = options.parse_args()
    if given.step:
        step(given.url, given.step, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(given.url or f"sqlite:///{folder}/bench.db", given.rows, folder)


def compare(url: str, rows: int, folder: str) -> None:
    app = make_app(url)
    with app.app_context():
        upgrade()
    small, large = f"{folder}/small.csv", f"{folder}/large.csv"
    write_file(small, 1000)
    write_file(large, rows)
    results = {}
    for name, what, path in (
        ("small", "apply", small),
        ("bare", "bare", large),
        ("first", "apply", large),
        ("again", "apply", large),
    ):
        if name != "again":
            with app.app_context():
                prepare()
        results[name] = measure(url, what, path)
        print(name, {key: round(value, 2) for key, value in results[name].items()})
    first, floor = results["first"], results["bare"]
    total = first["preview"] + first["apply"]
    print(f"{rows:,} rows: preview and apply {total:.1f} s, {total / floor['bare']:.1f} x bare")
    print(f"memory over 1,000 rows: {first['peak_mb'] - results['small']['peak_mb']:.0f} MB")


if __name__ == "__main__":
    main()
