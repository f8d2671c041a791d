"""The back office's first page: what waits for the reseller, and the first steps of a new one."""

from typing import Any

from flask import current_app
from flask_admin import expose
from sqlalchemy import bindparam, func, select

import catalog
import charts
import sessions
from admin_views import first_steps
from admin_views.base import IndexPage, own_reseller
from admin_views.usage import ranges
from columns import now
from models import (
    Client,
    Did,
    DidStatus,
    E911Record,
    E911Status,
    Login,
    Mail,
    MailState,
    Order,
    OrderState,
    Port,
    PortStatus,
)
from permissions import Permission
from ports.words import QUESTION
from prepared import prepared
from usage import reports

MOST_WAITING = 5
WAITING_STATES = (OrderState.PENDING.value, OrderState.FAILED.value)
MOST_MAILS, MOST_NUMBERS = 1_000, 10_001
"""Counting further would tell nobody more; the page says "10,000+" then."""


class FirstPage(IndexPage):
    """What waits for staff when they come in."""

    @expose("/")
    def index(self) -> Any:
        """Show what waits, what there is, and what is still to be set up."""
        counts = dict(_counts().one()._mapping)
        return self.render(
            "admin/first_page/index.html",
            waiting=_waiting().all(),
            kinds=catalog.KINDS,
            orders={state: counts[f"{state}_orders"] for state in WAITING_STATES},
            mails=counts,
            broken=counts,
            counts=counts,
            steps=self._steps(),
            **_usage(),
            moment=now(),
            may_decide=self.by.can(Permission.ORDERS_DECIDE),
            has_mail_server=current_app.config["MAIL_SERVER"] is not None,
            is_ephemeral=current_app.config["EPHEMERAL_DATABASE"],
        )

    def _steps(self) -> list[first_steps.Step]:
        person = sessions.staff()
        return first_steps.of(person, self.by) if person is not None else []


def _usage() -> dict[str, Any]:
    """Add up the month to date: in all, by day for the graph, and the dearest clients."""
    span = ranges.month()
    found = reports.report(span)
    return {
        "span": span,
        "month": found,
        "month_zone": own_reseller().time_zone,
        "currency": own_reseller().currency,
        "spenders": reports.dearest(span, MOST_WAITING),
        "figure": charts.money_by_day(found.used_by_day, found.owed_by_day)
        if found.by_kind
        else None,
    }


@prepared
def _waiting() -> Any:
    """Select the orders that have waited longest, 911 before all others."""
    return (
        select(
            *(Order.number, Order.kind, Order.is_urgent, Order.line_count, Order.submitted_at),
            Client.name.label("client"),
            Login.name.label("login"),
        )
        .join(Order.client)
        .outerjoin(Order.login)
        .where(Order.state == OrderState.PENDING)
        .order_by(Order.is_urgent.desc(), Order.submitted_at, Order.id)
        .limit(MOST_WAITING)
    )


@prepared
def _counts() -> Any:
    """Select counts of what is few or stands in an index, with one statement.

    Clients; numbers that can be ordered, and those of clients; orders that wait or failed; 911
    addresses in error; ports whose old provider has a question; mails that reached nobody: not
    delivered, or kept for want of a mail server.
    """
    failed = (E911Record.status == E911Status.FAILED, E911Record.removed_at.is_(None))
    # Written into the SQL, so that the index of free numbers is known to fit.
    available: Any = bindparam(None, DidStatus.AVAILABLE, literal_execute=True)
    free = (Did.status == available, Did.client_id.is_(None))
    parts = {
        "clients": select(func.count(Client.id)),
        "free_numbers": _up_to(MOST_NUMBERS, select(Did.id).where(*free)),
        "held_numbers": _up_to(MOST_NUMBERS, select(Did.id).where(Did.client_id.is_not(None))),
        "e911": select(func.count(E911Record.id)).where(*failed),
        "ports": select(func.count(Port.id)).join(Port.status).where(PortStatus.key == QUESTION),
    }
    for waits in WAITING_STATES:
        parts[f"{waits}_orders"] = select(func.count(Order.id)).where(Order.state == waits)
    for state in (MailState.FAILED, MailState.KEPT):
        parts[state.value] = _up_to(MOST_MAILS, select(Mail.id).where(Mail.state == state))
    return select(*(part.scalar_subquery().label(name) for name, part in parts.items()))


def _up_to(most: int, wanted: Any) -> Any:
    """Count rows, and stop at so many."""
    return select(func.count()).select_from(wanted.limit(most).subquery())
