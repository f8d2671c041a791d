"""The page families of the portal, imported once so that their routes exist."""

from portal import (
    account,
    e911,
    first_page,
    many,
    number,
    numbers,
    numbers_csv,
    ordering,
    orders,
    release,
    statements,
    two_factor,
    usage,
)

__all__ = [
    "account",
    "e911",
    "first_page",
    "many",
    "number",
    "numbers",
    "numbers_csv",
    "ordering",
    "orders",
    "release",
    "statements",
    "two_factor",
    "usage",
]
