"""Impersonation (P8): the way in, the banner, both names, read-only, and each way it ends."""

from datetime import timedelta

import pytest
from flask import Flask

import columns
import impersonation
import sessions
import tenancy
from extensions import db
from models import (
    AccountStatus,
    AuditEntry,
    Login,
    Mail,
    Order,
    OrderEvent,
    Reseller,
    Role,
    Staff,
    WebSession,
)
from tests.support.cast import Person, Story
from tests.support.people import change, disable, stop_reseller, suspend_client
from tests.support.web import Visitor


def start(browser: Visitor, person: Person) -> Visitor:
    """Press Impersonate on a login's page and go through the door, as the new tab does."""
    form = browser.get(f"/admin/logins/details/?id={person.id}").forms["impersonate"]
    form["reason"] = "Ticket 4711"
    door = form.submit(status=303).follow()
    return door.forms["impersonate"].submit(status=302).follow()


def door_of(browser: Visitor, person: Person) -> str:
    form = browser.get(f"/admin/logins/details/?id={person.id}").forms["impersonate"]
    form["reason"] = "Ticket 4711"
    return str(form.submit(status=303).location)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Move the clock of sessions and codes."""

    def move(**by: int) -> None:
        for module in (sessions, impersonation):
            monkeypatch.setattr(module, "now", lambda: columns.now() + timedelta(**by))

    return move


@pytest.fixture
def support(app: Flask, victor: Person) -> Person:
    """Victor, with the role that looks and impersonates read-only."""

    def promote(person: Person) -> None:
        db.session.get_one(Staff, person.id).role = Role.SUPPORT

    change(app, promote, victor)
    return victor


def test_the_portal_opens_as_the_login_with_a_banner(visitor, alice, bob) -> None:
    page = start(visitor(alice), bob)
    assert page.request.path == "/portal/keystone/"
    banner = page.html.select_one(".impersonation").get_text(" ", strip=True)
    assert banner.startswith("Alice sees the portal as Bob of Acme, until ")
    assert page.html.title.get_text().startswith("As Bob: ")


@pytest.mark.parametrize("path", ["numbers", "order-numbers", "orders"])
def test_the_banner_stands_on_every_page(visitor, alice, bob, path: str) -> None:
    browser = visitor(alice)
    start(browser, bob)
    assert browser.get(f"/portal/keystone/{path}").html.select_one(".impersonation")


def test_bobs_own_pages_have_no_banner(visitor, bob) -> None:
    page = visitor(bob).get("/portal/keystone/")
    assert page.html.select_one(".impersonation") is None
    visitor(bob).post("/portal/keystone/end-impersonation", status=400)


def test_the_back_office_stays_signed_in(visitor, alice, bob) -> None:
    browser = visitor(alice)
    start(browser, bob)
    assert "Alice" in browser.get("/admin/").text


def test_an_order_carries_both_names(app: Flask, visitor, alice, bob, story: Story, look) -> None:
    browser = visitor(alice)
    start(browser, bob)
    number = story.free[0].removeprefix("+1")
    page = browser.get(f"/portal/keystone/order-numbers/review?n={number}")
    page.forms["send-order"].submit("send", value="1", status=303)
    with look():
        order = db.session.query(Order).one()
        assert (order.login_id, order.impersonator_id) == (bob.id, alice.id)
        assert db.session.query(OrderEvent).one().by_name == "Alice as Bob"
        asked = {mail.kind: mail.text.splitlines()[0] for mail in db.session.query(Mail)}
        assert asked == {
            "order_submitted": "Keystone Voice for Bob has ordered for Acme: New Numbers.",
            "order_to_decide": "Alice for Bob of Acme asks for: New Numbers.",
        }
        entry = db.session.query(AuditEntry).filter_by(action="order.submitted").one()
        assert (entry.by_name, entry.staff_id, entry.login_id) == ("Alice as Bob", alice.id, bob.id)


def test_support_sees_and_cannot_send(visitor, support, bob, story: Story, look) -> None:
    browser = visitor(support)
    page = start(browser, bob)
    assert "You can look, not order." in page.html.select_one(".impersonation").get_text()
    assert page.html.find("a", string="Order Numbers") is None
    forged = {"chosen": story.free[0].removeprefix("+1"), "send": "1", "key": "k"}
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    browser.post("/portal/keystone/order-numbers", forged | {"csrf_token": token}, status="4*")
    with look():
        assert db.session.query(Order).count() == 0


def test_victor_may_not_impersonate(visitor, victor, bob) -> None:
    browser = visitor(victor)
    page = browser.get(f"/admin/logins/details/?id={bob.id}")
    assert "impersonate" not in page.forms
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    browser.post(f"/admin/logins/impersonate/?id={bob.id}", {"csrf_token": token}, status=403)


def test_mallory_cannot_impersonate_bob(visitor, mallory, bob) -> None:
    browser = visitor(mallory)
    token = browser.get("/admin/").html.find("input", {"name": "csrf_token"})["value"]
    browser.post(f"/admin/logins/impersonate/?id={bob.id}", {"csrf_token": token}, status=404)


def test_the_way_in_works_once(visitor, alice, bob) -> None:
    browser = visitor(alice)
    door = door_of(browser, bob)
    browser.get(door).forms["impersonate"].submit(status=302)
    assert "This way in has ended" in visitor().get(door, status=410).text


def test_the_way_in_dies_in_a_minute(visitor, alice, bob, later) -> None:
    browser = visitor(alice)
    door = door_of(browser, bob)
    later(seconds=59)
    browser.get(door, status=200)
    later(seconds=61)
    browser.get(door, status=410)


def test_the_way_in_is_no_way_into_another_brand(visitor, alice, bob) -> None:
    browser = visitor(alice)
    door = door_of(browser, bob).replace("/keystone/", "/other/")
    browser.get(door, status=410)


def test_looking_at_the_door_opens_nothing(visitor, alice, bob) -> None:
    browser = visitor(alice)
    browser.get(door_of(browser, bob))
    browser.get("/portal/keystone/", status=302)


def test_it_ends_after_thirty_minutes(visitor, alice, bob, later) -> None:
    browser = visitor(alice)
    start(browser, bob)
    later(minutes=29)
    browser.get("/portal/keystone/", status=200)
    later(minutes=31)
    browser.get("/portal/keystone/", status=302)


def test_it_ends_with_the_staff_members_own_session(visitor, alice, bob) -> None:
    browser = visitor(alice)
    start(browser, bob)
    browser.get("/admin/").forms["sign-out"].submit(status=302)
    browser.get("/portal/keystone/", status=302)


def test_it_ends_when_the_staff_members_own_session_has_idled_out(
    app: Flask, visitor, alice, bob
) -> None:
    browser = visitor(alice)
    start(browser, bob)

    def idle(person: Person) -> None:
        mine = db.session.query(WebSession).filter_by(staff_id=person.id)
        mine.update({"seen_at": columns.now() - sessions.IDLE[sessions.STAFF]})

    change(app, idle, alice)
    browser.get("/portal/keystone/", status=302)


def test_it_ends_when_the_owner_demands_a_second_factor(app: Flask, visitor, alice, bob) -> None:
    browser = visitor(alice)
    start(browser, bob)
    door = door_of(browser, bob)

    def demand(person: Person) -> None:
        db.session.get_one(Reseller, person.reseller_id).require_two_factor = True

    change(app, demand, alice)
    browser.get("/portal/keystone/", status=302)
    assert "This way in has ended" in visitor().get(door, status=410).text


@pytest.mark.parametrize(
    ("act", "whom"),
    [(disable, "alice"), (disable, "bob"), (suspend_client, "bob"), (stop_reseller, "alice")],
)
def test_it_ends_with_whoever_is_closed(app: Flask, visitor, story: Story, act, whom: str) -> None:
    browser = visitor(story.alice)
    start(browser, story.bob)
    change(app, act, getattr(story, whom))
    browser.get("/portal/keystone/", status="3*" if act is not stop_reseller else 404)


def test_the_banner_leads_back_to_the_login(visitor, alice, bob, look) -> None:
    browser = visitor(alice)
    page = start(browser, bob)
    back = page.forms["end-impersonation"].submit(status=302)
    assert back.location == f"/admin/logins/details/?id={bob.id}"
    browser.get("/portal/keystone/", status=302)
    with look():
        entries = db.session.query(AuditEntry).filter(AuditEntry.action.like("login.imp%"))
        assert [(e.action, e.by_name) for e in entries.order_by(AuditEntry.id)] == [
            ("login.impersonation_asked", "Alice"),
            ("login.impersonation_started", "Alice as Bob"),
            ("login.impersonation_ended", "Alice as Bob"),
        ]


def test_it_is_no_sign_in_of_bobs(app: Flask, visitor, alice, bob) -> None:
    start(visitor(alice), bob)
    with app.app_context(), tenancy.across_resellers():
        assert db.session.get_one(Login, bob.id).last_sign_in_at is None


def test_a_login_that_was_only_invited_can_be_seen_as(app: Flask, visitor, alice, bob) -> None:
    """A reseller tries what a client will find before the client has set a password."""

    def invite(person: Person) -> None:
        db.session.get_one(Login, person.id).status = AccountStatus.INVITED

    change(app, invite, bob)
    browser = visitor(alice)
    start(browser, bob)
    assert "As Bob" in browser.get("/portal/keystone/numbers").html.title.get_text()


def test_a_login_that_cannot_sign_in_cannot_be_impersonated(
    app: Flask, visitor, alice, bob
) -> None:
    def disable(person: Person) -> None:
        db.session.get_one(Login, person.id).status = AccountStatus.DISABLED

    change(app, disable, bob)
    page = visitor(alice).get(f"/admin/logins/details/?id={bob.id}")
    assert "impersonate" not in page.forms
    assert "Bob cannot sign in" in page.html.find(id="impersonate-shut").get_text()


# --- Why, and who it really is -------------------------------------------------------------------


def ask(browser: Visitor, person: Person, **typed: str):  # type: ignore[no-untyped-def]
    form = browser.get(f"/admin/logins/details/?id={person.id}").forms["impersonate"]
    form["reason"] = typed.get("reason", "")
    return form.submit(expect_errors=True)


def asked(look) -> list[dict[str, str]]:  # type: ignore[no-untyped-def]
    with look():
        entries = db.session.query(AuditEntry).filter_by(action="login.impersonation_asked")
        return [entry.changes for entry in entries]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Write in a few words why, such as a ticket's number."),
        (" .. ", "Write in a few words why, such as a ticket's number."),
        ("x" * 201, "Write at most 200 characters; these are 201."),
    ],
)
def test_it_begins_with_a_reason(visitor, alice, bob, look, reason: str, sentence: str) -> None:
    browser = visitor(alice)
    page = ask(browser, bob, reason=reason)
    assert page.status_int == 422
    assert page.html.select_one("#reason-error").get_text(strip=True) == sentence
    assert page.html.select_one("#current_password") is None
    assert asked(look) == []
    form = page.forms["impersonate"]
    form["reason"] = " Ticket  4711 "
    form.submit(status=303)
    assert asked(look) == [{"client": "Acme", "reason": "Ticket 4711"}]


def test_the_reason_stands_in_the_clients_activity(visitor, alice, olga, bob, acme) -> None:
    ask(visitor(alice), bob, reason="Ticket 4711")
    page = visitor(olga).get(f"/admin/clients/{acme.id}/activity/")
    assert "Ticket 4711" in page.text


def test_after_a_quarter_of_an_hour_the_password_is_asked_for(
    visitor, alice, bob, look, later
) -> None:
    browser = visitor(alice)
    later(minutes=14, seconds=59)
    assert ask(browser, bob, reason="Ticket 4711").status_int == 303
    later(minutes=15, seconds=1)
    page = ask(browser, bob, reason="Ticket 4712")
    assert page.status_int == 422
    assert len(asked(look)) == 1
    form = page.forms["impersonate"]
    assert form["reason"].value == "Ticket 4712"
    form["current_password"] = "not the password"
    page = form.submit(status=422)
    assert page.html.select_one("#current_password-error").get_text(strip=True) == (
        "This is not your current password."
    )
    assert len(asked(look)) == 1
    form = page.forms["impersonate"]
    form["current_password"] = alice.password
    assert "/impersonate/" in form.submit(status=303).location
    later(minutes=29)
    assert ask(browser, bob, reason="Ticket 4713").status_int == 303
    later(minutes=44)
    assert len(asked(look)) == 3


def test_looking_at_a_clients_portal_needs_neither(visitor, alice, acme, later) -> None:
    browser = visitor(alice)
    later(minutes=20)
    browser.get(f"/admin/clients/{acme.id}/").forms["look"].submit(status=303)


# --- A client's portal, as no login of it (P1) ---------------------------------------------------


def look_at(browser: Visitor, client):  # type: ignore[no-untyped-def]
    """Press Open the portal on a client's page and go through the door."""
    door = browser.get(f"/admin/clients/{client.id}/").forms["look"].submit(status=303).follow()
    return door.forms["impersonate"].submit(status=302).follow()


