"""The main story in a real browser, from a new client to its numbers; one test, many pages.

Mail goes over a real SMTP connection. The deliverer's turn is taken by hand, so nothing waits.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

import background
from extensions import mail_transport
from tests.support import cast
from tests.support.cast import Opening, Person
from tests.support.smtp import Script, mail_server

BOB = "bob@acme.example"
CONTACT = "orders@acme.example"
BOBS_PASSWORD = "seven quiet herons by the river"
REASON = "Two numbers were ordered last week already."
FIRST, SECOND = "(412) 555-0101", "(412) 555-0102"


@dataclass
class House:
    """The running application, its mail, and a browser for each person."""

    app: Flask
    mails: Script
    opening: Opening
    alice: Page
    bob: Page
    charlie: Page

    def post(self) -> list[EmailMessage]:
        """Deliver what is due, as the background thread would; give what came since last time."""
        before = len(self.mails.mails)
        background.turn(self.app)
        return self.mails.mails[before:]


@pytest.fixture
def house(app: Flask, live_server: Any, page: Callable[..., Page]) -> Iterator[House]:
    """Portico with a mail server, before Acme is a client."""
    with app.app_context():
        opening = cast.make_opening()
    script = Script()
    keys = ("MAIL_SERVER", "MAIL_PORT", "PUBLIC_URL")
    before = {key: app.config[key] for key in keys}
    with mail_server(script) as port, live_server(app) as url:
        app.config |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": port, "PUBLIC_URL": url}
        mail_transport.init_app(app)
        people = [page(url) for _ in range(3)]
        yield House(app, script, opening, *people)
        # Before the server: an icon still on its way would be a complaint.
        for one in people:
            one.close()
    app.config |= before
    mail_transport.init_app(app)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def sent_to(mails: list[EmailMessage], address: str) -> EmailMessage:
    """Give the one mail to an address."""
    found = [mail for mail in mails if mail["To"] == address]
    assert len(found) == 1, [(mail["To"], mail["Subject"]) for mail in mails]
    return found[0]


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"http\S+/set-password/\S+", text_of(mail))
    assert found, text_of(mail)
    return found.group()


def sign_in(page: Page, address: str, person: Person) -> None:
    page.goto(address)
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()


def menu(page: Page, name: str) -> None:
    # Behind an entry stands how many rows wait there.
    entry = re.compile(rf"^\s*{name}\s*([\d,]+ waiting)?\s*$")
    page.get_by_role("navigation", name="Main").get_by_role("link", name=entry).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(name, re.I))


def agree(page: Page, verb: str) -> None:
    """Answer the question that stands before a decision."""
    page.get_by_role("dialog").get_by_role("button", name=verb).click()


def create_acme(alice: Page) -> None:
    menu(alice, "Clients")
    alice.get_by_role("link", name="New client").click()
    alice.get_by_label("Name", exact=True).fill("Acme")
    alice.get_by_label("Client Contact").fill(CONTACT)
    alice.get_by_role("button", name="Create client").click()
    expect(alice.get_by_role("heading", level=1)).to_have_text("Acme")


def create_bob(alice: Page) -> None:
    alice.get_by_role("link", name="New login").click()
    alice.get_by_label("Name", exact=True).fill("Bob")
    alice.get_by_label("User name").fill(BOB)
    alice.get_by_label("Send the invitation to").fill(BOB)
    alice.get_by_role("button", name="Preview the mail").click()
    expect(alice.locator("#addresses")).to_have_text(BOB)
    alice.get_by_role("button", name="Create and send").click()
    expect(alice.get_by_role("status").first).to_contain_text("invitation")


def set_password(bob: Page, link: str) -> None:
    bob.goto(link)
    bob.get_by_label("password").first.fill(BOBS_PASSWORD)
    bob.get_by_role("button", name="Set password and sign in").click()
    expect(bob).to_have_url(re.compile("/portal/keystone/$"))


def order_two_numbers(bob: Page) -> str:
    """Find two numbers of one city and order them; gives the order's number."""
    menu(bob, "Order Numbers")
    bob.get_by_label("City or rate centre").fill("Pittsburgh")
    bob.get_by_role("button", name="Search", exact=True).click()
    expect(bob.locator("#found")).to_have_text("5 numbers found")
    bob.get_by_label(FIRST).check()
    bob.get_by_label(SECOND).check()
    expect(bob.locator("#basket")).to_contain_text("2 chosen · $3.00 a month · $2.00 once")
    bob.get_by_role("button", name="Review order").click()
    expect(bob.locator("#total")).to_contain_text("$3.00")
    bob.get_by_label("Note to Keystone Voice").fill("For the front desk.")
    bob.get_by_role("button", name="Send order").click()
    expect(bob.locator("#state")).to_contain_text("Keystone Voice")
    return bob.url.rsplit("/", 1)[1]


