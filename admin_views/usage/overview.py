"""Usage over all clients: month to date or any range, cost, price, margin, calls of nobody."""

from functools import partial
from typing import Any

from flask_admin import expose

import charts
import sheets
from admin_views.base import Page, own_reseller
from admin_views.usage import ranges
from columns import now
from permissions import Permission
from usage import insights, reports

MOST_DRAWN = 10
SHOWN = 50


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
        asked = ranges.asked()
        used = reports.by_client(asked.span)
        total, unassigned = reports.add(used.values()), used.pop(0, None)
        pages = max(1, -(-len(used) // SHOWN))
        page = min(ranges.page(), pages)
        unusual = insights.unusual(reports.today(own_reseller().time_zone, now()))[:MOST_DRAWN]
        drawn = list(used)[:MOST_DRAWN]
        shown = list(used)[(page - 1) * SHOWN : page * SHOWN]
        names = reports.names({*drawn, *shown, *(one.client_id for one in unusual)})
        dearest = {names[key]: used[key].price_micros for key in drawn}
        return self.render(
            "admin/usage/overview.html",
            rows=[(key, names[key], used[key]) for key in shown],
            unassigned=unassigned,
            total=total,
            unusual=unusual,
            names=names,
            figure=charts.money_by_name(dearest) if dearest else None,
            page=page,
            pages=pages,
            url_for_page=partial(ranges.url_of, asked, "usage-clients"),
            **asked.in_page,
        )

    @expose("/csv")
    def csv(self) -> Any:
        """Export what each client used."""
        span = ranges.asked().span
        used = reports.by_client(span)
        names = reports.names(used) | {0: "(nobody)"}
        nobodys = used.pop(0, None)
        rows = [*used.items(), *([(0, nobodys)] if nobodys else [])]
        named = [[names[key], *sheets.of_sums(sums)] for key, sums in rows]
        name = f"usage-clients-{span.first}-{span.last}.csv"
        return sheets.download(name, ["client", *sheets.HEADINGS], named)
