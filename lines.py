"""An order's lines: what is now, what is asked for and what it costs, number by number.

A line is drafted when an order is submitted and drafted again when it is approved or reopened: if
the two differ, what the approver sees is no longer true. Nothing here moves a state.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import catalog
import circles
import display
import policy
from models import Client, Did, E911Record, Order, OrderLine
from policy import Facts, Refused

Subjects = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What is asked for one number: a service's settings, an address, or nothing to turn it off."""

    number: str
    settings: dict[str, Any] | None = None


@dataclass(frozen=True)
class Draft:
    """One line before it is written."""

    number: str
    did_id: int | None
    current: Subjects
    requested: Subjects
    prices: dict[str, dict[str, int]]

    @property
    def monthly_micros(self) -> int:
        """Add up what the line changes a month; negative when it saves."""
        return sum(price.get("monthly_micros", 0) for price in self.prices.values())

    @property
    def setup_micros(self) -> int:
        """Add up what the line costs once."""
        return sum(price.get("setup_micros", 0) for price in self.prices.values())


def draft(
    client: Client,
    kind: str,
    requests: Sequence[Request],
    order_id: int | None = None,
    known: Facts | None = None,
) -> list[Draft]:
    """Draft the lines of an order, under the client's settings as they are now.

    ``known`` is how things stand for these numbers, where it was read already. Raises Refused with
    a sentence for every number that cannot be part of it.
    """
    if not requests:
        raise Refused("Choose at least one number.")
    known = known or policy.facts([request.number for request in requests])
    problems: dict[str, str] = {}
    drafts = []
    for request in requests:
        try:
            drafts.append(_draft_one(client, kind, request, known, order_id))
        except catalog.Invalid as invalid:
            problems[request.number] = str(invalid)
    if len({request.number for request in requests}) < len(requests):
        raise Refused("A number stands twice in this order.")
    problems |= _circles(client, kind, drafts, known)
    if problems:
        raise Refused(next(iter(problems.values())), problems)
    return drafts


def targets(kind: str, requested: Iterable[Subjects]) -> list[str]:
    """List the numbers to which an order of a kind would send calls."""
    found = (circles.target(kind, subjects.get(kind)) for subjects in requested)
    return sorted({number for number in found if number})


def _circles(client: Client, kind: str, drafts: Sequence[Draft], known: Facts) -> dict[str, str]:
    """Tell number by number where calls would go in a circle through the client's own numbers."""
    if kind not in circles.TARGETS:
        return {}
    wanted = {one.number: circles.target(kind, one.requested[kind]) for one in drafts}
    legs = known.legs
    if legs is None:
        legs = circles.following(to for to in wanted.values() if to)
    found = {number: circles.problem(number, wanted, legs, client.id) for number in wanted}
    return {number: sentence for number, sentence in found.items() if sentence}


def check_whole(client: Client, kind: str, drafts: list[Draft], order_id: int | None) -> None:
    """Hold an order against the client's limits; raises Refused with the limit that it breaks."""
    monthly = sum(line.monthly_micros for line in drafts)
    problem = policy.order_problem(client, kind, len(drafts), monthly, order_id)
    if problem:
        raise Refused(problem)


def _draft_one(
    client: Client, kind: str, request: Request, known: Facts, order_id: int | None
) -> Draft:
    problem = policy.line_problem(kind, client, request.number, known, order_id)
    if problem:
        raise catalog.Invalid({"number": problem})
    did, e911 = known.dids.get(request.number), known.e911.get(request.number)
    if kind in catalog.SERVICES:
        current, requested = _service_change(kind, request, did)
    elif kind.startswith("e911_"):
        asked = None if kind == "e911_remove" else _address(request)
        current, requested = {catalog.E911: _e911_now(e911)}, {catalog.E911: asked}
    else:
        current, requested = _hand_over(kind, did, e911)
    _refuse_no_change(request.number, current, requested)
    return Draft(
        request.number,
        did.id if did else None,
        current,
        requested,
        _prices(current, requested, did, known),
    )


def _address(request: Request) -> dict[str, Any]:
    return catalog.clean_address(request.settings or {}, request.number)


def _service_change(kind: str, request: Request, did: Did | None) -> tuple[Subjects, Subjects]:
    """Set one service; what cannot run beside it is turned off by the same line."""
    service = catalog.SERVICES[kind]
    on = {row.service: row.settings for row in (did.services if did else [])}
    asked = request.settings
    requested: Subjects = {kind: None if asked is None else service.clean(asked, request.number)}
    if asked is not None:
        requested |= {rival: None for rival in catalog.rivals(service) if rival in on}
    return {subject: on.get(subject) for subject in requested}, requested


