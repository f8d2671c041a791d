"""What a client looks for among its own numbers: text in any spelling, a service, 911, a label."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, exists, func, literal, or_, select, union_all

import catalog
import display
import emergency
from models import Client, Did, DidService
from prepared import prepared

NONE = "none"
"""The choice of numbers without any service, or without a label."""

E911 = {"no": "Without a 911 address", "yes": "With a 911 address"}
MOST_LABELS = 100
MOST_READ = 1_000
"""Up to how many numbers it is found out which services are in use on them."""

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
    def shape(self) -> "Shape":
        """Tell what is asked for without saying the values."""
        q = ("part" if _number_like(self.q) else "words") if self.q else ""
        has, label = (
            wanted and (NONE if wanted == NONE else "one") for wanted in (self.has, self.label)
        )
        return Shape(q, has, self.e911, label)

    @property
    def values(self) -> dict[str, str]:
        """Give the values that the conditions of the shape are filled with."""
        found: dict[str, str] = {}
        if self.q:
            part = _number_like(self.q)
            found |= {"part": part} if part else {"words": f"%{_escaped(self.q.lower())}%"}
        if self.has not in ("", NONE):
            found["service"] = self.has
        if self.label not in ("", NONE):
            found["label"] = self.label
        return found

    @property
    def conditions(self) -> list[Any]:
        """Give the conditions that a number must meet."""
        return self.shape.conditions(lambda name: bindparam(name, self.values[name], unique=True))


class Shape(NamedTuple):
    """What the conditions of a look are made of; one statement serves all looks of a shape."""

    q: str
    """“part” of a number, or “words” of a label or a place."""
    has: str
    e911: str
    label: str

    def conditions(self, value: Callable[[str], Any] = bindparam) -> list[Any]:
        """Give the conditions; their values have the names of ``Look.values``."""
        found: list[Any] = []
        if self.q == "part":
            found.append(Did.number.like(value("part")))
        elif self.q:
            words, columns = value("words"), (LABEL, Did.city, Did.rate_center)
            found.append(or_(*(func.lower(one).like(words, escape="/") for one in columns)))
        if self.has:
            services = exists().where(DidService.did_id == Did.id)
            is_on = services.where(DidService.service == value("service"))
            found.append(~services if self.has == NONE else is_on)
        if self.e911:
            found.append(emergency.uncovered() if self.e911 == "no" else ~emergency.uncovered())
        if self.label:
            found.append(LABEL.is_(None) if self.label == NONE else value("label") == LABEL)
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
    """List what can be looked for: the services in use, and the labels.

    Who has very many numbers is offered every service: to find those in use all would be read.
    """
    found: dict[str, list[str]] = {"has": [], "label": [], "many": []}
    for row in _choices().all(client=client.id, most=MOST_READ):
        found[row.part].append(row.choice)
    offered = catalog.SERVICES if found["many"] else found["has"]
    return {
        "has": {key: one.label for key, one in catalog.SERVICES.items() if key in offered},
        "label": {one: one for one in sorted(found["label"])},
    }


@prepared
def _choices() -> Any:
    """Select labels of a ``client``'s numbers, and services in use unless it has over ``most``."""
    mine = Did.client_id == bindparam("client")
    has_many = select(Did.id).where(mine).offset(bindparam("most")).limit(1).exists()
    # As the index of labelled numbers has it, so that the others are not read.
    labelled = or_(Did.label.is_not(None), Did.client_label.is_not(None))
    some = select(LABEL.label("choice")).where(mine, labelled).distinct().order_by(LABEL)
    labels = some.limit(MOST_LABELS).subquery()
    in_use = select(DidService.service).join(DidService.did).where(mine, ~has_many)
    used = in_use.distinct().subquery()
    found = union_all(
        select(literal("label").label("part"), labels.c.choice),
        select(literal("has"), used.c.service),
        select(literal("many"), literal("")).where(has_many),
    )
    return select(found.subquery())


def _number_like(typed: str) -> str:
    """Give the pattern of numbers that a search for digits means; nothing for other text.

    Digits may stand anywhere in a number, its +1 included, as some begin to type it.
    """
    typed = display.as_pasted(typed)
    if not re.fullmatch(r"[+0-9\s().\-/·]*", typed):
        return ""
    digits = re.sub(r"[^0-9]", "", typed)[:11]
    if typed.startswith("+") or len(digits) == 11:
        return f"+{digits}%" if digits else ""
    # Every number has the 1 of its +1.
    return f"+1%{digits}%" if digits == "1" else digits and f"%{digits}%"


def _escaped(words: str) -> str:
    """Have the signs of a pattern stand for themselves."""
    return re.sub(r"([/%_])", r"/\1", words)
