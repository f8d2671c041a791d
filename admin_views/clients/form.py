"""The form of a client: its fields, its menus, and the groups that were chosen in it."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import func, select
from wtforms import (
    EmailField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)

import display
from admin_views.base import own_reseller, to_id
from admin_views.forms import PostForm
from catalog import Invalid
from extensions import db
from models import Client, Did, DidGroup

NORTH_AMERICA = (
    ("America/New_York", "Eastern"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Phoenix", "Mountain, without summer time (Arizona)"),
    ("America/Los_Angeles", "Pacific"),
    ("America/Anchorage", "Alaska"),
    ("Pacific/Honolulu", "Hawaii"),
    ("America/Halifax", "Atlantic"),
    ("America/Puerto_Rico", "Puerto Rico"),
    ("America/St_Johns", "Newfoundland"),
)
MOST_GROUPS = 200
"""A longer menu helps nobody."""


class ClientForm(PostForm):
    """What a client is made of."""

    name = StringField("Name", render_kw={"required": True, "maxlength": 120})
    account_ref = StringField(
        "Account reference",
        description="Your own number for this client, such as in your billing. Optional.",
        render_kw={"maxlength": 40},
    )
    contact_email = EmailField(
        "Client Contact",
        description="Every order of this client sends a mail to this address.",
        render_kw={"required": True, "maxlength": 254},
    )
    contact_name = StringField("Contact person", render_kw={"maxlength": 120})
    contact_phone = TelField(
        "Phone",
        description="In any spelling, such as (412) 555-0123.",
        render_kw={"maxlength": 32},
    )
    time_zone = SelectField("Time zone", validate_choice=False)
    groups = SelectMultipleField("DID Groups to give", validate_choice=False)
    notes = TextAreaField(
        "Notes", description="For your staff only.", render_kw={"maxlength": 2000, "rows": 3}
    )

    def offer(self, client: Client | None = None) -> None:
        """Fill the menus: time zones, and the DID Groups that nobody has."""
        zone = own_reseller().time_zone
        self.time_zone.choices = _zones(zone)
        self.groups.choices = _free_groups()
        self.groups.description = (
            "The client gets these groups with all their numbers. Groups that other clients have "
            "are not listed."
        )

    def details(self) -> dict[str, Any]:
        """Give the client's columns as they were typed."""
        return {name: value for name, value in self.typed().items() if name != "groups"}


def _zones(own: str) -> dict[str, list[tuple[str, str]]]:
    near = [(zone, f"{words} ({zone})") for zone, words in NORTH_AMERICA]
    known = {zone for zone, _ in near}
    others = sorted(zone for zone in available_timezones() - known if "/" in zone)
    return {
        "Yours": [("", f"The same as yours ({own})")],
        "North America": near,
        "Elsewhere": [(zone, zone) for zone in others if not zone.startswith("Etc/")],
    }


def _free_groups() -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(DidGroup.id, DidGroup.name, func.count(Did.id))
        .outerjoin(Did, Did.did_group_id == DidGroup.id)
        .where(DidGroup.client_id.is_(None))
        .group_by(DidGroup.id, DidGroup.name)
        .order_by(DidGroup.name)
        .limit(MOST_GROUPS)
    )
    return [(str(key), f"{name} ({display.plural(count, 'number')})") for key, name, count in rows]


def chosen_groups(form: ClientForm) -> Sequence[DidGroup]:
    """Find the groups that were chosen; raises Invalid for one that the reseller does not have."""
    keys = {to_id(value) for value in form.groups.data or ()}
    rows = db.session.scalars(
        select(DidGroup).where(DidGroup.id.in_(keys - {None})).order_by(DidGroup.name)
    ).all()
    if len(rows) != len(keys):
        raise Invalid({"groups": "Choose groups from the list."})
    return rows
