"""Open every page that links lead to, and list the statements that took long; asserts nothing.

Run: python bench/slow.py --url URL [--over 15]
The database is one that bench/data.py filled. What pages.py measures is a few pages; a statement of
any other that reads far more than it shows is found here. Each page is opened twice: the second
time counts, by the clock, in milliseconds.
"""

import argparse
import os
import re
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from cpu import HOST, signed_in  # noqa: E402
from serving import environment  # noqa: E402

PORTAL = "/portal/reseller1/"
AREAS = {
    "/admin/": ("/admin/login", "alice1@bench.example", "/admin/clients/1/"),
    PORTAL: (f"{PORTAL}sign-in", "bob1@bench.example", f"{PORTAL}usage"),
}
"""Where each area begins: its sign-in, who looks (the heaviest client's login), a second start."""

ALIKE = 3
"""Pages that are opened of one shape: an endpoint and the names in its query."""


@dataclass
class Watch:
    """What was asked of the database while one page was opened."""

    took: list[tuple[float, str, Any]] = field(default_factory=list)

    def listen(self, engine: Any) -> None:
        """Write down each statement of an engine, how long it took and what it was given."""
        from sqlalchemy import event

        @event.listens_for(engine, "before_cursor_execute")
        def begin(conn: Any, *_: Any) -> None:
            conn.info["began"] = time.perf_counter()

        @event.listens_for(engine, "after_cursor_execute")
        def end(conn: Any, cursor: Any, statement: str, given: Any, *_: Any) -> None:
            took = (time.perf_counter() - conn.info["began"]) * 1000
            self.took.append((took, " ".join(statement.split()), given))


def links(page: Any, path: str, area: str) -> Iterator[str]:
    """Give the addresses of the area that a page leads to."""
    for found in re.findall(r'href="([^"#]+)', page.text):
        where = urlsplit(urljoin(path, unescape(found)))
        is_file = "csv" in where.path or where.path.endswith(".pdf")
        if not where.netloc and where.path.startswith(area) and not is_file:
            yield f"{where.path}?{where.query}" if where.query else where.path


def crawl(app: Any, watch: Watch, area: str, over: float) -> dict[str, tuple[float, str, Any]]:
    """Open the pages of an area; gives its slow statements, each where it took longest."""
    sign_in, email, second = AREAS[area]
    browser: Any = signed_in(app, sign_in, email)
    match = app.url_map.bind(HOST["Host"]).match
    todo, seen = deque([area, second]), set()
    opened: Counter[Any] = Counter()
    slow: dict[str, tuple[float, str, Any]] = {}
    while todo:
        path = todo.popleft()
        where = urlsplit(path)
        shape = (match(where.path)[0], *sorted(name for name, _ in parse_qsl(where.query)))
        if path in seen or opened[shape] >= ALIKE or "sign" in shape[0]:
            continue
        seen.add(path)
        opened[shape] += 1
        for _ in range(2):
            watch.took.clear()
            began = time.perf_counter()
            page = browser.get(path, headers=HOST)
            took = (time.perf_counter() - began) * 1000
        if page.status_code != 200 or page.mimetype != "text/html":
            continue
        asked = sum(one for one, *_ in watch.took)
        if asked > over:
            print(f"{took:>8.0f}{asked:>10.0f}{len(watch.took):>5}  {path}", flush=True)
        for one, statement, given in watch.took:
            if one > max(over, slow.get(statement, (0.0,))[0]):
                slow[statement] = (one, path, given)
        todo += [link for link in links(page, path, area) if link not in seen]
    print(f"{len(seen)} pages below {area}\n")
    return slow


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--url", required=True)
    options.add_argument("--over", type=float, default=15, help="milliseconds")
    given = options.parse_args()
    os.environ |= environment(given.url, 1) | {"LOG_LEVEL": "error"}
    from app import create_app
    from extensions import db

    app, watch = create_app(), Watch()
    with app.app_context():
        watch.listen(db.engine)
    print(f"{'page ms':>8}{'database':>10}{'sql':>5}  page")
    slow: dict[str, tuple[float, str, Any]] = {}
    for area in AREAS:
        slow |= crawl(app, watch, area, given.over)
    for statement, (took, path, values) in sorted(slow.items(), key=lambda one: -one[1][0]):
        print(f"{took:.0f} ms, {path}\n  {statement[:1200]}\n  {str(values)[:300]}\n")


if __name__ == "__main__":
    main()
