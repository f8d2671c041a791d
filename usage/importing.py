"""Writing a call file into calls and daily sums, exactly once, in chunks that each stand alone.

A call is known by its source and transaction id. A chunk's calls and its daily sums are written in
one transaction; after a crash the file is imported again, and what was written counts as repeated.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, BinaryIO, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import audit
import rollup
import tenancy
from columns import now
from did_import.bulk import insert_rows
from extensions import db
from models import (
    Call,
    CallKind,
    CdrImport,
    CdrReject,
    ImportState,
    Reseller,
)
from permissions import Actor
from usage.profiles import VOIP_INNOVATIONS, Profile
from usage.rating import Prices
from usage.reading import BadRow, CallRow, FileRefused, open_file, rows
from usage.whose import Holders, holders_of

CHUNK = 2_000
MOST_BAD = 0.5
"""A file with a larger part of bad lines is refused whole: it is something else."""
TRIES = 3

Item = TypeVar("Item")
Key = tuple[date, int, str, CallKind]


def digest_of(stream: BinaryIO) -> str:
    """Hash a file's bytes, and go back to its beginning."""
    found = hashlib.sha256()
    while block := stream.read(1 << 20):
        found.update(block)
    stream.seek(0)
    return found.hexdigest()


def run(
    stream: BinaryIO,
    file_name: str,
    *,
    by: Actor,
    profile: Profile = VOIP_INNOVATIONS,
) -> CdrImport:
    """Import a call file of the session's reseller; commits chunk by chunk.

    ``stream`` can be read twice. A file whose lines are mostly bad is refused with nothing written;
    the returned row then says why. The same file again adds nothing; its calls count as repeated.
    """
    tenant = tenancy.current()
    row = CdrImport(
        reseller_id=tenant,
        staff_id=by.staff_id,
        file_name=file_name[:255],
        digest=digest_of(stream),
        source=profile.key,
        state=ImportState.RUNNING,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("cdr_import.started", row, by, file=row.file_name)
    db.session.commit()
    try:
        _check(stream, profile)
        worker = _Importer(row.id, tenant, profile)
        for chunk in _chunks(rows(open_file(stream), profile, now()), CHUNK):
            worker.write(chunk)
        return _end(row, ImportState.DONE)
    except FileRefused as refused:
        db.session.rollback()
        return _end(row, ImportState.REFUSED, str(refused))


def _end(row: CdrImport, state: ImportState, problem: str | None = None) -> CdrImport:
    row.state, row.problem, row.ended_at = state, problem, now()
    db.session.commit()
    return row


def _check(stream: BinaryIO, profile: Profile) -> None:
    """Read the whole file once without writing; raises FileRefused when most of it is bad."""
    good = bad = 0
    for found in rows(open_file(stream), profile, now()):
        if isinstance(found, BadRow):
            bad += 1
        else:
            good += 1
    stream.seek(0)
    if bad > MOST_BAD * (good + bad):
        raise FileRefused(
            f"{bad:,} of {good + bad:,} lines cannot be read, so nothing was imported. "
            f"Is it a file of the kind {profile.label}?"
        )


def _chunks(found: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(found)
    while chunk := list(islice(iterator, size)):
        yield chunk


class _Importer:
    """Writes the chunks of one file; knows the reseller's zone and its clients' prices."""

    def __init__(self, import_id: int, tenant: int, profile: Profile) -> None:
        self.import_id, self.tenant, self.source = import_id, tenant, profile.key
        reseller = db.session.get_one(Reseller, tenant)
        self.zone = ZoneInfo(reseller.time_zone)
        self.prices = Prices()

    def write(self, chunk: Sequence[CallRow | BadRow]) -> None:
        """Write one chunk in a transaction; another import of the same calls makes it try again."""
        for attempt in range(1, TRIES + 1):
            try:
                self._write(chunk)
                db.session.commit()
                return
            except IntegrityError:
                db.session.rollback()
                if attempt == TRIES:
                    raise

    def _write(self, chunk: Sequence[CallRow | BadRow]) -> None:
        good = [row for row in chunk if isinstance(row, CallRow)]
        bad = [row for row in chunk if isinstance(row, BadRow)]
        # Nobody closes a month while a chunk is written into it.
        first_open = rollup.open_from(self.tenant, lock=True)
        calls = self._calls(self._fresh(good), first_open)
        insert_rows(Call, calls, self.tenant)
        rollup.add_up(calls, self.tenant)
        rejects = [
            {"cdr_import_id": self.import_id, "line": r.line, "text": r.text, "reason": r.reason}
            for r in bad
        ]
        insert_rows(CdrReject, rejects, self.tenant)
        row = db.session.get_one(CdrImport, self.import_id)
        row.lines += len(chunk)
        row.added += len(calls)
        row.repeated += len(good) - len(calls)
        row.bad += len(bad)
        row.unassigned += sum(call["client_id"] is None for call in calls)

    def _fresh(self, good: list[CallRow]) -> list[CallRow]:
        """Keep the calls that are not there yet, each once."""
        by_key = {row.transaction_id: row for row in good}
        known = select(Call.transaction_id).where(
            Call.source == self.source, Call.transaction_id.in_(by_key)
        )
        for key in db.session.scalars(known):
            by_key.pop(key, None)
        return list(by_key.values())

    def _calls(self, fresh: list[CallRow], first_open: date) -> list[dict[str, Any]]:
        holders = holders_of(fresh)
        return [self._call(row, holders, first_open) for row in fresh]

    def _call(self, row: CallRow, holders: Holders, first_open: date) -> dict[str, Any]:
        number, far_end = holders.ends(row)
        client_id = holders.of(number, row.carried_by, row.started_at)
        day = row.started_at.astimezone(self.zone).date()
        price, billed = self.prices.of(client_id).price(
            row.kind, far_end, day, row.seconds, row.cost_micros, holders.tiers.get(number, "")
        )
        return {
            "cdr_import_id": self.import_id,
            "source": self.source,
            "transaction_id": row.transaction_id,
            "kind": row.kind.value,
            "started_at": row.started_at,
            "day": max(day, first_open),
            "number": number,
            "far_end": far_end,
            "carried_by": row.carried_by,
            "seconds": row.seconds,
            "billed_seconds": billed,
            "cost_micros": row.cost_micros,
            "price_micros": price,
            "client_id": client_id,
        }
