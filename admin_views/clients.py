"""Clients: the list, the form that makes one in two minutes, and each client's page.

What a client may be is decided in ``clients.py`` below; this file asks and shows.
"""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from flask import abort, flash, g, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, select
from wtforms import (
    EmailField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)

import catalog
import clients
import display
import policy
import sessions
from admin_views import filters
from admin_views.base import RowsView, own_reseller, to_id
from admin_views.forms import PostForm
from catalog import Invalid
from extensions import db
from models import Client, ClientStatus, Did, DidGroup, Order, OrderState
from permissions import Permission

NORTH_AMERICA = (
    ("America/New_York", "Eastern"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Phoenix", "Mountain, without summer time (Arizona)"),
    ("America/Los_Angeles", "Pacific"),
    ("America/Anchorage", "Alaska"),
    ("Pacific/Honolulu", "Hawaii"),
    ("America/Halifax", "Atlantic"),
    ("America/Puerto_Rico", "Puerto Rico"),
    ("America/St_Johns", "Newfoundland"),
)
MOST_GROUPS = 200
"""A longer menu helps nobody."""


class ClientForm(PostForm):
    """What a client is made of."""

    name = StringField("Name", render_kw={"required": True, "maxlength": 120})
    account_ref = StringField(
        "Account reference",
        description="Your own number for this client, such as in your billing. Optional.",
        render_kw={"maxlength": 40},
    )
    contact_email = EmailField(
        "Client Contact",
        description="Every order of this client sends a mail to this address.",
        render_kw={"required": True, "maxlength": 254},
    )
    contact_name = StringField("Contact person", render_kw={"maxlength": 120})
    contact_phone = TelField(
        "Phone",
        description="In any spelling, such as (412) 555-0123.",
        render_kw={"maxlength": 32},
    )
    time_zone = SelectField("Time zone", validate_choice=False)
    groups = SelectMultipleField("DID Groups to give", validate_choice=False)
    notes = TextAreaField(
        "Notes", description="For your staff only.", render_kw={"maxlength": 2000, "rows": 3}
    )

    def offer(self, client: Client | None = None) -> None:
        """Fill the menus: time zones, and the DID Groups that nobody has."""
        zone = own_reseller().time_zone
        self.time_zone.choices = _zones(zone)
        self.groups.choices = _free_groups()
        self.groups.description = (
            "The client gets these groups with all their numbers. Groups that other clients have "
            "are not listed."
        )

    def details(self) -> dict[str, Any]:
        """Give the client's columns as they were typed."""
        return {name: value for name, value in self.typed().items() if name != "groups"}


class Clients(RowsView):
    """The list of clients, the form, and each client's page."""

    permission = Permission.CLIENTS_VIEW
    can_view_details = can_export = True
    page_heading = "Clients"
    page_intro = "The companies that you serve. Each has a portal from its first moment."
    create_label = "New client"
    empty_heading = "No clients yet"
    empty_sentence = "Create your first client; its people can then order in your portal."

    column_list = ("name", "account_ref", "status", "contact_email", "numbers", "open_orders")
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
        "created_at": "Client since",
    }
    column_numeric = ("numbers", "open_orders")
    column_default_sort = "name"
    column_sortable_list = ("name", "account_ref", "status", "contact_email")
    column_searchable_list = ("name", "account_ref", "contact_email", "contact_name")

    def __init__(self) -> None:
        self.column_filters = [
            filters.one_of(Client.status, "Status", ClientStatus),
            filters.Pick(Client.id, "Open orders", [("yes", "Some"), ("no", "None")], _has_open),
        ]
        counts = dict.fromkeys(("numbers", "open_orders"), _count)
        self.column_formatters = counts | {"name": _link}
        self.column_formatters_export = counts
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
        g.client_counts = _counts(None if whole else [client.id for client in rows])
        return count, rows

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Make a client."""
        self._demand_edit()
        form = ClientForm()
        if request.method == "POST":
            try:
                client = clients.create(by=self.by, groups=_chosen(form), **form.details())
                db.session.commit()
            except Invalid as wrong:
                db.session.rollback()
                form.blame(wrong.problems)
            else:
                flash(f"{client.name} is created, and its portal is open.", "success")
                return redirect(url_for(".details_view", id=client.id))
        form.offer()
        return self.render("admin/clients/form.html", form=form, client=None)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Change a client."""
        self._demand_edit()
        client = self.found()
        form = ClientForm(obj=client)
        if request.method == "POST":
            try:
                changed = clients.change(client, by=self.by, groups=_chosen(form), **form.details())
                db.session.commit()
            except Invalid as wrong:
                db.session.rollback()
                form.blame(wrong.problems)
            else:
                words = "is saved" if changed else "was not changed"
                flash(f"{client.name} {words}.", "success")
                return redirect(url_for(".details_view", id=client.id))
        form.offer(client)
        return self.render("admin/clients/form.html", form=form, client=client)

    @expose("/details/")
    def details_view(self) -> Any:
        """Show one client: facts, people, numbers, and what it waits for."""
        client = self.found()
        return self.render(
            "admin/clients/details.html",
            client=client,
            monthly_micros=policy.monthly_total(client),
            groups=_groups_of(client),
            waiting=_waiting(client),
            kinds=catalog.KINDS,
            may_edit=self.by.can(Permission.CLIENTS_EDIT),
            may_invite=self.by.can(Permission.LOGINS_EDIT),
            portal_address=portal_address(),
        )

    def _demand_edit(self) -> None:
        if not self.by.can(Permission.CLIENTS_EDIT):
            abort(403)


