"""The page families of the portal, imported once so that their routes exist."""

from portal import first_page, number, numbers, ordering, orders, usage

__all__ = ["first_page", "number", "numbers", "ordering", "orders", "usage"]
