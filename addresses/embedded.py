"""The embedded validator: what can be told of an address without asking anybody."""

import re
from collections.abc import Mapping
from typing import Any

import catalog
from addresses import zips
from addresses.base import Address, Answer, Verdict

_UNIT = re.compile(
    r"^(?P<street>.*?\S)[,\s]+(?P<unit>(?:apartment|apt|suite|ste|unit|room|rm)\b\.?\s*#?\s*[\w-]+"
    r"|#\s*[\w-]+)$",
    re.I,
)
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
    if address.get("floor"):
        return address
    for part in ("address2", "address1"):
        match = _FLOOR.match(address.get(part) or "")
        if match and (match["rest"] or part == "address2"):
            floor = match["after"] or match["before"]
            return address | {part: match["rest"].rstrip(" ,"), "floor": floor}
    return address


def _unit(address: Address) -> Address:
    """Take the unit out of the street."""
    match = _UNIT.match(address["address1"])
    if not match or address.get("address2"):
        return address
    # A street may be called so: "100 Suite Street" ends with no number of a unit.
    if not re.match(catalog.HOUSE_AND_STREET, match["street"], re.I):
        return address
    return address | {"address1": match["street"].rstrip(" ,"), "address2": match["unit"]}
