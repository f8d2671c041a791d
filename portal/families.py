"""The page families of the portal, imported once so that their routes exist."""

from portal import e911, first_page, many, number, numbers, ordering, orders, usage

__all__ = ["e911", "first_page", "many", "number", "numbers", "ordering", "orders", "usage"]
