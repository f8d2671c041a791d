"""Every mail that there is, written about a few people, for tests of what mails say."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import select

import credentials
import mailer
import notes
import permissions
import workflow
from extensions import db
from lines import Request
from models import Login, Mail, PortalSettings, Reseller, Staff
from tests.support.cast import Story

LATER = ("approved", "completed", "rejected", "reopened", "cancelled", "failed")
"""The news of an order that ``write_every_mail`` sends after it was submitted."""

STAFF_KINDS = {
    "order_to_decide",
    "order_auto_approved",
    "order_cancelled",
    "order_failed",
    "order_note_received",
    "staff_invited",
    "spend_alert",
}
"""The mails that no client reads."""


def write_every_mail(login: Login, staff: Staff, number: str) -> dict[str, Mail]:
    """Order a number and have every mail written there is; gives them by kind."""
    by = permissions.login_actor(login)
    order = workflow.submit(login.client, "did_order", [Request(number)], by, note="For the desk.")
    order.reason = "Not this month."
    order.lines[0].error = "The far end refused it."
    for news in LATER:
        getattr(mailer, f"order_{news}")(order)
    mailer._to_approvers("order_auto_approved", order)
    notes.add(order, "Which floor?", permissions.staff_actor(staff))
    notes.add(order, "The second.", by)
    mailer.login_invited(login, credentials.invite(login), [login.email])
    mailer.staff_invited(staff, credentials.invite(staff))
    mailer.password_forgotten(login, credentials.invite(login))
    mailer.password_demanded(login, credentials.invite(login))
    mailer.password_changed(login)
    invitation = credentials.invite(login)
    login.pending_email = f"new.{login.email}"
    mailer.address_asked(login, invitation)
    mailer.second_factor_changed(login, "turned off")
    month = date(2026, 10, 1)
    mailer.statement_ready(login.client, month, 12_340_000)
    words = {"so_far": "$101.00", "limit": "$100.00", "month": "October 2026"}
    mailer.spend_alert(login.client, "desk@keystone.example", "alert:1", **words)
    return {mail.kind: mail for mail in db.session.scalars(select(Mail).order_by(Mail.id))}


def mails_of(story: Story) -> dict[str, Mail]:
    """Write every mail about Bob and Alice."""
    bob = db.session.get_one(Login, story.bob.id)
    return write_every_mail(bob, db.session.get_one(Staff, story.alice.id), story.free[0])


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


def portal_settings(story: Story) -> PortalSettings:
    """Give what the reseller's portal wears."""
    return db.session.get_one(Reseller, story.reseller_id).portal_settings
