"""The forms and steps of one's own account that both areas share; the pages are their own."""

from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired

import accounts
import audit
import credentials
import display
import mailer
import sessions
import sign_in_forms
import throttle
from catalog import Invalid
from extensions import db
from models import Login, Staff
from post_form import PostForm
from sign_in_forms import ConfirmForm, PasswordForm

Person = Staff | Login


class OwnForm(PostForm):
    """What everybody may change of themselves."""

    name = StringField("Name", render_kw={"required": True, "maxlength": 120})
    time_zone = SelectField("Time zone", validate_choice=False)
    wants_order_mail = BooleanField("Tell me of orders by mail")

    def offer(self, usual: str, mails: str) -> None:
        """Fill the menu of time zones, the first of which is the usual one; say which mails."""
        self.time_zone.choices = [("", usual), *((zone, zone) for zone in accounts.zones())]
        self.wants_order_mail.description = mails


class NewPasswordForm(ConfirmForm):
    """A new password, which needs the current one."""

    password = PasswordField(
        "New password",
        [DataRequired("Write a password.")],
        description=PasswordForm.password.kwargs["description"],
        render_kw={"autocomplete": "new-password"},
    )


class NewAddressForm(ConfirmForm):
    """A new address, which needs the current password."""

    email = EmailField(
        "New e-mail address",
        [DataRequired("Write an e-mail address.")],
        render_kw={"maxlength": 254, "autocomplete": "email"},
    )


def change_password(person: Person, form: NewPasswordForm) -> bool:
    """Set a new password, end all other sessions and tell by mail; False when it is refused.

    The sentence of a refusal stands beside its field. The caller commits.
    """
    if not (form.validate() and sign_in_forms.confirms(person, form)):
        return False
    problem = credentials.password_problem(person, form.password.data)
    if problem:
        form.password.errors = [problem]
        return False
    credentials.renew_password(person, form.password.data, keep=sessions.row())
    kind = "staff" if isinstance(person, Staff) else "login"
    audit.record(f"{kind}.password_changed", person, sessions.actor())
    mailer.password_changed(person)
    return True


def ask_address(login: Login, form: NewAddressForm) -> str | None:
    """Mail a link to the new address; gives it, or None when it is refused.

    The sentence of a refusal stands beside its field. The caller commits.
    """
    if not (form.validate() and sign_in_forms.confirms(login, form)):
        return None
    # Each one mails an address that need not be the login's own: nobody floods a stranger.
    mine = f"login {login.id}"
    wait = throttle.take_a_try(throttle.account_key("new address", mine), mine)
    if wait:
        minutes = display.plural((wait + 59) // 60, "minute")
        form.email.errors = [f"That were many addresses. Wait {minutes}, then try again."]
        return None
    try:
        return accounts.ask_address(login, form.email.data, by=sessions.actor())
    except Invalid as wrong:
        db.session.rollback()
        form.email.errors = [wrong.problems["email"]]
        return None
