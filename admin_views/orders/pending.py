"""Pending Orders: what waits for a decision, 911 first, and deciding many at once (P18)."""

from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_admin import expose
from flask_admin.actions import action
from markupsafe import Markup
from sqlalchemy.orm import joinedload, load_only, selectinload

import canned
import display
import workflow
from admin_views.filters import Choices
from admin_views.orders import cells, deciding, filters, lists, words
from admin_views.whole_list import Chosen, WholeList
from extensions import db
from models import IS_PENDING, Client, Order, OrderLine, OrderState
from permissions import Permission
from workflow import Verb

LINES_SHOWN = 3


class PendingOrders(WholeList, lists.OrderRows):
    """The queue of orders that wait for a decision."""

    same_for_all = True
    list_template = "admin/orders/pending.html"
    page_heading = "Pending Orders"
    page_intro = "911 first, then the oldest. Nothing changes for a client until you approve."
    empty_heading = "Nothing waits"
    empty_sentence = (
        "When a client asks for a change in the portal, its order stands here until somebody "
        "approves or rejects it."
    )
    page_size_options = (20, 50, 100, 500)
    column_list = ("number", "client.name", "changes", "monthly_micros", "submitted_at")
    column_labels = lists.OrderRows.column_labels | {"changes": "What changes"}
    column_numeric = ("monthly_micros",)
    column_sortable_list = ("number", "client.name", "monthly_micros", "submitted_at")
    column_default_sort = [("is_urgent", True), ("submitted_at", False)]
    shown = (
        Order.number,
        Order.kind,
        Order.state,
        Order.is_urgent,
        Order.client_id,
        Order.submitted_at,
        Order.line_count,
        Order.monthly_micros,
        Order.setup_micros,
    )
    column_formatters = {
        "number": cells.number,
        "client.name": cells.client,
        "changes": cells.changes,
        "monthly_micros": cells.price,
        "submitted_at": cells.waiting,
    }
    column_formatters_export = lists.EXPORT
    column_display_actions = True
    column_export_list = lists.ASKED

    def __init__(self, **where: Any) -> None:
        self.column_filters = self.narrowings()
        usual = {
            "name": "Pending Orders",
            "endpoint": "pending_orders",
            "url": "/admin/pending-orders",
            "menu_icon_value": "clock",
        }
        super().__init__(**(usual | where))

    def narrowings(self) -> list[Any]:
        """List what the orders can be narrowed by."""
        return [
            filters.of_client(self.client_choices),
            filters.of_kind(),
        ]

    def scope(self, query: Any) -> Any:
        """Keep the orders that wait."""
        return query.filter(IS_PENDING)

    def client_choices(self) -> Choices:
        """List the clients that wait for something."""
        return filters.by_name(filters.clients_waiting().all())

    def get_query(self) -> Any:
        """Load the first lines of each order too, and what a decision asks of its client.

        The list never decides, so the lines that it shows are enough; deciding looks at all.
        """
        found = super().get_query()
        if self.is_exporting:
            return found
        settings = joinedload(Client.order_settings)
        return found.options(
            selectinload(Order.lines.and_(OrderLine.position <= LINES_SHOWN)).options(
                load_only(OrderLine.number, OrderLine.current, OrderLine.requested)
            ),
            joinedload(Order.client).options(load_only(Client.name, Client.status), settings),
        )

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Find what stands in the way of each order."""
        count, orders = super().get_list(*args, **kwargs)
        if kwargs.get("execute", True):
            g.obstacles = workflow.obstacles(orders, self.by)
        return count, orders

    def render(self, template: str, **kwargs: Any) -> Any:
        """Give the templates the words of orders."""
        return super().render(
            template,
            words=words,
            may_decide=self.may_decide(),
            **kwargs,
        )

    def buttons(self, order: Any) -> Markup:
        """Draw the decisions about an order, for whoever may decide."""
        return cells.to_decide(order) if self.may_decide() else Markup("")

    def may_decide(self) -> bool:
        """Tell whether the viewer decides orders; buttons and handlers both ask."""
        return self.by.can(Permission.ORDERS_DECIDE)

    # --- Many at once -------------------------------------------------------------------

    def is_action_allowed(self, name: str) -> bool:
        """Offer the decisions to those who may decide."""
        return name in ("approve", "reject") and self.may_decide()

    def handle_action(self, return_view: str | None = None) -> Any:
        """Refuse a forged decision by its status, where stock would only lead back."""
        deciding.check_may_decide(self.by)
        return super().handle_action(return_view)

    @action("approve", "Approve")
    def action_approve(self, ids: list[str]) -> Any:
        """Show what approving these orders comes to; nothing is decided yet."""
        return self._confirm(Verb.APPROVE, self.chosen_of(ids))

    @action("reject", "Reject")
    def action_reject(self, ids: list[str]) -> Any:
        """Ask for the one reason that all these orders are rejected for."""
        return self._confirm(Verb.REJECT, self.chosen_of(ids))

    def _confirm(self, verb: Verb, chosen: Chosen, reason: str = "", problem: str = "") -> Any:
        if not chosen.is_fitting:
            flash(f"Choose from 1 to {self.most_at_once} orders.", "error")
            return redirect(self.way_back())
        orders = deciding.chosen(chosen.ids)
        page = self.render(
            "admin/orders/confirm.html",
            verb=verb.value,
            orders=orders,
            left=chosen.left,
            total=words.add_up(orders),
            obstacles=workflow.obstacles(orders, self.by) if verb is Verb.APPROVE else {},
            reasons=canned.reasons(),
            reason=reason,
            problem=problem,
        )
        return page, 422 if problem else 200

    @expose("/decide", methods=("POST",))
    def decide(self) -> Any:
        """Decide the orders of a confirmed batch, all in one transaction."""
        deciding.check_may_decide(self.by)
        verb, ids = _verb(request.form.get("verb")), request.form.getlist("rowid")
        reason = deciding.typed_reason()
        problem = deciding.reason_problem(verb, reason)
        if problem or not Chosen(ids).is_fitting:
            return self._confirm(verb, self.chosen_of(ids), reason, problem or "")
        outcomes = deciding.decide_many(deciding.chosen(ids, lock=True), verb, self.by, reason)
        db.session.commit()
        return self._report(verb, outcomes)

    def _report(self, verb: Verb, outcomes: list[deciding.Outcome]) -> Any:
        """Say what was done; with a page of its own when not all went."""
        troubled = [o for o in outcomes if o.refusal or o.state is OrderState.FAILED]
        done = len(outcomes) - sum(bool(o.refusal) for o in outcomes)
        past = "approved" if verb is Verb.APPROVE else "rejected"
        sentence = f"{display.plural(done, 'order')} {'is' if done == 1 else 'are'} {past}."
        if not troubled:
            flash(_with_way_back(verb, sentence), "success")
            return redirect(self.way_back())
        page = self.render(
            "admin/orders/results.html", sentence=sentence, past=past, troubled=troubled, done=done
        )
        return page, 200 if done else 409


def _with_way_back(verb: Verb, sentence: str) -> str:
    """Add to what was done the way to undo it, where there is one."""
    if verb is not Verb.REJECT:
        return sentence
    where = url_for("order_history.index_view", flt0_state_is=OrderState.REJECTED.value)
    link = Markup('{} <a class="alert-link" href="{}">Undo Rejection in Order History</a>')
    return link.format(sentence, where)


def _verb(name: str | None) -> Verb:
    return Verb(name) if name in (Verb.APPROVE, Verb.REJECT) else abort(400)
