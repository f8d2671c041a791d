"""Asking for 911 addresses (P27): set, change or remove one; one address for many numbers.

What is typed is read and checked by ``e911_form``. A correction is shown beside what was typed, and
nothing is sent before somebody accepts it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from sqlalchemy import select

import catalog
import display
from extensions import db
from lines import Request
from models import E911Record, Order, ServicePrice
from policy import Refused
from portal import asked, choosing, e911, e911_form, sending
from portal.access import blueprint, current_client, requires_order_requests
from portal.e911_form import ALERTS, Found


@dataclass(frozen=True)
class Wanted:
    """What a form is about: the numbers, what is on record for them, and those left out."""

    numbers: Sequence[str]
    records: dict[str, E911Record]
    typed_number: str = ""
    asks_number: bool = False
    is_many: bool = False
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Tell which kind of order the form makes."""
        return "e911_change" if self.records else "e911_provision"

    @property
    def record(self) -> E911Record | None:
        """Give what is on record for the first number."""
        return next(iter(self.records.values()), None)


# --- One number -------------------------------------------------------------------------------


@blueprint.route("/911/new", methods=["GET", "POST"])
@requires_order_requests
def new_e911() -> Any:
    """Ask for an address for any number, of the client's or not (off-net)."""
    e911.demand_on()
    typed, again = request.form.get("number", ""), asked.earlier()
    if request.method == "GET" and again and again.lines:
        typed = display.number(again.lines[0].number)
    number = display.to_e164(typed)
    numbers = [number] if number else []
    return _answer(
        lambda: Wanted(numbers, e911.records_of(numbers), typed_number=typed, asks_number=True)
    )


@blueprint.route("/911/<digits>", methods=["GET", "POST"])
@requires_order_requests
def change_e911(digits: str) -> Any:
    """Ask for the address of one number to be set or changed."""
    e911.demand_on()
    numbers = [e911.known(digits)]
    return _answer(lambda: Wanted(numbers, e911.records_of(numbers)))


# --- Many numbers -----------------------------------------------------------------------------


@blueprint.route("/911/many", methods=["GET", "POST"])
@requires_order_requests
def many_e911() -> Any:
    """Ask for one address for many numbers, with one order."""
    e911.demand_on()
    values = request.form if request.method == "POST" else request.args
    chosen = choosing.read(values, "n", "shown")
    numbers = sorted(e911.mine_of(chosen))
    try:
        if not numbers:
            raise Refused("Choose at least one number: tick its box.")
        choosing.check_count(current_client(), len(numbers))
    except Refused as refused:
        flash(refused.sentence, "warning")
        return redirect(url_for("portal.e911"), 303)
    return _answer(lambda: _many(numbers))


def _many(numbers: Sequence[str]) -> Wanted:
    """Sort the chosen numbers: an order sets addresses or changes them, and one waits at a time."""
    left_out = choosing.open_orders(numbers, catalog.E911)
    free = [number for number in numbers if number not in left_out]
    records = e911.records_of(free)
    without = [number for number in free if number not in records]
    if without and records:
        for number in records:
            shown = display.number(number)
            left_out[number] = f"{shown} has an address already; change it in an order of its own."
        return Wanted(without, {}, is_many=True, left_out=left_out)
    return Wanted(free, records, is_many=True, left_out=left_out)


# --- The form, the comparison, the order ------------------------------------------------------


def _answer(look: Callable[[], Wanted]) -> Any:
    """Show the form, or its correction, or send the order that it makes."""
    wanted = look()
    if request.method == "GET" or request.form.get("edit"):
        return _form(wanted)
    found = e911_form.read(request.form)
    problems = dict(found.problems)
    number = next(iter(wanted.numbers), None)
    if wanted.asks_number and (problem := catalog.number_problem(number)):
        problems["number"] = problem
    if problems:
        return _form(wanted, problems), 422
    if found.corrected and request.form.get("correct") != found.mark:
        return _compare(wanted, found)
    try:
        return _send(wanted.kind, [Request(one, found.to_send) for one in wanted.numbers])
    except Refused as refused:
        db.session.rollback()
        if wanted.asks_number and number in refused.problems:
            return _form(look(), {"number": refused.problems[number]}), 422
        return _form(look(), sentence=refused.sentence, gone=refused.problems), 409


def _form(
    wanted: Wanted,
    problems: dict[str, str] | None = None,
    sentence: str | None = None,
    gone: dict[str, str] | None = None,
) -> str:
    again = asked.earlier()
    kept = asked.settings(again, catalog.E911) or _on_record(wanted)
    return render_template(
        "portal/e911/form.html",
        wanted=wanted,
        number=wanted.numbers[0] if wanted.numbers else None,
        record=wanted.record,
        shown=request.form if request.method == "POST" else _as_typed(kept),
        fields=e911_form.FIELDS,
        problems=problems or {},
        sentence=sentence,
        gone=gone or {},
        terms=catalog.E911_TERMS,
        approves_itself=sending.approves_itself("e911_provision"),
        **_price(wanted),
        **_common(again),
    )


def _on_record(wanted: Wanted) -> dict[str, Any]:
    """Give what the form begins with: what is on record, but for many only what they share."""
    values = [
        {key: getattr(record, key) for key in (*catalog.ADDRESS, ALERTS)}
        for record in wanted.records.values()
    ]
    first = values[0] if values else {}
    return {key: value for key, value in first.items() if all(v[key] == value for v in values)}


def _as_typed(kept: dict[str, Any]) -> dict[str, Any]:
    return kept | {ALERTS: "\n".join(kept.get(ALERTS) or ())}


def _price(wanted: Wanted) -> dict[str, int]:
    """Tell what an order costs; a change of an address costs nothing more."""
    price = db.session.scalar(select(ServicePrice).where(ServicePrice.service == catalog.E911))
    count = 0 if g.brand.hide_prices or wanted.records else max(1, len(wanted.numbers))
    return {
        "monthly_micros": count * (price.monthly_micros if price else 0),
        "setup_micros": count * (price.setup_micros if price else 0),
    }


def _compare(wanted: Wanted, found: Found) -> str:
    return render_template(
        "portal/e911/compare.html",
        wanted=wanted,
        rows=e911_form.compared(found),
        mark=found.mark,
        carried={key: value for key, value in request.form.items() if key in CARRIED},
    )


CARRIED = (*catalog.ADDRESS, ALERTS, "accepted", "note", "number", "shown", "key")
"""What the page of the comparison hands on, so that nothing is typed twice."""


def _send(kind: str, requests: Sequence[Request]) -> Any:
    order = sending.submit(kind, requests)
    db.session.commit()
    return sending.done(order)


def _common(again: Order | None) -> dict[str, Any]:
    return {
        "key": sending.key(),
        "statuses": e911.STATUSES,
        "again": again,
        "note": asked.note(again, sending.MOST_NOTE),
    }


# --- Removing ---------------------------------------------------------------------------------


@blueprint.route("/911/<digits>/remove", methods=["GET", "POST"])
@requires_order_requests
def remove_e911(digits: str) -> Any:
    """Say what removing an address risks, and ask for it."""
    e911.demand_on()
    number = e911.known(digits)
    record = e911.record_of(number) or abort(404)
    sentence = None
    if request.method == "POST":
        try:
            return _send("e911_remove", [Request(number)])
        except Refused as refused:
            db.session.rollback()
            record, sentence = e911.record_of(number) or abort(404), refused.sentence
    page = render_template(
        "portal/e911/remove.html", record=record, sentence=sentence, **_common(asked.earlier())
    )
    return page, 409 if sentence else 200
