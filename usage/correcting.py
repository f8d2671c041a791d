"""Bad lines of a call file put right: read again, and written where they are calls now."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update

import audit
from columns import now
from database import locking
from extensions import db
from models import CdrImport, CdrReject
from permissions import Actor
from usage import profiles
from usage.importing import CONFLICTS, TRIES, TooOld, Writer
from usage.reading import BadRow, CallRow, FileRefused, Lines

MOST = 5_000
"""Lines that are read again at once."""


class Outcome(NamedTuple):
    """How many lines became calls, how many of these were known already, how many are still bad."""

    settled: int = 0
    repeated: int = 0
    bad: int = 0


def open_lines(import_id: int) -> list[CdrReject]:
    """List the bad lines of an import that nobody has put right, at most ``MOST``."""
    return list(
        db.session.scalars(
            select(CdrReject)
            .where(CdrReject.cdr_import_id == import_id, CdrReject.settled_at.is_(None))
            .order_by(CdrReject.line, CdrReject.id)
            .limit(MOST)
        )
    )


def put_right(import_id: int, texts: Mapping[int, str], *, by: Actor) -> Outcome:
    """Read lines again, each as it is written now; ``texts`` is by their ids. Commits.

    A line that is still bad keeps what was written, with the new reason. Doing it twice is as once:
    a line that became a call is not read again.
    """
    kept_from = None
    for attempt in range(1, TRIES + 1):
        try:
            outcome = _put_right(import_id, texts, by, kept_from)
            db.session.commit()
            return outcome
        except (TooOld, *CONFLICTS) as error:
            db.session.rollback()
            if attempt == TRIES:
                raise
            if isinstance(error, TooOld):
                kept_from = error.moment
    raise AssertionError("The last try returns or raises.")


def _put_right(
    import_id: int, texts: Mapping[int, str], by: Actor, kept_from: datetime | None
) -> Outcome:
    # The lock makes two people's corrections of one file follow each other.
    row = db.session.scalars(locking(select(CdrImport).where(CdrImport.id == import_id))).one()
    lines = _reader(row)
    if kept_from is not None:
        lines.refuse_before(kept_from)
    good: list[CallRow] = []
    wrong = 0
    for reject in _wanted(import_id, texts):
        text = " ".join(texts[reject.id].splitlines())
        found = lines.read_text(reject.line, text)
        if text != reject.text:
            reject.corrected = text
        if isinstance(found, CallRow):
            reject.settled_at = now()
            good.append(found)
        else:
            wrong += 1
            reject.reason = found.reason if isinstance(found, BadRow) else "The line is empty."
    repeated = _write(row, good, by)
    return Outcome(len(good), repeated, wrong)


def _reader(row: CdrImport) -> Lines:
    profile = profiles.named(row.profile)
    if profile is None:
        raise FileRefused("The format of this file is gone. Describe it again under the same name.")
    return Lines(row.header or "", profile, now())


def _wanted(import_id: int, texts: Mapping[int, str]) -> list[CdrReject]:
    return [reject for reject in open_lines(import_id) if reject.id in texts]


def _write(row: CdrImport, good: list[CallRow], by: Actor) -> int:
    if not good:
        return 0
    db.session.flush()
    counts = Writer(row.id, row.source).write(good)
    db.session.execute(
        update(CdrImport)
        .where(CdrImport.id == row.id)
        .values(
            bad=CdrImport.bad - len(good),
            added=CdrImport.added + counts["added"],
            repeated=CdrImport.repeated + counts["repeated"],
            unassigned=CdrImport.unassigned + counts["unassigned"],
        ),
        execution_options={"synchronize_session": False},
    )
    db.session.expire(row)
    audit.record("cdr_import.corrected", row, by, lines=len(good))
    return counts["repeated"]
