"""Measure pages against their floor, side by side, and print ratios; asserts nothing.

Run: python bench/pages.py --url URL [--seconds 3] [--only numbers,clients]
The database is one that bench/data.py filled; reseller 1 is looked at. Needs wrk (Debian: wrk).
For each page: requests a second, p95, CPU of the web server a request, CPU of PostgreSQL a request,
SQL statements, bytes; then the floor's requests a second, and Portico's share of them and of CPU.
"""

import argparse
import os
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from serving import Load, Server, environment, get, sign_in  # noqa: E402

PASSWORD = "quiet-river-seven-lamps"
STAFF, HEAVY, TYPICAL = "staff", "heavy", "typical"
TYPICAL_CLIENT = 11
"""Of reseller 1 in every data set, since clients are dealt out in turn to 1 or to 10 resellers."""


@dataclass(frozen=True)
class Page:
    """One page: its address, who asks, its floor, and what it is to reach a second."""

    name: str
    path: str
    who: str = STAFF
    floor: str = "nothing"
    given: dict[str, str] = field(default_factory=dict)
    target: int = 0
    share: float = 0.35


def pages(known: dict[str, str]) -> list[Page]:
    """List the pages of the performance table."""
    month = {"month": datetime.now(UTC).date().replace(day=1).isoformat()}
    typical, heavy = ({"client": str(c)} for c in (TYPICAL_CLIENT, 1))
    part = known["number"][6:10]
    portal = "/portal/reseller1"
    return [
        Page("sign-in page", "/admin/login", "", target=800),
        Page("sign-in page, portal", f"{portal}/sign-in", "", target=800, share=0.6),
        Page("first page, staff", "/admin/"),
        Page("clients", "/admin/clients/", floor="clients", given=month, target=250),
        Page("numbers", "/admin/dids/", floor="numbers", target=150),
        Page(
            "numbers, part of a number",
            f"/admin/dids/?search={part}",
            floor="found",
            given={"part": f"%{part}%"},
            target=120,
        ),
        Page("pending orders", "/admin/pending-orders/", floor="pending", target=150),
        Page("order history", "/admin/order-history/", floor="decided", target=150),
        Page(
            "one order",
            f"/admin/orders/{known['order']}",
            floor="order",
            given={"order": known["order"]},
            target=300,
        ),
        Page(
            "month of a typical client",
            f"/admin/clients/{TYPICAL_CLIENT}/usage/",
            floor="month",
            given=month | typical,
            target=300,
        ),
        Page(
            "month of the heaviest client",
            "/admin/clients/1/usage/",
            floor="month",
            given=month | heavy,
            target=350,
        ),
        Page("month of all clients", "/admin/usage/", floor="months", given=month, target=250),
        Page("first page, portal", f"{portal}/", TYPICAL, "own_orders", typical, 250, 0.6),
        Page("own orders", f"{portal}/orders", TYPICAL, "own_orders", typical, 350, 0.6),
        Page("own numbers", f"{portal}/numbers", HEAVY, "own_numbers", heavy, 0, 0.6),
        Page(
            "own calls",
            f"{portal}/usage/{known['number']}",
            HEAVY,
            "own_calls",
            month | heavy | {"number": known["number"]},
            200,
            0.6,
        ),
        Page("own month", f"{portal}/usage", TYPICAL, "month", month | typical, 0, 0.6),
    ]


def count_statements(url: str, cookies: dict[str, str], some: list[Page]) -> dict[str, int]:
    """Open each page in this process, and count what it asks the database the second time."""
    os.environ |= environment(url, 1) | {"LOG_LEVEL": "error"}
    from sqlalchemy import event

    from app import create_app
    from extensions import db

    app, seen, counts = create_app(), [0], {}
    with app.app_context():

        @event.listens_for(db.engine, "before_cursor_execute")
        def count(*_: object) -> None:
            seen[0] += 1

    browser = app.test_client(use_cookies=False)
    for page in some:
        for _ in range(2):
            seen[0] = 0
            headers = {"Cookie": cookies[page.who], "Host": "127.0.0.1"}
            answer = browser.get(page.path, headers=headers)
            assert answer.status_code == 200, (page.path, answer.status_code)
        counts[page.name] = seen[0]
    return counts


def look_up(url: str) -> dict[str, str]:
    """Find the number of the heaviest client with the most calls, and a decided order."""
    from sqlalchemy import create_engine, text

    with create_engine(url).connect() as connection:
        number = connection.scalar(
            text(
                "SELECT number FROM usage_day WHERE reseller_id = 1 AND client_id = 1 AND "
                "day >= :month GROUP BY number ORDER BY sum(calls) DESC, number LIMIT 1"
            ),
            {"month": datetime.now(UTC).date().replace(day=1).isoformat()},
        )
        order = connection.scalar(
            text("SELECT number FROM orders WHERE reseller_id = 1 AND id > 500 ORDER BY id LIMIT 1")
        )
    return {"number": number, "order": order}


HEAD = (
    f"{'page':<30}{'req/s':>7}{'p95':>7}{'cpu':>7}{'db':>7}{'sql':>5}{'bytes':>9}"
    f"{'floor':>7}{'cpu':>6}{'share':>7}{'of cpu':>8}  to reach"
)


def line(page: Page, ours: Load, floor: Load, statements: int, size: int) -> str:
    """Write one page's figures."""
    share, of_cpu = ours.a_second / floor.a_second, floor.cpu / ours.cpu
    target = f"{page.share:.0%}" + (f", {page.target}/s" if page.target else "")
    bad = f"  {ours.bad} BAD" if ours.bad else ""
    return (
        f"{page.name:<30}{ours.a_second:>7.0f}{ours.p95:>7.0f}{ours.cpu:>7.1f}"
        f"{ours.database_cpu:>7.1f}{statements:>5}{size:>9,}{floor.a_second:>7.0f}{floor.cpu:>6.1f}"
        f"{share:>7.0%}{of_cpu:>8.0%}  {target}{bad}"
    )


def measure(url: str, seconds: float, only: list[str]) -> None:
    some = [p for p in pages(look_up(url)) if not only or any(o in p.name for o in only)]
    with Server(url) as ours, Server(url, "floor:create_app()") as floor:
        portal = "/portal/reseller1/sign-in"
        cookies = {
            "": "",
            STAFF: sign_in(ours, "/admin/login", "alice1@bench.example", PASSWORD),
            HEAVY: sign_in(ours, portal, "bob1@bench.example", PASSWORD),
            TYPICAL: sign_in(ours, portal, f"bob{TYPICAL_CLIENT}@bench.example", PASSWORD),
        }
        statements = count_statements(url, cookies, some)
        print(f"start {ours.took_seconds:.1f} s, {[round(m) for m in ours.megabytes]} MB a process")
        print(HEAD)
        for page in some:
            size = len(get(ours, page.path, cookies[page.who]))
            below = floor.load(
                f"/{page.floor}?{urlencode(page.given | {'bytes': size})}", seconds=seconds
            )
            here = ours.load(page.path, cookies[page.who], seconds)
            print(line(page, here, below, statements[page.name], size), flush=True)
        print(f"after it {[round(m) for m in ours.megabytes]} MB a process")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--url", required=True)
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--only", default="")
    given = options.parse_args()
    measure(given.url, given.seconds, [one for one in given.only.split(",") if one])


if __name__ == "__main__":
    main()
