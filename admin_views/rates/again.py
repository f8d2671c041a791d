"""Usage > Price Again: calls of open months priced by the rates of today, once confirmed."""

from datetime import date
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import select
from wtforms import SelectField, StringField

import sheets
from admin_views.base import Page
from admin_views.forms import PostForm
from admin_views.groups import client_menu, find_client
from admin_views.rates.forms import DAY
from admin_views.usage import ranges
from extensions import db
from models import RerateState, Rerating
from permissions import Permission
from usage import reports, rerating

SHOWN = 20
STATES = {
    RerateState.COMPARING: "Being compared",
    RerateState.READY: "Compared, not written",
    RerateState.WRITING: "Being written",
    RerateState.DONE: "Done",
}


class AgainForm(PostForm):
    """Which calls are priced again."""

    first = StringField("From", render_kw=DAY | {"required": True})
    last = StringField("To", render_kw=DAY | {"required": True})
    client_id = SelectField("Client", validate_choice=False)


class PriceAgain(Page):
    """Pricing calls again after a rate was corrected."""

    permission = Permission.MONEY_EDIT
    page_heading = "Price Again"
    page_intro = (
        "After a rate was corrected: calls of open months are priced by the rates of today, as if "
        "they came in now. You see the difference for each client first."
    )

    def __init__(self) -> None:
        super().__init__(
            name="Price Again",
            endpoint="price_again",
            url="/admin/price-again",
            category="Usage",
            menu_icon_value="refresh",
        )

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Ask for the days, and begin to compare."""
        form = AgainForm()
        if request.method == "POST":
            with form.blaming():
                client = find_client(form.client_id.data)
                job = rerating.begin(
                    _day(form.first.data), _day(form.last.data), client, by=self.by
                )
                db.session.commit()
                return self._gone_on(job.id)
        else:
            span = ranges.month()
            form.first.data, form.last.data = span.first.isoformat(), span.last.isoformat()
        form.client_id.choices = [("", "All clients"), *client_menu()]
        jobs = db.session.scalars(select(Rerating).order_by(Rerating.id.desc()).limit(SHOWN)).all()
        names = reports.names([job.client_id for job in jobs if job.client_id])
        return self.render(
            "admin/rates/again.html", form=form, jobs=jobs, names=names, states=STATES
        )

    @expose("/<int:job_id>")
    def show(self, job_id: int) -> Any:
        """Show what would change for whom, or what did."""
        job = _found(job_id)
        found = rerating.differences(job)
        ids = [one.client_id for one in found] + ([job.client_id] if job.client_id else [])
        return self.render(
            "admin/rates/difference.html",
            job=job,
            found=found,
            more_micros=sum(one.more_micros for one in found),
            names=reports.names(ids),
            state=STATES[job.state],
        )

    @expose("/<int:job_id>/csv")
    def csv(self, job_id: int) -> Any:
        """Give what would change for whom, or what did, as the page shows it."""
        job = _found(job_id)
        found = rerating.differences(job)
        names = reports.names([one.client_id for one in found])
        rows = [
            [
                names.get(one.client_id, "(nobody)"),
                one.calls,
                *map(sheets.money, (one.before_micros, one.after_micros, one.more_micros)),
            ]
            for one in found
        ]
        file_name = f"price-again-{job.first_day}-{job.last_day}.csv"
        return sheets.download(
            file_name, ["client", "calls", "before", "after", "difference"], rows
        )

    @expose("/<int:job_id>/confirm", methods=("POST",))
    def confirm(self, job_id: int) -> Any:
        """Write the new prices."""
        job = _found(job_id)
        if rerating.confirm(job, by=self.by):
            db.session.commit()
        else:
            db.session.rollback()
            flash("This was confirmed already. Nothing was done twice.", "info")
        return self._gone_on(job_id)

    @expose("/<int:job_id>/go-on", methods=("POST",))
    def go_on(self, job_id: int) -> Any:
        """Work on for a moment, and show how far it is."""
        _found(job_id)
        return self._gone_on(job_id)

    def _gone_on(self, job_id: int) -> Any:
        rerating.work(job_id, seconds=rerating.AT_ONCE)
        return redirect(url_for(".show", job_id=job_id))


def _found(job_id: int) -> Rerating:
    # Flask's int: takes any number of digits, and the databases do not.
    return (db.session.get(Rerating, job_id) if job_id < 2**62 else None) or abort(404)


def _day(typed: str | None) -> date | None:
    try:
        return date.fromisoformat((typed or "").strip())
    except ValueError:
        return None
