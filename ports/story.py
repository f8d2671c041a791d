"""What every step of a port shares: its line in the story, its locks, and the reseller's today."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

import audit
import display
import tenancy
from catalog import Invalid
from clients import typed
from columns import now
from database import locking
from extensions import db
from models import Port, PortEvent, Reseller
from permissions import Actor

LONGEST_TEXT = 2000


def step(
    port: Port, by: Actor, action: str, text: str, *, is_private: bool = False, **changes: Any
) -> None:
    """Leave one event in a port's story and one audit entry; the port must have been flushed."""
    event = PortEvent(
        reseller_id=port.reseller_id,
        port_id=port.id,
        staff_id=by.staff_id or by.impersonator_id,
        by_name=audit.full_name(by)[:120],
        text=text,
        is_private=is_private,
    )
    db.session.add(event)
    audit.record(f"port.{action}", port, by, **changes)
    db.session.flush()


def lock(port: Port) -> None:
    """Let one person at a time change a port, and read it as it stands now."""
    again = locking(select(Port).where(Port.id == port.id))
    db.session.execute(again.execution_options(populate_existing=True))


def lock_numbers() -> None:
    """Let one person at a time enter numbers, so that none comes into two ports."""
    mine = select(Reseller.id).where(Reseller.id == tenancy.current())
    db.session.execute(locking(mine))


def today() -> date:
    """Tell the date at the reseller's."""
    reseller = db.session.get_one(Reseller, tenancy.current())
    return now().astimezone(ZoneInfo(reseller.time_zone)).date()


def read_date(text: str | None, field: str, problems: dict[str, str]) -> date | None:
    """Read a date as a form sends it, 2026-11-30; none typed is none."""
    written = typed.text_of(text)
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        problems[field] = f"“{written[:40]}” is not a date. Write one like 2026-11-30."
        return None


def refuse_past(value: date | None, field: str, problems: dict[str, str]) -> None:
    """Refuse a date that is over."""
    if value is not None and value < today():
        problems[field] = f"{display.day(value)} is in the past. Choose today or a later day."
    elif value is not None and value.year > today().year + 2:
        problems[field] = f"{display.day(value)} is more than two years away. Correct the year."


def read_text(text: str | None, field: str, longest: int = LONGEST_TEXT) -> str | None:
    """Read a text of some lines; raises Invalid when it is too long."""
    kept = typed.text_of(text)
    if kept and len(kept) > longest:
        raise Invalid({field: f"This is too long; write at most {longest:,} characters."})
    return kept
