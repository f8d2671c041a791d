"""What each mail says, to whom, in whose brand; not how it is delivered (test_outbox.py)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_string
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import catalog
import clients
import credentials
import mailer
import outbox
import permissions
import policy
import tenancy
import workflow
from extensions import db
from lines import Request
from models import AccountStatus, Client, Login, Mail, Reseller, Staff
from tests.support import orders
from tests.support.cast import Story
from tests.support.words import leaks

BASE = "https://my.voice.example"
LATER = ("approved", "completed", "rejected", "reopened", "cancelled", "failed")
"""The news of an order that ``write_every_mail`` sends after it was submitted."""

STAFF_KINDS = {
    "order_to_decide",
    "order_auto_approved",
    "order_cancelled",
    "order_failed",
    "staff_invited",
}


@pytest.fixture(autouse=True)
def public_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", BASE)


def write_every_mail(login: Login, staff: Staff, number: str) -> dict[str, Mail]:
    """Order a number and have every mail written there is; gives them by kind."""
    by = permissions.login_actor(login)
    order = workflow.submit(login.client, "did_order", [Request(number)], by, note="For the desk.")
    order.reason = "Not this month."
    order.lines[0].error = "The far end refused it."
    for news in LATER:
        getattr(mailer, f"order_{news}")(order)
    mailer._to_approvers("order_auto_approved", order)
    mailer.login_invited(login, credentials.invite(login), [login.email])
    mailer.staff_invited(staff, credentials.invite(staff))
    mailer.password_forgotten(login, credentials.invite(login))
    mailer.password_changed(login)
    return {mail.kind: mail for mail in db.session.scalars(select(Mail).order_by(Mail.id))}


def mails_of(story: Story) -> dict[str, Mail]:
    """Write every mail about Bob and Alice."""
    bob = db.session.get_one(Login, story.bob.id)
    return write_every_mail(bob, db.session.get_one(Staff, story.alice.id), story.free[0])


@pytest.fixture
def every(at_reseller: Story) -> dict[str, Mail]:
    """Every mail about Bob and Alice, by its kind."""
    return mails_of(at_reseller)


@contextmanager
def changed(row: object, **values: object) -> Iterator[None]:
    """Change columns of a row before mails are written."""
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    yield


def words_of(mail: Mail) -> str:
    """Join all that a reader of a mail sees."""
    return "\n".join((mail.subject, mail.text, mail.html, mail.from_name, mail.reply_to or ""))


def portal_settings(story: Story):  # type: ignore[no-untyped-def]
    return db.session.get_one(Reseller, story.reseller_id).portal_settings


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
        for words in ("(412) 555-0101", "Not yours", "Yours", "$1.50", "$1.00", "For the desk."):
            assert words in body


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


# --- Headers ----------------------------------------------------------------------------------


def test_every_mail_carries_its_own_lasting_id_and_says_what_it_is(every: dict[str, Mail]) -> None:
    ids = {mail.message_id for mail in every.values()}
    assert len(ids) == len(every)
    for mail in every.values():
        first, second = outbox.compose(mail), outbox.compose(mail)
        assert first.msgId == second.msgId == mail.message_id
        assert mail.message_id.endswith("@my.voice.example>")
        assert first.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("broken", ["A\r\nBcc: all@evil.example", "A\nX: y", "A\u2028B", "A\x85B"])
def test_a_line_break_in_a_name_begins_no_header(at_reseller: Story, broken: str) -> None:
    with (
        changed(db.session.get_one(Client, at_reseller.acme.id), name=broken),
        changed(db.session.get_one(Login, at_reseller.bob.id), name=broken),
        changed(portal_settings(at_reseller), company_name=broken, mail_from_name=broken),
    ):
        found = mails_of(at_reseller).values()
    for mail in found:
        message = outbox.compose(mail)
        assert not message.has_bad_headers()
        assert mail.subject.splitlines() == [mail.subject]
        assert mail.from_name == " ".join(broken.split())
        sent = message_from_string(message.as_string())
        assert (sent["Bcc"], sent["X"], sent["To"]) == (None, None, mail.to_address)


@pytest.mark.parametrize("broken", ["a@x.example\r\nBcc: all@evil.example", "a@x.example\n"])
def test_a_line_break_in_an_address_is_refused(at_reseller: Story, broken: str) -> None:
    bob = db.session.get_one(Login, at_reseller.bob.id)
    with pytest.raises(ValueError, match="cannot have a line break"):
        mailer.login_invited(bob, credentials.invite(bob), [broken])
    with (
        changed(portal_settings(at_reseller), mail_reply_to=broken),
        pytest.raises(ValueError, match="cannot have a line break"),
    ):
        mailer.password_changed(bob)
    assert count() == 0


# --- Whose brand ------------------------------------------------------------------------------


def test_a_mail_wears_the_sender_reply_to_footer_logo_and_colour(at_reseller: Story) -> None:
    with changed(
        portal_settings(at_reseller),
        mail_from_name="Keystone Desk",
        mail_reply_to="desk@keystone.example",
        mail_footer="Made in Pittsburgh.\nSince 1998.",
        brand_colour="#0f5c7a",
        logo=b"x",
        logo_type="image/png",
        version=7,
    ):
        found = mails_of(at_reseller).values()
    for mail in found:
        assert (mail.from_name, mail.reply_to) == ("Keystone Desk", "desk@keystone.example")
        assert "Made in Pittsburgh.\nSince 1998." in mail.text
        assert "Made in Pittsburgh.<br>Since 1998." in mail.html
        assert f'src="{BASE}/portal/keystone/logo?v=7"' in mail.html
        assert "#0f5c7a" in mail.html


def test_no_mail_of_one_reseller_shows_another(app: Flask, story: Story, look) -> None:  # type: ignore[no-untyped-def]
    """Both resellers write every mail; each names itself and nothing of the other."""
    with look():
        ours = {kind: words_of(mail) for kind, mail in mails_of(story).items()}
        db.session.rollback()
    with look(story.other_reseller_id):
        mallory = db.session.get_one(Staff, story.mallory.id)
        zoe = login_elsewhere(mallory)
        theirs = write_every_mail(zoe, mallory, story.foreign_number)
        theirs = {kind: words_of(mail) for kind, mail in theirs.items()}
    assert set(ours) == set(theirs) == set(SAYS)
    for kind, (own, other) in {kind: (ours[kind], theirs[kind]) for kind in SAYS}.items():
        assert "Keystone Voice" in own and "help@keystone.example" in own, kind
        assert "Otherwise Tel" in other and "help@other.example" in other, kind
        assert not named(own, "otherwise", "other.example", "/portal/other/"), kind
        assert not named(other, "keystone", "acme", "/portal/keystone/"), kind


def login_elsewhere(mallory: Staff) -> Login:
    """Make a client and a login at Mallory's reseller."""
    by = permissions.staff_actor(mallory)
    zest = clients.create(by=by, name="Zest", contact_email="orders@zest.example")
    zoe = clients.nobody_yet(zest, name="Zoe", email="zoe@zest.example")
    db.session.add(zoe)
    db.session.flush()
    return zoe


