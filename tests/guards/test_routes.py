"""Every address under its role, asked by each of the cast; someone else's rows at every address."""

import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from webtest import TestApp, TestRequest, TestResponse, Upload

import credentials
import permissions
import ports
import tenancy
import workflow
from columns import now
from extensions import db
from lines import Request
from models import (
    CdrProfile,
    Client,
    Did,
    E911Record,
    Login,
    Mail,
    Net,
    Order,
    Port,
    Rate,
    RatePlan,
    Reseller,
    Role,
    Staff,
)
from permissions import GRANTS, Permission
from tests.guards.routes import ANYONE, LOGIN, ROUTES, STAFF
from tests.support import calls
from tests.support.cast import Person, Story
from tests.support.web import Visitor
from usage import decks, rerating


@pytest.fixture
def rows(app: Flask, story: Story, visitor) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    """Rows of Bob's and of his reseller for every kind of address: ids, a number, a token."""
    upload = visitor(story.alice).get("/admin/did-import/").forms["upload"]
    upload["file"] = Upload("numbers.csv", b"number,tier\n4125550150,1\n", "text/csv")
    shown = upload.submit().follow()
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        bob = db.session.get_one(Login, story.bob.id)
        # An administrator of the client, to whom every page of the portal is open.
        bob.is_administrator = True
        by = permissions.login_actor(bob)
        asked = [Request(story.free[0])]
        order = workflow.submit(bob.client, "did_order", asked, by)
        token = credentials.link(credentials.invite(bob)).rsplit("/", 1)[1]
        found = {
            "order": order.id,
            "number": order.number,
            "login": bob.id,
            "staff": story.alice.id,
            "client": story.acme.id,
            "did": db.session.scalars(select(Did.id).where(Did.number == story.free[0])).one(),
            "mail": db.session.scalars(select(Mail.id).order_by(Mail.id)).first(),
            "import_id": int(urlsplit(shown.request.path).path.rsplit("/", 1)[1]),
            "token": token,
            "port": _port(story),
            "e911": _address(story),
            "rate_plan": (plan_id := _plan(story)),
            "deck": _deck(story, plan_id),
            "job": _job(story),
            "cdr_format": _format(),
            "cdr_import": calls.load(calls.line("k", story.acme_number), "bad;line").id,
        }
        db.session.commit()
    return found


def _format() -> int:
    """Describe a format of call files; gives its id."""
    row = CdrProfile(key="routed", name="Routed")
    db.session.add(row)
    db.session.flush()
    return row.id


def _port(story: Story) -> int:
    """Enter a port of Acme's, with the usual statuses; gives its id."""
    ports.furnish(db.session.get_one(Reseller, story.reseller_id))
    port, acme = Port(), db.session.get_one(Client, story.acme.id)
    by = permissions.staff_actor(db.session.get_one(Staff, story.alice.id))
    typed = {"pon": "K-1", "porting_from": "Acme's Oldtel", "numbers": "4125550161"}
    ports.save(port, by=by, client=acme, **typed)
    return port.id


def _plan(story: Story) -> int:
    """Make a rate plan of Acme's with a rate; gives its id."""
    plan = RatePlan(reseller_id=story.reseller_id, name="Acme's plan")
    db.session.add(plan)
    db.session.flush()
    db.session.get_one(Client, story.acme.id).rate_plan_id = plan.id
    db.session.add(Rate(rate_plan_id=plan.id, kind="inbound", starts_on=date(2026, 1, 1)))
    return plan.id


def _deck(story: Story, plan_id: int) -> int:
    """Upload a file of rates with a bad line; gives its id."""
    by = permissions.staff_actor(db.session.get_one(Staff, story.alice.id))
    file = io.BytesIO(b"prefix,rate\n1412,0.01\n1724,0.02\nAcme,0.02\n")
    terms = decks.Terms("outbound", "2026-01-01")
    deck = decks.read(plan_id, file, "Acme.csv", by=by, terms=terms)
    decks.keep(deck)
    return deck.id


def _job(story: Story) -> int:
    """Begin to price calls of Acme's again; gives the id."""
    acme = db.session.get_one(Client, story.acme.id)
    day, by = now().date(), permissions.staff_actor(db.session.get_one(Staff, story.alice.id))
    return rerating.begin(day, day, acme, by=by).id


def _address(story: Story) -> int:
    """Put a 911 address of Acme's on record; gives its id."""
    record = E911Record(
        reseller_id=story.reseller_id,
        client_id=story.acme.id,
        number="+14125550162",
        net=Net.OFF_NET,
        caller_name="Acme",
        address1="1 Main Street",
        city="Pittsburgh",
        state="PA",
        zip="15222",
    )
    db.session.add(record)
    db.session.flush()
    return record.id


