"""Rows as CSV, one at a time and safe in a spreadsheet; which rows is for the screens to say."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, stream_with_context

from columns import E164
from usage.reports import Sums

MONEY = ("cost", "price", "margin")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")


def plain_cell(value: Any) -> Any:
    """Make a value safe in a spreadsheet: what begins like a formula becomes text."""
    text = str(value)
    if E164.fullmatch(text):
        return text
    return f"'{text}" if text.lstrip(" \n\v\f\"'").startswith(_FORMULA) else value


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


HEADINGS = ["calls", "messages", "minutes", *MONEY]


def download(name: str, header: list[str], rows: Iterable[Iterable[Any]]) -> Response:
    """Send rows as a CSV file."""
    return Response(
        stream_with_context(_lines(header, rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


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
