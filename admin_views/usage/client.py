"""A client's usage: month to date or any range, by day, kind and number, down to the calls (P3)."""

from functools import partial
from typing import Any

from flask import abort
from flask_admin import expose

import audit
import charts
import display
import looking
import policy
import sheets
from admin_views.base import Page, in_slices, own_reseller
from admin_views.of_client import PREFIX, OfClient
from admin_views.usage import ranges
from columns import now
from extensions import db
from models import Call
from permissions import Permission
from usage import insights, reports
from usage.reports import Range, Report, Sums

PAGE = 100


class ClientUsage(OfClient, Page):
    """What one client used and what it pays for it."""

    permission = Permission.CLIENTS_VIEW

    def __init__(self) -> None:
        super().__init__(name="Usage", endpoint="client_usage", url=f"{PREFIX}/usage")

    @expose("/")
    def index(self) -> Any:
        """Show what the client used in a range of days."""
        asked, client_id = ranges.asked(), self.client.id
        span = asked.span
        today = reports.today(own_reseller().time_zone, now())
        earlier = reports.month_before(span) if span.first.day == 1 else None
        wanted = [span, insights.pattern(today), *([earlier] if earlier else [])]
        days = reports.days(*wanted, client_id=client_id)
        found = reports.of_days(span, days)
        before = reports.of_days(earlier, days) if earlier else None
        return self.render(
            "admin/usage/client.html",
            found=found,
            before=before,
            figure=_figure(found, before),
            kinds_figure=charts.money_by_kind(found.by_kind_micros, reports.CHARGES),
            forecast=reports.forecast(found) if before else None,
            monthly_micros=policy.monthly_total(self.client),
            kinds=reports.KINDS,
            numbers=reports.numbers_at(span, client_id, ranges.page(), groups=True),
            address_of=ranges.number_address(asked),
            url_for_page=partial(ranges.url_of, asked, "by-number"),
            unusual=insights.unusual_of(client_id, days, today),
            **asked.in_page,
        )

    @expose("/numbers/<number>")
    def calls(self, number: str) -> Any:
        """List the calls of one number, the latest first; looking at them is recorded."""
        asked, page = ranges.asked(), ranges.page()
        span, known = asked.span, display.to_e164(number) or number
        skipped = (page - 1) * PAGE
        rows = reports.calls(span, self.client.id, known, most=PAGE + 1, skipped=skipped)
        if not rows and page == 1 and not _has_number(span, self.client.id, known):
            abort(404)
        looking.at_calls(self.client, self.by, number=known, range=_days(span))
        return self.render(
            "admin/usage/calls.html",
            number=known,
            rows=rows[:PAGE],
            page=page,
            has_more=len(rows) > PAGE,
            late=reports.counted_late(rows[:PAGE], own_reseller().time_zone),
            total=reports.of_number(span, self.client.id, known) or Sums(),
            kinds=reports.ONE_CALL,
            kept_from=reports.kept_from(span, own_reseller()),
            **asked.in_page,
        )

    @expose("/csv/<any(days, kinds, groups, numbers, calls):what>", methods=("POST",))
    def csv(self, what: str) -> Any:
        """Export days, kinds, groups, numbers or calls; who exported what is recorded."""
        span = ranges.asked().span
        audit.record(
            "usage.exported",
            self.client,
            self.by,
            what=what,
            range=_days(span),
        )
        db.session.commit()
        name = f"usage-{what}-{span.first}-{span.last}.csv"
        if what == "calls":
            return sheets.download(name, CALLS, _calls(span, self.client.id))
        rows, header = _sums(what, span, self.client.id), [what[:-1], *sheets.HEADINGS]
        return sheets.download(name, header, ([key, *sheets.of_sums(one)] for key, one in rows))


CALLS = [
    "started_at_utc",
    "kind",
    "number",
    "far_end",
    "seconds",
    "billed_seconds",
    "cost",
    "price",
]


def _sums(what: str, span: Range, client_id: int) -> list[tuple[Any, reports.Sums]]:
    """Give the rows of an export: what a row is about, and its sums."""
    if what == "groups":
        return list(reports.by_group(span, client_id).items())
    if what == "numbers":
        return list(reports.by_number(span, client_id).items())
    found = reports.report(span, client_id)
    if what == "kinds":
        return [(kind.value, sums) for kind, sums in found.by_kind.items()]
    return list(found.by_day.items())


def _calls(span: Range, client_id: int) -> Any:
    mine = db.session.query(Call).filter(
        Call.client_id == client_id, Call.day >= span.first, Call.day <= span.last
    )
    # The query is made here, while the request lasts; its rows are read while the file is sent.
    return map(_cells, in_slices(mine.order_by(Call.started_at, Call.id)))


def _cells(call: Call) -> list[Any]:
    return [
        call.started_at.isoformat(timespec="seconds"),
        call.kind.value,
        call.number,
        call.far_end,
        call.seconds,
        call.billed_seconds,
        sheets.money(call.cost_micros),
        sheets.money(call.price_micros),
    ]


def _days(span: Range) -> str:
    return f"{span.first} to {span.last}"


def _has_number(span: Range, client_id: int, number: str) -> bool:
    return reports.of_number(span, client_id, number) is not None


def _figure(found: Report, before: Report | None) -> Any:
    earlier = [sums.price_micros for sums in before.by_day.values()] if before else []
    return charts.money_by_day(found.used_by_day, found.owed_by_day, earlier)
