"""Calls that would go in a circle: forwarding or failing over that leads back to where it began.

Only numbers of one client count, and only what is in force: when two orders close a circle between
them, the second is refused when it is approved, because the first is in force by then.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

import display
from models import Did, DidService
from prepared import prepared

TARGETS = {"call_forwarding": "forward_to", "failover": "failover_to"}
"""The services that send calls on, and the setting that says where to."""

MOST_STEPS = 25
"""A chain is followed no further; calls are dropped long before."""


class Leg(NamedTuple):
    """Where a number sends its calls, and whose number it is."""

    client_id: int | None
    to: str


Legs = Mapping[str, Leg]


def target(service: str, settings: Mapping[str, Any] | None) -> str | None:
    """Tell where a service sends calls; None when it sends them nowhere."""
    return (settings or {}).get(TARGETS.get(service, ""))


def following(targets: Iterable[str]) -> dict[str, Leg]:
    """Find where calls to these numbers go next, and on from there, as things stand.

    One query for each step; most targets are nobody's numbers here, which ends it after one.
    """
    found: dict[str, Leg] = {}
    asked: set[str] = set()
    ahead = set(targets)
    for _ in range(MOST_STEPS):
        if not ahead:
            break
        asked |= ahead
        found |= _legs(ahead)
        ahead = {leg.to for leg in found.values()} - asked
    return found


def _legs(numbers: set[str]) -> dict[str, Leg]:
    rows = _leading_on().all(numbers=sorted(numbers))
    # The services share a slot, so that a number leads to one place.
    return {
        row.number: Leg(row.client_id, to)
        for row in rows
        if (to := target(row.service, row.settings))
    }


@prepared
def _leading_on() -> Any:
    of_these = Did.number.in_(bindparam("numbers", expanding=True))
    return (
        select(Did.number, Did.client_id, DidService.service, DidService.settings)
        .join(DidService.did)
        .where(of_these, DidService.service.in_(TARGETS))
    )


def problem(
    number: str, wanted: Mapping[str, str | None], legs: Legs, client_id: int
) -> str | None:
    """Tell in a sentence that calls to a number would come back to it; None when they would not.

    ``wanted`` is where one order sends the calls of its numbers, in place of ``legs``.
    """
    way: list[str] = []
    here = wanted.get(number)
    while here and here != number and here not in way:
        way.append(here)
        here = wanted[here] if here in wanted else _next(here, legs, client_id)
    if not way or here != number:
        return None
    stations = ", then to ".join(display.number(one) for one in way)
    return (
        f"Calls to {display.number(number)} would go in a circle: to {stations}, "
        "and back to it. Choose another number."
    )


def _next(number: str, legs: Legs, client_id: int) -> str | None:
    leg = legs.get(number)
    return leg.to if leg and leg.client_id == client_id else None
