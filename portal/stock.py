"""What a client finds among the numbers it may order: places, rows, counts; it orders nothing.

Every row comes through ``policy.orderable``. Rows are columns, not objects: the list is long and is
only shown. What was asked for is ``search``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, false, func, select, union

import policy
from extensions import db
from models import Did, DidStatus, DidType, OrderSettings, Requirement, Tier
from portal import search as searches
from portal.search import FEATURES, TYPES, Search

PAGE = 50
COUNT_CAP = 1_000
"""A search counts no further; the page then says "more than"."""


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
    """A city or a rate centre where numbers are in stock."""

    state: str | None
    city: str | None
    rate_center: str | None


@dataclass(frozen=True)
class Choices:
    """What the form can offer this client: only what is in stock and allowed."""

    states: dict[str, str]
    places: list[str]
    features: dict[str, str]
    types: dict[str, str]
    price_classes: list[str]


# --- What the form offers ---------------------------------------------------------------------


def in_stock(settings: OrderSettings) -> list[Place]:
    """List the rate centres and the cities of all that this client may order now.

    Of a city of the same name in several states one state is given.
    """
    # Names come from an index alone, and one number of each tells that it may be ordered: to group
    # a stock of hundreds of thousands reads every number.
    free, may = Did.status == DidStatus.AVAILABLE, policy.orderable(settings)
    has_area = select(Did.state, Did.rate_center).where(free, Did.rate_center.is_not(None))
    area = has_area.distinct().subquery()
    of_area = may.where(Did.state == area.c.state, Did.rate_center == area.c.rate_center)
    areas = select(area.c.state, area.c.rate_center).where(of_area.exists())
    city = select(Did.city).where(free, Did.city.is_not(None)).distinct().subquery()
    state = may.where(Did.city == city.c.city).with_only_columns(func.coalesce(Did.state, ""))
    cities = select(state.limit(1).scalar_subquery().label("state"), city.c.city)
    return [
        *(Place(row.state, None, row.rate_center) for row in db.session.execute(areas)),
        *(
            Place(row.state, row.city, None)
            for row in db.session.execute(cities)
            if row.state is not None
        ),
    ]


def has_any(settings: OrderSettings) -> bool:
    """Tell whether there is a number that this client may order now."""
    return (
        db.session.scalar(policy.orderable(settings).with_only_columns(Did.id).limit(1)) is not None
    )


def choices(settings: OrderSettings, places: Sequence[Place]) -> Choices:
    """Say what the search form can offer this client."""
    names = {f"{place_name(place)}, {place.state}" for place in places if place.state}
    states = {place.state: searches.state_name(place.state) for place in places if place.state}
    return Choices(
        states=dict(sorted(states.items(), key=lambda item: item[1])),
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
    start = (page - 1) * PAGE
    matching = _matching(settings, search, places).order_by(Did.number)
    found = _offers(matching.limit(PAGE + 1).offset(start))
    if len(found) <= PAGE and (found or page == 1):
        return found, start + len(found)
    return found[:PAGE], count(settings, search, places)


def count(settings: OrderSettings, search: Search, places: Sequence[Place]) -> int:
    """Count what matches, up to one more than the cap."""
    some = _matching(settings, search, places).with_only_columns(Did.id).limit(COUNT_CAP + 1)
    return int(db.session.scalar(select(func.count()).select_from(some.subquery())) or 0)


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
    statement = policy.orderable(settings)
    if search.problems:
        return statement.where(false())
    rules = [*_place_rules(search, places), *_number_rules(search)]
    rules += [getattr(Did, FEATURES[key].column) for key in search.features]
    if search.type:
        rules.append(Did.type == DidType(search.type))
    if search.price_class:
        rules.append(Tier.name == search.price_class)
    return statement.where(*rules)


def _number_rules(search: Search) -> list[Any]:
    """Match the digits of a number: its area code, the three after it, any others."""
    npa, nxx = searches.read_area_code(search.area_code), searches.read_nxx(search.nxx)
    rules: list[Any] = [Did.npa == npa] if npa else []
    if npa and nxx:
        # A range of whole numbers is what an index of both databases can be asked for.
        rules.append(Did.number.between(f"+1{npa}{nxx}0000", f"+1{npa}{nxx}9999"))
    elif nxx:
        rules.append(Did.number.like(f"+1___{nxx}%"))
    if search.wanted:
        rules.append(Did.number.like(search.wanted.pattern))
    return rules


def _place_rules(search: Search, places: Sequence[Place]) -> list[Any]:
    """Match a city or rate centre in any usual spelling, and a state that was written as one."""
    rules: list[Any] = [Did.state == search.state] if search.state else []
    if not search.place:
        return rules
    readings = searches.readings(search.place)
    for name, state in readings:
        near = [place for place in places if name in _names(place)]
        if near:
            return [*rules, *_is_there(near, state)]
    return [*rules, *_loose_rules(readings, places)]


def _loose_rules(readings: Sequence[tuple[str, str | None]], places: Sequence[Place]) -> list[Any]:
    """Match a state alone, else every place whose name begins as written."""
    name, state = readings[-1]
    if not name:
        return [Did.state == state]
    for name, state in readings:
        near = [place for place in places if any(n.startswith(name) for n in _names(place))]
        if name and near:
            return _is_there(near, state)
    return [false()]


def _is_there(near: Sequence[Place], state: str | None) -> list[Any]:
    """Tell which numbers are in one of these places."""
    cities = sorted({place.city for place in near if place.city})
    areas = [place for place in near if place.rate_center]
    states = sorted({place.state for place in areas if place.state})
    centers = sorted({place.rate_center for place in areas if place.rate_center})
    there: list[Any] = [Did.city.in_(cities)] if cities else []
    if centers:
        there.append(and_(Did.state.in_(states), Did.rate_center.in_(centers)))
    if len(there) == 2:
        # An index knows either; to ask for both in one OR would read the whole stock.
        free = Did.status == DidStatus.AVAILABLE
        ids = union(*(select(Did.id).where(free, one) for one in there))
        there = [Did.id.in_(ids)]
    return [*there, Did.state == state] if state else there


def _names(place: Place) -> list[str]:
    return [searches.fold(name) for name in (place.city, place.rate_center) if name]
