"""The statuses of ports and the reasons for a hold-up: the reseller's own lists, and their first.

The first list is the data dictionary's; labels, sentences and order are for the reseller to change.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, select

import audit
import display
import tenancy
from catalog import Invalid
from clients import typed
from extensions import db
from models import Port, PortNumber, PortReason, PortStatus, Reseller
from permissions import Actor

ACTIVE = "active"
COMPLETED, CANCELLED, QUESTION = "completed", "cancelled", "exception"
PERMANENT = (QUESTION, COMPLETED, CANCELLED)
"""Keys that Portico itself asks for; their words can be changed, they cannot be removed."""

NOT_SENT = ("draft", "pending_signature")
"""Keys of the statuses before a port has been sent to the losing provider."""

BUCKETS = {ACTIVE: "Active", COMPLETED: "Completed"}

STATUSES = (
    ("draft", "Draft", ACTIVE, "We are preparing your request."),
    ("pending_signature", "Waiting for signature", ACTIVE, "Please sign the letter we sent you."),
    ("submitted", "Submitted", ACTIVE, "We have sent your request to your current provider."),
    ("in_process", "In process", ACTIVE, "Your current provider is working on the request."),
    (QUESTION, "Question", ACTIVE, "Your current provider has a question; see the comments."),
    ("foc_confirmed", "Date confirmed", ACTIVE, "The date of the move is confirmed."),
    ("cancel_pending", "Being cancelled", ACTIVE, "We have asked to stop this move."),
    (COMPLETED, "Completed", COMPLETED, "Your numbers have moved."),
    (CANCELLED, "Cancelled", COMPLETED, "This move was cancelled."),
)
"""Key, label, bucket, what the client reads (data-dictionary b2)."""

REASONS = (
    "The account number does not match your current provider's records.",
    "The name on the account does not match your current provider's records.",
    "The service address does not match your current provider's records.",
    "The ZIP code does not match your current provider's records.",
    "The billing number does not match your current provider's records.",
    "The person who signed is not authorised on the account.",
    "The PIN or passcode is missing or wrong.",
    "The letter of authorisation or a recent bill is missing.",
    "The number is not active with your current provider.",
    "The number carries a special feature that must be removed first.",
    "The account is frozen; ask your current provider to lift the freeze.",
    "The main billing number moves; say what happens to the numbers that stay.",
    "This number cannot be moved from its rate centre.",
    "The numbers are with different providers; the request must be split.",
    "The confirmed date has passed; a new one must be asked for.",
    "Your current provider does not answer; we have asked again.",
)
"""Plain words for the data dictionary's exception codes."""

MOST_REASONS, LONGEST_REASON = 50, 255


def furnish(reseller: Reseller) -> None:
    """Give a reseller the usual statuses and reasons."""
    for position, (key, label, bucket, text) in enumerate(STATUSES, start=1):
        words = {"label": label, "bucket": bucket, "client_text": text, "position": position}
        db.session.add(PortStatus(reseller_id=reseller.id, key=key, **words))
    for position, text in enumerate(REASONS, start=1):
        db.session.add(PortReason(reseller_id=reseller.id, text=text, position=position))
    db.session.flush()


def statuses() -> list[PortStatus]:
    """List the statuses in their order."""
    rows = select(PortStatus).order_by(PortStatus.position, PortStatus.id)
    return list(db.session.scalars(rows))


def reasons() -> list[str]:
    """List the reasons in their order."""
    rows = select(PortReason.text).order_by(PortReason.position, PortReason.id)
    return list(db.session.scalars(rows))


def first_status() -> PortStatus:
    """Give the status that a new port begins with; raises Invalid when there is none."""
    for status in statuses():
        if status.bucket == ACTIVE:
            return status
    raise Invalid({"": "There is no active status yet. Make one under Port Words first."})


# --- Changing the lists ---------------------------------------------------------------------------


def save_statuses(rows: Mapping[str, Mapping[str, str | None]], *, by: Actor) -> int:
    """Change the statuses, and make one under the key ``new``; gives how many changed.

    ``rows`` maps a status's id to its label, client_text, bucket and position as typed. Raises
    Invalid, whose fields are ``<column>-<id>``, and changes nothing.
    """
    problems: dict[str, str] = {}
    known = {str(status.id): status for status in statuses()}
    read = {
        key: _read(key, values, known.get(key), problems)
        for key, values in rows.items()
        if key in known or (key == "new" and typed.text_of(values.get("label")))
    }
    _refuse_same_labels(read, problems)
    if problems:
        raise Invalid(problems)
    return sum(_write(known.get(key), values, by) for key, values in read.items())


