"""The range of days that a page of usage shows: from its address, else the month to date."""

from collections.abc import Callable
from urllib.parse import quote

from flask import request, url_for

from admin_views.base import own_reseller
from columns import now
from usage import reports
from usage.reports import AskedRange, Range

STAND_IN = "0123456789"
"""A number in whose place others are put."""


def month() -> Range:
    """Give the month to date in the reseller's time zone."""
    return reports.month_to_date(reports.today(own_reseller().time_zone, now()))


def asked() -> AskedRange:
    """Read the range of the address."""
    return reports.read_range(request.args, reports.today(own_reseller().time_zone, now()))


def page() -> int:
    """Read the page number of an address; the first for anything absurd."""
    return min(max(request.args.get("page", 1, type=int), 1), 500)


def url_of(asked: AskedRange, anchor: str, number: int) -> str:
    """Give the address of another page of a table that this screen shows of a range."""
    return url_for(".index", page=number, _anchor=anchor, **asked.in_address)


def number_address(asked: AskedRange) -> Callable[[str], str]:
    """Give what makes the address of a number's calls; Flask makes it once for all numbers."""
    address = url_for(".calls", number=STAND_IN, **asked.in_address)
    before, _, after = address.partition(STAND_IN)
    return lambda number: f"{before}{quote(number)}{after}"
