"""How an order moves: submit, approve, reject, undo rejection, cancel, retry, carry out.

Read ``TRANSITIONS`` first. ``_move`` is the one function that assigns an order's state, and it
claims the row with one UPDATE: of two people who decide at once, one decision stands. The verbs
guard, claim, record and queue mail; they never commit. A Refused leaves the caller to roll back.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm.attributes import set_committed_value

import audit
import batching
import carrying
import catalog
import holds
import lines
import mailer
import policy
import together
from batching import Batch
from carriers import Answer
from carriers.inventory import lock
from columns import now
from database import locking
from extensions import db
from lines import Request
from models import Client, LineResult, Order, OrderEvent, OrderState, Reseller
from permissions import SYSTEM, Actor, Permission
from policy import Refused
from prepared import prepared


class Verb(StrEnum):
    """What can be done to an order."""

    APPROVE = "approve"
    REJECT = "reject"
    UNDO_REJECTION = "undo_rejection"
    CANCEL = "cancel"
    RETRY = "retry"
    COMPLETE = "complete"
    FAIL = "fail"


@dataclass(frozen=True)
class Transition:
    """From where to where a verb leads, and how its event is called."""

    source: OrderState
    target: OrderState
    event: str


TRANSITIONS: dict[Verb, Transition] = {
    Verb.APPROVE: Transition(OrderState.PENDING, OrderState.APPROVED, "approved"),
    Verb.REJECT: Transition(OrderState.PENDING, OrderState.REJECTED, "rejected"),
    Verb.CANCEL: Transition(OrderState.PENDING, OrderState.CANCELLED, "cancelled"),
    Verb.UNDO_REJECTION: Transition(OrderState.REJECTED, OrderState.PENDING, "rejection_undone"),
    Verb.COMPLETE: Transition(OrderState.APPROVED, OrderState.COMPLETED, "completed"),
    Verb.FAIL: Transition(OrderState.APPROVED, OrderState.FAILED, "failed"),
    Verb.RETRY: Transition(OrderState.FAILED, OrderState.APPROVED, "retried"),
}

HALF = 32
"""How long each of the two marks of a sent form is: 128 bits in hexadecimal digits."""

DECISIONS = frozenset({Verb.APPROVE, Verb.REJECT, Verb.UNDO_REJECTION, Verb.RETRY})
"""The reseller's verbs; cancel is the client's, the last two the system's."""


class TooLate(Refused):
    """Somebody else moved the order first."""


class SentAlready(Refused):
    """The same form made an order before, and says something else now."""


class NotAllowed(Refused):
    """This person may not do this to this order."""


def allowed(order: Order, by: Actor) -> frozenset[Verb]:
    """Tell which verbs apply to an order for an actor; buttons and handlers both ask this."""
    return frozenset(
        verb
        for verb, transition in TRANSITIONS.items()
        if transition.source is order.state and _may(order, verb, by)
    )


def _may(order: Order, verb: Verb, by: Actor) -> bool:
    if verb is Verb.APPROVE and asked_for(order, by):
        return False
    if verb in DECISIONS:
        return by.can(Permission.ORDERS_DECIDE) or (by is SYSTEM and verb is Verb.APPROVE)
    if verb is Verb.CANCEL:
        return by.may_request and by.client_id == order.client_id
    return by is SYSTEM


def asked_for(order: Order, by: Actor) -> bool:
    """Tell whether a staff member asked for this order as a login, and so may not approve it."""
    return by.four_eyes and by.staff_id is not None and order.impersonator_id == by.staff_id


def _own(order: Order, by: Actor | None) -> str | None:
    if by is None or not asked_for(order, by):
        return None
    return f"You asked for {order.number} yourself. Somebody else must approve it."


def obstacle(
    order: Order, known: policy.Facts | None = None, by: Actor | None = None
) -> str | None:
    """Tell why a pending order could not be approved as things stand; None when it could.

    ``known`` is how things stand for its numbers, where it was read already; ``by`` is who would
    approve it, where that is known.
    """
    try:
        _check(order, known)
    except Refused as refused:
        return refused.sentence
    return _own(order, by)


