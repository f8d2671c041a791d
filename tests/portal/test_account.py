"""One's own account in the portal: what can be changed, the password, and the address."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

import credentials
import mailer
import tenancy
from extensions import db
from models import AuditEntry, Client, Login, Mail
from tests.support import orders, people
from tests.support.cast import PASSWORD
from tests.support.words import leaks_of
from tests.test_impersonation import start

PAGE = "/portal/keystone/account"
NEW = "quiet-river-seven-lamps"
FRESH = "robert@acme.example"
TAKEN = "This address is in use already. Write a different one."
ONLY_BOB = "own account: you can look at it, but not change it."
ACTS = ("", "/password", "/address", "/keep-address", "/end-session", "/sign-out-elsewhere")


def save(browser, form: str, **typed):
    found = browser.get(PAGE).forms[form]
    for name, value in typed.items():
        found[name.replace("__", "-")] = value
    return found.submit()


def ask(browser, email: str, password: str = PASSWORD):
    more = {"address__email": email, "address__current_password": password}
    return save(browser, "address-form", **more)


def problem(page, field: str) -> str:
    return str(page.html.find(id=f"{field}-error").get_text(strip=True))


def email_of(app, person) -> str:
    with app.app_context(), tenancy.across_resellers():
        return people.row_of(person).email


def link_to(app, address: str) -> str:
    """Read the path of the link in the last mail to an address, as it is delivered."""
    with app.app_context(), tenancy.across_resellers():
        mail = db.session.query(Mail).filter_by(to_address=address).order_by(Mail.id.desc()).first()
        return str(mailer.link_of(mail)).removeprefix("http://localhost")


def actions(look) -> list[str]:
    with look():
        return [
            entry.action
            for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)
            if entry.action.startswith("login.") and entry.action != "login.signed_in"
        ]


# --- You ----------------------------------------------------------------------------------------


def test_the_frame_leads_to_the_account(visitor, bob) -> None:
    page = visitor(bob).get("/portal/keystone/").click(linkid="own-account")
    assert (page.request.path, "bob@acme.example, Acme" in page.text) == (PAGE, True)
    assert leaks_of(page) == []


def test_bob_changes_name_time_zone_and_mails(visitor, bob, look) -> None:
    page = save(
        visitor(bob), "account", name="Robert", time_zone="Asia/Tokyo", wants_order_mail=False
    )
    assert "Your account is saved." in page.follow().text
    with look():
        row = db.session.get_one(Login, bob.id)
        assert (row.name, row.time_zone, row.wants_order_mail) == ("Robert", "Asia/Tokyo", False)
    assert actions(look) == ["login.changed"]


def test_saving_twice_changes_nothing_more(visitor, bob, look) -> None:
    browser = visitor(bob)
    save(browser, "account", name="Robert")
    assert "Your account was not changed." in save(browser, "account", name="Robert").follow().text
    assert actions(look) == ["login.changed"]


def test_times_are_shown_in_the_chosen_zone_or_else_in_the_clients(visitor, bob, look) -> None:
    with look():
        db.session.get_one(Client, bob.client_id).time_zone = "America/Phoenix"
        db.session.commit()
    browser = visitor(bob)
    page = browser.get(PAGE)
    assert ("As Acme: America/Phoenix" in page.text, " MST" in page.text) == (True, True)
    assert " JST" in save(browser, "account", time_zone="Asia/Tokyo").follow().text


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", " ", "Write the person's name."),
        ("time_zone", "Moon/Base", "Choose a time zone from the list."),
    ],
)
def test_what_cannot_be_is_answered_beside_its_field(
    visitor, bob, look, field, typed, sentence
) -> None:
    browser = visitor(bob)
    form = browser.get(PAGE).forms["account"]
    values = dict(form.submit_fields()) | {field: typed}
    assert problem(browser.post(PAGE, values), field) == sentence
    with look():
        assert db.session.get_one(Login, bob.id).name == "Bob"


def test_a_forged_field_gives_no_right(visitor, bob, look) -> None:
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    browser = visitor(bob)
    values = dict(browser.get(PAGE).forms["account"].submit_fields())
    browser.post(PAGE, values | {"allow_order_requests": "y", "email": "x@y.example"})
    with look():
        row = db.session.get_one(Login, bob.id)
        assert (row.allow_order_requests, row.email) == (False, bob.email)


def test_who_may_only_look_keeps_the_account_all_the_same(visitor, bob, look) -> None:
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    assert "is saved" in save(visitor(bob), "account", name="Robert").follow().text


def test_whoever_wants_no_order_mail_is_not_told_and_the_contact_is(
    visitor, bob, alice, story, app, look
) -> None:
    save(visitor(bob), "account", wants_order_mail=False)
    with look():
        number = orders.ask(bob, story.free[0])
        orders.reject(number, alice)
    assert people.mails_to(app, bob.email) == []
    assert people.mails_to(app, "orders@acme.example") == ["order_submitted"]


def test_without_a_token_nothing_is_changed(visitor, bob, look) -> None:
    browser = visitor(bob)
    for act in ACTS:
        browser.post(PAGE + act, {"name": "Robert"}, status=400)
    assert actions(look) == []


def test_a_get_of_an_act_is_refused(visitor, bob) -> None:
    browser = visitor(bob)
    for act in ACTS[1:]:
        browser.get(PAGE + act, status=405)


def test_a_stranger_is_asked_to_sign_in(visitor, bob) -> None:
    assert "/sign-in" in visitor().get(PAGE, status=302).location


def test_staff_who_see_the_portal_as_bob_change_nothing(visitor, alice, bob, app, look) -> None:
    browser, before = visitor(alice), people.password_of(app, bob)
    start(browser, bob)
    page = browser.get(PAGE)
    assert f"Bob's {ONLY_BOB}" in page.html.find(id="only-looking").get_text()
    assert not {"password-form", "address-form", "elsewhere"} & set(page.forms)
    token, typed = people.token_on(page), {"address-email": FRESH, "name": "Robert"}
    typed |= {"current_password": PASSWORD, "address-current_password": PASSWORD, "password": NEW}
    for act in ACTS:
        answer = browser.post(PAGE + act, {"csrf_token": token, **typed}, status=403)
        assert ONLY_BOB in answer.html.get_text()
    assert (email_of(app, bob), people.password_of(app, bob)) == (bob.email, before)
    assert people.mails_to(app, bob.email) == people.mails_to(app, FRESH) == []


# --- The password -----------------------------------------------------------------------------


def test_a_changed_password_ends_all_other_sessions_and_is_told(visitor, bob, app, look) -> None:
    browser, other = visitor(bob), visitor(bob)
    page = save(browser, "password-form", current_password=PASSWORD, password=NEW)
    assert "You are signed out everywhere else." in page.follow().text
    assert (people.is_inside(browser, bob), people.is_inside(other, bob)) == (True, False)
    assert people.mails_to(app, bob.email) == ["password_changed"]
    assert actions(look) == ["login.password_changed"]
    answer = people.try_to_sign_in(visitor(), people.sign_in_address(bob), bob.email, PASSWORD)
    assert people.WRONG in answer.text


@pytest.mark.parametrize(
    ("current", "new", "field", "sentence"),
    [
        ("guess guess guess", NEW, "current_password", "This is not your current password."),
        ("", NEW, "current_password", "Write your current password."),
        (PASSWORD, "short", "password", "Use at least 12 characters"),
        (PASSWORD, "", "password", "Write a password."),
        (PASSWORD, "bob-of-acme-acme", "password", "Leave your name"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing(
    visitor, bob, app, current, new, field, sentence
) -> None:
    before, other = people.password_of(app, bob), visitor(bob)
    page = save(visitor(bob), "password-form", current_password=current, password=new)
    assert problem(page, field).startswith(sentence)
    assert people.password_of(app, bob) == before
    assert (people.is_inside(other, bob), people.mails_to(app, bob.email)) == (True, [])


def test_guessing_the_current_password_is_slowed_down(visitor, bob) -> None:
    browser = visitor(bob)
    for _ in range(10):
        save(browser, "password-form", current_password="guess", password=NEW)
    page = save(browser, "password-form", current_password=PASSWORD, password=NEW)
    assert problem(page, "current_password").startswith("Too many tries. Wait 15 minutes")


# --- The address --------------------------------------------------------------------------------


def test_a_new_address_counts_once_its_link_is_used(visitor, bob, app, look) -> None:
    browser = visitor(bob)
    page = ask(browser, "  Robert@ACME.example ").follow()
    assert f"Open the link that we sent to {FRESH}." in page.text
    assert FRESH in page.html.find(id="waiting").get_text()
    assert (people.mails_to(app, FRESH), email_of(app, bob)) == (["address_to_confirm"], bob.email)
    assert people.mails_to(app, bob.email) == ["address_asked"]
    shown = visitor().get(link_to(app, FRESH))
    assert (FRESH in shown.text, bob.email in shown.text) == (True, True)
    assert email_of(app, bob) == bob.email
    shown.forms["confirm-address"].submit(status=302)
    assert email_of(app, bob) == FRESH
    assert actions(look) == ["login.address_asked", "login.address_changed"]
    assert f"{FRESH}, Acme" in browser.get(PAGE).text
    answer = people.try_to_sign_in(visitor(), people.sign_in_address(bob), FRESH, PASSWORD)
    assert answer.status_int == 302


def test_a_link_confirms_once(visitor, bob, app) -> None:
    ask(visitor(bob), FRESH)
    link = link_to(app, FRESH)
    form = visitor().get(link).forms["confirm-address"]
    form.submit(status=302)
    form.submit(status=410)
    visitor().get(link, status=410)
    assert email_of(app, bob) == FRESH


def test_a_link_dies_after_two_days(visitor, bob, app) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 12, tzinfo=UTC), tick=False) as clock:
        ask(visitor(bob), FRESH)
        link = link_to(app, FRESH)
        clock.shift(timedelta(hours=49))
        assert "no longer works" in visitor().get(link, status=410).text
        assert visitor(bob).get(PAGE).html.find(id="waiting") is None
    assert email_of(app, bob) == bob.email


def test_another_address_or_a_new_password_or_bobs_no_ends_the_link(visitor, bob, app) -> None:
    browser = visitor(bob)
    ends = (
        lambda: ask(browser, "other@acme.example"),
        lambda: save(browser, "password-form", current_password=PASSWORD, password=PASSWORD + "!"),
    )
    ask(browser, FRESH)
    assert "stays bob@acme.example" in save(browser, "keep-address").follow().text
    visitor().get(link_to(app, FRESH), status=410)
    for end in ends:
        ask(browser, FRESH)
        link = link_to(app, FRESH)
        end()
        visitor().get(link, status=410)
    assert email_of(app, bob) == bob.email


def test_keeping_the_address_twice_is_safe(visitor, bob, look) -> None:
    browser = visitor(bob)
    ask(browser, FRESH)
    form = browser.get(PAGE).forms["keep-address"]
    form.submit(status=302)
    form.submit(status=302)
    assert actions(look) == ["login.address_asked", "login.address_kept"]


@pytest.mark.parametrize(
    ("email", "password", "field", "sentence"),
    [
        (FRESH, "guess guess guess", "current_password", "This is not your current password."),
        (FRESH, "", "current_password", "Write your current password."),
        ("", PASSWORD, "email", "Write an e-mail address."),
        ("robert", PASSWORD, "email", "robert is not an e-mail address."),
        ("Bob@acme.example", PASSWORD, "email", "This is your address already."),
        ("charlie@birch.example", PASSWORD, "email", TAKEN),
    ],
)
def test_an_address_that_will_not_do_changes_nothing_and_mails_nobody(
    visitor, bob, app, look, email, password, field, sentence
) -> None:
    page = ask(visitor(bob), email, password)
    assert problem(page, f"address-{field}").startswith(sentence)
    assert page.html.find(id="address-email")["value"] == email
    with look():
        row = db.session.get_one(Login, bob.id)
        assert (row.email, row.pending_email) == (bob.email, None)
        assert db.session.query(Mail).count() == 0


def test_the_refusal_tells_nobody_whose_an_address_is(visitor, bob, charlie) -> None:
    text = ask(visitor(bob), charlie.email).html.get_text()
    assert ("Charlie" in text, "Birch" in text) == (False, False)


def test_who_was_first_to_confirm_has_the_address(visitor, bob, charlie, app) -> None:
    ask(visitor(bob), FRESH)
    link = link_to(app, FRESH)
    ask(visitor(charlie), FRESH)
    visitor().get(link_to(app, FRESH)).forms["confirm-address"].submit(status=302)
    page = visitor().get(link).forms["confirm-address"].submit()
    assert "in use by now" in page.html.find(id="refused").get_text()
    assert (email_of(app, charlie), email_of(app, bob)) == (FRESH, bob.email)


@pytest.mark.parametrize("act", [people.disable, people.suspend_client, people.let_expire])
def test_who_may_not_sign_in_confirms_nothing(visitor, bob, app, act) -> None:
    ask(visitor(bob), FRESH)
    link = link_to(app, FRESH)
    people.change(app, act, bob)
    visitor().get(link, status=410)
    assert email_of(app, bob) == bob.email


def test_no_link_does_for_another_purpose_or_brand(visitor, bob, app, look) -> None:
    ask(visitor(bob), FRESH)
    confirming = link_to(app, FRESH)
    visitor().get(confirming.replace("confirm-address", "set-password"), status=410)
    visitor().get(confirming.replace("keystone", "other"), status=410)
    with look():
        setting = credentials.link(credentials.invite(db.session.get_one(Login, bob.id)))
        db.session.commit()
    path = setting.removeprefix("http://localhost").replace("set-password", "confirm-address")
    visitor().get(path, status=410)
    assert email_of(app, bob) == bob.email


def test_nobody_has_strangers_flooded_with_mails(visitor, bob, app) -> None:
    browser = visitor(bob)
    for _ in range(10):
        ask(browser, FRESH)
    page = ask(browser, FRESH)
    assert problem(page, "address-email").startswith("That were many addresses. Wait 15 minutes")
    assert len(people.mails_to(app, FRESH)) == 10


def test_staff_are_not_offered_the_new_address_for_an_invitation(visitor, bob, alice) -> None:
    ask(visitor(bob), FRESH)
    page = visitor(alice).get(f"/admin/logins/details/?id={bob.id}")
    assert FRESH not in page.text


def test_single_keys_are_switched_off_and_on_in_the_account(visitor, bob, charlie) -> None:
    browser = visitor(bob)
    form = browser.get(PAGE).forms["screen"]
    form["keys"].checked = False
    page = form.submit().follow()
    assert ("Single keys are off." in page.text, page.html.body["data-keys"]) == (True, "off")
    assert "data-keys" not in visitor(charlie).get(PAGE).html.body.attrs
    form = page.forms["screen"]
    form["keys"].checked = True
    page = form.submit().follow()
    assert ("Single keys are on." in page.text, page.html.body.get("data-keys")) == (True, None)
