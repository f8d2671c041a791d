"""Rates of a plan one by one: reading what is typed for one, saving it, and what a call would cost.

Plans themselves are ``plans``, files of rates ``decks``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import audit
import display
from catalog import Invalid
from extensions import db
from models import CallKind, Rate, RatePlan, Tier
from permissions import Actor
from usage.rating import Price, Pricing

MOST_MICROS = 10_000 * 1_000_000
LONGEST_STEP = 3_600

KINDS = frozenset(CallKind)
_PREFIX = re.compile(r"[0-9]{1,16}")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_SIGNS = str.maketrans("", "", " \t().+-")


def save(plan: RatePlan, rate: Rate | None, *, by: Actor, **details: str | None) -> Rate:
    """Add a rate to a plan, or change one; what was priced before keeps its price. Raises Invalid.

    ``details`` are kind, prefix, tier, minute, unit, minimum, increment, starts_on, ends_on.
    """
    values = values_of(details, tier_labels())
    row = rate or Rate(rate_plan_id=plan.id)
    changes = {
        key: [getattr(row, key), value]
        for key, value in values.items()
        if rate is None or getattr(row, key) != value
    }
    for key, value in values.items():
        setattr(row, key, value)
    flush(row, {"starts_on": "There is a rate for this from that day already. Change that one."})
    if changes:
        verb = "changed" if rate else "added"
        told = {key: _plain(value) for key, value in values.items()}
        audit.record(f"rate_plan.rate_{verb}", plan, by, **told)
    return row


def remove(plan: RatePlan, rate: Rate, *, by: Actor) -> None:
    """Remove a rate; what was priced with it keeps its price."""
    told = {key: _plain(getattr(rate, key)) for key in ("kind", "prefix", "tier", "starts_on")}
    audit.record("rate_plan.rate_removed", plan, by, **told)
    db.session.delete(rate)
    db.session.flush()


def values_of(details: Mapping[str, str | None], tiers: Mapping[str, str]) -> dict[str, Any]:
    """Read what was typed for a rate into its columns; raises Invalid with every wrong field.

    ``tiers`` maps a label in lower case to how it is written.
    """
    problems: dict[str, str] = {}
    values: dict[str, Any] = {"kind": _kind(details.get("kind"), problems)}
    values["prefix"] = _prefix(details.get("prefix"), problems)
    values["tier"] = _tier(details.get("tier"), tiers, problems)
    for column, field in (("minute_micros", "minute"), ("unit_micros", "unit")):
        values[column] = amount(details.get(field), field, problems)
    for column, field, least in (
        ("minimum_seconds", "minimum", 0),
        ("increment_seconds", "increment", 1),
    ):
        values[column] = _seconds(details.get(field), field, least, problems)
    values["starts_on"] = _day(details.get("starts_on"), "starts_on", problems)
    values["ends_on"] = _day(details.get("ends_on"), "ends_on", problems)
    if values["starts_on"] is None and "starts_on" not in problems:
        problems["starts_on"] = "Say from which day on it holds, such as 2026-11-01."
    elif values["ends_on"] and not problems and values["ends_on"] <= values["starts_on"]:
        problems["ends_on"] = "It must end after the day on which it begins."
    if problems:
        raise Invalid(problems)
    return values


def tier_labels() -> dict[str, str]:
    """Map the labels of tiers, in lower case, to how they are written."""
    return {label.lower(): label for label in db.session.scalars(select(Tier.label))}


def of(plan: RatePlan, kind: str = "", prefix: str = "") -> Any:
    """Select the rates of a plan, of one kind and under one prefix where these are given."""
    wanted = select(Rate).where(Rate.rate_plan_id == plan.id)
    if kind in KINDS:
        wanted = wanted.where(Rate.kind == kind)
    digits = re.sub(r"\D", "", prefix)
    if digits:
        wanted = wanted.where(Rate.prefix.startswith(digits))
    return wanted.order_by(Rate.kind, Rate.prefix, Rate.tier, Rate.starts_on)


@dataclass(frozen=True)
class Quote:
    """What one call would come to, and the rate that says so; None where the mark-up does."""

    digits: str
    prefix: str
    rate: Price | None
    billed_seconds: int
    price_micros: int


def quote(
    plan: RatePlan, kind: CallKind, far_end: str, day: date, seconds: int, tier: str = ""
) -> Quote:
    """Tell what a call of that length would come to on a day, from its prefixes' rates alone."""
    digits = re.sub(r"\D", "", far_end)
    prefixes = [digits[:length] for length in range(min(len(digits), 16) + 1)]
    columns = [getattr(Rate, name) for name in ("kind", "prefix", *Price._fields)]
    rows = db.session.execute(
        select(*columns).where(
            Rate.rate_plan_id == plan.id, Rate.kind == kind, Rate.prefix.in_(prefixes)
        )
    )
    pricing = Pricing((row[0], row[1], Price._make(row[2:])) for row in rows)
    found = pricing.rate(kind, digits, day, tier)
    price, billed = pricing.price(kind, digits, day, seconds, 0, tier) if found else (0, seconds)
    prefix = next((key for key, prices in pricing.kinds[kind].items() if found in prices), "")
    return Quote(digits, prefix, found, billed, price)


