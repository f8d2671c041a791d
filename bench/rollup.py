"""Measure daily sums and pricing again: calls a second beside plain SQL; asserts nothing.

Run: python bench/rollup.py [--calls 100000] [--url postgresql+psycopg://…/empty_database]
Without --url it makes an SQLite file. The database must be empty; it is migrated. Calls of 50
clients with 500 numbers over 30 days are added up as an import does, in chunks of 2,000 each in a
transaction; the floor is one INSERT … SELECT … GROUP BY over the same calls, once they are all
there. Then all are priced again, by a plan that changes every one: sums move by the difference.
The seconds are of this process's CPU, which other load changes little; on PostgreSQL they are only
our part. What docs/performance.md says was taken with this.
"""

import argparse
import random
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from bare_app import make_app  # noqa: E402
from flask_migrate import upgrade  # noqa: E402
from sqlalchemy import delete, text  # noqa: E402

import models  # noqa: E402
import rollup  # noqa: E402
import tenancy  # noqa: E402
from did_import.bulk import insert_rows  # noqa: E402
from extensions import db  # noqa: E402
from permissions import Actor  # noqa: E402
from usage import recounting  # noqa: E402
from usage.reports import Range  # noqa: E402

FIRST, DAYS, CHUNK = date(2026, 11, 1), 30, 2_000
CLIENTS, NUMBERS = 50, 500

FLOOR = """
    INSERT INTO usage_day (reseller_id, day, client_id, owner, number, kind, calls, billed_seconds,
                           cost_micros, price_micros)
    SELECT reseller_id, day, client_id, client_id, number, kind, count(*), sum(billed_seconds),
           sum(cost_micros), sum(price_micros)
    FROM call GROUP BY reseller_id, day, client_id, number, kind
"""


def prepare(count: int) -> list[dict[str, Any]]:
    """Make a reseller, its clients with a plan, and calls; gives the calls."""
    chance = random.Random(count)
    tenant = tenancy.current()
    plan = models.RatePlan(name="Plan")
    db.session.add(plan)
    db.session.flush()
    names = [f"Client {n}" for n in range(CLIENTS)]
    rows = [models.Client(name=name, contact_email="a@x.example") for name in names]
    for row in rows:
        row.rate_plan_id = plan.id
    db.session.add_all(rows)
    file = models.CdrImport(file_name="x", digest="x", source="x")
    db.session.add(file)
    db.session.flush()
    made = [_call(n, chance, rows[0].id, file.id) for n in range(count)]
    for place in range(0, count, CHUNK):
        insert_rows(models.Call, made[place : place + CHUNK], tenant)
    db.session.commit()
    return made


def _call(n: int, chance: random.Random, first_client: int, file_id: int) -> dict[str, Any]:
    number = int(NUMBERS * chance.random() ** 2)
    day = FIRST + timedelta(days=chance.randrange(DAYS))
    return {
        "cdr_import_id": file_id,
        "source": "x",
        "transaction_id": str(n),
        "kind": chance.choice(("inbound", "outbound")),
        "started_at": datetime(day.year, day.month, day.day, 15, tzinfo=UTC),
        "day": day,
        "number": f"+1412555{number:04d}",
        "far_end": "+12125550147",
        "carried_by": None,
        "seconds": 61,
        "billed_seconds": 61,
        "cost_micros": 10_000,
        "price_micros": 10_000,
        "client_id": first_client + number % CLIENTS,
    }


def added_up(calls: list[dict[str, Any]]) -> float:
    """Add calls up as an import does; gives the seconds of CPU."""
    begun = time.process_time()
    for place in range(0, len(calls), CHUNK):
        rollup.add_up(calls[place : place + CHUNK], tenancy.current())
        db.session.commit()
    return time.process_time() - begun


def floor() -> float:
    """Add all calls up by one statement; gives the seconds of CPU."""
    begun = time.process_time()
    with db.engine.begin() as connection:
        connection.execute(text(FLOOR))
    return time.process_time() - begun


def priced_again() -> float:
    """Price all calls again by other rates; gives the seconds of CPU."""
    db.session.query(models.RatePlan).one().markup_basis_points = 2_500
    db.session.commit()
    begun = time.process_time()
    span = Range(FIRST, FIRST + timedelta(days=DAYS))
    recounting.rerate(span, by=Actor(name="Bench"))
    return time.process_time() - begun


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--url")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(asked.url or f"sqlite:///{folder}/bench.db")
        with app.app_context():
            upgrade(directory=str(ROOT / "migrations"))
            with tenancy.across_resellers():
                reseller = models.Reseller(name="Bench", slug="bench")
                db.session.add(reseller)
                db.session.commit()
                key = reseller.id
            with tenancy.acting_for(key):
                calls = prepare(asked.calls)
                bare = floor()
                for name in ("UsageDay", "UsageClientDay", "UsageClientMonth", "UsageAllDay"):
                    db.session.execute(delete(getattr(models, name)))
                db.session.commit()
                ours, again = added_up(calls), priced_again()
    count = asked.calls
    print(f"Added up in chunks: {count / ours:,.0f} calls a second of CPU")
    print(f"One statement over all: {count / bare:,.0f}; ours is {bare / ours:.2f} of it")
    print(f"Priced again, every one changed: {count / again:,.0f} calls a second of CPU")


if __name__ == "__main__":
    main()
