"""The page families of the portal, imported once so that their routes exist."""

from portal import (
    account,
    e911,
    first_page,
    many,
    number,
    numbers,
    ordering,
    orders,
    release,
    usage,
)

__all__ = [
    "account",
    "e911",
    "first_page",
    "many",
    "number",
    "numbers",
    "ordering",
    "orders",
    "release",
    "usage",
]
