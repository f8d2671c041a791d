"""Making a reseller: the row, its portal settings, its owner, its first tiers and port statuses."""

from sqlalchemy import select

from extensions import db
from models import PortalSettings, PortStatus, Reseller, Role, ServicePrice, Staff, Tier

PORT_STATUSES = (
    ("submitted", "Submitted", "active", "We have sent your request to your current provider."),
    ("exception", "Question", "active", "Your current provider has a question; see the comments."),
    ("foc_confirmed", "Date confirmed", "active", "The date of the move is confirmed."),
    ("completed", "Completed", "completed", "Your numbers have moved."),
    ("cancelled", "Cancelled", "completed", "This move was cancelled."),
)


class Taken(ValueError):
    """A slug or an address that is in use already; the sentence says which."""


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

    Raises Taken when the slug or the owner's address is in use. The caller works across resellers
    and commits.
    """
    _refuse_taken(slug, owner_email)
    reseller = Reseller(name=name, slug=slug, time_zone=time_zone, currency=currency)
    reseller.portal_settings = PortalSettings(company_name=name)
    db.session.add(reseller)
    db.session.flush()
    _furnish(reseller)
    owner = Staff(
        reseller_id=reseller.id,
        reseller=reseller,
        email=owner_email.strip().lower(),
        name=owner_name,
        role=Role.OWNER,
    )
    db.session.add(owner)
    db.session.flush()
    return owner


def _refuse_taken(slug: str, email: str) -> None:
    if db.session.scalar(select(Reseller.id).where(Reseller.slug == slug)):
        raise Taken(f"There is a reseller with the slug {slug} already. Choose another.")
    if db.session.scalar(select(Staff.id).where(Staff.email == email.strip().lower())):
        raise Taken(f"{email} belongs to a staff member already. Use another address.")


def _furnish(reseller: Reseller) -> None:
    """Give a new reseller one tier without a price, and the usual steps of a port; all editable."""
    db.session.add(Tier(reseller_id=reseller.id, label="1", name="Standard", position=1))
    db.session.add(ServicePrice(reseller_id=reseller.id, service="e911"))
    for position, (key, label, bucket, text) in enumerate(PORT_STATUSES, start=1):
        db.session.add(
            PortStatus(
                reseller_id=reseller.id,
                key=key,
                label=label,
                bucket=bucket,
                client_text=text,
                position=position,
            )
        )
