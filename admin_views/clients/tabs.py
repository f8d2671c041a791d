"""The tabs of a client's page that are lists: the lists of the menu, narrowed to the client."""

from typing import Any

from flask import redirect, url_for
from flask_admin import expose

from admin_views.logins import LoginRows
from admin_views.numbers import Inventory
from admin_views.of_client import PREFIX, OfClient
from admin_views.orders import OrderHistory, PendingOrders


class ClientLogins(OfClient, LoginRows):
    """The people of one client."""

    left_out = ("client.name",)
    page_intro = ""
    empty_sentence = "Nobody of this client can sign in yet. The portal is open all the same."

    def __init__(self) -> None:
        super().__init__(endpoint="client_logins", url=f"{PREFIX}/logins")

    @property
    def create_url(self) -> str:
        """Lead to the form with the client chosen."""
        return url_for("logins.create_view", client=self.client.id)

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first login to whoever may make one."""
        return ("Create the first login", self.create_url) if self.can_create else None

    @expose("/new/")
    def create_view(self) -> Any:
        """Lead to the form with the client chosen."""
        return redirect(self.create_url)


class ClientPendingOrders(OfClient, PendingOrders):
    """What one client waits for."""

    page_intro = ""

    def __init__(self) -> None:
        super().__init__(endpoint="client_pending_orders", url=f"{PREFIX}/pending-orders")


class ClientOrderHistory(OfClient, OrderHistory):
    """What was decided for one client."""

    page_intro = ""

    def __init__(self) -> None:
        super().__init__(endpoint="client_order_history", url=f"{PREFIX}/order-history")


class ClientNumbers(OfClient, Inventory):
    """The numbers of one client."""

    left_out = ("client.name",)
    page_intro = ""
    empty_heading = "No numbers yet"
    empty_sentence = "The client orders numbers in its portal, or you give it a DID Group."
    empty_action = None

    def __init__(self) -> None:
        super().__init__(endpoint="client_numbers", url=f"{PREFIX}/numbers", category=None)


def tabs() -> list[object]:
    """List the tabs that are lists."""
    return [ClientLogins(), ClientPendingOrders(), ClientOrderHistory(), ClientNumbers()]
