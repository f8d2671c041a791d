"""The forms and steps of signing in that both areas share; their pages are the areas' own."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import request
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

import audit
import credentials
import display
import forgotten
import known
import mailer
import second_factor
import sessions
import throttle
from columns import now
from extensions import db
from models import Invitation, Login, Staff
from permissions import Actor, is_login_open, is_staff_open, login_actor, staff_actor

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
    return (display.to_email(text) or (text or "").strip()).lower()


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


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The second factor's code; a recovery code goes into the same field."""

    code = StringField(
        "Code",
        [DataRequired("Write the code."), Length(max=100, message=second_factor.WRONG)],
        description="The six digits that your authenticator app shows, or a recovery code.",
        render_kw={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"},
    )


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """The current password, asked for again before something that opens an account."""

    current_password = PasswordField(
        "Current password",
        [
            DataRequired("Write your current password."),
            Length(max=credentials.LONGEST, message=TOO_LONG),
        ],
        render_kw={"autocomplete": "current-password"},
    )


@dataclass(frozen=True)
class Attempt:
    """What came of a try to sign in; whose second factor is on has still to give its code."""

    person: Person | None
    wait_seconds: int = 0


def attempt(area: str, form: SignInForm, find: Find) -> Attempt:
    """Try a password; an account that does not exist is answered like a wrong password.

    ``find`` looks up the person of an address. The caller works across resellers. Commits.
    """
    account = throttle.account_key(area, form.email.data)
    tries = known.tries_of(account)
    wait = throttle.take_a_try(tries, request.remote_addr or "")
    if wait:
        return Attempt(None, wait)
    person = find(form.email.data)
    is_right = credentials.verify(person, form.password.data)
    if person is None or not is_right or not is_open(person):
        db.session.rollback()
        return Attempt(None)
    throttle.clear(tries)
    known.remember(account)
    if not _let_in(person):
        db.session.commit()
        return Attempt(person)
    audit.record(f"{_kind(person)}.signed_in", person, sessions.actor())
    db.session.commit()
    return Attempt(person)


def _let_in(person: Person) -> bool:
    """Sign a person in whose password is right; False when a code must come first."""
    if second_factor.is_on(person):
        sessions.hold(person)
        return False
    sessions.sign_in(person)
    return True


def give_code(person: Person, form: CodeForm) -> Attempt:
    """Try the code of a second factor; tries are slowed down like those of passwords.

    The caller works across resellers. Commits.
    """
    account = throttle.account_key("second factor", f"{_kind(person)} {person.id}")
    wait = throttle.take_a_try(account, request.remote_addr or "")
    if wait:
        return Attempt(None, wait)
    used = second_factor.accept(person, form.code.data)
    if used is None:
        db.session.rollback()
        form.code.errors = [second_factor.WRONG]
        return Attempt(None)
    throttle.clear(account)
    sessions.sign_in(person)
    by = sessions.actor()
    audit.record(f"{_kind(person)}.signed_in", person, by, second_factor=used)
    db.session.commit()
    return Attempt(person)


def confirms(person: Person, form: ConfirmForm) -> bool:
    """Check the current password of somebody who is signed in; the sentence is beside the field.

    Tries are slowed down, so that an open browser is no place to guess. Commits.
    """
    account = throttle.account_key("confirm", f"{_kind(person)} {person.id}")
    wait = throttle.take_a_try(account, request.remote_addr or "")
    if wait:
        minutes = display.plural((wait + 59) // 60, "minute")
        form.current_password.errors = [f"Too many tries. Wait {minutes}, then try again."]
    elif not credentials.verify(person, form.current_password.data):
        form.current_password.errors = ["This is not your current password."]
    else:
        throttle.clear(account)
        return True
    return False


def _as(person: Person) -> Actor:
    """Describe a person who is not signed in yet as the one who acts."""
    origin = sessions.origin_of_request()
    if isinstance(person, Staff):
        return staff_actor(person, **origin)
    return login_actor(person, **origin)


def _kind(person: Person) -> str:
    return "staff" if isinstance(person, Staff) else "login"


def is_open(person: Person) -> bool:
    """Tell whether a person may be signed in at this moment."""
    return is_staff_open(person) if isinstance(person, Staff) else is_login_open(person, now())


def send_link(area: str, form: ForgottenForm, reseller_id: int | None = None) -> int:
    """Have a link mailed to a person who forgot the password; gives the seconds to wait.

    Whether the address exists shows neither in the answer, nor in how long it takes, nor in how
    often it may be asked: nobody looks before the background does. ``reseller_id`` is whose portal
    it is. Commits.
    """
    account = throttle.account_key(f"forgotten {area}", form.email.data)
    wait = throttle.take_a_try(account, request.remote_addr or "")
    if not wait:
        forgotten.ask(form.email.data, reseller_id)
        db.session.commit()
    return wait


def use_link(invitation: Invitation, form: PasswordForm) -> bool:
    """Set the password of an invitation and let the person in; False when it is refused.

    A second factor that is on is asked for all the same. The sentence of a refusal stands beside
    the field. The caller works across resellers.
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
    audit.record(f"{_kind(person)}.password_set", person, _as(person))
    _let_in(person)
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
