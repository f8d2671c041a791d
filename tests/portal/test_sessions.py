"""Where a login is signed in: the list, ending one, and signing out everywhere else."""

import re

from extensions import db
from models import AuditEntry, WebSession
from tests.support import people
from tests.test_impersonation import start

PAGE = "/portal/keystone/account"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def rows(page) -> list[str]:
    return [row.get_text(" ", strip=True) for row in page.html.select("#sessions li")]


def ending(page):
    """Find the form that ends another session."""
    return next(form for key, form in page.forms.items() if str(key).startswith("end-"))


def recorded(look, action: str) -> int:
    with look():
        return db.session.query(AuditEntry).filter_by(action=action).count()


def test_each_session_is_named_and_this_one_marked(visitor, bob) -> None:
    browser, other = visitor(bob), visitor()
    other.extra_environ["HTTP_USER_AGENT"] = WINDOWS
    other.sign_in(bob)
    found = rows(browser.get(PAGE))
    assert (len(found), sum("This browser" in row for row in found)) == (2, 1)
    said = r"Firefox on Windows 203\.0\.113\.5, since .+, last seen .+ Sign out"
    assert any(re.fullmatch(said, row) for row in found)


def test_one_other_session_is_ended(visitor, bob, look) -> None:
    browser, other = visitor(bob), visitor(bob)
    assert "That browser is signed out." in ending(browser.get(PAGE)).submit().follow().text
    assert (people.is_inside(browser, bob), people.is_inside(other, bob)) == (True, False)
    assert recorded(look, "login.session_ended") == 1


def test_ending_a_session_twice_is_as_ending_it_once(visitor, bob, look) -> None:
    browser, _ = visitor(bob), visitor(bob)
    form = ending(browser.get(PAGE))
    form.submit(status=302)
    form.submit(status=302)
    assert recorded(look, "login.session_ended") == 1


def test_bob_ends_nobody_elses_session(visitor, bob, charlie, alice, look) -> None:
    theirs, office, browser = visitor(charlie), visitor(alice), visitor(bob)
    token = people.token_on(browser.get(PAGE))
    with look():
        keys = [row.id for row in db.session.query(WebSession) if row.login_id != bob.id]
    assert len(keys) == 2
    for key in (*keys, 0, "x", "", 10**30):
        values = {"csrf_token": token, "session": key}
        browser.post(f"{PAGE}/end-session", values, status=404)
    assert (people.is_inside(theirs, charlie), people.is_inside(office, alice)) == (True, True)


def test_bob_signs_out_everywhere_else(visitor, bob, look) -> None:
    browser, others = visitor(bob), [visitor(bob), visitor(bob)]
    form = browser.get(PAGE).forms["elsewhere"]
    assert "2 other sessions will end; this browser stays signed in." in form.text
    assert "You are signed out everywhere else." in form.submit().follow().text
    assert people.is_inside(browser, bob)
    assert [people.is_inside(other, bob) for other in others] == [False, False]
    assert recorded(look, "login.sessions_ended") == 1


def test_with_one_session_there_is_nothing_to_end(visitor, bob) -> None:
    page = visitor(bob).get(PAGE)
    assert (len(rows(page)), "elsewhere" in page.forms) == (1, False)


def test_bob_sees_staff_in_his_portal_and_shows_them_out(visitor, bob, alice) -> None:
    office, browser = visitor(alice), visitor(bob)
    start(office, bob)
    page = browser.get(PAGE)
    shown = next(row for row in rows(page) if "Alice" in row)
    assert shown.startswith("Alice of Keystone Voice, who sees the portal as you since ")
    assert "203.0.113.5" not in shown
    ending(page).submit(status=302)
    assert "/sign-in" in office.get("/portal/keystone/", status=302).location
    assert people.is_inside(office, alice)


def test_staff_in_bobs_portal_end_none_of_his_sessions(visitor, bob, alice) -> None:
    office, browser = visitor(alice), visitor(bob)
    start(office, bob)
    page = office.get(PAGE)
    assert not any(str(key).startswith("end-") for key in page.forms if key != "end-impersonation")
    token = people.token_on(page)
    office.post(f"{PAGE}/sign-out-elsewhere", {"csrf_token": token}, status=403)
    assert people.is_inside(browser, bob)
