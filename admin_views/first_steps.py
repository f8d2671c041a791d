"""The first steps of a new reseller, each checked against its rows; each person can hide them."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import exists, select

import accounts
from models import (
    Client,
    Did,
    Login,
    Mail,
    MailState,
    Order,
    OrderSettings,
    PortalSettings,
    Staff,
    Tier,
)
from permissions import Actor, Permission
from prepared import prepared


@dataclass(frozen=True)
class Step:
    """One step, and where it is taken; an optional one keeps the list from ending no longer."""

    words: str
    is_done: bool
    url: str | None = None
    is_optional: bool = False


def of(person: Staff, by: Actor) -> list[Step]:
    """List the steps of a person's reseller; none when all are done, or hidden by the person."""
    if accounts.is_off(person, accounts.FIRST_STEPS):
        return []
    steps = _steps(person.reseller.portal_settings, dict(_found().one()._mapping), by)
    return [] if all(step.is_done or step.is_optional for step in steps) else steps


@prepared
def _found() -> Any:
    """Select which rows there are, with one statement."""
    parts = {
        "numbers": exists(select(Did.id)),
        "prices": exists(select(Tier.id).where(Tier.monthly_micros > 0)),
        "clients": exists(select(Client.id)),
        "settings": exists(select(OrderSettings.id).where(OrderSettings.version > 1)),
        "logins": exists(select(Login.id)),
        "mails": exists(select(Mail.id).where(Mail.state == MailState.SENT)),
        "orders": exists(select(Order.id)),
    }
    return select(*(part.label(name) for name, part in parts.items()))


def _steps(settings: PortalSettings, found: dict[str, bool], by: Actor) -> list[Step]:
    def to(endpoint: str, needed: Permission) -> str | None:
        return url_for(endpoint) if by.can(needed) else None

    portal = to("portal_settings.index", Permission.SETTINGS_EDIT)
    wears = settings.logo_type is not None or settings.version > 1
    reaches = bool(settings.support_email or settings.support_phone)
    has_host = settings.host_verified_at is not None
    new_client = to("clients.create_view", Permission.CLIENTS_EDIT)
    defaults = to("order_settings.defaults_view", Permission.CLIENTS_EDIT)
    return [
        Step("Dress your portal: logo and colours", wears, portal),
        Step("Say how clients reach you", reaches, portal),
        Step("Give the portal an address of your own", has_host, portal, is_optional=True),
        Step(
            "Import your numbers",
            found["numbers"],
            to("did_import.index", Permission.NUMBERS_EDIT),
        ),
        Step(
            "Set the prices of your tiers",
            found["prices"],
            to("tiers.index_view", Permission.NUMBERS_EDIT),
        ),
        Step("Say what new clients may order", found["settings"], defaults),
        Step("Create your first client", found["clients"], new_client),
        Step(
            "Create its first login",
            found["logins"],
            to("logins.create_view", Permission.LOGINS_EDIT),
        ),
        Step(
            "See a first mail delivered",
            found["mails"],
            to("mail.index_view", Permission.MAIL_VIEW),
        ),
        Step(
            "Try an order: impersonate that login and order a number",
            found["orders"],
            to("logins.index_view", Permission.IMPERSONATE),
        ),
    ]
