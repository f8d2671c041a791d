"""What a client's order settings let it see, ask for, and have approved by itself.

The same rules are asked three times: when the portal lists, when it submits and when staff approve
(P15). They answer with sentences; they change nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, inspect, or_, select
from sqlalchemy.orm import contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value

import catalog
import circles
import display
from columns import now
from extensions import db
from models import (
    IS_OPEN,
    Client,
    ClientStatus,
    Did,
    DidAssignment,
    DidService,
    DidStatus,
    DidType,
    E911Record,
    LineResult,
    Order,
    OrderLine,
    OrderSettings,
    OrderSettingsTier,
    Requirement,
    ServicePrice,
    Tier,
)
from prepared import prepared


class Refused(Exception):
    """A request that cannot be: one sentence, and one for each number that stands in the way."""

    def __init__(self, sentence: str, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.problems = dict(problems or {})


@dataclass
class Facts:
    """How things stand for some numbers of a reseller, read in a handful of queries."""

    numbers: Sequence[str] = ()
    """The numbers that were looked for, also where there is none of them."""
    dids: dict[str, Did] = field(default_factory=dict)
    e911: dict[str, E911Record] = field(default_factory=dict)
    rents: dict[str, int] = field(default_factory=dict)
    """What the holder pays a month for a number, in micro-units."""
    prices: dict[str, ServicePrice] = field(default_factory=dict)
    legs: circles.Legs | None = None
    """Where forwarded calls go on to; None where nobody has looked."""


def facts(numbers: Sequence[str]) -> Facts:
    """Read how things stand for these numbers of the session's reseller."""
    wanted = list(numbers)
    dids: Sequence[Any] = ()
    if wanted:
        dids = _dids_with_rent().rows(numbers=wanted).unique().all()
    e911 = _live_e911().objects(numbers=wanted) if wanted else ()
    return Facts(
        wanted,
        dids={did.number: did for did, _ in dids},
        e911={row.number: row for row in e911},
        rents={did.number: micros for did, micros in dids if micros is not None},
        prices={row.service: row for row in _prices().objects()},
    )


@prepared
def _dids_with_rent() -> Any:
    rent = (
        select(DidAssignment.monthly_micros)
        .where(DidAssignment.number == Did.number, DidAssignment.ended_at.is_(None))
        .scalar_subquery()
    )
    of_these = Did.number.in_(bindparam("numbers", expanding=True))
    return select(Did, rent).where(of_these).options(joinedload(Did.tier), joinedload(Did.services))


@prepared
def _live_e911() -> Any:
    of_these = E911Record.number.in_(bindparam("numbers", expanding=True))
    return select(E911Record).where(of_these, E911Record.removed_at.is_(None))


@prepared
def _prices() -> Any:
    return select(ServicePrice)


def settings_of(client: Client) -> OrderSettings:
    """Give a client's order settings; every client has them from its first moment."""
    return client.order_settings


def load_tiers(many: Iterable[OrderSettings]) -> None:
    """Load the tiers of many order settings with one question, where none were loaded yet."""
    lacking = {row.id: row for row in many if "tier_rows" in inspect(row).unloaded}
    if not lacking:
        return
    found: dict[int, list[OrderSettingsTier]] = {key: [] for key in lacking}
    for row in _tiers_of().objects(ids=list(lacking)):
        found[row.order_settings_id].append(row)
    for key, rows in found.items():
        set_committed_value(lacking[key], "tier_rows", rows)


@prepared
def _tiers_of() -> Any:
    of_these = OrderSettingsTier.order_settings_id.in_(bindparam("ids", expanding=True))
    return select(OrderSettingsTier).where(of_these)


# --- Asked when the portal lists --------------------------------------------------------------


def kind_problem(settings: OrderSettings, kind: str) -> str | None:
    """Tell why a client may not ask for a kind of order at all; None when it may."""
    if kind in ("did_order", "did_release"):
        return None if settings.did_ordering else "Ordering numbers is switched off."
    if kind.startswith("e911_"):
        return None if settings.e911_provisioning else "911 changes are switched off."
    if kind not in settings.editable_services:
        return f"Changing {catalog.kind(kind).label} is switched off."
    return None


def orderable(settings: OrderSettings) -> Select[Did]:
    """Select the numbers that a client may order now: free, not held, of its tiers and features.

    Selects nothing when ordering is off.
    """
    statement: Select[Did] = (
        select(Did)
        .join(Did.tier)
        .options(contains_eager(Did.tier))
        .where(
            Did.status == DidStatus.AVAILABLE,
            Did.client_id.is_(None),
            or_(Did.held_until.is_(None), Did.held_until < now()),
            is_kept_from_nobody_else(settings.client_id),
            Did.tier_id.in_([row.tier_id for row in settings.tier_rows]),
            *_feature_rules(settings),
        )
    )
    return statement if settings.did_ordering else statement.where(Did.id.is_(None))


