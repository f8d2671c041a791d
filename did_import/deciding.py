"""What one row of a file means for the inventory: add, change, leave or refuse, and why.

Nothing is written here. ``Decider.decide`` looks a bunch of rows up together and says for each what
is to be done; previewing.py shows that, applying.py does it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import select

import display
import tenancy
from database import locking
from did_import.bulk import among
from did_import.cells import BadRow, Values, values_of
from did_import.headings import LABELS, Headings
from did_import.known import Known, Named
from did_import.reading import Row
from extensions import db
from models import Client, Did, DidAssignment, DidStatus

PLAIN = ("state", "rate_center", "city", "lata", "has_t38", "has_cnam", "has_sms")
"""The fields of a number that are taken from the file as they are."""

PRICES = ("monthly_micros", "setup_micros")


_BLANK = {
    **dict.fromkeys(("type", "state", "rate_center", "city", "lata", *PRICES)),
    **dict.fromkeys(("has_t38", "has_cnam", "has_sms"), False),
}
"""A number of which the file says nothing."""


class Kind(StrEnum):
    """What becomes of a line."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Change(NamedTuple):
    """One field that changes, in words."""

    field: str
    old: str
    new: str


@dataclass(slots=True)
class Line:
    """What becomes of one row of the file; ``says`` is a sentence for staff."""

    row: Row
    kind: Kind
    number: str = ""
    says: str = ""
    changes: list[Change] = field(default_factory=list)
    goes_to: str = ""
    unknown_tier: str = ""


@dataclass(slots=True)
class Plan:
    """A line with what is to be written for it."""

    line: Line
    did_id: int | None = None
    tier: Named | None = None
    group: Named | None = None
    endpoints: Named | None = None
    client: Named | None = None
    """The group whose client the number comes into the hands of by this line."""
    values: dict[str, Any] = field(default_factory=dict)


class Refusal(ValueError):
    """A row is understood but must not be carried out; the sentence says why and what to do."""


class Decider:
    """Decides the rows of one file, remembering the numbers that it has met."""

    def __init__(self, headings: Headings, known: Known, locks: bool = False) -> None:
        self._headings = headings
        self._known = known
        self._locks = locks
        self._first_at: dict[int, int] = {}

    def decide(self, rows: Sequence[Row]) -> Iterator[Plan]:
        """Say what is to be done for each of some rows, in their order."""
        read = [(row, self._read(row)) for row in rows]
        good = [values for _, values in read if isinstance(values, dict)]
        there = _look_up([values["number"] for values in good], self._locks)
        taken = _in_service([values["number"] for values in good if self._hands_over(values)])
        for row, values in read:
            if isinstance(values, str):
                yield Plan(Line(row, Kind.REFUSED, says=values))
                continue
            try:
                yield self._plan(row, values, there.get(values["number"]), taken)
            except Refusal as refusal:
                yield Plan(self._refused(row, values, str(refusal)))

    def _read(self, row: Row) -> Values | str:
        try:
            return values_of(row, self._headings)
        except BadRow as error:
            return str(error)

    def _refused(self, row: Row, values: Values, why: str) -> Line:
        tier = values.get("tier", "")
        known = not tier or self._known.tier(tier)
        return Line(row, Kind.REFUSED, values["number"], why, unknown_tier="" if known else tier)

    def _plan(self, row: Row, values: Values, did: Any, taken: set[str]) -> Plan:
        self._refuse_repeated(row, values["number"])
        plan = Plan(Line(row, Kind.UNCHANGED, values["number"]), did.id if did else None)
        plan.tier = self._tier(values.get("tier"), did)
        plan.group = self._group(values.get("did_group"))
        plan.endpoints = self._endpoints(values.get("endpoint_group"))
        self._settle_hands(plan, did, taken)
        if did is None:
            _describe_new(plan, values)
        else:
            self._compare(plan, values, did)
        self._keep_new(plan)
        return plan

    def _refuse_repeated(self, row: Row, number: str) -> None:
        first = self._first_at.setdefault(int(number), row.at)
        if first != row.at:
            raise Refusal(f"Line {first} has this number already. Keep one of the two lines.")

    def _tier(self, label: str | None, did: Any) -> Named | None:
        if label is None and did is not None:
            return None
        known = f"Known tiers: {', '.join(self._known.tiers.names()) or 'none'}."
        if label is None:
            raise Refusal(f"The number is new and needs a tier. {known}")
        tier = self._known.tier(label)
        if tier is None and not self._known.create_tiers:
            raise Refusal(f"There is no tier “{label}”. {known} Correct it, or create the tier.")
        return tier or Named(None, label)

    def _group(self, name: str | None) -> Named | None:
        return (self._known.groups.find(name) or Named(None, name)) if name else None

    def _endpoints(self, name: str | None) -> Named | None:
        found = self._known.endpoint_groups.find(name) if name else None
        if name and found is None:
            raise Refusal(f"There is no endpoint group “{name}”. Create it, or leave it blank.")
        return found

    def _hands_over(self, values: Values) -> bool:
        """Tell whether a row names a group that has a client."""
        group = self._known.groups.find(values.get("did_group", ""))
        endpoints = self._known.endpoint_groups.find(values.get("endpoint_group", ""))
        return any(named and named.client_id for named in (group, endpoints))

    def _settle_hands(self, plan: Plan, did: Any, taken: set[str]) -> None:
        """Find whose the number becomes, and refuse what would take it out of somebody's hands."""
        group_now = self._known.groups.by_id(did.did_group_id if did else None)
        endpoints_now = self._known.endpoint_groups.by_id(did.endpoint_group_id if did else None)
        plan.group = None if plan.group is group_now else plan.group
        plan.endpoints = None if plan.endpoints is endpoints_now else plan.endpoints
        if plan.group is None and plan.endpoints is None:
            return
        if did is not None:
            _refuse_to_move(did)
        both = (plan.group or group_now, plan.endpoints or endpoints_now)
        owners = [group for group in both if group and group.client_id]
        if len({owner.client_id for owner in owners}) > 1:
            raise Refusal(
                f"The DID group belongs to {owners[0].client} and the endpoint group to "
                f"{owners[1].client}. Choose groups of one client."
            )
        if owners and plan.line.number in taken:
            raise Refusal("The number is in service elsewhere. It can be given to no client here.")
        if owners:
            plan.client, plan.line.goes_to = owners[0], owners[0].client

    def _compare(self, plan: Plan, values: Values, did: Any) -> None:
        for name in (*PLAIN, *PRICES):
            old = getattr(did, name)
            if name in values and values[name] != old:
                word = self._money if name in PRICES else _word
                plan.values[name] = values[name]
                plan.line.changes.append(Change(LABELS[name], word(old), word(values[name])))
        self._compare_named(plan, did)
        if plan.line.changes:
            plan.line.kind = Kind.CHANGED
        if plan.client:
            plan.line.says = f"Goes to {plan.client.client}."

    def _compare_named(self, plan: Plan, did: Any) -> None:
        known = self._known
        if plan.tier and plan.tier.id == did.tier_id:
            plan.tier = None
        for name, new, old in (
            ("tier", plan.tier, known.tiers.by_id(did.tier_id)),
            ("did_group", plan.group, known.groups.by_id(did.did_group_id)),
            ("endpoint_group", plan.endpoints, known.endpoint_groups.by_id(did.endpoint_group_id)),
        ):
            if new:
                plan.line.changes.append(
                    Change(LABELS[name], old.name if old else "none", new.name)
                )

    def _money(self, micros: int | None) -> str:
        return "as the tier" if micros is None else display.money(micros, self._known.currency)

    def _keep_new(self, plan: Plan) -> None:
        if plan.tier:
            self._known.tiers.keep(plan.tier)
        if plan.group:
            self._known.groups.keep(plan.group)


