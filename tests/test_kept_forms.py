"""A form that met an ended sign-in: kept for its person, filled in once, never sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

import kept_forms
import retention
import second_factor
import tenancy
from columns import now
from extensions import db
from kept_forms import filling
from models import AuditEntry, Client, E911Record, KeptForm, Order, WebSession
from tests.support import orders, people
from tests.support.cast import Person, Story
from tests.support.web import Visitor, check_page

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLIENT, ADDRESS = "/admin/clients/new/", "/portal/keystone/911/4125550190"
SAID = "The form was not sent, because your sign-in had ended."
HOSTILE = "\"><b>O'Hara & Söhne</b>"


def end_all(look: Any) -> None:
    """End everybody's sessions, as their time would."""
    with look():
        db.session.execute(update(WebSession).values(ended_at=now()))
        db.session.commit()


def late_client(browser: Visitor, look: Any) -> Any:
    """Type a new client as Alice would, and send it when the sign-in has ended."""
    form = browser.get(CLIENT).forms["client"]
    form["name"], form["notes"] = HOSTILE, f"\n first line\n{HOSTILE}"
    form["time_zone"] = "America/Denver"
    end_all(look)
    return form.submit()


def late_address(browser: Visitor, look: Any) -> Any:
    """Type a 911 address as Bob would, and send it when the sign-in has ended."""
    form = browser.get(ADDRESS).forms["e911"]
    form["caller_name"], form["address1"], form["accepted"] = "Acme", HOSTILE, True
    end_all(look)
    return form.submit()


def sign_in_here(answer: Any, person: Person) -> Any:
    """Follow to the sign-in page and sign in there; gives the page that comes then."""
    form = answer.follow().forms["sign-in"]
    form["email"], form["password"] = person.email, person.password
    return form.submit().maybe_follow()


def waiting(app: Flask) -> int:
    with app.app_context(), tenancy.across_resellers():
        return db.session.query(KeptForm).count()


def test_alice_finds_what_she_typed_filled_in_again(app, visitor, alice, look) -> None:
    browser = visitor(alice)
    answer = late_client(browser, look)
    assert "so the form was not sent. What you typed is kept" in answer.follow().text
    page = sign_in_here(answer, alice)
    form = page.forms["client"]
    assert (page.request.path, SAID in page.text) == (CLIENT, True)
    assert (form["name"].value, form["time_zone"].value) == (HOSTILE, "America/Denver")
    assert form["notes"].value.replace("\r\n", "\n") == f"\n first line\n{HOSTILE}"
    with look():
        assert db.session.query(Client).filter_by(name=HOSTILE).count() == 0
    form["name"], form["contact_email"] = "Cedar", "orders@cedar.example"
    form.submit(status=302)
    with look():
        assert db.session.query(Client).filter_by(name="Cedar").count() == 1


def test_bob_finds_what_he_typed_filled_in_again(app, visitor, bob, look) -> None:
    page = sign_in_here(late_address(visitor(bob), look), bob)
    form = page.forms["e911"]
    assert (page.request.path, SAID in page.text) == (ADDRESS, True)
    assert (form["caller_name"].value, form["address1"].value) == ("Acme", HOSTILE)
    assert form["accepted"].checked
    with look():
        counts = db.session.query(Order).count(), db.session.query(E911Record).count()
    assert counts == (0, 0)


@pytest.mark.parametrize(("late", "name"), [(late_client, "alice"), (late_address, "bob")])
def test_it_is_filled_in_once(app, visitor, story, look, late, name) -> None:
    browser, person = visitor(getattr(story, name)), getattr(story, name)
    page = sign_in_here(late(browser, look), person)
    assert waiting(app) == 0
    again = browser.get(page.request.path)
    assert (SAID in again.text, "Söhne" in again.text) == (False, False)


@pytest.mark.parametrize(
    ("late", "sender", "other", "path"),
    [
        (late_client, "alice", "victor", CLIENT),
        (late_client, "alice", "mallory", CLIENT),
        (late_address, "bob", "charlie", ADDRESS),
    ],
)
def test_another_person_never_sees_it(
    app, visitor, story: Story, look, late, sender, other, path
) -> None:
    browser, stranger = visitor(getattr(story, sender)), getattr(story, other)
    form = late(browser, look).follow().forms["sign-in"]
    form["email"], form["password"] = stranger.email, stranger.password
    form.submit(status=302)
    answer = browser.get(path, status="*")
    assert (SAID in answer.text, "Söhne" in answer.text) == (False, False)
    # Nor does its owner any more, in this browser: the other one's sign-in let go of it.
    browser.reset()
    browser.sign_in(getattr(story, sender))
    assert "Söhne" not in browser.get(path).text


def test_a_copy_of_the_cookie_finds_nothing_after_the_first(app, visitor, alice, look) -> None:
    browser = visitor(alice)
    answer = late_client(browser, look)
    copy = Visitor(app)
    for name, value in browser.cookies.items():
        copy.set_cookie(name, value)
    sign_in_here(answer, alice)
    copy.sign_in(alice)
    assert SAID not in copy.get(CLIENT).text


