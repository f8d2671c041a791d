"""Writing a call file into calls and daily sums, exactly once, bunch by bunch.

A call is known by its carrier and transaction id. A bunch's calls, its daily sums and the place in
the file share one transaction: after a crash the file goes on where it was, and nobody can write
the same bunch twice.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from operator import lt
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, OperationalError

import rollup
import tenancy
from columns import now
from did_import.bulk import insert_rows
from extensions import db
from models import CdrImport, CdrReject, ImportState, Reseller
from permissions import Actor
from usage import bulk, pieces, profiles
from usage.leases import LEASE, OPEN, claim, let_go, new_owner
from usage.profiles import VOIP_INNOVATIONS, Profile
from usage.rating import Prices
from usage.reading import BadRow, CallRow, FileRefused, Lines, stamp_of
from usage.receiving import receive, refuse
from usage.undoing import take_back
from usage.whose import MESSAGE, OUTWARD, Holders

CHUNK = 20_000
MOST_BAD = 0.5
"""A file with a larger part of bad lines is refused whole: it is something else."""
TRIES = 5
FOR_EVER = float("inf")
CONFLICTS = (IntegrityError, OperationalError)
"""Another import wrote the same calls in the meantime, or wants what this one holds."""

Sums = dict[rollup.Key, list[int]]


class Overtaken(Exception):
    """Somebody else goes on with this import."""


class TooOld(Exception):
    """Calls began before those that are kept, and may have been forgotten after they counted."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(f"There are calls from before {moment}.")
        self.moment = moment


def run(
    stream: BinaryIO, file_name: str, *, by: Actor, profile: Profile = VOIP_INNOVATIONS
) -> CdrImport:
    """Import a call file of the session's reseller now; commits bunch by bunch.

    A file whose content is here already gives the import of that time, carried on where it stopped.
    """
    owner = new_owner()
    row = receive(stream, file_name, by=by, profile=profile, owner=owner).row
    finish(row.id, owner)
    db.session.refresh(row)
    return row


def finish(import_id: int, owner: str) -> bool:
    """Read a file to its end, if nobody else does; commits. Gives whether it was ours to read."""
    if claim(owner, import_id) is None:
        return False
    try:
        Importer(import_id, owner).go_on(FOR_EVER)
    finally:
        db.session.rollback()
        let_go(owner)
    return True


