"""The client's own numbers: a list with a search and filters; nothing is changed here.

What is ticked goes to ``many`` and ``release``; the whole list as a file is ``numbers_csv``.
"""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy import func, select

import catalog
import emergency
import policy
from catalog import Service
from extensions import db
from models import Client, Did, DidService, DidStatus, OrderSettings
from portal import number_search, paging, stock
from portal.access import actor, blueprint, current_client
from portal.number_search import Look
from portal.orders import may_order

PAGE = 50
EVERYTHING = Look()

STATES = {DidStatus.ACTIVE: "In service", DidStatus.SUSPENDED: "Suspended"}
"""Only these two can belong to a client."""


@blueprint.get("/numbers")
def numbers() -> Any:
    """List the client's numbers."""
    client = current_client()
    wanted, page = number_search.read(request.args), paging.asked()
    settings, may_request = policy.settings_of(client), actor().may_request
    shows_e911 = _shows_e911(settings)
    found = _list_of(client, wanted).limit(PAGE + 1).offset((page - 1) * PAGE)
    if shows_e911:
        found = found.add_columns(emergency.lacks_record().label("lacks_e911"))
    rows = db.session.execute(found).all()
    return render_template(
        "portal/numbers/list.html",
        wanted=wanted,
        rows=rows[:PAGE],
        services=_services([row.id for row in rows[:PAGE]]),
        uncovered={row.id for row in rows[:PAGE] if row.lacks_e911} if shows_e911 else set(),
        choices=number_search.choices(client),
        e911_choices=number_search.E911 if shows_e911 else {},
        place=stock.place,
        states_of_numbers=STATES,
        page=page,
        has_more=len(rows) > PAGE,
        url_for_page=paging.url_of,
        may_order=may_order(client),
        may_request=may_request,
        editable=editable(settings) if may_request else [],
        may_release=may_request and policy.kind_problem(settings, "did_release") is None,
        count=_count(client, wanted),
        most=settings.max_numbers_per_order,
    )


def editable(settings: OrderSettings) -> list[Service]:
    """List the services that the client may change, in the catalog's order (P15)."""
    return [
        service
        for service in catalog.SERVICES.values()
        if policy.kind_problem(settings, service.key) is None
    ]


def are_mine(client: Client, wanted: Look = EVERYTHING) -> list[Any]:
    """Give the conditions of the client's numbers that a search finds; all of them without one."""
    return [Did.client_id == client.id, *wanted.conditions]


def _shows_e911(settings: OrderSettings) -> bool:
    """Tell whether 911 is the client's to change."""
    return policy.kind_problem(settings, "e911_provision") is None


def _count(client: Client, wanted: Look) -> int:
    return db.session.scalar(select(func.count(Did.id)).where(*are_mine(client, wanted))) or 0


def _list_of(client: Client, wanted: Look) -> Any:
    return (
        select(
            Did.id,
            Did.number,
            number_search.LABEL.label("label"),
            Did.type,
            Did.state,
            Did.city,
            Did.rate_center,
            Did.status,
        )
        .where(*are_mine(client, wanted))
        .order_by(Did.number)
    )


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
