"""Mail: reading the outbox as its readers would, who sees a single-use link, and sending again."""

import pytest
from sqlalchemy import select
from webtest import TestApp, TestRequest

import clients
import credentials
import mailer
from extensions import db
from models import AuditEntry, Client, Mail, MailState, Role, Staff
from tests.support import orders
from tests.support.queries import statements, writes

LIST = "/admin/mail/"


def said(node) -> str:  # type: ignore[no-untyped-def]
    return " ".join(node.get_text(" ").split())


def page_of(key: int) -> str:
    return f"/admin/mail/details/?id={key}"


def frame(browser, key: int, status: int = 200):  # type: ignore[no-untyped-def]
    """Fetch a mail's frame, whose styles are the mail's own and no page's."""
    return TestApp.do_request(browser, TestRequest.blank(f"/admin/mail/{key}/body"), status)


@pytest.fixture
def invitation(look, alice, acme) -> int:  # type: ignore[no-untyped-def]
    """The mail that invited Dora."""
    with look():
        clients.add_login(
            db.session.get(Client, acme.id),
            by=orders.actor(alice),
            name="Dora",
            email="dora@acme.example",
            notify="dora@acme.example",
            allow_order_requests=True,
        )
        db.session.commit()
        return db.session.scalars(select(Mail.id)).one()


@pytest.fixture
def failed(invitation, look) -> int:  # type: ignore[no-untyped-def]
    """The same mail after the server refused it for good."""
    with look():
        mail = db.session.get(Mail, invitation)
        mail.state, mail.attempts = MailState.FAILED, 1
        mail.last_error = "The server answered 550: no such person"
        db.session.commit()
    return invitation


@pytest.fixture
def with_server(app, monkeypatch):  # type: ignore[no-untyped-def]
    """A mail server in the settings; nothing is delivered, since no deliverer runs."""
    monkeypatch.setitem(app.config, "MAIL_SERVER", "mail.example")


# --- Reading ----------------------------------------------------------------------------------


def test_the_list_tells_to_whom_what_and_how_far(visitor, alice, bob, look, story) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    rows = [said(row) for row in visitor(alice).get(LIST).html.select("tbody tr")]
    assert len(rows) == 2
    to_contact = next(row for row in rows if "orders@acme.example" in row)
    for words in (number, "Order submitted", "Kept here"):
        assert words in to_contact


def test_without_a_mail_server_the_screen_says_that_mails_stand_here(
    visitor, alice, invitation
) -> None:
    banner = visitor(alice).get(LIST).html.select_one("#no-mail-server")
    assert "Mails stand here and reach nobody." in said(banner)


def test_with_a_mail_server_there_is_no_such_banner(
    visitor, alice, invitation, with_server
) -> None:
    assert visitor(alice).get(LIST).html.select_one("#no-mail-server") is None


def test_a_mail_is_shown_as_its_reader_sees_it(visitor, alice, look, invitation) -> None:
    browser = visitor(alice)
    page = browser.get(page_of(invitation)).html
    with look():
        text, html = mailer.shown(db.session.get(Mail, invitation))
        subject = db.session.get(Mail, invitation).subject
    assert page.select_one("#mail-subject").get_text() == subject
    assert page.select_one("#mail-text").get_text() == text
    assert page.select_one("iframe")["src"] == f"/admin/mail/{invitation}/body"
    assert page.select_one("iframe").has_attr("sandbox")
    assert frame(browser, invitation).text == html


