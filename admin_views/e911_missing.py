"""Numbers without 911: what clients have and no emergency address is on record for."""

from collections.abc import Sequence
from typing import Any

from flask import g, url_for
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload, load_only

import catalog
import display
import emergency
from admin_views import filters
from admin_views.base import RowsView
from admin_views.cells import link
from admin_views.groups import client_menu
from admin_views.numbers import matching, place
from extensions import db
from models import Client, Did, Order, OrderLine
from permissions import Permission


class NumbersWithout911(RowsView):
    """The list of clients' numbers that have no 911 address."""

    permission = Permission.NUMBERS_VIEW
    same_for_all = True
    can_export = True
    menu_under = "e911"
    list_template = "admin/e911/missing.html"
    page_heading = "Numbers without 911"
    page_intro = (
        "When one of these calls 911, nobody knows where to send help. Ask the client to order an "
        "address."
    )
    empty_heading = "Every number has a 911 address"
    empty_sentence = "A number that a client has and that has no address would stand here."

    column_list = ("number", "client.name", "place", "activated_at", "order")
    column_labels = {
        "number": "Number",
        "client.name": "Client",
        "place": "Place",
        "activated_at": "Since",
        "order": "911 order",
    }
    column_default_sort = "number"
    column_sortable_list = ("number", "activated_at")
    column_searchable_list = ("number",)
    column_auto_select_related = False

    def __init__(self) -> None:
        self.column_filters = [
            filters.Pick(Did.client_id, "Client", client_menu, lambda v: Did.client_id == int(v))
        ]
        self.column_formatters = {
            "number": _link,
            "client.name": _client,
            "place": lambda view, context, did, name: place(did),
            "order": _order,
        }
        self.column_formatters_export = {
            "place": self.column_formatters["place"],
            "order": lambda view, context, did, name: g.e911_orders.get(did.number, ""),
        }
        super().__init__(
            Did, name="Numbers without 911", endpoint="e911_missing", url="/admin/911-missing"
        )

    def is_visible(self) -> bool:
        """Keep out of the menu: it is reached from the 911 addresses."""
        return False

    def scope(self, query: Any) -> Any:
        """Narrow to the numbers that have no address."""
        return query.filter(emergency.uncovered())

    def get_query(self) -> Any:
        """Load the clients' names with the numbers."""
        return super().get_query().options(joinedload(Did.client).options(load_only(Client.name)))

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Any part of a number, a place or a client"

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> Any:
        found = matching(search)
        return query.filter(found), count_query.filter(found), joins, count_joins

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Find the orders under way for addresses of the page's numbers with one query."""
        count, rows = super().get_list(*args, **kwargs)
        whole = not kwargs.get("execute", True)
        g.e911_orders = _orders(None if whole else [did.number for did in rows])
        return count, rows

    def uncovered(self) -> int:
        """Count the numbers without an address."""
        return emergency.count_uncovered()


def _orders(numbers: Sequence[str] | None) -> dict[str, str]:
    """Name the order that waits for the address of each number: of these, or of all."""
    rows = (
        select(OrderLine.number, Order.number)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.slot == catalog.E911, OrderLine.is_open)
    )
    if numbers is not None:
        rows = rows.where(OrderLine.number.in_(numbers))
    return {number: order for number, order in db.session.execute(rows)}  # noqa: C416


def _order(view: Any, context: Any, did: Did, name: str) -> Any:
    order = g.e911_orders.get(did.number)
    if order is None:
        return Markup('<span class="badge bg-orange-lt">None</span>')
    return Markup('<a href="{}">{}</a> waits').format(url_for("orders.show", number=order), order)


def _link(view: Any, context: Any, did: Did, name: str) -> Markup:
    address = url_for("dids.details_view", id=did.id)
    return Markup('<a href="{}" class="text-nowrap" data-copy="{}">{}</a>').format(
        address, did.number, display.number(did.number)
    )


def _client(view: Any, context: Any, did: Did, name: str) -> Any:
    return link("client.overview", did.client.name if did.client else "", client_id=did.client_id)
