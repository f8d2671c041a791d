"""Which process reads which call file: a claim on the import's row that runs out by itself."""

import os
import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update

import database
from columns import now
from extensions import db
from models import CdrImport, ImportState

LEASE = timedelta(seconds=60)
OPEN = (ImportState.WAITING, ImportState.RUNNING)
RESTING = "resting"
"""Who owns a file whose reading failed, until it is tried again."""


def new_owner() -> str:
    """Name somebody who reads call files, as nobody else is named."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:12]}"


def claim(owner: str, import_id: int | None = None) -> int | None:
    """Take the oldest file that waits, or was left by who died; commits; None when there is none.

    With ``import_id`` take that one or none. Only files that have come in whole are taken.
    """
    moment = now()
    is_free = or_(
        CdrImport.leased_until.is_(None),
        CdrImport.leased_until < moment,
        CdrImport.lease_owner == owner,
    )
    due = and_(CdrImport.state.in_(OPEN), CdrImport.size_bytes > 0, is_free)
    if import_id is not None:
        due = and_(due, CdrImport.id == import_id)
    oldest = select(CdrImport.id).where(due).order_by(CdrImport.id).limit(1)
    # Most of the time there is none; to see that takes no write lock.
    with database.reading():
        found = db.session.scalar(oldest)
        db.session.rollback()
    if found is None:
        return None
    claimed = update(CdrImport).where(CdrImport.id == found, due)
    lease = {"lease_owner": owner, "leased_until": moment + LEASE}
    taken: Any = db.session.execute(
        claimed.values(lease), execution_options={"synchronize_session": False}
    )
    db.session.commit()
    return found if taken.rowcount == 1 else None


def is_resting(row: CdrImport) -> bool:
    """Tell whether reading a file failed, so that it rests before it is tried again."""
    return row.state in OPEN and row.lease_owner == RESTING


def is_left(row: CdrImport) -> bool:
    """Tell whether whoever read a file is gone, and nobody took it up yet."""
    ends = row.leased_until
    return row.state is ImportState.RUNNING and ends is not None and ends < now()


def let_go(owner: str) -> None:
    """Leave the files of an owner that stops to the next who comes; commits."""
    mine = update(CdrImport).where(CdrImport.lease_owner == owner)
    db.session.execute(
        mine.values(lease_owner=None, leased_until=None),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()