ROW_OF = {
    "cdr_formats": "cdr_format",
    "cdr_imports": "cdr_import",
    "client_e911": "e911",
    "client_logins": "login",
    "client_numbers": "did",
    "client_order_history": "order",
    "client_pending_orders": "order",
    "client_ports": "port",
    "clients": "client",
    "dids": "did",
    "e911": "e911",
    "logins": "login",
    "mail": "mail",
    "order_history": "order",
    "pending_orders": "order",
    "rate_plans": "rate_plan",
    "staff_members": "staff",
}


def rules(app: Flask, method: str) -> Iterator[Any]:
    """Go through the addresses that answer a method."""
    for rule in app.url_map.iter_rules():
        if method in rule.methods:
            yield rule


def address(app: Flask, rule: Any, rows: dict[str, Any], slug: str = "keystone") -> str:
    """Write an address with ids of Bob's world."""
    row = ROW_OF.get(rule.endpoint.split(".")[0])
    values = {
        "brand": slug,
        "number": rows["number"],
        "token": rows["token"],
        "import_id": rows["import_id"],
        "mail_id": rows["mail"],
        "port_id": rows["port"],
        "plan_id": rows["rate_plan"],
        "deck_id": rows["deck"],
        "job_id": rows["job"],
        "client_id": rows["client"],
        "act": "suspend",
        "digits": "4125550190",
        "service": "call_forwarding",
        "what": "mail" if rule.endpoint == "portal_settings.preview" else "days",
        "code": "no-such-code",
        "key": f"{now():%Y-%m}",
        "export_type": "csv",
        "filename": "css/app.css",
    }
    path = app.url_map.bind("localhost").build(
        rule.endpoint, {key: values[key] for key in rule.arguments}
    )
    query = "url=%2Fadmin%2F&name=client" + (f"&id={rows[row]}" if row else "")
    return f"{path}?{query}"


def fields(rule: Any, rows: dict[str, Any]) -> dict[str, Any]:
    """Fill a POST as a forger would: with ids, and every column that could be assigned."""
    row = ROW_OF.get(rule.endpoint.split(".")[0])
    return {
        "id": rows[row] if row else rows["order"],
        "rowid": rows[row] if row else rows["order"],
        "list_form_pk": rows[row] if row else rows["order"],
        "action": "approve",
        "verb": "approve",
        "reason": "Forged.",
        "name": "Forged",
        "email": "forged@example.com",
        "contact_email": "forged@example.com",
        "reseller_id": 1,
        "client_id": rows["client"],
        "client": rows["client"],
        "number": "+14125550103",
        "numbers": "+14125550103",
        "state": "completed",
        "status": "disabled",
        "role": "owner",
        "allow_order_requests": "y",
    }


def token_of(visitor: Visitor, person: Person | None) -> str:
    """Take a valid token of the visitor's own session."""
    path = "/admin/login" if person is None or person.is_staff else "/portal/keystone/forgotten"
    page = visitor.get(path)
    page = page.maybe_follow()
    return str(page.html.find("input", {"name": "csrf_token"})["value"])


def send(
    visitor: Visitor, app: Flask, rule: Any, rows: dict[str, Any], method: str, token: str
) -> TestResponse:
    """Send one request, with a valid token where it writes."""
    where = address(app, rule, rows)
    if method == "GET":
        return visitor.get(where, status="*")
    return visitor.post(where, {"csrf_token": token, **fields(rule, rows)}, status="*")


def fingerprint(app: Flask) -> dict[str, str]:
    """Hash every table's rows, so that any change shows."""
    quiet = {"web_session", "forgotten_password", "sign_in_failure", "audit_entry"}
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: hashlib.sha256(
                repr(sorted(map(repr, connection.execute(select(table)).all()))).encode()
            ).hexdigest()
            for table in db.Model.metadata.sorted_tables
            if table.name not in quiet
        }


def is_turned_away(response: TestResponse) -> bool:
    """Tell whether an answer is a refusal: to the sign-in page, 403, 404 or 405."""
    if response.status_int in (403, 404, 405):
        return True
    place = urlsplit(response.headers.get("Location", "")).path
    return response.status_int in (302, 303) and place.endswith(("/login", "/sign-in"))


# --- The table ----------------------------------------------------------------------------------


