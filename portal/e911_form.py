"""An emergency address as a person types it: read forgivingly, checked, and its correction.

Nothing is asked for here; ``e911_asking`` makes the order.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import g

import addresses
import catalog
import groups
from catalog import Invalid
from did_import.places import state_code

LONGEST_ALERT = 150


@dataclass(frozen=True)
class Input:
    """One field of the form: its label, what the browser may fill in, its width and its hint."""

    name: str
    label: str
    fill: str
    size: str = "col-12"
    hint: str = ""
    is_optional: bool = False


FIELDS = (
    Input("caller_name", "Name that the dispatcher sees", "organization"),
    Input("address1", "House number and street", "address-line1"),
    Input("address2", "Unit, suite or room", "address-line2", "col-md-8", is_optional=True),
    Input("floor", "Floor", "off", "col-md-4", is_optional=True),
    Input("city", "City", "address-level2", "col-md-5"),
    Input("state", "State", "address-level1", "col-md-3", "Two letters, or its name."),
    Input("zip", "ZIP", "postal-code", "col-md-2"),
    Input("zip4", "ZIP+4", "off", "col-md-2", is_optional=True),
)
ALERTS = "alert_emails"


@dataclass(frozen=True)
class Found:
    """What was typed, read; the form that the validator gives it, or what is wrong."""

    address: dict[str, Any] = field(default_factory=dict)
    corrected: dict[str, Any] | None = None
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """Note the correction that a person sees, so that no other is accepted."""
        text = json.dumps(self.corrected, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def to_send(self) -> dict[str, Any]:
        """Give what the order carries: the address, how it was typed, and what was accepted."""
        terms = {"terms": catalog.E911_TERMS}
        if self.corrected is None:
            return self.address | terms
        entered = {key: self.address[key] for key in catalog.ADDRESS if self.address.get(key)}
        return self.corrected | terms | {"entered": entered}


def read(typed: Mapping[str, str]) -> Found:
    """Read a form; a problem has a sentence beside its field."""
    values: dict[str, Any] = {name: typed.get(name, "") for name in catalog.ADDRESS}
    values |= _zip(values["zip"], values["zip4"])
    values["state"] = state_code(values["state"]) or values["state"]
    problems: dict[str, str] = {}
    values[ALERTS] = groups.read_addresses(typed.get(ALERTS), problems, ALERTS)
    long = next((one for one in values[ALERTS] if len(one) > LONGEST_ALERT), None)
    if long:
        problems[ALERTS] = f"{long[:30]}… is longer than {LONGEST_ALERT} characters."
    try:
        address = catalog.clean_address(values, "")
    except Invalid as wrong:
        return Found(problems=problems | wrong.problems | _acceptance(typed))
    problems |= _acceptance(typed)
    answer = addresses.check(g.reseller, address)
    problems |= answer.problems
    return Found(problems=problems) if problems else Found(address, answer.address)


def _zip(code: str, plus: str) -> dict[str, str]:
    """Take 15222-1234 apart, as it may stand in one field."""
    match = re.fullmatch(r"\s*([0-9]{5})[-\s]?([0-9]{4})\s*", code)
    return {"zip": match[1], "zip4": match[2]} if match and not plus.strip() else {}


def _acceptance(typed: Mapping[str, str]) -> dict[str, str]:
    accepted = typed.get("accepted")
    if accepted == catalog.E911_TERMS:
        return {}
    if accepted:
        return {"accepted": "The text has changed since you opened this page. Read it again."}
    return {"accepted": "Confirm that you have read what 911 needs."}


def compared(found: Found) -> list[tuple[str, str, str]]:
    """List the parts of an address as typed and as corrected; those that differ come marked."""
    corrected = found.corrected or {}
    rows = []
    for one in FIELDS:
        then, now = found.address.get(one.name) or "", corrected.get(one.name) or ""
        if then or now:
            rows.append((one.label, then, now))
    return rows
