"""The client's orders: pending, completed, one order's story, cancel.

The words here are the client's: who at the reseller did what is the reseller's company name, and
why carrying out failed is nothing a client could act on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

import catalog
import notes
import policy
import receipts
import workflow
from catalog import Invalid
from extensions import db
from models import Client, Order, OrderEvent, OrderLine, OrderNote, OrderState, in_states
from portal import asked, held, order_rows, paging, stock
from portal.access import (
    actor,
    blueprint,
    current_client,
    current_login,
    gets_mail,
    own,
    requires_order_requests,
)
from portal.order_rows import STATES
from prepared import prepared
from workflow import TooLate, Verb

PAGE = 50

TABS = {
    "pending": (OrderState.PENDING, OrderState.APPROVED, OrderState.FAILED),
    "completed": (OrderState.COMPLETED, OrderState.REJECTED, OrderState.CANCELLED),
}
"""A failed order stands with the pending ones: for the client it is not done yet."""


MEANINGS = {
    OrderState.PENDING: "{company} looks at your order next. Nothing is changed or charged yet.",
    OrderState.APPROVED: "{company} approved your order. It is being set up and is not in force "
    "yet.",
    OrderState.FAILED: "{company} approved your order, but it is not in force yet: something needs "
    "a person's hand. {company} is working on it, and you need do nothing.",
    OrderState.COMPLETED: "Done: what you ordered is in force.",
    OrderState.REJECTED: "{company} rejected this order.",
    OrderState.CANCELLED: "This order was cancelled. Nothing was changed or charged.",
}

PROMISES = {
    OrderState.PENDING: " You get a mail when it is decided.",
    OrderState.APPROVED: " You get a mail when it is.",
}
"""What is added for the one login that is mailed what becomes of the order."""


@dataclass(frozen=True)
class Step:
    """One event of an order's story, in the client's words."""

    title: str
    at: datetime
    icon: str
    note: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class Note:
    """One note on an order, as the client reads it."""

    by: str
    at: datetime
    text: str


# --- The lists --------------------------------------------------------------------------------


@blueprint.get("/orders")
def orders() -> Any:
    """List the client's orders, newest first."""
    client = current_client()
    asked = request.args.get("tab", "")
    tab = asked if asked in TABS else "pending"
    page = paging.asked()
    rows = list_of(tab).all(client=client.id, most=PAGE + 1, skipped=(page - 1) * PAGE)
    return render_template(
        "portal/orders/list.html",
        tab=tab,
        rows=rows[:PAGE],
        page=page,
        has_more=len(rows) > PAGE,
        url_for_page=paging.url_of,
        may_order=may_order(client),
    )


@blueprint.context_processor
def _words() -> dict[str, Any]:
    """Give the portal's templates the words of states and kinds, and what draws them."""
    return {
        "states": STATES,
        "kinds": catalog.KINDS,
        "state_badge": order_rows.badge,
        "draw_orders": order_rows.draw,
    }


def may_order(client: Client) -> bool:
    """Tell whether whoever looks may order numbers; buttons and first steps ask this."""
    off = policy.kind_problem(policy.settings_of(client), "did_order")
    return off is None and actor().may_request


@prepared
def list_of(tab: str, *, by_decision: bool = False) -> Any:
    """Select ``most`` orders of a tab of the ``client``, after ``skipped`` ones, newest first.

    They go by when they were sent, or by when they were decided.
    """
    first_line = select(OrderLine.number).where(
        OrderLine.order_id == Order.id, OrderLine.position == 1
    )
    at = Order.decided_at if by_decision else Order.submitted_at
    return (
        select(
            Order.number,
            Order.kind,
            Order.state,
            Order.line_count,
            Order.submitted_at,
            Order.decided_at,
            Order.reason,
            Order.monthly_micros,
            Order.setup_micros,
            first_line.scalar_subquery().label("subject"),
        )
        .where(Order.client_id == bindparam("client"), in_states(*TABS[tab]))
        .order_by(at.desc(), Order.id.desc())
        .limit(bindparam("most"))
        .offset(bindparam("skipped"))
    )


# --- One order --------------------------------------------------------------------------------


@blueprint.get("/orders/<number>")
def order(number: str) -> Any:
    """Tell one order's story."""
    return show(own(Order, number=number))


