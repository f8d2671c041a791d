"""Reasons for a rejection that staff use again and again; which one is used is theirs to choose."""

from sqlalchemy import select

import audit
import tenancy
from catalog import Invalid
from extensions import db
from models import RejectReason, Reseller
from permissions import Actor

MOST = 30
LONGEST = 500


def reasons() -> list[str]:
    """List the reseller's reasons in their order."""
    return list(db.session.scalars(select(RejectReason.text).order_by(RejectReason.position)))


def save(typed: str, *, by: Actor) -> bool:
    """Replace the reasons by those typed, one a line; tell whether anything changed.

    Raises Invalid for too many, or one that is too long.
    """
    wanted = list(dict.fromkeys(line.strip() for line in typed.splitlines() if line.strip()))
    long = next((line for line in wanted if len(line) > LONGEST), None)
    if long is not None:
        raise Invalid(
            {"reasons": f"“{long[:40]}…” is too long; write at most {LONGEST} characters."}
        )
    if len(wanted) > MOST:
        raise Invalid({"reasons": f"Write at most {MOST} reasons; these are {len(wanted)}."})
    before = reasons()
    if wanted == before:
        return False
    for row in db.session.scalars(select(RejectReason)).all():
        db.session.delete(row)
    db.session.flush()
    reseller = db.session.get_one(Reseller, tenancy.current())
    for position, text in enumerate(wanted, 1):
        db.session.add(RejectReason(reseller_id=reseller.id, text=text, position=position))
    db.session.flush()
    audit.record("reject_reasons.changed", reseller, by, reasons=[before, wanted])
    return True
