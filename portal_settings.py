"""What a reseller's portal and mails wear (P32): checked field by field, recorded when changed."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import audit
import brand
import hosts
import logo
from catalog import Invalid
from clients import typed
from extensions import db
from models import PortalSettings
from permissions import Actor

LENGTHS = {
    "company_name": 120,
    "support_phone": 32,
    "support_hours": 120,
    "address": 500,
    "mail_from_name": 120,
    "mail_footer": 500,
}
LINKS = ("help_url", "terms_url", "privacy_url")
ADDRESSES = ("support_email", "mail_reply_to")
SEVERAL_LINES = ("address", "mail_footer")
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: text on the colour of buttons, and links in the accent."""

PAPER = "#ffffff"
"""The light pages' ground; on dark ones the accent is moved until it can be read."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")


def checked(details: Mapping[str, Any]) -> dict[str, Any]:
    """Clean what was typed; raises Invalid with a sentence for every field that is wrong."""
    problems: dict[str, str] = {}
    values: dict[str, Any] = {name: _text(details, name, problems) for name in LENGTHS}
    if not values["company_name"]:
        problems["company_name"] = "Write the name that your clients know you by."
    values["brand_colour"] = _brand_colour(str(details.get("brand_colour") or ""), problems)
    values["accent_colour"] = _accent_colour(str(details.get("accent_colour") or ""), problems)
    for name in ADDRESSES:
        text = typed.text_of(details.get(name))
        values[name] = typed.address_of(text, name, problems) if text else None
    for name in LINKS:
        values[name] = _link(typed.text_of(details.get(name)), name, problems)
    values["hide_prices"] = bool(details.get("hide_prices"))
    if problems:
        raise Invalid(problems)
    return values


def change(
    settings: PortalSettings,
    *,
    by: Actor,
    picture: bytes | None = None,
    remove_logo: bool = False,
    host_name: str | None = None,
    **details: Any,
) -> bool:
    """Change what the portal wears; tell whether anything changed.

    ``picture`` is a new logo as it was sent. Raises Invalid, and changes nothing.
    """
    values = checked(details)
    drawn = logo.redrawn(picture) if picture is not None else None
    changes: dict[str, Any] = {
        name: [getattr(settings, name), value]
        for name, value in values.items()
        if getattr(settings, name) != value
    }
    host_before = settings.host_name
    if hosts.claim(settings, host_name):
        changes["host_name"] = [host_before, settings.host_name]
    if drawn is not None:
        settings.logo, settings.logo_type = drawn, "image/png"
        changes["logo"] = ["", "a new picture"]
    elif remove_logo and settings.logo_type:
        settings.logo = settings.logo_type = None
        changes["logo"] = ["a picture", ""]
    if not changes:
        return False
    for name, value in values.items():
        setattr(settings, name, value)
    settings.version += 1
    db.session.flush()
    audit.record("portal_settings.changed", settings, by, **changes)
    return True


def check_host(settings: PortalSettings, *, by: Actor) -> bool:
    """Look whether the host name is proved by now, and record what changed; tell the result."""
    before = settings.host_verified_at is not None
    proved = hosts.check(settings)
    if proved != before:
        verb = "verified" if proved else "lost"
        audit.record(f"portal_settings.host_{verb}", settings, by, host_name=settings.host_name)
    return proved


def _text(details: Mapping[str, Any], name: str, problems: dict[str, str]) -> str | None:
    text = typed.text_of(details.get(name))
    if text and name not in SEVERAL_LINES:
        text = " ".join(text.split())
    if text and len(text) > LENGTHS[name]:
        problems[name] = f"This is too long; write at most {LENGTHS[name]} characters."
    return text


def _brand_colour(text: str, problems: dict[str, str]) -> str:
    """Read the colour of buttons, on which text stands in black or white."""
    colour = text.strip().lower()
    ground = brand.readable_on(colour) if _COLOUR.fullmatch(colour) else ""
    return _readable(colour, ground, "brand_colour", "Text on this colour", problems)


def _accent_colour(text: str, problems: dict[str, str]) -> str | None:
    """Read the colour of links, which are text on white; None leaves it to the other colour."""
    colour = text.strip().lower()
    if not colour:
        return None
    return _readable(colour, PAPER, "accent_colour", "A link in this colour", problems)


def _readable(colour: str, ground: str, name: str, what: str, problems: dict[str, str]) -> str:
    """Check that a colour can be read on, or under, another; name the nearest that can."""
    if not _COLOUR.fullmatch(colour):
        problems[name] = "Write a colour like #1f5f8b."
        return colour
    ratio = brand.contrast(colour, ground)
    if ratio < LEAST_CONTRAST:
        problems[name] = (
            f"{what} has a contrast of {ratio:.1f} to 1 and cannot be read; it needs "
            f"{LEAST_CONTRAST} to 1. The nearest that can is {brand.readable(colour, ground)}."
        )
    return colour


def _link(text: str | None, name: str, problems: dict[str, str]) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if len(text) > 500 or parts.scheme not in ("http", "https") or not parts.hostname:
        problems[name] = "Write a whole address, such as https://www.example.com/terms."
    return text
