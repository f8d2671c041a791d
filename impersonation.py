"""The way of a staff member into the portal as a login (P8): a single-use code that dies soon.

What a session under it may do is ``permissions.login_actor``; how long it lasts is ``sessions``.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

import audit
from columns import now
from extensions import db
from models import Client, ClientStatus, Handover, Login, Staff, WebSession
from permissions import Actor, Permission, is_login_open, is_staff_open, lacks_second_factor
from policy import Refused

LIFE = timedelta(minutes=1)
"""How long a code can be used."""


def obstacle(login: Login) -> str | None:
    """Tell why nobody can see the portal as this login; None when somebody can."""
    if login.client.status is not ClientStatus.ACTIVE:
        return f"{login.client.name} is {login.client.status.value}, so its portal is shut."
    if not is_login_open(login, now()):
        return f"{login.name} cannot sign in yet or any more, and neither can you as {login.name}."
    return None


def prepare(login: Login, session: WebSession, by: Actor) -> str:
    """Make the code that opens the portal as a login, and record it; gives the code.

    Raises Refused for a login that is not open, and for a role that may not impersonate.
    """
    if not by.can(Permission.IMPERSONATE) or session.staff_id is None:
        raise Refused("Your role may not impersonate. Ask the owner of your account.")
    problem = obstacle(login)
    if problem:
        raise Refused(problem)
    code = secrets.token_urlsafe(32)
    db.session.add(
        Handover(
            reseller_id=login.reseller_id,
            staff_id=session.staff_id,
            login_id=login.id,
            session_id=session.id,
            code_hash=_hash(code),
            expires_at=now() + LIFE,
        )
    )
    audit.record("login.impersonation_asked", login, by, client=login.client.name)
    return code


def find(code: str, reseller_id: int) -> Handover | None:
    """Find what a code opens, while it can still be used; the caller works across resellers."""
    found = db.session.scalar(
        select(Handover)
        .where(Handover.code_hash == _hash(code), Handover.reseller_id == reseller_id)
        .options(
            joinedload(Handover.staff).joinedload(Staff.reseller),
            joinedload(Handover.session),
            joinedload(Handover.login).joinedload(Login.client).joinedload(Client.reseller),
        )
    )
    return found if found is not None and _is_live(found) else None


def use(found: Handover) -> bool:
    """Use a code up; of two who try at once, one is told False."""
    used = (
        update(Handover)
        .where(Handover.id == found.id, Handover.used_at.is_(None))
        .values(used_at=now())
        .returning(Handover.id)
    )
    return db.session.scalar(used) is not None


def _is_live(found: Handover) -> bool:
    moment = now()
    return (
        found.used_at is None
        and found.expires_at > moment
        and found.session.ended_at is None
        and is_staff_open(found.staff)
        and not lacks_second_factor(found.staff)
        and is_login_open(found.login, moment)
    )


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