def obstacles(orders: Sequence[Order], by: Actor | None = None) -> dict[int, str]:
    """Find what stands in the way of many pending orders, reading how things stand once.

    ``by`` is who would approve them, where that is known.
    """
    known = batching.facts(orders)
    found = ((order.id, obstacle(order, known, by)) for order in orders)
    return {key: sentence for key, sentence in found if sentence}


# --- Submit ---------------------------------------------------------------------------------


def submit(
    client: Client,
    kind: str,
    requests: Sequence[Request],
    by: Actor,
    *,
    note: str | None = None,
    key: str | None = None,
) -> Order:
    """Ask for a change: make a pending order, hold what it needs, tell those concerned.

    ``key`` makes sending the same form twice safe: the second time gives the first time's order.
    Raises Refused with a sentence for every number that cannot be part of it, SentAlready when the
    key came with another order before, NotAllowed when the login may not order.
    """
    if not by.may_request or by.client_id != client.id:
        raise NotAllowed("Your sign-in may look but not order. Ask your administrator.")
    digest = _digest(by, kind, requests, note, key)
    earlier = _same_submit(client, digest) if digest else None
    if earlier is not None:
        return earlier
    drafts = lines.draft(client, kind, requests)
    lines.check_whole(client, kind, drafts, None)
    order = _new_order(client, kind, by, note, digest)
    lines.write(order, drafts)
    db.session.flush()
    holds.acquire(order)
    _add_event(order, "submitted", None, by)
    audit.record("order.submitted", order, by)
    mailer.order_submitted(order)
    # Nobody's approval by itself would be the asking staff member's own.
    if policy.auto_approves(policy.settings_of(client), kind) and not by.four_eyes:
        approve(order, SYSTEM)
    return order


def _digest(
    by: Actor, kind: str, requests: Sequence[Request], note: str | None, key: str | None
) -> str | None:
    """Mark who sent which form, and after that what it said; each half of the text is one mark."""
    if not key:
        return None
    said = [kind, (note or "").strip(), [[one.number, one.settings] for one in requests]]
    return _half([by.login_id, key]) + _half(said)


def _half(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:HALF]


def _same_submit(client: Client, digest: str) -> Order | None:
    """Find the order of an earlier sending; the lock makes two at once come one after the other.

    Raises SentAlready when the form said something else then.
    """
    db.session.execute(locking(select(Reseller.id).where(Reseller.id == client.reseller_id)))
    form = digest[:HALF]
    earlier = db.session.scalar(
        select(Order).where(Order.submit_key >= form, Order.submit_key < f"{form}g")
    )
    if earlier is not None and earlier.submit_key != digest:
        raise SentAlready(
            f"Nothing was sent: this form was sent before, as order {earlier.number}, and says "
            "something else now. Look at that order first; then send this one, if you want both."
        )
    return earlier


def _new_order(client: Client, kind: str, by: Actor, note: str | None, digest: str | None) -> Order:
    order = Order(
        reseller_id=client.reseller_id,
        number=_next_number(client.reseller_id),
        kind=kind,
        state=OrderState.PENDING,
        is_urgent=catalog.kind(kind).is_urgent,
        client=client,
        login_id=by.login_id,
        impersonator_id=by.impersonator_id,
        submit_key=digest,
        settings_version=policy.settings_of(client).version,
        client_note=(note or "").strip() or None,
    )
    db.session.add(order)
    return order


def _next_number(reseller_id: int) -> str:
    count = db.session.scalar(
        update(Reseller)
        .where(Reseller.id == reseller_id)
        .values(last_order_number=Reseller.last_order_number + 1)
        .returning(Reseller.last_order_number)
        .execution_options(synchronize_session=False)
    )
    return f"O-{count:06d}"


# --- Decide ---------------------------------------------------------------------------------


def check(order: Order, verb: Verb, by: Actor, batch: Batch) -> None:
    """Find out whether an order of a batch can be decided; changes nothing.

    Raises Refused when it can no longer be, TooLate when somebody was faster, NotAllowed.
    """
    _guard(order, verb, by)
    if order.state is not TRANSITIONS[verb].source:
        raise TooLate(_too_late(order))
    if verb is Verb.APPROVE:
        settings = policy.settings_of(order.client)
        if settings.max_numbers is not None or settings.monthly_cap_micros is not None:
            # They count with what the orders before this one have changed.
            db.session.flush()
        _check(order, batch.facts_for(order))


