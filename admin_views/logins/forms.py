"""The forms of logins: making one, changing one, and sending an invitation again."""

from typing import Any

from sqlalchemy import func, select
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from admin_views.forms import PostForm
from extensions import db
from models import Client, ClientStatus
from sign_in_forms import ConfirmForm


class ImpersonateForm(ConfirmForm):  # type: ignore[misc]
    """Why somebody acts as a login, and the password where it was given long ago."""

    reason = StringField(
        "Reason",
        description="It stands in the audit log and in the client's Activity.",
        render_kw={"required": True, "maxlength": 200, "autocomplete": "off"},
    )


class LoginForm(PostForm):
    """What a login is made of, and who is mailed."""

    client_id = SelectField("Client", validate_choice=False, render_kw={"required": True})
    name = StringField("Name", render_kw={"required": True, "maxlength": 120})
    email = EmailField(
        "User name",
        description="The person's e-mail address. Only the person can change it later.",
        render_kw={"required": True, "maxlength": 254},
    )
    allow_order_requests = BooleanField(
        "Allow Order Requests",
        default=True,
        description="Without it the person can look at everything and ask for nothing.",
    )
    is_administrator = BooleanField(
        "Administrator of the client",
        description="Sees under People in the portal who else of the client can sign in.",
    )
    notify = TextAreaField(
        "Send the invitation to",
        description="E-mail addresses, one a line; each gets the mail with the link. "
        "Empty, it goes to the user name.",
        render_kw={"rows": 3},
    )

    def offer(self) -> None:
        """Fill the menu of clients."""
        rows = db.session.execute(
            select(Client.id, Client.name)
            .where(Client.status != ClientStatus.CLOSED)
            .order_by(func.lower(Client.name))
        )
        choices = [(str(key), name) for key, name in rows]
        self.client_id.choices = [("", "Choose a client"), *choices]

    def person(self) -> dict[str, Any]:
        """Give what was typed for the login itself."""
        return {name: value for name, value in self.typed().items() if name != "client_id"}


class ChangeForm(PostForm):
    """What can be changed on a login."""

    name = StringField("Name", render_kw={"required": True, "maxlength": 120})
    allow_order_requests = BooleanField(
        "Allow Order Requests", description=LoginForm.allow_order_requests.kwargs["description"]
    )
    is_administrator = BooleanField(
        "Administrator of the client",
        description=LoginForm.is_administrator.kwargs["description"],
    )
    expires_on = DateField(
        "Last day",
        description="After this day the person cannot sign in. Empty for no end.",
        validators=[Optional()],
    )

    def typed(self) -> dict[str, Any]:
        """Give what was typed; the day as it stands in the field."""
        raw = self.expires_on.raw_data
        return super().typed() | {"expires_on": raw[0] if raw else ""}


class AgainForm(PostForm):
    """Who is mailed when an invitation is sent again."""

    notify = TextAreaField(
        "Send the invitation to",
        description="One or more e-mail addresses, one a line. Each gets the mail with the link.",
        render_kw={"required": True, "rows": 2},
    )
