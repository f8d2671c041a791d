"""Logins: the invitation as it is previewed and mailed, sending again, closing, and who may."""

import re

import pytest
from sqlalchemy import func, select
from webtest import TestApp, TestRequest

import credentials
from extensions import db
from models import AccountStatus, AuditEntry, Client, ClientStatus, Invitation, Login, Mail
from tests.support.cast import PASSWORD
from tests.support.people import try_to_sign_in
from tests.support.queries import statements, writes

LIST, NEW = "/admin/logins/", "/admin/logins/new/"
LINK = re.compile(r"http://localhost/portal/keystone/set-password/\S+")
HIDDEN = "(single-use link, known to the recipient only)"


def said(node) -> str:  # type: ignore[no-untyped-def]
    return " ".join(node.get_text(" ").split())


def page_of(person) -> str:  # type: ignore[no-untyped-def]
    return f"/admin/logins/details/?id={person.id}"


def error(page, field: str) -> str:  # type: ignore[no-untyped-def]
    return said(page.html.select_one(f"#{field}-error"))


def body(browser, address: str) -> str:  # type: ignore[no-untyped-def]
    """Fetch a mail's frame, whose styles are the mail's own and no page's."""
    return TestApp.do_request(browser, TestRequest.blank(address), 200).text


def filled(browser, client, **values):  # type: ignore[no-untyped-def]
    """Give the form of a new login as a person has filled it."""
    form = browser.get(NEW).forms["login"]
    form["client_id"] = str(client.id)
    typed = {"name": "Dora", "email": "dora@acme.example", "notify": "dora@acme.example"} | values
    for name, value in typed.items():
        form[name] = value
    return form


def logins() -> list[str]:
    return list(db.session.scalars(select(Login.name).order_by(Login.name)))


def mails() -> list[Mail]:
    return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def traces() -> list[AuditEntry]:
    """List what the audit log has of logins, but for their own sign-ins."""
    entries = select(AuditEntry).where(
        AuditEntry.object_type == "Login", AuditEntry.staff_id.is_not(None)
    )
    return list(db.session.scalars(entries.order_by(AuditEntry.id)))


def nothing_happened() -> bool:
    return (logins(), mails(), traces()) == (["Bob", "Charlie"], [], [])


def dora() -> Login:
    return db.session.scalars(select(Login).where(Login.name == "Dora")).one()


def link_in(mail: Mail, look, visitor, alice) -> str:  # type: ignore[no-untyped-def]
    """Read the single-use link as Alice can while no mail server is set up."""
    page = visitor(alice).get(f"/admin/mail/details/?id={mail.id}")
    return page.html.select_one("#single-use-link")["href"]


# --- Making one -------------------------------------------------------------------------------


def test_a_login_is_invited_at_every_address(visitor, alice, look, acme) -> None:
    notify = "dora@acme.example, boss@acme.example\nit@acme.example; dora@acme.example"
    page = filled(visitor(alice), acme, notify=notify).submit("go", value="create").follow()
    assert "Dora has a login, and the invitation is on its way." in said(page.html)
    with look():
        assert [mail.to_address for mail in mails()] == [
            "dora@acme.example",
            "boss@acme.example",
            "it@acme.example",
        ]
        assert len({mail.invitation_id for mail in mails()}) == 1
        assert dora().status is AccountStatus.INVITED
        assert dora().password_hash is None


def test_the_mail_has_user_name_address_and_one_link_and_no_password(
    visitor, alice, look, acme
) -> None:
    filled(visitor(alice), acme).submit("go", value="create", status=302)
    with look():
        (mail,) = mails()
        assert "dora@acme.example" in mail.text
        assert "http://localhost/portal/keystone/" in mail.text
        assert "/set-password/" not in mail.text + mail.html
    link = link_in(mail, look, visitor, alice)
    assert LINK.fullmatch(link)
    assert len(visitor().get(link).html.select("input[type=password]")) >= 1


def test_the_link_sets_a_password_once_and_dora_signs_in(visitor, alice, look, acme) -> None:
    filled(visitor(alice), acme).submit("go", value="create", status=302)
    with look():
        (mail,) = mails()
    link = link_in(mail, look, visitor, alice)
    form = visitor().get(link).forms["set-password"]
    for name in form.fields:
        if name and "password" in name:
            form[name] = PASSWORD
    form.submit(status=302)
    with look():
        assert dora().status is AccountStatus.ACTIVE
    assert visitor().get(link, expect_errors=True).html.select("input[type=password]") == []