def approve(order: Order, by: Actor, batch: Batch | None = None) -> Order:
    """Approve a pending order after checking it again, and carry it out or have it carried out.

    One of a ``batch`` was locked and checked already. Raises Refused when it can no longer be,
    TooLate when somebody was faster, NotAllowed.
    """
    said = _decision(by, None) | {"is_auto_approved": by is SYSTEM}
    _move(order, Verb.APPROVE, by, said, is_fresh=batch is not None)
    if batch is None:
        lock(line.did_id for line in order.lines)
        _check(order)
    holds.acquire(order)
    _record(order, Verb.APPROVE, by)
    _start_carrying(order)
    return order


def reject(order: Order, by: Actor, reason: str, batch: Batch | None = None) -> Order:
    """Reject a pending order with a reason that the client reads; what it held is free again."""
    reason = (reason or "").strip()
    if not reason:
        raise Refused("Write a reason; the client reads it.")
    _move(order, Verb.REJECT, by, _decision(by, reason), is_fresh=batch is not None)
    holds.release(order)
    _record(order, Verb.REJECT, by, reason)
    mailer.order_rejected(order)
    return order


def undo_rejection(order: Order, by: Actor, reason: str | None = None) -> Order:
    """Bring a rejected order back to pending: drafted and held anew, as things stand now.

    Raises Refused naming every number that has gone meanwhile; the order then stays rejected.
    """
    _move(order, Verb.UNDO_REJECTION, by)
    order.round += 1
    order.reason = order.decided_at = order.decided_by_id = order.decided_by_name = None
    lines.write(order, lines.redraft(order))
    holds.acquire(order)
    _record(order, Verb.UNDO_REJECTION, by, (reason or "").strip() or None)
    mailer.order_reopened(order)
    return order


def cancel(order: Order, by: Actor) -> Order:
    """Withdraw a pending order; the client's own verb."""
    _move(order, Verb.CANCEL, by)
    order.decided_at, order.decided_by_name = now(), audit.full_name(by)
    holds.release(order)
    _record(order, Verb.CANCEL, by)
    mailer.order_cancelled(order)
    return order


def retry(order: Order, by: Actor) -> Order:
    """Carry the unfinished lines of a failed order out again."""
    _move(order, Verb.RETRY, by)
    order.round += 1
    order.attempts = 0
    for line in order.lines:
        if line.result is LineResult.FAILED:
            line.result, line.error = LineResult.WAITING, None
    lock(line.did_id for line in order.lines)
    holds.acquire(order)
    _record(order, Verb.RETRY, by)
    _start_carrying(order)
    return order


def _check(order: Order, known: policy.Facts | None = None) -> None:
    """Check an order again as things stand: settings, stock, and what it was asked against."""
    drafts = lines.redraft(order, known)
    changed = lines.moved(order, drafts)
    if changed:
        raise Refused(next(iter(changed.values())), changed)


def _decision(by: Actor, reason: str | None) -> dict[str, Any]:
    return {
        "decided_at": now(),
        "decided_by_id": by.staff_id,
        "decided_by_name": by.name,
        "reason": reason,
    }


# --- Carry out ------------------------------------------------------------------------------


def _start_carrying(order: Order) -> None:
    """Carry out at once where the carrier can, else leave it to the job."""
    if carrying.is_immediate(order):
        finish(order, carrying.ask(order))
    else:
        order.carry_out_at = now()
        mailer.order_approved(order)


def finish(order: Order, answers: dict[int, Answer]) -> None:
    """Take a carrier's answers into an order's lines, and complete or fail it when all are in.

    ``answers`` maps a line's position to its answer; a line without one waits. The caller has
    locked the order's numbers.
    """
    carrying.settle(order, answers)
    results = {line.result for line in order.lines}
    if LineResult.WAITING in results:
        carrying.postpone(order)
    elif results == {LineResult.DONE}:
        _end(order, Verb.COMPLETE)
        mailer.order_completed(order)
    else:
        _end(order, Verb.FAIL, carrying.reasons(order))
        mailer.order_failed(order)


