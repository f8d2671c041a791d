"""How orders read to staff: differences, prices, events, consequences; no query stands here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import catalog
import display
from catalog import Change
from models import LineResult, Order, OrderEvent, OrderLine, OrderState
from permissions import SYSTEM

EVENTS = {
    "submitted": ("Asked for", "inbox"),
    "approved": ("Approved", "check"),
    "rejected": ("Rejected", "circle-x"),
    "rejection_undone": ("Rejection undone", "undo"),
    "cancelled": ("Cancelled by the client", "ban"),
    "completed": ("Carried out", "circle-check"),
    "failed": ("Carrying out failed", "alert-triangle"),
    "retried": ("Tried again", "refresh"),
}
"""The steps of an order's story: their words and their icons."""

BY_ITSELF = "By itself"


def state(order: Order) -> str:
    """Name an order's state; an approved one is still being carried out."""
    return order.state.value.capitalize()


def kind(order: Order) -> str:
    """Name an order's kind."""
    return catalog.kind(order.kind).label


def story(order: Order) -> list[dict[str, Any]]:
    """List the steps of an order's story, for the timeline."""
    return [_step(event) for event in order.events]


def _step(event: OrderEvent) -> dict[str, Any]:
    title, icon = EVENTS[event.name]
    is_automatic = event.by_name == SYSTEM.name
    return {
        "title": "Approved by itself" if is_automatic and event.name == "approved" else title,
        "icon": icon,
        "by": None if is_automatic else event.by_name,
        "at": event.at,
        "note": event.reason,
    }


def asker(order: Order) -> str:
    """Name who asked for an order; with staff behind the login, both (P8)."""
    name = order.login.name if order.login else "Staff"
    return f"{order.impersonator.name} as {name}" if order.impersonator else name


def decider(order: Order) -> str:
    """Name who decided an order; nobody did when its client's settings approve the kind."""
    return BY_ITSELF if order.is_auto_approved else order.decided_by_name or ""


def changes(line: OrderLine, client: str) -> list[Change]:
    """List what a line changes, as current and requested values in the words of staff."""
    return catalog.changes_for_staff(line, client)


def effect(micros: int) -> str:
    """Show what an order adds to or takes from the bill: +$3.00, −$0.50, $0.00."""
    return f"{'+' if micros > 0 else ''}{display.money(micros)}"


@dataclass(frozen=True)
class Sum:
    """What a set of orders comes to, for a sentence that is read before the decision."""

    orders: int
    clients: int
    numbers: int
    monthly_micros: int
    setup_micros: int

    @property
    def scope(self) -> str:
        """Say how much is decided: 12 orders of 4 clients, 31 numbers."""
        orders = display.plural(self.orders, "order")
        clients = display.plural(self.clients, "client")
        return f"{orders} of {clients}, {display.plural(self.numbers, 'number')}"

    @property
    def bill(self) -> str:
        """Say what it changes on the bill."""
        return f"{effect(self.monthly_micros)} a month and {effect(self.setup_micros)} once"


def add_up(orders: Sequence[Order]) -> Sum:
    """Add up what these orders come to."""
    return Sum(
        orders=len(orders),
        clients=len({order.client_id for order in orders}),
        numbers=sum(order.line_count for order in orders),
        monthly_micros=sum(order.monthly_micros for order in orders),
        setup_micros=sum(order.setup_micros for order in orders),
    )


def approval(order: Order) -> str:
    """Say what approving an order does, before anyone clicks."""
    numbers = display.plural(order.line_count, "number")
    return (
        f"{kind(order)} for {order.client.name}: {numbers}, {effect(order.monthly_micros)} a month "
        f"and {effect(order.setup_micros)} once. It takes effect at once and {_told(order)}."
    )


def undoing(order: Order) -> str:
    """Say what undoing a rejection does."""
    return (
        f"{order.number} of {order.client.name} is pending again and holds "
        f"{display.plural(order.line_count, 'number')}; {_told(order)}."
    )


def retrying(order: Order) -> str:
    """Say what trying again does."""
    return f"What failed in {order.number} of {order.client.name} is carried out again."


def _told(order: Order) -> str:
    return f"{order.login.name if order.login else order.client.contact_email} is mailed"


def decided(order: Order) -> tuple[str, str]:
    """Say how a decision ended, with the tone of the message."""
    sentences = {
        OrderState.COMPLETED: ("is approved and carried out.", "success"),
        OrderState.APPROVED: ("is approved and is being carried out.", "success"),
        OrderState.FAILED: ("is approved, but carrying it out failed. See why below.", "error"),
        OrderState.REJECTED: ("is rejected.", "success"),
        OrderState.PENDING: ("is pending again.", "success"),
        OrderState.CANCELLED: ("is cancelled.", "success"),
    }
    words, tone = sentences[order.state]
    return f"Order {order.number} {words}", tone


def result(line: OrderLine) -> str:
    """Say what came of a line when it was carried out."""
    if line.result is LineResult.FAILED:
        return f"Failed: {line.error or 'no reason was given.'}"
    return "Done" if line.result is LineResult.DONE else "Waiting"
