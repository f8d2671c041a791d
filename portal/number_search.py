"""What a client looks for among its own numbers: text in any spelling, a service, 911, a label."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, or_, select

import catalog
import emergency
from extensions import db
from models import Client, Did, DidService

NONE = "none"
"""The choice of numbers without any service, or without a label."""

E911 = {"no": "Without a 911 address", "yes": "With a 911 address"}
MOST_LABELS = 100
LABEL = func.coalesce(Did.client_label, Did.label)
"""What a number is called: by the client, else by the reseller."""


def label_of(did: Did) -> str | None:
    """Tell what a number is called: by the client, else by the reseller."""
    return did.client_label or did.label


@dataclass(frozen=True)
class Look:
    """What is looked for; empty parts ask for nothing."""

    q: str = ""
    has: str = ""
    e911: str = ""
    label: str = ""

    def __bool__(self) -> bool:
        return self != Look()

    @property
    def args(self) -> dict[str, str]:
        """Give what is looked for as it stands in an address."""
        return {name: value for name, value in vars(self).items() if value}

    @property
    def words(self) -> str:
        """Say what is looked for."""
        parts = [f"“{self.q}”" if self.q else ""]
        parts.append({"": "", NONE: "no service"}.get(self.has, "") or _service(self.has))
        parts.append(E911.get(self.e911, "").lower())
        parts.append({"": "", NONE: "no label"}.get(self.label, f"label “{self.label}”"))
        return ", ".join(part for part in parts if part)

    @property
    def conditions(self) -> list[Any]:
        """Give the conditions that a number must meet."""
        found = [_matches(self.q)] if self.q else []
        if self.has:
            services = exists().where(DidService.did_id == Did.id)
            is_on = services.where(DidService.service == self.has)
            found.append(~services if self.has == NONE else is_on)
        if self.e911:
            found.append(emergency.uncovered() if self.e911 == "no" else ~emergency.uncovered())
        if self.label:
            found.append(LABEL.is_(None) if self.label == NONE else self.label == LABEL)
        return found


def _service(key: str) -> str:
    return catalog.SERVICES[key].label if key in catalog.SERVICES else ""


def read(values: Mapping[str, str]) -> Look:
    """Read what an address or a form looks for; what is no choice asks for nothing."""
    has, e911 = values.get("has", ""), values.get("e911", "")
    return Look(
        q=" ".join(values.get("q", "").split())[:80],
        has=has if has == NONE or has in catalog.SERVICES else "",
        e911=e911 if e911 in E911 else "",
        label=values.get("label", "")[:80],
    )


def choices(client: Client) -> dict[str, dict[str, str]]:
    """List what can be looked for: the services in use, and the labels."""
    mine = Did.client_id == client.id
    used = select(DidService.service).join(DidService.did).where(mine).distinct()
    in_use = set(db.session.scalars(used))
    # As the index of labelled numbers has it, so that the others are not read.
    labelled = or_(Did.label.is_not(None), Did.client_label.is_not(None))
    labels = select(LABEL).where(mine, labelled).distinct().order_by(LABEL)
    return {
        "has": {key: one.label for key, one in catalog.SERVICES.items() if key in in_use},
        "label": {one: one for one in db.session.scalars(labels.limit(MOST_LABELS))},
    }


def _matches(wanted: str) -> Any:
    """Match part of a number in any spelling, else part of a label or a place."""
    digits = re.sub(r"\D", "", wanted)
    if digits and re.fullmatch(r"[+\d\s().\-/·]*", wanted):
        digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
        return Did.number.like(f"+1%{digits[:10]}%")
    text = wanted.lower()
    columns = (LABEL, Did.city, Did.rate_center)
    return or_(*(func.lower(column).contains(text, autoescape=True) for column in columns))
