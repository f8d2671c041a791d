"""Giving numbers up (P16): what is lost with each, a pause for thought, and the order that asks.

Nothing happens to a number before the order is approved; then it is the client's no more, and its
services and its 911 address end with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, request
from sqlalchemy import select

import catalog
import display
import lines
import policy
from extensions import db
from lines import Draft, Request
from models import Order, OrderLine
from policy import Refused
from portal import asked, choosing, number, number_search, sending
from portal.access import blueprint, current_client, requires_order_requests
from portal.many import back_to_list

KIND = "did_release"


@dataclass(frozen=True)
class Loss:
    """What goes with one number: its services and its 911 address, in words."""

    number: str
    label: str | None
    services: list[str]
    address: str | None
    monthly_micros: int


@blueprint.route("/numbers/<digits>/release", methods=["GET", "POST"])
@requires_order_requests
def release_number(digits: str) -> Any:
    """Say what is lost with a number, and ask for it to be given up."""
    _demand_on()
    did = number.mine(digits)
    return _answer([did.number], alone=did.number)


@blueprint.get("/numbers/release")
@requires_order_requests
def review_release() -> Any:
    """Say what is lost with the chosen numbers."""
    _demand_on()
    try:
        wanted = choosing.asked(current_client(), request.args)
    except Refused as refused:
        return back_to_list(refused.sentence)
    return _answer(wanted)


@blueprint.post("/numbers/release")
@requires_order_requests
def release_numbers() -> Any:
    """Ask for the chosen numbers to be given up, with one order."""
    _demand_on()
    return _answer(choosing.read(request.form, "shown"))


def _answer(wanted: Sequence[str], alone: str | None = None) -> Any:
    """Show the page, or send the order once what was typed shows that somebody thought of it."""
    problem, refused = None, None
    if request.method == "POST":
        problem = _problem(wanted, alone)
        try:
            if problem is None:
                return _send(wanted)
        except Refused as caught:
            db.session.rollback()
            refused = caught
    page = _page(wanted, alone, problem, refused)
    return page, 409 if refused else 422 if problem else 200


def _problem(wanted: Sequence[str], alone: str | None) -> str | None:
    """Tell what is missing in the confirmation that was typed."""
    typed = request.form.get("confirm", "").strip()
    if alone:
        return None if typed == alone[-4:] else f"Write {alone[-4:]}, the last four digits."
    count = display.plural(len(wanted), "number")
    return None if typed == str(len(wanted)) else f"Write {len(wanted)}: you give up {count}."


def _send(wanted: Sequence[str]) -> Any:
    choosing.check_count(current_client(), len(wanted))
    order = sending.submit(KIND, [Request(one) for one in wanted])
    db.session.commit()
    return sending.done(order)


def _page(
    wanted: Sequence[str], alone: str | None, problem: str | None, refused: Refused | None
) -> str:
    client = current_client()
    dids = choosing.find(client, wanted[: choosing.most(client)])
    taken = choosing.open_orders([did.number for did in dids], catalog.DID)
    cannot = taken | (refused.problems if refused else {})
    kept = [did for did in dids if did.number not in cannot]
    drafts = lines.draft(client, KIND, [Request(did.number) for did in kept]) if kept else []
    labels = {did.number: number_search.label_of(did) for did in kept}
    again = asked.earlier()
    return render_template(
        "portal/numbers/release.html",
        alone=alone,
        losses=[_loss(draft, labels[draft.number]) for draft in drafts],
        cannot=cannot,
        others=_other_orders([did.number for did in kept]),
        saved_micros=-sum(draft.monthly_micros for draft in drafts),
        asked_for=alone[-4:] if alone else str(len(kept)),
        problem=problem,
        was_refused=refused is not None,
        sentence=refused.sentence if refused and not refused.problems else None,
        typed=request.form.get("confirm", ""),
        again=again,
        note=asked.note(again, sending.MOST_NOTE),
        key=sending.key(),
    )


def _other_orders(wanted: Sequence[str]) -> list[str]:
    """Name the orders under way for these numbers, which could not be carried out any more."""
    rows = db.session.execute(
        select(OrderLine.number, Order.number.label("order_number"), Order.kind)
        .join(OrderLine.order)
        .where(OrderLine.number.in_(wanted), OrderLine.is_open, OrderLine.slot != catalog.DID)
        .order_by(OrderLine.number, Order.id)
    )
    return [
        f"{display.number(row.number)}: order {row.order_number} "
        f"({catalog.kind(row.kind).label}) is under way. It is of no use once the number is gone; "
        "cancel it if you go on."
        for row in rows
    ]


def _loss(draft: Draft, label: str | None) -> Loss:
    services = [
        f"{catalog.label(subject)}: {catalog.words(subject, settings)}"
        for subject, settings in draft.current.items()
        if subject in catalog.SERVICES
    ]
    address = draft.current.get(catalog.E911)
    return Loss(
        draft.number,
        label,
        services,
        catalog.words(catalog.E911, address) if address else None,
        -draft.monthly_micros,
    )


def _demand_on() -> None:
    """Refuse the address where giving numbers up is switched off (P15)."""
    problem = policy.kind_problem(policy.settings_of(current_client()), KIND)
    if problem:
        abort(403, problem)
