"""The ledger of charges beside calls: set-up fees, monthly fees and adjustments, each made once.

A monthly fee is charged in advance: from its first day to the end of that month, by days, then each
month on its first day. What ends gives back the days after the last one that is paid. A day is paid
by whoever has the thing at any moment of it. A charge stands in the transaction of what causes it.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, cast, func, insert, literal, or_, select

import audit
import display
import rollup
import tenancy
import together
from catalog import Invalid
from columns import now
from database import locking
from extensions import db
from models import Charge, ChargeKind, Client, MonthlyFee, Order, Reseller
from permissions import Actor

CHUNK = 1_000
MOST_MICROS = 1_000_000 * 1_000_000
NUMBER = "did"
"""The subject of the fee for a number itself; others are services and ``e911``."""


# --- What runs from month to month ----------------------------------------------------------------


def begin(
    client_id: int,
    number: str,
    subject: str,
    monthly_micros: int,
    *,
    cost_micros: int = 0,
    order_id: int | None = None,
) -> None:
    """Let a monthly fee run from today, and charge the rest of this month.

    What runs already at the same price goes on; at another price, the new one holds from today.
    """
    running = _running(client_id, number, [subject])
    if running and running[0].monthly_micros == monthly_micros:
        return
    day = this_day()
    for fee in running:
        _end(fee, day - timedelta(days=1))
    if not monthly_micros and not cost_micros:
        return
    fee = MonthlyFee(
        reseller_id=tenancy.current(),
        client_id=client_id,
        number=number,
        subject=subject,
        monthly_micros=monthly_micros,
        cost_monthly_micros=cost_micros,
        order_id=order_id,
        started_on=day,
    )
    db.session.add(fee)
    _charge([fee], day.replace(day=1))


def begin_many(fees: Sequence[Mapping[str, Any]]) -> None:
    """Let the fees of many new numbers run from today; ``charge_due`` charges them.

    A fee has ``client_id``, ``number``, ``monthly_micros`` and ``cost_monthly_micros``.
    """
    shared = {"reseller_id": tenancy.current(), "subject": NUMBER, "started_on": this_day()}
    rows = [
        {**fee, **shared} for fee in fees if fee["monthly_micros"] or fee["cost_monthly_micros"]
    ]
    if rows:
        db.session.execute(insert(MonthlyFee), rows)


def end(client_id: int, number: str, *subjects: str) -> None:
    """End the fees of a number from tomorrow on, and give back what was charged beyond today."""
    for fee in _running(client_id, number, subjects):
        _end(fee, this_day())


def end_number(client_id: int, number: str) -> None:
    """End the fees of a number that goes, and of its services; an address of 911 is its own."""
    for fee in _running(client_id, number, ()):
        if fee.subject != "e911":
            _end(fee, this_day())


def charge_due() -> int:
    """Charge every running fee for the months up to this one that are not charged; gives how many.

    A month is charged late when nothing ran on its first day. Where to go on from is kept apart
    from the charges: a fee that begins charges itself, and says nothing of what others still owe.
    """
    day, made = this_day(), 0
    reseller = db.session.get_one(Reseller, tenancy.current())
    month = min(reseller.fees_charged_through or _first_of_all() or day, day).replace(day=1)
    while month <= day:
        for fees in _uncharged(month):
            made += _charge(fees, month)
        reseller.fees_charged_through, month = month, next_month(month)
    return made


def _first_of_all() -> date | None:
    first: date | None = db.session.scalar(select(func.min(MonthlyFee.started_on)))
    return first


def setup(
    order: Order, number: str, subject: str, price_micros: int, *, cost_micros: int = 0
) -> None:
    """Charge a set-up fee of an order that is carried out; the same one is charged once."""
    if price_micros or cost_micros:
        _insert(
            [
                {
                    **_row(order.client_id, ChargeKind.SETUP, number, subject),
                    "key": f"setup:{order.id}:{number}:{subject}",
                    "price_micros": price_micros,
                    "cost_micros": cost_micros,
                    "order_id": order.id,
                }
            ]
        )


def adjust(
    client: Client, price_micros: int, reason: str, *, by: Actor, key: str, number: str = ""
) -> bool:
    """Write an amount for or (negative) against a client, with a reason that the client reads.

    ``key`` comes with the form: sent twice, it is written once. False when it stood there already.
    Raises Invalid.
    """
    reason = " ".join(reason.split())
    problems = {}
    if not reason:
        problems["reason"] = "Say why; the client reads it on its statement."
    if len(reason) > 200:
        problems["reason"] = "Say it in at most 200 characters."
    if not price_micros:
        problems["amount"] = "Write an amount above 0, such as 12.50."
    elif abs(price_micros) > MOST_MICROS:
        problems["amount"] = f"Write an amount up to {display.money(MOST_MICROS)}."
    if problems:
        raise Invalid(problems)
    made = _insert(
        [
            {
                **_row(client.id, ChargeKind.ADJUSTMENT, number, ""),
                "key": f"adjust:{key}"[:80],
                "price_micros": price_micros,
                "reason": reason,
                "staff_id": by.staff_id,
            }
        ]
    )
    if made:
        audit.record("client.adjusted", client, by, amount_micros=price_micros, reason=reason)
    return bool(made)


# --- Months -----------------------------------------------------------------------------------


def close_month(month: date, *, by: Actor) -> bool:
    """Close a month that is over, and all before it: nothing in them ever changes again.

    ``month`` is its first day. False when it was closed already. Raises Invalid for one that is
    not over.
    """
    tenant = tenancy.current()
    lock = locking(select(Reseller).where(Reseller.id == tenant))
    reseller = db.session.scalars(lock.execution_options(populate_existing=True)).one()
    last = next_month(month) - timedelta(days=1)
    if last >= this_day():
        raise Invalid({"month": f"{month:%B %Y} is not over yet. Close it from {_after(last)} on."})
    if reseller.closed_through is not None and reseller.closed_through >= last:
        return False
    charge_due()
    reseller.closed_through = last
    audit.record("month.closed", reseller, by, through=last.isoformat())
    db.session.flush()
    return True


def _after(last: date) -> str:
    day = last + timedelta(days=1)
    return f"{day:%B} {day.day}, {day.year}"


def this_day() -> date:
    """Tell today in the time zone of the session's reseller."""
    reseller = db.session.get_one(Reseller, tenancy.current())
    return rollup.today(reseller.time_zone, now())


