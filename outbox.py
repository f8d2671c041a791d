"""Delivering what stands in the mail table, so that a crash neither loses nor doubles a mail.

A row is claimed with one UPDATE under a lease, sent, and marked. A process that dies in between
leaves a lease that runs out; the row is then sent again with the same Message-ID, by which mail
programs know it. One process delivers at a time, by a lease of its own. Nothing here is called from
a request: the loop that calls it is ``background``.
"""

import contextlib
import logging
import os
import signal
import smtplib
import ssl
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import formataddr
from typing import Any

from flask import current_app
from flask_mail import BadHeaderError, Connection, Message
from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

import audit
import mailer
import tenancy
from columns import now
from extensions import db
from models import Lease, Mail, MailState
from permissions import Actor

log = logging.getLogger(__name__)

OWNER = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
ROW_LEASE = timedelta(seconds=120)
JOB_LEASE = timedelta(seconds=60)
TIMEOUT_SECONDS = 10
LADDER = (10, 30, 60, 300, 900, 3600, 7200, 14400, 28800, 28800)
"""Seconds to wait after each refused try; about a day in all, then the mail has failed."""

SERVER_PAUSE = timedelta(seconds=30)
"""How long all mails wait when the server itself cannot be reached; it costs no row a try."""

TOO_OLD = timedelta(hours=48)
"""A mail that waited this long is not sent by itself any more."""

LONG_STOP = timedelta(hours=6)
"""After a stop as long as this, the database may be a restored backup."""


class ServerDown(Exception):
    """The mail server cannot be reached, or does not let us in; no mail is to blame."""


class SafeConnection(Connection):
    """Flask-Mail's connection with a time limit and a server certificate that is checked."""

    def configure_host(self) -> smtplib.SMTP:
        """Open the connection as the settings say; raises ServerDown with the reason."""
        state, context = self.mail, ssl.create_default_context()
        timeout = current_app.config.get("MAIL_CONNECTION_TIMEOUT", TIMEOUT_SECONDS)
        try:
            host = (
                smtplib.SMTP_SSL(state.server, state.port, timeout=timeout, context=context)
                if state.use_ssl
                else smtplib.SMTP(state.server, state.port, timeout=timeout)
            )
            if state.use_tls:
                host.starttls(context=context)
            if state.username and state.password:
                host.login(state.username, state.password)
        except (OSError, smtplib.SMTPException) as problem:
            raise ServerDown(f"{type(problem).__name__}: {problem}") from problem
        return host

    def __exit__(self, *error: object) -> None:
        """Say good-bye, unless the server has hung up: every mail has been answered for by then."""
        if self.host is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self.host.quit()
            self.host.close()


# --- One turn of the job ------------------------------------------------------------------------


def deliver_due(limit: int = 200) -> int:
    """Deliver the mails whose time has come; gives how many were tried.

    Does nothing where no server is configured, while another process delivers, or while the server
    is known to be down.
    """
    if not current_app.config["MAIL_SERVER"]:
        return 0
    with tenancy.across_resellers():
        last = last_turn()
        if not take_lease("mail-server", "open", timedelta(0)) or not take_lease("deliverer"):
            return 0
        _hold_old_news(last)
        return _deliver_some(limit)


def _deliver_some(limit: int) -> int:
    tried = 0
    connection = SafeConnection(current_app.extensions["mail"])
    try:
        with connection:
            while tried < limit and (row := claim()) is not None:
                tried += 1
                _deliver_one(row, connection)
                if not take_lease("deliverer"):
                    break
    except ServerDown as down:
        _pause(str(down))
    return tried


def _deliver_one(row: Mail, connection: Connection) -> None:
    crash("after_claim_before_send")
    try:
        message = compose(row)
        if message.has_bad_headers():
            raise BadHeaderError("a line break stands in a header")
    except Exception as problem:
        # A row that cannot even be composed must not stop the rows behind it.
        log.exception("Mail %s cannot be composed", row.id)
        _finish(row, MailState.FAILED, f"It could not be written: {problem}.")
        return
    # No transaction stays open over the wire: SQLite's one write lock would wait for the server.
    db.session.commit()
    try:
        connection.send(message)
    except smtplib.SMTPServerDisconnected as lost:
        # Nobody knows whether it arrived: send it again, with the same Message-ID.
        _retry_later(row, f"The connection was lost: {lost}")
        raise ServerDown(str(lost)) from lost
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = next(iter(refused.recipients.values()))
        _refused(row, code, words)
    except smtplib.SMTPResponseException as refused:
        _refused(row, refused.smtp_code, refused.smtp_error)
    except (OSError, smtplib.SMTPException) as problem:
        _retry_later(row, f"{type(problem).__name__}: {problem}")
        raise ServerDown(str(problem)) from problem
    else:
        crash("after_send_before_mark")
        _finish(row, MailState.SENT, None)


def compose(row: Mail) -> Message:
    """Make the message of a row: text and HTML, one recipient, threaded by its order."""
    text, html = mailer.filled(row) if row.invitation_id else (row.text, row.html)
    headers = {"Auto-Submitted": "auto-generated"}
    if row.order_id:
        headers["References"] = f"<order-{row.order_id}@{row.message_id.split('@')[1]}"
    message = Message(
        row.subject,
        recipients=[row.to_address],
        body=text,
        html=html,
        sender=formataddr((row.from_name, current_app.config["MAIL_DEFAULT_SENDER"])),
        reply_to=row.reply_to,
        extra_headers=headers,
    )
    message.msgId = row.message_id
    return message


