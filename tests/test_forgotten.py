"""Asking for a link takes as long for a stranger, and is answered in the background (A-12)."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event

import columns
import tenancy
from extensions import db
from models import ForgottenPassword
from tests.support import people
from tests.support.cast import Person, Story
from tests.support.web import Visitor

PORTAL, OFFICE = "/portal/keystone/forgotten", "/admin/forgotten"


def ask(browser: Visitor, address: str, email: str) -> None:
    form = browser.get(address).forms["forgotten"]
    form["email"] = email
    form.submit(status=200)


def statements(app: Flask, browser: Visitor, address: str, email: str) -> list[str]:
    """Give every statement that the asking makes, without its values, and each commit."""
    form, found = browser.get(address).forms["forgotten"], []
    form["email"] = email

    def note(_connection, _cursor, statement, *_more) -> None:  # type: ignore[no-untyped-def]
        found.append(statement)

    def note_commit(_connection) -> None:  # type: ignore[no-untyped-def]
        found.append("COMMIT")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", note_commit)
    try:
        form.submit(status=200)
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "commit", note_commit)
    return found


def waiting(app: Flask) -> int:
    with app.app_context(), tenancy.across_resellers():
        return db.session.query(ForgottenPassword).count()


@pytest.mark.parametrize(("address", "who"), [(PORTAL, "bob"), (OFFICE, "alice")])
def test_a_stranger_causes_the_same_statements(
    app: Flask, visitor, story: Story, address: str, who: str
) -> None:
    known = statements(app, visitor(), address, getattr(story, who).email)
    unknown = statements(app, visitor(), address, "nobody@acme.example")
    assert len(known) > 3
    assert known == unknown


def test_the_mail_is_written_afterwards_and_once(app: Flask, visitor, bob: Person) -> None:
    ask(visitor(), PORTAL, bob.email)
    assert (people.mails_to(app, bob.email), waiting(app)) == ([], 1)
    assert people.answer_forgotten(app) == 1
    assert (people.mails_to(app, bob.email), waiting(app)) == (["password_forgotten"], 0)
    assert people.answer_forgotten(app) == 0
    assert people.mails_to(app, bob.email) == ["password_forgotten"]


def test_what_nobody_has_is_forgotten_without_a_mail(app: Flask, visitor, story: Story) -> None:
    for address, email in ((PORTAL, "nobody@acme.example"), (OFFICE, story.bob.email)):
        ask(visitor(), address, email)
    assert people.answer_forgotten(app) == 0
    assert (people.mails_to(app, story.bob.email), waiting(app)) == ([], 0)


def test_a_login_is_found_at_its_own_resellers_portal_alone(
    app: Flask, visitor, bob: Person
) -> None:
    ask(visitor(), "/portal/other/forgotten", bob.email)
    assert people.answer_forgotten(app) == 0
    assert people.mails_to(app, bob.email) == []


def test_after_a_restored_backup_nobody_is_mailed(app: Flask, visitor, bob: Person) -> None:
    ask(visitor(), PORTAL, bob.email)
    with time_machine.travel(columns.now() + timedelta(hours=1, seconds=1), tick=False):
        assert people.answer_forgotten(app) == 0
    assert (people.mails_to(app, bob.email), waiting(app)) == ([], 0)
