"""The tabs of a client's page that are lists: the lists of the menu, narrowed to the client."""

from typing import Any

from flask import redirect, url_for
from flask_admin import expose

import emergency
from admin_views.audit import ClientActivity
from admin_views.e911 import E911Records
from admin_views.logins import LoginRows
from admin_views.numbers import Inventory
from admin_views.of_client import PREFIX, OfClient
from admin_views.orders import OrderHistory, PendingOrders
from admin_views.ports import Ports
from admin_views.usage import ClientUsage


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

    same_for_all = True
    page_intro = ""

    def __init__(self) -> None:
        super().__init__(endpoint="client_pending_orders", url=f"{PREFIX}/pending-orders")


class ClientOrderHistory(OfClient, OrderHistory):
    """What was decided for one client."""

    same_for_all = True
    page_intro = ""

    def __init__(self) -> None:
        super().__init__(endpoint="client_order_history", url=f"{PREFIX}/order-history")


class ClientNumbers(OfClient, Inventory):
    """The numbers of one client."""

    same_for_all = True
    left_out = ("client.name",)
    page_intro = ""
    empty_heading = "No numbers yet"
    empty_sentence = "The client orders numbers in its portal, or you give it a DID Group."
    empty_action = None

    def __init__(self) -> None:
        super().__init__(endpoint="client_numbers", url=f"{PREFIX}/numbers", category=None)


class ClientE911(OfClient, E911Records):
    """The 911 addresses of one client."""

    left_out = ("client.name",)
    page_intro = ""
    empty_sentence = "The client orders them in its portal, for its numbers and for others."

    def __init__(self) -> None:
        super().__init__(endpoint="client_e911", url=f"{PREFIX}/911", category=None)

    def uncovered(self) -> tuple[int, str]:
        """Count the client's numbers without an address, and tell where they are listed."""
        address = url_for("e911_missing.index_view", flt0_client_is=self.client.id)
        return emergency.count_uncovered(self.client.id), address


class ClientPorts(OfClient, Ports):
    """The ports of one client."""

    same_for_all = True
    left_out = ("client.name",)
    page_intro = ""
    empty_sentence = "Enter a port when this client brings numbers from another provider."

    def __init__(self) -> None:
        super().__init__(endpoint="client_ports", url=f"{PREFIX}/ports", category=None)

    @property
    def create_url(self) -> str:
        """Lead to the form with the client chosen."""
        return url_for("ports.create_view", client=self.client.id)

    @expose("/new/")
    def create_view(self) -> Any:
        """Lead to the form with the client chosen."""
        return redirect(self.create_url)


def tabs() -> list[object]:
    """List the tabs that are lists."""
    return [
        ClientLogins(),
        ClientPendingOrders(),
        ClientOrderHistory(),
        ClientNumbers(),
        ClientUsage(),
        ClientE911(),
        ClientPorts(),
        ClientActivity(),
    ]
