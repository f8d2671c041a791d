"""A client's ledger: fees and adjustments as they were charged, and the form that adds one."""

import uuid
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import select
from wtforms import HiddenField, RadioField, StringField

import catalog
import charging
import display
import sessions
import sheets
from admin_views import filters
from admin_views.base import RowsView
from admin_views.forms import PostForm
from admin_views.of_client import PREFIX, OfClient
from catalog import Invalid
from extensions import db
from models import Charge, ChargeKind, Order
from permissions import Permission

WORDS = {
    ChargeKind.MONTHLY: "Monthly fee",
    ChargeKind.SETUP: "Set-up fee",
    ChargeKind.ADJUSTMENT: "Adjustment",
}


class AdjustmentForm(PostForm):
    """An amount for or against a client, with its reason."""

    key = HiddenField()
    side = RadioField(
        "What is it?",
        choices=[("credit", "Give the client money back"), ("debit", "Charge the client")],
        default="credit",
    )
    amount = StringField("Amount", render_kw={"inputmode": "decimal", "maxlength": 20})
    reason = StringField(
        "Reason",
        description="The client reads it on its statement.",
        render_kw={"maxlength": 200},
    )


class ChargeRows(RowsView):
    """What was charged beside calls, the latest first, and the form that adjusts it."""

    permission = Permission.CLIENTS_VIEW
    can_export = True
    page_intro = (
        "Monthly fees are charged in advance, by days in the first month; what ends gives the rest "
        "of its month back. Calls stand under Usage."
    )
    create_label = "Adjust"
    empty_heading = "Nothing charged yet"
    empty_sentence = "Fees of numbers and services stand here as soon as they begin."
    column_list = ("day", "kind", "what", "days", "cost_micros", "price_micros")
    column_export_list = (
        *("day", "kind", "number", "subject", "first_day", "last_day"),
        *("reason", "cost_micros", "price_micros"),
    )
    column_labels = {
        "what": "For",
        "days": "Days",
        "cost_micros": "You pay",
        "price_micros": "Client pays",
    }
    column_numeric = ("cost_micros", "price_micros")
    column_default_sort = [("day", True), ("id", True)]
    column_sortable_list = ("day", "kind", "price_micros")
    column_searchable_list = ("number", "reason")
    column_auto_select_related = False

    def __init__(self, **where: Any) -> None:
        kinds = {kind.value: words for kind, words in WORDS.items()}
        self.column_filters = [filters.one_of(Charge.kind, "Kind", ChargeKind, kinds)]
        amount = dict.fromkeys(("cost_micros", "price_micros"), _money)
        self.column_formatters = {
            "kind": lambda view, context, row, name: WORDS[row.kind],
            "what": _what,
            "days": _days,
            **amount,
        }
        self.column_formatters_export = dict.fromkeys(
            ("cost_micros", "price_micros"),
            lambda view, context, row, name: sheets.money(getattr(row, name)),
        )
        super().__init__(Charge, **where)

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Look the orders of the charges up with one query."""
        count, rows = super().get_list(*args, **kwargs)
        ids = {row.order_id for row in rows if row.order_id}
        found = select(Order.id, Order.number).where(Order.id.in_(ids))
        g.charge_orders = dict(db.session.execute(found).all()) if ids else {}  # type: ignore[arg-type]
        return count, rows

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer an adjustment to whoever may write one."""
        return sessions.staff() is not None and self.by.can(Permission.MONEY_EDIT)


class ClientCharges(OfClient, ChargeRows):
    """The ledger of one client."""

    def __init__(self) -> None:
        super().__init__(endpoint="client_charges", url=f"{PREFIX}/charges")

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Write an adjustment."""
        if not self.by.can(Permission.MONEY_EDIT):
            abort(403)
        form = AdjustmentForm()
        if request.method == "POST":
            with form.blaming():
                return self._write(form)
        else:
            form.key.data = uuid.uuid4().hex
        return self.render("admin/money/adjust.html", form=form)

    def _write(self, form: AdjustmentForm) -> Any:
        typed = form.typed()
        try:
            micros = display.to_micros(typed["amount"] or "")
        except ValueError as wrong:
            raise Invalid({"amount": str(wrong)}) from wrong
        signed = micros if typed["side"] == "debit" else -micros
        key, reason = str(typed["key"] or "")[:64], typed["reason"] or ""
        new = charging.adjust(self.client, signed, reason, by=self.by, key=key)
        db.session.commit()
        verb = "is charged" if signed > 0 else "is given back"
        words = f"{display.money(micros)} {verb}." if new else "That was written already."
        flash(words, "success")
        return redirect(url_for(".index_view"))


def _what(view: Any, context: Any, row: Charge, name: str) -> Any:
    """Say what a charge is for, with its order where one caused it."""
    if row.kind is ChargeKind.ADJUSTMENT:
        return row.reason or ""
    label = catalog.label(row.subject)
    words = label if row.subject == catalog.DID else f"{label} of"
    said = Markup("{} {}").format(words, display.number(row.number))
    order = g.charge_orders.get(row.order_id)
    if order is None:
        return said
    url = url_for("orders.show", number=order)
    return Markup('{}, <a href="{}">{}</a>').format(said, url, order)


def _days(view: Any, context: Any, row: Charge, name: str) -> str:
    if row.first_day is None or row.last_day is None:
        return ""
    if row.first_day == row.last_day:
        return display.day(row.first_day)
    return f"{display.day(row.first_day)} – {display.day(row.last_day)}"


def _money(view: Any, context: Any, row: Charge, name: str) -> str:
    return display.money(getattr(row, name))
