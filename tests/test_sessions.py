"""Sessions through the live application: whose cookie counts where, and how long."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine, select

import display
import sessions
import tenancy
from extensions import db
from models import AuditEntry, WebSession
from tests.support import people
from tests.support.cast import Person, Story
from tests.support.people import is_inside
from tests.support.queries import statements, writes
from tests.support.web import Visitor

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOURS = {"staff": 0.5, "portal": 8}


def who(story: Story, name: str) -> Person:
    return getattr(story, name)


def thief(app: Flask, browser: Visitor, name: str, as_name: str | None = None) -> Visitor:
    """Make a browser that holds a copy of one of another's cookies."""
    other = Visitor(app)
    other.set_cookie(as_name or name, browser.cookies[name])
    return other


def test_bob_and_alice_share_a_browser(visitor, alice: Person, bob: Person):
    browser = visitor(alice).sign_in(bob)
    assert is_inside(browser, alice)
    assert is_inside(browser, bob)
    # The third says that this browser signed in before; nobody is signed in by it.
    assert sorted(browser.cookies) == ["known", "portal", "staff"]


def test_signing_in_makes_a_new_cookie_and_the_planted_one_stays_outside(
    app: Flask, visitor, bob: Person
):
    browser = visitor()
    browser.get("/portal/keystone/sign-in")
    planted = thief(app, browser, "portal")
    browser.sign_in(bob)
    assert browser.cookies["portal"] != planted.cookies["portal"]
    assert is_inside(browser, bob)
    assert not is_inside(planted, bob)


def test_the_token_is_long_and_only_its_hash_is_kept(app: Flask, visitor, bob: Person):
    browser = visitor(bob)
    with app.test_request_context("/portal/", headers={"Cookie": cookie_header(browser)}):
        from flask import session

        token = session["_user_id"]
    assert len(token) == 43
    with app.app_context(), tenancy.across_resellers():
        stored = db.session.scalars(select(WebSession.token_hash)).one()
    assert token not in stored
    assert len(stored) == 64


def cookie_header(browser: Visitor) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


@pytest.mark.parametrize(
    ("name", "cookie", "button"),
    [("alice", "staff", "/admin/logout"), ("bob", "portal", "/portal/keystone/sign-out")],
)
def test_a_copied_cookie_is_dead_after_sign_out(
    app: Flask, visitor, story: Story, name: str, cookie: str, button: str
):
    person = who(story, name)
    browser = visitor(person)
    copy = thief(app, browser, cookie)
    assert is_inside(copy, person)
    token = people.token_on(browser.get(people.home_of(person)))
    browser.post(button, {"csrf_token": token}, status=302)
    assert not is_inside(copy, person)
    assert not is_inside(browser, person)
    assert people.live_sessions(app, person) == 0


def test_sign_out_ends_this_browser_alone(app: Flask, visitor, bob: Person):
    here, there = visitor(bob), visitor(bob)
    token = people.token_on(here.get("/portal/keystone/"))
    here.post("/portal/keystone/sign-out", {"csrf_token": token}, status=302)
    assert not is_inside(here, bob)
    assert is_inside(there, bob)


@pytest.mark.parametrize(
    ("name", "cookie", "as_name", "address"),
    [
        ("alice", "staff", "portal", "/portal/keystone/"),
        ("bob", "portal", "staff", "/admin/"),
    ],
)
def test_a_cookie_counts_in_its_own_area_only(
    app: Flask, visitor, story: Story, name: str, cookie: str, as_name: str, address: str
):
    copy = thief(app, visitor(who(story, name)), cookie, as_name)
    assert copy.get(address).status_int == 302


def test_bobs_session_is_nothing_under_another_resellers_brand(visitor, bob: Person):
    browser = visitor(bob)
    answer = browser.get("/portal/other/", status=302)
    assert answer.location == "/portal/other/sign-in?next=/portal/other/"
    page = browser.get("/portal/other/sign-in", status=200)
    assert "Bob" not in page.text
    assert is_inside(browser, bob)


@pytest.mark.parametrize(("name", "area"), [("alice", "staff"), ("bob", "portal")])
def test_an_idle_session_ends(visitor, story: Story, name: str, area: str):
    person, idle = who(story, name), timedelta(hours=HOURS[area])
    with time_machine.travel(NOON, tick=False) as clock:
        browser = visitor(person)
        clock.move_to(NOON + idle - timedelta(seconds=1))
        assert is_inside(browser, person)
        clock.move_to(NOON + 2 * idle - timedelta(seconds=2))
        assert is_inside(browser, person), "The click before renewed it."
        clock.move_to(NOON + 3 * idle)
        assert not is_inside(browser, person)


def test_no_session_outlives_twenty_hours(visitor, bob: Person):
    with time_machine.travel(NOON, tick=False) as clock:
        browser = visitor(bob)
        for hours in (7, 14):
            clock.move_to(NOON + timedelta(hours=hours))
            assert is_inside(browser, bob)
        clock.move_to(NOON + timedelta(hours=20) - timedelta(seconds=1))
        assert is_inside(browser, bob)
        clock.move_to(NOON + timedelta(hours=20))
        assert not is_inside(browser, bob)


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("alice", people.disable),
        ("alice", people.stop_reseller),
        ("bob", people.disable),
        ("bob", people.let_expire),
        ("bob", people.suspend_client),
        ("bob", people.close_client),
        ("bob", people.stop_reseller),
    ],
)
def test_who_is_closed_is_out_at_the_next_click(
    app: Flask, visitor, story: Story, mallory: Person, name: str, act: Callable[[Person], None]
):
    person = who(story, name)
    first, second, bystander = visitor(person), visitor(person), visitor(mallory)
    assert is_inside(first, person)
    assert is_inside(second, person)
    people.change(app, act, person)
    assert not is_inside(first, person)
    assert not is_inside(second, person)
    assert is_inside(bystander, mallory)


