"""Making, changing, inviting and closing the logins of a client."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

import audit
import credentials
import mailer
from catalog import Invalid
from clients import typed
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
) -> Login:
    """Make a login and mail its invitation to each of the addresses (P6).

    ``notify`` is what was typed: one or more addresses. Raises Invalid with a sentence a field.
    """
    login, addresses = draft_login(
        client, name=name, email=email, notify=notify, allow_order_requests=allow_order_requests
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
    addresses = typed.addresses_of(notify, problems)
    if problems:
        raise Invalid(problems)
    login = nobody_yet(client, name=person, email=user_name)
    login.allow_order_requests = allow_order_requests
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


def change_login(login: Login, *, by: Actor, name: str | None, allow_order_requests: bool) -> bool:
    """Change a login's name and whether it may ask for orders; tell whether anything changed."""
    problems: dict[str, str] = {}
    values = {"name": typed.name_of(name, problems), "allow_order_requests": allow_order_requests}
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
        audit.record("login.changed", login, by, **changes)
    return bool(changes)


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
