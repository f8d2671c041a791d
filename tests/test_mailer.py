"""What each mail says, to whom, and that it is written once; its brand is test_mailer_brand.py."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import mailer
import policy
import workflow
from columns import now
from extensions import db
from models import AccountStatus, Client, Login, Mail, Staff
from tests.support import orders
from tests.support.cast import Story
from tests.support.mails import LATER, STAFF_KINDS, changed, mails_of, portal_settings, words_of

BASE = "https://my.voice.example"


@pytest.fixture(autouse=True)
def public_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", BASE)


@pytest.fixture
def every(at_reseller: Story) -> dict[str, Mail]:
    """Every mail about Bob and Alice, by its kind."""
    return mails_of(at_reseller)


# --- What each one says -----------------------------------------------------------------------

BOB, ALICE, CONTACT = "bob@acme.example", "alice@keystone.example", "orders@acme.example"
IN_PORTAL, AT_STAFF = f"{BASE}/portal/keystone/orders/O-000001", f"{BASE}/admin/orders/O-000001"

SAYS = {
    "order_submitted": (
        CONTACT,
        "Order O-000001: New Numbers",
        "Bob has ordered for Acme: New Numbers.",
        "Nothing changes until Keystone Voice has approved it.",
        IN_PORTAL,
    ),
    "order_to_decide": (
        ALICE,
        "To decide: order O-000001 of Acme",
        "Bob of Acme asks for: New Numbers.",
        AT_STAFF,
    ),
    "order_auto_approved": (
        ALICE,
        "Approved automatically: order O-000001 of Acme",
        "there is nothing to decide",
        AT_STAFF,
    ),
    "order_approved": (
        BOB,
        "Order O-000001 is approved",
        "approved and under way",
        IN_PORTAL,
    ),
    "order_completed": (
        BOB,
        "Order O-000001 is done",
        "What you ordered is in force: New Numbers.",
        IN_PORTAL,
    ),
    "order_rejected": (
        BOB,
        "Order O-000001 was rejected",
        "nothing was changed",
        "Not this month.",
        IN_PORTAL,
    ),
    "order_reopened": (
        BOB,
        "Order O-000001 is open again",
        "The rejection was taken back.",
        IN_PORTAL,
    ),
    "order_cancelled": (
        ALICE,
        "Order O-000001 was cancelled",
        "Acme has withdrawn this order.",
        AT_STAFF,
    ),
    "order_failed": (
        ALICE,
        "Order O-000001 could not be carried out",
        "The far end refused it.",
        AT_STAFF,
    ),
    "order_noted": (
        BOB,
        "A note on order O-000001",
        "Keystone Voice wrote on your order",
        "Which floor?",
        IN_PORTAL,
    ),
    "order_note_received": (
        ALICE,
        "Acme wrote on order O-000001",
        "Bob of Acme wrote",
        "The second.",
        AT_STAFF,
    ),
    "login_invited": (
        BOB,
        "Your access to the Keystone Voice portal",
        "has opened its portal to you for Acme",
        BOB,
        f"{BASE}/portal/keystone/",
        f"{BASE}/portal/keystone/set-password/",
    ),
    "staff_invited": (
        ALICE,
        "Your access to the back office of Keystone Voice",
        "You are invited to the back office of Keystone Voice.",
        ALICE,
        f"{BASE}/admin/set-password/",
    ),
    "password_forgotten": (
        BOB,
        "Set a new password for Keystone Voice",
        "If it was not you, do nothing",
        f"{BASE}/portal/keystone/set-password/",
    ),
    "password_demanded": (
        BOB,
        "Choose a new password for Keystone Voice",
        "Keystone Voice has ended your password, and with it every sign-in.",
        "Until then you cannot sign in.",
        f"{BASE}/portal/keystone/set-password/",
    ),
    "statement_ready": (
        "orders@acme.example",
        "Your statement of October 2026 from Keystone Voice",
        "The statement of October 2026 for Acme is ready. It comes to $12.34.",
        f"{BASE}/portal/keystone/statements/2026-10",
    ),
    "spend_alert": (
        "desk@keystone.example",
        "Acme has come to $100.00 in October 2026",
        "Acme has come to $101.00 in October 2026. You asked to be told at $100.00.",
        f"{BASE}/admin/clients/",
    ),
    "second_factor_changed": (
        BOB,
        "Two-factor sign-in for Keystone Voice was changed",
        "Two-factor sign-in of your access was turned off just now.",
        "write to us at once: help@keystone.example",
    ),
    "address_asked": (
        BOB,
        "Your address for Keystone Voice is to be changed",
        f"new.{BOB}",
        "Nothing changes until the link that we sent to the new address is opened.",
        "If it was not you, set a new password at once.",
        f"{BASE}/portal/keystone/forgotten",
    ),
    "address_to_confirm": (
        f"new.{BOB}",
        "Confirm your address for Keystone Voice",
        f"in place of {BOB}",
        "If you did not ask for this, do nothing",
        f"{BASE}/portal/keystone/confirm-address/",
    ),
    "password_changed": (
        BOB,
        "Your password for Keystone Voice was changed",
        "help@keystone.example",
    ),
}


def test_every_mail_that_there_is_is_tried_here(every: dict[str, Mail]) -> None:
    folders = {path.name for path in Path("templates/mail").iterdir() if path.is_dir()}
    assert folders == set(SAYS) == set(every)


@pytest.mark.parametrize("kind", SAYS)
def test_a_mail_says_the_same_in_text_and_html(every: dict[str, Mail], kind: str) -> None:
    to, subject, *said = SAYS[kind]
    mail = every[kind]
    text, html = mailer.filled(mail)
    assert (mail.to_address, mail.subject) == (to, subject)
    for words in said:
        assert words in " ".join(text.split())
        assert words in html


@pytest.mark.parametrize("kind", [kind for kind in SAYS if kind.startswith("order_")])
def test_a_mail_of_an_order_shows_number_change_price_and_note(
    every: dict[str, Mail], kind: str
) -> None:
    for body in (every[kind].text, every[kind].html):
        for words in ("(412) 555-0101", "$1.50", "$1.00", "For the desk."):
            assert words in body


@pytest.mark.parametrize("kind", [kind for kind in SAYS if kind.startswith("order_")])
def test_a_mail_says_whose_a_number_is_as_its_reader_would(
    every: dict[str, Mail], kind: str
) -> None:
    to_staff = "Belongs to: In stock -> Acme"
    to_client = "Number: Not yours -> Yours"
    said = to_staff if kind in STAFF_KINDS else to_client
    other = to_client if kind in STAFF_KINDS else to_staff
    assert (said in every[kind].text, other in every[kind].text) == (True, False)
    assert said.rsplit(" ", 1)[1] in every[kind].html


def test_hidden_prices_are_hidden_from_the_client_alone(at_reseller: Story) -> None:
    with changed(portal_settings(at_reseller), hide_prices=True):
        shown = {kind for kind, mail in mails_of(at_reseller).items() if "$" in words_of(mail)}
    assert shown == STAFF_KINDS - {"staff_invited"}


def test_what_approves_itself_asks_nobody_for_a_decision(at_reseller: Story) -> None:
    settings = policy.settings_of(db.session.get_one(Client, at_reseller.acme.id))
    with changed(settings, auto_approve_call_forwarding=True):
        orders.ask(
            at_reseller.bob,
            at_reseller.acme_number,
            kind="call_forwarding",
            forward_to="4125550142",
        )
    found = list(db.session.scalars(select(Mail).order_by(Mail.id)))
    assert [mail.kind for mail in found] == [
        "order_submitted",
        "order_auto_approved",
        "order_completed",
    ]
    for body in (found[0].text, found[0].html):
        assert "It is approved automatically." in body
        assert "Nothing changes until" not in body


# --- To whom ----------------------------------------------------------------------------------


def receivers(number: str) -> list[tuple[str, str]]:
    """List (kind, address) of an order's mails, in the order of their writing."""
    mails = select(Mail).where(Mail.order_id == orders.find(number).id).order_by(Mail.id)
    return [(mail.kind, mail.to_address) for mail in db.session.scalars(mails)]


