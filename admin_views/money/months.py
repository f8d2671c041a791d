"""Months of all clients: what each came to, closing it, and when statements are mailed."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from wtforms import SelectField

import audit
import charging
import sessions
import statements
from admin_views.base import Page
from admin_views.forms import PostForm
from catalog import Invalid
from extensions import db
from models import Reseller
from permissions import Permission


class StatementDayForm(PostForm):
    """On which day statements are mailed."""

    statement_day = SelectField(
        "Mail the statement of last month",
        choices=[("", "Never by itself")] + [(str(n), f"On day {n}") for n in range(1, 29)],
        validate_choice=False,
    )


class Months(Page):
    """The months, open and closed."""

    permission = Permission.CLIENTS_VIEW
    page_heading = "Months"
    page_intro = (
        "A closed month never changes: calls and fees that come late count in the next, with their "
        "own date."
    )

    def __init__(self) -> None:
        super().__init__(
            name="Months",
            endpoint="months",
            url="/admin/months",
            category="Usage",
            menu_icon_value="clock",
        )

    @expose("/")
    def index(self) -> Any:
        """List the months."""
        reseller = _reseller()
        form = StatementDayForm()
        form.statement_day.data = str(reseller.statement_day or "")
        return self.render(
            "admin/money/months.html",
            months=statements.months_of_all(),
            form=form,
            this_month=charging.this_day().replace(day=1),
            may_edit=self.by.can(Permission.MONEY_EDIT),
        )

    @expose("/close", methods=("POST",))
    def close(self) -> Any:
        """Close a month and all before it."""
        self._must_edit()
        month = statements.month_of(request.form.get("month", "")) or abort(404)
        try:
            closed = charging.close_month(month, by=self.by)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            flash(str(wrong), "error")
        else:
            words = "is closed" if closed else "was closed already"
            flash(f"{month:%B %Y} {words}.", "success")
        return redirect(url_for(".index"))

    @expose("/statement-day", methods=("POST",))
    def statement_day(self) -> Any:
        """Choose the day on which statements are mailed."""
        self._must_edit()
        typed, reseller = StatementDayForm().statement_day.data or "", _reseller()
        if typed and typed not in map(str, range(1, 29)):
            flash("Choose a day from 1 to 28.", "error")
            return redirect(url_for(".index"))
        before, reseller.statement_day = reseller.statement_day, int(typed) if typed else None
        audit.record(
            "statements.day_chosen", reseller, self.by, day=[before, reseller.statement_day]
        )
        db.session.commit()
        flash(
            f"Statements are mailed on day {typed} of each month."
            if typed
            else "Statements are mailed only when you say so.",
            "success",
        )
        return redirect(url_for(".index"))

    def _must_edit(self) -> None:
        if not self.by.can(Permission.MONEY_EDIT):
            abort(403)


def _reseller() -> Reseller:
    staff = sessions.staff()
    return staff.reseller if staff else abort(404)
