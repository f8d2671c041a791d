"""Order History: every decided order, with the way back from a rejection (P20, P21)."""

from typing import Any

from flask import url_for
from markupsafe import Markup

from admin_views.filters import Choices
from admin_views.orders import cells, filters, lists
from models import IS_PENDING, Order
from permissions import Permission

DECIDED = ~IS_PENDING


class OrderHistory(lists.OrderRows):
    """All orders that somebody or something has decided."""

    same_for_all = True
    list_template = "admin/orders/history.html"
    page_heading = "Order History"
    page_intro = "Every decided order. A rejection can be undone here."
    empty_heading = "Nothing was decided yet"
    empty_sentence = (
        "Approved, rejected and cancelled orders stand here, with who decided, when and why."
    )
    column_list = ("number", "client.name", "line_count", "state", "decided_at", "reason")
    column_numeric = ("line_count",)
    column_sortable_list = ("number", "client.name", "line_count", "state", "decided_at")
    column_default_sort = ("decided_at", True)
    newest_first = True
    shown = (
        Order.number,
        Order.kind,
        Order.state,
        Order.is_urgent,
        Order.line_count,
        Order.decided_at,
        Order.decided_by_name,
        Order.is_auto_approved,
        Order.reason,
    )
    column_formatters = {
        "number": cells.number,
        "client.name": cells.client,
        "state": cells.state,
        "decided_at": cells.decided_at,
        "reason": cells.reason,
    }
    column_formatters_export = lists.EXPORT
    column_display_actions = True
    column_export_list = (*lists.ASKED, "state", "decided_by", "decided_at", "reason")

    def __init__(self, **where: Any) -> None:
        self.column_filters = self.narrowings()
        usual = {
            "name": "Order History",
            "endpoint": "order_history",
            "url": "/admin/order-history",
            "menu_icon_value": "history",
        }
        super().__init__(**(usual | where))

    def narrowings(self) -> list[Any]:
        """List what the orders can be narrowed by."""
        return [
            filters.of_client(self.client_choices),
            filters.of_kind(),
            filters.of_state(),
            filters.of_decider(),
            filters.OnDay(Order.decided_at, "Decided", "from"),
            filters.OnDay(Order.decided_at, "Decided", "up to"),
        ]

    @property
    def empty_action(self) -> tuple[str, str]:  # type: ignore[override]
        """Lead to where decisions are made."""
        return ("Go to Pending Orders", url_for("pending_orders.index_view"))

    def scope(self, query: Any) -> Any:
        """Keep the orders that wait no more."""
        return query.filter(DECIDED)

    def client_choices(self) -> Choices:
        """List the clients that have decided orders."""
        return filters.by_name(filters.clients_decided().all())

    def render(self, template: str, **kwargs: Any) -> Any:
        """Tell the templates whether the viewer decides."""
        return super().render(template, may_decide=self.may_decide(), **kwargs)

    def may_decide(self) -> bool:
        """Tell whether the viewer decides orders, and so may take a decision back."""
        return self.by.can(Permission.ORDERS_DECIDE)

    def buttons(self, order: Any) -> Markup:
        """Draw what can be done about a decided order, for whoever may decide."""
        return cells.to_take_back(order) if self.may_decide() else Markup("")
