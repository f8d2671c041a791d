"""Writing a call file into calls and daily sums, exactly once, in chunks that each stand alone.

A call is known by its source and transaction id. A chunk's calls and its daily sums are written in
one transaction; after a crash the file is imported again, and what was written counts as repeated.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

import audit
import tenancy
from columns import now
from did_import.bulk import among, insert_rows
from extensions import db
from models import (
    Call,
    CallKind,
    CdrImport,
    CdrReject,
    Client,
    Did,
    DidAssignment,
    ImportState,
    RatePlan,
    Reseller,
    UsageDay,
)
from permissions import Actor
from usage.profiles import VOIP_INNOVATIONS, Profile
from usage.rating import Pricing
from usage.reading import BadRow, CallRow, FileRefused, open_file, rows

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
        self.prices = pricings()

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
        fresh = self._fresh(good)
        calls = self._calls(fresh)
        insert_rows(Call, calls, self.tenant)
        add_up(calls, self.tenant)
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

    def _calls(self, fresh: list[CallRow]) -> list[dict[str, Any]]:
        ends = sorted({end for row in fresh for end in (row.ani, row.dnis) if end.startswith("+1")})
        holders = holders_of([end for end in ends if len(end) == 12])
        return [self._call(row, holders) for row in fresh]

    def _call(self, row: CallRow, holders: "Holders") -> dict[str, Any]:
        number, far_end = ends_of(row, holders)
        client_id = holders.at(number, row.started_at)
        day = row.started_at.astimezone(self.zone).date()
        price, billed = self.prices.of(client_id).price(
            row.kind, far_end, day, row.seconds, row.cost_micros
        )
        return {
            "cdr_import_id": self.import_id,
            "source": self.source,
            "transaction_id": row.transaction_id,
            "kind": row.kind.value,
            "started_at": row.started_at,
            "day": day,
            "number": number,
            "far_end": far_end,
            "seconds": row.seconds,
            "billed_seconds": billed,
            "cost_micros": row.cost_micros,
            "price_micros": price,
            "client_id": client_id,
        }


# --- Whose call it is ---------------------------------------------------------------------------


class Holders:
    """Who held some numbers from when to when, and which of them are the reseller's at all."""

    def __init__(self, own: set[str], spans: Iterable[tuple[str, int, datetime, Any]]) -> None:
        self.own = own
        self.spans: dict[str, list[tuple[datetime, datetime | None, int]]] = defaultdict(list)
        for number, client_id, started_at, ended_at in spans:
            self.spans[number].append((started_at, ended_at, client_id))

    def at(self, number: str, moment: datetime) -> int | None:
        """Tell which client held a number at a moment; None for nobody."""
        for started_at, ended_at, client_id in self.spans.get(number, ()):
            if started_at <= moment and (ended_at is None or moment < ended_at):
                return client_id
        return None


def holders_of(numbers: list[str]) -> Holders:
    """Read who held these numbers, with one query each for numbers and for assignments."""
    own = set(db.session.scalars(select(Did.number).where(among(Did.number, numbers))))
    spans = db.session.execute(
        select(
            DidAssignment.number,
            DidAssignment.client_id,
            DidAssignment.started_at,
            DidAssignment.ended_at,
        ).where(among(DidAssignment.number, numbers))
    )
    return Holders(own, [tuple(span) for span in spans])  # type: ignore[misc]


def ends_of(row: CallRow, holders: Holders) -> tuple[str, str]:
    """Tell the reseller's own number of a call, and the far end."""
    if row.kind in (CallKind.OUTBOUND, CallKind.E911):
        return row.ani, row.dnis
    if row.kind is CallKind.MESSAGE and row.ani in holders.own and row.dnis not in holders.own:
        return row.ani, row.dnis
    return row.dnis, row.ani


# --- Prices and sums ----------------------------------------------------------------------------


class _Prices:
    def __init__(self, by_client: dict[int, int], plans: dict[int, Pricing]) -> None:
        self.by_client, self.plans, self.none = by_client, plans, Pricing(None)

    def of(self, client_id: int | None) -> Pricing:
        """Give the pricing of a client; without a plan the price is the cost."""
        return self.plans.get(self.by_client.get(client_id or 0, 0), self.none)


def pricings() -> _Prices:
    """Read every rate plan, and which client has which."""
    plans = db.session.scalars(select(RatePlan).options(selectinload(RatePlan.rates))).all()
    having = select(Client.id, Client.rate_plan_id).where(Client.rate_plan_id.is_not(None))
    by_client: dict[int, int] = dict(db.session.execute(having).all())  # type: ignore[arg-type]
    return _Prices(by_client, {plan.id: Pricing(plan, plan.rates) for plan in plans})


def add_up(calls: Sequence[dict[str, Any]], tenant: int) -> None:
    """Add calls to the daily sums, in the transaction that writes them."""
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for call in calls:
        total = sums[call["day"], call["client_id"], call["number"], call["kind"]]
        total[0] += 1
        total[1] += call["billed_seconds"]
        total[2] += call["cost_micros"]
        total[3] += call["price_micros"]
    if not sums:
        return
    dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(UsageDay)
    added = ("calls", "billed_seconds", "cost_micros", "price_micros")
    statement = statement.on_conflict_do_update(
        index_elements=["reseller_id", "day", "owner", "number", "kind"],
        set_={name: getattr(UsageDay, name) + statement.excluded[name] for name in added},
    )
    values = [
        {
            "reseller_id": tenant,
            "day": day,
            "client_id": client_id,
            "owner": client_id or 0,
            "number": number,
            "kind": kind,
            **dict(zip(added, total, strict=True)),
        }
        # In one order, so that two imports at once wait for each other instead of locking up.
        for (day, client_id, number, kind), total in sorted(
            sums.items(), key=lambda item: (item[0][0], item[0][1] or 0, item[0][2], item[0][3])
        )
    ]
    db.session.execute(statement.execution_options(render_nulls=True), values)
