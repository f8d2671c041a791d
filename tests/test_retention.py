"""What a reseller no longer keeps is forgotten: nothing younger, nothing of others (A-51)."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

import audit
import retention
from columns import now
from extensions import db
from models import AuditEntry, Handover, Mail, MailState, Reseller, WebSession
from permissions import SYSTEM
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.steps import impersonate

PAGE = "/admin/retention/"
LIMIT = 13 * timedelta(days=31)


@pytest.fixture
def aged(look, bob: Person, story: Story):  # type: ignore[no-untyped-def]
    """Three mails, the first a moment older than 13 months, the second a moment younger."""
    with look():
        orders.reject(orders.ask(bob, story.free[0]), story.alice)
        mails = db.session.query(Mail).order_by(Mail.id).all()
        for mail in mails:
            mail.state = MailState.SENT
        mails[0].created_at = now() - LIMIT - timedelta(minutes=1)
        mails[1].created_at = now() - LIMIT + timedelta(minutes=1)
        db.session.commit()
        return [mail.id for mail in mails]


def choose(look: Any, reseller_id: int, **months: int) -> None:
    with look(reseller_id):
        reseller = db.session.get_one(Reseller, reseller_id)
        for name, value in months.items():
            setattr(reseller, name, value)
        db.session.commit()


def forget(app: Flask) -> int:
    with app.app_context():
        return retention.forget_due()


def emptied(look: Any) -> list[int]:
    with look():
        rows = db.session.query(Mail).filter(Mail.text == "", Mail.html == "").order_by(Mail.id)
        return [mail.id for mail in rows]


def test_nothing_is_forgotten_before_somebody_chooses(app, look, aged) -> None:
    assert (forget(app), emptied(look)) == (0, [])


def test_texts_that_are_old_enough_go_and_no_other(app, look, story: Story, aged) -> None:
    choose(look, story.reseller_id, keep_mail_months=13)
    assert (forget(app), emptied(look)) == (1, aged[:1])
    assert forget(app) == 0
    with look():
        assert db.session.query(Mail).count() == len(aged)
        entry = db.session.query(AuditEntry).filter_by(action="reseller.forgot").one()
        nothing = dict.fromkeys(("sign_ins", "calls", "bad_lines", "audit_entries"), 0)
        assert entry.changes == {"mail_texts": 1} | nothing


@pytest.mark.parametrize("state", [MailState.WAITING, MailState.SENDING, MailState.KEPT])
def test_a_mail_that_may_still_be_sent_keeps_its_text(
    app, look, story: Story, aged, state: MailState
) -> None:
    choose(look, story.reseller_id, keep_mail_months=13)
    with look():
        db.session.get_one(Mail, aged[0]).state = state
        db.session.commit()
    assert (forget(app), emptied(look)) == (0, [])


def test_another_resellers_choice_is_its_own(app, look, story: Story, aged) -> None:
    choose(look, story.other_reseller_id, keep_mail_months=13, keep_session_months=13)
    assert (forget(app), emptied(look)) == (0, [])


def test_it_goes_in_bunches_until_all_is_gone(
    app, look, story: Story, aged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    choose(look, story.reseller_id, keep_mail_months=13)
    with look():
        for mail in db.session.query(Mail):
            mail.created_at = now() - LIMIT - timedelta(days=1)
        db.session.commit()
    assert (forget(app), emptied(look)) == (len(aged), aged)


def test_ended_sign_ins_go_and_the_live_one_stays(
    app, visitor, alice: Person, bob: Person, look, story: Story
) -> None:
    impersonate(visitor(alice), bob)
    live = visitor(bob)
    choose(look, story.reseller_id, keep_session_months=13)
    with look():
        rows = db.session.query(WebSession).order_by(WebSession.id).all()
        assert len(rows) == 3
        for row in rows[:2]:
            row.ended_at = now() - LIMIT - timedelta(minutes=1)
        rows[2].created_at = now() - 2 * LIMIT
        db.session.commit()
    assert forget(app) == 2
    with look():
        assert db.session.query(WebSession).count() == 1
        assert db.session.query(Handover).count() == 0
    live.get("/portal/keystone/", status=200)


def test_the_page_shows_what_would_go_and_chooses(
    app, visitor, olga: Person, look, story: Story, aged
) -> None:
    browser = visitor(olga)
    page = browser.get(PAGE)
    first = page.html.select_one("#figures tbody tr").get_text(" ", strip=True)
    assert first == "13 months 1 0 0 0 0"
    form = page.forms["retention"]
    assert form["keep_mail_months"].value == ""
    form["keep_mail_months"] = "13"
    page = form.submit().follow()
    assert "Retention is saved." in page.text
    assert page.forms["retention"]["keep_mail_months"].value == "13"
    assert forget(app) == 1
    body = browser.get(f"/admin/mail/{aged[0]}/body")
    assert "The text is not kept any more" in body.text


def test_a_forged_time_is_refused_beside_its_field(visitor, olga: Person, look, story) -> None:
    form = visitor(olga).get(PAGE).forms["retention"]
    form["keep_mail_months"].force_value("1")
    page = form.submit(status=422)
    sentence = page.html.select_one("#keep_mail_months-error").get_text(strip=True)
    assert sentence == "Choose a time from the list."
    with look():
        assert db.session.get_one(Reseller, story.reseller_id).keep_mail_months is None


def test_a_failed_mail_without_its_text_is_not_sent_again(
    app, visitor, olga: Person, look, story: Story, aged
) -> None:
    choose(look, story.reseller_id, keep_mail_months=13)
    with look():
        db.session.get_one(Mail, aged[0]).state = MailState.FAILED
        db.session.commit()
    assert forget(app) == 1
    assert "resend" not in visitor(olga).get(f"/admin/mail/details/?id={aged[0]}").forms


@pytest.fixture
def trail(look, story: Story):  # type: ignore[no-untyped-def]
    """Three entries of the audit: older than 13 months, a minute younger than that, and new."""
    with look():
        thing = db.session.get_one(Reseller, story.reseller_id)
        rows = [audit.record("reseller.changed", thing, SYSTEM) for _ in range(3)]
        for row, age in zip(rows, (1, -1), strict=False):
            row.at = now() - LIMIT - timedelta(minutes=age)
        db.session.commit()
        return [row.id for row in rows]


def in_trail(look: Any) -> list[int]:
    with look():
        changed = db.session.query(AuditEntry).filter_by(action="reseller.changed")
        return [entry.id for entry in changed.order_by(AuditEntry.id)]


def test_the_audit_goes_when_it_is_old_enough_and_says_so(app, look, story, trail) -> None:
    assert (forget(app), in_trail(look)) == (0, trail)
    choose(look, story.reseller_id, keep_audit_months=13)
    assert (forget(app), in_trail(look)) == (1, trail[1:])
    assert forget(app) == 0
    with look():
        entry = db.session.query(AuditEntry).filter_by(action="reseller.forgot").one()
        assert entry.changes["audit_entries"] == 1


def test_no_code_can_delete_what_is_young_in_the_audit(app, look, story, trail) -> None:
    """The program may be wrong about the time; the database is asked for everything at once."""
    with look():
        db.session.execute(delete(AuditEntry).where(AuditEntry.id == trail[0]))
        db.session.commit()
        row = db.session.get_one(AuditEntry, trail[1])
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(update(AuditEntry).where(AuditEntry.id == row.id).values(by_name=""))
        db.session.rollback()
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(delete(AuditEntry).where(AuditEntry.id == trail[2]))
        db.session.rollback()
    assert in_trail(look) == trail[1:]


def test_only_who_may_change_settings_sees_it(visitor, victor: Person) -> None:
    visitor(victor).get(PAGE, status=403)
