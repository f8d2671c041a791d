"""Measure the import of call files: rows a second against a bare load, and memory; asserts nothing.

Run: python bench/import_cdrs.py [--rows 200000] [--url postgresql+psycopg://…/empty_database]
Without --url it makes an SQLite file. The database must be empty; it is migrated. Each measurement
is a process of its own. The floor is the same rows, read from the same file, put into a table with
the same columns and indexes: by one COPY on PostgreSQL, by one executemany in one transaction on
SQLite; it rates nothing, knows of no client and sums nothing up. On PostgreSQL the floor's rows are
written out before, so that the COPY is measured alone; on SQLite splitting the lines is outside
too. Ours is everything: keeping the bytes, checking, reading, rating, whose call, sums, exactly
once. CPU is this process's and that of its server's connection: where others use the cores it says
more than the clock. What docs/performance.md says was taken with this.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from bare_app import make_app  # noqa: E402
from flask import Flask  # noqa: E402
from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import text  # noqa: E402

import models  # noqa: E402
import tenancy  # noqa: E402
from extensions import db  # noqa: E402
from permissions import Actor  # noqa: E402
from sample_data import make_cdrs  # noqa: E402
from usage import bulk, importing  # noqa: E402

NUMBERS = [f"+141255{n:05d}" for n in range(20_000, 22_000)]
CLIENTS = 50
PREFIXES = 1_000
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def prepare() -> None:
    """Make a reseller whose numbers have been its clients' for years, each with a rate plan."""
    with tenancy.across_resellers():
        reseller = models.Reseller(name="Bench", slug="bench")
        db.session.add(reseller)
        db.session.flush()
        tenant = reseller.id
        db.session.commit()
    with tenancy.acting_for(tenant):
        tier = models.Tier(label="1", name="1")
        plan = models.RatePlan(name="Plan", markup_basis_points=3_000)
        clients = [
            models.Client(name=f"Client {n}", contact_email="a@b.example") for n in range(CLIENTS)
        ]
        db.session.add_all([tier, plan, *clients])
        db.session.flush()
        for kind in (models.CallKind.INBOUND, models.CallKind.OUTBOUND):
            for n in range(PREFIXES):
                prefix = f"1{200 + n % 800}{n // 800 or ''}" if n else ""
                plan.rates.append(_rate(kind, prefix, n))
        for n, number in enumerate(NUMBERS):
            client = clients[n % CLIENTS]
            client.rate_plan_id = plan.id
            did = models.Did(number=number, npa="412", nxx="555", type="local", tier_id=tier.id)
            db.session.add(did)
            db.session.flush()
            held = {"did_id": did.id, "number": number, "client_id": client.id}
            db.session.add(models.DidAssignment(**held, started_at=LONG_AGO))
        db.session.commit()


def _rate(kind: models.CallKind, prefix: str, n: int) -> models.Rate:
    when = {"starts_on": date(2020, 1, 1), "minimum_seconds": 6, "increment_seconds": 6}
    return models.Rate(kind=kind, prefix=prefix, minute_micros=9_000 + n, unit_micros=0, **when)


def ours(path: str) -> dict[str, float]:
    """Import the file as `flask import-cdrs` does."""
    enter()
    start = spent()
    with open(path, "rb") as stream:
        row = importing.run(stream, path, by=Actor("Bench"))
    assert row.state is models.ImportState.DONE, row.problem
    rows, bad = row.added, row.bad
    db.session.rollback()
    return since(start) | {"rows": rows, "bad": bad}


def spent() -> tuple[float, float, float]:
    """Tell the time, and the seconds of CPU of this process and of its server's, if that is here.

    One connection is open at a time, so that the server's process is the same all along.
    """
    server = 0.0
    connection = db.engine.raw_connection()
    if db.engine.dialect.name == "postgresql":
        pid = connection.driver_connection.info.backend_pid
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            ticks = stat.read_text().rpartition(")")[2].split()[11:13]
            server = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    connection.close()
    return time.perf_counter(), time.process_time(), server


def since(start: tuple[float, float, float]) -> dict[str, float]:
    seconds, own, server = (after - before for after, before in zip(spent(), start, strict=True))
    return {"seconds": seconds, "cpu": own + server, "server_cpu": server}


def enter() -> None:
    with tenancy.across_resellers():
        tenant = db.session.query(models.Reseller.id).scalar()
        db.session.rollback()
    tenancy.enter(tenant)


