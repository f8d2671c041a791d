"""The form of order settings: its fields and menus; what can be saved is decided below."""

from typing import Any

from flask import request
from sqlalchemy import select
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)

import catalog
import display
import order_settings
from admin_views.base import to_id
from admin_views.forms import PostForm
from extensions import db
from models import Requirement, Tier

ON_OFF = [("on", "On"), ("off", "Off")]
REQUIREMENTS = [(one.value, order_settings.requirement_words(one)) for one in Requirement]
SAFETY = (
    "A stale address is a safety risk: until an order is approved, an ambulance is sent to the old "
    "one. Pending 911 orders stand first in the queue."
)


def _requirement(name: str) -> SelectField:
    words = order_settings.REQUIREMENTS[name]
    return SelectField(words, choices=REQUIREMENTS, validate_choice=False)


def _approval(name: str, hint: str = "") -> BooleanField:
    return BooleanField(order_settings.APPROVALS[name], description=hint)


class SettingsForm(PostForm):
    """What order settings are made of; every field has its column's name."""

    version = HiddenField()
    did_ordering = RadioField(
        "DID ordering",
        choices=ON_OFF,
        validate_choice=False,
        description="Off takes ordering and releasing numbers out of the portal.",
    )
    e911_provisioning = RadioField(
        "911 provisioning",
        choices=ON_OFF,
        validate_choice=False,
        description="Off stops setting, changing and removing 911 addresses.",
    )
    tiers = SelectMultipleField("Tiers", validate_choice=False)
    editable_services = SelectMultipleField("Services", validate_choice=False)
    require_t38 = _requirement("require_t38")
    require_cnam = _requirement("require_cnam")
    require_sms = _requirement("require_sms")
    require_local = _requirement("require_local")
    require_toll_free = _requirement("require_toll_free")
    auto_approve_call_forwarding = _approval("auto_approve_call_forwarding")
    auto_approve_failover = _approval("auto_approve_failover")
    auto_approve_e911 = _approval("auto_approve_e911", SAFETY)
    max_numbers_per_order = StringField(
        "Numbers per order",
        description=f"From 1 to {order_settings.MOST_PER_ORDER}.",
        render_kw={"inputmode": "numeric", "maxlength": 12, "required": True},
    )
    max_numbers = StringField(
        "Numbers in all",
        description="With those in open orders. Empty is no limit.",
        render_kw={"inputmode": "numeric", "maxlength": 12},
    )
    monthly_cap_micros = StringField(
        "Monthly limit",
        description="What numbers and services may cost a month in all. Empty is no limit.",
        render_kw={"inputmode": "decimal", "maxlength": 20},
    )

    def offer(self) -> None:
        """Fill the menus: the tiers with what clients pay, and the services."""
        tiers = db.session.scalars(select(Tier).order_by(Tier.position, Tier.id))
        self.tiers.choices = [(str(tier.id), f"{tier.name}: {_price(tier)}") for tier in tiers]
        self.editable_services.choices = [
            (key, service.label) for key, service in catalog.SERVICES.items()
        ]

    def show(self, values: order_settings.Values) -> None:
        """Fill the form from settings."""
        for name, value in order_settings.typed_of(values).items():
            self[name].data = value
        for name in ("did_ordering", "e911_provisioning"):
            self[name].data = "on" if values.columns[name] else "off"

    def settings(self) -> dict[str, Any]:
        """Give the settings as they were typed."""
        typed = {name: value for name, value in self.typed().items() if name != "version"}
        for name in ("did_ordering", "e911_provisioning"):
            typed[name] = {"on": True, "off": False}.get(typed[name])
        return typed

    def seen_version(self) -> int:
        """Tell which version of the settings the person saw; -1 for what is no version."""
        found = to_id(request.form.get("version", ""))
        return -1 if found is None else found


def _price(tier: Tier) -> str:
    once = f", {display.money(tier.setup_micros)} once" if tier.setup_micros else ""
    return f"{display.money(tier.monthly_micros)} a month{once}"
