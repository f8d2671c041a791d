"""The portal's menu: what a login finds there; what is off is not shown (P15)."""

from flask import url_for

import policy
from drawing import Entry
from models import Login, OrderSettings
from permissions import Actor

ENTRIES = (
    ("first_page", "First Page", "home", None),
    ("numbers", "Numbers", "hash", None),
    ("order_numbers", "Order Numbers", "search", "did_order"),
    ("e911", "911", "shield", "e911_provision"),
    ("ports", "Ports", "login", None),
    ("orders", "Orders", "list", None),
    ("usage", "Usage", "hourglass", None),
    ("statement_list", "Statements", "printer", None),
    ("people", "People", "users", None),
)
"""Endpoint, label, icon, and the kind of order that must be allowed."""

OF_ORDERING = {"order_numbers"}
"""Entries with nothing to look at for a login that may not order."""

OF_ADMINISTRATORS = {"people"}
"""Entries that only a client's administrator has."""

WITHIN = {
    "number": "numbers",
    "label_number": "numbers",
    "change_service": "numbers",
    "review_many": "numbers",
    "change_many": "numbers",
    "release_number": "numbers",
    "review_release": "numbers",
    "release_numbers": "numbers",
    "upload_numbers": "numbers",
    "send_sheet": "numbers",
    "new_e911": "e911",
    "change_e911": "e911",
    "many_e911": "e911",
    "e911_history": "e911",
    "remove_e911": "e911",
    "usage_calls": "usage",
    "statement": "statement_list",
    "review_numbers": "order_numbers",
    "send_numbers": "order_numbers",
    "port": "ports",
    "order": "orders",
    "order_receipt": "orders",
    "cancel_order": "orders",
    "ask_again": "orders",
}
"""Pages that are not in the menu, and the entry that is marked while they are open."""


def entries(person: Login, endpoint: str | None, by: Actor) -> tuple[Entry, ...]:
    """List the menu for a login; the page that is open is marked."""
    settings = policy.settings_of(person.client)
    page = (endpoint or "").removeprefix("portal.")
    marked = WITHIN.get(page, page)
    return tuple(
        Entry(label, url_for(f"portal.{name}"), icon, active=name == marked)
        for name, label, icon, kind in ENTRIES
        if _is_for(person, name, by) and _is_on(settings, kind)
    )


def _is_for(person: Login, name: str, by: Actor) -> bool:
    """Tell whether an entry is for this person, whatever the client may order."""
    if name in OF_ADMINISTRATORS:
        return person.is_administrator
    return by.may_request or name not in OF_ORDERING


def _is_on(settings: OrderSettings, kind: str | None) -> bool:
    return kind is None or policy.kind_problem(settings, kind) is None


def labels(settings: OrderSettings) -> list[str]:
    """List what the menu offers a login that may order; the back office shows it to staff."""
    return [
        label
        for name, label, _, kind in ENTRIES
        if name not in OF_ADMINISTRATORS and _is_on(settings, kind)
    ]
