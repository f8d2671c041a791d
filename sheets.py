"""Rows as CSV, one at a time and safe in a spreadsheet; which rows is for the screens to say."""

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from flask import Response, stream_with_context

import database
from columns import E164
from statements import Statement
from usage.reports import Sums

MONEY = ("cost", "price", "margin")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


def plain_cell(value: Any) -> Any:
    """Make a value safe in a spreadsheet: what begins like a formula becomes text."""
    text = str(value)
    if E164.fullmatch(text):
        return text
    return f"'{text}" if _is_formula(text) else value


def unquoted(text: str) -> str:
    """Read a cell back: without the apostrophe that ``plain_cell`` puts before a text."""
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    return text.lstrip(" \n\v\f\"'").startswith(_FORMULA)


def money(micros: int) -> str:
    """Write money exactly: 1.50, with more decimals only where there are any."""
    whole, rest = divmod(abs(micros), 1_000_000)
    sign = "-" if micros < 0 else ""
    return f"{sign}{whole}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


def of_sums(sums: Sums) -> list[str]:
    """Write sums as cells: calls, messages, minutes, cost, price, margin."""
    return [
        str(sums.calls),
        str(sums.messages),
        sums.minutes.replace(",", ""),
        money(sums.cost_micros),
        money(sums.price_micros),
        money(sums.margin_micros),
    ]


def statement(found: Statement) -> tuple[list[str], list[list[str]]]:
    """Write a statement as a header and rows: what it is made of, then number by number."""
    header = ["section", "what", "count", "minutes", "messages", "fees", "price"]
    rows = [
        ["calls", kind.value, str(sums.calls), *_used(sums), "", money(sums.price_micros)]
        for kind, sums in found.calls.items()
    ]
    for fee in found.fees:
        rows.append(["fees", fee.label, str(fee.count), "", "", "", money(fee.price_micros)])
    for charge in found.adjustments:
        rows.append(["adjustments", charge.reason or "", *[""] * 4, money(charge.price_micros)])
    rows.append(["total", "", *[""] * 4, money(found.total_micros)])
    rows.append(["due", "", *[""] * 4, money(found.due_micros)])
    for row in found.numbers:
        used = [str(row.used.calls), *_used(row.used)]
        rows.append(["numbers", row.number, *used, money(row.fees_micros), money(row.total_micros)])
    return header, rows


def _used(sums: Sums) -> list[str]:
    return [sums.minutes.replace(",", ""), str(sums.messages)]


HEADINGS = ["calls", "messages", "minutes", *MONEY]


def download(name: str, header: list[str], rows: Iterable[Iterable[Any]]) -> Response:
    """Send rows as a CSV file."""
    return Response(
        stream_with_context(_lines(header, rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def in_slices(query: Any) -> Iterator[Any]:
    """Read rows while a CSV is being sent, and close what that opened.

    The request is over by then: its session is forgotten, and SQLite would take the write lock.
    """
    with closing(query.session):
        with database.reading():
            rows = iter(query.yield_per(500))
            first = next(rows, None)
        if first is not None:
            yield first
            yield from rows


def _lines(header: list[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_safe(cell) for cell in row])
        if buffer.tell() > 60_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _safe(cell: Any) -> Any:
    text = str(cell)
    # A minus before digits alone is an amount and no formula.
    if text.startswith("-") and text[1:].replace(".", "", 1).isdigit():
        return text
    return plain_cell(cell)
