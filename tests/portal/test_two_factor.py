"""Two-factor sign-in of a login: set up, asked for, turned off, and reset by staff."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine

from extensions import db
from models import AuditEntry, Login
from second_factor import WRONG
from tests.support import people
from tests.support.cast import PASSWORD
from tests.support.words import leaks_of
from tests.test_impersonation import start

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STEP = timedelta(seconds=30)
PAGE = "/portal/keystone/account/two-factor"
CODE = "/portal/keystone/code"
SIGN_IN = "/portal/keystone/sign-in"
NEW = "quiet-river-seven-lamps"
ACTS = ("begin", "confirm", "renew", "off")


@pytest.fixture
def clock(story):
    """A clock that stands at noon until it is moved."""
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def fill(browser, form: str, **typed: str):
    found = browser.get(PAGE).forms[form]
    for name, value in typed.items():
        found[name.replace("__", "-")] = value
    return found.submit()


def secret_on(page) -> pyotp.TOTP:
    return pyotp.TOTP(page.html.find(id="secret").get_text().replace("-", ""))


def set_up(browser, clock) -> tuple[pyotp.TOTP, list[str]]:
    """Set it up as a person would; gives the app and the recovery codes."""
    app = secret_on(fill(browser, "begin", current_password=PASSWORD).follow())
    page = fill(browser, "confirm", code=app.now())
    clock.shift(STEP)
    return app, page.html.find(id="recovery-codes").get_text().split()


def give(browser, code: str, **more):
    form = browser.get(CODE).forms["code-form"]
    form["code"] = code
    return form.submit(**more)


def is_on(look, person) -> bool:
    with look():
        return db.session.get_one(Login, person.id).totp_confirmed_at is not None


def recorded(look, action: str) -> list[dict]:
    with look():
        return [
            one.changes
            for one in db.session.query(AuditEntry).order_by(AuditEntry.id).filter_by(action=action)
        ]


# --- Setting up -----------------------------------------------------------------------------


def test_it_is_set_up_with_picture_key_and_first_code(visitor, bob, clock, look, app) -> None:
    browser = visitor(bob)
    assert "Off" in browser.get("/portal/keystone/account").text
    page = fill(browser, "begin", current_password=PASSWORD).follow()
    assert leaks_of(page) == []
    picture = browser.get(page.html.find("img", alt=re.compile("QR code"))["src"])
    assert (picture.content_type, picture.headers["Cache-Control"]) == ("image/svg+xml", "no-store")
    shown = fill(browser, "confirm", code=secret_on(page).now())
    codes = shown.html.find(id="recovery-codes").get_text().split()
    assert (len(set(codes)), is_on(look, bob)) == (10, True)
    assert people.mails_to(app, bob.email) == ["second_factor_changed"]
    assert len(recorded(look, "login.second_factor_on")) == 1


def test_the_recovery_codes_and_the_key_are_shown_once(visitor, bob, clock) -> None:
    browser = visitor(bob)
    _, codes = set_up(browser, clock)
    page = browser.get(PAGE)
    assert "10 recovery codes left" in page.text
    assert not any(code in page.text for code in codes)
    browser.get(f"{PAGE}/picture.svg", status=404)
    assert "10 recovery codes left" in browser.get("/portal/keystone/account").text


def test_without_the_current_password_nothing_begins(visitor, bob, clock, look) -> None:
    page = fill(visitor(bob), "begin", current_password="guess guess guess")
    assert "This is not your current password." in page.text
    with look():
        assert db.session.get_one(Login, bob.id).totp_secret is None


def test_a_wrong_first_code_is_answered_beside_the_field(visitor, bob, clock, look, app) -> None:
    browser = visitor(bob)
    fill(browser, "begin", current_password=PASSWORD)
    page = fill(browser, "confirm", code="000000")
    assert page.html.find(id="code-error").get_text(strip=True) == WRONG
    assert (is_on(look, bob), people.mails_to(app, bob.email)) == (False, [])


def test_confirming_twice_keeps_the_first_codes(visitor, bob, clock, look) -> None:
    browser = visitor(bob)
    app = secret_on(fill(browser, "begin", current_password=PASSWORD).follow())
    form = browser.get(PAGE).forms["confirm"]
    form["code"] = app.now()
    form.submit(status=200)
    assert "There is nothing to confirm." in form.submit(status=302).follow().text
    assert len(recorded(look, "login.second_factor_on")) == 1


def test_beginning_anew_while_it_is_on_changes_nothing(visitor, bob, clock, look) -> None:
    browser = visitor(bob)
    form = browser.get(PAGE).forms["begin"]
    set_up(browser, clock)
    form["current_password"] = PASSWORD
    assert "is on already" in form.submit(status=302).follow().text
    assert is_on(look, bob)


@pytest.mark.parametrize("act", ACTS)
def test_a_look_changes_nothing_and_a_missing_token_is_refused(visitor, bob, act) -> None:
    browser = visitor(bob)
    browser.get(f"{PAGE}/{act}", status=405)
    browser.post(f"{PAGE}/{act}", {"current_password": PASSWORD}, status=400)


def test_who_may_only_look_sets_it_up_all_the_same(visitor, bob, clock, look) -> None:
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    set_up(visitor(bob), clock)
    assert is_on(look, bob)


def test_staff_who_see_the_portal_as_bob_neither_see_nor_change_it(
    visitor, alice, bob, clock, look
) -> None:
    fill(visitor(bob), "begin", current_password=PASSWORD)
    browser = visitor(alice)
    start(browser, bob)
    token = people.token_on(browser.get("/portal/keystone/account"))
    for page in (PAGE, f"{PAGE}/picture.svg"):
        assert "Bob's own account" in browser.get(page, status=403).text.replace("&#39;", "'")
    for act in ACTS:
        browser.post(f"{PAGE}/{act}", {"csrf_token": token}, status=403)
    assert not is_on(look, bob)


# --- Signing in -----------------------------------------------------------------------------


def test_signing_in_asks_for_the_code_and_then_goes_where_one_wanted(visitor, bob, clock) -> None:
    app, _ = set_up(visitor(bob), clock)
    browser = visitor()
    form = browser.get(f"{SIGN_IN}?next=/portal/keystone/usage").forms["sign-in"]
    form["email"], form["password"] = bob.email, PASSWORD
    asked = form.submit().follow()
    assert leaks_of(asked) == []
    form = asked.forms["code-form"]
    form["code"] = app.now()
    assert form.submit().location.endswith("/portal/keystone/usage")
    assert people.is_inside(browser, bob)


def test_between_password_and_code_nothing_else_is_open(visitor, bob, clock, app) -> None:
    set_up(visitor(bob), clock)
    before = people.live_sessions(app, bob)
    browser = visitor(bob)
    for path in ("", "account", "account/two-factor", "orders", "numbers", "usage"):
        assert SIGN_IN in browser.get(f"/portal/keystone/{path}", status=302).location
    assert people.live_sessions(app, bob) == before


def test_a_wrong_code_opens_nothing(visitor, bob, clock, app) -> None:
    set_up(visitor(bob), clock)
    browser, before = visitor(bob), people.live_sessions(app, bob)
    page = give(browser, "000000")
    assert page.html.find(id="code-error").get_text(strip=True) == WRONG
    assert (people.is_inside(browser, bob), people.live_sessions(app, bob)) == (False, before)


def test_the_same_code_lets_nobody_in_twice(visitor, bob, clock) -> None:
    app, _ = set_up(visitor(bob), clock)
    code, thief = app.now(), visitor(bob)
    assert give(visitor(bob), code).status_int == 302
    assert WRONG in give(thief, code).text
    assert not people.is_inside(thief, bob)


def test_a_recovery_code_works_once_and_is_recorded(visitor, bob, clock, look) -> None:
    _, codes = set_up(visitor(bob), clock)
    browser = visitor(bob)
    give(browser, codes[0])
    assert "9 recovery codes left" in browser.get(PAGE).text
    assert WRONG in give(visitor(bob), codes[0]).text
    assert recorded(look, "login.signed_in") == [{}, {"second_factor": "recovery code"}]


def test_codes_are_slowed_down_like_passwords(visitor, bob, clock) -> None:
    app, _ = set_up(visitor(bob), clock)
    browser = visitor(bob)
    for _ in range(10):
        give(browser, "000000")
    assert "Too many tries." in give(browser, app.now(), status=429).text
    clock.shift(timedelta(minutes=16))
    assert give(visitor(bob), app.now()).status_int == 302


def test_a_right_password_waits_five_minutes_for_its_code(visitor, bob, clock) -> None:
    set_up(visitor(bob), clock)
    browser = visitor(bob)
    clock.shift(timedelta(minutes=5, seconds=1))
    assert SIGN_IN in browser.get(CODE).location


@pytest.mark.parametrize("act", [people.disable, people.suspend_client, people.let_expire])
def test_who_is_closed_meanwhile_gives_no_code(visitor, bob, clock, app, act) -> None:
    set_up(visitor(bob), clock)
    browser = visitor(bob)
    people.change(app, act, bob)
    assert SIGN_IN in browser.get(CODE).location


def test_a_password_changed_meanwhile_makes_one_begin_again(visitor, bob, clock, app) -> None:
    set_up(visitor(bob), clock)
    thief = visitor(bob)
    people.choose_password(visitor(), people.link_for(app, bob), NEW)
    assert SIGN_IN in thief.get(CODE).location


def test_a_forgotten_password_does_not_go_around_the_code(visitor, bob, clock, app) -> None:
    device, _ = set_up(visitor(bob), clock)
    browser = visitor()
    answer = people.choose_password(browser, people.link_for(app, bob), NEW)
    assert answer.location.endswith(CODE)
    assert not people.is_inside(browser, bob)
    give(browser, device.now())
    assert people.is_inside(browser, bob)


def test_the_page_of_the_code_is_no_page_for_strangers_or_other_brands(visitor, bob, clock) -> None:
    assert SIGN_IN in visitor().get(CODE).location
    set_up(visitor(bob), clock)
    other = visitor(bob).get("/portal/other/code", status=302)
    assert "/portal/other/sign-in" in other.location
    assert "/admin/login" in visitor(bob).get("/admin/code", status=302).location


def test_staff_see_bobs_portal_without_his_phone(visitor, alice, bob, clock) -> None:
    set_up(visitor(bob), clock)
    assert start(visitor(alice), bob).request.path == "/portal/keystone/"


# --- Changing it ------------------------------------------------------------------------------


def test_new_recovery_codes_end_the_old_ones(visitor, bob, clock) -> None:
    browser = visitor(bob)
    _, old = set_up(browser, clock)
    page = fill(browser, "renew", renew__current_password=PASSWORD)
    new = page.html.find(id="recovery-codes").get_text().split()
    assert WRONG in give(visitor(bob), old[0]).text
    assert give(visitor(bob), new[0]).status_int == 302


def test_turned_off_the_password_alone_lets_in(visitor, bob, clock, app, look) -> None:
    browser = visitor(bob)
    set_up(browser, clock)
    form = browser.get(PAGE).forms["off"]
    form["off-current_password"] = PASSWORD
    assert "Two-factor sign-in is off." in form.submit().follow().text
    assert form.submit(status=302)
    assert people.is_inside(visitor(bob), bob)
    assert people.mails_to(app, bob.email) == ["second_factor_changed"] * 2
    assert len(recorded(look, "login.second_factor_off")) == 1


@pytest.mark.parametrize("form", ["off", "renew"])
def test_it_is_not_changed_without_the_password(visitor, bob, clock, form, look, app) -> None:
    browser = visitor(bob)
    set_up(browser, clock)
    page = fill(browser, form, **{f"{form}__current_password": "guess guess guess"})
    assert "This is not your current password." in page.text
    assert (is_on(look, bob), len(people.mails_to(app, bob.email))) == (True, 1)


# --- Reset by staff ---------------------------------------------------------------------------


def reset_form(browser, person):
    return browser.get(f"/admin/logins/details/?id={person.id}").forms["reset-two-factor"]


def test_staff_reset_a_lost_one_and_bob_is_told(visitor, alice, bob, clock, app, look) -> None:
    set_up(visitor(bob), clock)
    form = reset_form(visitor(alice), bob)
    assert "Two-factor sign-in of Bob is reset." in form.submit().follow().text
    assert "of Bob was off already." in form.submit().follow().text
    assert people.is_inside(visitor(bob), bob)
    assert people.mails_to(app, bob.email) == ["second_factor_changed"] * 2
    assert len(recorded(look, "login.second_factor_reset")) == 1


def test_there_is_nothing_to_reset_where_it_is_off(visitor, alice, bob) -> None:
    page = visitor(alice).get(f"/admin/logins/details/?id={bob.id}")
    assert "reset-two-factor" not in page.forms


def test_victor_and_mallory_reset_nothing(visitor, victor, mallory, bob, clock, look) -> None:
    set_up(visitor(bob), clock)
    for person, status in ((victor, 403), (mallory, (403, 404))):
        browser = visitor(person)
        typed = {"csrf_token": people.token_on(browser.get("/admin/profile/"))}
        answer = browser.post(
            f"/admin/logins/reset-two-factor/?id={bob.id}", typed, expect_errors=True
        )
        assert answer.status_int in (status if isinstance(status, tuple) else (status,))
    assert is_on(look, bob)
