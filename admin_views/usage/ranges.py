"""The range of days that a page of usage shows: from its address, else the month to date."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote

from flask import flash, request, url_for

from admin_views.base import own_reseller
from columns import now
from usage import reports
from usage.reports import Range

STAND_IN = "0123456789"
"""A number in whose place others are put."""


def month() -> Range:
    """Give the month to date in the reseller's time zone."""
    return reports.month_to_date(reports.today(own_reseller().time_zone, now()))


def asked() -> Range:
    """Read the range of an address; one that cannot be is said and left out."""
    today = reports.today(own_reseller().time_zone, now())
    usual = reports.month_to_date(today)
    first, last = _day("from"), _day("to")
    if first is None and last is None:
        return usual
    span = Range(first or (last or today).replace(day=1), last or today)
    if span.last < span.first:
        flash("The range ends before it begins; the month to date is shown.", "warning")
        return usual
    if span.last - span.first > reports.LONGEST_RANGE:
        flash("A range has at most 400 days; the month to date is shown.", "warning")
        return usual
    return span


def _day(name: str) -> date | None:
    typed = request.args.get(name, "").strip()
    if not typed:
        return None
    try:
        return reports.read_day(typed)
    except ValueError as error:
        flash(str(error), "warning")
        return None


def page() -> int:
    """Read the page number of an address; the first for anything absurd."""
    return min(max(request.args.get("page", 1, type=int), 1), 500)


def url_of(span: Range, anchor: str, number: int) -> str:
    """Give the address of another page of a table that this screen shows of a range."""
    return url_for(".index", page=number, _anchor=anchor, **words(span)["range_args"])


def number_address(span: Range) -> Callable[[str], str]:
    """Give what makes the address of a number's calls; Flask makes it once for all numbers."""
    address = url_for(".calls", number=STAND_IN, **words(span)["range_args"])
    before, _, after = address.partition(STAND_IN)
    return lambda number: f"{before}{quote(number)}{after}"


def words(span: Range) -> dict[str, Any]:
    """Give the templates a range: its days, and how it stands in an address."""
    return {
        "span": span,
        "range_args": {"from": span.first.isoformat(), "to": span.last.isoformat()},
    }