def portal_address() -> str:
    """Give the address of the reseller's portal, where every client signs in."""
    return url_for("portal.sign_in", brand=own_reseller().slug, _external=True)


# --- Menus --------------------------------------------------------------------------------------


def _zones(own: str) -> dict[str, list[tuple[str, str]]]:
    near = [(zone, f"{words} ({zone})") for zone, words in NORTH_AMERICA]
    known = {zone for zone, _ in near}
    others = sorted(zone for zone in available_timezones() - known if "/" in zone)
    return {
        "Yours": [("", f"The same as yours ({own})")],
        "North America": near,
        "Elsewhere": [(zone, zone) for zone in others if not zone.startswith("Etc/")],
    }


def _free_groups() -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(DidGroup.id, DidGroup.name, func.count(Did.id))
        .outerjoin(Did, Did.did_group_id == DidGroup.id)
        .where(DidGroup.client_id.is_(None))
        .group_by(DidGroup.id, DidGroup.name)
        .order_by(DidGroup.name)
        .limit(MOST_GROUPS)
    )
    return [(str(key), f"{name} ({display.plural(count, 'number')})") for key, name, count in rows]


def _chosen(form: ClientForm) -> Sequence[DidGroup]:
    """Find the groups that were chosen; raises Invalid for one that the reseller does not have."""
    keys = {to_id(value) for value in form.groups.data or ()}
    rows = db.session.scalars(
        select(DidGroup).where(DidGroup.id.in_(keys - {None})).order_by(DidGroup.name)
    ).all()
    if len(rows) != len(keys):
        raise Invalid({"groups": "Choose groups from the list."})
    return rows


# --- What the list and the page ask -------------------------------------------------------------


def _open(state: Any = Order.state) -> Any:
    return state.in_((OrderState.PENDING, OrderState.APPROVED))


def _has_open(value: str) -> Any:
    having = select(Order.client_id).where(_open())
    return Client.id.in_(having) if value == "yes" else Client.id.not_in(having)


def _counts(ids: Sequence[int] | None) -> dict[str, dict[int, int]]:
    """Count numbers and open orders by client: of these clients, or of all."""
    numbers = select(Did.client_id, func.count(Did.id)).where(Did.client_id.is_not(None))
    orders = select(Order.client_id, func.count(Order.id)).where(_open())
    if ids is not None:
        numbers, orders = (
            numbers.where(Did.client_id.in_(ids)),
            orders.where(Order.client_id.in_(ids)),
        )
    return {
        "numbers": _by_client(numbers.group_by(Did.client_id)),
        "open_orders": _by_client(orders.group_by(Order.client_id)),
    }


def _by_client(counts: Any) -> dict[int, int]:
    return dict(db.session.execute(counts).all())  # type: ignore[arg-type]


def _count(view: Any, context: Any, client: Client, name: str) -> int:
    counts: dict[str, dict[int, int]] = g.client_counts
    return counts[name].get(client.id, 0)


def _link(view: Any, context: Any, client: Client, name: str) -> Markup:
    address = url_for("clients.details_view", id=client.id)
    return Markup('<a href="{}">{}</a>').format(address, client.name)


def _groups_of(client: Client) -> list[tuple[str, int]]:
    """List a client's DID Groups with how many numbers each has."""
    rows = db.session.execute(
        select(DidGroup.name, func.count(Did.id))
        .outerjoin(Did, Did.did_group_id == DidGroup.id)
        .where(DidGroup.client_id == client.id)
        .group_by(DidGroup.id, DidGroup.name)
        .order_by(DidGroup.name)
    )
    return [(name, count) for name, count in rows]


def _waiting(client: Client) -> list[Order]:
    """List what the client waits for, the oldest first."""
    orders = select(Order).where(Order.client_id == client.id, _open())
    return list(db.session.scalars(orders.order_by(Order.submitted_at, Order.id).limit(10)))
