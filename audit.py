"""Who did what, as whom and from where; entries are added in the transaction of the act."""

from typing import Any

import tenancy
import together
from extensions import db
from models import AuditEntry, Staff
from permissions import Actor


def record(action: str, thing: Any, by: Actor, **changes: Any) -> AuditEntry:
    """Add an audit entry about a row; ``changes`` maps a field to its new value or [old, new].

    The row must have been flushed, since the entry names its id.
    """
    entry = AuditEntry(**line(action, thing, by, changes))
    together.add(entry)
    return entry


def line(action: str, thing: Any, by: Actor, changes: dict[str, Any]) -> dict[str, Any]:
    """Give the columns of an entry, for who writes it by another connection.

    Raises TypeError for a thing that has no name for people to read.
    """
    name = str(thing)
    if name == repr(thing):
        raise TypeError(f"{type(thing).__name__} says nothing of itself: give it a __str__.")
    return {
        "reseller_id": getattr(thing, "reseller_id", None) or tenancy.current(),
        "staff_id": by.staff_id or by.impersonator_id,
        "login_id": by.login_id,
        "by_name": full_name(by),
        "ip": by.ip,
        "user_agent": (by.user_agent or "")[:255] or None,
        "request_id": by.request_id,
        "action": action,
        "object_type": type(thing).__name__,
        "object_id": thing.id,
        "object_name": name[:255],
        "changes": changes,
    }


def full_name(by: Actor) -> str:
    """Name the actor; with staff behind a login, both (P8)."""
    if by.impersonator_id is None:
        return by.name
    staff = db.session.get(Staff, by.impersonator_id)
    return f"{staff.name if staff else 'Staff'} as {by.name}"
