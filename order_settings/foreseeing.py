"""What settings would do before they are saved: what the portal shows, what orders become."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

import catalog
import policy
import workflow
from extensions import db
from models import Client, Order, OrderSettings, OrderState, Tier
from order_settings.saving import put
from order_settings.values import APPROVALS, Values

MOST_ORDERS = 200
"""Of a longer queue the oldest are looked at."""


@dataclass(frozen=True)
class Glance:
    """What a portal offers under some settings."""

    stock: list[tuple[str, int]]
    """How many numbers can be ordered, tier by tier."""

    services: list[str]
    approvals: list[str]
    """The kinds that the client can ask for and that approve themselves."""

    has_ordering: bool
    has_e911: bool

    @property
    def stock_count(self) -> int:
        """Add up the numbers that can be ordered."""
        return sum(count for _, count in self.stock)


@dataclass(frozen=True)
class Waiting:
    """One pending order, and what stands in its way."""

    number: str
    kind: str
    reason: str | None = None


@dataclass(frozen=True)
class Affected:
    """What becomes of a client's pending orders."""

    total: int = 0
    approvable: list[Waiting] = field(default_factory=list)
    """Could be approved before and after."""

    freed: list[Waiting] = field(default_factory=list)
    """Could not be approved before; after it they could."""

    stopped: list[Waiting] = field(default_factory=list)
    """Could be approved before; after it no more."""

    stuck: list[Waiting] = field(default_factory=list)
    """Cannot be approved before nor after."""

    @property
    def looked_at(self) -> int:
        """Count the orders that were tried."""
        return sum(map(len, (self.approvable, self.freed, self.stopped, self.stuck)))


def glance(settings: OrderSettings) -> Glance:
    """Tell what the portal shows under these settings, saved or not."""
    allowed = [kind for kind in catalog.KINDS if policy.kind_problem(settings, kind) is None]
    return Glance(
        stock=_stock(settings),
        services=[service.label for key, service in catalog.SERVICES.items() if key in allowed],
        approvals=[
            catalog.kind(kind).label for kind in allowed if policy.auto_approves(settings, kind)
        ],
        has_ordering="did_order" in allowed,
        has_e911="e911_provision" in allowed,
    )


def _stock(settings: OrderSettings) -> list[tuple[str, int]]:
    if not settings.did_ordering:
        return []
    wanted = [row.tier_id for row in settings.tier_rows]
    counts = policy.orderable(settings).with_only_columns(Tier.id, func.count())
    found = dict(db.session.execute(counts.group_by(Tier.id)).all())  # type: ignore[arg-type]
    tiers = select(Tier).where(Tier.id.in_(wanted)).order_by(Tier.position, Tier.id)
    return [(tier.name, found.get(tier.id, 0)) for tier in db.session.scalars(tiers)]


def warnings(settings: OrderSettings) -> list[str]:
    """List what is allowed to be saved but hardly meant."""
    found = []
    if settings.did_ordering and not settings.tier_rows:
        found.append("DID ordering is on, but no tier is chosen: the client finds no numbers.")
    elif settings.did_ordering and not sum(count for _, count in _stock(settings)):
        found.append("DID ordering is on, but no number in stock fits these settings.")
    for key in ("call_forwarding", "failover"):
        label = APPROVALS[f"auto_approve_{key}"]
        if getattr(settings, f"auto_approve_{key}") and key not in settings.editable_services:
            found.append(f"{label} would approve itself, but the client cannot change it.")
    if settings.auto_approve_e911 and not settings.e911_provisioning:
        found.append("911 would approve itself, but 911 provisioning is off.")
    return found


def affected(client: Client, values: Values) -> Affected:
    """Try settings out on a client's pending orders; what is tried is taken back."""
    orders = _pending(client)
    if not orders:
        return Affected()
    names = [(order.id, order.number, catalog.kind(order.kind).label) for order in orders]
    before = workflow.obstacles(orders)
    attempt = db.session.begin_nested()
    try:
        put(policy.settings_of(client), values)
        after = workflow.obstacles(orders)
    finally:
        attempt.rollback()
    result = Affected(total=_count(client))
    for key, number, kind in names:
        _bin(result, key in before, key in after).append(Waiting(number, kind, after.get(key)))
    return result


def _bin(result: Affected, was_stopped: bool, is_stopped: bool) -> list[Waiting]:
    if is_stopped:
        return result.stuck if was_stopped else result.stopped
    return result.freed if was_stopped else result.approvable


def _pending(client: Client) -> Sequence[Order]:
    return db.session.scalars(
        select(Order)
        .where(Order.client_id == client.id, Order.state == OrderState.PENDING)
        .order_by(Order.submitted_at, Order.id)
        .options(selectinload(Order.lines), joinedload(Order.client))
        .limit(MOST_ORDERS)
    ).all()


def _count(client: Client) -> int:
    pending = (Order.client_id == client.id, Order.state == OrderState.PENDING)
    return db.session.scalar(select(func.count(Order.id)).where(*pending)) or 0