@pytest.mark.parametrize("allowed", [True, False])
def test_allow_order_requests_is_a_box_on_each_login(visitor, alice, look, acme, allowed) -> None:
    filled(visitor(alice), acme, allow_order_requests=allowed).submit(
        "go", value="create", status=302
    )
    with look():
        assert dora().allow_order_requests is allowed


def test_a_client_has_as_many_logins_as_it_needs(visitor, alice, look, acme) -> None:
    browser = visitor(alice)
    for n in range(3):
        filled(browser, acme, name=f"D{n}", email=f"d{n}@acme.example").submit(
            "go", value="create", status=302
        )
    with look():
        assert logins() == ["Bob", "Charlie", "D0", "D1", "D2"]


def test_the_user_name_is_one_whatever_its_capitals(visitor, alice, look, acme) -> None:
    filled(visitor(alice), acme, email="DORA@acme.example").submit("go", value="create", status=302)
    with look():
        assert dora().email == "dora@acme.example"


def test_an_address_of_another_language_can_be_mailed_and_signs_in(
    visitor, alice, look, acme
) -> None:
    typed = {"email": "dora@Bücher.example", "notify": "dora@bücher.example"}
    filled(visitor(alice), acme, **typed).submit("go", value="create", status=302)
    with look():
        assert dora().email == "dora@xn--bcher-kva.example"
        assert {mail.to_address for mail in db.session.query(Mail)} == {dora().email}
        her = dora()
        her.status, her.password_hash = AccountStatus.ACTIVE, credentials.hash_password(PASSWORD)
        db.session.commit()
    signed_in = try_to_sign_in(
        visitor(), "/portal/keystone/sign-in", "Dora@bücher.example", PASSWORD
    )
    assert signed_in.status_int == 302


def test_a_name_cannot_turn_the_text_around_it(visitor, alice, look, acme) -> None:
    typed = {"name": "Do\u202era\u2066"}
    filled(visitor(alice), acme, **typed).submit("go", value="create", status=302)
    with look():
        assert dora().name == "Dora"


def test_creating_is_in_the_audit_log(visitor, alice, look, acme) -> None:
    filled(visitor(alice), acme).submit("go", value="create", status=302)
    with look():
        (entry,) = traces()
        assert (entry.action, entry.by_name, entry.object_name) == (
            "login.created",
            "Alice",
            "Dora",
        )
        assert entry.changes["mailed_to"] == ["dora@acme.example"]


@pytest.mark.parametrize("go", ["create", "preview"])
@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", "", "Write the person's name."),
        ("email", "dora", "dora is not an e-mail address. Write one like ana@example.com."),
        (
            "email",
            "BOB@acme.example",
            "There is a login with the user name bob@acme.example already. "
            "Write a different address.",
        ),
        (
            "notify",
            "\n".join([f"a{n}@acme.example" for n in range(19)] + ["wrong@"]),
            "wrong@ is not an e-mail address. Nothing was sent; correct it first.",
        ),
        (
            "notify",
            " ".join(f"a{n}@acme.example" for n in range(21)),
            "Write at most 20 addresses; these are 21.",
        ),
    ],
)
def test_what_cannot_be_gets_a_sentence_and_nothing_half_done(
    visitor, alice, look, acme, field, typed, sentence, go
) -> None:
    page = filled(visitor(alice), acme, **{field: typed}).submit("go", value=go)
    assert error(page, field) == sentence
    assert page.forms["login"][field].value.strip() == typed
    with look():
        assert nothing_happened()


def test_an_invitation_goes_to_the_user_name_unless_told_otherwise(
    visitor, alice, look, acme
) -> None:
    filled(visitor(alice), acme, notify="").submit("go", value="create").follow()
    with look():
        assert [mail.to_address for mail in db.session.scalars(select(Mail))] == [
            "dora@acme.example"
        ]


def test_a_header_cannot_be_smuggled_in_by_an_address(visitor, alice, look, acme) -> None:
    filled(visitor(alice), acme, notify="dora@acme.example\r\nBcc: eve@evil.example").submit(
        "go", value="create"
    )
    with look():
        assert nothing_happened()


def test_a_closed_client_gets_no_logins(visitor, alice, look, acme) -> None:
    form = filled(visitor(alice), acme)
    with look():
        db.session.get(Client, acme.id).status = ClientStatus.CLOSED
        db.session.commit()
    page = form.submit("go", value="create")
    assert error(page, "client_id") == "Acme is closed and cannot have new logins."
    with look():
        assert nothing_happened()


