"""The demo's calls and fees: clients that began on different days, each with a story to see.

Acme is steady, Birch had one wild day, Cedar came lately and grows. The call files come in through
the door that all files do; only when somebody began is written here, since no door leads back.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select

import charging
import rollup
import tenancy
from extensions import db
from models import (
    CallKind,
    Charge,
    ChargeKind,
    Client,
    Did,
    DidAssignment,
    MonthlyFee,
    Rate,
    RatePlan,
    Reseller,
)
from permissions import SYSTEM
from sample_data import make_cdrs
from usage import importing

DAYS = 75
"""How far back the call files go."""
RATES = {
    CallKind.INBOUND: (15_000, 0),
    CallKind.OUTBOUND: (29_000, 0),
    CallKind.TOLL_FREE: (39_000, 0),
    CallKind.MESSAGE: (0, 12_000),
}
"""What the demo's clients pay: micro-units a minute, and a message."""
CALLS_A_DAY = 18
"""For each number; a client that grows has fewer in its first weeks."""
WILD_CALLS = 600
STRAY = "+13035550142"
"""A number in the call files that no client has."""


# --- When they began ----------------------------------------------------------------------------


def begin_long_ago(days: Mapping[int, int]) -> None:
    """Let clients have begun so many days ago, by id, with all that they have now."""
    today = charging.this_day()
    for client in db.session.scalars(select(Client).where(Client.id.in_(days))):
        began = today - timedelta(days=days[client.id])
        client.created_at = _morning(began)
        for held in _of(DidAssignment, client):
            held.started_at = _morning(began)
        for did in _of(Did, client):
            did.activated_at = _morning(began)
        for fee in _of(MonthlyFee, client):
            fee.started_on = began
    _charge_anew()


def _of(model: Any, client: Client) -> Iterable[Any]:
    return db.session.scalars(select(model).where(model.client_id == client.id))


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(14), UTC)


def _charge_anew() -> None:
    """Take the monthly fees that were charged for today off, and charge them since they began."""
    monthly = Charge.kind == ChargeKind.MONTHLY
    columns = ("day", "client_id", "number", "kind", "cost_micros", "price_micros")
    rows = db.session.execute(select(*(getattr(Charge, name) for name in columns)).where(monthly))
    taken = [dict(zip(columns, row, strict=True)) | {"calls": 0} for row in rows]
    rollup.drop_empty(rollup.add_up([], tenancy.current(), less=taken))
    db.session.execute(delete(Charge).where(monthly))
    db.session.get_one(Reseller, tenancy.current()).fees_charged_through = None
    db.session.flush()
    charging.charge_due()


# --- What they used -----------------------------------------------------------------------------


def load() -> None:
    """Price calls, and import those of every client since it began; commits."""
    today = charging.this_day()
    first = today - timedelta(days=DAYS)
    _plan(first)
    for place, client in enumerate(db.session.scalars(select(Client).order_by(Client.id)).all()):
        began = max(client.created_at.date() + timedelta(days=1), first)
        numbers = _numbers_since(client, began)
        if place == 0:
            # One that nobody uses, and one that calls for nobody: both lists have something.
            numbers[-1:] = [STRAY]
        _import(_lines(numbers, began, today, seed=place), f"{began:%Y%m%d}_{today:%Y%m%d}_{place}")
        if place == 1:
            wild = _working_day_before(today)
            lines = make_cdrs.lines(numbers[:1], wild, 1, seed=911, a_day=WILD_CALLS)
            _import(lines, f"{wild:%Y%m%d}_again")


def _plan(first: date) -> None:
    """Make the plan that every client of the demo has."""
    plan = RatePlan(name="Standard", markup_basis_points=3_000)
    for kind, (minute, unit) in RATES.items():
        rate = Rate(kind=kind, minute_micros=minute, unit_micros=unit, starts_on=first)
        rate.minimum_seconds, rate.increment_seconds = 30, 6
        plan.rates.append(rate)
    db.session.add(plan)
    db.session.flush()
    for client in db.session.scalars(select(Client)):
        client.rate_plan_id = plan.id
    db.session.commit()


def _numbers_since(client: Client, day: date) -> list[str]:
    """List the numbers that a client has had since before a day."""
    held = select(Did.number).join(DidAssignment, DidAssignment.did_id == Did.id)
    mine = held.where(
        DidAssignment.client_id == client.id, DidAssignment.started_at < _morning(day)
    )
    return list(db.session.scalars(mine.order_by(Did.number)))


def _lines(numbers: Sequence[str], first: date, today: date, seed: int) -> Iterable[str]:
    """Write a client's calls up to yesterday; what came lately begins with half of them."""
    usual = CALLS_A_DAY * len(numbers)
    days = (today - first).days
    slow = days // 3 if days < DAYS else 0
    yield from make_cdrs.lines(numbers, first, slow, seed, a_day=usual // 2)
    rest = make_cdrs.lines(numbers, first + timedelta(slow), days - slow, seed, a_day=usual)
    yield from (line for line in rest if line != make_cdrs.HEADER)


def _working_day_before(today: date) -> date:
    """Give a working day of the last week."""
    recent = (today - timedelta(days=n) for n in range(2, 7))
    return next(day for day in recent if day.weekday() < 5)


def _import(lines: Iterable[str], name: str) -> None:
    # Whose a message between strangers is cannot be told: the stray number only calls.
    text = "\n".join((*(line for line in lines if not _is_message_of_nobody(line)), ""))
    importing.run(io.BytesIO(text.encode()), f"{name}.CDR", by=SYSTEM)


def _is_message_of_nobody(line: str) -> bool:
    return line.startswith("SMS;") and STRAY[2:] in line
