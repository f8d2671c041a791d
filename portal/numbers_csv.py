"""The client's numbers as a CSV file, and the edited file back as orders and labels (P26).

What stands in the file is ``number_sheet``, what it would change ``sheet_changes``. An upload shows
what would happen and writes nothing; the orders are sent by the button below that.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

import audit
import catalog
import database
import display
import policy
import sheets
from catalog import Service
from did_import import FileProblem
from extensions import db
from models import Did, Order
from policy import Refused
from portal import (
    asked,
    number,
    number_search,
    number_sheet,
    numbers,
    sending,
    sheet_changes,
    sheet_labels,
)
from portal.access import actor, blueprint, current_client, requires_order_requests
from portal.number_search import Look
from portal.sheet_changes import Plan

MOST_SAME = 200
"""Unchanged lines are listed no further; they are counted all the same."""


@blueprint.post("/numbers/csv")
def numbers_csv() -> Response:
    """Export the numbers that the list shows; that it was done is recorded."""
    client, wanted = current_client(), number_search.read(request.form)
    count = select(func.count(Did.id)).where(*numbers.are_mine(client, wanted))
    found = {"search": wanted.words, "numbers": db.session.scalar(count)}
    audit.record("numbers.exported", client, actor(), **found)
    db.session.commit()
    services = numbers.editable(policy.settings_of(client))
    return sheets.download("numbers.csv", number_sheet.headings(services), _rows(services, wanted))


def _rows(services: Sequence[Service], wanted: Look) -> Iterator[list[str]]:
    mine = select(Did).where(*numbers.are_mine(current_client(), wanted))
    with database.reading():
        dids = db.session.scalars(mine.order_by(Did.number).options(selectinload(Did.services)))
        return iter([_row(services, did) for did in dids])


def _row(services: Sequence[Service], did: Did) -> list[str]:
    now_on = {row.service: row.settings for row in did.services}
    found = [cell for one in services for cell in number_sheet.cells(one, now_on.get(one.key))]
    return [
        display.number(did.number),
        number_sheet.written(number_search.label_of(did) or ""),
        *map(number_sheet.written, found),
    ]


@blueprint.route("/numbers/upload", methods=["GET", "POST"])
@requires_order_requests
def upload_numbers() -> Any:
    """Take an edited file and show what it would change; nothing is written."""
    if request.method == "GET":
        return _upload_page()
    given = request.files.get("file")
    try:
        if not given or not given.filename:
            raise FileProblem("Choose the CSV file that you edited.")
        content = given.stream.read(number_sheet.MOST_BYTES + 1)
        sheet = number_sheet.read(content, _editable())
    except FileProblem as problem:
        return _upload_page(str(problem)), 422
    plan = sheet_changes.plan(current_client(), _editable(), sheet.wishes)
    return preview(plan, ignored=sheet.ignored)


@blueprint.post("/numbers/upload/send")
@requires_order_requests
def send_sheet() -> Any:
    """Send what was previewed: all of its orders and labels, or none where one cannot be."""
    try:
        carried = sheet_changes.unpacked(request.form.get("changes", ""))
        labels = sheet_labels.unpacked(request.form.get("labels", ""))
    except ValueError:
        return _upload_page("Upload the file again: what it changes was lost on the way."), 422
    services = {key: number.allowed(key) for _, _, asked in carried for key in asked}
    try:
        orders = _send(carried, is_all=not labels)
        count = sheet_labels.write(current_client(), labels)
    except Refused as refused:
        db.session.rollback()
        wishes = sheet_labels.beside(sheet_changes.wishes_of(carried), labels)
        plan = sheet_changes.plan(current_client(), list(services.values()), wishes)
        return preview(plan, refused=refused), 409
    db.session.commit()
    if count:
        flash(f"{display.plural(count, 'label')} changed.", "success")
    return _sent(orders) if orders else redirect(url_for("portal.numbers"), 303)


def _send(carried: Any, *, is_all: bool) -> list[Order]:
    """Send the orders of a file; ``is_all`` says that it changes nothing else."""
    asked, orders = sheet_changes.requests_of(carried), {}
    for key, requests in asked.items():
        sheet_changes.check_count(current_client(), len(requests))
        orders[key] = sending.submit(key, requests, is_one_of_many=True)
    seen = sheet_changes.mark({key: order.lines for key, order in orders.items()})
    if (is_all and not orders) or request.form.get("seen") != seen:
        raise Refused("Something has changed since you looked at it. Look at it again.")
    return list(orders.values())


def _sent(orders: Sequence[Order]) -> Any:
    if len(orders) == 1:
        return sending.done(orders[0])
    names = f"{', '.join(one.number for one in orders[:-1])} and {orders[-1].number}"
    flash(f"Orders {names} were sent.{sending.promise(*orders)}", "success")
    return redirect(url_for("portal.orders"), 303)


def _editable() -> list[Service]:
    return numbers.editable(policy.settings_of(current_client()))


def _upload_page(problem: str | None = None) -> str:
    return render_template(
        "portal/numbers/upload.html",
        problem=problem,
        services=_editable(),
        headings=number_sheet.headings(_editable()),
        most_lines=number_sheet.MOST_LINES,
        most_mb=number_sheet.MOST_BYTES // 10**6,
    )


def preview(
    plan: Plan,
    *,
    ignored: Sequence[str] = (),
    refused: Refused | None = None,
    again: Order | None = None,
) -> str:
    """Show what a file would change, or an earlier order that is asked for again."""
    return render_template(
        "portal/numbers/preview.html",
        plan=plan,
        same=plan.same[:MOST_SAME],
        ignored=ignored,
        refused=refused,
        by_itself=[
            catalog.label(one.service.key)
            for one in plan.orders
            if sending.approves_itself(one.service.key)
        ],
        again=again,
        note=asked.note(again, sending.MOST_NOTE),
        key=sending.key(),
    )
