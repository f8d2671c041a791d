"""Which page of a list was asked for, and where the others are; the same for every list."""

from typing import Any

from flask import request, url_for

MOST_PAGES = 500


def asked() -> int:
    """Read the page number of this request's address; the first for anything absurd."""
    text = request.args.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return min(max(int(text), 1), MOST_PAGES) if is_number else 1


def url_of(page: int) -> str:
    """Give the address of another page of this list, with all that was asked for besides."""
    # What a stranger writes into the address must not steer how addresses are made.
    kept = {
        name: value
        for name, value in request.args.items()
        if name != "endpoint" and not name.startswith("_")
    }
    asked_for: dict[str, Any] = {**kept, **(request.view_args or {}), "page": page}
    return url_for(request.endpoint or "", **asked_for)
