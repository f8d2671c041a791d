"""Pricing the calls of some days again: first what would change for whom, then, confirmed, done.

Both go chunk by chunk, each committed with how far it has come: what is not done within a request
is gone on with in the background, after a crash too. The figures are those of a fresh import.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic

from sqlalchemy import or_, update

import audit
import rollup
import tenancy
from catalog import Invalid
from columns import now
from extensions import db
from models import Client, RerateState, Rerating, Reseller
from permissions import Actor
from usage import recounting
from usage.rating import Prices
from usage.recounting import Change
from usage.reports import Range, range_problem

LEASE = timedelta(minutes=2)
AT_ONCE = 3.0
"""Seconds that a request works before it leaves the rest to the background."""

OPEN = (RerateState.COMPARING, RerateState.WRITING)


@dataclass(frozen=True)
class Difference:
    """What changes for one client: how many calls, and micro-units before and after."""

    client_id: int
    """0 for calls of nobody."""
    calls: int
    before_micros: int
    after_micros: int

    @property
    def more_micros(self) -> int:
        """Tell how much more the client pays."""
        return self.after_micros - self.before_micros


def begin(first: date | None, last: date | None, client: Client | None, *, by: Actor) -> Rerating:
    """Begin to compare the calls of some days with the rates of today. Raises Invalid."""
    problems = {}
    if first is None:
        problems["first"] = "Write a day such as 2026-11-01."
    if last is None:
        problems["last"] = "Write a day such as 2026-11-30."
    if first and last:
        if problem := range_problem(Range(first, last)):
            problems["last"] = problem
        elif last < rollup.open_from(tenancy.current()):
            problems["last"] = "These days are in closed months, which never change."
    if problems or first is None or last is None:
        raise Invalid(problems)
    job = Rerating(
        first_day=first,
        last_day=last,
        client_id=client.id if client else None,
        staff_id=by.staff_id,
        by_name=by.name,
    )
    db.session.add(job)
    db.session.flush()
    return job


def confirm(job: Rerating, *, by: Actor) -> bool:
    """Let a compared job be written, once; False when it is not waiting for that."""
    ready = (Rerating.id == job.id, Rerating.state == RerateState.READY)
    values = {"state": RerateState.WRITING, "after_id": 0, "seen": 0, "changed": 0}
    claimed = db.session.execute(update(Rerating).where(*ready).values(differences={}, **values))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    days = f"{job.first_day.isoformat()} to {job.last_day.isoformat()}"
    thing = db.session.get(Client, job.client_id) if job.client_id else None
    audit.record(
        "calls.rerated", thing or db.session.get_one(Reseller, tenancy.current()), by, days=days
    )
    return True


def differences(job: Rerating) -> list[Difference]:
    """List what changes client by client, the largest difference first."""
    found = [Difference(int(key), *sums) for key, sums in job.differences.items()]
    return sorted(found, key=lambda one: (-abs(one.more_micros), one.client_id))


def work(job_id: int, *, seconds: float) -> int:
    """Go on with a job for some seconds unless another process does; commits; gives its chunks."""
    if not _lease(job_id):
        db.session.rollback()
        return 0
    until, done, prices = monotonic() + seconds, 0, Prices()
    while _step(job_id, prices):
        done += 1
        if monotonic() >= until:
            break
    db.session.execute(update(Rerating).where(Rerating.id == job_id).values(leased_until=None))
    db.session.commit()
    return done


def _lease(job_id: int) -> bool:
    free = or_(Rerating.leased_until.is_(None), Rerating.leased_until < now())
    mine = update(Rerating).where(Rerating.id == job_id, Rerating.state.in_(OPEN), free)
    leased = db.session.execute(mine.values(leased_until=now() + LEASE))
    db.session.commit()
    return bool(leased.rowcount == 1)  # type: ignore[attr-defined]


def _step(job_id: int, prices: Prices) -> bool:
    """Compare or write one chunk and commit it; False when none was left."""
    job = db.session.get_one(Rerating, job_id, populate_existing=True)
    span, is_writing = Range(job.first_day, job.last_day), job.state is RerateState.WRITING
    wanted = recounting.among_days(span, job.client_id)
    calls = recounting.chunk(wanted, job.after_id, lock=is_writing)
    if not calls:
        job.state = RerateState.DONE if is_writing else RerateState.READY
        job.ended_at = now()
        db.session.commit()
        return False
    changes = recounting.repriced(calls, prices, [call.client_id for call in calls])
    if is_writing:
        recounting.write(changes)
    job.after_id, job.seen = calls[-1].id, job.seen + len(calls)
    job.changed += len(changes)
    job.differences = _added(job.differences, changes)
    job.leased_until = now() + LEASE
    db.session.commit()
    return True


def _added(so_far: dict[str, list[int]], changes: Iterable[Change]) -> dict[str, list[int]]:
    sums = {key: list(values) for key, values in so_far.items()}
    for one in changes:
        total = sums.setdefault(str(one.after["client_id"] or 0), [0, 0, 0])
        total[0] += 1
        total[1] += one.before["price_micros"]
        total[2] += one.after["price_micros"]
    return sums
