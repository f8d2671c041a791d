"""A reseller's own host name for its portal: claimed, proved by DNS, then used in every link (P32).

An address that nobody proved is worth nothing: links never follow what a request says of its host.
"""

import ipaddress
import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

import tenancy
from catalog import Invalid
from columns import now
from extensions import db
from models import PortalSettings, Reseller

LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
PATIENCE_SECONDS = 5.0
PROOF = "_portal-verify"
"""The name below the host where the proof stands; it names no product: clients may look."""

TAKEN = "This host name cannot be used: it is in use already. Choose another, or ask for help."


def own_host() -> str:
    """Tell the deployment's own host name."""
    return urlsplit(current_app.config["PUBLIC_URL"]).hostname or "localhost"


def base(reseller: Reseller) -> str:
    """Give the beginning of the reseller's portal addresses: its own proved host, else ours."""
    settings = reseller.portal_settings
    if settings.host_name and settings.host_verified_at:
        return f"https://{settings.host_name}"
    common: str = current_app.config["PUBLIC_URL"]
    return common


def cleaned(typed: str | None) -> str | None:
    """Read a host name as DNS writes it; None for nothing. Raises Invalid with a sentence."""
    text = (typed or "").strip().rstrip(".").lower()
    if not text:
        return None
    if "/" in text or ":" in text:
        raise Invalid({"host_name": "Write the host name alone, such as portal.example.com."})
    if _is_address(text):
        raise Invalid({"host_name": "Write a name, not an IP address."})
    try:
        name = text.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    labels = name.split(".")
    if len(name) > 253 or len(labels) < 2 or not all(LABEL.fullmatch(one) for one in labels):
        raise Invalid({"host_name": f"“{text[:60]}” is no host name. Write portal.example.com."})
    if name == own_host() or name.endswith(f".{own_host()}"):
        raise Invalid({"host_name": "Your portal is on this host already. Leave the field empty."})
    return name


def claim(settings: PortalSettings, typed: str | None) -> bool:
    """Take a host name for a reseller, to be proved; tell whether anything changed.

    A claim is in nobody's way: others may claim the same, and whoever proves it has it. Raises
    Invalid for what cannot be, or what somebody else has proved; never whose it is.
    """
    name = cleaned(typed)
    if name == settings.host_name:
        return False
    if name and _is_proved(name):
        raise Invalid({"host_name": TAKEN})
    settings.host_name, settings.host_verified_at = name, None
    settings.host_token = secrets.token_urlsafe(24) if name else None
    db.session.flush()
    return True


def check(settings: PortalSettings, resolve: Callable[[str], list[str]] | None = None) -> bool:
    """Look whether the proof stands in DNS; tell whether the host is the reseller's.

    Claims of others to a name that is proved now end. A name that somebody else proved before
    stays theirs.
    """
    if not settings.host_name or not settings.host_token:
        return False
    found = (resolve or txt_records)(f"{PROOF}.{settings.host_name}")
    proved = settings.host_token in found
    if proved == (settings.host_verified_at is not None):
        return proved
    if not proved:
        settings.host_verified_at = None
        db.session.flush()
        return False
    return _prove(settings)


def _prove(settings: PortalSettings) -> bool:
    try:
        with db.session.begin_nested():
            settings.host_verified_at = now()
            db.session.flush()
    except IntegrityError:
        # The savepoint's end brought the row back to what it was.
        return False
    with tenancy.across_resellers():
        db.session.execute(
            update(PortalSettings)
            .where(PortalSettings.host_name == settings.host_name)
            .where(PortalSettings.host_verified_at.is_(None))
            .values(host_name=None, host_token=None)
            .execution_options(synchronize_session=False)
        )
    return True


def txt_records(name: str) -> list[str]:
    """Read the TXT records of a name; none when DNS does not know it or does not answer."""
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=PATIENCE_SECONDS)
    except dns.exception.DNSException:
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def slug_of(host: str) -> str | None:
    """Find whose proved host name this is; the caller works across resellers."""
    return db.session.scalar(
        select(Reseller.slug)
        .join(PortalSettings, PortalSettings.reseller_id == Reseller.id)
        .where(PortalSettings.host_name == host, PortalSettings.host_verified_at.is_not(None))
        .where(Reseller.is_active)
    )


def _is_proved(name: str) -> bool:
    with tenancy.across_resellers():
        theirs = select(PortalSettings.id).where(
            PortalSettings.host_name == name, PortalSettings.host_verified_at.is_not(None)
        )
        return db.session.scalar(theirs.limit(1)) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True