class Importer:
    """Reads one file of the session's reseller; knows its zone and its clients' prices."""

    def __init__(self, import_id: int, owner: str | None = None) -> None:
        row = db.session.get_one(CdrImport, import_id)
        profile = profiles.named(row.profile)
        if profile is None:
            raise LookupError(f"The format {row.profile} is gone.")
        self.import_id, self.owner, self.tenant = import_id, owner, row.reseller_id
        self.source, self.label = row.source, profile.label
        self.lines = Lines(row.header or "", profile, now())
        self.writer = Writer(import_id, row.source)

    def go_on(self, seconds: float) -> bool:
        """Read on for a while, from where it was; True when there is no more to do."""
        until = time.monotonic() + seconds
        self.writer.holders = Holders()
        try:
            return self._check(until) and self._read(until) and self._end(until)
        except FileRefused as refused:
            db.session.rollback()
            refuse(self.import_id, str(refused))
            return True
        except Overtaken:
            db.session.rollback()
            return True

    def _row(self) -> CdrImport:
        return db.session.get_one(CdrImport, self.import_id, populate_existing=True)

    def _check(self, until: float) -> bool:
        """Read before writing until most lines could be read, or the file ends."""
        row = self._row()
        at, good, bad = row.checked_bytes, row.checked_good, row.checked_bad
        size = row.size_bytes
        db.session.rollback()
        for raws, end in pieces.bunches(self.import_id, at, CHUNK):
            found = self.lines.read_all(0, raws)
            wrong = sum(isinstance(one, BadRow) for one in found)
            good, bad = good + len(found) - wrong, bad + wrong
            before, at = at, end if _is_mostly_bad(good, bad) else size
            self._move("checked_bytes", before, at, checked_good=good, checked_bad=bad)
            db.session.commit()
            if at >= size:
                break
            if time.monotonic() >= until:
                return False
        # Also when the process died between the last commit and the judgement.
        if _is_mostly_bad(good, bad):
            raise FileRefused(self._too_bad(good, bad))
        return True

    def _too_bad(self, good: int, bad: int) -> str:
        return (
            f"{bad:,} of {good + bad:,} lines cannot be read, so nothing was imported. "
            f"Is it a file of the kind {self.label}?"
        )

    def _read(self, until: float) -> bool:
        row = self._row()
        at, line, size = row.read_bytes, row.lines + 2, row.size_bytes
        db.session.rollback()
        for raws, end in pieces.bunches(self.import_id, at, CHUNK):
            with _uncollected():
                self._write(line, raws, at, end)
            at, line = end, line + len(raws)
            if time.monotonic() >= until:
                break
        return at >= size

    def _write(self, line: int, raws: list[bytes], at: int, end: int) -> None:
        """Write one bunch in a transaction; another import of the same calls makes it try again."""
        found = self.lines.read_all(line, raws)
        for attempt in range(1, TRIES + 1):
            try:
                self._move("read_bytes", at, end, state=ImportState.RUNNING)
                counts = self.writer.write(found)
                self._count(len(raws), counts)
                db.session.commit()
                return
            except (TooOld, *CONFLICTS) as error:
                db.session.rollback()
                if attempt == TRIES:
                    raise
                if isinstance(error, TooOld):
                    self.lines.refuse_before(error.moment)
                    found = self.lines.read_all(line, raws)

    def _move(self, place: str, at: int, end: int, **values: Any) -> None:
        """Move the place in the file, if it still is where this process knows it to be."""
        mine = update(CdrImport).where(
            CdrImport.id == self.import_id,
            CdrImport.state.in_(OPEN),
            getattr(CdrImport, place) == at,
        )
        lease = {"leased_until": now() + LEASE, "lease_owner": self.owner}
        moved: Any = db.session.execute(
            mine.values({place: end, **lease, **values}),
            execution_options={"synchronize_session": False},
        )
        if moved.rowcount != 1:
            raise Overtaken

    def _count(self, lines: int, counts: dict[str, int]) -> None:
        added = {name: getattr(CdrImport, name) + count for name, count in counts.items()}
        db.session.execute(
            update(CdrImport)
            .where(CdrImport.id == self.import_id)
            .values(lines=CdrImport.lines + lines, **added),
            execution_options={"synchronize_session": False},
        )

    def _end(self, until: float) -> bool:
        row = self._row()
        good = row.added + row.repeated
        if row.state in OPEN and (row.problem or _is_mostly_bad(good, row.bad)):
            # It began well, and most of it is bad all the same: it is taken back.
            row.problem = row.problem or self._too_bad(good, row.bad)
            db.session.commit()
            return take_back(self.import_id, until)
        if row.state in OPEN:
            row.state, row.ended_at = ImportState.DONE, now()
            row.leased_until = row.lease_owner = None
            pieces.drop(self.import_id)
        db.session.commit()
        return True


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles from walking over a bunch's rows time and again.

    That takes a fifth of an import, and no row is part of a cycle.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _is_mostly_bad(good: int, bad: int) -> bool:
    return bad > MOST_BAD * (good + bad)


