"""What a forger sends: another site's form, columns that no form shows, places to be led on to.

Whose rows an address may name, and tokens, are the business of ``test_routes``.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from flask import Flask
from sqlalchemy import Boolean, Date, DateTime, Enum, LargeBinary, String, select
from webtest import TestApp, TestRequest

from extensions import db
from models import Role, Staff
from tests.guards.routes import ANYONE, LOGIN, ROUTES
from tests.guards.test_routes import (
    address,
    fields,
    fingerprint,
    rows,
    rules,
    token_of_staff,
)
from tests.support.cast import Story
from tests.support.web import Visitor

__all__ = ["rows"]  # The fixture; its name must stand here to be found.

NUMBER, TEXT, DAY = 987_654_321, "forged", "2001-02-03"
"""Values that nothing in the world of the tests has."""

QUIET = {"audit_entry", "web_session", "forgotten_password", "sign_in_failure"}
LEAVES = ("sign-out", "logout", "/impersonate", "two-factor", "password", "end-session", "/demand")
"""Forms that end the session or ask for a password; their own tests forge them."""


@pytest.fixture
def browsers(visitor, story: Story, look) -> dict[str, Visitor]:  # type: ignore[no-untyped-def]
    """Alice, who owns the account here so that all is open to her, and Bob."""
    with look():
        db.session.get_one(Staff, story.alice.id).role = Role.OWNER
        db.session.commit()
    return {"alice": visitor(story.alice), "bob": visitor(story.bob)}


def is_of(who: str, rule: Any) -> bool:
    """Tell whether an address belongs to the area of one of the two."""
    if ROUTES[rule.endpoint] == ANYONE:
        return False
    return (ROUTES[rule.endpoint] == LOGIN) == (who == "bob")


# --- Another site -------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_form_of_another_site_is_refused(
    app: Flask,
    rows: dict[str, Any],
    browsers: dict[str, Visitor],
    who: str,
    site: str,
) -> None:
    """Even with a token that is right: the browser says where the form comes from."""
    browser = browsers[who]
    home = "/admin/" if who == "alice" else "/portal/keystone/"
    token = browser.get(home).forms["sign-out"]["csrf_token"].value
    before, taken = fingerprint(app), {}
    for rule in rules(app, "POST"):
        if is_of(who, rule):
            sent = {"csrf_token": token, **fields(rule, rows)}
            where, says = address(app, rule, rows), {"Sec-Fetch-Site": site}
            answer = browser.post(where, sent, headers=says, status="*")
            if answer.status_int != 403:
                taken[rule.endpoint] = answer.status
    assert (taken, fingerprint(app)) == ({}, before)


def test_a_form_of_our_own_page_is_taken(visitor, bob) -> None:  # type: ignore[no-untyped-def]
    form = visitor(bob).get("/portal/keystone/account").forms["account"]
    form.submit(headers={"Sec-Fetch-Site": "same-origin"}, status=302)


# --- Columns that no form shows -------------------------------------------------------------------


def forged(story: Story, shown: set[str]) -> list[tuple[str, str]]:
    """Fill every column of every table, but for those that the form shows, as a forger would."""
    values: dict[str, str] = {}
    for table in db.Model.metadata.sorted_tables:
        for column in table.columns:
            if column.name not in shown and not isinstance(column.type, LargeBinary):
                values[column.name] = forged_value(column, story)
    return list(values.items())


def forged_value(column: Any, story: Story) -> str:
    """Choose a value that the column would take, and that can be found again."""
    if column.name in OTHERS:
        return OTHERS[column.name](story)
    if isinstance(column.type, Enum):
        return str(column.type.enums[-1])
    if isinstance(column.type, Boolean):
        return "y"
    if isinstance(column.type, (Date, DateTime)):
        return DAY
    return f"{TEXT} {column.name}" if isinstance(column.type, String) else str(NUMBER)


OTHERS: dict[str, Callable[[Story], str]] = {
    "reseller_id": lambda story: str(story.other_reseller_id),
    "client_id": lambda story: str(story.birch.id),
    "role": lambda story: "owner",
    "state": lambda story: "completed",
    "is_administrator": lambda story: "y",
}
"""Columns whose forged values others have too: those that stand there must not become so."""


def world(app: Flask) -> dict[tuple[str, int], dict[str, Any]]:
    """Read every row of every table."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            (table.name, row["id"]): dict(row)
            for table in db.Model.metadata.sorted_tables
            if table.name not in QUIET and "id" in table.c
            for row in connection.execute(select(table)).mappings()
        }


def is_as_forged(name: str, value: Any, story: Story) -> bool:
    """Tell whether a guarded column has become what the forger sent."""
    if name not in OTHERS:
        return False
    return OTHERS[name](story) in (str(value), "y" if value is True else "")


def taken_from_forger(before: Any, after: Any, shown: set[str], story: Story) -> set[str]:
    """List the columns where a forged value, or a change that nobody may make, stands now."""
    found = set()
    for key, row in after.items():
        old = before.get(key)
        for name, value in row.items():
            text = repr(value)
            if old is not None and old[name] == value:
                continue
            is_planted = f"{TEXT} " in text or str(NUMBER) in text or "2001, 2, 3" in text
            is_moved = old is not None and name not in shown and is_as_forged(name, value, story)
            if is_planted or is_moved:
                found.add(f"{key[0]}.{name}")
    return found


