"""Clients: the list, and the form that makes one in two minutes.

What a client may be is decided in ``clients`` below; its own page is ``page``.
"""

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import bindparam, func, literal, select, union_all

import clients
import display
import sessions
import sheets
from admin_views import filters
from admin_views.base import RowsView
from admin_views.cells import link
from admin_views.clients.form import ClientForm, chosen_groups
from admin_views.usage import ranges
from extensions import db
from models import IS_OPEN, Client, ClientStatus, Did, Order
from permissions import Permission
from prepared import prepared
from usage import reports


class Clients(RowsView):
    """The list of clients, and the form that makes one."""

    permission = Permission.CLIENTS_VIEW
    same_for_all = True
    can_view_details = can_export = True
    page_heading = "Clients"
    page_intro = "The companies that you serve. Each has a portal from its first moment."
    create_label = "New client"
    empty_heading = "No clients yet"
    empty_sentence = "Create your first client; its people can then order in your portal."

    column_list = (
        *("name", "account_ref", "status", "contact_email"),
        *("numbers", "open_orders", "month_to_date"),
    )
    column_export_list = (
        *column_list[:4],
        "contact_name",
        "contact_phone",
        "time_zone",
        *column_list[4:],
        "created_at",
    )
    column_labels = {
        "name": "Name",
        "account_ref": "Account reference",
        "contact_email": "Client Contact",
        "contact_name": "Contact person",
        "contact_phone": "Phone",
        "open_orders": "Open orders",
        "month_to_date": "Month to date",
        "created_at": "Client since",
    }
    column_numeric = ("numbers", "open_orders", "month_to_date")
    column_default_sort = "name"
    column_sortable_list = ("name", "account_ref", "status", "contact_email")
    column_searchable_list = ("name", "account_ref", "contact_email", "contact_name")

    def __init__(self) -> None:
        self.column_filters = [
            filters.one_of(Client.status, "Status", ClientStatus),
            filters.Pick(Client.id, "Open orders", [("yes", "Some"), ("no", "None")], _has_open),
        ]
        counts = dict.fromkeys(("numbers", "open_orders"), _count)
        self.column_formatters = counts | {"name": _link, "month_to_date": _money}
        self.column_formatters_export = counts | {"month_to_date": _plain_money}
        super().__init__(
            Client,
            name="Clients",
            endpoint="clients",
            url="/admin/clients",
            menu_icon_value="building",
        )

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer making a client to whoever may."""
        return sessions.staff() is not None and self.by.can(Permission.CLIENTS_EDIT)

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step to whoever may take it."""
        return ("New client", url_for("clients.create_view")) if self.can_create else None

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Name, account reference or contact"

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Count numbers and open orders for the rows of the page with one query each."""
        count, rows = super().get_list(*args, **kwargs)
        whole = not kwargs.get("execute", True)
        ids = None if whole else [client.id for client in rows]
        g.client_counts = _counts(ids)
        g.client_usage = reports.by_client(ranges.month(), ids)
        return count, rows

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Make a client."""
        self._demand_edit()
        form = ClientForm()
        if request.method == "POST":
            with form.blaming():
                client = clients.create(by=self.by, groups=chosen_groups(form), **form.details())
                db.session.commit()
                flash(f"{client.name} is created, and its portal is open.", "success")
                return redirect(url_for("client.overview", client_id=client.id))
        form.offer()
        return self.render("admin/clients/form.html", form=form, client=None)

    @expose("/details/")
    def details_view(self) -> Any:
        """Lead on to the client's page."""
        return redirect(url_for("client.overview", client_id=self.found().id))

    def _demand_edit(self) -> None:
        if not self.by.can(Permission.CLIENTS_EDIT):
            abort(403)


# --- What the list and the page ask -------------------------------------------------------------


def _has_open(value: str) -> Any:
    having = select(Order.client_id).where(IS_OPEN)
    return Client.id.in_(having) if value == "yes" else Client.id.not_in(having)


def _counts(ids: Sequence[int] | None) -> dict[str, dict[int, int]]:
    """Count numbers and open orders by client: of these clients, or of all."""
    found: dict[str, dict[int, int]] = {"numbers": {}, "open_orders": {}}
    given = {} if ids is None else {"ids": ids}
    for what, client_id, count in _counted(ids is not None).all(**given):
        found[what][client_id] = count
    return found


@prepared
def _counted(some: bool) -> Any:
    held = select(literal("numbers"), Did.client_id, func.count(Did.id))
    held = _of(held.where(Did.client_id.is_not(None)), Did.client_id, some)
    waiting = select(literal("open_orders"), Order.client_id, func.count(Order.id)).where(IS_OPEN)
    waiting = _of(waiting, Order.client_id, some)
    both = union_all(held.group_by(Did.client_id), waiting.group_by(Order.client_id))
    return select(both.subquery())


def _of(counts: Any, client_id: Any, some: bool) -> Any:
    """Narrow counts to some ``ids`` of clients, where not all are asked for."""
    return counts.where(client_id.in_(bindparam("ids", expanding=True))) if some else counts


def _count(view: Any, context: Any, client: Client, name: str) -> int:
    counts: dict[str, dict[int, int]] = g.client_counts
    return counts[name].get(client.id, 0)


def _money(view: Any, context: Any, client: Client, name: str) -> Markup:
    usage: dict[int, reports.Sums] = g.client_usage
    return display.total(usage[client.id].price_micros if client.id in usage else 0)


def _plain_money(view: Any, context: Any, client: Client, name: str) -> str:
    usage: dict[int, reports.Sums] = g.client_usage
    return sheets.money(usage[client.id].price_micros if client.id in usage else 0)


def _link(view: Any, context: Any, client: Client, name: str) -> Markup:
    return link("client.overview", client.name, client_id=client.id)