def give_up(order: Order, reason: str) -> None:
    """Fail an order that a carrier does not answer; staff see why and can retry."""
    for line in order.lines:
        if line.result is LineResult.WAITING:
            line.result, line.error = LineResult.FAILED, reason
    _end(order, Verb.FAIL, reason)
    mailer.order_failed(order)


def _end(order: Order, verb: Verb, reason: str | None = None) -> None:
    for line in order.lines:
        line.is_open = False
    said: dict[str, Any] = {"carry_out_at": None}
    if verb is Verb.COMPLETE:
        said["completed_at"] = now()
    # Whoever claims an approved order has read its lines and answers for them.
    _move(order, verb, SYSTEM, said, is_fresh=True)
    _record(order, verb, SYSTEM, reason)


# --- The one door for state -----------------------------------------------------------------


def _move(
    order: Order,
    verb: Verb,
    by: Actor,
    said: Mapping[str, Any] | None = None,
    *,
    is_fresh: bool = False,
) -> None:
    """Claim the order for a verb with one UPDATE; raises TooLate when it is no longer there.

    ``said`` are columns that go with the move. The order is read again, unless ``is_fresh`` says
    that nobody else can have changed what was read of it.
    """
    transition = TRANSITIONS[verb]
    _guard(order, verb, by)
    if together.kept() is not None:
        _move_locked(order, transition, said or {})
        return
    news = {f"new_{name}": value for name, value in (said or {}).items()}
    claimed = _claim(verb, *(said or ())).change(order=order.id, **news)
    if claimed != 1:
        db.session.refresh(order)
        raise TooLate(_too_late(order))
    if not is_fresh:
        db.session.refresh(order)
        return
    for name, value in {"state": transition.target, **(said or {})}.items():
        set_committed_value(order, name, value)


def _guard(order: Order, verb: Verb, by: Actor) -> None:
    own = _own(order, by) if verb is Verb.APPROVE else None
    if own:
        raise NotAllowed(own)
    if not _may(order, verb, by):
        raise NotAllowed("Your role may not do this. Ask the owner of your account.")


def _move_locked(order: Order, transition: Transition, said: Mapping[str, Any]) -> None:
    """Move an order of a batch, which has locked it and read it since: nobody can be faster now."""
    if order.state is not transition.source:
        raise TooLate(_too_late(order))
    for name, value in {"state": transition.target, **said}.items():
        setattr(order, name, value)


@prepared
def _claim(verb: Verb, *said: str) -> Any:
    transition, table = TRANSITIONS[verb], Order.__table__
    return (
        update(table)  # type: ignore[arg-type]
        .where(table.c.id == bindparam("order"), table.c.state == transition.source)
        .values(state=transition.target, **{name: bindparam(f"new_{name}") for name in said})
    )


def _too_late(order: Order) -> str:
    who = order.decided_by_name
    done = order.state.value if order.state is not OrderState.PENDING else "reopened"
    return (
        f"{who} was faster: order {order.number} is {done} already. Nothing was changed."
        if who
        else f"Order {order.number} is {done} already. Nothing was changed."
    )


def _record(order: Order, verb: Verb, by: Actor, reason: str | None = None) -> None:
    """Add the event of a move to the order's story and to the audit."""
    transition = TRANSITIONS[verb]
    _add_event(order, transition.event, transition.source, by, reason)
    states = [transition.source.value, transition.target.value]
    details: dict[str, Any] = {"reason": reason} if reason else {}
    audit.record(f"order.{transition.event}", order, by, state=states, **details)


def _add_event(
    order: Order, name: str, source: OrderState | None, by: Actor, reason: str | None = None
) -> None:
    together.add(
        OrderEvent(
            reseller_id=order.reseller_id,
            order_id=order.id,
            name=name,
            from_state=source,
            to_state=order.state,
            staff_id=by.staff_id or by.impersonator_id,
            login_id=by.login_id,
            by_name=audit.full_name(by),
            reason=reason,
            at=now(),
        )
    )
