"""Search everywhere: one box for numbers in any spelling, clients, logins, orders and ports.

What can be found here is what the person's role may look at; each hit leads to its page.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from flask import request, url_for
from flask_admin import expose
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, load_only

import display
from admin_views import numbers
from admin_views.base import Page
from extensions import db
from models import Client, Did, Login, Order, Port, PortNumber
from permissions import Permission

ORDER_NUMBER = re.compile(r"(o-?)?\d{1,9}", re.I)
"""An order's number, or a part of one: else no order is looked for."""

MOST = 8
SHORTEST = 2


@dataclass(frozen=True)
class Hit:
    """One thing that was found: its name, what else tells it apart, and where it is."""

    name: str
    detail: str
    url: str


@dataclass
class Finds:
    """What was found of one kind, and where to find more of it."""

    label: str
    hits: list[Hit] = field(default_factory=list)
    more_url: str | None = None


class Search(Page):
    """The page that answers the box in the frame."""

    page_heading = "Search"

    def __init__(self) -> None:
        super().__init__(name="Search", endpoint="search", url="/admin/search")

    def is_visible(self) -> bool:
        """Keep out of the menu: the box stands in the frame."""
        return False

    @expose("/")
    def index(self) -> Any:
        """Show what the words in the box find, kind by kind."""
        typed = request.args.get("q", "").strip()[:80]
        is_short = len(typed) < SHORTEST
        found = [] if is_short else [finds for finds in self._find(typed) if finds.hits]
        return self.render("admin/search.html", typed=typed, found=found, is_short=is_short)

    def _find(self, typed: str) -> list[Finds]:
        kinds = (
            (Permission.NUMBERS_VIEW, _numbers),
            (Permission.CLIENTS_VIEW, _clients),
            (Permission.CLIENTS_VIEW, _logins),
            (Permission.ORDERS_VIEW, _orders),
            (Permission.NUMBERS_VIEW, _ports),
        )
        return [look(typed) for permission, look in kinds if self.by.can(permission)]


def _numbers(typed: str) -> Finds:
    wanted = (
        select(Did)
        .where(numbers.matching(typed))
        .options(joinedload(Did.client).options(load_only(Client.name)))
        .order_by(Did.number)
        .limit(MOST + 1)
    )
    rows = db.session.scalars(wanted).all()
    hits = [
        Hit(
            display.number(did.number),
            ", ".join(
                filter(None, (numbers.place(did), did.client.name if did.client else "free"))
            ),
            url_for("dids.details_view", id=did.id),
        )
        for did in rows
    ]
    return _finds("Numbers", hits, url_for("dids.index_view", search=typed))


def _clients(typed: str) -> Finds:
    fits = or_(
        *(
            column.icontains(typed, autoescape=True)
            for column in (Client.name, Client.account_ref, Client.contact_email)
        )
    )
    rows = db.session.scalars(select(Client).where(fits).order_by(Client.name).limit(MOST + 1))
    hits = [
        Hit(row.name, row.contact_email, url_for("client.overview", client_id=row.id))
        for row in rows
    ]
    return _finds("Clients", hits, url_for("clients.index_view", search=typed))


def _logins(typed: str) -> Finds:
    fits = or_(
        Login.name.icontains(typed, autoescape=True), Login.email.icontains(typed, autoescape=True)
    )
    wanted = select(Login).where(fits).options(joinedload(Login.client)).order_by(Login.name)
    hits = [
        Hit(row.name, f"{row.email}, {row.client.name}", url_for("logins.details_view", id=row.id))
        for row in db.session.scalars(wanted.limit(MOST + 1))
    ]
    return _finds("Logins", hits, url_for("logins.index_view", search=typed))


def _orders(typed: str) -> Finds:
    if not ORDER_NUMBER.fullmatch(typed):
        return _finds("Orders", [], None)
    wanted = (
        select(Order)
        .where(Order.number.icontains(typed, autoescape=True))
        .options(joinedload(Order.client).options(load_only(Client.name)))
        .order_by(Order.id.desc())
    )
    hits = [
        Hit(
            row.number,
            f"{row.client.name}, {row.state.value}",
            url_for("orders.show", number=row.number),
        )
        for row in db.session.scalars(wanted.limit(MOST + 1))
    ]
    return _finds("Orders", hits, None)


def _ports(typed: str) -> Finds:
    number = display.to_e164(typed)
    fits: Any = Port.pon.icontains(typed, autoescape=True)
    if number:
        moving = select(PortNumber.port_id).where(PortNumber.number == number)
        fits = or_(fits, Port.id.in_(moving))
    wanted = select(Port).where(fits).options(joinedload(Port.client)).order_by(Port.id.desc())
    hits = [
        Hit(row.pon, row.client.name, url_for("client_ports.index_view", client_id=row.client_id))
        for row in db.session.scalars(wanted.limit(MOST + 1))
    ]
    return _finds("Ports", hits, None)


def _finds(label: str, hits: list[Hit], more_url: str | None) -> Finds:
    return Finds(label, hits[:MOST], more_url if len(hits) > MOST else None)
