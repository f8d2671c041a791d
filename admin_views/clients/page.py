"""A client's own page: its overview, the form that changes it, and its standing."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import select

import catalog
import charts
import clients
import display
import impersonation
import policy
import sessions
from admin_views import typed_word
from admin_views.base import Page, own_reseller
from admin_views.clients.form import ClientForm, chosen_groups, groups_of
from admin_views.of_client import PREFIX, OfClient
from admin_views.usage import ranges
from columns import now
from extensions import db
from models import IS_OPEN, Client, ClientStatus, Order
from permissions import Permission
from policy import Refused
from usage import reports
from workflow import NotAllowed

STANDINGS = {
    "suspend": (clients.suspend, "suspended"),
    "reopen": (clients.reopen, "open again"),
    "close": (clients.close, "closed"),
}
"""Each act on a client's standing: the verb below, and the word for what it leads to."""


class ClientPage(OfClient, Page):
    """The first tab of a client, and the forms that belong to it."""

    permission = Permission.CLIENTS_VIEW

    def __init__(self) -> None:
        super().__init__(name="Client", endpoint="client", url=PREFIX)

    @expose("/")
    def overview(self) -> Any:
        """Show one client: facts, people, groups, and what it waits for."""
        client = self.client
        month = reports.report(ranges.month(), client.id)
        return self.render(
            "admin/clients/overview.html",
            client=client,
            monthly_micros=policy.monthly_total(client),
            month=month,
            kinds_figure=charts.money_by_kind(month.by_kind_micros, reports.CHARGES),
            usage_kinds=reports.KINDS,
            moment=now(),
            groups=groups_of(client),
            waiting=_waiting(client),
            kinds=catalog.KINDS,
            may_edit=self.by.can(Permission.CLIENTS_EDIT),
            may_invite=self.by.can(Permission.LOGINS_EDIT),
            portal_address=portal_address(),
            may_look=self.by.can(Permission.IMPERSONATE) and client.status is ClientStatus.ACTIVE,
        )

    @expose("/edit", methods=("GET", "POST"))
    def edit(self) -> Any:
        """Change a client."""
        self._demand_edit()
        client, form = self.client, ClientForm(obj=self.client)
        if request.method == "POST":
            with form.blaming():
                groups = chosen_groups(form)
                changed = clients.change(client, by=self.by, groups=groups, **form.details())
                db.session.commit()
                words = "is saved" if changed else "was not changed"
                flash(f"{client.name} {words}.", "success")
                return redirect(url_for(".overview"))
        form.offer(client)
        return self.render("admin/clients/form.html", form=form, client=client)

    @expose("/portal", methods=("POST",))
    def look(self) -> Any:
        """Lead to the client's portal as no login of it, which it needs none for (P1)."""
        row = sessions.row() or abort(403)
        if not self.by.can(Permission.IMPERSONATE):
            abort(403)
        try:
            code = impersonation.prepare(self.client, row, self.by)
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            flash(refused.sentence, "error")
            return redirect(url_for(".overview"))
        slug = own_reseller().slug
        return redirect(url_for("portal.impersonate", brand=slug, code=code), 303)

    @expose("/<any(suspend, reopen, close):act>", methods=("GET", "POST"))
    def standing(self, act: str) -> Any:
        """Say in numbers what suspending, reopening or closing does, and do it when confirmed."""
        self._demand_edit()
        client = self.client
        if request.method == "GET":
            return self._ask_standing(act)
        wrong = typed_word.problem(client.name) if act == "close" else ""
        if wrong:
            return self._ask_standing(act, wrong), 422
        verb, word = STANDINGS[act]
        before = clients.stakes(client)
        try:
            done = verb(client, by=self.by)
            db.session.commit()
        except NotAllowed:
            db.session.rollback()
            abort(403, "Pending orders would be rejected, which your role may not do.")
        flash(_said(client, before, word) if done else f"{client.name} was {word} already.")
        return redirect(url_for(".overview"))

    def _ask_standing(self, act: str, problem: str = "") -> Any:
        return self.render(
            "admin/clients/standing.html",
            client=self.client,
            act=act,
            stakes=clients.stakes(self.client),
            typed=typed_word.typed(),
            problem=problem,
        )

    def _demand_edit(self) -> None:
        if not self.by.can(Permission.CLIENTS_EDIT):
            abort(403)


def portal_address() -> str:
    """Give the address of the reseller's portal, where every client signs in."""
    return url_for("portal.sign_in", brand=own_reseller().slug, _external=True)


def _said(client: Client, before: clients.Stakes, word: str) -> str:
    """Word what was done to a client's standing, in the numbers that it touched."""
    people = display.plural(before.logins, "login")
    if client.status is ClientStatus.ACTIVE:
        return f"{client.name} is {word}: {people} can sign in."
    orders = display.plural(before.pending, "pending order")
    became = "rejected" if client.status is ClientStatus.CLOSED else "left waiting"
    return f"{client.name} is {word}: {people} shut out, {orders} {became}."


def _waiting(client: Client) -> list[Order]:
    """List what the client waits for, the oldest first."""
    orders = select(Order).where(Order.client_id == client.id, IS_OPEN)
    return list(db.session.scalars(orders.order_by(Order.submitted_at, Order.id).limit(10)))