def test_a_client_of_another_reseller_cannot_be_posted(visitor, mallory, look, acme) -> None:
    browser = visitor(mallory)
    form = browser.get(NEW).forms["login"]
    form["client_id"].force_value(str(acme.id))
    form["name"], form["email"], form["notify"] = "Mine", "m@other.example", "m@other.example"
    for go in ("create", "preview"):
        assert error(form.submit("go", value=go), "client_id") == "Choose a client from the list."
    with look():
        assert nothing_happened()


# --- The preview ------------------------------------------------------------------------------


def test_the_preview_is_the_mail_exactly_as_it_is_sent(visitor, alice, look, acme) -> None:
    browser = visitor(alice)
    page = filled(browser, acme).submit("go", value="preview")
    subject, text = (
        page.html.select_one(css).get_text() for css in ("#mail-subject", "#mail-text")
    )
    html = body(browser, page.html.select_one("iframe")["src"])
    with look():
        assert nothing_happened()
    page.forms["confirm"].submit("go", value="create", status=302)
    with look():
        (mail,) = mails()
        assert mail.subject == subject
        assert mail.text.replace("[[single-use link]]", HIDDEN) == text
        assert mail.html.replace("[[single-use link]]", HIDDEN) == html


def test_the_preview_says_who_gets_it(visitor, alice, acme) -> None:
    form = filled(visitor(alice), acme, notify="dora@acme.example it@acme.example")
    page = form.submit("go", value="preview")
    assert said(page.html.select_one("#addresses")) == "dora@acme.example it@acme.example"


def test_the_preview_leads_back_to_the_form_as_it_was(visitor, alice, acme) -> None:
    form = filled(visitor(alice), acme, allow_order_requests=False)
    page = form.submit("go", value="preview").forms["confirm"].submit("go", value="edit")
    again = page.forms["login"]
    assert again["client_id"].value == str(acme.id)
    assert again["name"].value == "Dora"
    assert again["email"].value == "dora@acme.example"
    assert again["allow_order_requests"].checked is False


def test_the_frame_of_a_preview_can_do_nothing(visitor, alice, acme) -> None:
    browser = visitor(alice)
    filled(browser, acme, name="<script>alert(1)</script>").submit("go", value="preview")
    answer = TestApp.do_request(browser, TestRequest.blank("/admin/logins/preview/"), 200)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "<script" not in answer.text


def test_there_is_no_preview_before_one_was_asked_for(visitor, alice) -> None:
    visitor(alice).get("/admin/logins/preview/", status=404)


# --- Sending again ----------------------------------------------------------------------------


def test_sending_again_makes_a_new_link_and_the_earlier_one_dies(
    visitor, alice, look, acme
) -> None:
    browser = visitor(alice)
    page = filled(browser, acme).submit("go", value="create").follow()
    with look():
        first = link_in(mails()[0], look, visitor, alice)
    page = page.forms["send-again"].submit().follow()
    assert "A new link is on its way to dora@acme.example." in said(page.html)
    with look():
        second = link_in(mails()[1], look, visitor, alice)
    assert visitor().get(first, expect_errors=True).html.select("input[type=password]") == []
    assert len(visitor().get(second).html.select("input[type=password]")) >= 1


def test_sending_again_offers_the_addresses_of_the_last_time(visitor, alice, acme) -> None:
    page = (
        filled(visitor(alice), acme, notify="it@acme.example dora@acme.example")
        .submit("go", value="create")
        .follow()
    )
    assert page.forms["send-again"]["notify"].value == "it@acme.example\ndora@acme.example"


def test_a_wrong_address_sends_nothing_again(visitor, alice, look, bob) -> None:
    form = visitor(alice).get(page_of(bob)).forms["send-again"]
    form["notify"] = "bob@acme.example bob@"
    page = form.submit()
    assert error(page, "notify") == (
        "bob@ is not an e-mail address. Nothing was sent; correct it first."
    )
    with look():
        assert nothing_happened()
        assert db.session.scalar(select(func.count(Invitation.id))) == 0


# --- Closing and opening ----------------------------------------------------------------------


def test_a_disabled_login_is_out_at_the_next_click(visitor, alice, bob, look) -> None:
    bobs = visitor(bob)
    bobs.get(f"/portal/{bob.slug}/", status=200)
    page = visitor(alice).get(page_of(bob)).forms["disable"].submit().follow()
    assert "Bob is disabled." in said(page.html)
    assert "/sign-in" in bobs.get(f"/portal/{bob.slug}/", status=302).location
    with look():
        assert db.session.get(Login, bob.id).status is AccountStatus.DISABLED
        assert traces()[0].changes == {"status": ["active", "disabled"]}


