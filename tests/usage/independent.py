"""The month of a call file worked out once more, by plain SQL over its raw text in a bare SQLite.

Nothing here imports the application: what it says is compared with what the application says.
"""

import csv
import io
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SCHEMA = """
CREATE TABLE raw (kind, at, seconds INTEGER, price, ani, dnis);
CREATE TABLE holder (number PRIMARY KEY, client, tier, plan);
CREATE TABLE plan (name PRIMARY KEY, basis_points INTEGER, fixed INTEGER);
CREATE TABLE rate (plan, kind, prefix, tier, minute INTEGER, unit INTEGER, least INTEGER,
                   step INTEGER, first, until);
CREATE TABLE word (theirs PRIMARY KEY, ours);
INSERT INTO word VALUES ('Origination', 'inbound'), ('Termination', 'outbound'),
    ('TollFree', 'toll_free'), ('SMS', 'message'), ('911', 'e911');

CREATE VIEW call AS
SELECT ours AS kind, seconds, CAST(replace(price, '.', '') AS INTEGER) AS cost,
       CASE WHEN ours IN ('outbound', 'e911') THEN ani ELSE dnis END AS number,
       CASE WHEN ours IN ('outbound', 'e911') THEN dnis ELSE ani END AS far_end,
       date(at, CASE WHEN at < (SELECT at FROM clock) THEN (SELECT before FROM clock)
                     ELSE (SELECT after FROM clock) END) AS day
FROM raw JOIN word ON theirs = raw.kind;

CREATE VIEW rated AS
SELECT call.*, client, plan.basis_points, plan.fixed, (
    SELECT r.rowid FROM rate AS r
    WHERE r.plan = holder.plan AND r.kind = call.kind AND r.tier IN ('', holder.tier)
      AND substr(far_end, 2, length(r.prefix)) = r.prefix
      AND r.first <= day AND (r.until IS NULL OR day < r.until)
    ORDER BY length(r.prefix) DESC, r.tier = '', r.first DESC LIMIT 1) AS rate
FROM call LEFT JOIN holder USING (number) LEFT JOIN plan ON plan.name = holder.plan;

CREATE VIEW billed AS
SELECT day, coalesce(client, '') AS client, number, rated.kind, cost, basis_points, fixed, rate,
       minute, unit,
       CASE WHEN rate IS NULL THEN seconds WHEN seconds = 0 THEN 0
            ELSE max(least, (seconds + step - 1) / step * step) END AS billed
FROM rated LEFT JOIN rate ON rate.rowid = rated.rate;

CREATE VIEW priced AS
SELECT day, client, number, kind, billed, cost,
       CASE WHEN client = '' THEN 0
            WHEN rate IS NOT NULL THEN unit + (2 * billed * minute + 60) / 120
            ELSE cost + (2 * cost * coalesce(basis_points, 0) + 10000) / 20000 + coalesce(fixed, 0)
       END AS price
FROM billed;
"""


@dataclass(frozen=True)
class Clock:
    """When a zone's clock changes, in UTC, and SQLite's shifts to local time before and after."""

    at: str
    before: str
    after: str


Sums = dict[tuple[str, ...], tuple[int, int, int, int]]
"""Day, client, number and kind to calls, billed seconds, cost and price."""


class Book:
    """A raw call file in a database of its own, with who had the numbers and what they pay."""

    def __init__(self, content: bytes, clock: Clock) -> None:
        self.base = sqlite3.connect(":memory:")
        self.base.execute("CREATE TABLE clock (at, before, after)")
        self.base.execute("INSERT INTO clock VALUES (?, ?, ?)", tuple(vars(clock).values()))
        self.base.executescript(SCHEMA)
        rows = csv.DictReader(io.StringIO(content.decode()), delimiter=";")
        names = ("CallType", "StartTime", "CallDuration", "CallPrice", "ANI", "DNIS")
        cells = ([row[name] for name in names] for row in rows)
        self.base.executemany("INSERT INTO raw VALUES (?, ?, ?, ?, ?, ?)", cells)

    def hold(self, number: str, client: str, tier: str, plan: str) -> None:
        """Let a client have a number, of a tier, and pay by a plan."""
        self.base.execute("INSERT INTO holder VALUES (?, ?, ?, ?)", (number, client, tier, plan))

    def plan(self, name: str, basis_points: int, fixed: int) -> None:
        """Know a plan by its mark-up."""
        self.base.execute("INSERT INTO plan VALUES (?, ?, ?)", (name, basis_points, fixed))

    def rates(self, plan: str, rates: Iterable[Mapping[str, object]]) -> None:
        """Give a plan its rates."""
        names = ("kind", "prefix", "tier", "minute", "unit", "least", "step", "first", "until")
        rows = [(plan, *(rate[name] for name in names)) for rate in rates]
        self.base.executemany("INSERT INTO rate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def sums(self) -> Sums:
        """Add the calls up by day, client, number and kind."""
        found = self.base.execute(
            "SELECT day, client, number, kind, count(*), sum(billed), sum(cost), sum(price) "
            "FROM priced GROUP BY day, client, number, kind"
        )
        return {row[:4]: row[4:] for row in found}

    def total(self, client: str, month: str) -> tuple[int, int, int]:
        """Give a client's calls and messages, cost and price in a month such as 2026-11."""
        found = self.base.execute(
            "SELECT count(*), coalesce(sum(cost), 0), coalesce(sum(price), 0) FROM priced "
            "WHERE client = ? AND substr(day, 1, 7) = ?",
            (client, month),
        )
        count, cost, price = found.fetchone()
        return count, cost, price
