"""What a reseller should look at: calls of nobody to be given away, and unused numbers."""

from datetime import date
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from wtforms import SelectField, StringField

import display
import sheets
from admin_views.base import Page, own_reseller
from admin_views.forms import PostForm
from admin_views.groups import client_menu, find_client
from catalog import Invalid
from columns import now
from extensions import db
from models import Client, Did
from permissions import Permission
from usage import insights, recounting, reports

MOST = 500


class GiveForm(PostForm):
    """To whom calls of nobody are given, and from which day on."""

    client_id = SelectField("Client", validate_choice=False, render_kw={"required": True})
    since = StringField(
        "From this day on",
        description="Empty for all of them.",
        render_kw={"type": "date"},
    )


class Unassigned(Page):
    """The calls that belong to nobody, number by number."""

    permission = Permission.CLIENTS_VIEW
    page_heading = "Unassigned Calls"
    page_intro = (
        "Nobody had these numbers at the time of the calls. Give the calls to a client, and they "
        "are priced in its rates and stand on its statement. Closed months stay as they are."
    )

    def __init__(self) -> None:
        super().__init__(
            name="Unassigned Calls",
            endpoint="unassigned",
            url="/admin/unassigned",
            category="Usage",
            menu_icon_value="alert-triangle",
        )

    @expose("/")
    def index(self) -> Any:
        """List the numbers."""
        rows = insights.unassigned()
        return self.render(
            "admin/usage/unassigned.html",
            rows=rows[:MOST],
            count=len(rows),
            may_edit=self.by.can(Permission.MONEY_EDIT),
        )

    @expose("/<number>", methods=("GET", "POST"))
    def give(self, number: str) -> Any:
        """Give the calls of one number to a client."""
        if not self.by.can(Permission.MONEY_EDIT):
            abort(403)
        row = next((one for one in insights.unassigned() if one.number == number), None)
        if row is None:
            flash("No calls of nobody are left with this number.", "info")
            return redirect(url_for(".index"))
        form = GiveForm()
        form.client_id.choices = [("", "Choose a client"), *client_menu()]
        if request.method == "POST" and (given := self._give(number, form)) is not None:
            flash(f"{display.plural(given, 'call')} given.", "success")
            return redirect(url_for(".index"))
        return self.render("admin/usage/give.html", form=form, row=row)

    def _give(self, number: str, form: GiveForm) -> int | None:
        try:
            client, since = _client(form), _since(form)
        except Invalid as wrong:
            form.blame(wrong.problems)
            return None
        return recounting.give(number, client, by=self.by, since=since)


def _client(form: GiveForm) -> Client:
    client = find_client(form.client_id.data)
    if client is None:
        raise Invalid({"client_id": "Choose the client who is to pay for these calls."})
    return client


def _since(form: GiveForm) -> date | None:
    typed = (form.since.data or "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        words = "Write a day such as 2026-11-01, or leave it empty."
        raise Invalid({"since": words}) from None


class UnusedNumbers(Page):
    """The numbers that a client pays for and nobody uses."""

    permission = Permission.NUMBERS_VIEW
    page_heading = "Unused Numbers"
    page_intro = f"Numbers that a client has had for {insights.UNUSED_DAYS} days without a call."

    def __init__(self) -> None:
        super().__init__(
            name="Unused Numbers",
            endpoint="unused",
            url="/admin/unused",
            category="Usage",
            menu_icon_value="player-pause",
        )

    @expose("/")
    def index(self) -> Any:
        """List the numbers, those longest held first."""
        rows = db.session.scalars(_unused().limit(MOST + 1)).all()
        names = reports.names(sorted({row.client_id for row in rows if row.client_id}))
        return self.render(
            "admin/usage/unused.html", rows=rows[:MOST], names=names, has_more=len(rows) > MOST
        )

    @expose("/csv")
    def csv(self) -> Any:
        """Export them all."""
        rows = db.session.execute(
            _unused().with_only_columns(Did.number, Did.client_id, Did.activated_at)
        ).all()
        names = reports.names(sorted({row.client_id for row in rows}))
        lines = [
            [row.number, names[row.client_id], row.activated_at.isoformat(timespec="seconds")]
            for row in rows
        ]
        return sheets.download("unused-numbers.csv", ["number", "client", "since_utc"], lines)


def _unused() -> Any:
    return insights.unused(reports.today(own_reseller().time_zone, now()))
