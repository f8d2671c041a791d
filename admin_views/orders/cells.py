"""The cells and buttons of the lists of orders, each as one piece of HTML; no query stands here."""

from collections.abc import Iterator
from typing import Any

from flask import g, url_for
from markupsafe import Markup, escape

import display
from admin_views.orders import words
from columns import now
from drawing import icon, order_state
from models import Order, OrderLine, OrderState

LONGEST_REASON = 160


def number(view: Any, context: Any, order: Order, name: str) -> Markup:
    """Lead to the order's story; beside it, what kind it is."""
    urgent = ' <span class="badge bg-red-lt">Urgent</span>' if order.is_urgent else ""
    return _html(
        f'<div><a class="fw-semibold text-nowrap" href="{escape(_story(order))}">'
        f'{escape(order.number)}</a><div class="small text-secondary"><span class="text-nowrap">'
        f"{escape(words.kind(order))}</span>{urgent}</div></div>"
    )


def client(view: Any, context: Any, order: Order, name: str) -> Markup:
    """Name the client, and who asked."""
    return _html(
        f'<div class="cell-name">{escape(order.client.name)}'
        f'<div class="small text-secondary">{escape(words.asker(order))}</div></div>'
    )


def changes(view: Any, context: Any, order: Order, name: str) -> Markup:
    """Say what changes on each number, and what stands in the way of it."""
    parts = [part for line in order.lines for part in _changes_of(line, order.client.name)]
    more = order.line_count - len(order.lines)
    if more > 0:
        parts.append(f'<li><a href="{escape(_story(order))}">+ {more} more</a></li>')
    obstacle = in_the_way().get(order.id)
    if obstacle:
        parts.append(
            f'<li class="text-danger" id="way-{escape(order.number)}">'
            f"Cannot be approved now: {escape(obstacle)}</li>"
        )
    return _html(f'<ul class="list-unstyled mb-0 cell-changes">{"".join(parts)}</ul>')


def _changes_of(line: OrderLine, client_name: str) -> Iterator[str]:
    found = words.changes(line, client_name)
    shown = escape(display.number(line.number))
    for change in found:
        field = f'<span class="text-secondary">{escape(change.field)}:</span> '
        yield (
            f'<li><span class="text-nowrap">{shown}</span> {field if len(found) > 1 else ""}'
            f'<span class="text-secondary">{display.unbroken(change.current)}</span>'
            ' <span aria-hidden="true">→</span><span class="visually-hidden">becomes</span>'
            f" <strong>{display.unbroken(change.requested)}</strong></li>"
        )


def price(view: Any, context: Any, order: Order, name: str) -> Markup:
    """Show what the order adds to the bill: each month, and once."""
    once = f"{words.effect(order.setup_micros)} once"
    return _two_lines(words.effect(order.monthly_micros), once)


def waiting(view: Any, context: Any, order: Order, name: str) -> Markup:
    """Tell for how long the order has waited, and since when."""
    at = g.setdefault("looked_at", now())
    ago = f"{display.age(order.submitted_at, at)} ago"
    return _two_lines(ago, display.when(order.submitted_at))


def state(view: Any, context: Any, order: Order, name: str) -> Markup:
    """Show the state as a badge."""
    return order_state(order.state.value)


def decided_at(view: Any, context: Any, order: Order, name: str) -> Markup:
    """Tell when it was decided, and by whom."""
    return _two_lines(display.when(order.decided_at), words.decider(order))


def reason(view: Any, context: Any, order: Order, name: str) -> str:
    """Give the beginning of the reason."""
    text = order.reason or ""
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1].rstrip()}…"


def in_the_way() -> dict[int, str]:
    """Tell what stands in the way of the orders of this page, by their ids."""
    found: dict[int, str] = g.get("obstacles", {})
    return found


# --- The buttons of a row ---------------------------------------------------------------------


def to_decide(order: Order) -> Markup:
    """Draw the decisions about an order that waits."""
    hidden = f'<span class="visually-hidden"> {escape(order.number)}</span>'
    reject = f'<a class="btn btn-sm" href="{escape(_story(order))}#reason">Reject{hidden}</a>'
    if order.id in in_the_way():
        approve = (
            '<button type="button" class="btn btn-sm" disabled'
            f' aria-describedby="way-{escape(order.number)}">Approve{hidden}</button>'
        )
    else:
        question = f"Approve {order.number}? {words.approval(order)}"
        approve = _button("approve", "Approve", order, question, look="btn-primary")
    return _html(f'<div class="d-flex gap-1">{approve}{reject}</div>')


def to_take_back(order: Order) -> Markup:
    """Draw the way back from a rejection, or the new try of what failed."""
    if order.state is OrderState.REJECTED:
        question = f"Undo the rejection? {words.undoing(order)}"
        return _button("undo-rejection", "Undo Rejection", order, question, symbol="undo")
    if order.state is OrderState.FAILED:
        return _button("retry", "Retry", order, f"Retry? {words.retrying(order)}", symbol="refresh")
    return Markup("")


def _button(
    verb: str, label: str, order: Order, question: str, *, look: str = "", symbol: str = ""
) -> Markup:
    """Draw a button; none can stand in the form of the batch, so it sends the one below."""
    address = url_for(f"orders.{verb.replace('-', '_')}", number=order.number)
    number = escape(order.number)
    return _html(
        f'<button type="submit" form="one-order" formaction="{escape(address)}"'
        f' id="{verb}-{number}" class="btn btn-sm text-nowrap {look}"'
        f' data-confirm="{escape(question)}" data-confirm-verb="{label}">'
        f"{f'{icon(symbol)} ' if symbol else ''}{label}"
        f'<span class="visually-hidden"> {number}</span></button>'
    )


def _story(order: Order) -> str:
    return url_for("orders.show", number=order.number)


def _two_lines(above: Any, below: Any) -> Markup:
    return _html(
        f'<div class="text-nowrap">{escape(above)}'
        f'<div class="small text-secondary">{escape(below)}</div></div>'
    )


def _html(text: str) -> Markup:
    """Take a text as HTML; its values were escaped where it was put together."""
    return Markup(text)  # noqa: S704  Said above; Markup.format takes ten times as long.
