"""What a client looks for among the numbers in stock: read as typed, in any usual spelling.

Nothing here asks the database; what a search finds is ``stock``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup

import display
import policy
from did_import.places import STATES, state_code
from models import DidType

FEATURES = {
    feature.column.removeprefix("has_"): feature
    for feature in policy.FEATURES
    if feature.value is True
}
"""The features that a client can look for, by their name in the address."""

TYPES = {DidType.LOCAL.value: "Local", DidType.TOLL_FREE.value: "Toll-free"}

SPOTS = {"end": "At the end"}
"""Where the digits may be asked to stand; anywhere when nothing is said."""

KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
"""The letters of a telephone's keys."""

_PLACES_OF_DIGITS = (1, 2, 3, 6, 7, 8, 10, 11, 12, 13)
"""Where each of ten digits stands in (412) 555-0123."""


@dataclass(frozen=True)
class Wanted:
    """The digits that a number should have, and the word that they spell, if any."""

    digits: str
    word: str = ""
    at_end: bool = False

    @property
    def pattern(self) -> str:
        """Give what SQL's LIKE looks for: up to seven digits stand behind the area code."""
        start = "+1___" if len(self.digits) <= 7 else "+1"
        return f"{start}%{self.digits}" + ("" if self.at_end else "%")

    def show(self, number: str) -> Markup:
        """Show a number with these digits marked in it, where they stand last."""
        shown, first = display.number(number), number[2:].rfind(self.digits)
        if first < 0:
            return Markup("{}").format(shown)
        start = _PLACES_OF_DIGITS[first]
        end = _PLACES_OF_DIGITS[first + len(self.digits) - 1] + 1
        return Markup("{}<mark>{}</mark>{}").format(shown[:start], shown[start:end], shown[end:])


@dataclass(frozen=True)
class Search:
    """What was asked for, cleaned, and a sentence for each field that could not be read."""

    state: str = ""
    place: str = ""
    area_code: str = ""
    nxx: str = ""
    digits: str = ""
    at: str = ""
    features: tuple[str, ...] = ()
    type: str = ""
    price_class: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing at all was asked for."""
        return replace(self, at="") == Search()

    @property
    def wanted(self) -> Wanted | None:
        """Give the digits that a number should have; None when none were asked for."""
        digits = read_digits(self.digits)
        if not digits:
            return None
        word = " ".join(re.findall(r"[A-Z]+", self.digits.upper().replace("'", "")))
        return Wanted(digits, word, self.at == "end")

    @property
    def args(self) -> dict[str, Any]:
        """Give the search as it stands in an address."""
        names = ("state", "place", "area_code", "nxx", "digits", "at", "type", "price_class")
        asked = {name: getattr(self, name) or None for name in names}
        return asked | {"feature": list(self.features)}


def read(typed: Mapping[str, Any], features: Iterable[str] = ()) -> Search:
    """Read a search as typed, in any usual spelling; what cannot be read gets a sentence."""
    state = _text(typed, "state", 30)
    search = Search(
        state=state_code(state) or state,
        place=_text(typed, "place", 60),
        area_code=_text(typed, "area_code", 20),
        nxx=_text(typed, "nxx", 20),
        digits=_text(typed, "digits", 30),
        at=_one_of(SPOTS, typed.get("at")),
        features=tuple(key for key in FEATURES if key in set(features)),
        type=_one_of(TYPES, typed.get("type")),
        price_class=_text(typed, "price_class", 80),
    )
    return replace(search, problems=_problems(search))


def _problems(search: Search) -> dict[str, str]:
    rules = {
        "state": (state_code, "There is no such state; choose one, such as Pennsylvania."),
        "area_code": (read_area_code, "Write the three digits of an area code, such as 412."),
        "nxx": (read_nxx, "Write the three digits after the area code, such as 555."),
        "digits": (read_digits, "Write one to ten digits or letters, such as 0100 or PETS."),
    }
    return {
        name: sentence
        for name, (read_it, sentence) in rules.items()
        if getattr(search, name) and not read_it(getattr(search, name))
    }


def _text(typed: Mapping[str, Any], name: str, most: int) -> str:
    return " ".join(str(typed.get(name) or "").split())[:most]


def _one_of(known: Iterable[str], typed: str | None) -> str:
    return typed if typed in set(known) else ""


def read_area_code(typed: str) -> str | None:
    """Read an area code: 412, (412), +1 412; None when it is none."""
    match = re.fullmatch(r"\s*(?:\+?1)?[\s(.\-]*([2-9][0-9]{2})[\s).\-]*", typed)
    return match.group(1) if match else None


def read_nxx(typed: str) -> str | None:
    """Read the three digits after the area code; None when they are none."""
    match = re.fullmatch(r"[\s.\-]*([2-9][0-9]{2})[\s.\-]*", typed)
    return match.group(1) if match else None


def read_digits(typed: str) -> str | None:
    """Read part of a number, a word's letters as the keys they stand on; None for other things."""
    if not re.fullmatch(r"[+0-9A-Za-z\s().\-/·']*", typed):
        return None
    digits = re.sub(r"[^0-9]", "", typed.upper().translate(KEYPAD))
    is_whole = len(digits) == 11 and digits.startswith("1")
    digits = digits[1:] if is_whole else digits
    return digits if 1 <= len(digits) <= 10 else None


# --- Places -----------------------------------------------------------------------------------


def fold(name: str) -> str:
    """Bring a place's name into the form in which names are compared: St. Louis, Saint Louis."""
    words = re.sub(r"[^\w\s]", "", name).casefold().split()
    short = {"saint": "st", "fort": "ft", "mount": "mt"}
    return " ".join(short.get(word, word) for word in words)


def readings(typed: str) -> list[tuple[str, str | None]]:
    """List how a place may be meant, likeliest first: its name, folded, and its state's code.

    "Pittsburgh", "Pittsburgh, PA", "Pittsburgh Pennsylvania" and "Pennsylvania" are all places.
    """
    found: list[tuple[str, str | None]] = [(fold(typed), None)]
    for cut in re.finditer(r"[,\s]+", typed):
        state = state_code(typed[cut.end() :])
        if state:
            found.append((fold(typed[: cut.start()]), state))
    state = state_code(typed)
    return [*found, ("", state)] if state else found


def state_name(code: str) -> str:
    """Name a state by its code."""
    return STATES.get(code, code)
