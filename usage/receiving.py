"""A call file comes in: its bytes are kept, and the same file again leads to its first import."""

from collections.abc import Iterable
from datetime import timedelta
from typing import BinaryIO, NamedTuple

from sqlalchemy import select

import audit
import tenancy
from columns import now
from database import locking
from extensions import db
from models import CdrImport, ImportState, Reseller
from permissions import Actor
from usage import pieces
from usage.leases import LEASE
from usage.profiles import VOIP_INNOVATIONS, Profile
from usage.reading import FileRefused, Lines

ABANDONED = timedelta(hours=2)
"""After this an upload that has not ended never will."""


class Received(NamedTuple):
    """An import, and whether it is of now: a file that came before has its first import."""

    row: CdrImport
    is_new: bool


def receive(
    stream: BinaryIO,
    file_name: str,
    *,
    by: Actor,
    profile: Profile = VOIP_INNOVATIONS,
    owner: str | None = None,
) -> Received:
    """Take a call file of the session's reseller in, to be read later; commits.

    The import is in the state REFUSED with the reason where the file cannot be one. ``owner`` is
    who will read it at once; with none, whoever is free will.
    """
    tenant = tenancy.current()
    row = CdrImport(
        reseller_id=tenant,
        staff_id=by.staff_id,
        file_name=file_name.replace("\0", "")[:255],
        digest="",
        source=profile.source,
        profile=profile.key,
    )
    db.session.add(row)
    db.session.commit()
    import_id = row.id
    try:
        taken = pieces.take_in(stream, import_id, tenant, lambda h: _check(h, profile))
    except FileRefused as refused:
        db.session.rollback()
        return Received(refuse(import_id, str(refused)), is_new=True)
    return _complete(import_id, taken, by, owner)


def _check(header: str, profile: Profile) -> None:
    Lines(header, profile, now())


def _complete(import_id: int, taken: pieces.Taken, by: Actor, owner: str | None) -> Received:
    """Let the file be read from now on, unless it is here already."""
    # Two uploads of one file at once: the second waits here for the first.
    db.session.scalar(locking(select(Reseller.id).where(Reseller.id == tenancy.current())))
    row = db.session.get_one(CdrImport, import_id)
    first = _first(taken.digest)
    if first is not None:
        pieces.drop(import_id)
        db.session.delete(row)
        db.session.commit()
        return Received(first, is_new=False)
    if owner:
        row.lease_owner, row.leased_until = owner, now() + LEASE
    row.digest, row.header, row.size_bytes = taken.digest, taken.header, taken.size
    row.read_bytes = row.checked_bytes = taken.start
    row.total_lines = taken.lines - 1
    audit.record("cdr_import.started", row, by, file=row.file_name)
    db.session.commit()
    return Received(row, is_new=True)


def _first(digest: str) -> CdrImport | None:
    same = select(CdrImport).where(
        CdrImport.digest == digest, CdrImport.state != ImportState.REFUSED
    )
    return db.session.scalars(same.order_by(CdrImport.id).limit(1)).first()


def refuse(import_id: int, problem: str) -> CdrImport:
    """End an import of which nothing was written, with the reason; commits."""
    row = db.session.get_one(CdrImport, import_id)
    pieces.drop(import_id)
    row.state, row.problem, row.ended_at = ImportState.REFUSED, problem, now()
    row.leased_until = row.lease_owner = None
    db.session.commit()
    return row


def drop_abandoned() -> None:
    """Refuse the uploads that broke off; works across resellers, and commits."""
    for import_id in list(_abandoned()):
        refuse(import_id, "The upload broke off. Send the file again.")


def _abandoned() -> Iterable[int]:
    return db.session.scalars(
        select(CdrImport.id).where(
            CdrImport.state == ImportState.WAITING,
            CdrImport.size_bytes == 0,
            CdrImport.created_at < now() - ABANDONED,
        )
    )