def test_the_client_contact_and_the_approvers_get_a_new_order(at_reseller: Story) -> None:
    """Victor may not decide, and Mallory is of another reseller: neither is told."""
    number = orders.ask(at_reseller.bob, at_reseller.free[0])
    assert receivers(number) == [("order_submitted", CONTACT), ("order_to_decide", ALICE)]


@pytest.mark.parametrize(
    "values", [{"wants_order_mail": False}, {"status": AccountStatus.DISABLED}]
)
def test_an_approver_who_is_off_gets_no_order(at_reseller: Story, values: dict) -> None:  # type: ignore[type-arg]
    with changed(db.session.get_one(Staff, at_reseller.alice.id), **values):
        number = orders.ask(at_reseller.bob, at_reseller.free[0])
    assert receivers(number) == [("order_submitted", CONTACT)]


@pytest.mark.parametrize(
    ("decide", "news"),
    [
        (lambda number, story: orders.approve(number, story.alice), ("order_completed", BOB)),
        (lambda number, story: orders.reject(number, story.alice), ("order_rejected", BOB)),
        (lambda number, story: orders.cancel(number, story.bob), ("order_cancelled", ALICE)),
    ],
)
def test_a_decision_is_told_once_to_whom_it_concerns(
    at_reseller: Story,
    decide: Callable[[str, Story], None],
    news: tuple[str, str],
) -> None:
    number = orders.ask(at_reseller.bob, at_reseller.free[0])
    decide(number, at_reseller)
    assert receivers(number)[2:] == [news]