def is_kept_from_nobody_else(client_id: int | None) -> ColumnElement[bool]:
    """Select the numbers that are in no basket but this client's, or no longer in any."""
    return or_(Did.kept_until.is_(None), Did.kept_until < now(), Did.kept_for_id == client_id)


@dataclass(frozen=True)
class Feature:
    """One of the DID Requirements (P13): its setting, its words, and its test on a number."""

    setting: str
    words: str
    column: str
    value: Any = True

    def has(self, did: Did) -> bool:
        """Tell whether a number has the feature."""
        return bool(getattr(did, self.column) == self.value)


FEATURES = (
    Feature("require_t38", "T.38 fax", "has_t38"),
    Feature("require_cnam", "caller ID name", "has_cnam"),
    Feature("require_sms", "text messages", "has_sms"),
    Feature("require_local", "local numbers", "type", DidType.LOCAL),
    Feature("require_toll_free", "toll-free numbers", "type", DidType.TOLL_FREE),
)


def _feature_rules(settings: OrderSettings) -> list[Any]:
    rules = []
    for feature in FEATURES:
        column, wanted = getattr(Did, feature.column), getattr(settings, feature.setting)
        if wanted is Requirement.REQUIRED:
            rules.append(column == feature.value)
        elif wanted is Requirement.FORBIDDEN:
            rules.append(column != feature.value)
    return rules


def auto_approves(settings: OrderSettings, kind: str) -> bool:
    """Tell whether this kind of order approves itself for the client (P14)."""
    column = catalog.kind(kind).auto_approve
    return bool(column and getattr(settings, column))


# --- Asked when an order is submitted and when it is approved ---------------------------------


def line_problem(
    kind: str, client: Client, number: str, known: Facts, order_id: int | None = None
) -> str | None:
    """Tell why one number cannot be part of an order of this kind; None when it can."""
    did = known.dids.get(number)
    if kind == "did_order":
        return _stock_problem(client, number, did, order_id)
    if kind.startswith("e911_"):
        return _e911_problem(kind, client, number, known)
    if did is None or did.client_id != client.id:
        return f"{display.number(number)} is not one of {client.name}'s numbers."
    if kind in catalog.SERVICES:
        return catalog.SERVICES[kind].fits(did)
    return None


def _stock_problem(
    client: Client, number: str, did: Did | None, order_id: int | None
) -> str | None:
    shown, settings = display.number(number), settings_of(client)
    if did is None or did.client_id is not None or did.status is not DidStatus.AVAILABLE:
        return f"{shown} is no longer available."
    if did.held_by_id not in (None, order_id) and did.held_until and did.held_until >= now():
        order = _order_of(client, did)
        if order:
            return f"{shown} is in order {order.number} already."
        return f"{shown} is being ordered by someone else."
    if did.kept_for_id not in (None, client.id) and did.kept_until and did.kept_until >= now():
        return f"{shown} is in someone else's basket."
    if did.tier_id not in {row.tier_id for row in settings.tier_rows}:
        return f"{shown} is of a kind that {client.name} cannot order."
    return _feature_problem(settings, did)


def _feature_problem(settings: OrderSettings, did: Did) -> str | None:
    for feature in FEATURES:
        wanted = getattr(settings, feature.setting)
        if wanted is Requirement.REQUIRED and not feature.has(did):
            return f"{display.number(did.number)} lacks what must be had: {feature.words}."
        if wanted is Requirement.FORBIDDEN and feature.has(did):
            return f"{display.number(did.number)} has what is not allowed: {feature.words}."
    return None


def _e911_problem(kind: str, client: Client, number: str, known: Facts) -> str | None:
    did, row, shown = known.dids.get(number), known.e911.get(number), display.number(number)
    if did is not None and did.client_id != client.id:
        order = _order_of(client, did)
        if order:
            return f"{shown} waits in order {order.number}; give it an address once it is yours."
        return f"{shown} is not one of {client.name}'s numbers."
    if row is not None and row.client_id != client.id:
        return f"{shown} is not one of {client.name}'s numbers."
    if kind == "e911_provision" and row is not None:
        return f"{shown} already has a 911 address; change that one."
    if kind != "e911_provision" and row is None:
        return f"{shown} has no 911 address yet."
    return None


def _order_of(client: Client, did: Did) -> Order | None:
    """Give the client's own order that holds a number back, if one does."""
    held = select(Order).where(Order.id == did.held_by_id, Order.client_id == client.id)
    return db.session.scalar(held) if did.held_by_id else None


def order_problem(
    client: Client, kind: str, numbers: int, monthly_micros: int, order_id: int | None = None
) -> str | None:
    """Tell why an order of this size cannot be, under the client's limits; None when it can."""
    settings = settings_of(client)
    return (
        _standing_problem(client)
        or kind_problem(settings, kind)
        or (_count_problem(client, numbers, order_id) if kind == "did_order" else None)
        or (_cap_problem(client, monthly_micros, order_id) if monthly_micros > 0 else None)
    )


