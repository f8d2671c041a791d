"""Which page of a list was asked for, and where the others are; the same for every list."""

from urllib.parse import urlencode

from flask import request

MOST_PAGES = 500


def asked() -> int:
    """Read the page number of this request's address; the first for anything absurd."""
    text = request.args.get("page", "1")
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return min(max(int(text), 1), MOST_PAGES) if is_number else 1


def url_of(page: int) -> str:
    """Give the address of another page of this list, with all that was asked for besides."""
    # Written out, since to url_for the names of an address could be its own: _scheme, endpoint.
    asked_for = [pair for pair in request.args.items(multi=True) if pair[0] != "page"]
    return f"{request.path}?{urlencode([*asked_for, ('page', page)])}"
