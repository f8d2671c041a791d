"""An order's page: what it changes, what stands in its way, its whole story, and its decision."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_admin import expose
from markupsafe import Markup

import canned
import notes
import workflow
from admin_views import menu
from admin_views.base import Page
from admin_views.orders import deciding, queue, words
from catalog import Invalid
from columns import now
from extensions import db
from models import Order, OrderState
from permissions import Actor, Permission
from policy import Refused
from workflow import NotAllowed, TooLate, Verb

LEADS_TO = {
    Verb.APPROVE: (OrderState.APPROVED, OrderState.COMPLETED, OrderState.FAILED),
    Verb.REJECT: (OrderState.REJECTED,),
}
LISTS = ("pending_orders.index_view", "order_history.index_view")


class OrderPage(Page):
    """One order; every decision on one order is sent here."""

    menu_under = "pending_orders"
    permission = Permission.ORDERS_VIEW

    def __init__(self) -> None:
        super().__init__(name="Order", endpoint="orders", url="/admin/orders")

    def is_visible(self) -> bool:
        """Keep out of the menu: an order is reached from a list."""
        return False

    @expose("/")
    def index(self) -> Any:
        """Lead to the orders that wait."""
        return redirect(url_for("pending_orders.index_view"))

    @expose("/<number>")
    def show(self, number: str) -> Any:
        """Show an order."""
        return self._page(queue.find(number))

    @expose("/<number>/approve", methods=("POST",))
    def approve(self, number: str) -> Any:
        """Approve a pending order."""
        return self._decide(number, Verb.APPROVE)

    @expose("/<number>/reject", methods=("POST",))
    def reject(self, number: str) -> Any:
        """Reject a pending order with the reason that the client reads."""
        return self._decide(number, Verb.REJECT)

    @expose("/<number>/undo-rejection", methods=("POST",))
    def undo_rejection(self, number: str) -> Any:
        """Bring a rejected order back to pending."""
        return self._decide(number, Verb.UNDO_REJECTION)

    @expose("/<number>/retry", methods=("POST",))
    def retry(self, number: str) -> Any:
        """Carry out again what failed."""
        return self._decide(number, Verb.RETRY)

    @expose("/<number>/notes", methods=("POST",))
    def add_note(self, number: str) -> Any:
        """Write a note on an order, to the client or for staff only."""
        order, typed = queue.find(number), request.form.get("note")
        private = bool(request.form.get("is_private"))
        try:
            notes.add(order, typed, self.by, is_private=private)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            problem = wrong.problems["note"]
            again = {"note_problem": problem, "typed_note": typed, "typed_private": private}
            return self._page(queue.find(number), status=422, **again)
        told = "It is for staff only." if private else f"{order.client.name} is told by mail."
        flash(f"Your note is on the order. {told}", "success")
        return redirect(url_for(".show", number=number))

    def _decide(self, number: str, verb: Verb) -> Any:
        deciding.check_may_decide(self.by)
        order = queue.find(number)
        reason = deciding.typed_reason()
        problem = deciding.reason_problem(verb, reason)
        if problem:
            return self._page(order, status=422, reason=reason, problem=problem)
        try:
            deciding.ACTS[verb](order, self.by, reason)
            db.session.commit()
        except NotAllowed as refused:
            db.session.rollback()
            abort(403, refused.sentence)
        except Refused as refused:
            db.session.rollback()
            return self._refused(queue.find(number), verb, refused, reason)
        _tell(order)
        return redirect(_way_on(order))

    def _refused(self, order: Order, verb: Verb, refused: Refused, reason: str) -> Any:
        """Show the order as it is now with what was refused; a second click is no refusal."""
        if isinstance(refused, TooLate) and _is_own_repeat(order, verb, self.by):
            return redirect(_way_on(order))
        return self._page(order, status=409, refused=refused, verb=verb.value, reason=reason)

    def _page(self, order: Order, status: int = 200, **more: Any) -> Any:
        page = self.render(
            "admin/orders/order.html",
            order=order,
            words=words,
            now=now(),
            allowed={verb.value for verb in workflow.allowed(order, self.by)},
            obstacle=_obstacle(order, self.by),
            mails=queue.mails().all(order=order.id),
            notes=notes.of(order, private=True),
            reasons=canned.reasons() if order.state is OrderState.PENDING else [],
            following=queue.following(order),
            waiting=menu.waiting(),
            **more,
        )
        return page, status


def _obstacle(order: Order, by: Actor) -> str | None:
    return workflow.obstacle(order, by=by) if order.state is OrderState.PENDING else None


def _is_own_repeat(order: Order, verb: Verb, by: Actor) -> bool:
    """Tell whether this person made this very decision a moment ago: a double click."""
    return order.decided_by_id == by.staff_id and order.state in LEADS_TO.get(verb, ())


def _tell(order: Order) -> None:
    """Say what was done, offer the next order, and after a rejection the way back."""
    sentence, tone = words.decided(order)
    following = queue.following(order)
    body = render_template(
        "admin/orders/_decided.html", order=order, sentence=sentence, following=following
    )
    flash(Markup(body), tone)  # noqa: S704  The template has escaped what people wrote.


def _way_on(order: Order) -> str:
    """Lead back to the list that the decision was made in, else to the order."""
    asked = request.form.get("next", "")
    homes = [url_for(endpoint) for endpoint in LISTS]
    homes += [url_for(f"client_{endpoint}", client_id=order.client_id) for endpoint in LISTS]
    if any(asked == home or asked.startswith(f"{home}?") for home in homes):
        return asked
    return url_for("orders.show", number=order.number)
