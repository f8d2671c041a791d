"""The client's own numbers: a list with search in any spelling; nothing is changed here."""

import re
from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy import func, or_, select

import catalog
from extensions import db
from models import Client, Did, DidService, DidStatus
from portal import paging, stock
from portal.access import blueprint, current_client
from portal.orders import may_order

PAGE = 50

STATES = {DidStatus.ACTIVE: "In service", DidStatus.SUSPENDED: "Suspended"}
"""Only these two can belong to a client."""


@blueprint.get("/numbers")
def numbers() -> Any:
    """List the client's numbers."""
    client = current_client()
    wanted = " ".join(request.args.get("q", "").split())[:80]
    page = paging.asked()
    found = _list_of(client, wanted).limit(PAGE + 1).offset((page - 1) * PAGE)
    rows = db.session.execute(found).all()
    return render_template(
        "portal/numbers/list.html",
        wanted=wanted,
        rows=rows[:PAGE],
        services=_services([row.id for row in rows[:PAGE]]),
        place=stock.place,
        states_of_numbers=STATES,
        page=page,
        has_more=len(rows) > PAGE,
        url_for_page=paging.url_of,
        may_order=may_order(client),
    )


def _list_of(client: Client, wanted: str) -> Any:
    statement = (
        select(
            Did.id,
            Did.number,
            Did.label,
            Did.type,
            Did.state,
            Did.city,
            Did.rate_center,
            Did.status,
        )
        .where(Did.client_id == client.id)
        .order_by(Did.number)
    )
    return statement.where(_matches(wanted)) if wanted else statement


def _matches(wanted: str) -> Any:
    """Match part of a number in any spelling, else part of a label or a place."""
    digits = re.sub(r"\D", "", wanted)
    if digits and re.fullmatch(r"[+\d\s().\-/·]*", wanted):
        digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
        return Did.number.like(f"+1%{digits[:10]}%")
    text = wanted.lower()
    columns = (Did.label, Did.city, Did.rate_center)
    return or_(*(func.lower(column).contains(text, autoescape=True) for column in columns))


def _services(ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Say what each number does: a service's name and its setting in words."""
    found: dict[int, list[tuple[str, str]]] = {}
    if not ids:
        return found
    rows = db.session.execute(
        select(DidService.did_id, DidService.service, DidService.settings)
        .where(DidService.did_id.in_(ids))
        .order_by(DidService.service)
    )
    for row in rows:
        words = (catalog.label(row.service), catalog.words(row.service, row.settings))
        found.setdefault(row.did_id, []).append(words)
    return found
