"""A real browser for tests: Chromium, a server in a thread, pages that fail on any complaint.

A page made here collects console errors, uncaught exceptions and what the content policy refused;
at the end of the test there must be none. Chromium missing is a failure, never a skip.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = (Path(__file__).parents[1] / "browser" / "vendor" / "axe.min.js").read_text(encoding="utf-8")
OUTLINED = """element => {
    const look = getComputedStyle(element);
    return look.outlineStyle === "solid" && parseFloat(look.outlineWidth) >= 2
        && !/, 0\\)$|transparent/.test(look.outlineColor);
}"""
"""Tells whether an element that has the focus shows it."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    assert Path(CHROMIUM).exists(), f"There is no Chromium at {CHROMIUM}; set CHROMIUM to its path."
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield opened
        opened.close()


class _Quiet(WSGIRequestHandler):
    """Keep a line a request out of the tests' output."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Write nothing."""


def _closing(app: "WSGIApplication") -> "WSGIApplication":
    """Read every answer whole and close it before it is sent.

    Werkzeug's server leaves an answer open when the browser has hung up on it, as it does when a
    page closes while its icons are on the way: a file that nobody closed, found by a later test.
    """

    def answer(environ: "WSGIEnvironment", started: "StartResponse") -> Iterable[bytes]:
        with closing(ClosingIterator(app(environ, started))) as parts:
            return list(parts)

    return answer


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application from a thread; give its address."""
    answering = _closing(app)
    server = make_server("127.0.0.1", 0, answering, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def live_server() -> Callable[[Flask], Any]:
    """Serve an application: ``with live_server(app) as address``."""
    return serving


@pytest.fixture
def page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Make pages: ``page(address, width=390, scheme="dark")``; complaints fail the test."""
    complaints: list[str] = []
    contexts = []

    def make(base_url: str, width: int = 1440, scheme: str = "light", **more: Any) -> Page:
        context = browser.new_context(
            base_url=base_url,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            **more,
        )
        contexts.append(context)
        opened = context.new_page()
        opened.set_default_timeout(10_000)
        opened.on("console", lambda message: _note(message, complaints))
        opened.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        opened.complaints = complaints
        return opened

    yield make
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.fixture
def office(app: Flask, story: Any, live_server: Any, page: Callable[..., Page]) -> Any:
    """Open a page of the back office as one of the staff: ``with office(alice, path) as seen``."""

    @contextmanager
    def opened(person: Any, path: str, **more: Any) -> Iterator[Page]:
        with live_server(app) as address:
            seen = page(address, **more)
            seen.goto("/admin/login")
            seen.get_by_label("E-mail").fill(person.email)
            seen.get_by_label("Password").fill(person.password)
            seen.get_by_role("button", name="Sign in").click()
            seen.goto(path)
            yield seen
            # Before the server: a picture still on its way would be a complaint.
            seen.close()

    return opened


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    # Chromium reports what the content policy refused as an error on the console, too. The page of
    # an error that a test asked for is logged as a failed resource, and is no complaint.
    if message.type == "error" and "server responded with a status of 4" not in message.text:
        complaints.append(f"{message.location.get('url')}: {message.text}")


def axe_faults(page: Page, rules: list[str] = RULES) -> list[str]:
    """List what axe-core finds on the page as it now stands, by groups of rules or single ones."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(options)", options)
    return [
        f"{rule['id']} at {[node['target'] for node in rule['nodes']]}: "
        f"{rule['nodes'][0]['failureSummary']}"
        for rule in found["violations"]
    ]


def assert_accessible(page: Page) -> None:
    """Assert that axe-core finds nothing on the page as it now stands."""
    faults = axe_faults(page)
    assert not faults, f"{page.url}: " + "; ".join(faults)


def assert_no_sideways_scroll(page: Page) -> None:
    """Assert that nothing stands beyond the right edge."""
    beyond = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert beyond == 0, f"{page.url} scrolls sideways by {beyond} px"
