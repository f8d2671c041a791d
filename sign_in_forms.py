"""The forms and steps of signing in that both areas share; their pages are the areas' own."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import request
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import DataRequired, Length, ValidationError

import audit
import credentials
import mailer
import sessions
import tenancy
import throttle
from columns import now
from extensions import db
from models import Invitation, Login, Staff
from permissions import is_login_open, is_staff_open

Person = Staff | Login
Find = Callable[[str], Person | None]

TOO_LONG = f"A password has at most {credentials.LONGEST:,} characters."
WRONG = "The address or the password is not right. Check both and try again."
PRIVATE = {"Referrer-Policy": "strict-origin", "Cache-Control": "no-store"}
"""For the pages of a link: its token must not travel on. Not ``no-referrer``, because the check of
forms over https wants to know the origin."""

FORGOTTEN = (
    "If there is an account with that address, a mail with a link is on its way. "
    "The link works once, for two days."
)


def _is_address(_form: FlaskForm, field: EmailField) -> None:
    """Refuse what cannot be an address, for every account alike."""
    text = field.data or ""
    if text.count("@") != 1 or not text.isprintable() or " " in text:
        raise ValidationError("Write a whole e-mail address, such as name@company.com.")


def _trim(text: str | None) -> str:
    """Take an address as it is stored: without blanks around it, in small letters."""
    return (text or "").strip().lower()


def _email_field() -> EmailField:
    return EmailField(
        "E-mail address",
        [
            DataRequired("Write your e-mail address."),
            Length(max=254, message="An e-mail address has at most 254 characters."),
            _is_address,
        ],
        filters=[_trim],
        render_kw={"autocomplete": "username", "autofocus": True},
    )


class SignInForm(FlaskForm):  # type: ignore[misc]
    """User name and password; browsers and password managers know both fields."""

    email = _email_field()
    password = PasswordField(
        "Password",
        [
            DataRequired("Write your password."),
            Length(max=credentials.LONGEST, message=TOO_LONG),
        ],
        render_kw={"autocomplete": "current-password"},
    )


class ForgottenForm(FlaskForm):  # type: ignore[misc]
    """The address to which a link is sent."""

    email = _email_field()


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password; one field, since what is typed can be shown and managers fill it."""

    password = PasswordField(
        "New password",
        [DataRequired("Write a password.")],
        description=f"At least {credentials.SHORTEST} characters. A few words in a row do well.",
        render_kw={"autocomplete": "new-password", "autofocus": True},
    )


@dataclass(frozen=True)
class Attempt:
    """What came of a try to sign in."""

    person: Person | None
    wait_seconds: int = 0


def attempt(area: str, form: SignInForm, find: Find) -> Attempt:
    """Try a password; an account that does not exist is answered like a wrong password.

    ``find`` looks up the person of an address. The caller works across resellers. Commits.
    """
    account = throttle.account_key(area, form.email.data)
    wait = throttle.take_a_try(account, request.remote_addr or "")
    if wait:
        return Attempt(None, wait)
    person = find(form.email.data)
    is_right = credentials.verify(person, form.password.data)
    if person is None or not is_right or not is_open(person):
        db.session.rollback()
        return Attempt(None)
    throttle.clear(account)
    sessions.sign_in(person)
    audit.record(f"{_kind(person)}.signed_in", person, sessions.actor())
    db.session.commit()
    return Attempt(person)


def _kind(person: Person) -> str:
    return "staff" if isinstance(person, Staff) else "login"


def is_open(person: Person) -> bool:
    """Tell whether a person may be signed in at this moment."""
    return is_staff_open(person) if isinstance(person, Staff) else is_login_open(person, now())


def send_link(area: str, form: ForgottenForm, find: Find) -> int:
    """Mail a link to a person who forgot the password; gives the seconds to wait when throttled.

    Whether the address exists shows neither in the answer nor in how often it may be asked.
    """
    account = throttle.account_key(f"forgotten {area}", form.email.data)
    wait = throttle.take_a_try(account, request.remote_addr or "")
    if wait:
        return wait
    person = find(form.email.data)
    if person is not None and person.password_hash is not None and is_open(person):
        with tenancy.acting_for(person.reseller_id):
            mailer.password_forgotten(person, credentials.invite(person))
        db.session.commit()
    return 0


def use_link(invitation: Invitation, form: PasswordForm) -> bool:
    """Set the password of an invitation and sign the person in; False when it is refused.

    The sentence then stands beside the field. The caller works across resellers.
    """
    person = credentials.person_of(invitation)
    problem = credentials.password_problem(person, form.password.data)
    if problem:
        form.password.errors = [problem]
        return False
    had_password = person.password_hash is not None
    if not credentials.set_password(invitation, form.password.data):
        return _refuse(form, "This link has just been used. Ask for a new one.")
    if not is_open(person):
        return _refuse(form, "This account is closed at present. Ask whoever invited you.")
    if had_password:
        mailer.password_changed(person)
    sessions.sign_in(person)
    audit.record(f"{_kind(person)}.password_set", person, sessions.actor())
    db.session.commit()
    return True


def _refuse(form: PasswordForm, sentence: str) -> bool:
    db.session.rollback()
    form.password.errors = [sentence]
    return False


def local_path(wanted: str | None, prefix: str) -> str | None:
    """Accept an address to go on to only when it is a plain path of this area."""
    if not wanted or not wanted.startswith(prefix) or "\\" in wanted or "//" in wanted:
        return None
    parts = urlsplit(wanted)
    clean = not parts.scheme and not parts.netloc and wanted.isprintable()
    return wanted if clean and ".." not in parts.path else None
