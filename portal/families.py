"""The page families of the portal, imported once so that their routes exist."""

from portal import (
    account,
    again,
    e911,
    e911_asking,
    first_page,
    many,
    number,
    numbers,
    numbers_csv,
    ordering,
    orders,
    porting,
    release,
    statements,
    two_factor,
    usage,
)

__all__ = [
    "account",
    "again",
    "e911",
    "e911_asking",
    "first_page",
    "many",
    "number",
    "numbers",
    "numbers_csv",
    "ordering",
    "orders",
    "porting",
    "release",
    "statements",
    "two_factor",
    "usage",
]
