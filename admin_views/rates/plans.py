"""Usage > Rate Plans: the list, the page of one plan, its rates, and what a call would cost."""

from datetime import date
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, select

import display
import sessions
import sheets
from admin_views.base import RowsView, in_slices, own_reseller
from admin_views.cells import link
from admin_views.rates import quotes
from admin_views.rates.forms import KIND_CHOICES, CopyForm, PlanForm, RateForm
from catalog import Invalid
from columns import now, to_id
from extensions import db
from models import Client, ClientStatus, Rate, RatePlan
from permissions import Permission
from usage import plans, rates, reports

PAGE = 100
MOST_PAGES = 500
HEADER = [
    "kind",
    "prefix",
    "tier",
    "minute",
    "unit",
    "minimum",
    "increment",
    "starts_on",
    "ends_on",
]


class RatePlans(RowsView):
    """The rate plans, and what belongs to one."""

    permission = Permission.CLIENTS_VIEW
    can_view_details = can_export = True
    page_heading = "Rate Plans"
    page_intro = (
        "What clients pay for calls. A changed rate holds for calls that come in from now on."
    )
    create_label = "New plan"
    empty_heading = "No rate plans yet"
    empty_sentence = "Without a plan a client pays for a call what it costs you."
    column_list = ("name", "markup", "size", "clients", "is_for_new")
    column_labels = {
        "markup": "Mark-up without a rate",
        "size": "Rates",
        "clients": "Clients",
        "is_for_new": "For new clients",
    }
    column_numeric = ("size", "clients")
    column_default_sort = "name"
    column_sortable_list = ("name",)
    column_searchable_list = ("name",)

    def __init__(self) -> None:
        self.column_formatters = {
            "name": _link,
            "markup": lambda view, context, plan, name: markup_words(plan),
            "size": lambda view, context, plan, name: f"{g.plan_counts[0].get(plan.id, 0):,}",
            "clients": lambda view, context, plan, name: g.plan_counts[1].get(plan.id, 0),
        }
        self.column_formatters_export = {
            key: words for key, words in self.column_formatters.items() if key != "name"
        }
        super().__init__(
            RatePlan,
            name="Rate Plans",
            endpoint="rate_plans",
            url="/admin/rate-plans",
            category="Usage",
            menu_icon_value="list",
        )

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer making a plan to whoever may."""
        return sessions.staff() is not None and self.by.can(Permission.MONEY_EDIT)

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step to whoever may take it."""
        return (self.create_label, url_for(".create_view")) if self.can_create else None

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Count the rates and clients of the plans with a query each."""
        g.plan_counts = plans.counts()
        return super().get_list(*args, **kwargs)

    # --- A plan ---------------------------------------------------------------------------

    @expose("/details/")
    def details_view(self) -> Any:
        """Show a plan: who has it, its rates, and what a call would cost."""
        plan = self.found()
        kind, prefix = request.args.get("kind", ""), request.args.get("prefix", "")[:20]
        page = min(max(request.args.get("page", 1, type=int), 1), MOST_PAGES)
        wanted = rates.of(plan, kind, prefix)
        found = db.session.scalars(wanted.limit(PAGE + 1).offset((page - 1) * PAGE)).all()
        return self.render(
            "admin/rates/plan.html",
            plan=plan,
            markup=markup_words(plan),
            having=plans.clients_with(plan),
            rows=found[:PAGE],
            has_more=len(found) > PAGE,
            page=page,
            asked={"kind": kind, "prefix": prefix},
            kind_choices=KIND_CHOICES,
            kinds=reports.KINDS,
            quote=quotes.asked(plan, self.today()),
            may_edit=self.can_create,
        )

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Make a plan."""
        return self._form(None)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Change a plan's name, its mark-up and whom it is for."""
        return self._form(self.found())

    def _form(self, plan: RatePlan | None) -> Any:
        self.must_edit()
        form = PlanForm()
        if request.method == "GET" and plan is not None:
            form.show(plan)
        elif request.method == "POST":
            row = plan or RatePlan()
            with form.blaming():
                changed = plans.save(row, by=self.by, **form.typed())
                db.session.commit()
                words = "is saved" if changed else "was not changed"
                flash(f"{row.name} {words}.", "success")
                return redirect(url_for(".details_view", id=row.id))
        return self.render("admin/rates/form.html", form=form, plan=plan)

    @expose("/copy/", methods=("GET", "POST"))
    def copy_view(self) -> Any:
        """Make a plan with the same rates under another name."""
        self.must_edit()
        plan, form = self.found(), CopyForm()
        if request.method == "POST":
            with form.blaming():
                made = plans.copy(plan, by=self.by, name=form.name.data)
                db.session.commit()
                flash(f"{made.name} is a copy of {plan.name}.", "success")
                return redirect(url_for(".details_view", id=made.id))
        return self.render("admin/rates/copy.html", form=form, plan=plan)

    @expose("/remove/", methods=("POST",))
    def remove_view(self) -> Any:
        """Remove a plan that nobody has."""
        self.must_edit()
        plan = self.found()
        name, key = plan.name, plan.id
        try:
            plans.remove(plan, by=self.by)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            flash(str(wrong), "error")
            return redirect(url_for(".details_view", id=key))
        flash(f"{name} is removed.", "success")
        return redirect(url_for(".index_view"))

    @expose("/clients/", methods=("GET", "POST"))
    def clients_view(self) -> Any:
        """Give a plan to clients."""
        self.must_edit()
        plan, everybody = self.found(), _clients()
        if request.method == "POST":
            chosen = {to_id(key) for key in request.form.getlist("client")}
            mine = [client for client in everybody if client.id in chosen]
            given = plans.give(plan, mine, by=self.by)
            for client in everybody:
                if client.rate_plan_id == plan.id and client.id not in chosen:
                    plans.take_away(client, by=self.by)
            db.session.commit()
            flash(f"{plan.name} is given to {display.plural(given, 'more client')}.", "success")
            return redirect(url_for(".details_view", id=plan.id))
        names = dict(db.session.execute(select(RatePlan.id, RatePlan.name)).all())  # type: ignore[arg-type]
        return self.render("admin/rates/clients.html", plan=plan, clients=everybody, names=names)

    @expose("/rates.csv")
    def rates_csv(self) -> Any:
        """Give the rates as a file that can be imported again."""
        plan = self.found()
        query = db.session.query(Rate).filter(Rate.rate_plan_id == plan.id)
        ordered = query.order_by(Rate.kind, Rate.prefix, Rate.tier, Rate.starts_on)
        return sheets.download(f"rates-{plan.id}.csv", HEADER, map(_cells, in_slices(ordered)))

    # --- A rate ---------------------------------------------------------------------------

    @expose("/rate/", methods=("GET", "POST"))
    def rate_view(self) -> Any:
        """Add a rate, or change one."""
        self.must_edit()
        plan, rate, form = self.found(), self._rate(), RateForm()
        if request.method == "GET":
            form.starts_on.data = self.today().isoformat()
            if rate is not None:
                form.show(rate)
        else:
            with form.blaming():
                rates.save(plan, rate, by=self.by, **form.typed())
                db.session.commit()
                flash("The rate is saved. Calls counted already keep their price.", "success")
                return redirect(url_for(".details_view", id=plan.id))
        form.offer(rates.tier_labels())
        return self.render("admin/rates/rate.html", form=form, plan=plan, rate=rate)

    @expose("/rate/remove/", methods=("POST",))
    def remove_rate_view(self) -> Any:
        """Remove a rate."""
        self.must_edit()
        plan, rate = self.found(), self._rate()
        if rate is not None:
            rates.remove(plan, rate, by=self.by)
            db.session.commit()
        flash("The rate is removed. Calls counted already keep their price.", "success")
        return redirect(url_for(".details_view", id=plan.id))

    def _rate(self) -> Rate | None:
        """Find the rate of the address within the plan; 404 for one of another."""
        if "rate" not in request.args:
            return None
        rate = db.session.get(Rate, to_id(request.args["rate"]) or 0)
        plan_id = to_id(request.args.get("id"))
        return rate if rate is not None and rate.rate_plan_id == plan_id else abort(404)

    def must_edit(self) -> None:
        """Refuse whoever may only look."""
        if not self.by.can(Permission.MONEY_EDIT):
            abort(403)

    def today(self) -> date:
        """Tell today in the reseller's zone."""
        return reports.today(own_reseller().time_zone, now())


def markup_words(plan: RatePlan) -> str:
    """Say what a call without a rate costs the client."""
    more = plans.markup(plan)
    return f"Cost and {more}" if more else "At cost"


def _clients() -> list[Client]:
    open_ = select(Client).where(Client.status != ClientStatus.CLOSED)
    return list(db.session.scalars(open_.order_by(func.lower(Client.name))))


def _link(view: Any, context: Any, plan: RatePlan, name: str) -> Markup:
    return link("rate_plans.details_view", plan.name, id=plan.id)


def _cells(rate: Rate) -> list[Any]:
    return [
        rate.kind.value,
        rate.prefix,
        rate.tier,
        sheets.money(rate.minute_micros),
        sheets.money(rate.unit_micros),
        rate.minimum_seconds,
        rate.increment_seconds,
        rate.starts_on.isoformat(),
        rate.ends_on.isoformat() if rate.ends_on else "",
    ]