def test_disabling_ends_an_open_invitation(visitor, alice, look, acme) -> None:
    browser = visitor(alice)
    page = filled(browser, acme).submit("go", value="create").follow()
    with look():
        link = link_in(mails()[0], look, visitor, alice)
    page.forms["disable"].submit(status=302)
    assert visitor().get(link, expect_errors=True).html.select("input[type=password]") == []


def test_disabling_twice_is_one_decision(visitor, alice, bob, look) -> None:
    form = visitor(alice).get(page_of(bob)).forms["disable"]
    form.submit(status=302)
    assert "Bob was already disabled." in said(form.submit().follow().html)
    with look():
        assert [entry.action for entry in traces()] == ["login.disabled"]


def test_an_enabled_login_signs_in_again(visitor, alice, bob, look) -> None:
    browser = visitor(alice)
    page = browser.get(page_of(bob)).forms["disable"].submit().follow()
    page.forms["enable"].submit(status=302)
    assert visitor(bob).get(f"/portal/{bob.slug}/").status_int == 200


def test_a_login_without_a_password_is_only_invited_again(visitor, alice, look, acme) -> None:
    page = filled(visitor(alice), acme).submit("go", value="create").follow()
    page = page.forms["disable"].submit().follow()
    page.forms["enable"].submit(status=302)
    with look():
        assert dora().status is AccountStatus.INVITED


def test_no_invitation_goes_to_a_disabled_login(visitor, alice, bob, look) -> None:
    browser = visitor(alice)
    page = browser.get(page_of(bob))
    again = page.forms["send-again"]
    page.forms["disable"].submit(status=302)
    assert "Bob is disabled." in said(again.submit().follow().html)
    with look():
        assert mails() == []


def test_a_change_is_recorded_with_before_and_after(visitor, alice, bob, look) -> None:
    form = visitor(alice).get(f"/admin/logins/edit/?id={bob.id}").forms["login"]
    form["name"], form["allow_order_requests"] = "Robert", False
    form.submit(status=302)
    with look():
        assert traces()[0].changes == {
            "name": ["Bob", "Robert"],
            "allow_order_requests": [True, False],
        }


def test_a_name_cannot_be_taken_away(visitor, alice, bob, look) -> None:
    form = visitor(alice).get(f"/admin/logins/edit/?id={bob.id}").forms["login"]
    form["name"] = " "
    assert error(form.submit(), "name") == "Write the person's name."
    with look():
        assert nothing_happened()


# --- The list ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Bob", "Charlie"]),
        ({"search": "charlie@"}, ["Charlie"]),
        ({"flt0_status_is": "active"}, ["Bob", "Charlie"]),
        ({"flt0_status_is": "invited"}, []),
        ({"flt0_order_requests_is": "no"}, []),
        ({"sort": "0", "desc": "1"}, ["Charlie", "Bob"]),
    ],
)
def test_the_list_is_searched_narrowed_and_sorted(visitor, alice, query, found) -> None:
    page = visitor(alice).get(LIST, query)
    assert [said(row.select_one("a")) for row in page.html.select("tbody tr")] == found


def test_the_list_is_narrowed_to_a_client(visitor, alice, birch) -> None:
    page = visitor(alice).get(LIST, {"flt0_client_is": birch.id})
    assert [said(row.select_one("a")) for row in page.html.select("tbody tr")] == ["Charlie"]


def test_the_csv_holds_no_hash(visitor, alice) -> None:
    text = visitor(alice).get("/admin/logins/export/csv/").text
    assert [line.split(",")[0] for line in text.splitlines()] == ["Name", "Bob", "Charlie"]
    assert "argon2" not in text


def test_the_list_asks_as_much_for_thirty_logins_as_for_two(
    visitor, alice, app, look, acme
) -> None:
    browser = visitor(alice)
    with statements(app) as two:
        browser.get(LIST)
    with look():
        for n in range(30):
            row = Login(client_id=acme.id, name=f"L{n}", email=f"l{n}@acme.example")
            db.session.add(row)
        db.session.commit()
    with statements(app) as thirty:
        page = browser.get(LIST)
    assert len(page.html.select("tbody tr")) == 32
    assert len(thirty) == len(two) <= 7
    assert writes(thirty) == []


# --- Who may ----------------------------------------------------------------------------------

ACTS = ["send-again", "disable", "enable"]


@pytest.mark.parametrize("act", ACTS)
def test_an_act_refuses_get(visitor, alice, bob, look, act) -> None:
    visitor(alice).get(f"/admin/logins/{act}/?id={bob.id}", status=405)
    with look():
        assert nothing_happened()