def test_news_of_an_order_without_a_login_goes_to_the_contact(at_reseller: Story) -> None:
    order = orders.find(orders.ask(at_reseller.bob, at_reseller.free[0]))
    with changed(order, login_id=None):
        mailer.order_completed(order)
    last = db.session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert (last.kind, last.to_address) == ("order_completed", CONTACT)


@pytest.mark.parametrize(
    "left", [{"status": AccountStatus.DISABLED}, {"expires_at": now() - timedelta(days=1)}]
)
def test_who_has_left_the_client_hears_no_more_of_its_orders(
    at_reseller: Story,
    left: dict,  # type: ignore[type-arg]
) -> None:
    number = orders.ask(at_reseller.bob, at_reseller.free[0])
    with changed(db.session.get_one(Login, at_reseller.bob.id), **left):
        orders.reject(number, at_reseller.alice, "No.")
    assert receivers(number)[2:] == [("order_rejected", CONTACT)]


# --- Written once -----------------------------------------------------------------------------


def test_the_same_news_again_adds_no_second_mail(every: dict[str, Mail]) -> None:
    order = every["order_submitted"].order
    before = count()
    for news in ("submitted", *LATER):
        getattr(mailer, f"order_{news}")(order)
    invited = every["login_invited"]
    again = mailer.login_invited(invited.invitation.login, invited.invitation, [BOB, BOB])
    assert (count(), [mail.id for mail in again]) == (before, [invited.id])


def count() -> int:
    return db.session.query(Mail).count()


def test_a_second_rejection_is_news(at_reseller: Story) -> None:
    number = orders.ask(at_reseller.bob, at_reseller.free[0])
    orders.reject(number, at_reseller.alice, "First.")
    workflow.undo_rejection(orders.find(number), orders.actor(at_reseller.alice))
    orders.reject(number, at_reseller.alice, "Second.")
    told = [mail for mail in orders.find(number).mails if mail.kind == "order_rejected"]
    assert ["First." in told[0].text, "Second." in told[1].text, len(told)] == [True, True, 2]


def test_the_longest_address_gets_its_mail_once(at_reseller: Story) -> None:
    """A key holds 200 characters and an address 254; two long ones are told apart by their ends."""
    order = orders.find(orders.ask(at_reseller.bob, at_reseller.free[0]))
    longest = "a" * 64 + "@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 53 + ".example"
    for address in (longest, longest, longest[:-1] + "f"):
        mailer._to_client("order_submitted", order, [address], is_automatic=False)
    assert count() == 2 + 2