# --- What is typed ------------------------------------------------------------------------------


def _kind(text: str | None, problems: dict[str, str]) -> CallKind | None:
    words = (text or "").strip().lower().replace("-", "_").replace(" ", "_")
    if words not in KINDS:
        problems["kind"] = "Choose the kind of call: " + ", ".join(CallKind) + "."
        return None
    return CallKind(words)


def _prefix(text: str | None, problems: dict[str, str]) -> str:
    digits = (text or "").translate(_SIGNS)
    if digits and not _PREFIX.fullmatch(digits):
        problems["prefix"] = "Write a prefix as digits with the country code, such as 1412."
    return digits[:16]


def _tier(text: str | None, tiers: Mapping[str, str], problems: dict[str, str]) -> str:
    label = (text or "").strip()
    if label and label.lower() not in tiers:
        problems["tier"] = f"There is no tier {label[:20]}."
    return tiers.get(label.lower(), "")


def amount(text: str | None, field: str, problems: dict[str, str]) -> int:
    """Read an amount in micro-units; none typed is nothing to pay."""
    words = (text or "").strip()
    if not words:
        return 0
    try:
        micros = _micros(words)
    except ValueError as wrong:
        problems[field] = str(wrong)
        return 0
    if micros > MOST_MICROS:
        problems[field] = f"Write an amount up to {display.money(MOST_MICROS)}."
    return micros


@lru_cache(2_000)
def _micros(words: str) -> int:
    """Read an amount; a deck has few different ones, often as 0.00350000 with idle zeros."""
    return display.to_micros(re.sub(r"(\.\d{6})0+$", r"\1", words))


def _seconds(text: str | None, field: str, least: int, problems: dict[str, str]) -> int:
    words = (text or "").strip() or "60"
    if not re.fullmatch(r"\d{1,5}", words, re.ASCII) or not least <= int(words) <= LONGEST_STEP:
        problems[field] = f"Write whole seconds from {least} to {LONGEST_STEP:,}."
        return 60
    return int(words)


def _day(text: str | None, field: str, problems: dict[str, str]) -> date | None:
    words = (text or "").strip()
    if not words:
        return None
    try:
        return _date(words)
    except ValueError:
        problems[field] = f"{words[:20]} is no day; write it like 2026-11-01."
        return None


@lru_cache(2_000)
def _date(words: str) -> date:
    american = _AMERICAN.fullmatch(words)
    if american:
        words = f"{american[3]}-{int(american[1]):02d}-{int(american[2]):02d}"
    return date.fromisoformat(words)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def flush(row: Any, problems: dict[str, str]) -> None:
    """Write a row; raises Invalid with these sentences where the database knows one like it."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as clash:
        raise Invalid(problems) from clash
