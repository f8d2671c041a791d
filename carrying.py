"""Asking a carrier to do an order's lines, and taking its answers; not the moves of the order.

The embedded carrier answers in the transaction of the approval. A remote one is asked by the job
``carry_out_due``: the order is claimed and committed, the carrier is asked with no transaction
open, then the answers are taken. A crash in between asks again with the same keys.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

import audit
import carriers
import together
from carriers import Answer, Job, Outcome
from carriers.inventory import CannotCarryOut, record
from columns import now
from extensions import db
from models import LineResult, Login, Order, OrderLine, OrderState
from permissions import login_actor

LEASE = timedelta(minutes=5)
LADDER = (10, 30, 60, 300, 900, 3600)
"""Seconds until a carrier is asked again, the last one for every further time."""

MOST_ATTEMPTS = 48
CANNOT_BE_DONE = (CannotCarryOut, IntegrityError)
"""What a line fails by. In a batch it takes its order back, which is done again line by line."""


def is_immediate(order: Order) -> bool:
    """Tell whether the reseller's carrier answers at once."""
    return carriers.of(order.client.reseller).answers_at_once


def jobs(order: Order) -> dict[int, Job]:
    """List what is still to be done of an order, by the lines' positions."""
    slug = order.client.reseller.slug
    return {
        line.position: Job(
            f"{slug}:{order.number}:{line.position}:r{order.round}",
            line.number,
            dict(line.current),
            dict(line.requested),
        )
        for line in order.lines
        if line.result is LineResult.WAITING
    }


def ask(order: Order) -> dict[int, Answer]:
    """Ask the carrier that answers at once."""
    carrier = carriers.of(order.client.reseller)
    return {position: carrier.carry_out(job) for position, job in jobs(order).items()}


def settle(order: Order, answers: dict[int, Answer]) -> None:
    """Write each answer into its line; a done line is recorded, or fails by itself.

    The caller has locked the order's numbers.
    """
    by_name = _asker(order)
    for line in order.lines:
        answer = answers.get(line.position)
        if line.result is not LineResult.WAITING or answer is None:
            continue
        if answer.outcome is Outcome.REFUSED:
            line.result, line.error = LineResult.FAILED, answer.reason or "It was refused."
        elif answer.outcome is Outcome.DONE:
            _record_line(line, order, by_name)


def _record_line(line: OrderLine, order: Order, by_name: str) -> None:
    batch = together.kept()
    try:
        if batch is not None and not batch.line_by_line:
            record(line, order.client, by_name)
        else:
            with together.savepoint():
                record(line, order.client, by_name)
    except CANNOT_BE_DONE as problem:
        if batch is not None and not batch.line_by_line:
            raise
        line.result = LineResult.FAILED
        line.error = (
            str(problem)
            if isinstance(problem, CannotCarryOut)
            else "The number is in use elsewhere."
        )
    else:
        line.result, line.error, line.done_at = LineResult.DONE, None, now()


def _asker(order: Order) -> str:
    login = db.session.get(Login, order.login_id) if order.login_id else None
    return audit.full_name(login_actor(login)) if login else "Staff"


def postpone(order: Order) -> None:
    """Ask again later, ever more rarely."""
    step = LADDER[min(order.attempts, len(LADDER) - 1)]
    order.carry_out_at = now() + timedelta(seconds=step)
    order.attempts += 1


def reasons(order: Order) -> str:
    """Join what went wrong, line by line, for staff."""
    return " ".join(sorted({line.error for line in order.lines if line.error}))


# --- The steps of the job; each is a transaction of its own -----------------------------------


def due_orders() -> list[tuple[int, int]]:
    """List (reseller id, order id) of approved orders whose time has come, oldest first."""
    found = db.session.execute(
        select(Order.reseller_id, Order.id)
        .where(Order.state == OrderState.APPROVED, Order.carry_out_at <= now())
        .order_by(Order.carry_out_at)
        .limit(50)
    )
    return [(reseller_id, order_id) for reseller_id, order_id in found]


def claim(order_id: int) -> bool:
    """Take an order for one asking; of several processes one gets it."""
    moment = now()
    claimed: Any = db.session.execute(
        update(Order)
        .where(
            Order.id == order_id,
            Order.state == OrderState.APPROVED,
            Order.carry_out_at <= moment,
        )
        .values(carry_out_at=moment + LEASE)
        .execution_options(synchronize_session=False)
    )
    return bool(claimed.rowcount == 1)