def test_a_session_is_marked_once_a_minute_and_a_page_writes_nothing_else(
    app: Flask, visitor, bob: Person
):
    with time_machine.travel(NOON, tick=False) as clock:
        browser = visitor(bob)
        clock.shift(59)
        with statements(app) as seen:
            browser.get("/portal/keystone/")
        assert writes(seen) == []
        clock.shift(1)
        with statements(app) as seen:
            browser.get("/portal/keystone/")
        assert len(writes(seen)) == 1
        assert writes(seen)[0].startswith("UPDATE web_session")


def test_who_looks_is_one_question(app: Flask, visitor, bob: Person):
    browser = visitor(bob)
    with statements(app) as seen:
        browser.get("/portal/keystone/")
    about_people = [s for s in seen if "FROM web_session" in s or "FROM login" in s]
    assert len(about_people) == 1
    assert "client" in about_people[0]
    assert "reseller" in about_people[0]


@contextmanager
def write_lock(engine: Engine) -> Iterator[None]:
    """Hold SQLite's one write lock, as a long import of another process does."""
    with closing(sqlite3.connect(engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_page_is_shown_although_the_database_is_busy(
    app: Flask, visitor, bob: Person, caplog: pytest.LogCaptureFixture
):
    with app.app_context():
        engine = db.engine
    if engine.dialect.name != "sqlite":
        pytest.skip("Only SQLite has a single write lock.")
    with time_machine.travel(NOON, tick=False):
        browser = visitor(bob)
    with (
        caplog.at_level("WARNING", logger=app.logger.name),
        time_machine.travel(NOON, tick=False) as clock,
        write_lock(engine),
    ):
        clock.shift(61)
        assert is_inside(browser, bob)
    assert "The database was too busy to mark a session as seen" in caplog.messages


def test_cookies_are_bound_to_this_host_over_https(app: Flask, visitor, bob: Person, monkeypatch):
    monkeypatch.setitem(app.config, "COOKIES_SECURE", True)
    monkeypatch.setitem(app.config, "SESSION_COOKIE_SECURE", True)
    browser = visitor()
    browser.extra_environ |= {"wsgi.url_scheme": "https", "HTTP_HOST": "localhost"}
    page = browser.get("/portal/keystone/sign-in")
    form = page.forms["sign-in"]
    form["email"], form["password"] = bob.email, bob.password
    done = form.submit(status=302, headers={"Referer": "https://localhost/"})
    for response in (page, done):
        for cookie in response.headers.getall("Set-Cookie"):
            name, *flags = (part.strip() for part in cookie.split(";"))
            assert name.startswith(("__Host-portal=", "__Host-known="))
            lasting = [flag for flag in flags if flag.startswith(("Max-Age=", "Expires="))]
            assert bool(lasting) == name.startswith("__Host-known=")
            assert sorted({*flags} - {*lasting}) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]
    assert "__Host-staff=" in browser.get("/admin/login").headers["Set-Cookie"]


def test_pages_of_a_person_are_kept_by_no_cache(visitor, alice: Person, bob: Person):
    browser = visitor(alice).sign_in(bob)
    for address in ("/admin/", "/portal/keystone/"):
        assert browser.get(address).headers["Cache-Control"] == "no-store"


def test_a_sign_in_is_recorded_with_its_origin(app: Flask, story: Story, bob: Person):
    browser = Visitor(app)
    browser.extra_environ |= {"HTTP_USER_AGENT": "A browser", "HTTP_X_FORWARDED_FOR": "192.0.2.66"}
    browser.sign_in(bob)
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        entry = db.session.scalars(select(AuditEntry)).one()
        row = db.session.scalars(select(WebSession)).one()
    assert (entry.action, entry.login_id, entry.ip) == ("login.signed_in", bob.id, "203.0.113.5")
    assert (entry.user_agent, row.user_agent, row.ip) == ("A browser", "A browser", "203.0.113.5")
    assert entry.request_id


def test_another_persons_link_ends_the_session_in_this_browser(
    app: Flask, visitor, bob: Person, charlie: Person
):
    browser, path = visitor(bob), people.link_for(app, charlie)
    copy = thief(app, browser, "portal")
    people.choose_password(browser, path, "seven green bottles")
    assert "Charlie" in browser.get("/portal/keystone/").text
    assert not is_inside(copy, bob)
    assert people.live_sessions(app, bob) == 0


def test_nobody_acts_without_a_sign_in(app: Flask, story: Story):
    with app.test_request_context("/portal/keystone/"):
        actor = sessions.actor()
        assert (sessions.staff(), sessions.login()) == (None, None)
    assert (actor.staff_id, actor.login_id, actor.may_request) == (None, None, False)
    assert actor.permissions == frozenset()


def test_after_a_request_nobody_in_particular_looks(visitor, alice: Person) -> None:
    visitor(alice).get("/admin/")
    assert display.viewers_zone() == "UTC"
