"""Signing in to the portal: form, link, forgotten password, and what outsiders learn."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask

import mailer
import tenancy
from extensions import db
from models import Invitation, Login
from tests.support import people
from tests.support.cast import PASSWORD, Person, Story
from tests.support.people import WRONG, ask_for_link, choose_password, essence, try_to_sign_in
from tests.support.web import Visitor
from tests.support.words import leaks_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ADDRESS = "/portal/keystone/sign-in"
FORGOTTEN = "/portal/keystone/forgotten"
HOME = "/portal/keystone/"
GOOD = "seven green bottles"
SENT = (
    "If there is an account with that address, a mail with a link is on its way. "
    "The link works once, for two days."
)
DEAD = "This link no longer works"


def test_bob_signs_in_and_finds_his_first_page(visitor, bob: Person):
    browser = visitor()
    answer = try_to_sign_in(browser, ADDRESS, bob.email, bob.password)
    assert (answer.status_int, answer.location) == (302, HOME)
    assert "Acme" in answer.follow().text


def test_bobs_address_is_taken_as_people_type_it(visitor, bob: Person):
    answer = try_to_sign_in(visitor(), ADDRESS, "  Bob@ACME.example ", bob.password)
    assert answer.location == HOME


def test_a_stranger_is_asked_to_sign_in_and_then_goes_on(visitor, bob: Person):
    browser = visitor()
    asked = browser.get("/portal/keystone/orders?tab=completed", status=302)
    form = asked.follow().forms["sign-in"]
    form["email"], form["password"] = bob.email, bob.password
    assert form.submit().location == "/portal/keystone/orders?tab=completed"


def test_bob_signs_out_by_the_button(app: Flask, visitor, bob: Person):
    browser = visitor(bob)
    form = next(
        f for f in browser.get(HOME).forms.values() if f.action == "/portal/keystone/sign-out"
    )
    page = form.submit(status=302).follow()
    assert "You are signed out." in page.text
    assert people.live_sessions(app, bob) == 0


def test_a_get_does_not_sign_out(app: Flask, visitor, bob: Person):
    browser = visitor(bob)
    browser.get("/portal/keystone/sign-out", status=405)
    assert people.live_sessions(app, bob) == 1


@pytest.mark.parametrize("address", [ADDRESS, FORGOTTEN, "/portal/keystone/sign-out"])
def test_a_form_without_its_token_does_nothing(app: Flask, visitor, bob: Person, address: str):
    browser = visitor(bob)
    page = browser.post(address, {"email": bob.email, "password": PASSWORD}, status=400)
    assert "Please send it again" in page.text
    assert people.live_sessions(app, bob) == 1
    assert people.mails_to(app, bob.email) == []


# --- What an outsider learns ------------------------------------------------------------------


def refusals(app: Flask, story: Story) -> list[tuple[str, str]]:
    """Make every kind of account that cannot sign in; gives addresses with passwords."""
    people.change(app, people.suspend_client, story.charlie)
    return [
        (story.bob.email, "not the password"),
        ("nobody@acme.example", PASSWORD),
        (story.charlie.email, PASSWORD),
        (story.alice.email, PASSWORD),
    ]


def test_every_refusal_looks_the_same(app: Flask, visitor, story: Story):
    answers = {
        essence(try_to_sign_in(visitor(), ADDRESS, email, password), email)
        for email, password in refusals(app, story)
    }
    assert len(answers) == 1
    status, body, _ = answers.pop()
    assert (status, body.count(WRONG)) == (200, 1)
    for person in (story.bob, story.charlie, story.alice):
        assert people.live_sessions(app, person) == 0


@pytest.mark.parametrize("act", [people.disable, people.let_expire, people.close_client])
def test_a_closed_account_is_refused_like_an_unknown_one(
    app: Flask, visitor, bob: Person, act: Callable[[Person], None]
):
    unknown = essence(try_to_sign_in(visitor(), ADDRESS, "x@y.example", PASSWORD), "x@y.example")
    people.change(app, act, bob)
    closed = essence(try_to_sign_in(visitor(), ADDRESS, bob.email, PASSWORD), bob.email)
    assert closed == unknown
    assert people.live_sessions(app, bob) == 0


def test_the_refused_form_keeps_the_address_and_drops_the_password(visitor, bob: Person):
    page = try_to_sign_in(visitor(), ADDRESS, bob.email, "not the password")
    form = page.forms["sign-in"]
    assert (form["email"].value, form["password"].value) == (bob.email, "")
    assert "not the password" not in page.text
    assert page.html.select_one("#email-error").text.strip() == WRONG


@pytest.mark.parametrize(
    ("email", "password", "where", "sentence"),
    [
        ("", PASSWORD, "email", "Write your e-mail address."),
        ("bob", PASSWORD, "email", "Write a whole e-mail address, such as name@company.com."),
        ("b\x01b@x.example", PASSWORD, "email", "Write a whole e-mail address, such as "
         "name@company.com."),
        ("b@" + "x" * 260, PASSWORD, "email", "An e-mail address has at most 254 characters."),
        ("bob@acme.example", "", "password", "Write your password."),
        ("bob@acme.example", "x" * 1025, "password", "A password has at most 1,024 characters."),
    ],
)  # fmt: skip
def test_what_is_not_complete_gets_a_sentence(
    visitor, story: Story, email: str, password: str, where: str, sentence: str
):
    page = try_to_sign_in(visitor(), ADDRESS, email, password)
    assert page.status_int == 200
    assert page.html.select_one(f"#{where}-error").text.strip() == sentence


def test_the_same_address_at_another_reseller_is_another_account(app: Flask, visitor, bob: Person):
    page = try_to_sign_in(visitor(), "/portal/other/sign-in", bob.email, bob.password)
    assert WRONG in page.text
    assert people.live_sessions(app, bob) == 0


@pytest.mark.parametrize(
    "page", ["", "sign-in", "forgotten", "set-password/x", "brand.css", "logo"]
)
def test_a_brand_that_does_not_exist_is_not_found(app: Flask, visitor, story: Story, page: str):
    visitor().get(f"/portal/nobody/{page}", status=404)
    people.change(app, people.stop_reseller, story.bob)
    visitor().get(f"/portal/keystone/{page}", status=404)


# --- Guessing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["bob@acme.example", "nobody@acme.example"])
def test_after_ten_wrong_passwords_even_the_right_one_waits(
    app: Flask, visitor, bob: Person, email: str
):
    with time_machine.travel(NOON, tick=False):
        for _ in range(10):
            assert try_to_sign_in(visitor(), ADDRESS, email, "wrong").status_int == 200
        page = try_to_sign_in(visitor(), ADDRESS, email, PASSWORD)
    assert (page.status_int, page.headers["Retry-After"]) == (429, "901")
    assert "Too many tries. Wait 16 minutes, then try again." in " ".join(page.text.split())
    assert people.live_sessions(app, bob) == 0


def test_the_wait_looks_the_same_for_an_account_that_does_not_exist(visitor, bob: Person):
    answers = set()
    with time_machine.travel(NOON, tick=False):
        for email in (bob.email, "no@one.example"):
            for _ in range(10):
                try_to_sign_in(visitor(), ADDRESS, email, "wrong")
            answers.add(essence(try_to_sign_in(lonely(visitor()), ADDRESS, email, "wrong"), email))
    assert len(answers) == 1


def lonely(browser: Visitor) -> Visitor:
    """Move a browser to an address of its own, so that only the account counts."""
    browser.extra_environ |= {"REMOTE_ADDR": "192.0.2.44"}
    return browser


def test_bob_comes_in_when_the_wait_is_over(visitor, bob: Person):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(10):
            try_to_sign_in(visitor(), ADDRESS, bob.email, "wrong")
        clock.shift(timedelta(minutes=15))
        assert try_to_sign_in(visitor(), ADDRESS, bob.email, PASSWORD).location == HOME


def test_guessing_at_bob_does_not_slow_charlie_elsewhere(visitor, bob: Person, charlie: Person):
    for _ in range(10):
        try_to_sign_in(visitor(), ADDRESS, bob.email, "wrong")
    assert try_to_sign_in(visitor(), ADDRESS, charlie.email, PASSWORD).location == HOME


def test_a_made_up_origin_does_not_evade_the_count(visitor, story: Story):
    def knock(n: int) -> int:
        browser = visitor()
        browser.extra_environ |= {"HTTP_X_FORWARDED_FOR": f"198.51.100.{n}"}
        return try_to_sign_in(browser, ADDRESS, f"n{n}@x.example", "wrong").status_int

    assert [knock(n) for n in range(21)] == [200] * 20 + [429]


# --- Where one goes on ------------------------------------------------------------------------

HOSTILE = (
    "//evil.example", "///evil.example", "////evil.example/x", "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example", "http://evil.example", "https:evil.example", "https:/evil.example",
    "http:evil.example", "HTTPS://EVIL.EXAMPLE", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "data:text/html,x", "%2f%2fevil.example", "/%2fevil.example", "/%5cevil.example",
    "/portal/keystone/\r\nSet-Cookie: a=b", "/portal/keystone/\nLocation: //evil.example",
    "/portal/keystone/\t//evil.example", "/portal/keystone//evil.example", " //evil.example",
    "\t//evil.example", "/portal/keystone/\\evil", "/portal/keystone/../../../admin/logout",
    "/portal/other/", "/portal/keystonevil/", "/admin/", "@evil.example", "evil.example",
    "?next=//evil.example", "/portal/keystone/\x00", "/portal/keystone/\u2028x", "",
)  # fmt: skip


@pytest.mark.parametrize("wanted", HOSTILE, ids=ascii)
def test_no_address_leads_out_of_the_portal(visitor, bob: Person, wanted: str):
    address = f"{ADDRESS}?next={quote(wanted, safe='')}"
    answer = try_to_sign_in(visitor(), address, bob.email, bob.password)
    assert (answer.status_int, answer.location) == (302, HOME)


# --- Forgotten --------------------------------------------------------------------------------


def test_a_forgotten_password_is_answered_the_same_for_all(app: Flask, visitor, story: Story):
    people.change(app, people.disable, story.charlie)
    emails = (story.bob.email, "nobody@acme.example", story.charlie.email, story.alice.email)
    answers = {essence(ask_for_link(visitor(), FORGOTTEN, email), email) for email in emails}
    assert len(answers) == 1
    assert answers.pop()[1].count(SENT) == 1
    assert people.mails_to(app, story.bob.email) == ["password_forgotten"]
    assert [people.mails_to(app, email) for email in emails[1:]] == [[], [], []]
    assert people.open_links(app, story.charlie) == 0


def test_who_was_only_invited_is_not_mailed_another_link(app: Flask, visitor, bob: Person):
    people.change(app, lambda p: setattr(people.row_of(p), "password_hash", None), bob)
    ask_for_link(visitor(), FORGOTTEN, bob.email)
    assert people.mails_to(app, bob.email) == []


def test_asking_for_links_is_slowed_down_too(app: Flask, visitor, bob: Person):
    for _ in range(10):
        ask_for_link(visitor(), FORGOTTEN, bob.email)
    page = ask_for_link(visitor(), FORGOTTEN, bob.email)
    assert page.status_int == 429
    assert len(people.mails_to(app, bob.email)) == 10
    assert try_to_sign_in(visitor(), ADDRESS, bob.email, PASSWORD).location == HOME


def test_the_mailed_link_sets_a_new_password(app: Flask, visitor, bob: Person):
    elsewhere = visitor(bob)
    ask_for_link(visitor(), FORGOTTEN, bob.email)
    with app.app_context(), tenancy.across_resellers():
        mail = db.session.scalars(db.select(mailer.Mail)).one()
        text, _ = mailer.filled(mail)
    path = next(word for word in text.split() if "/set-password/" in word)
    browser = visitor()
    answer = choose_password(browser, path.removeprefix("http://localhost"), GOOD)
    assert (answer.status_int, answer.location) == (302, HOME)
    assert "Your password is set. Welcome." in answer.follow().text
    assert not people.is_inside(elsewhere, bob)
    assert people.mails_to(app, bob.email) == ["password_forgotten", "password_changed"]
    assert WRONG in try_to_sign_in(visitor(), ADDRESS, bob.email, PASSWORD).text


# --- The link ---------------------------------------------------------------------------------


def test_an_invited_login_sets_a_password_and_is_in(app: Flask, visitor, bob: Person):
    people.change(app, lambda p: setattr(people.row_of(p), "password_hash", None), bob)
    browser = visitor()
    page = browser.get(people.link_for(app, bob))
    assert bob.email in page.text
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.headers["Cache-Control"] == "no-store"
    form = page.forms["set-password"]
    form["password"] = GOOD
    assert form.submit().location == HOME
    assert people.mails_to(app, bob.email) == []
    assert people.is_inside(browser, bob)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "Write a password."),
        ("short", "Use at least 12 characters; a few words in a row are easy to remember."),
        ("q1w2e3r4t5y6", "That password is too easy to guess. Choose another."),
    ],
)
def test_a_weak_password_is_refused_beside_its_field(
    app: Flask, visitor, bob: Person, password: str, sentence: str
):
    path, before = people.link_for(app, bob), people.password_of(app, bob)
    page = choose_password(visitor(), path, password)
    assert page.html.select_one("#password-error").text.strip() == sentence
    assert people.password_of(app, bob) == before
    assert people.live_sessions(app, bob) == 0
    assert choose_password(visitor(), path, GOOD).status_int == 302


def test_a_used_link_is_dead(app: Flask, visitor, bob: Person):
    path = people.link_for(app, bob)
    late = visitor().get(path).forms["set-password"]
    choose_password(visitor(), path, GOOD)
    kept = people.password_of(app, bob)
    late["password"] = "another one instead"
    for page in (late.submit(status=410), visitor().get(path, status=410)):
        assert DEAD in page.html.h1.text
        assert page.headers["Referrer-Policy"] == "strict-origin"
    assert people.password_of(app, bob) == kept


def test_links_that_lead_nowhere(app: Flask, visitor, story: Story):
    replaced, staff = people.link_for(app, story.bob), people.link_for(app, story.alice)
    newest = people.link_for(app, story.bob)
    token = newest.rsplit("/", 1)[1]
    of_staff = staff.rsplit("/", 1)[1]
    for path in (
        replaced,
        f"{newest}x",
        "/portal/keystone/set-password/nonsense",
        f"/portal/other/set-password/{token}",
        f"/portal/keystone/set-password/{of_staff}",
        f"/admin/set-password/{token}",
    ):
        assert DEAD in visitor().get(path, status=410).html.h1.text, path
    visitor().get(newest, status=200)


def test_a_link_of_two_days_ago_is_dead(app: Flask, visitor, bob: Person):
    with time_machine.travel(NOON, tick=False) as clock:
        path = people.link_for(app, bob)
        clock.shift(timedelta(hours=48))
        assert DEAD in visitor().get(path, status=410).html.h1.text


@pytest.mark.parametrize("act", [people.disable, people.suspend_client, people.let_expire])
def test_a_link_opens_no_closed_account_and_is_not_used_up(
    app: Flask, visitor, bob: Person, act: Callable[[Person], None]
):
    path, before = people.link_for(app, bob), people.password_of(app, bob)
    people.change(app, act, bob)
    page = choose_password(visitor(), path, GOOD)
    assert page.html.select_one("#password-error").text.strip() == (
        "This account is closed at present. Ask whoever invited you."
    )
    assert people.password_of(app, bob) == before
    assert people.live_sessions(app, bob) == 0
    assert people.open_links(app, bob) == 1


def test_links_come_from_the_settings_and_not_from_the_request(app: Flask, visitor, bob: Person):
    browser = visitor()
    browser.extra_environ |= {"HTTP_X_FORWARDED_HOST": "evil.example"}
    ask_for_link(browser, FORGOTTEN, bob.email)
    with app.app_context(), tenancy.across_resellers():
        mail = db.session.scalars(db.select(mailer.Mail)).one()
        text, html = mailer.filled(mail)
    assert "http://localhost/portal/keystone/set-password/" in text
    assert "evil.example" not in text + html


def test_the_table_holds_no_link(app: Flask, visitor, bob: Person):
    ask_for_link(visitor(), FORGOTTEN, bob.email)
    with app.app_context(), tenancy.across_resellers():
        mail = db.session.scalars(db.select(mailer.Mail)).one()
        invitation = db.session.scalars(db.select(Invitation)).one()
        assert "/set-password/" not in mail.text + mail.html
        assert db.session.get_one(Login, bob.id).id == invitation.login_id


# --- The brand --------------------------------------------------------------------------------


def test_the_pages_of_signing_in_wear_the_resellers_brand_alone(app: Flask, visitor, bob: Person):
    link = people.link_for(app, bob)
    for address, status in (
        (ADDRESS, 200), (FORGOTTEN, 200), (link, 200), (f"{link}x", 410), (f"{HOME}x", 404),
    ):  # fmt: skip
        page = visitor().get(address, status=status)
        assert leaks_of(page) == []
        if status != 404:
            assert "Keystone Voice" in page.html.title.text
            assert "help@keystone.example" in page.text
