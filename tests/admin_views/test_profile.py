"""One's own profile: what can be changed, the password, and where one is signed in."""

import pytest

from devices import device
from extensions import db
from models import AuditEntry, Staff, WebSession
from tests.support import orders, people
from tests.support.cast import PASSWORD

PAGE = "/admin/profile/"
NEW = "quiet-river-seven-lamps"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def save(browser, form: str, **typed):
    found = browser.get(PAGE).forms[form]
    for name, value in typed.items():
        found[name] = value
    return found.submit()


def problem(page, field: str) -> str:
    return str(page.html.find(id=f"{field}-error").get_text(strip=True))


def test_the_name_in_the_corner_leads_to_the_profile(visitor, victor) -> None:
    page = visitor(victor).get("/admin/").click(linkid="own-profile")
    assert (page.request.path, "victor@keystone.example. Viewer" in page.text) == (PAGE, True)


def test_everybody_changes_name_time_zone_and_mails(visitor, victor, look) -> None:
    page = save(
        visitor(victor), "profile", name="Vic", time_zone="Asia/Tokyo", wants_order_mail=False
    )
    assert "Your profile is saved." in page.follow().text
    with look():
        row = db.session.get_one(Staff, victor.id)
        assert (row.name, row.time_zone, row.wants_order_mail) == ("Vic", "Asia/Tokyo", False)
        assert db.session.query(AuditEntry).filter_by(action="staff.changed").count() == 1


def test_times_are_shown_in_the_chosen_zone(visitor, victor) -> None:
    browser = visitor(victor)
    assert " JST" in save(browser, "profile", time_zone="Asia/Tokyo").follow().text


def test_whoever_wants_no_mail_of_orders_gets_none(visitor, alice, bob, story, app, look) -> None:
    save(visitor(alice), "profile", wants_order_mail=False)
    with look():
        orders.ask(bob, story.free[0])
    assert people.mails_to(app, alice.email) == []


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", " ", "Write the person's name."),
        ("time_zone", "Moon/Base", "Choose a time zone from the list."),
    ],
)
def test_what_cannot_be_is_answered_beside_its_field(
    visitor, victor, look, field, typed, sentence
) -> None:
    browser = visitor(victor)
    form = browser.get(PAGE).forms["profile"]
    values = dict(form.submit_fields()) | {field: typed}
    assert problem(browser.post(PAGE, values), field) == sentence
    with look():
        assert db.session.get_one(Staff, victor.id).name == "Victor"


def test_a_forged_field_gives_no_role(visitor, victor, look) -> None:
    browser = visitor(victor)
    values = dict(browser.get(PAGE).forms["profile"].submit_fields()) | {"role": "owner"}
    browser.post(PAGE, values)
    with look():
        assert db.session.get_one(Staff, victor.id).role.value == "viewer"


# --- The password -----------------------------------------------------------------------------


def test_a_changed_password_ends_all_other_sessions_and_is_told(visitor, victor, app) -> None:
    browser, other = visitor(victor), visitor(victor)
    page = save(browser, "password-form", current_password=PASSWORD, password=NEW)
    assert "You are signed out everywhere else." in page.follow().text
    assert (people.is_inside(browser, victor), people.is_inside(other, victor)) == (True, False)
    assert people.mails_to(app, victor.email) == ["password_changed"]
    answer = people.try_to_sign_in(visitor(), "/admin/login", victor.email, PASSWORD)
    assert people.WRONG in answer.text


@pytest.mark.parametrize(
    ("current", "new", "field", "sentence"),
    [
        ("guess guess guess", NEW, "current_password", "This is not your current password."),
        ("", NEW, "current_password", "Write your current password."),
        (PASSWORD, "short", "password", "Use at least 12 characters"),
        (PASSWORD, "", "password", "Write a password."),
        (PASSWORD, "victor-of-keystone", "password", "Leave your name"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing(
    visitor, victor, app, current, new, field, sentence
) -> None:
    before = people.password_of(app, victor)
    page = save(visitor(victor), "password-form", current_password=current, password=new)
    assert problem(page, field).startswith(sentence)
    assert people.password_of(app, victor) == before
    assert people.mails_to(app, victor.email) == []


def test_guessing_the_current_password_is_slowed_down(visitor, victor, app) -> None:
    browser = visitor(victor)
    for _ in range(10):
        save(browser, "password-form", current_password="guess", password=NEW)
    page = save(browser, "password-form", current_password=PASSWORD, password=NEW)
    assert problem(page, "current_password").startswith("Too many tries. Wait 15 minutes")


# --- Sessions -----------------------------------------------------------------------------------


def test_each_session_is_named_and_this_one_marked(visitor, victor) -> None:
    browser = visitor(victor)
    other = visitor()
    other.extra_environ["HTTP_USER_AGENT"] = WINDOWS
    other.sign_in(victor)
    rows = [row.get_text(" ", strip=True) for row in browser.get(PAGE).html.select("#sessions li")]
    assert (len(rows), sum("This browser" in row for row in rows)) == (2, 1)
    assert any(row.startswith("Firefox on Windows 203.0.113.5, since") for row in rows)


def test_one_other_session_is_ended(visitor, victor) -> None:
    browser, other = visitor(victor), visitor(victor)
    page = browser.get(PAGE)
    ending = next(form for key, form in page.forms.items() if str(key).startswith("end-"))
    assert "That browser is signed out." in ending.submit().follow().text
    assert (people.is_inside(browser, victor), people.is_inside(other, victor)) == (True, False)


def test_nobody_ends_a_colleagues_session(visitor, victor, alice, look) -> None:
    inside, browser = visitor(alice), visitor(victor)
    token = people.token_on(browser.get(PAGE))
    with look():
        theirs = db.session.query(WebSession).filter_by(staff_id=alice.id).one().id
    for key in (theirs, 0, "x", ""):
        address = f"{PAGE}end-session/?id={key}"
        browser.post(address, {"csrf_token": token}, status=404)
    assert people.is_inside(inside, alice)


def test_signing_out_everywhere_ends_this_session_too(visitor, victor, app) -> None:
    browser, other = visitor(victor), visitor(victor)
    page = save(browser, "everywhere").follow()
    assert "You are signed out everywhere." in page.text
    assert people.live_sessions(app, victor) == 0
    assert not people.is_inside(other, victor)


@pytest.mark.parametrize("act", ["password", "end-session", "sign-out-everywhere"])
def test_a_look_changes_nothing(visitor, victor, act) -> None:
    visitor(victor).get(f"{PAGE}{act}/", status=405)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (WINDOWS, "Firefox on Windows"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit Chrome/140 Safari/537 Edg/140", "Edge on a Mac"),
        ("Mozilla/5.0 (iPhone; CPU) Version/26.0 Mobile Safari/604", "Safari on an iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140 Safari/537", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("<script>", "An unknown browser"),
        (None, "An unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(user_agent, words) -> None:
    assert device(user_agent) == words
