"""How a form of the portal becomes an order: its note, and the key that makes it safe to repeat.

What the order says is the form's own; ``workflow`` decides whether it can be.
"""

import secrets
from collections.abc import Sequence

from flask import g, request

import policy
import workflow
from lines import Request
from models import Order
from portal.access import actor, current_client

MOST_NOTE = 2_000
MOST_KEY = 64


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
