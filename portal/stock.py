"""What a client finds among the numbers it may order: the search and its rows; it orders nothing.

Every row comes through ``policy.orderable``. Rows are columns, not objects: the list is long and is
only shown.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Select, false, func, or_, select

import policy
from extensions import db
from models import Did, DidType, OrderSettings, Requirement, Tier

PAGE = 50
COUNT_CAP = 1_000
"""A search counts no further; the page then says "more than"."""

FEATURES = {
    feature.column.removeprefix("has_"): feature
    for feature in policy.FEATURES
    if feature.value is True
}
"""The features that a client can look for, by their name in the address."""

TYPES = {DidType.LOCAL.value: "Local", DidType.TOLL_FREE.value: "Toll-free"}


@dataclass(frozen=True)
class Search:
    """What was asked for, cleaned, and a sentence for each field that could not be read."""

    state: str = ""
    place: str = ""
    area_code: str = ""
    digits: str = ""
    features: tuple[str, ...] = ()
    type: str = ""
    price_class: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing at all was asked for."""
        return self == Search()


@dataclass(frozen=True)
class Offer:
    """One number that can be ordered, as a client sees it."""

    number: str
    place: str
    features: str
    monthly_micros: int
    setup_micros: int

    @property
    def digits(self) -> str:
        """Give the ten digits, as they stand in an address."""
        return self.number[2:]


class Place(NamedTuple):
    """Where numbers are in stock, and how many."""

    state: str | None
    city: str | None
    rate_center: str | None
    numbers: int


@dataclass(frozen=True)
class Choices:
    """What the form can offer this client: only what is in stock and allowed."""

    states: list[str]
    places: list[str]
    features: dict[str, str]
    types: dict[str, str]
    price_classes: list[str]


def read(typed: Mapping[str, Any], features: Iterable[str] = ()) -> Search:
    """Read a search as typed, in any usual spelling; what cannot be read gets a sentence."""
    area_code, digits = (typed.get("area_code") or ""), (typed.get("digits") or "")
    problems = {}
    if area_code.strip() and not _area_code(area_code):
        problems["area_code"] = "Write the three digits of an area code, such as 412."
    if digits.strip() and not _digits(digits):
        problems["digits"] = "Write one to ten digits, such as 0100 or 555-01."
    return Search(
        state=(typed.get("state") or "").strip().upper()[:2],
        place=" ".join((typed.get("place") or "").split())[:60],
        area_code=area_code.strip()[:20],
        digits=digits.strip()[:30],
        features=tuple(key for key in FEATURES if key in set(features)),
        type=(typed.get("type") or "") if typed.get("type") in TYPES else "",
        price_class=(typed.get("price_class") or "").strip()[:80],
        problems=problems,
    )


def _area_code(typed: str) -> str | None:
    match = re.fullmatch(r"\s*(?:\+?1)?[\s(]*([2-9]\d\d)[\s).-]*", typed)
    return match.group(1) if match else None


def _digits(typed: str) -> str | None:
    """Keep the digits of part of a number; None when other things were written."""
    if not re.fullmatch(r"[+\d\s().\-/·]*", typed.strip()):
        return None
    digits = re.sub(r"\D", "", typed)
    is_whole = len(digits) == 11 and digits.startswith("1")
    digits = digits[1:] if is_whole else digits
    return digits if 1 <= len(digits) <= 10 else None


# --- What the form offers ---------------------------------------------------------------------


def in_stock(settings: OrderSettings) -> list[Place]:
    """List the places of all that this client may order now, with how many numbers each has."""
    columns = (Did.state, Did.city, Did.rate_center)
    statement = policy.orderable(settings).with_only_columns(*columns, func.count())
    return [Place(*row) for row in db.session.execute(statement.group_by(*columns))]


def choices(settings: OrderSettings, places: Sequence[Place]) -> Choices:
    """Say what the search form can offer this client."""
    names = {f"{place_name(place)}, {place.state}" for place in places if place.state}
    return Choices(
        states=sorted({place.state for place in places if place.state}),
        places=sorted(names),
        features={
            key: feature.words[0].upper() + feature.words[1:]
            for key, feature in FEATURES.items()
            if getattr(settings, feature.setting) is Requirement.ANY
        },
        types=TYPES if _may_choose_type(settings) else {},
        price_classes=_price_classes(settings),
    )


