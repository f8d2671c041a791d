"""What order settings can say: read from what was typed, written back, compared in words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

import catalog
import display
import policy
from catalog import Change, Invalid
from extensions import db
from models import OrderSettings, Requirement, Tier

MOST_PER_ORDER = 500
MOST_NUMBERS = 1_000_000

SWITCHES = {"did_ordering": "DID ordering", "e911_provisioning": "911 provisioning"}

REQUIREMENTS = {
    "require_t38": "T.38 fax",
    "require_cnam": "Caller ID name",
    "require_sms": "Text messages",
    "require_local": "Local numbers",
    "require_toll_free": "Toll-free numbers",
}
"""The DID Requirements (P13) as staff read them."""

APPROVALS = {
    "auto_approve_call_forwarding": "Call Forwarding",
    "auto_approve_failover": "Failover Numbers",
    "auto_approve_e911": "911 Provisioning",
}
"""What can approve itself (P14), each on its own."""

LIMITS = {
    "max_numbers_per_order": "Numbers per order",
    "max_numbers": "Numbers in all",
    "monthly_cap_micros": "Monthly limit",
}

_WORDS = {
    Requirement.ANY: "Any",
    Requirement.REQUIRED: "Required",
    Requirement.FORBIDDEN: "Not allowed",
}


@dataclass(frozen=True)
class Values:
    """Settings that were checked: the columns, and the tiers in their order."""

    columns: Mapping[str, Any]
    tiers: tuple[Tier, ...]


def values_of(settings: OrderSettings) -> Values:
    """Give what a row says."""
    columns = {name: getattr(settings, name) for name in policy.SETTINGS}
    columns["editable_services"] = _in_order(settings.editable_services)
    return Values(columns, tuple(_tiers({row.tier_id for row in settings.tier_rows})))


def typed_of(values: Values) -> dict[str, Any]:
    """Write settings as a person would type them; ``read`` gives the same settings back."""
    typed = dict(values.columns) | {"tiers": [str(tier.id) for tier in values.tiers]}
    typed |= {name: typed[name].value for name in REQUIREMENTS}
    typed |= {name: _shown(typed[name]) for name in ("max_numbers_per_order", "max_numbers")}
    typed["monthly_cap_micros"] = _typed_money(typed["monthly_cap_micros"])
    return typed


def read(typed: Mapping[str, Any]) -> Values:
    """Check what was typed; raises Invalid with a sentence for each field that cannot be.

    Switches and approvals are true or false, tiers ids, the monthly limit money as typed.
    """
    problems: dict[str, str] = {}
    columns: dict[str, Any] = {name: _switch(typed.get(name), name, problems) for name in SWITCHES}
    columns["editable_services"] = _services(typed.get("editable_services") or (), problems)
    columns |= {name: _requirement(typed.get(name), name, problems) for name in REQUIREMENTS}
    columns |= {name: bool(typed.get(name)) for name in APPROVALS}
    columns |= _limits(typed, problems)
    tiers = _chosen_tiers(typed.get("tiers") or (), problems)
    if not problems:
        problems |= _contradictions(columns)
    if problems:
        raise Invalid(problems)
    return Values(columns, tiers)


def differences(old: Values, new: Values) -> list[Change]:
    """List in words what changes from one to the other."""
    before, after = in_words(old), in_words(new)
    return [
        Change(name, before[name], after[name]) for name in after if before[name] != after[name]
    ]


def in_words(values: Values) -> dict[str, str]:
    """Say each setting in words, under its label."""
    columns = values.columns
    said = {label: "On" if columns[name] else "Off" for name, label in SWITCHES.items()}
    said["Tiers"] = ", ".join(tier.name for tier in values.tiers) or "None"
    services = [catalog.SERVICES[key].label for key in columns["editable_services"]]
    said["Services"] = ", ".join(services) or "None"
    said |= {label: requirement_words(columns[name]) for name, label in REQUIREMENTS.items()}
    for name, label in APPROVALS.items():
        said[f"{label} approves itself"] = "Yes" if columns[name] else "No"
    said |= {label: _limit_words(name, columns[name]) for name, label in LIMITS.items()}
    return said


def requirement_words(requirement: Requirement) -> str:
    """Say what is asked of a feature."""
    return _WORDS[requirement]


def _limit_words(name: str, value: int | None) -> str:
    if value is None:
        return "No limit"
    return display.money(value) if name == "monthly_cap_micros" else f"{value:,}"


def _shown(value: int | None) -> str:
    return "" if value is None else str(value)


def _typed_money(micros: int | None) -> str:
    if micros is None:
        return ""
    whole, rest = divmod(micros, 1_000_000)
    return f"{whole}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


# --- Reading ----------------------------------------------------------------------------------


def _switch(typed: Any, field: str, problems: dict[str, str]) -> bool:
    if not isinstance(typed, bool):
        problems[field] = "Choose on or off."
    return bool(typed)


def _requirement(typed: Any, field: str, problems: dict[str, str]) -> Requirement:
    try:
        return Requirement(typed)
    except ValueError:
        problems[field] = "Choose any, required or not allowed."
        return Requirement.ANY


def _services(typed: Iterable[str], problems: dict[str, str]) -> list[str]:
    if not set(typed) <= set(catalog.SERVICES):
        problems["editable_services"] = "Choose services from the list."
    return _in_order(typed)


def _in_order(services: Iterable[str]) -> list[str]:
    """Bring services into the catalog's order, so that the same choice is the same value."""
    chosen = set(services)
    return [key for key in catalog.SERVICES if key in chosen]


