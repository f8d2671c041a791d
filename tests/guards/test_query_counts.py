"""A page asks the database as much for a hundred rows as for one, and a list asks little."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from webtest import TestResponse, Upload

from extensions import db
from models import Login, Role, Staff
from tests.guards.growing import SHOWS_NO_ROWS, SHOWS_ROWS, grow, in_stock, long_order, owned
from tests.guards.routes import ANYONE, LOGIN, ROUTES
from tests.guards.test_routes import address, rows, rules
from tests.support.cast import Story
from tests.support.queries import statements
from tests.support.web import Visitor

__all__ = ["rows"]

FEW, MANY = 2, 100
BEYOND = {"portal.order_numbers": 1}
"""Pages that count what stands beyond their first page once there is such a thing."""

MOST_OF_A_LIST, MOST_OF_A_FIRST_PAGE = 6, 10
FIRST_PAGES = {"admin.index", "portal.first_page"}
ASKS_MORE = {"pending_orders.index_view": 8, "client_pending_orders.index_view": 8}
"""Lists that ask more than a list should: what stands in the way of an order that waits."""

POSTED = ("client_usage.csv", "portal.usage_csv", "portal.numbers_csv")
"""Exports that are asked for by a form, because it is recorded who took them."""

Ask = Callable[[Any], TestResponse]
Seen = dict[str, tuple[int, int]]
"""What each address took: how many statements, and how many bytes came."""


def every_rule(app: Flask) -> Iterator[Any]:
    """Go through the addresses that somebody signed in can read something at."""
    yield from (rule for rule in rules(app, "GET") if ROUTES[rule.endpoint] != ANYONE)
    yield from (rule for rule in rules(app, "POST") if rule.endpoint in POSTED)


def asker(app: Flask, story: Story, rows: dict[str, Any], visitor: Any, last: int) -> Ask:
    """Make the function that opens an address as the one whom it is for."""
    alice, bob = visitor(story.alice), visitor(story.bob)
    tokens = {alice: _token(alice, "/admin/"), bob: _token(bob, "/portal/keystone/")}
    rows = rows | {"import_id": _preview(alice, last)}

    def ask(rule: Any) -> TestResponse:
        browser = bob if ROUTES[rule.endpoint] == LOGIN else alice
        where = _where(app, story, rule, rows, last)
        if rule.endpoint not in POSTED:
            return browser.get(where, status="*")
        return browser.post(where, {"csrf_token": tokens[browser]})

    return ask


def _token(browser: Visitor, path: str) -> str:
    return str(browser.get(path).forms["sign-out"]["csrf_token"].value)


def _where(app: Flask, story: Story, rule: Any, rows: dict[str, Any], last: int) -> str:
    """Write the address at which a page shows all that it has."""
    if rule.endpoint.endswith("usage.calls") or rule.endpoint == "portal.usage_calls":
        rows = rows | {"number": story.acme_number}
    path = address(app, rule, rows).replace("&name=client", "")
    if rule.endpoint in POSTED:
        path = path.replace("/csv/days", "/csv/calls")
    asked = {
        "search.index": "&q=Client",
        "portal.review_numbers": "&chosen=" + ".".join(in_stock(1, last)),
        "portal.review_many": f"&service=call_forwarding&n={owned(1, last)}",
        "portal.review_release": f"&n={owned(1, last)}",
    }
    return path + asked.get(rule.endpoint, "")


def _preview(browser: Visitor, last: int) -> int:
    """Upload a list of numbers; gives the id of its preview."""
    lines = "".join(f"215557{n:04d},1\n" for n in range(1, last))
    form = browser.get("/admin/did-import/").forms["upload"]
    form["file"] = Upload("numbers.csv", b"number,tier\n" + lines.encode(), "text/csv")
    return int(form.submit(status=302).location.rsplit("/", 1)[1])


def measure(app: Flask, ask: Ask, some: Iterable[Any]) -> Seen:
    """Open each address twice, and count the second time."""
    found = {}
    for rule in some:
        ask(rule)
        with statements(app) as seen:
            size = len(ask(rule).body)
        found[rule.endpoint] = (sum(one != "BEGIN" for one in seen), size)
    return found


@pytest.fixture
def measured(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor: Any,
    look: Any,
) -> tuple[Seen, Seen]:
    """Open every address with few rows and with many."""
    with look():
        # An owner opens every page.
        db.session.get_one(Staff, story.alice.id).role = Role.OWNER
        grow(story, 1, FEW)
    few = measure(app, asker(app, story, rows, visitor, FEW), every_rule(app))
    with look():
        grow(story, FEW, MANY)
        long_order(story, rows["number"], MANY)
    return few, measure(app, asker(app, story, rows, visitor, MANY), every_rule(app))


def asks_more(few: Seen, many: Seen) -> Seen:
    """Find the addresses that took more statements when there was more to show."""
    pairs = {one: (few[one][0], many[one][0]) for one in few}
    return {one: (a, b) for one, (a, b) in pairs.items() if b > a + BEYOND.get(one, 0)}


def asks_too_much(many: Seen) -> dict[str, int]:
    """Find the lists and first pages that took more statements than one may."""
    lists = {one for one in many if one.endswith(".index_view")} | {"portal.numbers"}
    most = dict.fromkeys(lists, MOST_OF_A_LIST) | dict.fromkeys(FIRST_PAGES, MOST_OF_A_FIRST_PAGE)
    most |= ASKS_MORE
    return {one: many[one][0] for one in most if many[one][0] > most[one]}


def test_no_page_asks_more_for_a_hundred_rows_than_for_one(measured: tuple[Seen, Seen]) -> None:
    few, many = measured
    assert asks_more(few, many) == {}
    assert asks_too_much(many) == {}
    not_grown = {one for one in SHOWS_ROWS if many[one][1] < few[one][1] * 1.05}
    assert not_grown == set()


def test_every_page_is_listed_as_one_that_shows_rows_or_one_that_does_not(app: Flask) -> None:
    assert {rule.endpoint for rule in every_rule(app)} == SHOWS_ROWS | SHOWS_NO_ROWS
    assert set() == SHOWS_ROWS & SHOWS_NO_ROWS


def test_a_query_a_row_is_noticed(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor: Any,
    look: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def planted() -> str:
        return " ".join(login.client.name for login in db.session.scalars(select(Login)))

    monkeypatch.setitem(app.view_functions, "logins.index_view", planted)
    some = [rule for rule in every_rule(app) if rule.endpoint.startswith("logins.index")]
    with look():
        grow(story, 1, FEW)
    few = measure(app, asker(app, story, rows, visitor, FEW), some)
    with look():
        grow(story, FEW, FEW + 3)
    many = measure(app, asker(app, story, rows, visitor, FEW), some)
    queries, _ = few["logins.index_view"]
    assert asks_more(few, many) == {"logins.index_view": (queries, queries + 3)}