def look_at_the_order(alice: Page, number: str) -> None:
    menu(alice, "Pending Orders")
    alice.get_by_role("link", name=number, exact=True).click()
    lines = alice.locator("#difference-lines tr")
    expect(lines.nth(0)).to_contain_text(FIRST)
    expect(lines.nth(0)).to_contain_text("Acme")
    expect(lines.nth(1)).to_contain_text(SECOND)
    expect(alice.locator("#difference-total")).to_contain_text("+$3.00")
    expect(alice.locator("#difference-total")).to_contain_text("$2.00")
    expect(alice.locator("#note")).to_have_text("For the front desk.")


def reject_by_mistake(alice: Page) -> None:
    alice.get_by_label("Reason for a rejection").fill(REASON)
    alice.get_by_role("button", name="Reject").click()
    expect(alice.get_by_role("status").first).to_contain_text("rejected")


def undo_and_approve(alice: Page, number: str) -> None:
    menu(alice, "Order History")
    row = alice.get_by_role("row").filter(has_text=number)
    expect(row).to_contain_text(REASON)
    row.get_by_role("button", name="Undo Rejection").click()
    agree(alice, "Undo Rejection")
    menu(alice, "Pending Orders")
    alice.get_by_role("button", name=f"Approve {number}").click()
    agree(alice, "Approve")
    expect(alice.get_by_role("status").first).to_contain_text(number)


def assert_charlie_sees_nothing(charlie: Page, number: str) -> None:
    charlie.goto("/portal/keystone/")
    for name in ("Orders", "Numbers"):
        menu(charlie, name)
        body = charlie.inner_text("body")
        assert number not in body
        assert FIRST not in body
        assert SECOND not in body
    answer = charlie.goto(f"/portal/keystone/orders/{number}")
    assert answer is not None
    assert answer.status == 404


def test_a_number_is_ordered_approved_and_is_the_clients(house: House) -> None:
    """P1, P5, P6, P16–P23 as a person lives them."""
    alice, bob, charlie = house.alice, house.bob, house.charlie
    sign_in(alice, "/admin/login", house.opening.alice)
    sign_in(charlie, "/portal/keystone/sign-in", house.opening.charlie)

    create_acme(alice)
    create_bob(alice)
    set_password(bob, link_in(sent_to(house.post(), BOB)))

    number = order_two_numbers(bob)
    mails = house.post()
    assert FIRST in text_of(sent_to(mails, CONTACT))
    assert number in sent_to(mails, house.opening.alice.email)["Subject"]
    assert_charlie_sees_nothing(charlie, number)

    look_at_the_order(alice, number)
    reject_by_mistake(alice)
    assert REASON in text_of(sent_to(house.post(), BOB))
    bob.reload()
    expect(bob.locator("#reason")).to_contain_text(REASON)

    undo_and_approve(alice, number)
    assert FIRST in text_of(sent_to([m for m in house.post() if "done" in m["Subject"]], BOB))

    menu(bob, "Numbers")
    rows = bob.locator("#numbers tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(FIRST)
    expect(rows.nth(1)).to_contain_text(SECOND)
    assert_charlie_sees_nothing(charlie, number)
    charlie.goto("/portal/keystone/order-numbers?place=Pittsburgh")
    expect(charlie.locator("#found")).to_have_text("3 numbers found")
