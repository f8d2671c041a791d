"""The client's own numbers: a list with a search and filters; nothing is changed here.

What is ticked goes to ``many`` and ``release``; the whole list as a file is ``numbers_csv``.
"""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from markupsafe import Markup, escape
from sqlalchemy import bindparam, func, select

import catalog
import display
import emergency
import policy
from catalog import Service
from models import Client, Did, DidService, DidStatus, OrderSettings
from portal import number_search, paging, stock
from portal.access import actor, blueprint, current_client
from portal.number_search import Look, Shape
from portal.orders import may_order
from prepared import prepared

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
    found, count = _found(client, wanted, page, shows_e911)
    rows = found[:PAGE]
    return render_template(
        "portal/numbers/list.html",
        wanted=wanted,
        rows=rows,
        choices=number_search.choices(client),
        e911_choices=number_search.E911 if shows_e911 else {},
        draw_row=_draw_row,
        page=page,
        has_more=len(found) > PAGE,
        url_for_page=paging.url_of,
        may_order=may_order(client),
        may_request=may_request,
        editable=editable(settings) if may_request else [],
        may_release=may_request and policy.kind_problem(settings, "did_release") is None,
        count=count,
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


@dataclass
class Row:
    """One number of the list."""

    number: str
    label: str | None
    place: str
    status: DidStatus
    lacks_e911: bool
    services: list[tuple[str, str]]
    """A service's name and its setting in words."""


def _found(client: Client, wanted: Look, page: int, shows_e911: bool) -> tuple[list[Row], int]:
    """Give the numbers of a page, and one more where more follow; and how many there are."""
    given = {"client": client.id, "most": PAGE + 1, "skipped": (page - 1) * PAGE}
    found: dict[str, Row] = {}
    count = 0
    for one in _list(wanted.shape, shows_e911).all(**given, **wanted.values):
        row, count = found.get(one.number), one.count
        if row is None:
            lacks_e911 = shows_e911 and one.lacks_e911
            row = Row(one.number, one.label, stock.place(one), one.status, lacks_e911, [])
            found[one.number] = row
        if one.service:
            words = catalog.words(one.service, one.settings)
            row.services.append((catalog.label(one.service), words))
    return list(found.values()), count


@prepared
def _list(shape: Shape, shows_e911: bool) -> Any:
    """Select ``most`` numbers of a ``client`` after ``skipped`` ones, once for each service.

    Each row says how many numbers there are in all.
    """
    columns = [
        Did.id,
        Did.number,
        number_search.LABEL.label("label"),
        Did.type,
        Did.state,
        Did.city,
        Did.rate_center,
        Did.status,
    ]
    if shows_e911:
        columns.append(emergency.lacks_record().label("lacks_e911"))
    mine = [Did.client_id == bindparam("client"), *shape.conditions()]
    page = select(*columns).where(*mine).order_by(Did.number)
    some = page.limit(bindparam("most")).offset(bindparam("skipped")).subquery()
    in_all = select(func.count(Did.id)).where(*mine).scalar_subquery().label("count")
    return (
        select(some, in_all, DidService.service, DidService.settings)
        .outerjoin(DidService, DidService.did_id == some.c.id)
        .order_by(some.c.number, DidService.service)
    )


def _draw_row(row: Row, may_choose: bool) -> Markup:
    """Draw a number's row; a template takes three times as long, and a page has fifty."""
    digits, shown = row.number[2:], display.number(row.number)
    choose = (
        '<td class="choose-cell"><input class="form-check-input" type="checkbox" name="n"'
        f' value="{digits}" data-row aria-label="Choose {shown}"></td>'
    )
    services = "".join(
        f'<div>{escape(name)}: <span class="text-secondary">{escape(words)}</span></div>'
        for name, words in row.services
    )
    lacks = '<div><span class="badge bg-red-lt">No 911 address</span></div>'
    return Markup(  # noqa: S704  A number is digits, the rest is escaped or ours.
        f"<tr>{choose if may_choose else ''}"
        '<th scope="row" data-label="Number" class="tel fw-semibold">'
        f'<a href="{escape(url_for("portal.number", digits=digits))}">{shown}</a></th>'
        f'<td data-label="Label">{escape(row.label or "–")}</td>'
        f'<td data-label="Place">{escape(row.place)}</td>'
        '<td data-label="Services">'
        f"{services or NO_SERVICE}</td>"
        f'<td data-label="State"><div>{STATES[row.status]} {lacks if row.lacks_e911 else ""}</div>'
        "</td></tr>\n"
    )


NO_SERVICE = '<span class="text-secondary">None</span>'