def forms_of(app: Flask, browser: Visitor, who: str, rows: dict[str, Any]) -> dict[str, Any]:
    """Collect every form that this person can send, by its address."""
    found = {}
    for rule in rules(app, "GET"):
        if not is_of(who, rule) or rule.endpoint.endswith((".export", ".csv", "_csv", "pdf")):
            continue
        page = browser.get(address(app, rule, rows).partition("?url")[0], status="*")
        page = page if page.status_int == 200 else browser.get(address(app, rule, rows), status="*")
        if page.status_int != 200 or page.content_type != "text/html":
            continue
        for form in page.forms.values():
            where = urljoin(page.request.url, form.action or page.request.url)
            if form.method.upper() == "POST" and not any(part in where for part in LEAVES):
                found[where] = form
    return found


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_form_takes_no_column_that_it_does_not_show(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    browsers: dict[str, Visitor],
    who: str,
) -> None:
    forms = forms_of(app, browsers[who], who, rows)
    assert len(forms) > 5
    taken: dict[str, set[str]] = {}
    for where, form in forms.items():
        shown, before = set(form.fields), world(app)
        sent = [*form.submit_fields(), *forged(story, shown)]
        browsers[who].post(where, sent, content_type=form.enctype, status="*")
        found = taken_from_forger(before, world(app), shown, story)
        if found:
            taken[urlsplit(where).path] = found
    assert taken == {}


def test_the_guard_sees_what_a_forger_got(app: Flask, story: Story, look) -> None:  # type: ignore[no-untyped-def]
    before = world(app)
    with look():
        alice = db.session.get_one(Staff, story.alice.id)
        alice.role, alice.name = Role.OWNER, f"{TEXT} name"
        db.session.commit()
    assert taken_from_forger(before, world(app), set(), story) == {"staff.role", "staff.name"}


# --- Places to be led on to -----------------------------------------------------------------------

ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "http://evil.example",
    "HTTPS://evil.example",
    "ftp://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "%2f%2fevil.example",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/admin//evil.example",
    "/portal/keystone//evil.example",
    "/admin/../../evil.example",
    "/portal/keystone/../../../evil.example",
    "/admin/\r\nSet-Cookie: a=b",
    "/portal/keystone/\r\nLocation: //evil.example",
    "/admin/\t//evil.example",
    " //evil.example",
    "@evil.example",
    "http://localhost@evil.example/",
    "http://localhost.evil.example/",
    "//localhost@evil.example",
    "/admin/\u2028x",
    "/portal/keystone/\x00",
    "?next=//evil.example",
    "evil.example",
    "/portal/other/",
)


def is_here(place: str, area: str) -> bool:
    """Tell whether a Location leads to a plain path of an area on our own host."""
    parts = urlsplit(urljoin("http://localhost/", place))
    is_ours = (parts.scheme, parts.netloc) == ("http", "localhost")
    return is_ours and parts.path.startswith(area) and "//" not in parts.path


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_signing_in_leads_nowhere_else(visitor, story: Story, name: str) -> None:  # type: ignore[no-untyped-def]
    person = getattr(story, name)
    area = "/admin/" if person.is_staff else "/portal/keystone/"
    door = "/admin/login" if person.is_staff else "/portal/keystone/sign-in"
    led = {}
    for place in ELSEWHERE:
        form = visitor().get(door, {"next": place}).forms["sign-in"]
        form["email"], form["password"] = person.email, person.password
        led[place] = form.submit(status=302).headers["Location"]
    assert {place: to for place, to in led.items() if not is_here(to, area)} == {}


@pytest.mark.parametrize("place", ELSEWHERE[::4])
def test_no_page_of_the_back_office_leads_elsewhere(
    app: Flask,
    rows: dict[str, Any],
    browsers: dict[str, Visitor],
    place: str,
) -> None:
    """Flask-Admin's ``url`` and our ``next``: neither a redirect nor a link follows them away."""
    led = {}
    for rule in rules(app, "GET"):
        if not is_of("alice", rule) or rule.endpoint.endswith("export"):
            continue
        where = address(app, rule, rows).partition("?")[0]
        asked = TestRequest.blank(where + "?" + query(rule, rows, place))
        answer = TestApp.do_request(browsers["alice"], asked, status="*")
        if "Location" in answer.headers and not is_here(answer.headers["Location"], "/admin/"):
            led[rule.endpoint] = answer.headers["Location"]
        if answer.content_type == "text/html" and f'href="{place}"' in answer.text:
            led[rule.endpoint] = "a link"
    assert led == {}


def query(rule: Any, rows: dict[str, Any], place: str) -> str:
    """Write a query with the row's id, and the place under each name."""
    key = fields(rule, rows)["id"]
    return urlencode({"id": key, "url": place, "next": place})


def test_a_decision_leads_nowhere_else(
    app: Flask,
    rows: dict[str, Any],
    browsers: dict[str, Visitor],
) -> None:
    browser = browsers["alice"]
    token, led = token_of_staff(browser), {}
    for place in ELSEWHERE:
        sent = {"csrf_token": token, "next": place, "url": place}
        answer = browser.post(f"/admin/orders/{rows['number']}/approve", sent, status="*")
        if "Location" in answer.headers and not is_here(answer.headers["Location"], "/admin/"):
            led[place] = answer.headers["Location"]
    assert led == {}
