"""DID Groups, Endpoint Groups and 911 Groups: making, naming, giving to a client, removing (P2).

Together they make up what a client owns. Which numbers change hands with a group is the business of
``carriers.inventory``; this file checks what was typed, asks it, and records.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import audit
import display
import endpoints
import tenancy
from carriers import inventory
from catalog import Invalid
from clients import typed
from extensions import db
from models import (
    Client,
    ClientStatus,
    Did,
    DidGroup,
    E911Group,
    E911Record,
    Endpoint,
    EndpointGroup,
)
from permissions import Actor

Group = DidGroup | EndpointGroup | E911Group

MOST_ENDPOINTS = 20
MOST_ALERTS = 10
DIGITS = {
    "e164": "E.164, +14125550123",
    "11": "11 digits, 14125550123",
    "10": "10 digits, 4125550123",
}
"""How an Endpoint Group is told the number that was called."""

_HOST = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9-]{1,63})*"
)


@dataclass(frozen=True)
class Address:
    """One address of an Endpoint Group, as it was typed."""

    host: str
    port: int
    priority: int
    is_active: bool = True


def save(
    group: Group,
    *,
    by: Actor,
    name: str | None,
    client: Client | None,
    **details: Any,
) -> bool:
    """Make or change a group and give it to a client, or to nobody; tell whether anything changed.

    ``details`` are ``digits`` and ``endpoints`` of an Endpoint Group, ``alert_emails`` of a 911
    Group, as typed. Raises Invalid with a sentence a field.
    """
    problems: dict[str, str] = {}
    values = {"name": _name(group, name, problems)} | _details(details, problems)
    if problems:
        raise Invalid(problems)
    is_new = group.id is None
    before = {} if is_new else _said(group)
    endpoints = values.pop("endpoints", None)
    for key, value in values.items():
        setattr(group, key, value)
    _flush(group)
    if endpoints is not None:
        _set_endpoints(group, endpoints)
    _give(group, client)
    after = _said(group)
    changes = {key: [before.get(key), value] for key, value in after.items()}
    changes = {key: pair for key, pair in changes.items() if pair[0] != pair[1]}
    if changes:
        verb = "created" if is_new else "changed"
        audit.record(f"{_word(group)}.{verb}", group, by, **changes)
    return bool(changes)


def remove(group: Group, *, by: Actor) -> None:
    """Remove a group that nobody has and that is empty; raises Invalid with the reason."""
    count = size(group)
    if group.client is not None:
        raise Invalid({"": f"{group.name} belongs to {group.client.name}. Take it back first."})
    if count:
        kind = "address" if isinstance(group, E911Group) else "number"
        many = "addresses" if kind == "address" else "numbers"
        held = display.plural(count, kind, many)
        raise Invalid({"": f"{group.name} has {held}. Put them into another group first."})
    audit.record(f"{_word(group)}.removed", group, by)
    db.session.delete(group)
    db.session.flush()


def size(group: Group) -> int:
    """Count what is in a group: numbers, or addresses in force."""
    if isinstance(group, E911Group):
        column, more = E911Record.e911_group_id, (E911Record.removed_at.is_(None),)
        counted: Any = select(func.count(E911Record.id)).where(column == group.id, *more)
    else:
        own = Did.did_group_id if isinstance(group, DidGroup) else Did.endpoint_group_id
        counted = select(func.count(Did.id)).where(own == group.id)
    return db.session.scalar(counted) or 0


# --- What was typed -----------------------------------------------------------------------------


def _name(group: Group, name: str | None, problems: dict[str, str]) -> str | None:
    text = typed.text_of(name)
    if not text:
        problems["name"] = "Write a name for the group."
    elif len(text) > typed.LONGEST_NAME:
        problems["name"] = f"This is too long; write at most {typed.LONGEST_NAME} characters."
    elif _is_taken(group, text):
        problems["name"] = f"There is a group named {text} already. Write a different name."
    return text


def _is_taken(group: Group, name: str) -> bool:
    kind: Any = type(group)
    same = select(kind.id).where(func.lower(kind.name) == name.lower(), kind.id != (group.id or 0))
    with db.session.no_autoflush:
        return db.session.scalar(same.limit(1)) is not None


def _details(details: Mapping[str, Any], problems: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "digits" in details:
        values["digits"] = details["digits"]
        if details["digits"] not in DIGITS:
            problems["digits"] = "Choose how the number is written."
    if "endpoints" in details:
        values["endpoints"] = read_endpoints(details["endpoints"] or "", problems)
    if "alert_emails" in details:
        values["alert_emails"] = read_alerts(details["alert_emails"], problems)
    return values


def read_alerts(text: str | None, problems: dict[str, str]) -> list[str]:
    """Read the addresses that are told of emergency calls, at most ten, each once."""
    return read_addresses(text, problems, "alert_emails")


def read_addresses(text: str | None, problems: dict[str, str], field: str) -> list[str]:
    """Read e-mail addresses that are written in one field, at most ten, each once."""
    words = dict.fromkeys(re.split(r"[\s,;]+", typed.text_of(text) or ""))
    read = {word: display.to_email(word) for word in words if word}
    wrong = [word[:80] for word, address in read.items() if address is None]
    if wrong:
        problems[field] = f"{wrong[0]} is not an e-mail address. Correct it."
    elif len(read) > MOST_ALERTS:
        problems[field] = f"Write at most {MOST_ALERTS} addresses; these are {len(read)}."
    return [address for address in read.values() if address]


def read_endpoints(text: str, problems: dict[str, str]) -> list[Address]:
    """Read the addresses of an Endpoint Group, one a line: host[:port] [priority] [off]."""
    found: list[Address] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        address = _endpoint(line, len(found) + 1)
        if address is None:
            problems["endpoints"] = (
                f"“{line[:60]}” cannot be read. Write a line like sip.example.com:5060, then, if "
                "you need them, its priority from 1 to 99 and the word off."
            )
            return []
        found.append(address)
    places = Counter(f"{address.host}:{address.port}" for address in found)
    twice = next((place for place, count in places.items() if count > 1), None)
    if twice:
        problems["endpoints"] = f"{twice} stands twice. Keep one line of it."
    if len(found) > MOST_ENDPOINTS:
        problems["endpoints"] = f"Write at most {MOST_ENDPOINTS} lines; these are {len(found)}."
    return found


def _endpoint(line: str, place: int) -> Address | None:
    words = line.replace(",", " ").split()
    is_active = not words or words[-1].lower() != "off"
    words = words if is_active else words[:-1]
    if not 1 <= len(words) <= 2:
        return None
    host, _, port = words[0].partition(":")
    at = _whole(port or "5060", 65_535)
    priority = _whole(words[1], 99) if len(words) == 2 else min(place, 99)
    if at is None or priority is None or not _HOST.fullmatch(host):
        return None
    return Address(host.lower(), at, priority, is_active)


def _whole(text: str, most: int) -> int | None:
    """Read a whole number from 1 to ``most``; other scripts have digits that no ``int`` reads."""
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= most:
        return None
    return int(text)


def write_endpoints(group: EndpointGroup) -> str:
    """Write the addresses of an Endpoint Group as they are typed."""
    return "\n".join(
        f"{row.host}:{row.port} {row.priority}{'' if row.is_active else ' off'}"
        for row in group.endpoints
    )


# --- What is written ----------------------------------------------------------------------------


def _flush(group: Group) -> None:
    if group.reseller_id is None:
        group.reseller_id = tenancy.current()
    try:
        with db.session.begin_nested():
            db.session.add(group)
    except IntegrityError as clash:
        raise Invalid({"name": "Another group has just taken this name."}) from clash


def _set_endpoints(group: Group, addresses: Sequence[Address]) -> None:
    if not isinstance(group, EndpointGroup) or write_endpoints(group) == _lines(addresses):
        return
    group.endpoints = [
        Endpoint(reseller_id=group.reseller_id, **vars(address)) for address in addresses
    ]
    endpoints.keep_history(group)


def _lines(addresses: Sequence[Address]) -> str:
    ordered = sorted(addresses, key=lambda one: one.priority)
    return "\n".join(
        f"{a.host}:{a.port} {a.priority}{'' if a.is_active else ' off'}" for a in ordered
    )


def _give(group: Group, client: Client | None) -> None:
    if group.client_id == (client.id if client else None):
        return
    if client is not None and client.status is ClientStatus.CLOSED:
        raise Invalid({"client_id": f"{client.name} is closed. Choose another client."})
    if client is not None and group.client is not None:
        # P2: a group belongs to one client at most; the sentence names the first.
        raise Invalid(
            {"client_id": f"{group.name} belongs to {group.client.name}. Take it back first."}
        )
    if isinstance(group, E911Group):
        _give_e911(group, client)
        return
    try:
        inventory.give_group(group, client)
    except inventory.CannotCarryOut as no:
        raise Invalid({"client_id": f"{no} Choose another client."}) from no


def _give_e911(group: E911Group, client: Client | None) -> None:
    count = size(group)
    if count:
        held = display.plural(count, "911 address", "911 addresses")
        raise Invalid({"client_id": f"{group.name} has {held} in force. Remove them first."})
    group.client_id = client.id if client else None
    db.session.flush()


def _said(group: Group) -> dict[str, Any]:
    said: dict[str, Any] = {"name": group.name, "client": _owner_name(group)}
    if isinstance(group, EndpointGroup):
        said |= {"digits": group.digits, "endpoints": write_endpoints(group)}
    if isinstance(group, E911Group):
        said["alert_emails"] = list(group.alert_emails)
    return said


def _owner_name(group: Group) -> str | None:
    client = db.session.get(Client, group.client_id) if group.client_id else None
    return client.name if client else None


def _word(group: Group) -> str:
    return {DidGroup: "did_group", EndpointGroup: "endpoint_group"}.get(type(group), "e911_group")
