"""Two-factor sign-in on the screens: set up, asked for, demanded of everyone, reset by an owner."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine

from extensions import db
from models import AuditEntry, Reseller, Staff
from second_factor import WRONG
from tests.support import people
from tests.support.cast import PASSWORD

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STEP = timedelta(seconds=30)
PAGE = "/admin/two-factor/"


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


def set_up(browser, clock) -> tuple[pyotp.TOTP, list[str]]:
    """Set it up as a person would; gives the app and the recovery codes."""
    page = fill(browser, "begin", current_password=PASSWORD).follow()
    app = pyotp.TOTP(page.html.find(id="secret").get_text().replace("-", ""))
    page = fill(browser, "confirm", code=app.now())
    clock.shift(STEP)
    return app, page.html.find(id="recovery-codes").get_text().split()


def give(browser, code: str, **more):
    form = browser.get("/admin/code").forms["code-form"]
    form["code"] = code
    return form.submit(**more)


def demand(look, story, is_demanded: bool = True) -> None:
    with look():
        db.session.get_one(Reseller, story.reseller_id).require_two_factor = is_demanded
        db.session.commit()


# --- Setting up -----------------------------------------------------------------------------


def test_it_is_set_up_with_picture_key_and_first_code(visitor, alice, clock, look) -> None:
    browser = visitor(alice)
    page = fill(browser, "begin", current_password=PASSWORD).follow()
    assert re.fullmatch(r"([A-Z2-7]{4}-){7}[A-Z2-7]{4}", page.html.find(id="secret").get_text())
    picture = browser.get(page.html.find("img", alt=re.compile("QR code"))["src"])
    assert (picture.content_type, picture.headers["Cache-Control"]) == ("image/svg+xml", "no-store")
    app = pyotp.TOTP(page.html.find(id="secret").get_text().replace("-", ""))
    shown = fill(browser, "confirm", code=app.now())
    assert len(set(shown.html.find(id="recovery-codes").get_text().split())) == 10
    with look():
        assert db.session.get_one(Staff, alice.id).totp_confirmed_at == NOON


def test_without_the_current_password_nothing_begins(visitor, alice, clock, look) -> None:
    page = fill(visitor(alice), "begin", current_password="guess guess guess")
    assert "This is not your current password." in page.text
    with look():
        assert db.session.get_one(Staff, alice.id).totp_secret is None


def test_a_wrong_first_code_is_answered_beside_the_field(visitor, alice, clock, look) -> None:
    browser = visitor(alice)
    fill(browser, "begin", current_password=PASSWORD)
    page = fill(browser, "confirm", code="000000")
    assert page.html.find(id="code-error").get_text(strip=True) == WRONG
    with look():
        assert db.session.get_one(Staff, alice.id).totp_confirmed_at is None


def test_the_recovery_codes_and_the_key_are_shown_once(visitor, alice, clock) -> None:
    browser = visitor(alice)
    _, codes = set_up(browser, clock)
    page = browser.get(PAGE)
    assert "10 recovery codes left" in page.text
    assert not any(code in page.text for code in codes)
    browser.get(f"{PAGE}picture.svg", status=404)


# --- Signing in -----------------------------------------------------------------------------


def test_signing_in_asks_for_the_code_and_then_goes_where_one_wanted(visitor, alice, clock) -> None:
    app, _ = set_up(visitor(alice), clock)
    browser = visitor()
    form = browser.get("/admin/login?next=/admin/mail/").forms["sign-in"]
    form["email"], form["password"] = alice.email, PASSWORD
    form = form.submit().follow().forms["code-form"]
    form["code"] = app.now()
    assert form.submit().location.endswith("/admin/mail/")
    assert people.is_inside(browser, alice)


def test_between_password_and_code_nothing_else_is_open(visitor, alice, clock, app) -> None:
    set_up(visitor(alice), clock)
    before = people.live_sessions(app, alice)
    browser = visitor(alice)
    open_to_all = {"staff.sign_in", "staff.code", "staff.forgotten", "admin.static"}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin") and rule.endpoint not in open_to_all:
            if rule.arguments or "GET" not in rule.methods:
                continue
            answer = browser.get(rule.rule, expect_errors=True)
            assert "/admin/login" in answer.headers.get("Location", ""), rule.rule
    assert people.live_sessions(app, alice) == before


def test_a_wrong_code_opens_nothing(visitor, alice, clock, app) -> None:
    set_up(visitor(alice), clock)
    browser, before = visitor(alice), people.live_sessions(app, alice)
    page = give(browser, "000000")
    assert page.html.find(id="code-error").get_text(strip=True) == WRONG
    assert (people.is_inside(browser, alice), people.live_sessions(app, alice)) == (False, before)


def test_the_same_code_lets_nobody_in_twice(visitor, alice, clock) -> None:
    app, _ = set_up(visitor(alice), clock)
    code, thief = app.now(), visitor(alice)
    assert give(visitor(alice), code).status_int == 302
    assert WRONG in give(thief, code).text
    assert not people.is_inside(thief, alice)


def test_a_recovery_code_goes_into_the_same_field_and_is_recorded(
    visitor, alice, clock, look
) -> None:
    _, codes = set_up(visitor(alice), clock)
    browser = visitor(alice)
    give(browser, codes[0])
    assert "9 recovery codes left" in browser.get(PAGE).text
    assert WRONG in give(visitor(alice), codes[0]).text
    with look():
        entries = (
            db.session.query(AuditEntry)
            .order_by(AuditEntry.id)
            .filter_by(action="staff.signed_in")
            .all()
        )
        assert [entry.changes for entry in entries] == [{}, {"second_factor": "recovery code"}]


def test_codes_are_slowed_down_like_passwords(visitor, alice, clock) -> None:
    app, _ = set_up(visitor(alice), clock)
    browser = visitor(alice)
    for _ in range(10):
        give(browser, "000000")
    page = give(browser, app.now(), status=429)
    assert "Too many tries." in page.text
    clock.shift(timedelta(minutes=16))
    browser = visitor(alice)
    assert give(browser, app.now()).status_int == 302


def test_a_right_password_waits_five_minutes_for_its_code(visitor, alice, clock) -> None:
    set_up(visitor(alice), clock)
    browser = visitor(alice)
    clock.shift(timedelta(minutes=5, seconds=1))
    assert "/admin/login" in browser.get("/admin/code").location


@pytest.mark.parametrize("act", [people.disable, people.stop_reseller])
def test_who_is_closed_meanwhile_gives_no_code(visitor, alice, clock, app, act) -> None:
    set_up(visitor(alice), clock)
    browser = visitor(alice)
    people.change(app, act, alice)
    assert "/admin/login" in browser.get("/admin/code").location


def test_a_password_changed_meanwhile_makes_one_begin_again(visitor, alice, clock, app) -> None:
    set_up(visitor(alice), clock)
    thief, link = visitor(alice), people.link_for(app, alice)
    people.choose_password(visitor(), link, "quiet-river-seven-lamps")
    assert "/admin/login" in thief.get("/admin/code").location


def test_a_forgotten_password_does_not_go_around_the_code(visitor, alice, clock, app) -> None:
    device, _ = set_up(visitor(alice), clock)
    browser = visitor()
    answer = people.choose_password(browser, people.link_for(app, alice), "quiet-river-seven-lamps")
    assert answer.location.endswith("/admin/code")
    assert not people.is_inside(browser, alice)
    give(browser, device.now())
    assert people.is_inside(browser, alice)


def test_the_page_of_the_code_is_no_page_for_strangers(visitor, alice, clock) -> None:
    assert "/admin/login" in visitor().get("/admin/code").location
    assert "/admin/login" in visitor(alice).get("/admin/code").location


# --- Changing it ------------------------------------------------------------------------------


def test_new_recovery_codes_end_the_old_ones(visitor, alice, clock) -> None:
    browser = visitor(alice)
    _, old = set_up(browser, clock)
    page = fill(browser, "renew", renew__current_password=PASSWORD)
    new = page.html.find(id="recovery-codes").get_text().split()
    assert WRONG in give(visitor(alice), old[0]).text
    assert give(visitor(alice), new[0]).status_int == 302


def test_turned_off_the_password_alone_lets_in(visitor, alice, clock, app) -> None:
    browser = visitor(alice)
    set_up(browser, clock)
    page = fill(browser, "off", off__current_password=PASSWORD).follow()
    assert "Two-factor sign-in is off." in page.text
    assert people.is_inside(visitor(alice), alice)
    assert people.mails_to(app, alice.email) == ["second_factor_changed"] * 2


@pytest.mark.parametrize("form", ["off", "renew"])
def test_it_is_not_changed_without_the_password(visitor, alice, clock, form, look) -> None:
    browser = visitor(alice)
    set_up(browser, clock)
    page = fill(browser, form, **{f"{form}__current_password": "guess guess guess"})
    assert "This is not your current password." in page.text
    with look():
        assert db.session.get_one(Staff, alice.id).totp_confirmed_at is not None


# --- Demanded, and reset ------------------------------------------------------------------------


def test_an_owner_demands_it_of_everyone_and_is_stopped_too(visitor, olga, story, look) -> None:
    browser = visitor(olga)
    page = browser.get("/admin/staff/")
    assert "3 people have no two-factor sign-in yet" in page.forms["demand"].text
    answer = page.forms["demand"].submit("demand")
    assert answer.follow().location.endswith(PAGE)
    with look():
        entry = db.session.query(AuditEntry).filter_by(action="reseller.changed").one()
        assert entry.changes == {"require_two_factor": [False, True]}


def test_who_has_none_must_set_it_up_before_any_other_page(
    visitor, victor, alice, story, clock, look, app
) -> None:
    browser = visitor(victor)
    demand(look, story)
    for address in ("/admin/", "/admin/clients/", "/admin/mail/", "/admin/pending-orders/"):
        assert browser.get(address).location.endswith(PAGE)
    assert "Set it up now; until then no other page opens." in browser.get(PAGE).text
    set_up(browser, clock)
    assert people.is_inside(browser, victor)


def test_a_forged_request_changes_nothing_before_it_is_set_up(
    visitor, alice, acme, story, look
) -> None:
    browser = visitor(alice)
    demand(look, story)
    token = people.token_on(browser.get(PAGE))
    form = {"csrf_token": token, "name": "Forged", "contact_email": "x@example.com"}
    assert browser.post("/admin/clients/new/", form).location.endswith(PAGE)
    with look():
        assert db.session.query(AuditEntry).filter_by(action="client.created").count() == 0


def test_whoever_must_set_it_up_can_still_sign_out(visitor, victor, story, look) -> None:
    browser = visitor(victor)
    demand(look, story)
    assert browser.get(PAGE).forms["sign-out"].submit().location.endswith("/admin/login")


def test_other_resellers_demand_nothing(visitor, mallory, story, look) -> None:
    demand(look, story)
    assert people.is_inside(visitor(mallory), mallory)


def test_what_is_demanded_is_not_turned_off_by_a_forged_form(
    visitor, alice, story, clock, look
) -> None:
    browser = visitor(alice)
    set_up(browser, clock)
    demand(look, story)
    page = browser.get(PAGE)
    assert "cannot be turned off" in page.text
    typed = {"csrf_token": people.token_on(page), "off-current_password": PASSWORD}
    assert "cannot be turned off" in browser.post(f"{PAGE}off/", typed).follow().text
    with look():
        assert db.session.get_one(Staff, alice.id).totp_confirmed_at is not None


def test_an_owner_resets_a_lost_one_and_the_person_is_told(
    visitor, olga, alice, clock, app
) -> None:
    set_up(visitor(alice), clock)
    form = visitor(olga).get(f"/admin/staff/details/?id={alice.id}").forms["reset-two-factor"]
    assert "Two-factor sign-in of Alice is reset." in form.submit().follow().text
    assert people.is_inside(visitor(alice), alice)
    assert people.mails_to(app, alice.email)[-1] == "second_factor_changed"


def test_nobody_but_an_owner_resets_or_demands(visitor, alice, victor, clock, look, story) -> None:
    set_up(visitor(victor), clock)
    browser = visitor(alice)
    typed = {"csrf_token": people.token_on(browser.get(PAGE)), "demand": "yes"}
    browser.post(f"/admin/staff/reset-two-factor/?id={victor.id}", typed, status=403)
    browser.post("/admin/staff/demand/", typed, status=403)
    with look():
        assert db.session.get_one(Staff, victor.id).totp_confirmed_at is not None
        assert not db.session.get_one(Reseller, story.reseller_id).require_two_factor


@pytest.mark.parametrize("act", ["begin", "confirm", "renew", "off"])
def test_a_look_changes_nothing(visitor, alice, act) -> None:
    visitor(alice).get(f"{PAGE}{act}/", status=405)
