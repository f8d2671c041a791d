"""Usage over all clients: month to date or any range, cost, price, margin, calls of nobody."""

from typing import Any

from flask_admin import expose

import charts
import sheets
from admin_views.base import Page, own_reseller
from admin_views.usage import ranges
from columns import now
from permissions import Permission
from usage import insights, reports
from usage.reports import Range, Sums

MOST_DRAWN = 10


class Usage(Page):
    """What all clients used, and what it brings."""

    permission = Permission.CLIENTS_VIEW
    page_heading = "Usage"

    def __init__(self) -> None:
        super().__init__(
            name="Usage",
            endpoint="usage",
            url="/admin/usage",
            category="Usage",
            menu_icon_value="hourglass",
        )

    @expose("/")
    def index(self) -> Any:
        """Show what all clients used in a range of days."""
        span = ranges.asked()
        rows, unassigned = _rows(span)
        unusual = insights.unusual(reports.today(own_reseller().time_zone, now()))
        dearest = {name: sums.price_micros for _, name, sums in rows[:MOST_DRAWN]}
        return self.render(
            "admin/usage/overview.html",
            rows=rows,
            unassigned=unassigned,
            total=reports.total(span),
            unusual=unusual[:MOST_DRAWN],
            names=reports.names([one.client_id for one in unusual]),
            figure=charts.money_by_name(dearest) if dearest else None,
            **ranges.words(span),
        )

    @expose("/csv")
    def csv(self) -> Any:
        """Export what each client used."""
        span = ranges.asked()
        rows, unassigned = _rows(span)
        named = [[name, *sheets.of_sums(sums)] for _, name, sums in rows]
        if unassigned:
            named.append(["(nobody)", *sheets.of_sums(unassigned)])
        name = f"usage-clients-{span.first}-{span.last}.csv"
        return sheets.download(name, ["client", *sheets.HEADINGS], named)


def _rows(span: Range) -> tuple[list[tuple[int, str, Sums]], Sums | None]:
    """Give (client id, name, sums) for each client with calls, dearest first; nobody's apart."""
    found = reports.by_client(span)
    unassigned = found.pop(0, None)
    names = reports.names(list(found))
    rows = [(key, names[key], sums) for key, sums in found.items()]
    return sorted(rows, key=lambda row: (-row[2].price_micros, row[1])), unassigned
