"""What people change of their own account: name, time zone, mails, and a login's address.

A login's address is its user name. A new one counts once a link that was mailed to it is used; the
present one is told at once. Nothing here commits or looks at a request.
"""

from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import audit
import credentials
import mailer
from catalog import Invalid
from clients import typed
from columns import now
from extensions import db
from models import Invitation, Login, Staff
from permissions import Actor
from policy import Refused

Person = Staff | Login

TAKEN = "This address is in use already. Write a different one."
"""Tells whoever asks neither who has the address nor of which client."""

OVERTAKEN = "This address is in use by now, so your user name stays as it was. Choose another."


KEYS, FIRST_STEPS = "keys", "first_steps"
SWITCHED = {KEYS: "Single keys are {}.", FIRST_STEPS: "The first steps are {}."}
"""What a person can switch off on the own screen, and how that is said."""


def is_off(person: Person, switch: str) -> bool:
    """Tell whether a person has switched something of the own screen off."""
    return bool((person.preferences or {}).get(switch) == "off")


def switch(person: Person, **switches: bool) -> str:
    """Switch parts of a person's own screen on or off; give the sentences that say so."""
    words = {name: "on" if is_on else "off" for name, is_on in switches.items()}
    person.preferences = {**(person.preferences or {}), **words}
    return " ".join(SWITCHED[name].format(word) for name, word in words.items())


@cache
def zones() -> list[str]:
    """List the time zones that can be chosen."""
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def change_own(
    person: Person, *, by: Actor, name: str | None, time_zone: str | None, wants_order_mail: bool
) -> bool:
    """Change what everybody may change of themselves; tell whether anything changed.

    Raises Invalid with a sentence a field.
    """
    problems: dict[str, str] = {}
    values = {
        "name": typed.name_of(name, problems),
        "time_zone": time_zone or None,
        "wants_order_mail": wants_order_mail,
    }
    if time_zone and time_zone not in available_timezones():
        problems["time_zone"] = "Choose a time zone from the list."
    if problems:
        raise Invalid(problems)
    changes = {
        key: [getattr(person, key), value]
        for key, value in values.items()
        if getattr(person, key) != value
    }
    for key, (_, value) in changes.items():
        setattr(person, key, value)
    if changes:
        kind = "staff" if isinstance(person, Staff) else "login"
        audit.record(f"{kind}.changed", person, by, **changes)
    return bool(changes)


# --- The address of a login -------------------------------------------------------------------


def ask_address(login: Login, email: str | None, *, by: Actor) -> str:
    """Mail a link to the address that shall be a login's user name; gives the address.

    The present address is told as well; links that were sent before end. Raises Invalid.
    """
    problems: dict[str, str] = {}
    address = (typed.address_of(email, "email", problems) or "").lower()
    if not problems and address == login.email:
        problems["email"] = "This is your address already. Write the new one."
    elif not problems and _is_taken(address):
        problems["email"] = TAKEN
    if problems:
        raise Invalid(problems)
    invitation = credentials.invite(login)
    login.pending_email = address
    mailer.address_asked(login, invitation)
    audit.record("login.address_asked", login, by, email=[login.email, address])
    return address


def _is_taken(address: str) -> bool:
    return db.session.scalar(select(Login.id).where(Login.email == address)) is not None


def waits_until(login: Login) -> datetime | None:
    """Tell until when a login's new address can be confirmed; None when none waits."""
    if login.pending_email is None:
        return None
    latest = select(func.max(Invitation.expires_at)).where(
        Invitation.login_id == login.id,
        Invitation.ended_at.is_(None),
        Invitation.expires_at > now(),
    )
    return db.session.scalar(latest)


def keep_address(login: Login, *, by: Actor) -> bool:
    """Let a new address wait no longer, and its link die; False when none waited."""
    if login.pending_email is None:
        return False
    credentials.end_invitations(login)
    audit.record("login.address_kept", login, by, email=login.email)
    return True


def confirm_address(invitation: Invitation, *, by: Actor) -> bool:
    """Make the new address the user name; False when the link was used a moment before.

    Raises Refused when somebody else has taken the address meanwhile.
    """
    login = invitation.login
    if login is None or login.pending_email is None or not credentials.use_up(invitation):
        return False
    before = login.email
    try:
        with db.session.begin_nested():
            login.email, login.pending_email = login.pending_email, None
    except IntegrityError as clash:
        raise Refused(OVERTAKEN) from clash
    audit.record("login.address_changed", login, by, email=[before, login.email])
    return True
