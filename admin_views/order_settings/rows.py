"""The list of order settings across clients, and the page of what new clients begin with."""

from typing import Any

from flask import g
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import String, cast, select
from sqlalchemy.orm import joinedload, selectinload

import catalog
import display
import order_settings
from admin_views import filters
from admin_views.base import RowsView
from admin_views.cells import link
from admin_views.order_settings.form import ON_OFF
from admin_views.order_settings.page import SettingsPage
from admin_views.orders.lists import dollars
from extensions import db
from models import Client, OrderSettings, OrderSettingsTier, Tier
from permissions import Permission

LIMITS = ("max_numbers_per_order", "max_numbers", "monthly_cap_micros")


class OrderSettingsRows(SettingsPage, RowsView):
    """What each client may see and order; a row leads to the client's tab."""

    permission = Permission.CLIENTS_VIEW
    can_export = True
    list_template = "admin/order_settings/list.html"
    page_heading = "Order Settings"
    page_intro = "What each client finds in its portal, and what approves itself."
    empty_heading = "No clients yet"
    empty_sentence = "Each client has order settings from its first moment."
    column_list = (
        *("client.name", "did_ordering", "e911_provisioning", "tiers", "services"),
        *("approvals", "limits"),
    )
    column_export_list = (*column_list[:-1], *LIMITS)
    column_labels = {
        "client.name": "Client",
        "did_ordering": "DID ordering",
        "e911_provisioning": "911",
        "approvals": "Approve themselves",
        "max_numbers_per_order": "Numbers per order",
        "max_numbers": "Numbers in all",
        "monthly_cap_micros": "Monthly limit",
    }
    column_numeric = ("services",)
    column_default_sort = "client.name"
    column_sortable_list = ("client.name", "did_ordering", "e911_provisioning")
    column_searchable_list = ("client_id",)
    column_auto_select_related = False

    def __init__(self) -> None:
        self.column_filters = narrowings()
        words = {
            "did_ordering": _on_off,
            "e911_provisioning": _on_off,
            "tiers": _tiers,
            "services": lambda view, context, row, name: len(row.editable_services),
            "approvals": _approvals,
            "limits": lambda view, context, row, name: limits_words(row),
        }
        self.column_formatters = words | {"client.name": _link}
        self.column_formatters_export = words | {"monthly_cap_micros": _cap}
        super().__init__(
            OrderSettings,
            name="Order Settings",
            endpoint="order_settings",
            url="/admin/order-settings",
            menu_icon_value="settings",
        )

    def scope(self, query: Any) -> Any:
        """Keep the settings of clients; the defaults have a page of their own."""
        return query.filter(OrderSettings.client_id.is_not(None))

    def get_query(self) -> Any:
        """Load clients and tiers with the settings."""
        tiers = selectinload(OrderSettings.tier_rows)
        return super().get_query().options(joinedload(OrderSettings.client), tiers)

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Read the names of the tiers once for all rows."""
        g.tier_names = tier_names()
        return super().get_list(*args, **kwargs)

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Client"

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> Any:
        name = search.strip()
        named = select(Client.id).where(Client.name.icontains(name, autoescape=True))
        found = OrderSettings.client_id.in_(named)
        return query.filter(found), count_query.filter(found), joins, count_joins

    @expose("/defaults", methods=("GET", "POST"))
    def defaults_view(self) -> Any:
        """Show what new clients begin with, and change it."""
        return self.answer(None)


# --- What the list asks and says ----------------------------------------------------------------


def narrowings() -> list[Any]:
    """List what the settings can be narrowed by."""
    approvals = list(order_settings.APPROVALS.items())
    services = [(key, service.label) for key, service in catalog.SERVICES.items()]
    return [
        _switch("did_ordering", "DID ordering"),
        _switch("e911_provisioning", "911"),
        filters.Pick(OrderSettings.id, "Tier", _tier_menu, _has_tier),
        filters.Pick(OrderSettings.id, "Service", services, _has_service),
        filters.Pick(OrderSettings.id, "Approves itself", approvals, _approves),
    ]


def limits_words(settings: OrderSettings) -> str:
    """Say a client's limits."""
    said = [f"{settings.max_numbers_per_order} an order"]
    if settings.max_numbers is not None:
        said.append(f"{settings.max_numbers:,} in all")
    if settings.monthly_cap_micros is not None:
        said.append(f"{display.money(settings.monthly_cap_micros)} a month")
    return ", ".join(said)


def tier_names() -> dict[int, str]:
    """Name the reseller's tiers by id, in their order."""
    tiers = select(Tier.id, Tier.name).order_by(Tier.position, Tier.id)
    return dict(db.session.execute(tiers).all())  # type: ignore[arg-type]


def _switch(name: str, words: str) -> filters.Pick:
    column = getattr(OrderSettings, name)
    return filters.Pick(column, words, ON_OFF, lambda value: column == (value == "on"))


def _tier_menu() -> filters.Choices:
    return [(str(key), name) for key, name in tier_names().items()]


def _has_tier(value: str) -> Any:
    rows = select(OrderSettingsTier.order_settings_id)
    return OrderSettings.id.in_(rows.where(OrderSettingsTier.tier_id == int(value)))


def _has_service(value: str) -> Any:
    # The list is stored as JSON; a service's key stands in it between quotation marks.
    return cast(OrderSettings.editable_services, String).contains(f'"{value}"', autoescape=True)


def _approves(value: str) -> Any:
    return getattr(OrderSettings, value).is_(True)


def _on_off(view: Any, context: Any, row: OrderSettings, name: str) -> str:
    return "On" if getattr(row, name) else "Off"


def _tiers(view: Any, context: Any, row: OrderSettings, name: str) -> str:
    names: dict[int, str] = g.tier_names
    chosen = {one.tier_id for one in row.tier_rows}
    return ", ".join(name for key, name in names.items() if key in chosen) or "None"


def _approvals(view: Any, context: Any, row: OrderSettings, name: str) -> str:
    on = [label for column, label in order_settings.APPROVALS.items() if getattr(row, column)]
    return ", ".join(on) or "None"


def _cap(view: Any, context: Any, row: OrderSettings, name: str) -> str:
    return "" if row.monthly_cap_micros is None else dollars(row.monthly_cap_micros)


def _link(view: Any, context: Any, row: OrderSettings, name: str) -> Markup:
    return link("client_order_settings.index", row.client.name, client_id=row.client_id)