@pytest.mark.parametrize(("minutes", "found"), [(59, True), (61, False)])
def test_it_dies_after_an_hour(app, visitor, bob, look, minutes: int, found: bool) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        answer = late_address(visitor(bob), look)
        clock.shift(timedelta(minutes=minutes))
        page = sign_in_here(answer, bob)
    assert (SAID in page.text, "Söhne" in page.text) == (found, found)


def test_what_has_had_its_time_is_forgotten_by_the_next(app, visitor, bob, alice, look) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        late_address(visitor(bob), look)
        late_client(visitor(alice), look)
        assert waiting(app) == 2
        clock.shift(timedelta(minutes=61))
        late_client(visitor(alice), look)
    assert waiting(app) == 1


def test_a_form_that_nobody_comes_back_for_is_forgotten(app, visitor, bob, look) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        late_address(visitor(bob), look)
        with app.app_context():
            assert retention.forget_forms() == 0
        clock.shift(timedelta(minutes=61))
        with app.app_context():
            assert retention.forget_forms() == 1
    assert waiting(app) == 0


def test_passwords_are_never_kept(app, visitor, bob, look) -> None:
    browser = visitor(bob)
    form = browser.get("/portal/keystone/account").forms["password-form"]
    form["current_password"] = form["password"] = "a secret of the person"
    end_all(look)
    answer = form.submit(headers={"Referer": "http://localhost/portal/keystone/account"})
    with look():
        assert db.session.query(KeptForm.fields).scalar() == [["username", bob.email]]
    page = sign_in_here(answer, bob)
    assert f"{SAID} Do it once more." in page.html.find(id="kept-form").get_text(" ", strip=True)
    assert page.forms["password-form"]["current_password"].value == ""


def test_secrets_beside_other_fields_are_left_out_and_named(app, visitor, bob, look) -> None:
    browser, new = visitor(bob), "bob.new@acme.example"
    form = browser.get("/portal/keystone/account").forms["address-form"]
    form["address-email"], form["address-current_password"] = new, "a secret"
    end_all(look)
    answer = form.submit(headers={"Referer": "http://localhost/portal/keystone/account"})
    with look():
        assert db.session.query(KeptForm.fields).scalar() == [["address-email", new]]
    page = sign_in_here(answer, bob)
    assert "is filled in again, but for passwords." in page.text
    form = page.forms["address-form"]
    assert form["address-email"].value == new
    assert form["address-current_password"].value == ""


def test_the_list_of_secrets_knows_every_such_field(app: Flask) -> None:
    from wtforms import Form, PasswordField

    def below(form: type) -> list[type]:
        return [form, *(one for sub in form.__subclasses__() for one in below(sub))]

    made = [
        (name, field)
        for form in below(Form)
        for name, field in vars(form).items()
        if hasattr(field, "field_class")
    ]
    secrets = {
        name
        for name, field in made
        if issubclass(field.field_class, PasswordField)
        or (field.kwargs.get("render_kw") or {}).get("autocomplete") == "one-time-code"
    }
    assert secrets == {"password", "current_password", "code"}
    assert secrets < kept_forms.SECRETS


def test_it_waits_for_the_code_of_the_second_factor(app, visitor, bob, look) -> None:
    with time_machine.travel(NOON, tick=False):
        answer = late_address(visitor(bob), look)
        with look():
            row = people.row_of(bob)
            second_factor.begin(row)
            app_of_bob = pyotp.TOTP(second_factor.pending_secret(row))
            row.totp_confirmed_at = now()
            db.session.commit()
        form = sign_in_here(answer, bob).forms["code-form"]
        form["code"] = app_of_bob.now()
        page = form.submit().follow()
    assert (page.request.path, page.forms["e911"]["address1"].value) == (ADDRESS, HOSTILE)


def test_it_waits_while_a_wrong_password_is_typed(app, visitor, bob, look) -> None:
    form = late_address(visitor(bob), look).follow().forms["sign-in"]
    form["email"], form["password"] = bob.email, "not the right one"
    form = form.submit().forms["sign-in"]
    form["email"], form["password"] = bob.email, bob.password
    assert form.submit().follow().forms["e911"]["address1"].value == HOSTILE


def test_it_leads_to_the_page_where_the_form_stood(app, visitor, alice, look) -> None:
    """The address that a form leads to need not be a page; browsers tell where it stood."""
    browser, place = visitor(alice), "/admin/tiers/?search=a%20b"
    form = browser.get(place).forms["keep-view"]
    form["view_name"] = "Mine"
    end_all(look)
    page = sign_in_here(form.submit(headers={"Referer": f"http://localhost{place}"}), alice)
    assert page.request.path_qs == place
    assert page.forms["keep-view"]["view_name"].value == "Mine"


@pytest.mark.parametrize("referrer", ["http://elsewhere.example/admin/", "http://localhost/x", ""])
def test_what_is_no_page_of_the_area_is_not_gone_back_to(
    app, visitor, alice, look, referrer
) -> None:
    form = visitor(alice).get("/admin/tiers/?search=a").forms["keep-view"]
    end_all(look)
    answer = form.submit(headers={"Referer": referrer})
    assert (answer.location, waiting(app)) == ("/admin/login", 0)
    assert kept_forms.NOT_KEPT in answer.follow().text


