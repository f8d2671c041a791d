"""The forms and steps of one's own second factor that both areas share; the pages are their own."""

from collections.abc import Mapping
from typing import Any

import second_factor
import sessions
import sign_in_forms
from catalog import Invalid
from extensions import db
from models import Login, Staff
from sign_in_forms import CodeForm, ConfirmForm

Person = Staff | Login


def begin_form(**more: Any) -> ConfirmForm:
    """Make the form that begins to set it up."""
    return ConfirmForm(**more)


def renew_form(**more: Any) -> ConfirmForm:
    """Make the form that makes new recovery codes."""
    return ConfirmForm(prefix="renew-", **more)


def off_form(**more: Any) -> ConfirmForm:
    """Make the form that turns it off."""
    return ConfirmForm(prefix="off-", **more)


def is_confirmed(person: Person, form: ConfirmForm) -> bool:
    """Tell whether the current password was given; the sentence of a refusal is beside it."""
    return form.validate() and sign_in_forms.confirms(person, form)


def confirm(person: Person, form: CodeForm) -> list[str] | None:
    """Turn it on by a first code; give the recovery codes, or None for a code that is refused.

    Raises Refused when nothing is being set up. The caller commits.
    """
    if not form.validate():
        return None
    try:
        return second_factor.confirm(person, form.code.data, by=sessions.actor())
    except Invalid as wrong:
        db.session.rollback()
        form.code.errors = [wrong.problems["code"]]
        return None


def shown(person: Person, refused: Mapping[str, Any]) -> dict[str, Any]:
    """Gather how it stands for the page, with a form that was refused in its place."""
    found: dict[str, Any] = {
        "begin_form": begin_form(formdata=None),
        "renew_form": renew_form(formdata=None),
        "off_form": off_form(formdata=None),
        "code_form": CodeForm(formdata=None),
        **refused,
    }
    found["code_form"].code.description = "The app shows another one every half minute."
    secret = second_factor.pending_secret(person)
    return found | {
        "secret": second_factor.grouped(secret) if secret else None,
        "is_on": second_factor.is_on(person),
        "since": person.totp_confirmed_at,
        "left": second_factor.codes_left(person),
    }