def test_victor_sees_a_login_and_no_buttons(visitor, victor, bob) -> None:
    page = visitor(victor).get(page_of(bob)).html
    assert "bob@acme.example" in said(page)
    assert page.select("main form, main a[href*=edit]") == []


@pytest.mark.parametrize("act", [*ACTS, "edit", "new"])
def test_victor_cannot_forge_an_act(visitor, victor, bob, look, acme, act) -> None:
    browser = visitor(victor)
    token = browser.get(LIST).html.select_one("input[name=csrf_token]")["value"]
    forged = {"csrf_token": token, "name": "V", "notify": "v@keystone.example", "go": "create"}
    forged |= {"client_id": str(acme.id), "email": "v@keystone.example"}
    browser.post(f"/admin/logins/{act}/?id={bob.id}", forged, status=403)
    with look():
        assert nothing_happened()


@pytest.mark.parametrize("act", [*ACTS, "edit"])
def test_mallory_finds_no_login_of_acme(visitor, mallory, bob, look, act) -> None:
    browser = visitor(mallory)
    browser.get(page_of(bob), status=404)
    token = browser.get(NEW).forms["login"]["csrf_token"].value
    forged = {"csrf_token": token, "name": "M", "notify": "m@other.example"}
    browser.post(f"/admin/logins/{act}/?id={bob.id}", forged, status=404)
    with look():
        assert nothing_happened()


@pytest.mark.parametrize("act", ACTS)
def test_an_act_without_its_token_is_refused(visitor, alice, bob, look, act) -> None:
    visitor(alice).post(f"/admin/logins/{act}/?id={bob.id}", {}, status=400)
    with look():
        assert nothing_happened()


# --- An end, and a new password -----------------------------------------------------------------


def edit_login(browser, bob, **fields: str):  # type: ignore[no-untyped-def]
    form = browser.get(f"/admin/logins/edit/?id={bob.id}").forms["login"]
    for name, value in fields.items():
        form[name] = value
    return form.submit()


def test_a_login_ends_with_its_last_day(visitor, alice, bob, look, time_machine) -> None:
    time_machine.move_to("2026-11-20 12:00:00+00:00", tick=False)
    page = edit_login(visitor(alice), bob, expires_on="2026-11-20").follow()
    assert "Can sign in until" in page.text
    again = visitor(alice).get(f"/admin/logins/edit/?id={bob.id}").forms["login"]
    assert again["expires_on"].value == "2026-11-20"
    browser = visitor(bob)
    time_machine.move_to("2026-11-21 04:59:59+00:00", tick=False)
    visitor(bob).get("/portal/keystone/", status=200)
    time_machine.move_to("2026-11-21 05:00:01+00:00", tick=False)
    browser.get("/portal/keystone/", status=302)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("yesterday", "Write a day like 2027-01-31, or nothing for no end."),
        ("9999-12-31", "Write a day like 2027-01-31, or nothing for no end."),
        ("2020-01-01", "This day is over. To shut the login out now, disable it."),
    ],
)
def test_a_last_day_that_cannot_be_is_refused(
    visitor, alice, bob, look, day: str, sentence: str
) -> None:
    page = edit_login(visitor(alice), bob, expires_on=day, name="Robert")
    assert page.html.find(id="expires_on-error").get_text(strip=True) == sentence
    with look():
        row = db.session.get_one(Login, bob.id)
        assert (row.name, row.expires_at) == ("Bob", None)


def test_a_demanded_password_signs_the_person_out(app, visitor, alice, bob, look) -> None:
    bobs = visitor(bob)
    page = visitor(alice).get(f"/admin/logins/details/?id={bob.id}")
    after = page.forms["new-password"].submit().follow()
    assert "Bob is signed out and has a mail with a link." in after.text
    bobs.get("/portal/keystone/", status=302)
    with look():
        row = db.session.get_one(Login, bob.id)
        assert (row.password_hash, row.status.value) == (None, "invited")
        kinds = [mail.kind for mail in db.session.query(Mail).filter_by(to_address=bob.email)]
        assert kinds == ["password_demanded"]


def test_a_demand_twice_mails_once(visitor, alice, bob, look) -> None:
    browser = visitor(alice)
    form = browser.get(f"/admin/logins/details/?id={bob.id}").forms["new-password"]
    form.submit()
    assert "Bob has no password yet." in form.submit().follow().text
    with look():
        assert db.session.query(Mail).filter_by(to_address=bob.email).count() == 1