def _chosen_tiers(typed: Iterable[Any], problems: dict[str, str]) -> tuple[Tier, ...]:
    texts = {str(value) for value in typed}
    keys = {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19}
    found = _tiers(keys)
    if len(found) != len(texts):
        problems["tiers"] = "Choose tiers from the list; one that was chosen does not exist."
    return tuple(found)


def _tiers(keys: set[int]) -> Sequence[Tier]:
    chosen = select(Tier).where(Tier.id.in_(keys)).order_by(Tier.position, Tier.id)
    return db.session.scalars(chosen).all() if keys else []


def _limits(typed: Mapping[str, Any], problems: dict[str, str]) -> dict[str, int | None]:
    def take(field: str, check: Callable[[str], int | None]) -> int | None:
        try:
            return check(str(typed.get(field) or "").strip())
        except ValueError as wrong:
            problems[field] = str(wrong)
            return None

    return {
        "max_numbers_per_order": take("max_numbers_per_order", _per_order),
        "max_numbers": take("max_numbers", _in_all),
        "monthly_cap_micros": take("monthly_cap_micros", _money),
    }


def _per_order(text: str) -> int:
    count = _whole(text)
    if count is None or not 1 <= count <= MOST_PER_ORDER:
        raise ValueError(f"Write a whole number from 1 to {MOST_PER_ORDER}.")
    return count


def _in_all(text: str) -> int | None:
    if not text:
        return None
    count = _whole(text)
    if count is None or not 1 <= count <= MOST_NUMBERS:
        raise ValueError(
            f"Write a whole number from 1 to {MOST_NUMBERS:,}, or leave it empty for no limit."
        )
    return count


def _whole(text: str) -> int | None:
    digits = text.replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _money(text: str) -> int | None:
    return display.to_micros(text) if text else None


def _contradictions(columns: Mapping[str, Any]) -> dict[str, str]:
    """Refuse what no number could fulfil."""
    kinds = {columns["require_local"], columns["require_toll_free"]}
    if kinds == {Requirement.REQUIRED}:
        sentence = "A number is local or toll-free, never both. Require one of them at most."
        return {"require_toll_free": sentence}
    if kinds == {Requirement.FORBIDDEN} and columns["did_ordering"]:
        return {
            "require_toll_free": "With neither local nor toll-free allowed no number is left to "
            "order. Allow one of them, or switch DID ordering off."
        }
    return {}
