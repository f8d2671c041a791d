"""Whatever people write stays text: in every page, every mail and every cell of a CSV."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from webtest import TestApp, TestRequest, TestResponse

from extensions import db
from models import Did, Mail, Order
from tests.guards.routes import ANYONE, LOGIN, ROUTES
from tests.guards.test_routes import address, fields, rows, rules
from tests.support import hostile
from tests.support.cast import Story
from tests.support.hostile import FORMULAS, MARKER, unescaped
from tests.support.web import Visitor

__all__ = ["rows"]

SHOWS = {
    "alice": {
        *("clients.index_view", "client.overview", "client.edit", "client_logins.index_view"),
        *("logins.index_view", "logins.details_view", "logins.edit_view"),
        *("dids.index_view", "dids.details_view", "mail.index_view", "mail.details_view"),
        *("mail.body_view", "order_history.index_view", "pending_orders.index_view"),
        *("orders.show", "did_import.index", "did_import.show", "admin.index"),
        *("ports.index_view", "client_ports.index_view", "port.show", "port.edit"),
        *("port.complete", "port_words.index", "e911.index_view", "e911.details_view"),
        *("client_e911.index_view", "e911_missing.index_view"),
    },
    "bob": {
        *("portal.first_page", "portal.numbers", "portal.orders", "portal.order", "portal.account"),
        *("portal.order_numbers", "portal.review_numbers", "portal.review_many"),
        *("portal.review_release", "portal.release_number"),
    },
}
"""Pages that must show the marker, so that its absence elsewhere means something."""


@pytest.fixture
def world(rows: dict[str, Any], story: Story, look):  # type: ignore[no-untyped-def]
    """Make every free text hostile: ``world(marker)`` gives the rows for each address."""

    def make(marker: str) -> list[dict[str, Any]]:
        with look():
            hostile.furnish(story)
            hostile.poison(marker)
            hostile.act(story, marker)
            hostile.poison(marker)
            hostile.import_hostile(rows["import_id"], marker)
            found = [
                rows | {"order": order.id, "number": order.number}
                for order in db.session.scalars(select(Order))
            ]
            owned = select(Did.id).where(Did.number == story.acme_number)
            found.append(rows | {"did": db.session.scalars(owned).one()})
            return found + [rows | {"mail": key} for key in db.session.scalars(select(Mail.id))]

    return make


def addresses(app: Flask, worlds: list[dict[str, Any]]) -> dict[str, str]:
    """List every address that answers GET, with the endpoint that it belongs to."""
    basket = "/portal/keystone/order-numbers/review?n=4125550105"
    many = "/portal/keystone/numbers/many?service=call_forwarding&all=1"
    release = "/portal/keystone/numbers/release?all=1"
    chosen = {many: "portal.review_many", release: "portal.review_release"}
    return (
        {basket: "portal.review_numbers"}
        | chosen
        | {
            address(app, rule, one): rule.endpoint
            for one in worlds
            for rule in rules(app, "GET")
            if not rule.endpoint.endswith("static")
        }
    )


def visit(browser: Visitor, where: str) -> TestResponse:
    """Open an address as it is: what a hostile page breaks is for these tests to tell."""
    return TestApp.do_request(browser, TestRequest.blank(where), status="*")


def pages(app: Flask, browser: Visitor, worlds: list[dict[str, Any]]) -> Iterator[Any]:
    """Open every address; gives (endpoint, answer)."""
    for where, endpoint in addresses(app, worlds).items():
        yield endpoint, visit(browser, where)


def is_html(answer: TestResponse) -> bool:
    return answer.content_type == "text/html"


def test_no_table_with_texts_is_left_without_a_row(world, look) -> None:  # type: ignore[no-untyped-def]
    """A new table joins the world in tests/support/hostile.py, or its texts are tried nowhere."""
    world(MARKER)
    with look():
        assert hostile.tables_without_a_row() == set()


# --- Markup -----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_no_page_lets_markup_through(app: Flask, story: Story, world, visitor, who: str) -> None:  # type: ignore[no-untyped-def]
    """Alice and Bob open every page, and every mail, of a world in which all texts are hostile."""
    browser = visitor(getattr(story, who))
    worlds, broken, shown = world(MARKER), {}, set()
    for endpoint, answer in pages(app, browser, worlds):
        assert answer.status_int < 500, endpoint
        if is_html(answer):
            shown |= {endpoint} if "xss" in answer.text else set()
            broken |= {endpoint: found} if (found := unescaped(answer.text)) else {}
    assert broken == {}
    assert SHOWS[who] - shown == set(), "The guard looked at pages without the marker."


def test_every_mail_shows_what_people_wrote_and_lets_no_markup_through(world, look) -> None:  # type: ignore[no-untyped-def]
    world(MARKER)
    with look():
        mails = list(db.session.scalars(select(Mail).where(Mail.html.contains("xss"))))
        kinds = {mail.kind for mail in mails}
        assert [mail.kind for mail in mails if unescaped(mail.html)] == []
        assert len(kinds) >= 11


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_no_answer_echoes_what_an_address_asks(
    app: Flask,
    story: Story,
    rows,
    visitor,
    who: str,  # type: ignore[no-untyped-def]
) -> None:
    names = "search q name place state area_code digits type price_class feature url next number"
    more = "id page sort page_size flt0_state_is flt1_status_is flt0_0 n numbers only remove chosen"
    query = dict.fromkeys((names + " " + more).split(), MARKER)
    browser, broken, echoed = visitor(getattr(story, who)), {}, 0
    for where, endpoint in addresses(app, [rows]).items():
        blank = TestRequest.blank(where.split("?")[0])
        blank.query_string = "&".join(f"{key}={quoted(value)}" for key, value in query.items())
        answer = TestApp.do_request(browser, blank, status="*")
        echoed += b"xss" in answer.body
        broken |= {endpoint: found} if is_html(answer) and (found := unescaped(answer.text)) else {}
    assert broken == {}
    assert echoed


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_no_form_gives_back_markup(app: Flask, story: Story, rows, visitor, who: str) -> None:  # type: ignore[no-untyped-def]
    """What was typed is kept in the form that comes back, as text."""
    browser = visitor(getattr(story, who))
    broken, echoed = {}, 0
    for rule in rules(app, "POST"):
        if "sign_out" in rule.endpoint:
            continue
        token = token_for(browser, rule.endpoint)
        typed = dict.fromkeys((*fields(rule, rows), "notes", "note", "notify", "label"), MARKER)
        typed |= {"csrf_token": token, "id": rows["login"], "client_id": rows["client"]}
        for sent in (typed, typed | {"password": MARKER}):
            answer = browser.post(address(app, rule, rows), sent, status="*")
            echoed += b"xss" in answer.body
            if is_html(answer) and (found := unescaped(answer.text)):
                broken[rule.endpoint] = found
    assert broken == {}
    assert echoed


def test_the_preview_of_an_invitation_lets_no_markup_through(
    story: Story,
    visitor,  # type: ignore[no-untyped-def]
) -> None:
    browser = visitor(story.alice)
    form = browser.get("/admin/logins/new/", {"client": story.acme.id}).forms["login"]
    form["name"], form["email"], form["notify"] = MARKER, "eve@acme.example", "eve@acme.example"
    page = form.submit("go", value="preview")
    shown = visit(browser, "/admin/logins/preview/")
    assert [unescaped(page.text), unescaped(shown.text), "xss" in shown.text] == [[], [], True]


def token_for(browser: Visitor, endpoint: str) -> str:
    """Take a token that the endpoint's side of the house accepts."""
    if ROUTES[endpoint] in (LOGIN, ANYONE) and endpoint.startswith("portal."):
        page = browser.get("/portal/keystone/forgotten").maybe_follow()
    else:
        page = browser.get("/admin/").maybe_follow()
    return str(page.html.find("input", {"name": "csrf_token"})["value"])


