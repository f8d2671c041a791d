"""What the cells of one row say: typed values, or a sentence for each cell that is wrong.

A blank cell says nothing, so that what is known of a number stays; only a blank price says "as the
tier". Whether a row may be carried out is deciding.py.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import display
from did_import.headings import Headings
from did_import.nanp import read_number
from did_import.places import state_code
from did_import.reading import Row

Values = dict[str, Any]
"""The fields that a row speaks of: ``number``, ``type`` and any other of ``headings.LABELS``."""

Reader = Callable[[str], Values]

FEATURES = {
    "has_t38": {"t38", "fax"},
    "has_cnam": {"cnam", "lidb"},
    "has_sms": {"sms", "text", "texting", "messaging"},
}
_NO_FEATURE = {"none", "no", "voice", "and", "outbound"}
_GUARDED = re.compile(r"'[\s'\"]*[=+\-@]")
"""The apostrophe that our own files put before what a spreadsheet would run (``sheets.py``)."""

_YES = {"yes", "y", "true", "t", "1", "x", "on", "enabled", "✓", "✔"}
_NO = {"no", "n", "false", "f", "0", "off", "-", "none", "disabled", "✗"}


class BadRow(ValueError):
    """A row cannot be understood; the text has a sentence for each thing that is wrong."""


def values_of(row: Row, headings: Headings) -> Values:
    """Read a row's cells; raises BadRow with everything that is wrong in it."""
    if row.problem:
        raise BadRow(row.problem)
    if len(row.cells) > headings.width and any(
        cell.strip() for cell in row.cells[headings.width :]
    ):
        raise BadRow(
            f"The line has {len(row.cells)} values where the first line names {headings.width} "
            "columns. Put a value that holds the separator between quotation marks."
        )
    values: Values = {}
    problems = []
    for field, reader in _READERS.items():
        place = headings.places.get(field, len(row.cells))
        if place < len(row.cells):
            try:
                values.update(reader(row.cells[place]))
            except ValueError as error:
                problems.append(str(error))
    if headings.places["number"] >= len(row.cells):
        problems.append("The number is missing.")
    if problems:
        raise BadRow(" ".join(problems))
    return values


def _number(cell: str) -> Values:
    number, kind = read_number(cell)
    return {"number": number, "type": kind}


def _text(field: str, what: str, longest: int) -> Reader:
    def reader(cell: str) -> Values:
        text = " ".join(cell.split())
        if _GUARDED.match(text):
            text = text[1:]
        if len(text) > longest:
            raise ValueError(f"The {what} has more than {longest} characters.")
        if not text.isprintable():
            raise ValueError(f"The {what} has a character that cannot be shown. Type it again.")
        return {field: text} if text else {}

    return _remembered(reader)


def _remembered(reader: Reader) -> Reader:
    """Keep what the last different cells meant: a column says the same thing over and over."""
    return lru_cache(maxsize=2048)(reader)


@_remembered
def _tier(cell: str) -> Values:
    return _tier_label(re.sub(r"(?i)^\s*tier\s+", "", cell))


@_remembered
def _state(cell: str) -> Values:
    text = cell.strip()
    # "TF" is how carriers' lists mark toll-free numbers, which lie in no state.
    if not text or text.upper() == "TF":
        return {}
    code = state_code(text)
    if code is None:
        raise ValueError(f"“{text[:40]}” is not a state. Write its two letters, such as PA.")
    return {"state": code}


@_remembered
def _lata(cell: str) -> Values:
    text = cell.strip()
    if text and not re.fullmatch(r"[0-9]{3,5}", text):
        raise ValueError(f"“{text[:40]}” is not a LATA. Write its three to five digits.")
    return {"lata": text} if text else {}


@_remembered
def _features(cell: str) -> Values:
    text = re.sub(r"\bt[.\-\s]?38\b", "t38", cell.casefold())
    text = re.sub(r"\bcaller[\s_-]?id([\s_-]?name)?\b", "cnam", text)
    written = set(re.findall(r"[^\W_]+", text))
    words = written - _NO_FEATURE
    unknown = sorted(words - set().union(*FEATURES.values()))
    if unknown:
        raise ValueError(
            f"“{unknown[0][:40]}” is not a feature. Known are T.38 (fax), CNAM and SMS."
        )
    if not written:
        return {}
    return {field: bool(words & spellings) for field, spellings in FEATURES.items()}


def _yes_or_no(field: str) -> Reader:
    def reader(cell: str) -> Values:
        text = cell.strip().casefold()
        if text and text not in _YES | _NO:
            raise ValueError(f"“{cell.strip()[:40]}” is neither yes nor no.")
        return {field: text in _YES} if text else {}

    return _remembered(reader)


def _price(field: str) -> Reader:
    def reader(cell: str) -> Values:
        text = cell.strip()
        # "1,50" is 1.50 in one country and 150 in another: nobody shall pay by a guess.
        if "," in text and not re.fullmatch(r"\W*\d{1,3}(,\d{3})+\.\d+", text):
            raise ValueError(f"“{text[:40]}” can be read in two ways. Write the price as 1.50.")
        try:
            return {field: display.to_micros(text) if text else None}
        except ValueError:
            raise ValueError(f"“{text[:40]}” is not a price. Write it as 1.50.") from None

    return _remembered(reader)


_tier_label = _text("tier", "tier", 20)

# The list of features stands first, so that a column of its own, which is more exact, prevails.
_READERS: dict[str, Reader] = {
    "features": _features,
    "number": _number,
    "tier": _tier,
    "state": _state,
    "rate_center": _text("rate_center", "rate centre", 60),
    "city": _text("city", "city", 60),
    "lata": _lata,
    "has_t38": _yes_or_no("has_t38"),
    "has_cnam": _yes_or_no("has_cnam"),
    "has_sms": _yes_or_no("has_sms"),
    "monthly_micros": _price("monthly_micros"),
    "setup_micros": _price("setup_micros"),
    "did_group": _text("did_group", "DID group", 120),
    "endpoint_group": _text("endpoint_group", "endpoint group", 120),
}