next_month = rollup.next_month


def part(monthly_micros: int, first: date, last: date) -> int:
    """Price some days of one month, both ends included; rounded half up to the micro-unit.

    Nothing is due when ``last`` lies before ``first``.
    """
    days = max((last - first).days + 1, 0)
    whole = monthrange(first.year, first.month)[1]
    return (2 * monthly_micros * days + whole) // (2 * whole)


# --- Rows of the ledger -------------------------------------------------------------------------


def running_fees(numbers: Iterable[str]) -> dict[str, list[MonthlyFee]]:
    """Read the running fees of many numbers, whoever pays them."""
    found: dict[str, list[MonthlyFee]] = {number: [] for number in numbers}
    wanted = select(MonthlyFee).where(MonthlyFee.number.in_(found), MonthlyFee.ended_on.is_(None))
    for fee in db.session.scalars(wanted):
        found[fee.number].append(fee)
    return found


def _running(client_id: int, number: str, subjects: Sequence[str]) -> list[MonthlyFee]:
    batch = together.kept()
    known = batch.running_fees.pop(number, None) if batch else None
    if known is not None:
        mine = [fee for fee in known if fee.client_id == client_id]
        return [fee for fee in mine if not subjects or fee.subject in subjects]
    wanted = select(MonthlyFee).where(
        MonthlyFee.client_id == client_id,
        MonthlyFee.number == number,
        MonthlyFee.ended_on.is_(None),
    )
    if subjects:
        wanted = wanted.where(MonthlyFee.subject.in_(subjects))
    return list(db.session.scalars(wanted))


def _end(fee: MonthlyFee, last: date) -> None:
    """End a fee; ``last`` is the last day that is paid, which may lie before the first."""
    month = this_day().replace(day=1)
    _charge([fee], month)
    _give_back(fee, month, last)
    fee.ended_on = last
    db.session.flush()


