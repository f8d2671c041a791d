"""What Portico does by itself in the background; each step commits its own transaction.

Who runs these, and when, is ``outbox``'s loop. All work here may be repeated after a crash.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

import alerts
import carriers
import carrying
import charging
import tenancy
import workflow
from carriers import Answer
from carriers.inventory import lock
from columns import now
from extensions import db
from models import Order, OrderState, Rerating, Reseller
from statements import mailing
from usage import rerating

log = logging.getLogger(__name__)


def carry_out_due() -> int:
    """Ask the carriers for every approved order whose time has come; give how many were asked."""
    with tenancy.across_resellers():
        due = carrying.due_orders()
    db.session.rollback()
    return sum(_alone(_carry_out_one, reseller_id, order_id) for reseller_id, order_id in due)


def _alone(step: Callable[..., int], *about: int) -> int:
    """Take one step of a job; one that fails is logged and stops none of those behind it."""
    try:
        return step(*about)
    except Exception:
        log.exception("%s%s failed", step.__name__, about)
        db.session.rollback()
        return 0


def _carry_out_one(reseller_id: int, order_id: int) -> bool:
    with tenancy.acting_for(reseller_id):
        if not carrying.claim(order_id):
            db.session.rollback()
            return False
        # Committed first: an order that cannot even be read then waits its turn like any other.
        db.session.commit()
        order = db.session.get_one(Order, order_id)
        carrier = carriers.of(order.client.reseller)
        asked, round_ = carrying.jobs(order), order.round
        # No transaction stays open over the wire: a slow carrier must not hold the database.
        db.session.commit()
    answers = _ask_all(carrier, asked)
    with tenancy.acting_for(reseller_id):
        _take_answers(order_id, round_, answers)
        db.session.commit()
    return True


def _ask_all(carrier: carriers.Carrier, asked: dict[int, carriers.Job]) -> dict[int, Answer]:
    """Ask line by line; after an exception nobody knows, so the line goes on waiting."""
    answers = {}
    for position, job in asked.items():
        try:
            answers[position] = carrier.carry_out(job)
        except Exception:
            log.exception("The carrier did not answer for %s", job.key)
    return answers


def _take_answers(order_id: int, round_: int, answers: dict[int, Answer]) -> None:
    order = db.session.get_one(Order, order_id, populate_existing=True)
    if order.round != round_ or order.state is not OrderState.APPROVED:
        return
    lock(line.did_id for line in order.lines)
    workflow.finish(order, answers)
    if order.state is OrderState.APPROVED and order.attempts >= carrying.MOST_ATTEMPTS:
        workflow.give_up(order, "No answer came. Try again, or ask your provider.")


def rerate_due() -> int:
    """Go on with pricing calls again where nobody does; gives how many chunks were done."""
    with tenancy.across_resellers():
        due = list(db.session.execute(select(Rerating.reseller_id, Rerating.id).where(OPEN)))
    db.session.rollback()
    done = 0
    for reseller_id, job_id in due:
        with tenancy.acting_for(reseller_id):
            done += rerating.work(job_id, seconds=rerating.AT_ONCE)
    return done


OPEN = Rerating.state.in_(rerating.OPEN)

LEDGER: tuple[Callable[[], int], ...] = (charging.charge_due, mailing.send_due, alerts.send_due)
"""What is due by the calendar and by what was used; each can be done again without harm."""


NEVER = datetime.min.replace(tzinfo=UTC)


class Seldom:
    """A job that a process does at most once in a while, however often it is asked."""

    def __init__(self, job: Callable[[], int], every: timedelta) -> None:
        self.job, self.every, self.next_at = job, every, NEVER
        self.__name__ = job.__name__

    def __call__(self) -> int:
        """Do the job if its time has come; gives how much was done."""
        moment = now()
        if moment < self.next_at:
            return 0
        self.next_at = moment + self.every
        return self.job()


def keep_ledger() -> int:
    """Charge what is due, mail statements and alerts, reseller by reseller."""
    with tenancy.across_resellers():
        resellers = list(db.session.scalars(select(Reseller.id).where(Reseller.is_active)))
    db.session.rollback()
    return sum(_alone(_keep_ledger_of, reseller_id) for reseller_id in resellers)


def _keep_ledger_of(reseller_id: int) -> int:
    done = 0
    with tenancy.acting_for(reseller_id):
        for job in LEDGER:
            done += job()
            db.session.commit()
    return done
