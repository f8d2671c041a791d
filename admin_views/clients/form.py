"""The form of a client: its fields, its menus, and the groups that were chosen in it."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Select, func, select
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
from models import Client, Did, DidGroup, E911Group, E911Record, EndpointGroup

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
    groups = SelectMultipleField("Groups to give", validate_choice=False)
    notes = TextAreaField(
        "Notes", description="For your staff only.", render_kw={"maxlength": 2000, "rows": 3}
    )

    def offer(self, client: Client | None = None) -> None:
        """Fill the menus: time zones, and the groups that nobody has."""
        zone = own_reseller().time_zone
        self.time_zone.choices = _zones(zone)
        self.groups.choices = _free_groups()
        self.groups.description = (
            "The client gets these groups with all that is in them. Groups that other clients "
            "have are not listed."
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


KINDS: dict[str, tuple[Any, str, Any]] = {
    "did": (DidGroup, "DID Group", (Did.id, Did.did_group_id)),
    "endpoint": (EndpointGroup, "Endpoint Group", (Did.id, Did.endpoint_group_id)),
    "e911": (E911Group, "911 Group", (E911Record.id, E911Record.e911_group_id)),
}
"""The three groupings that make up what a client has: the table, its name, and what it holds."""


def _free_groups() -> list[tuple[str, str]]:
    """List the groups that nobody has, of all three kinds."""
    return [choice for kind in KINDS for choice in _free_groups_of(kind)]


def _free_groups_of(kind: str) -> list[tuple[str, str]]:
    rows = _groups(kind, None).limit(MOST_GROUPS)
    return [
        (f"{kind}:{key}", f"{name} ({KINDS[kind][1]}, {_holds(kind, count)})")
        for key, name, count in db.session.execute(rows)
    ]


def _groups(kind: str, client_id: int | None) -> Select[Any]:
    """Find the groups of one kind that a client has, or nobody, with how much each holds."""
    model, _, (counted, column) = KINDS[kind]
    return (
        select(model.id, model.name, func.count(counted))
        .outerjoin(counted.class_, column == model.id)
        .where(model.client_id.is_(None) if client_id is None else model.client_id == client_id)
        .group_by(model.id, model.name)
        .order_by(model.name)
    )


def _holds(kind: str, count: int) -> str:
    if kind == "e911":
        return display.plural(count, "address", "addresses")
    return display.plural(count, "number")


@dataclass(frozen=True)
class Group:
    """One group of a client, in words."""

    name: str
    label: str
    holds: str


def groups_of(client: Client) -> list[Group]:
    """List a client's groups of all three kinds with how much each holds."""
    return [
        Group(name, KINDS[kind][1], _holds(kind, count))
        for kind in KINDS
        for _, name, count in db.session.execute(_groups(kind, client.id))
    ]


def chosen_groups(form: ClientForm) -> list[Any]:
    """Find the groups that were chosen; raises Invalid for one that the reseller does not have."""
    found: list[Any] = []
    for value in dict.fromkeys(form.groups.data or ()):
        kind, _, key = value.partition(":")
        row = db.session.get(KINDS[kind][0], to_id(key) or 0) if kind in KINDS else None
        if row is None:
            raise Invalid({"groups": "Choose groups from the list."})
        found.append(row)
    return found
