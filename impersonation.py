"""The way of a staff member into the portal as a login (P8): a single-use code that dies soon.

What a session under it may do is ``permissions.login_actor``; how long it lasts is ``sessions``.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

import audit
import clients
import clients.typed
from catalog import Invalid
from columns import now
from extensions import db
from models import AccountStatus, Client, ClientStatus, Handover, Login, Staff, WebSession
from permissions import (
    Actor,
    Permission,
    can_be_impersonated,
    is_staff_open,
    lacks_second_factor,
)
from policy import Refused

LIFE = timedelta(minutes=1)
"""How long a code can be used."""

SHORTEST, LONGEST = 3, 200
"""How long a reason is, in characters."""


def obstacle(login: Login) -> str | None:
    """Tell why nobody can see the portal as this login; None when somebody can."""
    if login.client.status is not ClientStatus.ACTIVE:
        return f"{login.client.name} is {login.client.status.value}, so its portal is shut."
    if not can_be_impersonated(login, now()):
        return f"{login.name} cannot sign in any more, and neither can you as {login.name}."
    return None


def onlooker(client: Client) -> Login:
    """Make the login that nobody is, as which staff look at a client's portal; it has no row.

    Its id is empty, it may ask for nothing, and it has no account.
    """
    looks = clients.nobody_yet(client, name=client.name, email="")
    looks.status, looks.allow_order_requests = AccountStatus.ACTIVE, False
    looks.created_at = client.created_at
    return looks


def is_onlooker(login: Login) -> bool:
    """Tell whether a login is nobody's: staff look at a client's portal."""
    return login.id is None


def prepare(whom: Login | Client, session: WebSession, by: Actor, reason: str | None = None) -> str:
    """Make the code that opens the portal as a login, or of a client as nobody; gives the code.

    It is recorded with the reason, which only acting as a person needs. Raises Refused for what is
    not open, and for a role that may not impersonate; Invalid for a reason that says nothing.
    """
    if not by.can(Permission.IMPERSONATE) or session.staff_id is None:
        raise Refused("Your role may not impersonate. Ask the owner of your account.")
    login = whom if isinstance(whom, Login) else onlooker(whom)
    problem = obstacle(login)
    if problem:
        raise Refused(problem)
    said = {} if is_onlooker(login) else {"reason": _reason(reason)}
    code = secrets.token_urlsafe(32)
    db.session.add(
        Handover(
            reseller_id=login.reseller_id,
            staff_id=session.staff_id,
            login_id=login.id,
            client_id=login.client_id if is_onlooker(login) else None,
            session_id=session.id,
            code_hash=_hash(code),
            expires_at=now() + LIFE,
        )
    )
    record("asked", login, by, **said)
    return code


def _reason(text: str | None) -> str:
    found = clients.typed.line_of(text) or ""
    if len(found) < SHORTEST:
        raise Invalid({"reason": "Write in a few words why, such as a ticket's number."})
    if len(found) > LONGEST:
        raise Invalid({"reason": f"Write at most {LONGEST} characters; these are {len(found)}."})
    return found


def record(step: str, login: Login, by: Actor, **said: str) -> None:
    """Record a step of an impersonation, of the login or of the client that has none here."""
    if is_onlooker(login):
        audit.record(f"client.look_{step}", login.client, by)
    elif step == "asked":
        audit.record(f"login.impersonation_{step}", login, by, client=login.client.name, **said)
    else:
        audit.record(f"login.impersonation_{step}", login, by)


def find(code: str, reseller_id: int) -> Handover | None:
    """Find what a code opens, while it can still be used; the caller works across resellers."""
    found = db.session.scalar(
        select(Handover)
        .where(Handover.code_hash == _hash(code), Handover.reseller_id == reseller_id)
        .options(
            joinedload(Handover.staff).joinedload(Staff.reseller),
            joinedload(Handover.session),
            joinedload(Handover.login).joinedload(Login.client).joinedload(Client.reseller),
            joinedload(Handover.client).joinedload(Client.reseller),
        )
    )
    return found if found is not None and _is_live(found) else None


def whom(found: Handover) -> Login:
    """Give as whom a code opens the portal."""
    if found.login is not None:
        return found.login
    assert found.client is not None  # noqa: S101  The table's check says so.
    return onlooker(found.client)


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
        and can_be_impersonated(whom(found), moment)
    )


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