def _give_back(fee: MonthlyFee, month: date, last: date) -> None:
    first, until = _span(fee, month)
    charged = (fee.monthly_micros, fee.cost_monthly_micros)
    price, cost = (part(micros, first, min(last, until)) for micros in charged)
    full_price, full_cost = (part(micros, first, until) for micros in charged)
    if (price, cost) == (full_price, full_cost):
        return
    row = _row(fee.client_id, ChargeKind.MONTHLY, fee.number, fee.subject)
    row |= {
        "fee": (fee, f"{month:%Y-%m}:end"),
        "first_day": max(first, last + timedelta(days=1)),
        "last_day": until,
        "price_micros": price - full_price,
        "cost_micros": cost - full_cost,
        "order_id": fee.order_id,
    }
    _insert([row])


def _span(fee: MonthlyFee, month: date) -> tuple[date, date]:
    """Tell which days of a month a fee is charged for while nobody knows that it ends."""
    return max(fee.started_on, month), next_month(month) - timedelta(days=1)


def _uncharged(month: date) -> Iterable[list[MonthlyFee]]:
    """Go through the fees that run in a month and were not charged for it, in chunks."""
    key = literal("fee:") + cast(MonthlyFee.id, String) + literal(f":{month:%Y-%m}")
    is_charged = select(Charge.id).where(Charge.reseller_id == MonthlyFee.reseller_id)
    wanted = (
        select(MonthlyFee)
        .where(
            MonthlyFee.started_on < next_month(month),
            or_(MonthlyFee.ended_on.is_(None), MonthlyFee.ended_on >= month),
            ~is_charged.where(Charge.key == key).exists(),
        )
        .order_by(MonthlyFee.id)
        .limit(CHUNK)
    )
    while fees := list(db.session.scalars(wanted)):
        yield fees


def _charge(fees: list[MonthlyFee], month: date) -> int:
    """Charge fees for one month, each once; gives how many were new."""
    rows = []
    for fee in fees:
        first, until = _span(fee, month)
        row = _row(fee.client_id, ChargeKind.MONTHLY, fee.number, fee.subject)
        row |= {
            "fee": (fee, f"{month:%Y-%m}"),
            "first_day": first,
            "last_day": until,
            "day": first,
            "price_micros": part(fee.monthly_micros, first, until),
            "cost_micros": part(fee.cost_monthly_micros, first, until),
            "order_id": fee.order_id,
        }
        rows.append(row)
    return _insert(rows)


def _row(client_id: int, kind: ChargeKind, number: str, subject: str) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "kind": kind.value,
        "day": this_day(),
        "first_day": None,
        "last_day": None,
        "number": number,
        "subject": subject,
        "cost_micros": 0,
        "reason": None,
        "order_id": None,
        "monthly_fee_id": None,
        "staff_id": None,
        "created_at": now(),
    }


def _insert(rows: list[dict[str, Any]]) -> int:
    """Write charges that are not there yet, and add them to the daily sums; gives how many."""
    batch = together.kept()
    if batch is not None:
        batch.charges += rows
        return len(rows)
    return write(rows, rollup.open_from(tenancy.current(), lock=True))


def write(rows: list[dict[str, Any]], first_open: date) -> int:
    """Write charges as ``_row`` makes them, the first open day being known and locked."""
    if not rows:
        return 0
    tenant = tenancy.current()
    rollup.wait_to_charge(tenant)
    db.session.flush()
    for row in rows:
        if "fee" in row:
            # Its id is known from now on; of many fees it comes with one statement.
            fee, name = row.pop("fee")
            row |= {"key": f"fee:{fee.id}:{name}", "monthly_fee_id": fee.id}
        row["reseller_id"] = tenant
        row["day"] = max(row["day"], first_open)
    statement = (
        rollup.dialect()
        .insert(Charge)
        .on_conflict_do_nothing(index_elements=["reseller_id", "key"])
        .returning(Charge.key)
        .execution_options(render_nulls=True)
    )
    made = set(db.session.scalars(statement, rows))
    fresh = [row | {"calls": 0} for row in rows if row["key"] in made]
    rollup.add_up(fresh, tenant)
    return len(fresh)
