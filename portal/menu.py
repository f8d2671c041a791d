"""The portal's menu: what a login finds there; what is off is not shown (P15)."""

from typing import Any

from flask import url_for

import policy
from models import Login

ENTRIES = (
    ("first_page", "First Page", "home", None),
    ("numbers", "Numbers", "hash", None),
    ("order_numbers", "Order Numbers", "search", "did_order"),
    ("orders", "Orders", "list", None),
)
"""Endpoint, label, icon, and the kind of order that must be allowed."""


def entries(person: Login, endpoint: str | None) -> list[dict[str, Any]]:
    """List the menu for a login; the page that is open is marked."""
    settings = policy.settings_of(person.client)
    return [
        {
            "label": label,
            "url": url_for(f"portal.{name}"),
            "icon": icon,
            "active": endpoint == f"portal.{name}",
        }
        for name, label, icon, kind in ENTRIES
        if kind is None
        or (person.allow_order_requests and policy.kind_problem(settings, kind) is None)
    ]
