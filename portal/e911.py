"""911 in the portal (P27): what is in force, what is not, and each number's history.

An emergency is no place for cleverness: these pages work without a script, and no address is shown
as in force before it is. Asking for a change is ``e911_asking``.
"""

from collections.abc import Sequence
from typing import Any

from flask import abort, render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload

import catalog
import display
import emergency
import policy
from extensions import db
from models import Did, E911Record, E911Status, Order, OrderLine
from portal import paging
from portal.access import actor, blueprint, current_client

STATUSES = {
    E911Status.PROVISIONING: ("Not in force yet: it is being registered", "azure"),
    E911Status.PROVISIONED: ("In force", "green"),
    E911Status.FAILED: ("Not in force: registering it failed", "red"),
    E911Status.REMOVED: ("Removed", "secondary"),
}
PAGE = 50
MOST_MISSING = 200
MOST_HISTORY = 50


@blueprint.get("/911")
def e911() -> Any:
    """List the client's emergency addresses, and its numbers without one."""
    demand_on()
    client, page = current_client(), paging.asked()
    records = select(E911Record).where(*live()).order_by(E911Record.number)
    found = db.session.scalars(records.limit(PAGE + 1).offset((page - 1) * PAGE)).all()
    without = select(Did.number, Did.client_label).where(
        Did.client_id == client.id, emergency.uncovered()
    )
    return render_template(
        "portal/e911/list.html",
        records=found[:PAGE],
        labels=_labels([row.number for row in found]),
        missing=db.session.execute(without.order_by(Did.number).limit(MOST_MISSING)).all(),
        missing_count=emergency.count_uncovered(client.id),
        waiting=_waiting(),
        statuses=STATUSES,
        page=page,
        has_more=len(found) > PAGE,
        url_for_page=paging.url_of,
        may_ask=actor().may_request,
        most=policy.settings_of(client).max_numbers_per_order,
    )


def _labels(numbers: Sequence[str]) -> dict[str, str]:
    rows = db.session.execute(
        select(Did.number, Did.client_label).where(
            Did.client_id == current_client().id, Did.number.in_(numbers)
        )
    )
    return {row.number: row.client_label for row in rows if row.client_label}


@blueprint.get("/911/<digits>/history")
def e911_history(digits: str) -> Any:
    """Tell what has become of a number's address, order by order."""
    demand_on()
    number = known(digits)
    lines = db.session.scalars(
        select(OrderLine)
        .join(OrderLine.order)
        .where(
            Order.client_id == current_client().id,
            OrderLine.number == number,
            OrderLine.slot == catalog.E911,
        )
        .options(joinedload(OrderLine.order).joinedload(Order.login))
        .order_by(OrderLine.id.desc())
        .limit(MOST_HISTORY)
    ).all()
    return render_template(
        "portal/e911/history.html",
        number=number,
        record=record_of(number),
        lines=lines,
        words=catalog.words,
        entered=_entered_words,
        statuses=STATUSES,
        may_ask=actor().may_request,
    )


def _entered_words(entered: dict[str, Any]) -> str:
    return ", ".join(str(value) for value in entered.values() if value)


# --- What the pages of 911 share --------------------------------------------------------------


def demand_on() -> None:
    """Refuse the address where 911 changes are switched off (P15)."""
    problem = policy.kind_problem(policy.settings_of(current_client()), "e911_provision")
    if problem:
        abort(403, problem)


def live() -> list[Any]:
    """Give the conditions of the client's records that have not been removed."""
    return [E911Record.client_id == current_client().id, E911Record.removed_at.is_(None)]


def known(digits: str) -> str:
    """Give a number that is the client's, or had an address of the client's; else 404."""
    number, client = display.to_e164(digits), current_client()
    mine = select(Did.id).where(Did.number == number, Did.client_id == client.id)
    had = select(E911Record.id).where(
        E911Record.number == number, E911Record.client_id == client.id
    )
    if number is None or not any(db.session.scalar(one.limit(1)) for one in (mine, had)):
        abort(404)
    return number


def record_of(number: str | None) -> E911Record | None:
    """Find the address on record for a number of the client's."""
    return db.session.scalar(select(E911Record).where(E911Record.number == number, *live()))


def records_of(numbers: Sequence[str]) -> dict[str, E911Record]:
    """Find the addresses on record for some numbers of the client's."""
    rows = db.session.scalars(select(E911Record).where(E911Record.number.in_(numbers), *live()))
    return {row.number: row for row in rows}


def mine_of(numbers: Sequence[str]) -> set[str]:
    """Tell which of some numbers are the client's, or have an address of the client's."""
    dids = select(Did.number).where(Did.client_id == current_client().id, Did.number.in_(numbers))
    return set(db.session.scalars(dids)) | set(records_of(numbers))


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
