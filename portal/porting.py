"""Ports in the portal (P29): how far each number's move to the reseller has come, and why it waits.

A client reads what staff enter, in the reseller's own words; private comments stay with staff, and
whoever wrote something is the company, not a name. Nothing is changed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import g, render_template, request
from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

import ports as porting
from extensions import db
from models import Client, Port, PortEvent, PortNumber, PortStatus
from portal import paging
from portal.access import blueprint, current_client, own

PAGE = 50
TABS = {"active": "Active", "completed": "Completed", "cancelled": "Cancelled"}
ASKS = (porting.QUESTION, "pending_signature")
"""Keys of the statuses in which a port waits for the client itself."""

SHORT = 80
"""Longer texts stand below their step instead of being it."""


@dataclass(frozen=True)
class Row:
    """One port of a list: the port, its first number, how many it has, and whether it asks."""

    port: Port
    number: str
    count: int
    asks: bool


@dataclass(frozen=True)
class Moving:
    """One number of a port: where it stands, what that means and why."""

    number: str
    status: PortStatus
    words: str
    reason: str | None


@dataclass(frozen=True)
class Step:
    """One step or comment of a port's story, as the client reads it."""

    title: str
    at: datetime
    icon: str = "chevron-right"
    by: str | None = None
    note: str | None = None


# --- The lists --------------------------------------------------------------------------------


@blueprint.get("/ports")
def ports() -> Any:
    """List the client's ports, the latest first."""
    client, asked, page = current_client(), request.args.get("tab", ""), paging.asked()
    tab = asked if asked in TABS else "active"
    wanted = of(client, tab).limit(PAGE + 1).offset((page - 1) * PAGE)
    rows = list_rows(db.session.scalars(wanted).all())
    return render_template(
        "portal/ports/list.html",
        tab=tab,
        tabs=TABS,
        rows=rows[:PAGE],
        page=page,
        has_more=len(rows) > PAGE,
        url_for_page=paging.url_of,
    )


def of(client: Client, tab: str) -> Any:
    """Select the client's ports of a tab, the latest first."""
    status = PortStatus.key == porting.CANCELLED
    rules = {
        "active": [PortStatus.bucket == porting.ACTIVE],
        "completed": [PortStatus.bucket != porting.ACTIVE, ~status],
        "cancelled": [status],
    }
    return (
        select(Port)
        .join(PortStatus, PortStatus.id == Port.status_id)
        .where(Port.client_id == client.id, *rules[tab])
        .options(joinedload(Port.status))
        .order_by(Port.id.desc())
    )


def list_rows(found: Sequence[Port]) -> list[Row]:
    """Give ports with their first number and how many there are, in one query for any list."""
    if not found:
        return []
    asks = case((PortStatus.key.in_(ASKS), 1), else_=0)
    counted = (
        select(
            PortNumber.port_id,
            func.count(PortNumber.id).label("how_many"),
            func.min(PortNumber.number).label("first"),
            func.max(asks).label("asks"),
        )
        .outerjoin(PortStatus, PortStatus.id == PortNumber.status_id)
        .where(PortNumber.port_id.in_([port.id for port in found]))
        .group_by(PortNumber.port_id)
    )
    numbers = {row.port_id: row for row in db.session.execute(counted)}
    return [
        Row(port, one.first, int(one.how_many), _asks(port) or bool(one.asks))
        for port in found
        for one in [numbers.get(port.id)]
        if one is not None
    ]


def _asks(port: Port) -> bool:
    return port.status.key in ASKS


def counted_active(client_id: Any) -> Any:
    """Say how the ports under way of a client are counted, for a statement that asks for more."""
    active = select(func.count(Port.id)).join(PortStatus, PortStatus.id == Port.status_id)
    return active.where(Port.client_id == client_id, PortStatus.bucket == porting.ACTIVE)


# --- One port ---------------------------------------------------------------------------------


@blueprint.get("/ports/<int:port_id>")
def port(port_id: int) -> Any:
    """Show how one port stands, number by number."""
    mine = own(Port, id=port_id)
    numbers = _numbers(mine)
    return render_template(
        "portal/ports/port.html",
        port=mine,
        numbers=numbers,
        asked=_asked(mine, numbers),
        story=_story(mine, g.brand.company_name),
        is_active=mine.status.bucket == porting.ACTIVE,
        dates=_dates(mine),
    )


def _numbers(mine: Port) -> list[Moving]:
    statuses = {status.id: status for status in porting.statuses()}
    found = []
    for row in mine.numbers:
        status = statuses.get(row.status_id or 0, mine.status)
        found.append(Moving(row.number, status, status.client_text or "", row.reason))
    return found


def _asked(mine: Port, numbers: Sequence[Moving]) -> list[tuple[str, list[str]]]:
    """List what the client is asked for: a sentence, and the numbers that it is about, if any.

    A number's own reason is the more telling; the status's words stand for those without one.
    """
    if mine.status.bucket != porting.ACTIVE:
        return []
    found: dict[str, list[str]] = {}
    for row in numbers:
        if row.status.key in ASKS:
            found.setdefault(row.reason or row.words or row.status.label, []).append(row.number)
    for said, which in found.items():
        if len(which) == len(numbers):
            found[said] = []
    return list(found.items())


def _dates(mine: Port) -> list[tuple[str, date | datetime | None, str]]:
    """Give each date of a port: its name, the date, and what is said while there is none."""
    ended = "Cancelled" if mine.status.key == porting.CANCELLED else "Done"
    return [
        ("You asked for", mine.requested_foc, "As soon as can be"),
        ("Confirmed for", mine.foc_date, "Not confirmed yet"),
        (ended, mine.completed_at, "Not yet"),
    ]


def _story(mine: Port, company: str) -> list[Step]:
    """List what happened, the latest first, without what is for staff only."""
    events = db.session.scalars(
        select(PortEvent)
        .where(PortEvent.port_id == mine.id, ~PortEvent.is_private)
        .order_by(PortEvent.id.desc())
    )
    return [_step(event, company) for event in events]


def _step(event: PortEvent, company: str) -> Step:
    if len(event.text) <= SHORT and "\n" not in event.text:
        return Step(event.text, event.at, by=company)
    return Step(f"{company} wrote", event.at, icon="pencil", note=event.text)


def waiting(client: Client, few: int) -> list[Row]:
    """Give the latest ports under way, for the first page."""
    return list_rows(db.session.scalars(of(client, "active").limit(few)).all())
