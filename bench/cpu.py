"""Measure the CPU of pages and of their floor by turns, in this one process; asserts nothing.

Run: python bench/cpu.py --url URL [--turns 12] [--only numbers,clients]
For a machine so busy that requests a second say nothing: the least CPU of some turns does.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from pages import HEAVY, PASSWORD, STAFF, TYPICAL, TYPICAL_CLIENT, look_up, pages  # noqa: E402
from serving import environment  # noqa: E402

HOST = {"Host": "127.0.0.1"}


def signed_in(app: object, path: str, email: str) -> object:
    browser = app.test_client()  # type: ignore[attr-defined]
    token = re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(path, headers=HOST).text
    )
    assert token
    form = {"csrf_token": token[1], "email": email, "password": PASSWORD}
    assert browser.post(path, data=form, headers=HOST).status_code in (302, 303)
    return browser


def least(ask: Callable[[], bytes]) -> float:
    """Ask once; gives the CPU that it took, in milliseconds."""
    began = time.process_time()
    ask()
    return (time.process_time() - began) * 1000


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--url", required=True)
    options.add_argument("--turns", type=int, default=12)
    options.add_argument("--only", default="")
    given = options.parse_args()
    known = look_up(given.url)
    os.environ |= environment(given.url, 1) | {"LOG_LEVEL": "error"}
    import floor

    from app import create_app

    app, below = create_app(), floor.create_app().test_client()
    portal = "/portal/reseller1/sign-in"
    browsers = {
        "": app.test_client(),
        STAFF: signed_in(app, "/admin/login", "alice1@bench.example"),
        HEAVY: signed_in(app, portal, "bob1@bench.example"),
        TYPICAL: signed_in(app, portal, f"bob{TYPICAL_CLIENT}@bench.example"),
    }
    print(f"{'page':<30}{'cpu ms':>8}{'floor':>8}{'share':>7}  to reach")
    for page in pages(known):
        if given.only and not any(one in page.name for one in given.only.split(",")):
            continue
        browser = browsers[page.who]
        size = len(browser.get(page.path, headers=HOST).data)  # type: ignore[attr-defined]
        address = f"/{page.floor}?{urlencode(page.given | {'bytes': size})}"
        turns = [
            (
                least(lambda b=browser, p=page: b.get(p.path, headers=HOST).data),  # type: ignore[misc]
                least(lambda a=address: below.get(a).data),
            )
            for _ in range(given.turns)
        ]
        ours, bare = (min(times) for times in zip(*turns[2:], strict=True))
        share = f"{bare / ours:.0%}"
        print(f"{page.name:<30}{ours:>8.1f}{bare:>8.1f}{share:>7}  {page.share:.0%}", flush=True)


if __name__ == "__main__":
    main()