@pytest.mark.parametrize("where", ["/{}", "/admin/{}", "/admin/orders/{}", "/portal/{}/sign-in"])
def test_no_error_page_echoes_an_address(story: Story, visitor, where: str) -> None:  # type: ignore[no-untyped-def]
    answer = visit(visitor(story.alice), where.format(quoted(MARKER)))
    assert answer.status_int == 404
    assert unescaped(answer.text) == []


def quoted(text: str) -> str:
    """Write a text for an address, every sign in its code."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


@pytest.mark.parametrize(
    ("html", "is_safe"),
    [
        ("&#34;&gt;&lt;xss&gt;{{7*7}}&#39;", True),
        ("?q=%22%3E%3Cxss%3E%7B%7B7*7%7D%7D%27", True),
        (MARKER, False),
        ("&#34;&gt;<xss>{{7*7}}", False),
        ('"&gt;&lt;xss&gt;{{7*7}}', False),
        ("&#34;&gt;&lt;xss&gt;49&#39;", False),
    ],
)
def test_the_guard_sees_planted_markup(html: str, is_safe: bool) -> None:
    assert (unescaped(f'<p title="{html}">') == []) is is_safe


# --- Formulas ---------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_csv_is_a_formula(
    app: Flask,
    story: Story,
    world,
    visitor,
    formula: str,  # type: ignore[no-untyped-def]
) -> None:
    alice, bob = visitor(story.alice), visitor(story.bob)
    worlds, broken, written = world(formula)[:1], {}, set()
    for where, endpoint in addresses(app, worlds).items():
        answer = visit(bob if ROUTES[endpoint] == LOGIN else alice, where)
        if answer.content_type == "text/csv":
            written |= {endpoint} if "1" in answer.text else set()
            broken |= {endpoint: cells} if (cells := list(hostile.formulas(answer.text))) else {}
    assert broken == {}
    exports = {e for e in ROUTES if e.endswith(".export")} | {"did_import.report"}
    assert exports - written == set(), "The guard read no rows."


@pytest.mark.parametrize("cell", [one for one in FORMULAS if one[0] != "'"])
def test_the_guard_sees_a_planted_formula(cell: str) -> None:
    quoted_cell = cell.replace('"', '""')
    assert list(hostile.formulas(f'name,city\r\nAcme,"{quoted_cell}"\r\n')) == [cell]


@pytest.mark.parametrize("cell", ["+14125550101", "-1.50", "'=1+1", "Acme", "1-2"])
def test_the_guard_lets_numbers_and_amounts_be(cell: str) -> None:
    assert list(hostile.formulas(f"name\r\n{cell}\r\n")) == []
