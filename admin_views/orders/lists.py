"""What the two lists of orders share: rows, search, filters, CSV; each screen adds its columns."""

from typing import Any

from sqlalchemy.orm import joinedload, load_only

from admin_views.base import RowsView
from admin_views.orders import filters, words
from models import Client, Login, Order, Staff
from permissions import Permission

MONEY = ("monthly_micros", "setup_micros")
ASKED = ("number", "client.name", "asked_by", "submitted_at", "kind", "line_count", *MONEY)
"""What a CSV says of every order."""


class OrderRows(RowsView):
    """A list of orders; it shows and leads on, and nothing is edited in it."""

    permission = Permission.ORDERS_VIEW
    column_auto_select_related = False
    column_searchable_list = ("number",)
    column_labels = {
        "number": "Order",
        "client.name": "Client",
        "asked_by": "Asked by",
        "submitted_at": "Asked for",
        "kind": "Kind",
        "line_count": "Numbers",
        "monthly_micros": "Per month",
        "setup_micros": "Once",
        "state": "State",
        "decided_by": "Decided by",
        "decided_at": "Decided at",
        "reason": "Reason",
    }
    can_export = True
    newest_first = False
    shown: tuple[Any, ...] = ()
    """The columns that the list's cells read; a CSV reads all of them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Order, **options)

    def get_query(self) -> Any:
        """Load with the rows what the list shows of other tables, and no more."""
        wanted = () if self.is_exporting or not self.shown else (load_only(*self.shown),)
        return (
            super()
            .get_query()
            .options(
                *wanted,
                joinedload(Order.client).options(load_only(Client.name)),
                joinedload(Order.login).options(load_only(Login.name)),
                joinedload(Order.impersonator).options(load_only(Staff.name)),
            )
        )

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Order number, client or telephone number"

    def get_export_value(self, model: Any, name: str) -> Any:
        """Leave amounts as they are: a minus before digits alone is no formula."""
        if name in MONEY:
            return dollars(getattr(model, name))
        return super().get_export_value(model, name)

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> Any:
        found = filters.matching(search)
        return query.filter(found), count_query.filter(found), joins, count_joins

    def _apply_sorting(self, query: Any, joins: Any, column: Any, descending: Any) -> Any:
        query, joins = super()._apply_sorting(query, joins, column, descending)
        # Without a last word on equal rows, two pages could show the same order. It goes the way
        # of the column before it, so that an index gives the rows in their order.
        goes_down = descending if column is not None else self.newest_first
        return query.order_by(Order.id.desc() if goes_down else Order.id), joins


def dollars(micros: int) -> str:
    """Write money for a spreadsheet: 1.50, without a sign or separators."""
    whole, rest = divmod(abs(micros), 1_000_000)
    return f"{'-' if micros < 0 else ''}{whole}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


EXPORT: dict[str, Any] = {
    "asked_by": lambda view, context, order, name: words.asker(order),
    "kind": lambda view, context, order, name: words.kind(order),
    "state": lambda view, context, order, name: words.state(order),
    "decided_by": lambda view, context, order, name: words.decider(order),
}
"""How a cell of the CSV reads."""
