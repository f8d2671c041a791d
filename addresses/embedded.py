"""The embedded validator: what can be told of an address without asking anybody."""

import re
from collections.abc import Mapping
from typing import Any

import catalog
from addresses import zips
from addresses.base import Address, Answer, Verdict

_DESIGNATOR = r"(?:apartment|apt|suite|ste|unit|room|rm)\b\.?"
_ONE_UNIT = rf"(?:{_DESIGNATOR}\s*#?\s*[\w-]+|#\s*[\w-]+)"
_UNIT = re.compile(rf"^(?P<street>.*?\S)[,\s]+(?P<unit>{_ONE_UNIT})$", re.I)
_UNIT_ALONE = re.compile(_ONE_UNIT, re.I)
_FLOOR = re.compile(
    r"^(?P<rest>.*?)[,\s]*\b(?:(?:floor|fl)\b\.?\s*(?P<after>[\w-]+)|(?P<before>\d+(?:st|nd|rd|th))"
    r"\s+(?:floor|fl)\b\.?)$",
    re.I,
)


class EmbeddedValidator:
    """Checks the state against the ZIP, and puts unit, floor and state where they belong."""

    answers_at_once = True

    def check(self, address: Mapping[str, Any]) -> Answer:
        """Tell what is wrong, or how the parts should stand."""
        problem = _zip_problem(str(address["zip"]), str(address["state"]))
        if problem:
            return Answer(Verdict.INVALID, problems={"zip": problem})
        # A floor can stand on either side of the unit, and shows only when that is gone.
        corrected = _floor(_unit(_floor(_city(dict(address)))))
        problems = _contradictions(corrected)
        if problems:
            return Answer(Verdict.INVALID, problems=problems)
        if corrected == address:
            return Answer(Verdict.VALID)
        return Answer(Verdict.CORRECTED, corrected)


def _zip_problem(code: str, state: str) -> str | None:
    states = zips.states_of(code)
    if not states:
        return f"There is no ZIP {code}. Correct it."
    if state in states:
        return None
    there = " or ".join(states)
    return f"ZIP {code} is in {there}, not in {state}. Correct the ZIP or the state."


def _city(address: Address) -> Address:
    """Take the state out of the city: Pittsburgh, PA."""
    city = re.sub(rf"[,\s]+{re.escape(address['state'])}$", "", address["city"], flags=re.I)
    return address | {"city": city or address["city"]}


def _floor(address: Address) -> Address:
    """Take the floor out of the street and the unit, where it has a place of its own."""
    part, rest, floor = _floor_elsewhere(address)
    if not part or not _agree(floor, address.get("floor")):
        return address
    return address | {part: rest, "floor": address.get("floor") or floor}


def _floor_elsewhere(address: Address) -> tuple[str, str, str]:
    """Find a floor in the unit or the street: which of them, the rest of it, and the floor."""
    for part in ("address2", "address1"):
        match = _FLOOR.match(address.get(part) or "")
        if match and (match["rest"] or part == "address2"):
            return part, match["rest"].rstrip(" ,"), match["after"] or match["before"]
    return "", "", ""


def _unit(address: Address) -> Address:
    """Take the unit out of the street."""
    street, unit = _unit_in_street(address)
    if not unit or not _agree(unit, address.get("address2")):
        return address
    return address | {"address1": street, "address2": address.get("address2") or unit}


def _unit_in_street(address: Address) -> tuple[str, str]:
    """Find a unit behind the street: the street, and the unit."""
    match = _UNIT.match(address["address1"])
    # A street may be called so: "100 Suite Street" ends with no number of a unit.
    if not match or not catalog.HOUSE_AND_STREET.match(match["street"]):
        return "", ""
    return match["street"].rstrip(" ,"), match["unit"]


def _agree(found: str, own: str | None) -> bool:
    """Tell whether a part says the same as what stands at its own place, if anything does."""
    return not own or _bare(found) == _bare(own)


def _bare(part: str) -> str:
    """Leave of a unit or a floor what tells it from others: 300 of Suite 300, 3 of 3rd."""
    name = re.sub(rf"{_DESIGNATOR}|[^0-9a-z]", "", part.lower())
    return re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", name)


def _contradictions(address: Address) -> dict[str, str]:
    """Tell which parts name a unit or a floor that is not the one at its place."""
    problems = {}
    _, unit = _unit_in_street(address)
    own = address.get("address2") or ""
    if unit and _UNIT_ALONE.fullmatch(own):
        problems["address2"] = f"The street says {unit}, this field {own}. Leave the right one."
    part, _, floor = _floor_elsewhere(address)
    if part and address.get("floor"):
        where = "unit" if part == "address2" else "street"
        said = f"The {where} says floor {floor}, this field {address['floor']}."
        problems["floor"] = f"{said} Leave the right one."
    return problems