def _standing_problem(client: Client) -> str | None:
    if client.status is ClientStatus.ACTIVE:
        return None
    return f"{client.name} is {client.status.value}. Reopen the client first."


def _count_problem(client: Client, numbers: int, order_id: int | None) -> str | None:
    settings = settings_of(client)
    if numbers > settings.max_numbers_per_order:
        return f"An order can have at most {settings.max_numbers_per_order} numbers."
    if settings.max_numbers is None:
        return None
    total = numbers + count_numbers(client, except_order=order_id)
    if total <= settings.max_numbers:
        return None
    return (
        f"{client.name} can have at most {settings.max_numbers} numbers; "
        f"with this order it would have {total}."
    )


def _cap_problem(client: Client, monthly_micros: int, order_id: int | None) -> str | None:
    cap = settings_of(client).monthly_cap_micros
    if cap is None:
        return None
    total = monthly_micros + monthly_total(client, except_order=order_id)
    if total <= cap:
        return None
    return f"This would come to {display.money(total)} a month; the limit is {display.money(cap)}."


def count_numbers(client: Client, except_order: int | None = None) -> int:
    """Count a client's numbers, with those that its open orders ask for."""
    mine = db.session.scalar(select(func.count(Did.id)).where(Did.client_id == client.id))
    asked = db.session.scalar(
        select(func.count(OrderLine.id))
        .join(OrderLine.order)
        .where(*_open_orders(client.id, except_order or 0), Order.kind == "did_order")
        .where(OrderLine.result != LineResult.DONE)
    )
    return int(mine or 0) + int(asked or 0)


def monthly_total(client: Client, except_order: int | None = None) -> int:
    """Add up what a client pays a month, in micro-units, with what its open orders would add."""
    parts = _monthly_parts().one(client=client.id, except_order=except_order or 0)
    return sum(int(part or 0) for part in parts)


@prepared
def _monthly_parts() -> Any:
    # Written out, so that PostgreSQL plans for it: another client has a hundredth of its numbers.
    mine: Any = bindparam("client", literal_execute=True)
    parts = (
        select(func.sum(DidAssignment.monthly_micros)).where(
            DidAssignment.client_id == mine, DidAssignment.ended_at.is_(None)
        ),
        select(func.sum(DidService.monthly_micros))
        .join(DidService.did)
        .where(Did.client_id == mine),
        select(func.sum(Order.monthly_micros)).where(
            *_open_orders(mine, bindparam("except_order")), Order.monthly_micros > 0
        ),
    )
    return select(*(part.scalar_subquery() for part in parts))


def _open_orders(client_id: Any, except_order: Any) -> list[Any]:
    return [
        Order.client_id == client_id,
        IS_OPEN,
        Order.id != except_order,
    ]


COMMON_SERVICES = ("call_forwarding", "failover", "fax_to_email", "cnam_outbound")

_OF_A_ROW = ("id", "reseller_id", "client_id", "version")
SETTINGS = tuple(c.key for c in OrderSettings.__table__.columns if c.key not in _OF_A_ROW)
"""The columns that say something; tiers stand in a table of their own."""


def defaults() -> OrderSettings | None:
    """Find what the reseller's new clients begin with; None where nobody has said."""
    return db.session.scalar(select(OrderSettings).where(OrderSettings.client_id.is_(None)))


def default_settings(client: Client) -> OrderSettings:
    """Make the settings of a new client: those that the reseller gives to new clients.

    Where nobody has said: every tier, the common services, nothing by itself.
    """
    said, tiers = defaults(), select(Tier)
    values = {name: getattr(said, name) for name in SETTINGS} if said else {}
    if said:
        tiers = tiers.where(Tier.id.in_([row.tier_id for row in said.tier_rows]))
    settings = OrderSettings(
        reseller_id=client.reseller_id,
        client=client,
        **({"editable_services": list(COMMON_SERVICES)} | values),
    )
    db.session.add(settings)
    db.session.flush()
    allow_tiers(settings, list(db.session.scalars(tiers)))
    return settings


def allow_tiers(settings: OrderSettings, tiers: Sequence[Tier]) -> None:
    """Set which tiers a client can order from."""
    wanted = {tier.id for tier in tiers}
    kept = [row for row in settings.tier_rows if row.tier_id in wanted]
    # A tier that stays keeps its row: a new one would be written before the old one is deleted.
    settings.tier_rows = kept + [
        OrderSettingsTier(reseller_id=settings.reseller_id, tier_id=tier.id)
        for tier in tiers
        if tier.id not in {row.tier_id for row in kept}
    ]
    db.session.flush()
