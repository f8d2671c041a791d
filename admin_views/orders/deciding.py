"""Deciding orders for the screens: one, or many in one transaction; commits nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import abort, request
from sqlalchemy import select

import batching
import workflow
from admin_views.base import to_id
from admin_views.orders import queue
from batching import Batch
from database import locking
from extensions import db
from models import Order, OrderState
from permissions import Actor, Permission
from policy import Refused
from workflow import Verb

LONGEST_REASON = 2_000

Act = Callable[[Order, Actor, str], Order]
ActOfBatch = Callable[[Order, Actor, str, Batch], object]
ACTS: dict[Verb, Act] = {
    Verb.APPROVE: lambda order, by, reason: workflow.approve(order, by),
    Verb.REJECT: workflow.reject,
    Verb.UNDO_REJECTION: workflow.undo_rejection,
    Verb.RETRY: lambda order, by, reason: workflow.retry(order, by),
}
ACTS_OF_BATCH: dict[Verb, ActOfBatch] = {
    Verb.APPROVE: lambda order, by, reason, batch: workflow.approve(order, by, batch),
    Verb.REJECT: workflow.reject,
}


def check_may_decide(by: Actor) -> None:
    """Answer 403 to staff who may only look, whatever the state of the orders."""
    if not by.can(Permission.ORDERS_DECIDE):
        abort(403, "Your role may look at orders but not decide them. Ask the owner.")


def clean_reason(typed: str | None) -> str:
    """Read a reason as typed, without the blanks around it."""
    return (typed or "").strip()


def typed_reason() -> str:
    """Read the reason of a form: what was written, else the one that was chosen."""
    written = clean_reason(request.form.get("reason"))
    return written or clean_reason(request.form.get("canned"))


def reason_problem(verb: Verb, reason: str) -> str | None:
    """Tell what is wrong with a reason, in a sentence to stand beside its field."""
    if verb is Verb.REJECT and not reason:
        return "Write a reason; the client reads it."
    if len(reason) > LONGEST_REASON:
        return f"Use at most {LONGEST_REASON:,} characters; this has {len(reason):,}."
    return None


@dataclass(frozen=True)
class Outcome:
    """What became of one order of a batch; plain values, since a refusal expires the row."""

    number: str
    client: str
    state: OrderState
    refusal: str | None = None
    problems: dict[str, str] = field(default_factory=dict)


def chosen(ids: Sequence[str], *, lock: bool = False) -> list[Order]:
    """Find the orders of a batch in their turn, in whatever state; 404 if one is not ours.

    With ``lock`` nobody else decides them before the commit; in one order, so that two batches
    never wait for each other.
    """
    keys = {key for key in map(to_id, ids) if key is not None}
    if len(keys) != len(set(ids)):
        abort(404)
    wanted = select(Order).where(Order.id.in_(keys)).order_by(*queue.TURN)
    if lock:
        wanted = locking(wanted, Order)
    orders = db.session.scalars(wanted.options(*queue.whole())).all()
    if len(orders) != len(keys):
        abort(404)
    return list(orders)


def decide_many(orders: Sequence[Order], verb: Verb, by: Actor, reason: str) -> list[Outcome]:
    """Decide orders in one transaction; those that cannot go say why, and the others go.

    The orders are locked; see ``chosen``.
    """
    said = [(order.id, order.number, order.client.name, order) for order in orders]
    with batching.deciding(orders) as batch:
        refused = batching.decide(
            orders,
            batch,
            check=lambda order: workflow.check(order, verb, by, batch),
            act=lambda order: ACTS_OF_BATCH[verb](order, by, reason, batch),
        )
    return [
        Outcome(number, client, order.state, *_why(refused.get(key)))
        for key, number, client, order in said
    ]


def _why(refused: Refused | None) -> tuple[str | None, dict[str, str]]:
    return (refused.sentence, refused.problems) if refused else (None, {})