def test_every_address_is_listed_under_who_may_open_it(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ROUTES)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("who", [None, "bob", "charlie"])
def test_the_back_office_is_closed_to_all_but_staff(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,
    who: str | None,
    method: str,  # type: ignore[no-untyped-def]
) -> None:
    browser = visitor(getattr(story, who) if who else None)
    token, before = token_of(browser, None), fingerprint(app)
    opened = {
        rule.endpoint
        for rule in rules(app, method)
        if ROUTES[rule.endpoint] not in (ANYONE, LOGIN)
        and not is_turned_away(send(browser, app, rule, rows, method, token))
    }
    assert (opened, fingerprint(app)) == (set(), before)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("who", [None, "alice", "mallory"])
def test_the_portal_is_closed_to_all_but_logins(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,
    who: str | None,
    method: str,  # type: ignore[no-untyped-def]
) -> None:
    person = getattr(story, who) if who else None
    browser = visitor(person)
    page = browser.get("/portal/keystone/sign-in")
    token, before = page.forms["sign-in"]["csrf_token"].value, fingerprint(app)
    opened = {
        rule.endpoint
        for rule in rules(app, method)
        if ROUTES[rule.endpoint] == LOGIN
        and not is_turned_away(send(browser, app, rule, rows, method, token))
    }
    assert (opened, fingerprint(app)) == (set(), before)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_it_may_and_nothing_else(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,
    role: Role,
    method: str,  # type: ignore[no-untyped-def]
) -> None:
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        db.session.get_one(Staff, story.victor.id).role = role
        db.session.commit()
    browser = visitor(story.victor)
    token, before = token_of_staff(browser), fingerprint(app)
    opened = {
        rule.endpoint
        for rule in rules(app, method)
        if isinstance(ROUTES[rule.endpoint], Permission)
        and ROUTES[rule.endpoint] not in GRANTS[role]
        and not is_turned_away(send(browser, app, rule, rows, method, token))
        and not _does_nothing(rule, app)
    }
    assert opened == set()
    forbidden = [
        rule
        for rule in rules(app, method)
        if isinstance(ROUTES[rule.endpoint], Permission)
        and ROUTES[rule.endpoint] not in GRANTS[role]
    ]
    assert fingerprint(app) == before or not forbidden


def token_of_staff(visitor: Visitor) -> str:
    """Take the token from the sign-out form of the back office's frame."""
    return str(visitor.get("/admin/").forms["sign-out"]["csrf_token"].value)


def _does_nothing(rule: Any, app: Flask) -> bool:
    """Tell whether Flask-Admin answers here by sending back to the list, having done nothing."""
    return rule.endpoint.split(".")[1] in ("create_view", "edit_view", "delete_view", "action_view")


# --- Someone else's rows ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_mallory_finds_nothing_of_another_reseller(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,
    method: str,  # type: ignore[no-untyped-def]
) -> None:
    browser = visitor(story.mallory)
    token, before = token_of_staff(browser), ours(app, story)
    leaks = {}
    for rule in rules(app, method):
        if ROUTES[rule.endpoint] in (ANYONE, LOGIN):
            continue
        body = send(browser, app, rule, rows, method, token).body.decode(errors="replace")
        leaks |= _seen(rule, body, ("Acme", "Birch", "5550101"))
    assert (leaks, ours(app, story)) == ({}, before)


def _seen(rule: Any, body: str, words: tuple[str, ...]) -> dict[str, list[str]]:
    found = [word for word in words if word in body]
    return {rule.endpoint: found} if found else {}


