"""The numbers that a client has chosen for one order, and what stands in the way of each.

A choice lives in the address and then in the form, nowhere else; a number that is not the client's
is never looked up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

import catalog
import display
import policy
from catalog import Service
from extensions import db
from models import Client, Did, Order, OrderLine, ServicePrice
from policy import Refused
from portal import number_search, numbers


@dataclass(frozen=True)
class Candidate:
    """One chosen number, as the page of a change for many shows it."""

    number: str
    label: str | None
    words: str
    turns_off: str
    is_on: bool
    reason: str | None
    monthly_micros: int
    setup_micros: int

    @property
    def digits(self) -> str:
        """Give the ten digits, as they stand in an address."""
        return self.number[2:]


def most(client: Client) -> int:
    """Tell how many numbers one order of the client can have."""
    return policy.settings_of(client).max_numbers_per_order


def read(values: Any, *names: str) -> list[str]:
    """Read the numbers of an address or a form, in one order however they were chosen.

    A field has one number, or many with dots between.
    """
    typed = ".".join(text for name in names for text in values.getlist(name)).split(".")
    return sorted({number for text in typed if (number := display.to_e164(text))})


def asked(client: Client, values: Any) -> list[str]:
    """List the client's numbers that were ticked, or all that its search finds.

    Raises Refused with a sentence when there are none or too many for one order.
    """
    wanted = number_search.read(values) if values.get("all") else numbers.EVERYTHING
    conditions = numbers.are_mine(client, wanted)
    if not values.get("all"):
        conditions.append(Did.number.in_(read(values, "n", "here")))
    count = db.session.scalar(select(func.count(Did.id)).where(*conditions)) or 0
    if not count:
        raise Refused("Choose at least one number: tick its box.")
    check_count(client, count)
    return list(db.session.scalars(select(Did.number).where(*conditions).order_by(Did.number)))


def check_count(client: Client, count: int) -> None:
    """Raise Refused when one order cannot have so many numbers."""
    if count > most(client):
        raise Refused(
            f"You chose {display.plural(count, 'number')}; an order can have at most "
            f"{most(client)}. Choose fewer, and send the others in another order."
        )


def find(client: Client, wanted: Sequence[str]) -> list[Did]:
    """Fetch those of these numbers that are the client's, with their services."""
    mine = select(Did).where(Did.client_id == client.id, Did.number.in_(wanted))
    return list(db.session.scalars(mine.order_by(Did.number).options(selectinload(Did.services))))


def price_of(service: Service) -> ServicePrice | None:
    """Find what a service costs the client; None for nothing."""
    return db.session.scalar(select(ServicePrice).where(ServicePrice.service == service.key))


def candidates(
    service: Service,
    dids: Sequence[Did],
    price: ServicePrice | None,
    known: Mapping[str, str] | None = None,
) -> list[Candidate]:
    """Say what a service is on each number, and why some cannot be changed.

    ``known`` has sentences that were found earlier.
    """
    reasons = open_orders([did.number for did in dids], service.place) | dict(known or {})
    return [_candidate(service, did, price, reasons.get(did.number)) for did in dids]


def _candidate(
    service: Service, did: Did, price: ServicePrice | None, reason: str | None
) -> Candidate:
    now_on = {row.service: row for row in did.services if row.slot == service.place}
    current = now_on.get(service.key)
    paid = sum(row.monthly_micros for row in now_on.values())
    return Candidate(
        did.number,
        number_search.label_of(did),
        catalog.words(service.key, current.settings if current else None),
        " and ".join(catalog.label(key) for key in now_on if key != service.key),
        current is not None,
        service.fits(did) or reason,
        (price.monthly_micros if price else 0) - paid,
        price.setup_micros if price and current is None else 0,
    )


def open_orders(wanted: Sequence[str], slot: str) -> dict[str, str]:
    """Say for each number which order is under way in a slot of it (P24)."""
    rows = db.session.execute(
        select(OrderLine.number, Order.number.label("order_number"), Order.kind)
        .join(OrderLine.order)
        .where(OrderLine.number.in_(wanted), OrderLine.is_open, OrderLine.slot == slot)
    )
    return {
        row.number: f"{display.number(row.number)} already has an open order: {row.order_number} "
        f"({catalog.kind(row.kind).label})."
        for row in rows
    }