def _hand_over(kind: str, did: Did | None, e911: E911Record | None) -> tuple[Subjects, Subjects]:
    if kind == "did_order":
        return {catalog.DID: None}, {catalog.DID: {}}
    current: Subjects = {catalog.DID: {}}
    current |= {row.service: row.settings for row in (did.services if did else [])}
    if e911 is not None:
        current[catalog.E911] = _e911_now(e911)
    return current, dict.fromkeys(current)


def _e911_now(row: E911Record | None) -> dict[str, Any] | None:
    if row is None:
        return None
    values = {key: getattr(row, key) or "" for key in catalog.ADDRESS}
    return catalog.tidy_address(values | {"alert_emails": list(row.alert_emails)})


def _refuse_no_change(number: str, current: Subjects, requested: Subjects) -> None:
    if all(catalog.same_address(current.get(key), asked) for key, asked in requested.items()):
        raise catalog.Invalid({"number": f"{display.number(number)} is like this already."})


def _prices(
    current: Subjects, requested: Subjects, did: Did | None, known: Facts
) -> dict[str, dict[str, int]]:
    prices = {}
    for subject, asked in requested.items():
        monthly, setup = 0, 0
        if asked is not None:
            monthly, setup = _asked_price(subject, did, known)
        if current.get(subject) is not None:
            monthly -= _paid_now(subject, did, known)
            # What is already paid for is set up already.
            setup = 0
        prices[subject] = {"monthly_micros": monthly, "setup_micros": setup}
    return prices


def _asked_price(subject: str, did: Did | None, known: Facts) -> tuple[int, int]:
    if subject == catalog.DID:
        return (did.price_monthly_micros, did.price_setup_micros) if did else (0, 0)
    price = known.prices.get(subject)
    return (price.monthly_micros, price.setup_micros) if price else (0, 0)


def _paid_now(subject: str, did: Did | None, known: Facts) -> int:
    if subject == catalog.DID:
        return known.rents.get(did.number, 0) if did else 0
    if subject == catalog.E911:
        price = known.prices.get(subject)
        return price.monthly_micros if price else 0
    row = next((row for row in did.services if row.service == subject), None) if did else None
    return row.monthly_micros if row else 0


def redraft(order: Order, known: Facts | None = None) -> list[Draft]:
    """Draft an order's lines again as things stand now; raises Refused like ``draft``.

    Of a long order a list may have loaded the first lines alone; then these are drafted.
    """
    requests = [
        Request(line.number, line.requested.get(_subject(order.kind))) for line in order.lines
    ]
    drafts = draft(order.client, order.kind, requests, order.id, known)
    check_whole(order.client, order.kind, drafts, order.id)
    return drafts


def _subject(kind: str) -> str:
    if kind in catalog.SERVICES:
        return kind
    return catalog.E911 if kind.startswith("e911_") else catalog.DID


def moved(order: Order, drafts: list[Draft]) -> dict[str, str]:
    """Tell, number by number, what has changed under a pending order since it was asked for."""
    found = {}
    for line, fresh in zip(order.lines, drafts, strict=True):
        for subject in {**line.current, **fresh.current}:
            then, now = line.current.get(subject), fresh.current.get(subject)
            if then != now:
                found[line.number] = (
                    f"{display.number(line.number)}: {catalog.label(subject)} was "
                    f"“{catalog.words(subject, then)}” when it was asked for; now it is "
                    f"“{catalog.words(subject, now)}”."
                )
    return found


def write(order: Order, drafts: list[Draft]) -> None:
    """Put drafts into an order as its lines, new ones or in place of what stood there."""
    if not order.lines:
        order.lines = [
            OrderLine(reseller_id=order.reseller_id, position=n, is_open=False, slot="")
            for n in range(1, len(drafts) + 1)
        ]
    for line, fresh in zip(order.lines, drafts, strict=True):
        line.number, line.did_id = fresh.number, fresh.did_id
        line.slot = catalog.kind(order.kind).slot
        line.current, line.requested, line.prices = fresh.current, fresh.requested, fresh.prices
        line.monthly_micros, line.setup_micros = fresh.monthly_micros, fresh.setup_micros
    order.line_count = len(drafts)
    order.monthly_micros = sum(fresh.monthly_micros for fresh in drafts)
    order.setup_micros = sum(fresh.setup_micros for fresh in drafts)