def _read(
    key: str,
    values: Mapping[str, str | None],
    status: PortStatus | None,
    problems: dict[str, str],
) -> dict[str, Any]:
    label = typed.line_of(values.get("label")) or ""
    text = typed.line_of(values.get("client_text"))
    bucket, place = values.get("bucket") or ACTIVE, (values.get("position") or "").strip()
    if not 1 <= len(label) <= 80:
        problems[f"label-{key}"] = "Write a name of at most 80 characters."
    if len(text or "") > 500:
        problems[f"client_text-{key}"] = "This is too long; write at most 500 characters."
    if not (place.isascii() and place.isdigit() and 1 <= int(place[:4]) <= 999):
        problems[f"position-{key}"] = "Write a place from 1 to 999."
    if sentence := _bucket_problem(bucket, status):
        problems[f"bucket-{key}"] = sentence
    found = {"label": label, "client_text": text, "bucket": bucket}
    return found | {"position": int(place[:4]) if f"position-{key}" not in problems else 0}


def _bucket_problem(bucket: str, status: PortStatus | None) -> str | None:
    if bucket not in BUCKETS:
        return "Choose active or completed."
    if status is None or bucket == status.bucket:
        return None
    if status.key in PERMANENT:
        return f"{status.label} stays {BUCKETS[status.bucket].lower()}."
    count = used_by(status)
    if count:
        stand = display.plural(count, "port stands", "ports stand")
        return f"{stand} in it. Move those first."
    return None


def _refuse_same_labels(read: Mapping[str, Mapping[str, Any]], problems: dict[str, str]) -> None:
    seen: set[str] = set()
    for key, values in read.items():
        if values["label"].lower() in seen:
            problems.setdefault(f"label-{key}", f"There is a status {values['label']} already.")
        seen.add(values["label"].lower())


def _write(status: PortStatus | None, values: dict[str, Any], by: Actor) -> int:
    is_new = status is None
    if status is None:
        status = PortStatus(reseller_id=tenancy.current(), key=_new_key(values["label"]))
        db.session.add(status)
    changes = {
        key: [None if is_new else getattr(status, key), value]
        for key, value in values.items()
        if is_new or getattr(status, key) != value
    }
    for key, value in values.items():
        setattr(status, key, value)
    db.session.flush()
    if changes:
        verb = "created" if is_new else "changed"
        audit.record(f"port_status.{verb}", status, by, **changes)
    return int(bool(changes))


def _new_key(label: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:34] or "status"
    taken = set(db.session.scalars(select(PortStatus.key)))
    return next(k for k in (stem, *(f"{stem}_{n}" for n in range(2, 9999))) if k not in taken)


def used_by(status: PortStatus) -> int:
    """Count the ports that a status is in use by: for itself, or for one of its numbers."""
    inside = select(PortNumber.port_id).where(PortNumber.status_id == status.id)
    ports = select(func.count(Port.id)).where(or_(Port.status_id == status.id, Port.id.in_(inside)))
    return db.session.scalar(ports) or 0


def remove_status(status: PortStatus, *, by: Actor) -> None:
    """Remove a status that no port uses; raises Invalid with the reason why not."""
    count = used_by(status)
    if status.key in PERMANENT:
        raise Invalid({"": f"{status.label} is needed. Change its words instead."})
    if count:
        ports = display.plural(count, "port")
        raise Invalid({"": f"{status.label} is used by {ports}. Move them first."})
    others = [s for s in statuses() if s.bucket == ACTIVE and s.key not in PERMANENT]
    if others == [status]:
        raise Invalid({"": f"New ports begin as {status.label}. Make another active one first."})
    audit.record("port_status.removed", status, by)
    db.session.delete(status)
    db.session.flush()


def save_reasons(text: str, *, by: Actor) -> bool:
    """Replace the reasons by those typed, one a line; tell whether anything changed."""
    lines = filter(None, (typed.line_of(line) for line in text.splitlines()))
    wanted, before = list(dict.fromkeys(lines)), reasons()
    long = next((line for line in wanted if len(line) > LONGEST_REASON), None)
    if long is not None:
        sentence = f"“{long[:40]}…” is too long; write at most {LONGEST_REASON} characters."
        raise Invalid({"reasons": sentence})
    if len(wanted) > MOST_REASONS:
        sentence = f"Write at most {MOST_REASONS} reasons; these are {len(wanted)}."
        raise Invalid({"reasons": sentence})
    if wanted == before:
        return False
    reseller = db.session.get_one(Reseller, tenancy.current())
    for row in db.session.scalars(select(PortReason)).all():
        db.session.delete(row)
    db.session.flush()
    for position, line in enumerate(wanted, start=1):
        db.session.add(PortReason(reseller_id=reseller.id, text=line, position=position))
    db.session.flush()
    audit.record("port_reasons.changed", reseller, by, reasons=[before, wanted])
    return True
