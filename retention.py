"""What is forgotten by age, where a reseller says so: texts, sign-ins, calls and the audit.

Nothing is, before somebody chooses; the page shows first what would go. Orders and sums stay. Calls
go when their month is closed, and from then on none that old is taken in: it would be counted
again from an overlapping file. Of the audit the database gives nothing up that is younger than the
shortest time to choose.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update

import audit
import tenancy
from catalog import Invalid
from columns import now
from extensions import db
from models import (
    AuditEntry,
    Call,
    CdrImport,
    CdrReject,
    Handover,
    KeptForm,
    Mail,
    MailState,
    Reseller,
    WebSession,
)
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


@dataclass(frozen=True)
class Kind:
    """One kind of thing that is forgotten by age."""

    name: str
    """How the audit counts what went."""
    label: str
    setting: str
    """The column of ``Reseller`` that says for how many months it is kept."""
    model: Any
    old: Callable[[datetime], Any]
    """Gives the condition of what began before a moment and may go."""
    forget: Callable[[Sequence[int]], None]
    prepare: Callable[[datetime], None] | None = None
    """What must be so before the first of them goes."""


def _old_mails(moment: datetime) -> Any:
    return and_(Mail.created_at < moment, Mail.state.in_(DONE), Mail.text != "")


def _old_sessions(moment: datetime) -> Any:
    return moment > ENDED


def _old_calls(moment: datetime) -> Any:
    closed = select(Reseller.closed_through).where(Reseller.id == tenancy.current())
    return and_(Call.started_at < _midnight(moment), Call.day <= closed.scalar_subquery())


def _old_lines(moment: datetime) -> Any:
    ended = select(CdrImport.id).where(CdrImport.ended_at < moment)
    return CdrReject.cdr_import_id.in_(ended)


def _old_entries(moment: datetime) -> Any:
    return AuditEntry.at < moment


def _midnight(moment: datetime) -> datetime:
    """Give the beginning of a day in UTC: an hour of calls goes whole or not at all."""
    return datetime.combine(moment.date(), time(), moment.tzinfo)


def _empty_mails(ids: Sequence[int]) -> None:
    emptied = update(Mail).where(Mail.id.in_(ids)).values(text="", html="")
    db.session.execute(emptied.execution_options(synchronize_session=False))


def _drop_sessions(ids: Sequence[int]) -> None:
    _drop(Handover, Handover.session_id, ids)
    _drop(WebSession, WebSession.id, ids)


def _drop(model: Any, key: Any, ids: Sequence[int]) -> None:
    gone = delete(model).where(key.in_(ids))
    db.session.execute(gone.execution_options(synchronize_session=False))


def _dropping(model: Any) -> Callable[[Sequence[int]], None]:
    return lambda ids: _drop(model, model.id, ids)


def _take_none_before(moment: datetime) -> None:
    """Let no call that began earlier be taken in any more, before the first one is forgotten.

    Commits. A bunch of calls that is being written holds the reseller's row, and is waited for.
    """
    at, first = Reseller.calls_forgotten_before, _midnight(moment)
    mine = (Reseller.id == tenancy.current(), or_(at.is_(None), at < first))
    later = update(Reseller).where(*mine).values(calls_forgotten_before=first)
    db.session.execute(later.execution_options(synchronize_session=False))
    db.session.commit()


KINDS = (
    Kind("mail_texts", "Texts of mails", "keep_mail_months", Mail, _old_mails, _empty_mails),
    Kind("sign_ins", "Sign-ins", "keep_session_months", WebSession, _old_sessions, _drop_sessions),
    Kind(
        "calls",
        "Calls",
        "keep_call_months",
        Call,
        _old_calls,
        _dropping(Call),
        _take_none_before,
    ),
    Kind("bad_lines", "Bad lines", "keep_call_months", CdrReject, _old_lines, _dropping(CdrReject)),
    Kind(
        "audit_entries",
        "Audit entries",
        "keep_audit_months",
        AuditEntry,
        _old_entries,
        _dropping(AuditEntry),
    ),
)


def before(months: int) -> datetime:
    """Give the moment before which things are older than so many months, the longest ones."""
    return now() - months * LONGEST_MONTH


def figures() -> list[tuple[int, list[int]]]:
    """Count, for each choice of months, what would go of each of ``KINDS``, in their order."""
    moments = [before(months) for months in MONTHS]
    counted = [_counted(kind, moments) for kind in KINDS]
    return list(zip(MONTHS, map(list, zip(*counted, strict=True)), strict=True))


def _counted(kind: Kind, moments: list[datetime]) -> Sequence[int]:
    """Count what is older than each moment, by one look at what is older than any."""
    counts = (func.count().filter(kind.old(moment)) for moment in moments)
    asked = select(*counts).select_from(kind.model).where(kind.old(max(moments)))
    return list(db.session.execute(asked).one())


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
    settings = sorted({kind.setting for kind in KINDS})
    with tenancy.across_resellers():
        chosen = db.session.execute(
            select(Reseller.id, *(getattr(Reseller, name) for name in settings))
        ).all()
    db.session.rollback()
    return sum(_forget(key, dict(zip(settings, months, strict=True))) for key, *months in chosen)


def forget_forms() -> int:
    """Forget the forms that nobody came back for; gives how many. Commits."""
    old = delete(KeptForm).where(KeptForm.kept_at < now() - FORM_LIFE)
    with tenancy.across_resellers():
        gone = db.session.execute(old.returning(KeptForm.id)).all()
        db.session.commit()
    return len(gone)


def _forget(reseller_id: int, months: dict[str, int | None]) -> int:
    with tenancy.acting_for(reseller_id):
        gone = {kind.name: _in_bunches(kind, months[kind.setting]) for kind in KINDS}
        if any(gone.values()):
            reseller = db.session.get_one(Reseller, reseller_id)
            audit.record("reseller.forgot", reseller, BY, **gone)
            db.session.commit()
            log.info("Retention of %s: %s", reseller.slug, gone)
        db.session.rollback()
    return sum(gone.values())


def _in_bunches(kind: Kind, months: int | None) -> int:
    """Forget all that is old enough, in the order of its ids; each bunch is a transaction."""
    if months is None:
        return 0
    moment, after, total = before(months), 0, 0
    while ids := _some(kind, moment, after):
        if kind.prepare is not None and not total:
            kind.prepare(moment)
        kind.forget(ids)
        db.session.commit()
        after, total = ids[-1], total + len(ids)
    return total


def _some(kind: Kind, moment: datetime, after: int) -> Sequence[int]:
    key = kind.model.id
    old = select(key).where(kind.old(moment), key > after)
    return db.session.scalars(old.order_by(key).limit(BATCH)).all()