# --- Claims ---------------------------------------------------------------------------------


def claim() -> Mail | None:
    """Take the oldest due mail under a lease, and commit; None when nothing is due."""
    moment = now()
    due = or_(
        and_(Mail.state == MailState.WAITING, Mail.next_at <= moment),
        and_(Mail.state == MailState.SENDING, Mail.lease_until < moment),
    )
    oldest = select(Mail.id).where(due).order_by(Mail.next_at, Mail.id).limit(1)
    claimed = db.session.scalar(
        update(Mail)
        .where(Mail.id == oldest.with_for_update(skip_locked=True).scalar_subquery(), due)
        .values(
            state=MailState.SENDING,
            lease_owner=OWNER,
            lease_until=moment + ROW_LEASE,
            attempts=Mail.attempts + 1,
        )
        .returning(Mail.id)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return db.session.get(Mail, claimed, populate_existing=True) if claimed else None


def take_lease(name: str, owner: str = OWNER, length: timedelta = JOB_LEASE) -> bool:
    """Take or renew the right to do a job, and commit; False while another process has it."""
    moment = now()
    mine = update(Lease).where(Lease.name == name, or_(Lease.owner == owner, Lease.until < moment))
    renewed: Any = db.session.execute(mine.values(owner=owner, until=moment + length))
    if renewed.rowcount == 1:
        db.session.commit()
        return True
    db.session.rollback()
    try:
        new = insert(Lease).values(name=name, owner=owner, until=moment + length)
        db.session.execute(new)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def _pause(reason: str) -> None:
    """Leave all mails alone for a while: the server is down, and no mail loses a try by it."""
    log.warning("The mail server cannot be used: %s", reason)
    db.session.rollback()
    lease = db.session.get(Lease, "mail-server")
    if lease is not None:
        lease.owner, lease.until = "paused", now() + SERVER_PAUSE
    db.session.commit()


# --- Results --------------------------------------------------------------------------------


def _finish(row: Mail, state: MailState, error: str | None) -> None:
    row.state, row.last_error = state, error
    row.lease_owner = row.lease_until = None
    row.sent_at = now() if state is MailState.SENT else None
    db.session.commit()


def _refused(row: Mail, code: int, words: bytes | str) -> None:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = f"The server answered {code}: {text}"
    if code >= 500:
        _finish(row, MailState.FAILED, said)
    else:
        _retry_later(row, said)


def _retry_later(row: Mail, error: str) -> None:
    if row.attempts > len(LADDER):
        _finish(row, MailState.FAILED, error)
        return
    row.next_at = now() + timedelta(seconds=LADDER[row.attempts - 1])
    _finish(row, MailState.WAITING, error)


def last_turn() -> datetime | None:
    """Tell until when somebody delivered last, on this database; None where nobody has yet."""
    return db.session.scalar(select(func.max(Lease.until)))


def _hold_old_news(last: datetime | None) -> None:
    """Hold what nobody should be sent unasked any more; staff can send it with a click.

    That is a mail which waited too long, and every mail that was there when the deliverer stopped
    a while ago: after a restored backup it may have been sent long since.
    """
    moment = now()
    is_old = or_(Mail.next_at < moment - TOO_OLD, Mail.lease_until < moment - TOO_OLD)
    _hold(is_old, "It waited for more than two days and was not sent.")
    if last is not None and last < moment - LONG_STOP:
        _hold(
            Mail.created_at <= last, "Nobody delivered mail for hours, and it may have been sent."
        )


def _hold(which: ColumnElement[bool], why: str) -> None:
    unsent = Mail.state.in_((MailState.WAITING, MailState.SENDING))
    held = (
        update(Mail)
        .where(unsent, which)
        .values(
            state=MailState.FAILED,
            last_error=f"{why} Resend it if it is still wanted.",
            lease_owner=None,
            lease_until=None,
        )
    )
    db.session.execute(held, execution_options={"synchronize_session": False})
    db.session.commit()


def resend(mail: Mail, by: Actor) -> None:
    """Put a failed mail back into the queue, as new; the caller commits."""
    mail.state = MailState.WAITING if current_app.config["MAIL_SERVER"] else MailState.KEPT
    mail.attempts, mail.next_at, mail.last_error = 0, now(), None
    audit.record("mail.resent", mail, by)


def oldest_due() -> datetime | None:
    """Tell since when the oldest due mail waits; None when nothing is due."""
    return db.session.scalar(
        select(func.min(Mail.next_at)).where(
            Mail.state.in_((MailState.WAITING, MailState.SENDING)), Mail.next_at <= now()
        )
    )


def _no_crash(_point: str) -> None:
    """Do nothing: in production there are no crash points."""


def _crash_when_asked(point: str) -> None:
    """Die at a named point, as a power cut would; tests ask for it by CRASH_AT."""
    if os.environ.get("CRASH_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)


crash: Callable[[str], Any] = (
    _crash_when_asked if os.environ.get("APP_ENV") == "test" else _no_crash
)
