"""What a newcomer does first: a few steps, each checked against how things stand; nothing is kept.

The list ends by itself: when all is done, or when the login is no newcomer any more; and it can be
hidden before.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import url_for
from sqlalchemy import select

import accounts
import policy
from columns import now
from extensions import db
from impersonation import is_onlooker
from models import Client, Did, DidService, Login
from permissions import Actor

NEW_FOR = timedelta(days=30)


@dataclass(frozen=True)
class FirstStep:
    """One step: its words, where it is taken, and whether it is done."""

    words: str
    url: str
    is_done: bool


def of(person: Login, by: Actor, numbers: int, without_911: int | None) -> list[FirstStep]:
    """List a newcomer's steps; none for one who has been here for a while or has done all.

    ``without_911`` is None where 911 is not the client's to change.
    """
    if is_onlooker(person) or person.created_at < now() - NEW_FOR or _are_hidden(person):
        return []
    found = _of_orders(person.client, numbers, without_911) if by.may_request else []
    is_safe = person.totp_confirmed_at is not None
    found.append(
        FirstStep("Make your sign-in safer: two-factor", url_for("portal.account"), is_safe)
    )
    return found if any(not step.is_done for step in found) else []


def _are_hidden(person: Login) -> bool:
    return accounts.is_off(person, accounts.FIRST_STEPS)


def _of_orders(client: Client, numbers: int, without_911: int | None) -> list[FirstStep]:
    found, settings = [], policy.settings_of(client)
    if policy.kind_problem(settings, "did_order") is None:
        words = "Order your first number"
        found.append(FirstStep(words, url_for("portal.order_numbers"), numbers > 0))
    if without_911 is not None:
        is_done = numbers > 0 and without_911 == 0
        found.append(FirstStep("Give each number a 911 address", url_for("portal.e911"), is_done))
    if settings.editable_services:
        words = "Say what a number does, such as its caller ID name"
        found.append(FirstStep(words, url_for("portal.numbers"), _has_service(client)))
    return found


def _has_service(client: Client) -> bool:
    mine = select(DidService.id).join(DidService.did).where(Did.client_id == client.id)
    return db.session.scalar(mine.limit(1)) is not None