def named(text: str, *words: str) -> list[str]:
    return [word for word in words if word in text.lower()]


def test_no_mail_to_a_client_holds_a_forbidden_word(every: dict[str, Mail]) -> None:
    found = {
        kind: leaks(words_of(mail) + str(outbox.compose(mail).extra_headers))
        for kind, mail in every.items()
        if kind not in STAFF_KINDS
    }
    assert {kind: words for kind, words in found.items() if words} == {}


def test_no_name_of_an_order_or_service_is_a_forbidden_word() -> None:
    said = [kind.label for kind in catalog.KINDS.values()]
    said += [service.summary for service in catalog.SERVICES.values()]
    assert leaks("\n".join(said)) == []


def test_the_test_sees_a_planted_leak(at_reseller: Story) -> None:
    planted = "Carried by Portico's wholesale network at cost."
    with changed(portal_settings(at_reseller), mail_footer=planted):
        found = mails_of(at_reseller)
    for kind in set(found) - STAFF_KINDS:
        words = ["Portico", "wholesale", "network", "cost"]
        assert leaks(words_of(found[kind])) == words * 2, kind


# --- What people wrote ------------------------------------------------------------------------


def test_what_people_wrote_is_text_and_no_markup(at_reseller: Story) -> None:
    evil = """"><img src=x onerror=alert(1)>{{7*7}}&'"""
    with (
        changed(db.session.get_one(Client, at_reseller.acme.id), name=evil),
        changed(db.session.get_one(Login, at_reseller.bob.id), name=evil),
        changed(db.session.get_one(Staff, at_reseller.alice.id), name=evil),
        changed(portal_settings(at_reseller), company_name=evil, mail_footer=evil),
    ):
        found = mails_of(at_reseller).values()
    for mail in found:
        assert "<img src=x" not in mail.html
        assert "&lt;img src=x onerror=alert(1)&gt;{{7*7}}&amp;&#39;" in mail.html
        assert evil in mail.text


