"""Passwords, and the single-use links that set them or confirm an address; no request is known.

A link's token is signed with SECRET_KEY over an invitation's id and nonce. The row alone cannot
rebuild it, so that nobody who reads the database can set a password.
"""

import re
import secrets
import unicodedata
from datetime import timedelta
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

import hosts
from columns import now, to_id
from extensions import db
from models import AccountStatus, Invitation, Login, Staff, WebSession

Person = Staff | Login

SHORTEST, LONGEST = 12, 1024
PRODUCT = "portico"
INVITATION_LIFE = timedelta(hours=48)
SET_PASSWORD, CONFIRM_ADDRESS = "set-password", "confirm-address"
"""What a link is for; each purpose signs its tokens apart, so that none does for another."""

_COMMON = Path(__file__).resolve().parent / "common_passwords.txt"
# Costs as OWASP gives them for small machines: 19 MiB, two passes, one lane.
_COSTS = {"normal": (2, 19_456, 1), "test": (1, 8, 1)}


@cache
def _hasher(cost: str) -> PasswordHasher:
    passes, memory, lanes = _COSTS[cost]
    return PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=lanes)


def _current_hasher() -> PasswordHasher:
    return _hasher(current_app.config.get("ARGON2_COST", "normal"))


def hash_password(password: str) -> str:
    """Hash a password with argon2id."""
    return _current_hasher().hash(_normal(password))


def verify(person: Person | None, password: str) -> bool:
    """Tell whether the password is the person's; takes as long for a person who does not exist.

    A hash made under other costs is renewed, and is saved when the caller commits.
    """
    hasher = _current_hasher()
    stored = person.password_hash if person is not None else None
    try:
        hasher.verify(stored or _dummy_hash(), _normal(password))
    except (VerifyMismatchError, InvalidHashError):
        return False
    if person is None or stored is None:
        return False
    if hasher.check_needs_rehash(stored):
        person.password_hash = hash_password(password)
    return True


@cache
def _dummy_hash() -> str:
    return hash_password(secrets.token_urlsafe(32))


def _normal(password: str) -> str:
    """Bring a password into one Unicode form, so that two keyboards type the same one."""
    return unicodedata.normalize("NFKC", password)


def password_problem(person: Person, password: str) -> str | None:
    """Tell in a sentence why a new password will not do; None when it will."""
    text = _normal(password)
    if len(text) < SHORTEST:
        return f"Use at least {SHORTEST} characters; a few words in a row are easy to remember."
    if len(text) > LONGEST:
        return f"Use at most {LONGEST:,} characters."
    if text.casefold() in _common() or len(set(text)) < 5:
        return "That password is too easy to guess. Choose another."
    if any(word in _squeezed(text) for word in _own_words(person)):
        return "Leave your name, your address and the company's name out of it."
    return None


def _own_words(person: Person) -> set[str]:
    reseller = person.reseller if isinstance(person, Staff) else person.client.reseller
    words = {PRODUCT, person.name, person.email, person.email.split("@")[0]}
    words |= {reseller.name, reseller.slug}
    if isinstance(person, Login):
        words.add(person.client.name)
    return {_squeezed(word) for word in words if len(_squeezed(word)) >= 4}


def _squeezed(text: str) -> str:
    """Drop what people put between words, so that "Acme Ltd" is found in "acme-ltd-2026"."""
    return re.sub(r"[\s\-_.,']", "", text.casefold())


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


# --- Single-use links -------------------------------------------------------------------------


def invite(person: Person) -> Invitation:
    """Make a link for a person that works once, within two days; older ones die."""
    end_invitations(person)
    invitation = Invitation(
        reseller_id=person.reseller_id,
        staff=person if isinstance(person, Staff) else None,
        login=person if isinstance(person, Login) else None,
        nonce=secrets.token_urlsafe(24),
        expires_at=now() + INVITATION_LIFE,
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation


def end_invitations(person: Person) -> None:
    """Let every open link of a person die, and with it a new address that waits for one."""
    column = Invitation.staff_id if isinstance(person, Staff) else Invitation.login_id
    if isinstance(person, Login):
        person.pending_email = None
    db.session.execute(
        update(Invitation)
        .where(column == person.id, Invitation.ended_at.is_(None))
        .values(ended_at=now())
    )


def link(invitation: Invitation, purpose: str = SET_PASSWORD) -> str:
    """Write the link of an invitation, on the address that the settings give."""
    token = _signer(purpose).dumps([invitation.id, invitation.nonce])
    base = current_app.config["PUBLIC_URL"]
    if invitation.login is None:
        return f"{base}/admin/{purpose}/{token}"
    reseller = invitation.login.client.reseller
    return f"{hosts.base(reseller)}/portal/{reseller.slug}/{purpose}/{token}"


def redeem(token: str, purpose: str = SET_PASSWORD) -> Invitation | None:
    """Find the open invitation of a token; None for a forged, used, replaced or expired one.

    The caller works across resellers.
    """
    try:
        invitation_id, nonce = _signer(purpose).loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    found = db.session.scalar(
        select(Invitation)
        .where(Invitation.id == invitation_id)
        .options(
            joinedload(Invitation.staff).joinedload(Staff.reseller),
            joinedload(Invitation.login).joinedload(Login.client),
        )
    )
    if found is None or not secrets.compare_digest(found.nonce, nonce):
        return None
    return found if found.ended_at is None and found.expires_at > now() else None


def person_of(invitation: Invitation) -> Person:
    """Give whom an invitation is for; the database lets it be exactly one person."""
    person = invitation.staff or invitation.login
    if person is None:
        raise LookupError(f"Invitation {invitation.id} is for nobody.")
    return person


def use_up(invitation: Invitation) -> bool:
    """Use an invitation up; of two who try at once, one is told False."""
    used = (
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.ended_at.is_(None))
        .values(ended_at=now())
        .returning(Invitation.id)
    )
    return db.session.scalar(used) is not None


def set_password(invitation: Invitation, password: str) -> bool:
    """Use an invitation up and set the password; False when somebody used it a moment before.

    An invited person becomes active; every session of the person ends.
    """
    if not use_up(invitation):
        return False
    person = person_of(invitation)
    person.password_hash = hash_password(password)
    if person.status is AccountStatus.INVITED:
        person.status = AccountStatus.ACTIVE
    if isinstance(person, Login):
        person.must_change_password = False
    end_sessions(person)
    return True


def renew_password(person: Person, password: str, keep: WebSession | None) -> None:
    """Set a new password of somebody who is signed in; all but the kept session and links end."""
    person.password_hash = hash_password(password)
    end_invitations(person)
    end_sessions(person, but=keep)


def session_of(person: Person, typed: str | None) -> WebSession | None:
    """Find a browser of a person, ended or not, by its id as sent; None for anybody else's."""
    column = WebSession.staff_id if isinstance(person, Staff) else WebSession.login_id
    mine = select(WebSession).where(column == person.id, WebSession.id == to_id(typed))
    return db.session.scalar(mine)


def end_sessions(person: Person, but: WebSession | None = None) -> None:
    """End every signed-in browser of a person, or all but one."""
    column = WebSession.staff_id if isinstance(person, Staff) else WebSession.login_id
    ending = update(WebSession).where(column == person.id, WebSession.ended_at.is_(None))
    if but is not None:
        ending = ending.where(WebSession.id != but.id)
    db.session.execute(ending.values(ended_at=now()))


def _signer(purpose: str) -> URLSafeSerializer:
    keys = [*current_app.config.get("SECRET_KEY_FALLBACKS", []), current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt=purpose)