def test_a_mails_frame_can_do_nothing_and_go_nowhere(visitor, alice, invitation) -> None:
    answer = frame(visitor(alice), invitation)
    assert answer.headers["Content-Security-Policy"] == (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "frame-ancestors 'self'"
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_mail_of_an_order_leads_to_the_order(visitor, alice, bob, look, story) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
        key = db.session.scalars(select(Mail.id)).first()
    page = visitor(alice).get(page_of(key))
    assert number in said(page.click(number).html.select_one("h1"))


# --- The single-use link ----------------------------------------------------------------------


def test_alice_sees_the_link_of_an_invitation_that_stands_here(
    visitor, alice, look, invitation
) -> None:
    browser = visitor(alice)
    link = browser.get(page_of(invitation)).html.select_one("#single-use-link")
    with look():
        expected = credentials.link(db.session.get(Mail, invitation).invitation)
    assert link["href"] == link.get_text() == expected
    assert expected in frame(browser, invitation).text


def test_victor_reads_the_mail_without_its_link(visitor, victor, look, invitation) -> None:
    browser = visitor(victor)
    page = browser.get(page_of(invitation))
    assert page.html.select_one("#single-use-link") is None
    assert "(single-use link, known to the recipient only)" in page.text
    assert "set-password/" not in page.text + frame(browser, invitation).text


def test_nobody_sees_the_link_of_a_mail_that_was_sent(visitor, alice, look, invitation) -> None:
    with look():
        db.session.get(Mail, invitation).state = MailState.SENT
        db.session.commit()
    browser = visitor(alice)
    assert "set-password/" not in browser.get(page_of(invitation)).text
    assert "set-password/" not in frame(browser, invitation).text


def test_alice_cannot_read_the_link_that_makes_somebody_the_owner(
    visitor, alice, look, story
) -> None:
    with look():
        owner = Staff(email="olga@keystone.example", name="Olga", role=Role.OWNER)
        db.session.add(owner)
        db.session.flush()
        mail = mailer.staff_invited(owner, credentials.invite(owner))
        db.session.commit()
        key = mail.id
    browser = visitor(alice)
    assert "set-password/" not in browser.get(page_of(key)).text
    assert "set-password/" not in frame(browser, key).text


# --- Sending again ----------------------------------------------------------------------------


def test_a_failed_mail_tells_why_and_is_sent_again(
    visitor, alice, look, failed, with_server
) -> None:
    page = visitor(alice).get(page_of(failed))
    assert said(page.html.select_one("#last-error")) == "The server answered 550: no such person"
    page = page.forms["resend"].submit().follow()
    assert "The mail to dora@acme.example is being sent again." in said(page.html)
    with look():
        mail = db.session.get(Mail, failed)
        assert (mail.state, mail.attempts, mail.last_error) == (MailState.WAITING, 0, None)
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "mail.resent")
        ).one()
        assert entry.by_name == "Alice"


def test_sending_again_twice_is_one_mail(visitor, alice, look, failed, with_server) -> None:
    form = visitor(alice).get(page_of(failed)).forms["resend"]
    form.submit(status=302)
    page = form.submit().follow()
    assert "Only a mail that could not be delivered can be sent again." in said(page.html)
    with look():
        resent = select(AuditEntry).where(AuditEntry.action == "mail.resent")
        assert len(db.session.scalars(resent).all()) == 1
        assert db.session.query(Mail).count() == 1


@pytest.mark.parametrize("state", [state for state in MailState if state is not MailState.FAILED])
def test_only_a_failed_mail_offers_to_be_sent_again(
    visitor, alice, look, invitation, state
) -> None:
    with look():
        db.session.get(Mail, invitation).state = state
        db.session.commit()
    assert "resend" not in visitor(alice).get(page_of(invitation)).forms


def test_sending_again_refuses_get(visitor, alice, look, failed) -> None:
    visitor(alice).get(f"/admin/mail/resend/?id={failed}", status=405)
    with look():
        assert db.session.get(Mail, failed).state is MailState.FAILED


def test_victor_cannot_send_again(visitor, victor, look, failed) -> None:
    browser = visitor(victor)
    page = browser.get(page_of(failed))
    assert "resend" not in page.forms
    token = page.html.select_one("input[name=csrf_token]")["value"]
    browser.post(f"/admin/mail/resend/?id={failed}", {"csrf_token": token}, status=403)
    with look():
        assert db.session.get(Mail, failed).state is MailState.FAILED


def test_mallory_finds_none_of_these_mails(visitor, mallory, look, failed) -> None:
    browser = visitor(mallory)
    browser.get(page_of(failed), status=404)
    frame(browser, failed, 404)
    page = browser.get(LIST)
    assert "dora" not in page.text
    token = page.html.select_one("input[name=csrf_token]")["value"]
    browser.post(f"/admin/mail/resend/?id={failed}", {"csrf_token": token}, status=404)
    with look():
        assert db.session.get(Mail, failed).state is MailState.FAILED


# --- The list ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 1),
        ({"search": "dora@"}, 1),
        ({"search": "nobody"}, 0),
        ({"flt0_state_is": "failed"}, 1),
        ({"flt0_state_is": "kept"}, 0),
    ],
)
def test_the_list_is_searched_and_narrowed(visitor, alice, failed, query, found) -> None:
    page = visitor(alice).get(LIST, query)
    assert len(page.html.select("tbody tr")) == found


def test_the_csv_holds_no_body_and_no_link(visitor, alice, invitation) -> None:
    text = visitor(alice).get("/admin/mail/export/csv/").text
    assert "dora@acme.example" in text
    assert "single-use link" not in text
    assert "set-password" not in text


def test_the_list_asks_as_much_for_thirty_mails_as_for_one(
    visitor, alice, app, look, invitation, acme
) -> None:
    browser = visitor(alice)
    with statements(app) as one:
        browser.get(LIST)
    with look():
        login = db.session.get(Mail, invitation).invitation.login
        for n in range(29):
            clients.invite_again(login, by=orders.actor(alice), notify=f"d{n}@acme.example")
        db.session.commit()
    with statements(app) as thirty:
        page = browser.get(LIST)
    assert len(page.html.select("tbody tr")) == 30
    assert len(thirty) == len(one) <= 7
    assert writes(thirty) == []
