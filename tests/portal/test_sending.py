"""What the portal says of an order that was sent: what became of it, and mails that really come."""

from typing import Any

import pytest

import policy
from extensions import db
from models import Client, Login

FORWARD = "/portal/keystone/numbers/4125550190/call_forwarding"
WAITS = "Order O-000001 was sent. You get a mail when it is decided."
PROMISE = "You get a mail when it is decided."


def send(browser: Any, forward_to: str = "4125550142") -> str:
    """Ask for a forward; gives the words of the message on the page that comes."""
    form = browser.get(FORWARD).forms["change-service"]
    form["forward_to"] = forward_to
    page = form.submit("turn", value="on").follow()
    return str(page.html.select_one(".alert-success").get_text(" ", strip=True))


@pytest.fixture
def silent_bob(bob, look):  # type: ignore[no-untyped-def]
    """Bob, who has switched the mails about his orders off."""
    with look():
        db.session.get_one(Login, bob.id).wants_order_mail = False
        db.session.commit()
    return bob


@pytest.fixture(autouse=True)
def forwards(look, acme) -> None:  # type: ignore[no-untyped-def]
    with look():
        policy.settings_of(db.session.get_one(Client, acme.id)).editable_services = [
            "call_forwarding"
        ]
        db.session.commit()


def test_what_waits_promises_a_mail(visitor, bob) -> None:
    assert send(visitor(bob)) == WAITS


def test_what_approved_itself_is_in_force_and_promises_none(visitor, bob, look, acme) -> None:
    with look():
        settings = policy.settings_of(db.session.get_one(Client, acme.id))
        settings.auto_approve_call_forwarding = True
        db.session.commit()
    assert send(visitor(bob)) == "Order O-000001 was sent, approved itself and is in force."


def test_nobody_is_promised_a_mail_that_they_switched_off(visitor, silent_bob) -> None:
    browser = visitor(silent_bob)
    assert PROMISE not in browser.get(FORWARD).text
    assert send(browser) == "Order O-000001 was sent."
    assert "mail" not in browser.get("/portal/keystone/orders/O-000001").html.find(id="state").text


def test_a_colleague_is_promised_no_mail(visitor, bob, charlie, look, acme) -> None:
    number = "/portal/keystone/orders/O-000001"
    browser = visitor(bob)
    send(browser)
    with look():
        db.session.get_one(Login, charlie.id).client_id = acme.id
        db.session.commit()
    assert PROMISE in browser.get(number).html.find(id="state").text
    assert "mail" not in visitor(charlie).get(number).html.find(id="state").text
