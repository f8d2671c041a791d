"""What to ask less of when a search finds nothing: one wish left out at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models import OrderSettings
from portal import search as searches
from portal import stock
from portal.search import FEATURES, TYPES, Search
from portal.stock import Place


@dataclass(frozen=True)
class Way:
    """A search that finds something: what it leaves out, and how many numbers it finds."""

    words: str
    search: Search
    count: int


def ways(settings: OrderSettings, search: Search, places: Sequence[Place]) -> list[Way]:
    """List the searches that ask for one thing less and find something, most numbers first."""
    if search.problems or search.is_empty:
        return []
    tried = (
        Way(words, less, stock.count(settings, less, places))
        for words, less in _less(search)
        if not less.is_empty
    )
    return sorted((way for way in tried if way.count), key=lambda way: -way.count)


def _less(search: Search) -> Iterator[tuple[str, Search]]:
    """Leave one wish out of a search at a time."""
    if search.wanted and search.at:
        yield f"“{search.digits}” anywhere in the number", replace(search, at="")
    for name, words in _wishes(search).items():
        yield f"without {words}", _without(search, name)
    for key in search.features:
        rest = tuple(other for other in search.features if other != key)
        yield f"without {FEATURES[key].words}", replace(search, features=rest)


def _without(search: Search, name: str) -> Search:
    left_out: dict[str, Any] = {name: ""}
    return replace(search, **left_out)


def _wishes(search: Search) -> dict[str, str]:
    """Name each wish that was made, by its field."""
    named = {
        "state": searches.state_name(search.state),
        "place": f"“{search.place}”",
        "area_code": f"area code {searches.read_area_code(search.area_code)}",
        "nxx": f"{searches.read_nxx(search.nxx)} after the area code",
        "digits": f"“{search.digits}”",
        "type": f"“{TYPES.get(search.type)}”",
        "price_class": f"price class {search.price_class}",
    }
    return {name: words for name, words in named.items() if getattr(search, name)}
