"""Entering a port: what was typed for it, and which numbers it brings."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import display
import tenancy
from catalog import Invalid
from clients import typed
from did_import.nanp import read_number
from extensions import db
from models import Client, ClientStatus, Did, Port, PortNumber, PortStatus
from permissions import Actor
from ports import words
from ports.story import lock, lock_numbers, read_date, refuse_past, step

MOST_NUMBERS = 500
LONGEST_PON, LONGEST_NAME = 40, 120
FIELDS = {
    "pon": "PON",
    "porting_from": "losing provider",
    "entity_name": "name on the account",
    "billing_number": "billing number",
    "requested_foc": "requested date",
}
"""What a port is made of beside its client and numbers, in words."""


def save(
    port: Port,
    *,
    by: Actor,
    client: Client | None = None,
    numbers: str | None = None,
    **details: str | None,
) -> bool:
    """Enter a port, or change what it says; tell whether anything changed.

    ``details`` are the columns of ``FIELDS`` as typed; ``client`` and ``numbers`` are for a new
    port. Raises Invalid with a sentence a field.
    """
    problems: dict[str, str] = {}
    is_new = port.id is None
    if not is_new:
        lock(port)
    values = _details(port, details, problems)
    if not is_new:
        _raise(problems)
        return _change(port, values, by)
    lock_numbers()
    if client is None or client.status is ClientStatus.CLOSED:
        problems["client_id"] = "Choose a client that is not closed."
    found = read_numbers(numbers, problems)
    _refuse_taken(found, client, problems)
    _raise(problems)
    assert client is not None  # noqa: S101 (Said above.)
    _create(port, client, values, found, by)
    return True


def _create(
    port: Port, client: Client, values: Mapping[str, Any], found: Sequence[str], by: Actor
) -> None:
    port.reseller_id, port.client, port.status = tenancy.current(), client, words.first_status()
    port.client_id, port.status_id = client.id, port.status.id
    for key, value in values.items():
        setattr(port, key, value)
    _flush(port)
    _add(port, found)
    text = f"Entered with {display.plural(len(found), 'number')}."
    said: dict[str, Any] = {key: [None, _plain(value)] for key, value in values.items() if value}
    said |= {"client": [None, client.name], "numbers": [None, list(found)]}
    step(port, by, "created", text, **said)


def _change(port: Port, values: Mapping[str, Any], by: Actor) -> bool:
    changes = {
        key: [_plain(getattr(port, key)), _plain(value)]
        for key, value in values.items()
        if getattr(port, key) != value
    }
    for key, value in values.items():
        setattr(port, key, value)
    _flush(port)
    if changes:
        text = f"Changed: {', '.join(FIELDS[key] for key in changes)}."
        step(port, by, "changed", text, is_private=True, **changes)
    return bool(changes)


def _flush(port: Port) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(port)
    except IntegrityError as clash:
        raise Invalid({"pon": "Another port has just taken this PON."}) from clash


def _raise(problems: Mapping[str, str]) -> None:
    if problems:
        raise Invalid(problems)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


# --- What was typed -----------------------------------------------------------------------------


def _details(
    port: Port, details: Mapping[str, str | None], problems: dict[str, str]
) -> dict[str, Any]:
    pon = typed.line_of(details.get("pon"))
    if not pon or len(pon) > LONGEST_PON:
        problems["pon"] = f"Write the order's own number, of at most {LONGEST_PON} characters."
    elif _is_taken(port, pon):
        problems["pon"] = f"There is a port {pon} already. Write a different PON."
    losing = typed.line_of(details.get("porting_from"))
    if not losing:
        problems["porting_from"] = "Write the provider that has the numbers now."
    entity = typed.line_of(details.get("entity_name"))
    for field, text in (("porting_from", losing), ("entity_name", entity)):
        if len(text or "") > LONGEST_NAME:
            problems[field] = f"This is too long; write at most {LONGEST_NAME} characters."
    requested = read_date(details.get("requested_foc"), "requested_foc", problems)
    if requested != port.requested_foc:
        refuse_past(requested, "requested_foc", problems)
        if requested and port.foc_date and port.foc_date < requested:
            confirmed = display.day(port.foc_date)
            problems["requested_foc"] = f"This is after the confirmed date, {confirmed}."
    billing = _billing(details.get("billing_number"), problems)
    return {
        "pon": pon,
        "porting_from": losing,
        "entity_name": entity,
        "billing_number": billing,
        "requested_foc": requested,
    }


def _is_taken(port: Port, pon: str) -> bool:
    same = select(Port.id).where(func.lower(Port.pon) == pon.lower(), Port.id != (port.id or 0))
    with db.session.no_autoflush:
        return db.session.scalar(same.limit(1)) is not None


def _billing(text: str | None, problems: dict[str, str]) -> str | None:
    if not typed.text_of(text):
        return None
    try:
        return read_number(text or "")[0]
    except ValueError as wrong:
        problems["billing_number"] = str(wrong)
        return None


def read_numbers(text: str | None, problems: dict[str, str]) -> list[str]:
    """Read numbers in any spelling, one a line or with commas between; each once."""
    parts = [part.strip() for part in re.split(r"[\n\r,;]+", typed_lines(text)) if part.strip()]
    found, wrong = [], []
    for part in parts[: MOST_NUMBERS * 2]:
        try:
            found.append(read_number(part)[0])
        except ValueError as sentence:
            wrong.append(str(sentence))
    found = list(dict.fromkeys(found))
    if not parts:
        problems["numbers"] = "Write at least one number."
    elif wrong:
        rest = f" So are {len(wrong) - 3} more." if len(wrong) > 3 else ""
        problems["numbers"] = " ".join(wrong[:3]) + rest
    elif len(found) > MOST_NUMBERS:
        problems["numbers"] = f"A port takes at most {MOST_NUMBERS} numbers. Enter more ports."
    return found


def typed_lines(text: str | None) -> str:
    """Give a text whose line breaks are of one kind, without what no keyboard types."""
    return typed.text_of((text or "").replace("\r\n", "\n").replace("\r", "\n")) or ""


def _refuse_taken(
    numbers: Sequence[str], client: Client | None, problems: dict[str, str], own: int = 0
) -> None:
    """Refuse a number of another active port, and one that another client has."""
    sentences = list(elsewhere(numbers, own).values())
    if client is not None:
        others = select(Did.number, Client.name).join(Client, Client.id == Did.client_id)
        others = others.where(Did.number.in_(numbers), Did.client_id != client.id)
        for number, name in db.session.execute(others.order_by(Did.number)):
            sentences.append(f"{display.number(number)} belongs to {name} already.")
    if sentences and "numbers" not in problems:
        problems["numbers"] = " ".join(sentences[:3])


def elsewhere(numbers: Sequence[str], own: int = 0) -> dict[str, str]:
    """Word which of some numbers stand in another active port."""
    rows = (
        select(PortNumber.number, Port.pon)
        .join(Port, Port.id == PortNumber.port_id)
        .join(PortStatus, PortStatus.id == Port.status_id)
        .where(PortNumber.number.in_(numbers), PortStatus.bucket == words.ACTIVE, Port.id != own)
        .order_by(PortNumber.number)
    )
    return {
        number: f"{display.number(number)} is in port {pon} already. Take it out there first."
        for number, pon in db.session.execute(rows)
    }


# --- Numbers of a port that is under way ------------------------------------------------------


def add_numbers(port: Port, text: str | None, *, by: Actor) -> int:
    """Add the typed numbers to an active port; gives how many are new to it."""
    problems: dict[str, str] = {}
    lock_numbers()
    lock(port)
    refuse_ended(port, "numbers")
    found = read_numbers(text, problems)
    known = {row.number for row in port.numbers}
    new = [number for number in found if number not in known]
    _refuse_taken(new, port.client, problems, own=port.id)
    if len(known) + len(new) > MOST_NUMBERS:
        problems["numbers"] = f"A port takes at most {MOST_NUMBERS} numbers. Enter more ports."
    _raise(problems)
    if new:
        _add(port, new)
        step(port, by, "numbers_added", f"Added {in_words(new)}.", numbers=[None, new])
    return len(new)


def remove_numbers(port: Port, rows: Sequence[PortNumber], *, by: Actor) -> int:
    """Take numbers out of an active port, but not the last one; gives how many."""
    lock(port)
    refuse_ended(port, "chosen")
    if len(rows) >= len(port.numbers):
        raise Invalid({"chosen": "A port needs at least one number. Cancel the port instead."})
    gone = [row.number for row in rows]
    for row in rows:
        port.numbers.remove(row)
    db.session.flush()
    if gone:
        step(port, by, "numbers_removed", f"Taken out: {in_words(gone)}.", numbers=[gone, None])
    return len(gone)


def refuse_ended(port: Port, field: str) -> None:
    """Leave the numbers of a port alone that has ended."""
    if port.status.bucket != words.ACTIVE:
        sentence = f"This port is {port.status.label.lower()}. Move it to an active status first."
        raise Invalid({field: sentence})


def in_words(numbers: Sequence[str]) -> str:
    """Name some numbers in a sentence; of many, how many more there are."""
    shown = ", ".join(display.number(number) for number in numbers[:5])
    return f"{shown} and {len(numbers) - 5} more" if len(numbers) > 5 else shown


def _add(port: Port, numbers: Sequence[str]) -> None:
    port.numbers.extend(PortNumber(reseller_id=port.reseller_id, number=n) for n in numbers)
    db.session.flush()
