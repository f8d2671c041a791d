"""A client's spend alerts: at which amount who is mailed, once a month."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from wtforms import StringField, TextAreaField

import alerts
from admin_views.base import Page, to_id
from admin_views.forms import PostForm
from admin_views.of_client import PREFIX, OfClient
from extensions import db
from permissions import Permission


class AlertForm(PostForm):
    """A limit, and who is told."""

    limit = StringField(
        "When the month comes to",
        description="An amount such as 250, or a part of the monthly cap such as 80 %.",
        render_kw={"maxlength": 20},
    )
    emails = TextAreaField(
        "Mail",
        description="Up to ten addresses, with commas or on lines of their own.",
        render_kw={"rows": 2},
    )


class ClientAlerts(OfClient, Page):
    """The spend alerts of one client."""

    permission = Permission.CLIENTS_VIEW
    tab = "client_usage"

    def __init__(self) -> None:
        super().__init__(name="Spend Alerts", endpoint="client_alerts", url=f"{PREFIX}/alerts")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show the alerts, and add one."""
        form = AlertForm()
        if request.method == "POST":
            self._must_edit()
            with form.blaming():
                alert = alerts.add(
                    self.client,
                    by=self.by,
                    limit=form.limit.data or "",
                    emails=form.emails.data or "",
                )
                db.session.commit()
                limit, told = alerts.limit_words(alert), ", ".join(alert.emails)
                flash(f"When a month comes to {limit}, a mail goes to {told}.", "success")
                return redirect(url_for(".index"))
        return self.render(
            "admin/money/alerts.html",
            form=form,
            alerts=[(alert, alerts.limit_words(alert)) for alert in alerts.of(self.client)],
            may_edit=self.by.can(Permission.MONEY_EDIT),
        )

    @expose("/remove/", methods=("POST",))
    def remove(self) -> Any:
        """Remove an alert of this client."""
        self._must_edit()
        key = to_id(request.args.get("id"))
        alert = next((one for one in alerts.of(self.client) if one.id == key), None) or abort(404)
        alerts.remove(alert, by=self.by)
        db.session.commit()
        flash("The alert is removed.", "success")
        return redirect(url_for(".index"))

    def _must_edit(self) -> None:
        if not self.by.can(Permission.MONEY_EDIT):
            abort(403)