def bare(path: str) -> dict[str, float]:
    """Load the rows that ours wrote into a table like theirs, with the same indexes, at once."""
    columns = bulk.OF_FILE + bulk.OF_CALL
    names = ", ".join(columns)
    connection = db.engine.raw_connection()
    raw: Any = connection.driver_connection
    if db.engine.dialect.name == "sqlite":
        rows = raw.execute(f"SELECT {names} FROM call ORDER BY id").fetchall()
        for statement in _like_call(raw):
            raw.execute(statement)
        insert = f"INSERT INTO bare ({names}) VALUES ({', '.join('?' * len(columns))})"
        connection.close()
        start = spent()
        raw.execute("BEGIN")
        raw.executemany(insert, rows)
        raw.execute("COMMIT")
        return since(start) | {"rows": len(rows)}
    raw.execute("CREATE TABLE bare (LIKE call INCLUDING ALL)")
    with (
        raw.cursor() as cursor,
        cursor.copy(f"COPY (SELECT {names} FROM call ORDER BY id) TO STDOUT") as out,
    ):
        blocks = list(out)
    raw.commit()
    connection.close()
    start = spent()
    with raw.cursor() as cursor, cursor.copy(f"COPY bare ({names}) FROM STDIN") as copy:
        for at in range(0, len(blocks), 1000):
            copy.write(b"".join(blocks[at : at + 1000]))
    raw.commit()
    return since(start) | {"rows": len(blocks)}


def _like_call(raw: Any) -> list[str]:
    found = raw.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'call' AND sql IS NOT NULL")
    made = []
    for (sql,) in found.fetchall():
        without = re.sub(r"CONSTRAINT \w+ (FOREIGN KEY|CHECK).*\n", "", sql)
        without = re.sub(r",\s*\)\s*$", ")", without)
        without = without.replace("CREATE TABLE call", "CREATE TABLE bare")
        without = without.replace('CREATE TABLE "call"', "CREATE TABLE bare")
        made.append(re.sub(r"INDEX ix_(\w+) ON call", r"INDEX ix_bare_\1 ON bare", without))
    return made


def measure(url: str, what: str, path: str) -> dict[str, Any]:
    """Do one step in a process of its own."""
    command = [sys.executable, __file__, "--url", url, "--step", what, "--file", path]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def step(url: str, what: str, path: str) -> None:
    app = make_app(url)
    with app.app_context():
        took = bare(path) if what == "bare" else ours(path)
        took |= {"peak_mb": peak_mb()}
    print(json.dumps(took))


def peak_mb() -> float:
    """Tell this process's own peak; getrusage would tell the parent's."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def write_file(path: str, rows: int) -> None:
    with open(path, "w") as out:
        for n, line in enumerate(make_cdrs.lines(NUMBERS, date(2026, 8, 20), 90, a_day=rows // 68)):
            if n > rows:
                break
            out.write(line + "\n")


def compare(url: str, rows: int, folder: str, file: str) -> None:
    app = make_app(url)
    with app.app_context():
        upgrade()
        prepare()
    small, large = f"{folder}/small.CDR", file or f"{folder}/large.CDR"
    write_file(small, 20_000)
    if not file:
        write_file(large, rows)
    results = {}
    for name, what, path in (
        ("small", "ours", small),
        ("ours", "ours", large),
        ("bare", "bare", large),
    ):
        results[name] = measure(url, what, path)
        print(name, {key: round(value, 2) for key, value in results[name].items()}, flush=True)
        if name == "small":
            with app.app_context():
                forget(app)
    for what in ("seconds", "cpu"):
        mine, floor = (results[name]["rows"] / results[name][what] for name in ("ours", "bare"))
        part = f"{mine / floor:.0%} of the floor"
        print(f"by {what}: ours {mine:,.0f} rows a second, bare {floor:,.0f}: {part}")
    more = results["ours"]["peak_mb"] - results["small"]["peak_mb"]
    print(f"memory over 20,000 rows: {more:.0f} MB")


def forget(app: Flask) -> None:
    """Empty what the small file left, so that the large one is all new."""
    with db.engine.begin() as connection:
        for table in (
            *("call", "usage_day", "usage_client_day", "usage_client_month", "usage_all_day"),
            *("cdr_reject", "cdr_import_part", "cdr_import"),
        ):
            connection.execute(text(f"DELETE FROM {table}"))


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--url", default="")
    options.add_argument("--step", default="")
    options.add_argument("--file", default="", help="a call file made before, for these numbers")
    given = options.parse_args()
    if given.step:
        step(given.url, given.step, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(given.url or f"sqlite:///{folder}/bench.db", given.rows, folder, given.file)


if __name__ == "__main__":
    main()
