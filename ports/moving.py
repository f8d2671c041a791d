"""A port's steps: its status, its confirmed date, the standing of its numbers, and comments."""

from collections.abc import Sequence

import display
from catalog import Invalid
from clients import typed
from columns import now
from extensions import db
from models import Port, PortNumber, PortStatus
from permissions import Actor
from ports import entering, words
from ports.story import lock, lock_numbers, read_date, read_text, refuse_past, step


def move(
    port: Port, status: PortStatus, *, by: Actor, seen: int | None = None, note: str | None = None
) -> bool:
    """Move a port to a status, with a note that the client reads; False when it is there.

    ``seen`` is the status's id that the person saw: a port that somebody else has moved since is
    left alone. Raises Invalid.
    """
    said = read_text(note, "note")
    lock_numbers()
    lock(port)
    if port.status_id == status.id:
        return False
    if seen is not None and seen != port.status_id:
        sentence = f"Somebody else has just moved this port to {port.status.label}. Look again."
        raise Invalid({"status_id": sentence})
    if status.bucket == words.ACTIVE and port.status.bucket != words.ACTIVE:
        _refuse_clash(port)
    enter(port, status, by, "moved", said)
    return True


def enter(port: Port, status: PortStatus, by: Actor, action: str, note: str | None) -> None:
    """Put a port into a status and leave the step; ``move`` and ``complete`` have asked."""
    before = port.status.label
    port.status, port.status_id = status, status.id
    if port.submitted_at is None and status.key not in (*words.NOT_SENT, words.CANCELLED):
        port.submitted_at = now()
    port.completed_at = None if status.bucket == words.ACTIVE else now()
    db.session.flush()
    text = f"{status.label}. {note}" if note else f"{status.label}."
    step(port, by, action, text, status=[before, status.label], note=note)


def _refuse_clash(port: Port) -> None:
    numbers = [row.number for row in port.numbers]
    for sentence in entering.elsewhere(numbers, port.id).values():
        raise Invalid({"status_id": sentence})


def set_foc(port: Port, text: str | None, *, by: Actor) -> bool:
    """Set the confirmed date, or clear it; tell whether it changed."""
    problems: dict[str, str] = {}
    lock(port)
    entering.refuse_ended(port, "foc_date")
    chosen = read_date(text, "foc_date", problems)
    if chosen != port.foc_date and not problems:
        refuse_past(chosen, "foc_date", problems)
    if chosen and port.requested_foc and chosen < port.requested_foc and not problems:
        requested = display.day(port.requested_foc)
        problems["foc_date"] = (
            f"{display.day(chosen)} is before the requested date, {requested}. Choose that day or "
            "a later one, or change the requested date first."
        )
    if problems:
        raise Invalid(problems)
    if chosen == port.foc_date:
        return False
    before, port.foc_date = port.foc_date, chosen
    db.session.flush()
    said = f"The numbers move on {display.day(chosen)}." if chosen else "The date is open again."
    days = [day.isoformat() if day else None for day in (before, chosen)]
    step(port, by, "dated", said, foc_date=days)
    return True


def set_numbers(
    port: Port,
    rows: Sequence[PortNumber],
    status: PortStatus | None,
    reason: str | None,
    *,
    by: Actor,
) -> int:
    """Give numbers of a port a status and a reason of their own; gives how many changed.

    No status means that they stand as the port does.
    """
    lock(port)
    text = typed.line_of(reason)
    if not rows:
        raise Invalid({"chosen": "Choose at least one number."})
    if text and len(text) > words.LONGEST_REASON:
        sentence = f"This is too long; write at most {words.LONGEST_REASON} characters."
        raise Invalid({"reason": sentence})
    key = status.id if status else None
    changed = [row for row in rows if (row.status_id, row.reason) != (key, text)]
    for row in changed:
        row.status_id, row.reason = key, text
    db.session.flush()
    if changed:
        numbers = [row.number for row in changed]
        label = status.label if status else "as the port"
        said = f"{entering.in_words(numbers)}: {label}.{f' {text}' if text else ''}"
        step(port, by, "numbers_set", said, numbers=numbers, status=label, reason=text)
    return len(changed)


def comment(port: Port, text: str | None, *, is_private: bool, by: Actor) -> None:
    """Add a comment to a port's story, for the client too or for staff only."""
    said = read_text(text, "text")
    if not said:
        raise Invalid({"text": "Write the comment."})
    action = "noted_privately" if is_private else "commented"
    step(port, by, action, said, is_private=is_private, comment=said)