def _describe_new(plan: Plan, values: Values) -> None:
    number = values["number"]
    plan.line.kind = Kind.ADDED
    plan.values = _BLANK | {name: values[name] for name in _BLANK.keys() & values.keys()}
    plan.values |= {"number": number, "npa": number[2:5], "nxx": number[5:8]}
    place = ", ".join(values[name] for name in ("city", "state") if name in values)
    if "rate_center" in values:
        place = f"{place} ({values['rate_center']})".strip()
    named = [("Tier", plan.tier), ("group", plan.group), ("endpoints", plan.endpoints)]
    parts = [f"{word} {thing.name}" for word, thing in named if thing]
    plan.line.says = f"{'; '.join([*parts, *([place] if place else [])])}."
    if plan.client:
        plan.line.says += f" Goes to {plan.client.client}."


def _refuse_to_move(did: Any) -> None:
    """Refuse to change the groups of a number that somebody has or waits for."""
    if did.client_id is not None:
        raise Refusal(
            f"{did.client} has this number, and an import moves no number that a client has. Leave "
            "its groups blank, or release it first."
        )
    if did.held_by_id is not None:
        raise Refusal(
            "The number is held for an order. Decide that first, or leave the groups blank."
        )
    if did.status is not DidStatus.AVAILABLE:
        raise Refusal(
            f"The number is {did.status.value}. Make it available first, or leave its groups blank."
        )


def _look_up(numbers: list[str], locks: bool) -> dict[str, Any]:
    """Fetch what is known of some numbers, as plain rows; locked where they will be written."""
    columns = [getattr(Did, name) for name in (*PLAIN, *PRICES)]
    query = (
        select(
            *(Did.id, Did.number, Did.tier_id, Did.status, Did.held_by_id, Did.client_id),
            *(Did.did_group_id, Did.endpoint_group_id, Client.name.label("client"), *columns),
        )
        .outerjoin(Client, Did.client_id == Client.id)
        .where(among(Did.number, numbers))
    )
    if locks:
        query = locking(query, Did)
    return {row.number: row for row in db.session.execute(query)} if numbers else {}


def _in_service(numbers: list[str]) -> set[str]:
    """Find the numbers that a client has, at whichever reseller: nobody can be given them."""
    if not numbers:
        return set()
    query = select(DidAssignment.number).where(
        among(DidAssignment.number, numbers), DidAssignment.ended_at.is_(None)
    )
    # A number has one live assignment in the whole deployment; only the number itself is read.
    with tenancy.across_resellers():
        return set(db.session.scalars(query))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value else "none"
