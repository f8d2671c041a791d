"""Deciding orders for the screens: one, or many with each in a savepoint; commits nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import abort, request
from sqlalchemy import select

import batching
import workflow
from admin_views.base import to_id
from admin_views.orders import queue
from batching import Batch
from extensions import db
from models import Order, OrderState
from permissions import Actor, Permission
from policy import Refused
from workflow import Verb

LONGEST_REASON = 2_000

Act = Callable[[Order, Actor, str], Order]
ActOfBatch = Callable[[Order, Actor, str, Batch], Order]
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
    """Read a reason as typed; the one character that no database keeps as text is dropped."""
    return (typed or "").replace("\0", "").strip()


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
        wanted = wanted.with_for_update(of=Order)
    orders = db.session.scalars(wanted.options(*queue.whole())).all()
    if len(orders) != len(keys):
        abort(404)
    return list(orders)


def decide_many(orders: Sequence[Order], verb: Verb, by: Actor, reason: str) -> list[Outcome]:
    """Decide each order in a savepoint of one transaction; those that cannot go say why.

    The orders are locked; see ``chosen``.
    """
    with batching.deciding(orders) as batch:
        return [_decide_one(order, verb, by, reason, batch) for order in orders]


def _decide_one(order: Order, verb: Verb, by: Actor, reason: str, batch: Batch) -> Outcome:
    number, client = order.number, order.client.name
    try:
        with batching.each(order, batch):
            ACTS_OF_BATCH[verb](order, by, reason, batch)
    except Refused as refused:
        return Outcome(number, client, order.state, refused.sentence, refused.problems)
    return Outcome(number, client, order.state)
