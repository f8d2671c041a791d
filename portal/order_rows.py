"""The rows of the portal's lists of orders, drawn in Python.

A template takes three times as long, and a page has fifty of them.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from flask import url_for
from markupsafe import Markup, escape

import catalog
import display
import drawing
from models import OrderState

STATES = {
    OrderState.PENDING: ("Waiting for approval", "azure", "clock"),
    OrderState.APPROVED: ("Being set up", "blue", "hourglass"),
    OrderState.FAILED: ("Being worked on", "blue", "hourglass"),
    OrderState.COMPLETED: ("Completed", "green", "circle-check"),
    OrderState.REJECTED: ("Rejected", "orange", "circle-x"),
    OrderState.CANCELLED: ("Cancelled", "secondary", "ban"),
}
"""A state's words, colour and icon for the client."""


def badge(state: OrderState) -> Markup:
    """Draw the badge of an order's state in the client's words."""
    return drawing.state_badge(*STATES[state])


def draw(rows: Iterable[Any], tab: str, hide_prices: bool) -> Markup:
    """Draw the rows of a tab, which were selected by ``orders.list_of``."""
    badges, sign = {state: badge(state) for state in STATES}, str(escape(display.sign()))
    is_completed = tab == "completed"
    said = "Decided" if is_completed else "Sent"
    drawn = []
    for row in rows:
        number = escape(row.number)
        more = f" and {display.plural(row.line_count - 1, 'other')}" if row.line_count > 1 else ""
        reason = is_completed and row.reason
        why = f'<div class="text-secondary mt-1">{escape(row.reason)}</div>' if reason else ""
        price = (
            ""
            if hide_prices
            else (
                '<td data-label="Price" class="num"><div>'
                f"{_price(row.monthly_micros, row.setup_micros, sign)}</div></td>"
            )
        )
        drawn.append(
            f'<tr><th scope="row" data-label="Order"><a class="fw-semibold text-nowrap"'
            f' href="{escape(url_for("portal.order", number=row.number))}">{number}</a></th>'
            f'<td data-label="What"><div>{_kind(row.kind)}<div class="text-secondary">'
            f'<span class="tel">{escape(display.number(row.subject))}</span>{more}</div></div></td>'
            f'<td data-label="{said}">'
            f"{display.when(row.decided_at if is_completed else row.submitted_at)}</td>"
            f'<td data-label="State"><div>{badges[row.state]}{why}</div></td>{price}</tr>\n'
        )
    return Markup("".join(drawn))  # noqa: S704  What people wrote was escaped.


@lru_cache(maxsize=100)
def _kind(kind: str) -> str:
    return str(escape(catalog.KINDS[kind].label))


def _price(monthly_micros: int, setup_micros: int, sign: str) -> str:
    monthly = f"{display.amount(monthly_micros, sign)} a month" if monthly_micros else ""
    once = f"{display.amount(setup_micros, sign)} once" if setup_micros else ""
    return "<br>".join(filter(None, (monthly, once))) or "No charge"
