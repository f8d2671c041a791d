"""Tiers of numbers and the prices of services: what the reseller pays and what its clients pay."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import audit
import catalog
import display
import tenancy
from catalog import Invalid
from clients import typed
from extensions import db
from models import Did, OrderSettings, OrderSettingsTier, ServicePrice, Tier
from permissions import Actor

MONEY = ("monthly_micros", "setup_micros", "cost_monthly_micros", "cost_setup_micros")
MOST_MICROS = 10_000 * 1_000_000


def save(tier: Tier, *, by: Actor, **details: str | None) -> bool:
    """Make or change a tier; tell whether anything changed.

    ``details`` are label, name and the four amounts as typed. A changed price holds for what is
    ordered from now on; who has a number already pays what was agreed. Raises Invalid.
    """
    values = _checked(tier, details)
    is_new = tier.id is None
    changes = {
        key: [None if is_new else getattr(tier, key), value]
        for key, value in values.items()
        if is_new or getattr(tier, key) != value
    }
    for key, value in values.items():
        setattr(tier, key, value)
    if is_new:
        tier.reseller_id = tenancy.current()
        tier.position = (db.session.scalar(select(func.max(Tier.position))) or 0) + 1
    _flush(tier)
    if changes:
        audit.record(f"tier.{'created' if is_new else 'changed'}", tier, by, **changes)
    return bool(changes)


def remove(tier: Tier, *, by: Actor) -> None:
    """Remove a tier that nothing uses; raises Invalid that says who uses it."""
    numbers, clients = uses(tier)
    for_new = _is_for_new_clients(tier)
    if numbers or clients or for_new:
        used = [display.plural(numbers, "number")] if numbers else []
        used += [f"the order settings of {display.plural(clients, 'client')}"] if clients else []
        used += ["the defaults for new clients"] if for_new else []
        raise Invalid({"": f"{tier.name} is used by {' and '.join(used)}. Change those first."})
    audit.record("tier.removed", tier, by)
    db.session.delete(tier)
    db.session.flush()


def uses(tier: Tier) -> tuple[int, int]:
    """Count the numbers of a tier, and the clients whose order settings offer it."""
    numbers = select(func.count(Did.id)).where(Did.tier_id == tier.id)
    clients = select(func.count(OrderSettings.id)).where(
        OrderSettings.id.in_(_offering(tier)), OrderSettings.client_id.is_not(None)
    )
    return db.session.scalar(numbers) or 0, db.session.scalar(clients) or 0


def _is_for_new_clients(tier: Tier) -> bool:
    row = select(OrderSettings.id).where(
        OrderSettings.id.in_(_offering(tier)), OrderSettings.client_id.is_(None)
    )
    return db.session.scalar(row) is not None


def _offering(tier: Tier) -> Any:
    offers = select(OrderSettingsTier.order_settings_id)
    return offers.where(OrderSettingsTier.tier_id == tier.id)


def priced() -> list[tuple[str, str]]:
    """List what has a price beside numbers: (service, label)."""
    services = [(service.key, service.label) for service in catalog.SERVICES.values()]
    return [*services, (catalog.E911, catalog.label(catalog.E911))]


def prices() -> dict[str, ServicePrice]:
    """Give the prices of services that were set, by service."""
    return {row.service: row for row in db.session.scalars(select(ServicePrice))}


def save_prices(amounts: Mapping[str, Mapping[str, str | None]], *, by: Actor) -> int:
    """Set the monthly and set-up prices of services; gives how many changed.

    ``amounts`` maps a service to its two amounts as typed. Raises Invalid, whose fields are
    ``<service>-<column>``, and changes nothing.
    """
    problems: dict[str, str] = {}
    read = {
        service: {
            column: _amount(amounts.get(service, {}).get(column), f"{service}-{column}", problems)
            for column in ("monthly_micros", "setup_micros")
        }
        for service, _ in priced()
    }
    if problems:
        raise Invalid(problems)
    known = prices()
    return sum(
        _save_price(service, known.get(service), values, by) for service, values in read.items()
    )


def _save_price(service: str, row: ServicePrice | None, values: dict[str, int], by: Actor) -> int:
    before = {key: getattr(row, key) if row else 0 for key in values}
    if before == values:
        return 0
    if row is None:
        row = ServicePrice(reseller_id=tenancy.current(), service=service)
        db.session.add(row)
    for key, value in values.items():
        setattr(row, key, value)
    db.session.flush()
    changes = {key: [before[key], value] for key, value in values.items() if before[key] != value}
    audit.record("service_price.changed", row, by, service=service, **changes)
    return 1


def _checked(tier: Tier, details: Mapping[str, str | None]) -> dict[str, Any]:
    problems: dict[str, str] = {}
    label = typed.text_of(details.get("label"))
    if not label or len(label) > 20:
        problems["label"] = "Write the label that your import files use, of at most 20 characters."
    elif _is_taken(tier, label):
        problems["label"] = f"There is a tier {label} already. Write a different label."
    name = typed.text_of(details.get("name")) or (f"Tier {label}" if label else "")
    if len(name) > 80:
        problems["name"] = "This is too long; write at most 80 characters."
    values: dict[str, Any] = {"label": label, "name": name}
    values |= {key: _amount(details.get(key), key, problems) for key in MONEY}
    if problems:
        raise Invalid(problems)
    return values


def _is_taken(tier: Tier, label: str) -> bool:
    same = select(Tier.id).where(func.lower(Tier.label) == label.lower(), Tier.id != (tier.id or 0))
    with db.session.no_autoflush:
        return db.session.scalar(same.limit(1)) is not None


def _amount(text: str | None, field: str, problems: dict[str, str]) -> int:
    """Read an amount; none typed is nothing to pay."""
    if not (text or "").strip():
        return 0
    try:
        micros = display.to_micros(text or "")
    except ValueError as wrong:
        problems[field] = str(wrong)
        return 0
    if not 0 <= micros <= MOST_MICROS:
        problems[field] = f"Write an amount from 0 to {display.money(MOST_MICROS)}."
    return micros


def _flush(tier: Tier) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(tier)
    except IntegrityError as clash:
        raise Invalid({"label": "Another tier has just taken this label."}) from clash
