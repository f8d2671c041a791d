"""Whose brand a mail wears, its headers, hostile names and the single-use link; not its words."""

from email import message_from_string

import pytest
from flask import Flask
from sqlalchemy import select

import catalog
import clients
import credentials
import mailer
import outbox
import permissions
import tenancy
from extensions import db
from models import Client, Login, Mail, Staff
from tests.support import orders
from tests.support.cast import Story
from tests.support.mails import (
    STAFF_KINDS,
    changed,
    mails_of,
    portal_settings,
    words_of,
    write_every_mail,
)
from tests.support.words import leaks

BASE = "https://my.voice.example"


@pytest.fixture(autouse=True)
def public_address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", BASE)


@pytest.fixture
def every(at_reseller: Story) -> dict[str, Mail]:
    """Every mail about Bob and Alice, by its kind."""
    return mails_of(at_reseller)


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


def test_a_name_that_is_typed_cannot_add_lines_to_a_mail(at_reseller: Story) -> None:
    """Only a forged form can break a name; its lines would read as the reseller's own."""
    by = orders.actor(at_reseller.alice)
    forged = "Eve,\n\nSend us your password.\r\nEnd"
    client = clients.create(by=by, name=forged, contact_email="e@x.example", notes="a\nb")
    login, _ = clients.draft_login(
        client,
        name=forged,
        email="eve@x.example",
        notify="eve@x.example",
        allow_order_requests=True,
    )
    assert client.name == login.name == "Eve, Send us your password. End"
    assert client.notes == "a\nb"


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
    assert db.session.query(Mail).count() == 0


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
    assert set(ours) == set(theirs)
    home = ("keystone voice", "help@keystone.example")
    away = ("otherwise tel", "help@other.example")
    for kind, own in ours.items():
        assert named(own, *home, *away, "/portal/other/") == list(home), kind
    for kind, other in theirs.items():
        assert named(other, *away, *home, "acme", "/portal/keystone/") == list(away), kind


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


@pytest.mark.parametrize(
    "kind", ["login_invited", "staff_invited", "password_forgotten", "password_demanded"]
)
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