def test_a_press_without_fields_is_to_be_done_once_more(app, visitor, bob, story, look) -> None:
    with look():
        number = orders.ask(story.bob, story.free[0])
    browser, place = visitor(bob), f"/portal/keystone/orders/{number}"
    form = browser.get(place).forms["cancel-order"]
    end_all(look)
    answer = form.submit(headers={"Referer": f"http://localhost{place}"})
    assert kept_forms.NOT_KEPT in answer.follow().text
    assert sign_in_here(answer, bob).request.path == place
    with look():
        assert orders.snapshot(number)[0] == "pending"


def test_too_much_text_is_not_kept_and_that_is_said(app, visitor, alice, look) -> None:
    browser = visitor(alice)
    form = browser.get(CLIENT).forms["client"]
    form["notes"] = "x" * (kept_forms.MOST_CHARACTERS + 1)
    end_all(look)
    assert "so nothing was sent" in form.submit().follow().text
    assert waiting(app) == 0


def test_staff_in_a_portal_leave_nothing_to_its_login(app, visitor, alice, bob, look) -> None:
    from tests.test_impersonation import start

    browser = visitor(alice)
    start(browser, bob)
    form = browser.get(ADDRESS).forms["e911"]
    form["address1"] = HOSTILE
    end_all(look)
    form.submit(status=302)
    assert waiting(app) == 0


def test_a_stranger_keeps_nothing(app, visitor, bob) -> None:
    browser = visitor()
    token = people.token_on(browser.get("/portal/keystone/sign-in"))
    answer = browser.post(ADDRESS, {"csrf_token": token, "address1": HOSTILE})
    assert (answer.location.endswith("/portal/keystone/sign-in"), waiting(app)) == (True, 0)


# --- Filling in a page ------------------------------------------------------------------------

PAGE = """<!doctype html><main id="main"><p>A form</p>
<form method="post" action="/a?x=1" id="one">
<input type="hidden" name="seen" value="1"><input name="q" value="old">
<input type="checkbox" name="on" value="1" checked><input type="checkbox" name="on" value="2">
<input type="radio" name="r" value="a" checked><input type="radio" name="r" value="b">
<select name="s"><option value="">None</option>
<option selected>Two &amp; 2</option><option>3
</select>
<textarea name="t">old</textarea><input type="password" name="p"><input type="file" name="f">
<input name="c" autocomplete="one-time-code"><input name="q" value="second"></form>
<form method="post" action="/a?x=1">
<input type="hidden" name="seen" value="2"><input name="q"></form>
<textarea name="out" form="one"></textarea></main>"""


def filled(fields: list[list[str]]) -> Any:
    from bs4 import BeautifulSoup

    page = filling.Page(PAGE)
    form = page.form_of(lambda action: action == "/a?x=1", fields)
    assert form is not None
    page.fill(form, fields)
    return BeautifulSoup(page.written(), "html.parser")


def test_every_kind_of_field_is_filled() -> None:
    page = filled(
        [
            ["seen", "1"],
            *(["q", "<first>"], ["q", '"2"'], ["on", "2"], ["r", "b"], ["s", "3"]),
            *(["t", "</textarea>&"], ["out", "side"], ["p", "p"], ["f", "f"], ["c", "123456"]),
        ]
    )
    one = page.find(id="one")
    assert [tag["value"] for tag in one.find_all("input", {"name": "q"})] == ["<first>", '"2"']
    ticked = [tag["value"] for tag in one.find_all("input", checked=True)]
    assert ticked == ["2", "b"]
    assert [tag.get_text(strip=True) for tag in one.find_all("option", selected=True)] == ["3"]
    assert one.textarea.get_text() == "\n</textarea>&"
    assert page.find("textarea", form="one").get_text() == "\nside"
    untouched = [one.find("input", {"name": name}).get("value") for name in ("p", "f", "c", "seen")]
    assert untouched == [None, None, None, "1"]


def test_of_two_forms_that_lead_there_the_one_that_was_sent_is_filled() -> None:
    page = filled([["seen", "2"], ["q", "typed"]])
    first, second = page.find_all("form")
    assert [form.find("input", {"name": "q"}).get("value") for form in (first, second)] == [
        "old",
        "typed",
    ]


def test_a_page_that_has_no_such_form_says_so(app, visitor, bob, look) -> None:
    browser = visitor(bob)
    answer = late_address(browser, look)
    with look():
        db.session.execute(update(KeptForm).values(target="/portal/keystone/911/gone"))
        db.session.commit()
    page = sign_in_here(answer, bob)
    assert "This page no longer has that form. Begin once more." in page.text
    check_page(page)


def test_it_is_no_act_of_the_audit_log(app, visitor, alice, look) -> None:
    late_client(visitor(alice), look)
    with look():
        actions = [row.action for row in db.session.query(AuditEntry).order_by(AuditEntry.id)]
    assert actions == ["staff.signed_in"]