def test_a_note_and_a_reason_are_text_and_no_markup(at_reseller: Story) -> None:
    number = orders.ask(at_reseller.bob, at_reseller.free[0], note="<b>one</b>\n<b>two</b>")
    orders.reject(number, at_reseller.alice, "<i>three</i>")
    told = orders.find(number).mails[-1]
    assert "&lt;b&gt;one&lt;/b&gt;<br>&lt;b&gt;two&lt;/b&gt;" in told.html
    assert "&lt;i&gt;three&lt;/i&gt;" in told.html
    assert "<b>one</b>\n<b>two</b>" in told.text


# --- The single-use link ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["login_invited", "staff_invited", "password_forgotten"])
def test_no_table_holds_what_sets_a_password(every: dict[str, Mail], kind: str) -> None:
    link = credentials.link(every[kind].invitation)
    token = link.rsplit("/", 1)[1]
    assert all(link in body for body in mailer.filled(every[kind]))
    assert token not in everything_stored()
    assert every[kind].text in everything_stored(), "the guard reads no mail at all"


def everything_stored() -> str:
    with tenancy.across_resellers():
        rows = [
            value
            for table in db.Model.metadata.sorted_tables
            for row in db.session.connection().execute(select(table))
            for value in row
        ]
    return "\n".join(map(str, rows))


def test_staff_read_the_link_only_while_no_server_carries_it(
    app: Flask, every: dict[str, Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = every["password_forgotten"]
    link = credentials.link(kept.invitation)
    assert all(link in body for body in mailer.shown(kept))
    monkeypatch.setitem(app.config, "MAIL_SERVER", "mail.example")
    login = kept.invitation.login
    carried = mailer.password_forgotten(login, credentials.invite(login))
    for body in mailer.shown(carried):
        assert mailer.LINK_HIDDEN in body
        assert "/set-password/" not in body


def test_a_preview_is_the_mail_without_its_link(every: dict[str, Mail]) -> None:
    sent = every["login_invited"]
    subject, text, html = mailer.preview_login_invited(sent.invitation.login)
    assert subject == sent.subject
    assert (text, html) == tuple(
        body.replace(mailer.LINK, mailer.LINK_HIDDEN) for body in (sent.text, sent.html)
    )


def test_news_of_an_order_without_a_login_goes_to_the_contact(at_reseller: Story) -> None:
    order = orders.find(orders.ask(at_reseller.bob, at_reseller.free[0]))
    with changed(order, login_id=None):
        mailer.order_completed(order)
    last = db.session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert (last.kind, last.to_address) == ("order_completed", CONTACT)