def forget_logins(person: Person) -> None:
    db.session.delete(db.session.get_one(Login, person.id))


def test_a_portal_opens_before_any_login_exists(app: Flask, visitor, alice, bob, acme) -> None:
    change(app, forget_logins, bob)
    page = look_at(visitor(alice), acme)
    banner = page.html.select_one(".impersonation").get_text(" ", strip=True)
    assert banner.startswith("Alice looks at the portal of Acme , as no login of it, until ")
    assert "(412) 555-0190" in page.click("Numbers", index=0).text


@pytest.mark.parametrize(
    "path", ["", "numbers", "numbers/4125550190", "order-numbers", "911", "orders", "usage"]
)
def test_whoever_looks_sees_every_page_of_the_client(visitor, alice, acme, path: str) -> None:
    browser = visitor(alice)
    look_at(browser, acme)
    seen = browser.get(f"/portal/keystone/{path}", status=200)
    assert seen.html.select_one(".impersonation")


def test_whoever_looks_has_no_account(visitor, alice, acme) -> None:
    browser = visitor(alice)
    page = look_at(browser, acme)
    assert page.html.find(id="own-account") is None
    browser.get("/portal/keystone/account", status=403)
    browser.get("/portal/keystone/account/two-factor", status=403)
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    form = {"csrf_token": token, "name": "Nobody"}
    browser.post("/portal/keystone/account", form, status=403)


