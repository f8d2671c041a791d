"""What a file of numbers would change, line by line, and the orders that this makes.

An order has one kind, so every service that changes is an order of its own. Nothing is written
here; what was looked at travels in the form and is checked again when it comes back.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import catalog
import display
import lines
import policy
from catalog import Invalid, Service, Settings
from lines import Draft, Request
from models import Client, Did, OrderLine
from policy import Refused
from portal import choosing, number_sheet, sheet_labels
from portal.number_sheet import Wish
from portal.sheet_labels import Labelling


@dataclass(frozen=True)
class Change:
    """One service that a line changes."""

    service: Service
    settings: Settings | None
    before: str
    after: str
    turns_off: str


@dataclass(frozen=True)
class Line:
    """One line of the file: what it changes, or what is wrong with it."""

    at: int
    typed: str
    number: str | None
    changes: tuple[Change, ...] = ()
    problems: tuple[str, ...] = ()
    label: Labelling | None = None


@dataclass(frozen=True)
class Planned:
    """One order that the file makes, or why it cannot be."""

    service: Service
    requests: list[Request]
    drafts: list[Draft]
    problem: str | None

    @property
    def monthly_micros(self) -> int:
        """Add up what it changes a month."""
        return sum(draft.monthly_micros for draft in self.drafts)

    @property
    def setup_micros(self) -> int:
        """Add up what it comes to once."""
        return sum(draft.setup_micros for draft in self.drafts)


@dataclass(frozen=True)
class Plan:
    """All that a file would do."""

    lines: list[Line]
    orders: list[Planned]

    @property
    def wrong(self) -> list[Line]:
        """List the lines that cannot be."""
        return [line for line in self.lines if line.problems]

    @property
    def changed(self) -> list[Line]:
        """List the lines that change something."""
        return [line for line in self.lines if (line.changes or line.label) and not line.problems]

    @property
    def same(self) -> list[Line]:
        """List the lines that change nothing."""
        return [line for line in self.lines if not (line.changes or line.label or line.problems)]

    @property
    def labelled(self) -> list[Line]:
        """List the lines that call their number something else."""
        return [line for line in self.changed if line.label]

    @property
    def can_be_sent(self) -> bool:
        """Tell whether there is something to send, and nothing in the way of any order."""
        return bool(self.changed) and not any(order.problem for order in self.orders)

    @property
    def carried(self) -> str:
        """Write the changes as the form carries them."""
        found = [
            [line.at, line.number, {one.service.key: one.settings for one in line.changes}]
            for line in self.changed
            if line.changes
        ]
        return json.dumps(found, separators=(",", ":"))

    @property
    def carried_labels(self) -> str:
        """Write the labels as the form carries them."""
        return sheet_labels.packed(
            [(one.at, str(one.number), one.label.text) for one in self.labelled if one.label]
        )

    @property
    def mark(self) -> str:
        """Note what a person saw: what is now, what is asked and what it comes to."""
        return mark({order.service.key: order.drafts for order in self.orders})


def plan(client: Client, services: Sequence[Service], wishes: Sequence[Wish]) -> Plan:
    """Hold the lines of a file against how things stand."""
    known = policy.facts([wish.number for wish in wishes if wish.number])
    mine = {did.number: did for did in known.dids.values() if did.client_id == client.id}
    slots = {service.place for service in services}
    open_ = {slot: choosing.open_orders(list(mine), slot) for slot in slots}
    counts = Counter(wish.number for wish in wishes)
    found = [_line(client, services, wish, mine, open_, counts[wish.number]) for wish in wishes]
    asked: dict[str, list[Request]] = {}
    for line in found:
        for change in line.changes if not line.problems else ():
            asked.setdefault(change.service.key, []).append(
                Request(str(line.number), change.settings)
            )
    orders = [_planned(client, catalog.SERVICES[key], asked[key], known) for key in asked]
    return Plan(found, orders)


def _line(
    client: Client,
    services: Sequence[Service],
    wish: Wish,
    mine: Mapping[str, Did],
    open_: Mapping[str, Mapping[str, str]],
    count: int,
) -> Line:
    number, did = wish.number, mine.get(wish.number or "")
    problem = wish.problem or _number_problem(client, wish, did, count)
    if problem or did is None:
        return Line(wish.at, wish.typed, number, (), (problem or "",))
    now_on = {row.service: row.settings for row in did.services}
    asked: dict[str, Settings | None] = {}
    problems = []
    for service in (one for one in services if one.key in wish.cells):
        current = now_on.get(service.key)
        try:
            asked[service.key] = number_sheet.wanted(
                service, wish.cells[service.key], current, did.number
            )
        except Invalid as wrong:
            problems.append(f"{service.label}: {' '.join(wrong.problems.values())}")
    changes = _changes(now_on, asked)
    problems += _slot_problems(asked)
    problems += [
        sentence
        for one in changes
        if (sentence := one.service.fits(did) or open_[one.service.place].get(did.number))
    ]
    label = sheet_labels.change(did, wish)
    problems += [sentence for sentence in (sheet_labels.problem(label),) if sentence]
    return Line(wish.at, wish.typed, number, tuple(changes), tuple(dict.fromkeys(problems)), label)


def _number_problem(client: Client, wish: Wish, did: Did | None, count: int) -> str | None:
    if wish.number is None:
        return "The first column must have a ten-digit number, such as (412) 555-0123."
    if did is None:
        return f"{display.number(wish.number)} is not one of {client.name}'s numbers."
    if count > 1:
        return f"{display.number(wish.number)} stands on more than one line. Keep one of them."
    return None


def _slot_problems(asked: Mapping[str, Settings | None]) -> list[str]:
    """Say which services of a line cannot be on together."""
    on: dict[str, list[str]] = {}
    for key, settings in asked.items():
        if settings is not None:
            on.setdefault(catalog.SERVICES[key].place, []).append(catalog.label(key))
    return [
        f"{' and '.join(labels)} cannot be on together. Keep one, and empty the others."
        for labels in on.values()
        if len(labels) > 1
    ]


def _changes(now_on: Mapping[str, Settings], asked: Mapping[str, Settings | None]) -> list[Change]:
    """List what differs; what is turned off because a rival is turned on is part of that one."""
    differs = {key: to for key, to in asked.items() if to != now_on.get(key)}
    taken = {catalog.SERVICES[key].place for key, to in differs.items() if to is not None}
    found = []
    for key, to in differs.items():
        service = catalog.SERVICES[key]
        if to is None and service.place in taken:
            continue
        rivals = [one for one in catalog.rivals(service) if one in now_on and to is not None]
        found.append(
            Change(
                service,
                to,
                catalog.words(key, now_on.get(key)),
                catalog.words(key, to),
                " and ".join(catalog.label(one) for one in rivals),
            )
        )
    return found


def _planned(
    client: Client, service: Service, requests: list[Request], known: policy.Facts
) -> Planned:
    try:
        check_count(client, len(requests))
        drafts = lines.draft(client, service.key, requests, known=known)
        lines.check_whole(client, service.key, drafts, None)
    except Refused as refused:
        return Planned(service, requests, [], refused.sentence)
    return Planned(service, requests, drafts, None)


def check_count(client: Client, count: int) -> None:
    """Raise Refused when one order cannot have so many numbers."""
    most = choosing.most(client)
    if count > most:
        raise Refused(
            f"{display.plural(count, 'number')} change; an order can have at most {most}. "
            "Send the file in parts."
        )


# --- What travels in the form -----------------------------------------------------------------


def unpacked(text: str) -> list[tuple[int, str, dict[str, Settings | None]]]:
    """Read the changes that a form carries: line, number and what is asked of each service.

    Raises ValueError for what no page of ours has written.
    """
    try:
        return [
            (int(at), _e164(number), {str(key): _settings(to) for key, to in asked.items()})
            for at, number, asked in json.loads(text)
        ]
    except (TypeError, AttributeError) as problem:
        raise ValueError("These are no changes.") from problem


def wishes_of(carried: Sequence[tuple[int, str, dict[str, Settings | None]]]) -> list[Wish]:
    """Turn carried changes back into lines of a file, so that they can be looked at again."""
    return [
        Wish(
            at,
            display.number(number),
            {key: number_sheet.cells(catalog.SERVICES[key], to) for key, to in asked.items()},
        )
        for at, number, asked in carried
    ]


def requests_of(
    carried: Sequence[tuple[int, str, dict[str, Settings | None]]],
) -> dict[str, list[Request]]:
    """Sort carried changes by service: each is an order of its own."""
    found: dict[str, list[Request]] = {}
    for _, number, asked in carried:
        for key, to in asked.items():
            found.setdefault(key, []).append(Request(number, to))
    return found


def _e164(value: Any) -> str:
    if not isinstance(value, str) or display.to_e164(value) != value:
        raise ValueError("This is no number.")
    return value


def _settings(value: Any) -> Settings | None:
    if value is None:
        return None
    texts = value.values() if isinstance(value, dict) else [None]
    if not all(isinstance(one, str) and "\0" not in one for one in texts):
        raise ValueError("The settings of a service are texts.")
    return dict(value)


def mark(orders: Mapping[str, Sequence[Draft | OrderLine]]) -> str:
    """Sum up orders as they are about to be made, or as they were made, by their services."""
    said = [
        [key, [[one.number, one.current, one.requested, one.prices] for one in orders[key]]]
        for key in sorted(orders)
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
