"""The forms of ports: fields only; what is right is decided in ``ports`` below."""

from typing import Any

from sqlalchemy import select
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField

import display
import ports
from admin_views.forms import PostForm
from admin_views.groups import client_menu
from extensions import db
from models import Port, Tier

DATE = {"type": "date"}
LINES = "One a line or with commas between, in any spelling."


class PortForm(PostForm):
    """What a port is made of."""

    client_id = SelectField("Client", validate_choice=False, render_kw={"required": True})
    pon = StringField(
        "PON",
        description="Your own number of this port, which the losing provider quotes.",
        render_kw={"required": True, "maxlength": 40},
    )
    porting_from = StringField("Losing provider", render_kw={"required": True, "maxlength": 120})
    entity_name = StringField(
        "Name on the account",
        description="As the losing provider has it on the bill.",
        render_kw={"maxlength": 120},
    )
    billing_number = StringField("Billing number", render_kw={"inputmode": "tel", "maxlength": 30})
    requested_foc = StringField("Requested date", render_kw=DATE)
    numbers = TextAreaField(
        "Numbers", description=LINES, render_kw={"rows": 5, "required": True, "spellcheck": "false"}
    )

    def offer(self) -> None:
        """Fill the menu of clients."""
        self.client_id.choices = [("", "Choose a client"), *client_menu()]

    def details(self) -> dict[str, Any]:
        """Give what is typed beside the client and the numbers."""
        return {k: v for k, v in self.typed().items() if k not in ("client_id", "numbers")}

    def show(self, port: Port) -> None:
        """Fill the form from a port."""
        self.pon.data, self.porting_from.data = port.pon, port.porting_from
        self.entity_name.data = port.entity_name
        self.billing_number.data = display.number(port.billing_number)
        self.requested_foc.data = port.requested_foc.isoformat() if port.requested_foc else ""


class MoveForm(PostForm):
    """The next status of a port."""

    seen = HiddenField()
    status_id = SelectField("New status", validate_choice=False)
    note = TextAreaField(
        "Note", description="The client reads it. Optional.", render_kw={"rows": 2}
    )


class DateForm(PostForm):
    """The confirmed date of a port."""

    foc_date = StringField("FOC date", render_kw=DATE)


class AddForm(PostForm):
    """Numbers for a port that is under way."""

    numbers = TextAreaField(
        "More numbers", description=LINES, render_kw={"rows": 2, "spellcheck": "false"}
    )


class SetForm(PostForm):
    """What numbers of a port are told to stand at."""

    status_id = SelectField("Status of the chosen numbers", validate_choice=False)
    reason = StringField(
        "Reason",
        description="The client reads it. Choose one of your list, or write your own.",
        render_kw={"list": "port-reasons", "maxlength": 255},
    )


class CommentForm(PostForm):
    """A comment in a port's story."""

    text = TextAreaField("Comment", render_kw={"rows": 3, "required": True, "maxlength": 2000})
    is_private = BooleanField("Private: only your staff read it")


class CompleteForm(PostForm):
    """What comes with the completion of a port."""

    seen = HiddenField()
    brings = BooleanField("Put the numbers into the inventory and give them to the client")
    tier_id = SelectField("Tier of the new numbers", validate_choice=False)
    note = TextAreaField(
        "Note", description="The client reads it. Optional.", render_kw={"rows": 2}
    )

    def offer(self) -> None:
        """Fill the menu of tiers."""
        rows = select(Tier.id, Tier.name, Tier.monthly_micros).order_by(Tier.position, Tier.name)
        self.tier_id.choices = [
            ("", "Choose a tier"),
            *((str(k), f"{n}, {display.money(m)} a month") for k, n, m in db.session.execute(rows)),
        ]


class PortForms:
    """The forms of one port's page; each has a prefix, since they stand on it together."""

    def __init__(self, port: Port) -> None:
        self.move, self.date = MoveForm(prefix="move-"), DateForm(prefix="date-")
        self.add, self.set = AddForm(prefix="add-"), SetForm(prefix="set-")
        self.comment = CommentForm(prefix="comment-")
        self.port = port

    def offer(self) -> None:
        """Fill the menus, and show what is."""
        statuses = ports.statuses()
        steps = [(str(s.id), s.label) for s in statuses if s.key != ports.COMPLETED]
        self.move.status_id.choices = [
            ("", "Choose a status"),
            *(step for step in steps if step[0] != str(self.port.status_id)),
        ]
        self.set.status_id.choices = [
            ("", "As the port"),
            *((str(s.id), s.label) for s in statuses),
        ]
        self.move.seen.data = str(self.port.status_id)
        if not self.date.foc_date.errors:
            self.date.foc_date.data = self.port.foc_date.isoformat() if self.port.foc_date else ""


__all__ = ["CompleteForm", "PortForm", "PortForms"]
