"""Usage in the portal (P25): month to date or any range, by day and number, the calls, CSV.

Only the client's own price stands here; what the reseller pays is nothing of a client's.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from flask import abort, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

import audit
import charts
import display
import looking
import sheets
from columns import E164, now
from extensions import db
from models import Call, Did
from portal import paging
from portal.access import actor, blueprint, current_client
from usage import reports
from usage.reports import AskedRange, Range, Report, Sums

PAGE = 100
HEADINGS = ["calls", "messages", "minutes", "price"]


@blueprint.get("/usage")
def usage() -> Any:
    """Show what the client used in a range of days."""
    asked, client = _asked(), current_client()
    span = asked.span
    earlier = reports.month_before(span) if span.first.day == 1 else None
    days = reports.days(span, *([earlier] if earlier else []), client_id=client.id)
    found = reports.of_days(span, days)
    before = reports.of_days(earlier, days) if earlier else None
    return render_template(
        "portal/usage/index.html",
        found=found,
        before=before,
        forecast=reports.forecast(found) if before else None,
        figure=_figure(found, before),
        kinds_figure=charts.money_by_kind(found.by_kind_micros, reports.CHARGES),
        kinds=reports.KINDS,
        numbers=reports.numbers_at(span, client.id, paging.asked()),
        address_of=_number_address(asked),
        url_for_page=lambda page: f"{paging.url_of(page)}#by-number",
        **asked.in_page,
    )


@blueprint.get("/usage/<number>")
def usage_calls(number: str) -> Any:
    """List the calls of one of the client's numbers, the latest first."""
    asked, client = _asked(), current_client()
    span = asked.span
    known, page = display.to_e164(number) or number, paging.asked()
    rows = reports.calls(span, client.id, known, most=PAGE + 1, skipped=(page - 1) * PAGE)
    if not rows and not _has(known):
        abort(404)
    looking.at_calls(client, actor(), number=known, range=_days(span))
    return render_template(
        "portal/usage/calls.html",
        number=known,
        rows=rows[:PAGE],
        page=page,
        has_more=len(rows) > PAGE,
        late=reports.counted_late(rows[:PAGE], client.reseller.time_zone),
        total=reports.of_number(span, client.id, known) or Sums(),
        kinds=reports.ONE_CALL,
        kept_from=reports.kept_from(span, client.reseller),
        **asked.in_page,
    )


@blueprint.post("/usage/csv/<any(days, kinds, numbers, calls):what>")
def usage_csv(what: str) -> Response:
    """Export days, kinds, numbers or calls; that it was done is recorded."""
    span, client = _asked().span, current_client()
    audit.record("usage.exported", client, actor(), what=what, range=_days(span))
    db.session.commit()
    name = f"usage-{what}-{span.first}-{span.last}.csv"
    if what == "calls":
        return sheets.download(name, CALLS, _calls(span, client.id))
    cells = ([key, *_cells(sums)] for key, sums in _rows(what, span, client.id).items())
    return sheets.download(name, [what[:-1], *HEADINGS], cells)


def _rows(what: str, span: Range, client_id: int) -> dict[Any, Sums]:
    if what == "numbers":
        return dict(reports.by_number(span, client_id))
    found = reports.report(span, client_id)
    if what == "days":
        return dict(found.by_day)
    return {kind.value: sums for kind, sums in found.by_kind.items()}


CALLS = ["started_at_utc", "kind", "number", "far_end", "seconds", "billed_seconds", "price"]


def _calls(span: Range, client_id: int) -> Iterator[list[Any]]:
    mine = db.session.query(Call).filter(
        Call.client_id == client_id, Call.day >= span.first, Call.day <= span.last
    )
    # The query is made here, while the request lasts; its rows are read while the file is sent.
    return map(_call, sheets.in_slices(mine.order_by(Call.started_at.desc(), Call.id.desc())))


def _call(row: Call) -> list[Any]:
    return [
        row.started_at.isoformat(timespec="seconds"),
        row.kind.value,
        row.number,
        row.far_end,
        row.seconds,
        row.billed_seconds,
        sheets.money(row.price_micros),
    ]


def _cells(sums: Sums) -> list[str]:
    minutes = sums.minutes.replace(",", "")
    return [str(sums.calls), str(sums.messages), minutes, sheets.money(sums.price_micros)]


def _asked() -> AskedRange:
    """Read the range of the address, else the month to date in the reseller's zone."""
    today = reports.today(current_client().reseller.time_zone, now())
    return reports.read_range(request.args, today)


def _figure(found: Report, before: Report | None) -> charts.Figure:
    earlier = [sums.price_micros for sums in before.by_day.values()] if before else []
    return charts.money_by_day(found.used_by_day, found.owed_by_day, earlier)


def _number_address(asked: AskedRange) -> Callable[[str], str]:
    """Give what makes the address of a number's calls; Flask makes it once for all numbers."""
    stands_in = "0123456789"
    address = url_for("portal.usage_calls", number=stands_in, **asked.in_address)
    before, _, after = address.partition(stands_in)
    return lambda number: f"{before}{quote(number)}{after}"


def _days(span: Range) -> str:
    return f"{span.first} to {span.last}"


def _has(number: str) -> bool:
    """Tell whether a number is the client's now; its calls may be none."""
    if not E164.fullmatch(number):
        return False
    mine = select(Did.id).where(Did.number == number, Did.client_id == current_client().id)
    return db.session.scalar(mine) is not None
