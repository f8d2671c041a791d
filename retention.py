"""What is forgotten by age, where a reseller says so: texts of mails, and sign-ins that have ended.

Nothing is, before somebody chooses; the page shows first what would go. The audit, orders, sums and
calls stay: the database itself refuses to delete the audit, and a call that was deleted would be
counted again from an overlapping file.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

import audit
import tenancy
from catalog import Invalid
from columns import now
from extensions import db
from models import Handover, KeptForm, Mail, MailState, Reseller, WebSession
from permissions import Actor

log = logging.getLogger(__name__)

MONTHS = (13, 24, 36, 60, 84)
"""How long something can be kept; none of them is for ever."""

LONGEST_MONTH = timedelta(days=31)
FORM_LIFE = timedelta(hours=1)
"""How long a form waits for the person whose sign-in had ended."""

BATCH = 500
DONE = (MailState.SENT, MailState.FAILED)
ENDED = func.coalesce(WebSession.ended_at, WebSession.expires_at)
BY = Actor(name="Retention")


def before(months: int) -> datetime:
    """Give the moment before which things are older than so many months, the longest ones."""
    return now() - months * LONGEST_MONTH


def old_mails(months: int) -> list[Any]:
    """Give the conditions of mails that still have a text and are that old."""
    return [Mail.created_at < before(months), Mail.state.in_(DONE), Mail.text != ""]


def old_sessions(months: int) -> list[Any]:
    """Give the conditions of sign-ins that ended so long ago."""
    return [before(months) > ENDED]


def figures() -> list[tuple[int, int, int]]:
    """Count, for each choice of months, the mails' texts and the sign-ins that it would end."""
    mails, sessions = func.count(Mail.id), func.count(WebSession.id)
    return [
        (
            months,
            db.session.scalar(select(mails).where(*old_mails(months))) or 0,
            db.session.scalar(select(sessions).where(*old_sessions(months))) or 0,
        )
        for months in MONTHS
    ]


def change(reseller: Reseller, *, by: Actor, **typed: str | None) -> bool:
    """Choose how long a reseller keeps things; tell whether that changed anything.

    Empty is for ever. Raises Invalid with a sentence a field.
    """
    choices = {"": None} | {str(months): months for months in MONTHS}
    wrong = [name for name, text in typed.items() if (text or "") not in choices]
    if wrong:
        raise Invalid(dict.fromkeys(wrong, "Choose a time from the list."))
    wanted = {name: choices[text or ""] for name, text in typed.items()}
    changes = {
        name: [getattr(reseller, name), value]
        for name, value in wanted.items()
        if getattr(reseller, name) != value
    }
    for name, (_, value) in changes.items():
        setattr(reseller, name, value)
    if changes:
        audit.record("reseller.changed", reseller, by, **changes)
    return bool(changes)


# --- The job ----------------------------------------------------------------------------------


def forget_due() -> int:
    """Forget what each reseller no longer keeps; gives how much went. Commits bunch by bunch."""
    with tenancy.across_resellers():
        chosen = db.session.execute(
            select(Reseller.id, Reseller.keep_mail_months, Reseller.keep_session_months)
        ).all()
    db.session.rollback()
    return sum(_forget(*one) for one in chosen)


def forget_forms() -> int:
    """Forget the forms that nobody came back for; gives how many. Commits."""
    old = delete(KeptForm).where(KeptForm.kept_at < now() - FORM_LIFE)
    with tenancy.across_resellers():
        gone = db.session.execute(old.returning(KeptForm.id)).all()
        db.session.commit()
    return len(gone)


def _forget(reseller_id: int, mail_months: int | None, session_months: int | None) -> int:
    with tenancy.acting_for(reseller_id):
        mails = _in_bunches(_empty_mails, mail_months)
        sessions = _in_bunches(_drop_sessions, session_months)
        if mails or sessions:
            reseller = db.session.get_one(Reseller, reseller_id)
            audit.record("reseller.forgot", reseller, BY, mail_texts=mails, sign_ins=sessions)
            db.session.commit()
            log.info("Retention of %s: %s mails, %s sign-ins", reseller.slug, mails, sessions)
        db.session.rollback()
    return mails + sessions


def _in_bunches(forget: Callable[[int], int], months: int | None) -> int:
    """Forget until nothing is left that is old enough; each bunch is a transaction of its own."""
    total = 0
    while months is not None and (done := forget(months)):
        db.session.commit()
        total += done
    return total


def _empty_mails(months: int) -> int:
    ids = db.session.scalars(select(Mail.id).where(*old_mails(months)).limit(BATCH)).all()
    emptied = update(Mail).where(Mail.id.in_(ids)).values(text="", html="")
    db.session.execute(emptied.execution_options(synchronize_session=False))
    return len(ids)


def _drop_sessions(months: int) -> int:
    old = select(WebSession.id).where(*old_sessions(months))
    ids = db.session.scalars(old.order_by(WebSession.id).limit(BATCH)).all()
    for model, key in ((Handover, Handover.session_id), (WebSession, WebSession.id)):
        gone = delete(model).where(key.in_(ids))
        db.session.execute(gone.execution_options(synchronize_session=False))
    return len(ids)