def _price_classes(settings: OrderSettings) -> list[str]:
    """List the classes by the names that clients read; a single one is no choice."""
    allowed = [row.tier_id for row in settings.tier_rows]
    if len(allowed) < 2:
        return []
    named = db.session.scalars(
        select(Tier.name).where(Tier.id.in_(allowed)).order_by(Tier.position, Tier.id)
    )
    names = list(dict.fromkeys(named))
    return names if len(names) > 1 else []


def _may_choose_type(settings: OrderSettings) -> bool:
    return {settings.require_local, settings.require_toll_free} == {Requirement.ANY}


# --- What it finds ----------------------------------------------------------------------------


def find(
    settings: OrderSettings, search: Search, places: Sequence[Place], page: int
) -> tuple[list[Offer], int]:
    """Give one page of what matches, by number, and how many match in all, up to the cap."""
    matching = _matching(settings, search, places)
    start = (page - 1) * PAGE
    found = _offers(matching.order_by(Did.number).limit(PAGE + 1).offset(start))
    if len(found) <= PAGE and (found or page == 1):
        return found, start + len(found)
    some = matching.with_only_columns(Did.id).limit(COUNT_CAP + 1)
    return found[:PAGE], int(
        db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
    )


def these(settings: OrderSettings, numbers: Sequence[str]) -> list[Offer]:
    """Give those of these numbers that can still be ordered, in the order given."""
    if not numbers:
        return []
    found = _offers(policy.orderable(settings).where(Did.number.in_(list(numbers))))
    by_number = {offer.number: offer for offer in found}
    return [by_number[number] for number in numbers if number in by_number]


def _offers(statement: Select[Any]) -> list[Offer]:
    rows = db.session.execute(
        statement.with_only_columns(
            Did.number,
            Did.type,
            Did.state,
            Did.city,
            Did.rate_center,
            Did.has_t38,
            Did.has_cnam,
            Did.has_sms,
            func.coalesce(Did.monthly_micros, Tier.monthly_micros).label("monthly_micros"),
            func.coalesce(Did.setup_micros, Tier.setup_micros).label("setup_micros"),
        )
    )
    return [
        Offer(row.number, place(row), features(row), row.monthly_micros, row.setup_micros)
        for row in rows
    ]


def place_name(row: Any) -> str:
    """Name the city, or the rate centre where the city is not known."""
    return row.city or (row.rate_center or "").title()


def place(row: Any) -> str:
    """Say where a number is from: Pittsburgh, PA; toll-free numbers are from nowhere."""
    if row.type is DidType.TOLL_FREE:
        return "Toll-free"
    return ", ".join(part for part in (place_name(row), row.state) if part)


def features(row: Any) -> str:
    """Say in words what a number can do."""
    words = [feature.words for feature in FEATURES.values() if getattr(row, feature.column)]
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def _matching(settings: OrderSettings, search: Search, places: Sequence[Place]) -> Select[Any]:
    statement = policy.orderable(settings).where(*_place_rules(search, places))
    if search.problems:
        return statement.where(false())
    if search.area_code:
        statement = statement.where(Did.npa == _area_code(search.area_code))
    if search.digits:
        statement = statement.where(Did.number.like(f"+1%{_digits(search.digits)}%"))
    for key in search.features:
        statement = statement.where(getattr(Did, FEATURES[key].column))
    if search.type:
        statement = statement.where(Did.type == DidType(search.type))
    if search.price_class:
        statement = statement.where(Tier.name == search.price_class)
    return statement


def _place_rules(search: Search, places: Sequence[Place]) -> list[Any]:
    """Match a city or rate centre in any letter case, whole names before beginnings of names."""
    rules = [Did.state == search.state] if search.state else []
    if not search.place:
        return rules
    wanted, state = _split_place(search.place)
    if state:
        rules.append(Did.state == state)
    names = {name for place in places for name in (place.city, place.rate_center) if name}
    same = {name for name in names if name.casefold() == wanted}
    near = same or {name for name in names if name.casefold().startswith(wanted)}
    return [*rules, or_(Did.city.in_(near), Did.rate_center.in_(near))]


def _split_place(typed: str) -> tuple[str, str | None]:
    """Take "Pittsburgh, PA" apart."""
    match = re.fullmatch(r"(.+?)\s*,\s*([A-Za-z]{2})", typed)
    return (
        (match.group(1).casefold(), match.group(2).upper()) if match else (typed.casefold(), None)
    )
