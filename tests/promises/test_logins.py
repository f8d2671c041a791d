"""P5 to P9: logins, the mail that invites them, impersonation, and who may order."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from webtest import TestApp, TestRequest

import columns
import sessions
from extensions import db
from models import AuditEntry, Invitation, Login, Mail, Order
from tests.support.steps import PORTAL, forge, impersonate, new_login, order_numbers, said, ten

BOSS = "dora@acme.example, boss@acme.example"


def mails(look) -> list[tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    with look():
        rows = db.session.scalars(select(Mail).order_by(Mail.id))
        return [(mail.to_address, mail.subject, mail.text) for mail in rows]


def shown_link(browser, look, at: int) -> str:  # type: ignore[no-untyped-def]
    """Read the single-use link that the Mail screen shows while no mail server is set up."""
    with look():
        key = db.session.scalars(select(Mail.id).order_by(Mail.id)).all()[at]
    page = browser.get(f"/admin/mail/details/?id={key}")
    return str(page.html.select_one("#single-use-link")["href"])


def test_p5_a_client_has_as_many_logins_as_it_needs(visitor, alice, acme) -> None:
    """P5: Staff create logins for a client; a client has as many as it needs."""
    browser = visitor(alice)
    for name in ("Dora", "Edith", "Frank"):
        new_login(browser, acme, name, f"{name.lower()}@acme.example").follow()
    rows = browser.get(f"/admin/clients/{acme.id}/logins/").html.select("tbody tr")
    assert [said(row.td) for row in rows] == ["Bob", "Dora", "Edith", "Frank"]


def test_p6_the_invitation_has_a_link_and_no_password(visitor, alice, acme, look) -> None:
    """P6: User name, URL and a single-use link go to every address given; sending again ends it."""
    browser = visitor(alice)
    page = new_login(browser, acme, "Dora", BOSS).follow()
    sent = mails(look)
    assert [to for to, _, _ in sent] == ["dora@acme.example", "boss@acme.example"]
    assert all("dora@acme.example" in text for _, _, text in sent)
    assert all(f"http://localhost{PORTAL}/" in text for _, _, text in sent)
    first = shown_link(browser, look, 0)
    with look():
        assert first.rsplit("/", 1)[1] not in str(
            db.session.scalars(select(Invitation)).one().__dict__
        )
        assert (
            db.session.scalars(select(Login).where(Login.name == "Dora")).one().password_hash
            is None
        )
    page.forms["send-again"].submit(status=302)
    visitor().get(first, status=410)
    second = shown_link(browser, look, -1)
    form = visitor().get(second).forms["set-password"]
    form["password"] = "quiet-river-seven-lamps"
    form.submit(status=302)
    visitor().get(second, status=410)


def test_p7_the_preview_is_the_mail(visitor, alice, acme, look) -> None:
    """P7: Staff can preview that mail, exactly as it will be sent."""
    browser = visitor(alice)
    preview = new_login(browser, acme, "Dora", "dora@acme.example", go="preview")
    frame = TestRequest.blank(preview.html.iframe["src"])
    html = TestApp.do_request(browser, frame, 200).text
    subject = said(preview.html.select_one("#mail-subject"))
    assert mails(look) == []
    preview.forms["confirm"].submit("go", value="create", status=302)
    with look():
        mail = db.session.scalars(select(Mail)).one()
        assert (mail.subject, plain(mail.html)) == (subject, plain(html))


def plain(html: str) -> str:
    """Leave the link out, which is made when the mail is, and how lines break."""
    hidden = "(single-use link, known to the recipient only)"
    return " ".join(html.replace("[[single-use link]]", hidden).split())


def test_p8_impersonation_opens_the_portal_and_carries_both_names(
    visitor, alice, bob, story, look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P8: Impersonate: banner, way back, time limit, the back office stays, both names."""
    browser = visitor(alice)
    page = impersonate(browser, bob)
    assert said(page.html.select_one(".impersonation")).startswith(
        "Alice sees the portal as Bob of"
    )
    assert "end-impersonation" in browser.get(f"{PORTAL}/numbers").forms
    assert "Alice" in browser.get("/admin/").text
    number = order_numbers(browser, story.free[0])
    assert "Alice as Bob" in said(
        browser.get(f"/admin/orders/{number}").html.select_one("#story-steps")
    )
    with look():
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "order.submitted")
        ).one()
        assert (entry.staff_id, entry.login_id) == (alice.id, bob.id)
    monkeypatch.setattr(sessions, "now", lambda: columns.now() + timedelta(minutes=31))
    browser.get(f"{PORTAL}/", status=302)


def test_p9_allow_order_requests_off_is_a_read_only_portal(
    visitor, alice, bob, story, look
) -> None:
    """P9: Allow Order Requests off: no buttons, and the server refuses a forged request."""
    form = visitor(alice).get(f"/admin/logins/edit/?id={bob.id}").forms["login"]
    form["allow_order_requests"].checked = False
    form.submit(status=302)
    browser = visitor(bob)
    page = browser.get(f"{PORTAL}/numbers/{ten(story.acme_number)}")
    assert page.html.select("#services a.btn") == []
    assert page.html.find("a", string="Order Numbers") is None
    asked = {"chosen": ten(story.free[0]), "key": "k", "send": "1"}
    forge(browser, f"{PORTAL}/order-numbers/review", 403, **asked)
    forge(browser, f"{PORTAL}/numbers/{ten(story.acme_number)}/call_forwarding", 403, turn="on")
    with look():
        assert db.session.scalars(select(Order)).all() == []
