"""Making, changing, inviting and closing the logins of a client."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

import audit
import credentials
import mailer
from catalog import Invalid
from clients import typed
from columns import now
from extensions import db
from models import AccountStatus, Client, ClientStatus, Login
from permissions import Actor
from policy import Refused


def add_login(
    client: Client,
    *,
    by: Actor,
    name: str | None,
    email: str | None,
    notify: str | None,
    allow_order_requests: bool,
    is_administrator: bool = False,
) -> Login:
    """Make a login and mail its invitation to each of the addresses (P6).

    ``notify`` is what was typed: addresses, or nothing for the user name's own. Raises Invalid
    with a sentence a field.
    """
    login, addresses = draft_login(
        client,
        name=name,
        email=email,
        notify=notify,
        allow_order_requests=allow_order_requests,
        is_administrator=is_administrator,
    )
    try:
        with db.session.begin_nested():
            db.session.add(login)
    except IntegrityError as clash:
        raise Invalid({"email": _taken(login.email)}) from clash
    _invite(login, addresses)
    audit.record(
        "login.created",
        login,
        by,
        client=client.name,
        email=login.email,
        allow_order_requests=allow_order_requests,
        is_administrator=is_administrator,
        mailed_to=addresses,
    )
    return login


def draft_login(
    client: Client,
    *,
    name: str | None,
    email: str | None,
    notify: str | None,
    allow_order_requests: bool,
    is_administrator: bool = False,
) -> tuple[Login, list[str]]:
    """Check what was typed for a login; give the login, not yet added, and who is mailed.

    Raises Invalid with a sentence a field.
    """
    problems: dict[str, str] = {}
    if client.status is ClientStatus.CLOSED:
        problems["client_id"] = f"{client.name} is closed and cannot have new logins."
    person = typed.name_of(name, problems)
    user_name = (typed.address_of(email, "email", problems) or "").lower()
    if "email" not in problems and _has_login(user_name):
        problems["email"] = _taken(user_name)
    # Most people are told at the address that they sign in with.
    is_own = not (notify or "").strip()
    addresses = [user_name] if is_own else typed.addresses_of(notify, problems)
    if problems:
        raise Invalid(problems)
    login = nobody_yet(client, name=person, email=user_name)
    login.allow_order_requests = allow_order_requests
    login.is_administrator = is_administrator
    return login, addresses


def nobody_yet(client: Client, *, name: str, email: str) -> Login:
    """Make a login that is not in the database: a preview writes nothing."""
    login = Login(
        reseller_id=client.reseller_id,
        client_id=client.id,
        name=name,
        email=email,
        status=AccountStatus.INVITED,
    )
    # Set past the relation's events, which would draw the login into the client's session.
    set_committed_value(login, "client", client)
    return login


def change_login(
    login: Login,
    *,
    by: Actor,
    name: str | None,
    allow_order_requests: bool,
    is_administrator: bool = False,
    expires_on: str | None = None,
) -> bool:
    """Change a login's name, rights and last day; tell whether anything changed.

    ``expires_on`` is a day as typed; the login can sign in up to its end in the client's zone.
    """
    problems: dict[str, str] = {}
    values = {
        "name": typed.name_of(name, problems),
        "allow_order_requests": allow_order_requests,
        "is_administrator": is_administrator,
        "expires_at": _end_of_day(login, expires_on, problems),
    }
    if problems:
        raise Invalid(problems)
    changes = {
        key: [getattr(login, key), value]
        for key, value in values.items()
        if getattr(login, key) != value
    }
    for key, (_, value) in changes.items():
        setattr(login, key, value)
    if changes:
        said = {key: [_plain(old), _plain(new)] for key, (old, new) in changes.items()}
        audit.record("login.changed", login, by, **said)
    return bool(changes)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def last_day(login: Login) -> str:
    """Write the last day on which a login can sign in, as it is typed; empty for no end."""
    if login.expires_at is None:
        return ""
    last = login.expires_at.astimezone(_zone(login)) - timedelta(seconds=1)
    return last.date().isoformat()


def _zone(login: Login) -> ZoneInfo:
    return ZoneInfo(login.client.time_zone or login.client.reseller.time_zone)


def _end_of_day(login: Login, day: str | None, problems: dict[str, str]) -> datetime | None:
    text = typed.text_of(day)
    if not text or (login.expires_at and text == last_day(login)):
        return login.expires_at if text else None
    try:
        last = date.fromisoformat(text)
        # At the end of the calendar there is no day after it.
        if last.year >= 2200:
            raise ValueError(text)
    except ValueError:
        problems["expires_on"] = "Write a day like 2027-01-31, or nothing for no end."
        return None
    zone = _zone(login)
    if last < now().astimezone(zone).date():
        problems["expires_on"] = "This day is over. To shut the login out now, disable it."
    return datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


def demand_password(login: Login, *, by: Actor) -> bool:
    """Let a login's password and sessions end, and mail the link that sets a new one.

    False for a login that has no password yet. Raises Refused for one that is disabled.
    """
    if login.status is AccountStatus.DISABLED:
        raise Refused(f"{login.name} is disabled. Enable the login first.")
    if login.password_hash is None:
        return False
    login.password_hash, login.status = None, AccountStatus.INVITED
    credentials.end_sessions(login)
    mailer.password_demanded(login, credentials.invite(login))
    audit.record("login.password_demanded", login, by)
    return True


def invite_again(login: Login, *, by: Actor, notify: str | None) -> list[str]:
    """Mail a new invitation, whose link ends the earlier ones; give the addresses.

    Raises Invalid for addresses that are none, Refused for a login that is disabled.
    """
    if login.status is AccountStatus.DISABLED:
        raise Refused(f"{login.name} is disabled. Enable the login, then send the mail.")
    problems: dict[str, str] = {}
    addresses = typed.addresses_of(notify, problems)
    if problems:
        raise Invalid(problems)
    _invite(login, addresses)
    audit.record("login.invited", login, by, mailed_to=addresses)
    return addresses


def disable(login: Login, *, by: Actor) -> bool:
    """Close a login, its sessions and its open invitations; False when it was disabled before."""
    if login.status is AccountStatus.DISABLED:
        return False
    credentials.end_invitations(login)
    credentials.end_sessions(login)
    return _set_status(login, AccountStatus.DISABLED, by)


def enable(login: Login, *, by: Actor) -> bool:
    """Open a disabled login again; without a password it is still only invited."""
    if login.status is not AccountStatus.DISABLED:
        return False
    has_password = login.password_hash is not None
    return _set_status(login, AccountStatus.ACTIVE if has_password else AccountStatus.INVITED, by)


def _set_status(login: Login, status: AccountStatus, by: Actor) -> bool:
    before, login.status = login.status, status
    verb = "disabled" if status is AccountStatus.DISABLED else "enabled"
    audit.record(f"login.{verb}", login, by, status=[before.value, status.value])
    return True


def _invite(login: Login, addresses: Sequence[str]) -> None:
    mailer.login_invited(login, credentials.invite(login), addresses)


def _has_login(email: str) -> bool:
    return db.session.scalar(select(Login.id).where(Login.email == email)) is not None


def _taken(email: str) -> str:
    return f"There is a login with the user name {email} already. Write a different address."
