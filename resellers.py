"""Making a reseller with all that it needs from the first moment, and changing what it is."""

import re
from zoneinfo import available_timezones

from sqlalchemy import select

import audit
import display
import ports
from catalog import Invalid
from clients import typed
from extensions import db
from models import (
    CdrImport,
    ImportState,
    PortalSettings,
    Reseller,
    Role,
    ServicePrice,
    Staff,
    Tier,
    UsageDay,
)
from permissions import Actor

LONGEST_NAME, LONGEST_SLUG = 120, 40
FIXED = {
    "time_zone": "Calls and fees are counted already, each on a day of {}, and statements say so. "
    "The time zone stays.",
    "currency": "Amounts are counted in {} already, and statements say so. The currency stays.",
}
"""What cannot change once anything is counted, and why."""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Unusable(ValueError):
    """Something that a reseller cannot be made with; the sentence says what and what to do."""


def create(
    name: str,
    slug: str,
    owner_email: str,
    owner_name: str,
    *,
    time_zone: str = "America/New_York",
    currency: str = "USD",
) -> Staff:
    """Make a reseller with what it needs from the first moment, and give its invited owner.

    Raises Unusable for the first thing that is not well-formed, or in use already. The caller works
    across resellers and commits.
    """
    name, owner_name = _name(name, "reseller"), _name(owner_name, "owner")
    owner_email = _checked(slug, owner_email, time_zone, currency)
    _refuse_taken(slug, owner_email)
    reseller = Reseller(name=name, slug=slug, time_zone=time_zone, currency=currency)
    reseller.portal_settings = PortalSettings(company_name=name)
    db.session.add(reseller)
    db.session.flush()
    _furnish(reseller)
    owner = Staff(
        reseller_id=reseller.id,
        reseller=reseller,
        email=owner_email,
        name=owner_name,
        role=Role.OWNER,
    )
    db.session.add(owner)
    db.session.flush()
    return owner


def _name(written: str, whose: str) -> str:
    """Bring a name onto one line: it stands in subjects and senders of mails."""
    name = typed.line_of(written) or ""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Unusable(f"The {whose}'s name takes 1 to {LONGEST_NAME} characters.")
    return name


def _checked(slug: str, email: str, time_zone: str, currency: str) -> str:
    """Refuse what is not well-formed; give the address as it is stored."""
    if not 2 <= len(slug) <= LONGEST_SLUG or not _SLUG.fullmatch(slug):
        raise Unusable("The slug takes 2 to 40 small letters and digits, with dashes in between.")
    address = display.to_email(email.strip())
    if address is None:
        raise Unusable(f"{email} is not an e-mail address. Write one like olga@example.com.")
    if time_zone not in available_timezones():
        raise Unusable(f"{time_zone} is not a time zone. Write one like America/New_York.")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise Unusable(f"{currency} is not a currency. Write its three capitals, such as USD.")
    return address.lower()


def _refuse_taken(slug: str, email: str) -> None:
    if db.session.scalar(select(Reseller.id).where(Reseller.slug == slug)):
        raise Unusable(f"There is a reseller with the slug {slug} already. Choose another.")
    if db.session.scalar(select(Staff.id).where(Staff.email == email)):
        raise Unusable(f"{email} belongs to a staff member already. Use another address.")


def _furnish(reseller: Reseller) -> None:
    """Give a new reseller one tier without a price, and the usual words of ports; all editable."""
    db.session.add(Tier(reseller_id=reseller.id, label="1", name="Standard", position=1))
    db.session.add(ServicePrice(reseller_id=reseller.id, service="e911"))
    ports.furnish(reseller)


# --- Changing one ---------------------------------------------------------------------------


def has_counted(reseller: Reseller) -> bool:
    """Tell whether anything counts on a day in the reseller's zone and money, or is about to."""
    used = select(UsageDay.id).where(UsageDay.reseller_id == reseller.id)
    read = select(CdrImport.id).where(
        CdrImport.reseller_id == reseller.id, CdrImport.state != ImportState.REFUSED
    )
    return any(db.session.scalar(rows.limit(1)) is not None for rows in (used, read))


def change(reseller: Reseller, *, by: Actor, name: str | None, **chosen: str | None) -> bool:
    """Change a reseller's name, and its time zone and currency; tell whether anything changed.

    A zone or currency that was not chosen stays. Neither changes once calls or fees are counted.
    Raises Invalid with a sentence a field.
    """
    values = {"name": typed.line_of(name), **{key: one for key, one in chosen.items() if one}}
    # Held until the commit: what counts meanwhile waits for it, and is seen if it came first.
    db.session.refresh(reseller, with_for_update={"read": False})
    problems = _problems(reseller, values)
    if problems:
        raise Invalid(problems)
    changes = {
        key: [getattr(reseller, key), value]
        for key, value in values.items()
        if getattr(reseller, key) != value
    }
    for key, (_, value) in changes.items():
        setattr(reseller, key, value)
    if changes:
        audit.record("reseller.changed", reseller, by, **changes)
    return bool(changes)


def _problems(reseller: Reseller, values: dict[str, str | None]) -> dict[str, str]:
    problems = {}
    if not 1 <= len(values["name"] or "") <= LONGEST_NAME:
        problems["name"] = f"Write a name of at most {LONGEST_NAME} characters."
    if values.get("time_zone", reseller.time_zone) not in available_timezones():
        problems["time_zone"] = "Choose a time zone from the list."
    if values.get("currency", reseller.currency) not in {*display.SIGNS, reseller.currency}:
        problems["currency"] = "Choose a currency from the list."
    now = {key: getattr(reseller, key) for key in FIXED}
    moved = [key for key, value in now.items() if values.get(key, value) != value]
    if moved and not problems and has_counted(reseller):
        return {key: FIXED[key].format(now[key]) for key in moved}
    return problems