@blueprint.post("/orders/<number>/cancel")
@requires_order_requests
def cancel_order(number: str) -> Any:
    """Cancel a pending order."""
    mine = own(Order, number=number)
    try:
        workflow.cancel(mine, actor())
    except TooLate:
        # The sentence of below names who was faster, and a client does not know staff by name.
        db.session.rollback()
        decided = own(Order, number=number)
        words = STATES[decided.state][0].lower()
        return show(decided, f"This order is {words} already. Nothing was changed."), 409
    db.session.commit()
    flash(f"Order {number} was cancelled. Nothing was changed.", "success")
    return redirect(url_for("portal.order", number=number), 303)


@blueprint.post("/orders/<number>/notes")
@requires_order_requests
def add_note(number: str) -> Any:
    """Write a note on an order to the reseller."""
    mine, typed = own(Order, number=number), request.form.get("note")
    try:
        notes.add(mine, typed, actor())
        db.session.commit()
    except Invalid as wrong:
        db.session.rollback()
        again = {"note_problem": wrong.problems["note"], "typed_note": typed}
        return show(own(Order, number=number), **again), 422
    flash(f"{g.brand.company_name} is told of your note.", "success")
    return redirect(url_for("portal.order", number=number), 303)


def _notes_of(mine: Order, company: str) -> list[Note]:
    """List the notes that the client may read; staff are the company, not a name."""
    found = notes.of(mine, private=False)
    return [Note(_who(note, company), note.at, note.text) for note in found]


def show(mine: Order, sentence: str | None = None, **more: Any) -> str:
    """Show one order's page, with a sentence where something could not be."""
    company, lines = g.brand.company_name, _lines_of(mine)
    return render_template(
        "portal/orders/order.html",
        order=mine,
        tab=next(tab for tab, states in TABS.items() if mine.state in states),
        kind=catalog.kind(mine.kind),
        lines=lines,
        hold=held.of(mine, [line.did for line, _ in lines]),
        is_for_new_numbers=mine.kind == "did_order",
        changes=catalog.changes,
        asked_by=receipts.asked_by(mine, company),
        story=[_step(event, company) for event in mine.events],
        company=company,
        meaning=_meaning(mine, company),
        may_ask_again=_may_ask_again(mine),
        may_cancel=Verb.CANCEL in workflow.allowed(mine, actor()),
        sentence=sentence,
        notes=_notes_of(mine, company),
        may_write=actor().may_request,
        **more,
    )


def _meaning(mine: Order, company: str) -> str:
    """Say what an order's state means for its client, and whether a mail comes."""
    is_told = mine.login_id == current_login().id and gets_mail()
    promise = PROMISES.get(mine.state, "") if is_told else ""
    return MEANINGS[mine.state].format(company=company) + promise


def _may_ask_again(mine: Order) -> bool:
    off = policy.kind_problem(policy.settings_of(current_client()), mine.kind)
    return mine.state in asked.STATES and off is None and actor().may_request


def _lines_of(mine: Order) -> list[tuple[OrderLine, str]]:
    """List an order's lines, each with where its number is from."""
    lines = db.session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == mine.id)
        .options(joinedload(OrderLine.did))
        .order_by(OrderLine.position)
    )
    return [(line, stock.place(line.did) if line.did else "") for line in lines]


STEPS = {
    "submitted": "Sent by {asker}",
    "approved": "Approved by {company}",
    "rejected": "Rejected by {company}",
    "rejection_undone": "Opened again by {company}",
    "cancelled": "Cancelled by {asker}",
    "completed": "Done: the change is in force",
    "failed": "Not done yet: {company} is working on it",
    "retried": "Started again by {company}",
}
"""An event's name to the client's words."""


def _step(event: OrderEvent, company: str) -> Step:
    is_automatic = event.staff_id is None and event.login_id is None
    words = STEPS[event.name].format(company=company, asker=_who(event, company))
    if event.name == "approved" and is_automatic:
        words = "Approved automatically"
    # A reason that is not a rejection's was written for staff.
    reason = event.reason if event.name == "rejected" else None
    return Step(words, event.at, STATES[event.to_state][2], reason)


def _who(act: OrderEvent | OrderNote, company: str) -> str:
    """Name a login; with staff behind it, the company too; staff alone are the company."""
    if act.login_id and act.staff_id:
        return f"{company} for {act.by_name.split(' as ', 1)[-1]}"
    return act.by_name if act.login_id else company
