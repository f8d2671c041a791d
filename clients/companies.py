"""Making and changing a client: its details, its order settings, the groups that it is given."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import audit
import policy
import tenancy
from carriers import inventory
from catalog import Invalid
from clients import typed
from extensions import db
from models import Client, DidGroup, E911Group, EndpointGroup, RatePlan
from permissions import Actor

Group = DidGroup | EndpointGroup | E911Group

LENGTHS = {"name": 120, "account_ref": 40, "contact_name": 120, "contact_phone": 32, "notes": 2000}
"""The most characters of each field that is plain text."""


def create(*, by: Actor, groups: Sequence[Group] = (), **details: str | None) -> Client:
    """Make a client with its order settings, a DID Group of its own name, and the usual rates.

    ``details`` are the columns that a person fills; ``groups`` become the client's with all their
    numbers. Raises Invalid with a sentence a field.
    """
    values = _checked(details)
    client = Client(reseller_id=tenancy.current(), **values)
    client.rate_plan_id = db.session.scalar(select(RatePlan.id).where(RatePlan.is_for_new))
    _save(client)
    policy.default_settings(client)
    inventory.main_group(client)
    _give(groups, client)
    given = {"groups": [group.name for group in groups]} if groups else {}
    audit.record("client.created", client, by, **_filled(values), **given)
    return client


def change(
    client: Client, *, by: Actor, groups: Sequence[Group] = (), **details: str | None
) -> bool:
    """Change a client's details and give it further groups; tell whether anything changed.

    Raises Invalid with a sentence a field.
    """
    values = _checked(details, client)
    changes: dict[str, Any] = {
        name: [getattr(client, name), value]
        for name, value in values.items()
        if getattr(client, name) != value
    }
    for name, (_, value) in changes.items():
        setattr(client, name, value)
    _save(client)
    _give(groups, client)
    if groups:
        changes["groups"] = [group.name for group in groups]
    if changes:
        audit.record("client.changed", client, by, **changes)
    return bool(changes)


def _checked(details: Mapping[str, str | None], client: Client | None = None) -> dict[str, Any]:
    """Clean what was typed for a client; raises Invalid with every field that is wrong."""
    problems: dict[str, str] = {}
    values = {name: typed.line_of(details.get(name)) for name in LENGTHS}
    values["notes"] = typed.text_of(details.get("notes"))
    for name, most in LENGTHS.items():
        if len(values[name] or "") > most:
            problems[name] = f"This is too long; write at most {most} characters."
    if not values["name"]:
        problems["name"] = "Write the client's name."
    values["contact_email"] = typed.address_of(
        details.get("contact_email"), "contact_email", problems
    )
    values["contact_phone"] = typed.phone_of(values["contact_phone"], problems)
    values["time_zone"] = typed.text_of(details.get("time_zone"))
    if values["time_zone"] and values["time_zone"] not in available_timezones():
        problems["time_zone"] = "Choose a time zone from the list."
    for column, words in (("name", "the name"), ("account_ref", "the account reference")):
        if column not in problems and _has_rival(column, values[column], client):
            problems[column] = (
                f"Another client has {words} {values[column]}. Write a different one."
            )
    if problems:
        raise Invalid(problems)
    return values


def _has_rival(column: str, value: str | None, client: Client | None) -> bool:
    """Tell whether another client has the value already, in capitals or not."""
    if not value:
        return False
    same = func.lower(getattr(Client, column)) == value.lower()
    others = select(Client.id).where(same, Client.id != (client.id if client else 0))
    return db.session.scalar(others.limit(1)) is not None


def _save(client: Client) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(client)
    except IntegrityError as clash:
        # Somebody saved the same name or reference between the check and now.
        sentence = "Another client has just taken this name or account reference."
        raise Invalid({"name": sentence}) from clash


def _give(groups: Sequence[Group], client: Client) -> None:
    """Give groups of any kind to a client; one that another has is refused with its name (P2)."""
    try:
        for group in groups:
            if isinstance(group, E911Group):
                inventory.give_e911_group(group, client)
            else:
                inventory.give_group(group, client)
    except inventory.CannotCarryOut as no:
        raise Invalid({"groups": f"{no} Choose another group."}) from no


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
