"""How a form of the portal becomes an order: its note, its key against sending twice, the answer.

What the order says is the form's own; ``workflow`` decides whether it can be.
"""

import secrets
from collections.abc import Sequence

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

import policy
import workflow
from lines import Request
from models import Order, OrderState
from portal.access import actor, current_client, gets_mail

MOST_NOTE = 2_000
MOST_KEY = 64

BY_ITSELF = {
    OrderState.APPROVED: "was sent, approved itself and is being set up.",
    OrderState.COMPLETED: "was sent, approved itself and is in force.",
}


def submit(kind: str, requests: Sequence[Request], *, is_one_of_many: bool = False) -> Order:
    """Send the order of this request's form; ``is_one_of_many`` where one form makes several.

    Raises SentAlready when the same form made another order before; it then gets a new key.
    """
    typed = request.form.get("key", "")[:MOST_KEY]
    try:
        return workflow.submit(
            current_client(),
            kind,
            requests,
            actor(),
            note=request.form.get("note", "")[:MOST_NOTE],
            key=f"{typed} {kind}" if typed and is_one_of_many else typed,
        )
    except workflow.SentAlready:
        g.is_key_used = True
        raise


def key() -> str:
    """Give the key for the form that is shown: the one that came with it, while it is unused."""
    typed = "" if g.get("is_key_used") else request.form.get("key", "")[:MOST_KEY]
    return typed or secrets.token_urlsafe(18)


def approves_itself(kind: str) -> bool:
    """Tell whether an order of a kind takes effect as soon as this person sends it."""
    settings = policy.settings_of(current_client())
    return policy.auto_approves(settings, kind) and not actor().four_eyes


def done(order: Order) -> Response:
    """Say what became of an order that was sent, and lead to its page."""
    said = BY_ITSELF.get(order.state) if order.is_auto_approved else None
    flash(f"Order {order.number} {said or 'was sent.'}{promise(order)}", "success")
    return redirect(url_for("portal.order", number=order.number), 303)


def promise(*orders: Order) -> str:
    """Say that a mail will come, where a person decides and whoever sent it wants mails."""
    if not gets_mail() or all(order.state is not OrderState.PENDING for order in orders):
        return ""
    return f" You get a mail when {'it' if len(orders) == 1 else 'each'} is decided."
