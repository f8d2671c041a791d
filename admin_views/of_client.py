"""What makes a screen a tab of one client's page: the client that its address names, and the tabs.

A tab is a screen of its own with its own address, so that it can be linked and the back button
works. Which screens are tabs is ``admin_views.clients.tabs``; what they show is theirs.
"""

from typing import Any

from flask import abort, current_app, g, url_for
from flask_admin import Admin
from sqlalchemy import bindparam, func, select

from admin_views.base import to_id
from columns import RowId
from models import IS_PENDING, Client, Did, E911Record, Login, Order, Port
from permissions import Actor, Permission
from prepared import prepared

KEY = "of_client"
"""What the client's id is called in the statements of its lists."""

TABS = (
    ("client.overview", "Overview", Permission.CLIENTS_VIEW),
    ("client_logins.index_view", "Logins", Permission.CLIENTS_VIEW),
    ("client_order_settings.index", "Order Settings", Permission.CLIENTS_VIEW),
    ("client_pending_orders.index_view", "Pending Orders", Permission.ORDERS_VIEW),
    ("client_order_history.index_view", "Order History", Permission.ORDERS_VIEW),
    ("client_numbers.index_view", "Numbers", Permission.NUMBERS_VIEW),
    ("client_usage.index", "Usage", Permission.CLIENTS_VIEW),
    ("client_charges.index_view", "Charges", Permission.CLIENTS_VIEW),
    ("client_statements.index", "Statements", Permission.CLIENTS_VIEW),
    ("client_e911.index_view", "911", Permission.NUMBERS_VIEW),
    ("client_ports.index_view", "Ports", Permission.NUMBERS_VIEW),
    ("client_activity.index_view", "Activity", Permission.AUDIT_VIEW),
)
"""Each tab's endpoint, its name and what opens it, in their order."""

PREFIX = "/admin/clients/<int:client_id>"


class OfClient:
    """A screen about the client whose id stands in its address."""

    endpoint: str
    by: Actor
    menu_under = "clients"

    tab: str | None = None
    """The screen whose tab is marked, where this one has none of its own."""

    left_out: tuple[str, ...] = ()
    """Columns that would say the same on every row of one client."""

    def __init__(self, **where: Any) -> None:
        if self.left_out:
            columns: Any = self.column_list  # type: ignore[has-type]
            self.column_list = tuple(c for c in columns if c not in self.left_out)
        super().__init__(**where)

    def narrowings(self) -> list[Any]:
        """Offer the list's filters but the one of the client."""
        return [one for one in super().narrowings() if one.name != "Client"]  # type: ignore[misc]

    def create_blueprint(self, admin: Admin) -> Any:
        """Take the client's id out of every address of this screen, and put it into its links."""
        blueprint = super().create_blueprint(admin)  # type: ignore[misc]
        blueprint.url_value_preprocessor(_take_id)
        blueprint.url_defaults(_give_id)
        return blueprint

    def is_visible(self) -> bool:
        """Keep out of the menu: a tab is reached from the client."""
        return False

    @property
    def client(self) -> Client:
        """Give the client of the address; 404 for none, and for another reseller's."""
        if "tab_client" not in g:
            key = to_id(g.tab_client_id)
            found: Any = key is not None and _with_counts().rows(client=key).first()
            g.tab_client = found[0] if found else abort(404)
            g.tab_counts = dict(zip(COUNTED, found[1:], strict=True))
        client: Client = g.tab_client
        return client

    def scope(self, query: Any) -> Any:
        """Narrow a list to the client's rows."""
        narrowed = super().scope(query)  # type: ignore[misc]
        return narrowed.filter(self.model.client_id == self.key_of_client())  # type: ignore[attr-defined]

    def key_of_client(self) -> Any:
        """Give the client's id as a value that a statement which is built once is given anew."""
        return bindparam(KEY, self.client.id, type_=RowId)

    def values_of_scope(self) -> dict[str, Any]:
        """Give the client's id."""
        return {KEY: self.client.id}

    def tabs(self) -> list[dict[str, Any]]:
        """List the tabs that the viewer may open, each with its name and address."""
        if "tabs" not in g:
            g.tabs = self._tabs()
        found: list[dict[str, Any]] = g.tabs
        return found

    def _tabs(self) -> list[dict[str, Any]]:
        key, counts = self.client.id, g.tab_counts
        return [
            {
                "label": label,
                "url": url_for(endpoint, client_id=key),
                "active": endpoint.partition(".")[0] == (self.tab or self.endpoint),
                "count": counts.get(label),
            }
            for endpoint, label, permission in TABS
            if endpoint in current_app.view_functions and self.by.can(permission)
        ]


COUNTED = ("Logins", "Pending Orders", "Numbers", "911", "Ports")
"""The tabs that say how much stands behind them."""


@prepared
def _with_counts() -> Any:
    """Select a ``client``, and what stands behind the tabs of ``COUNTED``."""
    mine: Any = bindparam("client")
    kept = E911Record.removed_at.is_(None)
    counts = (
        select(func.count(Login.id)).where(Login.client_id == mine),
        select(func.count(Order.id)).where(Order.client_id == mine, IS_PENDING),
        select(func.count(Did.id)).where(Did.client_id == mine),
        select(func.count(E911Record.id)).where(E911Record.client_id == mine, kept),
        select(func.count(Port.id)).where(Port.client_id == mine),
    )
    return select(Client, *(one.scalar_subquery() for one in counts)).where(Client.id == mine)


def _take_id(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.tab_client_id = (values or {}).pop("client_id", None)


def _give_id(_endpoint: str, values: dict[str, Any]) -> None:
    if "client_id" not in values and "tab_client_id" in g:
        values["client_id"] = g.tab_client_id