def test_whoever_looks_orders_nothing(visitor, alice, acme, story: Story, look) -> None:
    browser = visitor(alice)
    page = look_at(browser, acme)
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    forged = {"csrf_token": token, "chosen": story.free[0].removeprefix("+1"), "send": "1"}
    browser.post("/portal/keystone/order-numbers/review", forged, status=403)
    with look():
        assert (db.session.query(Order).count(), db.session.query(Mail).count()) == (0, 0)


def test_looking_is_recorded_and_leads_back(visitor, alice, acme, look) -> None:
    browser = visitor(alice)
    page = look_at(browser, acme)
    back = page.forms["end-impersonation"].submit(status=302)
    assert back.location == f"/admin/clients/{acme.id}/"
    browser.get("/portal/keystone/", status=302)
    with look():
        entries = db.session.query(AuditEntry).filter(AuditEntry.action.like("client.look%"))
        assert [(e.action, e.by_name, e.object_id) for e in entries.order_by(AuditEntry.id)] == [
            ("client.look_asked", "Alice", acme.id),
            ("client.look_started", "Alice as Acme", acme.id),
            ("client.look_ended", "Alice as Acme", acme.id),
        ]


def test_looking_ends_with_the_staff_members_own_session(visitor, alice, acme) -> None:
    browser = visitor(alice)
    look_at(browser, acme)
    browser.get("/admin/").forms["sign-out"].submit(status=302)
    browser.get("/portal/keystone/", status=302)


def test_the_portal_of_a_suspended_client_is_shut_for_whoever_looks(
    app: Flask, visitor, alice, bob, acme
) -> None:
    browser = visitor(alice)
    form = browser.get(f"/admin/clients/{acme.id}/").forms["look"]
    look_at(browser, acme)
    change(app, suspend_client, bob)
    browser.get("/portal/keystone/", status=302)
    assert "Acme is suspended, so its portal is shut." in form.submit(status=302).follow().text
    assert "look" not in browser.get(f"/admin/clients/{acme.id}/").forms


def test_victor_and_mallory_open_no_portal(visitor, victor, mallory, acme) -> None:
    for person, status in ((victor, 403), (mallory, 404)):
        browser = visitor(person)
        token = browser.get("/admin/").html.find("input", {"name": "csrf_token"})["value"]
        browser.post(f"/admin/clients/{acme.id}/portal", {"csrf_token": token}, status=status)