class Writer:
    """Writes lines that were read as calls and daily sums of the session's reseller."""

    def __init__(self, import_id: int, source: str) -> None:
        self.import_id, self.source, self.tenant = import_id, source, tenancy.current()
        self.zone = ZoneInfo(
            db.session.scalars(select(Reseller.time_zone).where(Reseller.id == self.tenant)).one()
        )
        self.prices, self.holders = Prices(), Holders()
        self.overlaps = False
        """Whether a call came that was there already, as few files have any."""
        self.days: dict[str, date] = {}
        """By the hour in UTC; one in which a day begins is not here, but its minutes are."""

    def write(self, found: Sequence[CallRow | BadRow]) -> dict[str, int]:
        """Write lines and tell what became of them; the caller commits.

        Raises TooOld, before anything is written, for lines that must be read again.
        """
        good = [row for row in found if isinstance(row, CallRow)]
        bad = [row for row in found if isinstance(row, BadRow)]
        # Nobody closes a month while a bunch is written into it, or begins to forget calls.
        first_open = rollup.open_from(self.tenant, lock=True)
        self._refuse_old(good)
        calls, sums = self._add(_each_once(good), first_open)
        rollup.add_sums(sums, self.tenant)
        self._set_aside(bad)
        nobodys = [call[-1] for call in calls].count(None)
        return {
            "added": len(calls),
            "repeated": len(good) - len(calls),
            "bad": len(bad),
            "unassigned": nobodys,
        }

    def _refuse_old(self, good: list[CallRow]) -> None:
        kept_from = db.session.scalar(
            select(Reseller.calls_forgotten_before).where(Reseller.id == self.tenant)
        )
        if kept_from is None or not good:
            return
        if min(row.stamp for row in good) < stamp_of(kept_from):
            raise TooOld(kept_from)

    def _set_aside(self, bad: list[BadRow]) -> None:
        rejects = [
            {"cdr_import_id": self.import_id, "line": r.line, "text": r.text, "reason": r.reason}
            for r in bad
        ]
        insert_rows(CdrReject, rejects, self.tenant)

    def _add(self, once: list[CallRow], first_open: date) -> tuple[list[bulk.Row], Sums]:
        """Insert the calls that are not there yet; gives them, and what they add up to.

        The unique key tells whether one is there. It is asked beforehand once it had to tell.
        """
        if not self.overlaps:
            try:
                with db.session.begin_nested():
                    return self._insert(once, first_open)
            except IntegrityError:
                self.overlaps = True
        known = bulk.known_keys(self.source, [row.transaction_id for row in once])
        return self._insert([row for row in once if row.transaction_id not in known], first_open)

    def _insert(self, fresh: list[CallRow], first_open: date) -> tuple[list[bulk.Row], Sums]:
        self.holders.learn(fresh)
        calls, sums = self._calls(fresh, first_open)
        bulk.insert_calls(self.import_id, calls)
        return calls, sums

    def _calls(self, fresh: list[CallRow], first_open: date) -> tuple[list[bulk.Row], Sums]:
        """Price calls, tell whose they are and on which day they count, and add them up."""
        holders, pricings, days, source = self.holders, self.prices.clients, self.days, self.source
        spans_of, tier_of, nobodys = holders.numbers.get, holders.tiers.get, holders.nobodys
        sums: Sums = {}
        texts: dict[date, str] = {}
        calls = []
        for row in fresh:
            _, kind, stamp, far_end, number, seconds, cost, key, host = row
            if kind in OUTWARD:
                number, far_end = far_end, number
            elif kind == MESSAGE:
                number, far_end = holders.ends(row)
            client = None
            for began, ended, holder in spans_of(number, ()):
                if began <= stamp < ended:
                    client = holder
                    break
            else:
                if host:
                    client = nobodys(host, stamp)
            day = days.get(stamp[:13]) or self._day(row)
            pricing = pricings.get(client) or self.prices.of(client)
            price, billed = pricing.price_of(kind, far_end, day, seconds, cost, tier_of(number, ""))
            if day < first_open:
                day = first_open
            total = sums.get(whole := (day, client, number, kind))
            if total is None:
                sums[whole] = [1, billed, cost, price]
            else:
                total[0] += 1
                total[1] += billed
                total[2] += cost
                total[3] += price
            text = texts.get(day) or texts.setdefault(day, day.isoformat())
            what = (source, key, kind, stamp, text, number, far_end, host)
            calls.append((*what, seconds, billed, cost, price, client))
        return calls, sums

    def _day(self, row: CallRow) -> date:
        """Tell the day in the reseller's zone; no zone changes its day within a minute."""
        if len(self.days) > 100_000:
            self.days.clear()
        hour, minute = row.stamp[:13], row.stamp[:16]
        if minute in self.days:
            return self.days[minute]
        first, last = (
            datetime.fromisoformat(f"{hour}:{rest}+00:00").astimezone(self.zone).date()
            for rest in ("00", "59")
        )
        if first == last:
            found = self.days[hour] = first
        else:
            found = self.days[minute] = row.started_at.astimezone(self.zone).date()
        return found


def _each_once(good: Sequence[CallRow]) -> list[CallRow]:
    """Keep each call once, as it came first, in the order of their ids.

    In one order, so that two imports at once wait for each other instead of locking up.
    """
    keys = [row.transaction_id for row in good]
    if all(map(lt, keys, keys[1:])):
        return list(good)
    by_key = dict(zip(reversed(keys), reversed(good), strict=True))
    return [by_key[key] for key in sorted(by_key)]
