"""911 in the portal (P27): what is in force, what is not, and asking for it to be changed.

An emergency is no place for cleverness: these pages work without a script, and no address is shown
as in force before it is. What an address must have is ``catalog``; the rest is an order.
"""

import secrets
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select

import catalog
import display
import policy
import workflow
from catalog import Invalid
from extensions import db
from lines import Request
from models import Did, E911Record, E911Status, Order, OrderLine
from policy import Refused
from portal import asked
from portal.access import actor, blueprint, current_client, requires_order_requests

LABELS = {
    "caller_name": ("Name that the dispatcher sees", "organization"),
    "address1": ("House number and street", "address-line1"),
    "address2": ("Unit, floor or room", "address-line2"),
    "city": ("City", "address-level2"),
    "state": ("State", "address-level1"),
    "zip": ("ZIP", "postal-code"),
    "zip4": ("ZIP+4", "off"),
}
"""Each field's label, and what the browser may fill in."""

STATUSES = {
    E911Status.PROVISIONING: ("Not in force yet: it is being registered", "azure"),
    E911Status.PROVISIONED: ("In force", "green"),
    E911Status.FAILED: ("Not in force: registering it failed", "red"),
    E911Status.REMOVED: ("Removed", "secondary"),
}
MOST_MISSING = 200
MOST_NOTE = 2_000


@blueprint.get("/911")
def e911() -> Any:
    """List the client's emergency addresses, and its numbers without one."""
    _demand_on()
    client = current_client()
    records = select(E911Record).where(
        E911Record.client_id == client.id, E911Record.removed_at.is_(None)
    )
    covered = select(E911Record.number).where(
        E911Record.client_id == client.id, E911Record.removed_at.is_(None)
    )
    without = select(Did).where(Did.client_id == client.id, Did.number.not_in(covered))
    missing = db.session.scalars(without.order_by(Did.number).limit(MOST_MISSING)).all()
    count = select(func.count(Did.id)).where(Did.client_id == client.id)
    return render_template(
        "portal/e911/list.html",
        records=db.session.scalars(records.order_by(E911Record.number)).all(),
        missing=missing,
        missing_count=db.session.scalar(count.where(Did.number.not_in(covered))),
        waiting=_waiting(),
        statuses=STATUSES,
        may_ask=actor().may_request,
    )


@blueprint.route("/911/new", methods=["GET", "POST"])
@requires_order_requests
def new_e911() -> Any:
    """Ask for an address for any number, of the client's or not (off-net)."""
    _demand_on()
    typed, again = request.form.get("number", ""), asked.earlier()
    if request.method == "GET" and again and again.lines:
        typed = display.number(again.lines[0].number)
    return _page(display.to_e164(typed), typed, asks_number=True)


@blueprint.route("/911/<digits>", methods=["GET", "POST"])
@requires_order_requests
def change_e911(digits: str) -> Any:
    """Ask for the address of one number to be set or changed."""
    _demand_on()
    return _page(_known(digits), digits, asks_number=False)


@blueprint.route("/911/<digits>/remove", methods=["GET", "POST"])
@requires_order_requests
def remove_e911(digits: str) -> Any:
    """Say what removing an address risks, and ask for it."""
    _demand_on()
    number = _known(digits)
    record = _record(number) or abort(404)
    sentence = None
    if request.method == "POST":
        try:
            return _send("e911_remove", number, None)
        except Refused as refused:
            db.session.rollback()
            record, sentence = _record(number) or abort(404), refused.sentence
    page = render_template(
        "portal/e911/remove.html", record=record, sentence=sentence, **_common(asked.earlier())
    )
    return page, 409 if sentence else 200


def _page(number: str | None, typed: str, *, asks_number: bool) -> Any:
    """Show the form of an address, or send the order that it makes."""
    record = _record(number) if number else None
    problems: dict[str, str] = {}
    sentence = None
    if request.method == "POST":
        problems = _problems(number)
        if not problems:
            try:
                kind = "e911_change" if record else "e911_provision"
                return _send(kind, str(number), catalog.clean_address(request.form, str(number)))
            except Refused as refused:
                db.session.rollback()
                record, sentence = _record(number) if number else None, refused.sentence
    again = asked.earlier()
    kept = asked.settings(again, catalog.E911) or (vars(record) if record else {})
    page = render_template(
        "portal/e911/form.html",
        number=number,
        typed_number=typed,
        asks_number=asks_number,
        record=record,
        shown=request.form if request.method == "POST" else kept,
        labels=LABELS,
        problems=problems,
        sentence=sentence,
        approves_itself=policy.auto_approves(_settings(), "e911_provision"),
        **_common(again),
    )
    return page, 409 if sentence else 422 if problems else 200


def _problems(number: str | None) -> dict[str, str]:
    """Check what was typed, field by field."""
    problems: dict[str, str] = {}
    if number is None:
        problems["number"] = "Write a ten-digit US or Canadian number, such as (412) 555-0123."
    try:
        catalog.clean_address(request.form, number or "")
    except Invalid as wrong:
        problems |= wrong.problems
    if not request.form.get("accepted"):
        problems["accepted"] = "Confirm that you have read what 911 needs."
    return problems


def _send(kind: str, number: str, address: dict[str, Any] | None) -> Any:
    order = workflow.submit(
        current_client(),
        kind,
        [Request(number, address)],
        actor(),
        note=request.form.get("note", "")[:MOST_NOTE],
        key=request.form.get("key", "")[:64],
    )
    db.session.commit()
    flash(f"Order {order.number} was sent.", "success")
    return redirect(url_for("portal.order", number=order.number), 303)


def _common(again: Order | None) -> dict[str, Any]:
    return {
        "key": request.form.get("key") or secrets.token_urlsafe(18),
        "statuses": STATUSES,
        "again": again,
        "note": asked.note(again, MOST_NOTE),
    }


def _settings() -> Any:
    return policy.settings_of(current_client())


def _demand_on() -> None:
    """Refuse the address where 911 changes are switched off (P15)."""
    problem = policy.kind_problem(_settings(), "e911_provision")
    if problem:
        abort(403, problem)


def _known(digits: str) -> str:
    """Give a number that is the client's, or has an address of the client's; else 404."""
    number = display.to_e164(digits)
    mine = select(Did.id).where(Did.number == number, Did.client_id == current_client().id)
    if number is None or (db.session.scalar(mine) is None and _record(number) is None):
        abort(404)
    return number


def _record(number: str | None) -> E911Record | None:
    return db.session.scalar(
        select(E911Record).where(
            E911Record.number == number,
            E911Record.client_id == current_client().id,
            E911Record.removed_at.is_(None),
        )
    )


def _waiting() -> dict[str, str]:
    """Name the order under way for the address of each number."""
    rows = db.session.execute(
        select(OrderLine.number, Order.number.label("order_number"))
        .join(OrderLine.order)
        .where(
            Order.client_id == current_client().id,
            OrderLine.is_open,
            OrderLine.slot == catalog.E911,
        )
    )
    return dict(rows.all())  # type: ignore[arg-type]