def ours(app: Flask, story: Story) -> dict[str, str]:
    """Hash the rows of Bob's reseller alone."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: repr(
                sorted(
                    map(
                        repr,
                        connection.execute(
                            select(table).where(table.c.reseller_id == story.reseller_id)
                        ).all(),
                    )
                )
            )
            for table in db.Model.metadata.sorted_tables
            if "reseller_id" in table.c
        }


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_charlie_finds_nothing_of_another_client(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,
    method: str,  # type: ignore[no-untyped-def]
) -> None:
    browser = visitor(story.charlie)
    page = browser.get("/portal/keystone/")
    token = page.forms["sign-out"]["csrf_token"].value
    leaks = {}
    for rule in rules(app, method):
        if ROUTES[rule.endpoint] != LOGIN or rule.endpoint in ("portal.sign_out",):
            continue
        body = send(browser, app, rule, rows, method, token).body.decode(errors="replace")
        leaks |= _seen(rule, body, ("Acme", rows["number"]))
    assert leaks == {}
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        assert db.session.get_one(Order, rows["order"]).state == "pending"


def test_the_guard_sees_a_leak(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,  # type: ignore[no-untyped-def]
) -> None:
    """When something is to stay hidden, there must be something that could be seen."""
    page = visitor(story.alice).get(f"/admin/orders/{rows['number']}")
    assert "Acme" in page.text
    assert rows["number"] in visitor(story.bob).get("/portal/keystone/orders").text


# --- Manners ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_get_never_writes(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,
    who: str,  # type: ignore[no-untyped-def]
) -> None:
    browser, before = visitor(getattr(story, who)), fingerprint(app)
    for rule in rules(app, "GET"):
        send(browser, app, rule, rows, "GET", "")
    assert fingerprint(app) == before


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_every_post_wants_a_token(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,
    who: str,  # type: ignore[no-untyped-def]
) -> None:
    browser, before = visitor(getattr(story, who)), fingerprint(app)
    taken = {
        rule.endpoint
        for rule in rules(app, "POST")
        if browser.post(address(app, rule, rows), fields(rule, rows), status="*").status_int != 400
    }
    assert (taken, fingerprint(app)) == (set(), before)


NAMES = ("q", "n", "chosen", "number", "page", "from", "to", "tab", "state", "place", "type", "at")
NAMES += ("area_code", "nxx", "feature", "price_class", "client", "service", "only", "show", "all")
ODD = ("%00", "9" * 30, "-1", "%FF%FE", "%F0%9F%98%80%0D%0A", "%D9%A1%D9%A2")
"""What stands behind every name at once: NUL, absurd numbers, half of UTF-8, Arabic digits."""

JUNK = (
    "id=abc",
    "id=99999999999999999999",
    "id=10&id=11",
    "id=-1",
    "page=-1",
    "page=99999999999999999999",
    "page_size=1000000",
    "search=%00",
    "search=%25_%5C%27",
    "sort=99&desc=1",
    "sort=-1",
    "flt0_0=%00",
    "flt1_status_is=lost",
    "endpoint=x&page=2",
    "_scheme=javascript&export_type=xls",
    "_scheme=javascript&_external=1&page=2",
    "from=0001-01-01&to=0001-01-02",
    "from=9999-12-01&to=9999-12-31",
    *(f"{'&'.join(f'{name}={{0}}' for name in NAMES)}".format(v) for v in ODD),
)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_an_address_is_no_error_of_ours(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,
    junk: str,  # type: ignore[no-untyped-def]
) -> None:
    browsers = {LOGIN: visitor(story.bob), STAFF: visitor(story.alice)}
    broken = {}
    for rule in rules(app, "GET"):
        browser = browsers[LOGIN if ROUTES[rule.endpoint] == LOGIN else STAFF]
        where = address(app, rule, rows).split("?")[0]
        # Pages are checked elsewhere; here there are thousands of them.
        asked = TestRequest.blank(f"{where}?{junk}")
        response = TestApp.do_request(browser, asked, status="*")
        if response.status_int >= 500:
            broken[rule.endpoint] = response.status
    assert broken == {}


def test_an_id_or_number_that_cannot_be_is_no_error_of_ours(
    app: Flask,
    story: Story,
    rows: dict[str, Any],
    visitor,  # type: ignore[no-untyped-def]
) -> None:
    browsers = {LOGIN: visitor(story.bob), STAFF: visitor(story.alice)}
    found, asked = {}, 0
    for rule in rules(app, "GET"):
        where = address(app, rule, rows).split("?")[0]
        for absurd in ("9" * 18, "9" * 19, "9" * 40, "abc"):
            odd = re.sub(r"/\d+(?=/|$)", f"/{absurd}", where)
            if odd == where:
                continue
            browser = browsers[LOGIN if ROUTES[rule.endpoint] == LOGIN else STAFF]
            answer = TestApp.do_request(browser, TestRequest.blank(odd), status="*")
            asked += 1
            if answer.status_int >= 500:
                found[rule.endpoint] = answer.status
    assert found == {}
    assert asked > 50


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(app: Flask, story: Story, visitor, method: str) -> None:  # type: ignore[no-untyped-def]
    response = visitor(story.alice).request("/admin/", method=method, status="*")
    assert response.status_int in (400, 405)


def test_every_answer_carries_the_policy(app: Flask, story: Story, rows, visitor) -> None:  # type: ignore[no-untyped-def]
    browser = visitor(story.alice)
    for path in ("/admin/", "/admin/login", "/static/css/app.css", "/nowhere", "/healthz"):
        headers = browser.get(path, status="*").headers
        assert "script-src 'self'" in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff", path
    assert browser.get("/admin/").headers["Cache-Control"] == "no-store"
