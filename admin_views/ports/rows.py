"""The list of ports, across clients or of one, and the form that enters one."""

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, g, get_template_attribute, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

import display
import ports
import sessions
from admin_views import filters
from admin_views.base import RowsView
from admin_views.cells import link
from admin_views.groups import client_menu, find_client
from admin_views.numbers import looks_like_a_number, part_of_number
from admin_views.ports.forms import PortForm
from catalog import Invalid
from extensions import db
from models import Port, PortEvent, PortNumber, PortStatus
from permissions import Permission

BUCKETS = (("active", "Active"), ("completed", "Completed"))


class Ports(RowsView):
    """The list of ports."""

    permission = Permission.NUMBERS_VIEW
    same_for_all = True
    can_view_details = can_export = True
    list_template = "admin/ports/list.html"
    page_heading = "Ports"
    page_intro = "Numbers on their way to you from other providers."
    create_label = "New port"
    empty_heading = "No ports yet"
    empty_sentence = "Enter a port when a client brings numbers from another provider."

    column_list = ("pon", "client.name", "size", "status", "foc_date", "last_step")
    column_export_list = (
        *("pon", "client.name", "size", "status", "porting_from", "entity_name"),
        *("billing_number", "requested_foc", "foc_date", "submitted_at", "completed_at"),
    )
    column_labels = {
        "pon": "PON",
        "client.name": "Client",
        "size": "Numbers",
        "foc_date": "FOC date",
        "last_step": "Last step",
        "porting_from": "Losing provider",
        "entity_name": "Name on the account",
        "requested_foc": "Requested date",
        "submitted_at": "Submitted",
        "completed_at": "Completed",
    }
    column_numeric = ("size",)
    column_default_sort = ("created_at", True)
    column_sortable_list = ("pon", "foc_date")
    column_searchable_list = ("pon",)
    column_auto_select_related = False

    def __init__(self, **where: Any) -> None:
        self.column_filters = self.narrowings()
        self.column_formatters = {
            "pon": _link,
            "client.name": _client,
            "size": _size,
            "status": _status,
            "last_step": _last_step,
        }
        self.column_formatters_export = {
            "size": _size,
            "status": lambda view, context, port, name: port.status.label,
        }
        usual = {
            "name": "Ports",
            "endpoint": "ports",
            "url": "/admin/ports",
            "category": "Numbers",
            "menu_icon_value": "login",
        }
        super().__init__(Port, **(usual | where))

    def narrowings(self) -> list[Any]:
        """List what the ports can be narrowed by."""
        return [
            filters.Pick(Port.client_id, "Client", client_menu, _of_client),
            filters.Pick(Port.status_id, "Kind", BUCKETS, _in_bucket),
            filters.Pick(Port.status_id, "Status", status_menu, _in_status),
        ]

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer entering a port to whoever may."""
        return sessions.staff() is not None and self.by.can(Permission.NUMBERS_EDIT)

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step to whoever may take it."""
        return ("New port", url_for(".create_view")) if self.can_create else None

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "PON, or any part of a number"

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> Any:
        text = search.strip()
        found = Port.pon.icontains(text, autoescape=True)
        if looks_like_a_number(text):
            has = select(PortNumber.port_id).where(part_of_number(PortNumber.number, text))
            found = or_(found, Port.id.in_(has))
        return query.filter(found), count_query.filter(found), joins, count_joins

    def get_query(self) -> Any:
        """Load clients and statuses with the ports."""
        return super().get_query().options(joinedload(Port.client), joinedload(Port.status))

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Count the numbers, and find the last steps, of the page's ports with a query each."""
        count, rows = super().get_list(*args, **kwargs)
        if kwargs.get("execute", True):
            ids = [row.id for row in rows]
            g.port_sizes, g.port_steps = _sizes(ids), _steps(ids)
        else:
            g.port_sizes = _sizes(None)
        return count, rows

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Enter a port."""
        if not self.by.can(Permission.NUMBERS_EDIT):
            abort(403)
        form, problems = PortForm(), False
        if request.method == "GET":
            form.client_id.data = request.args.get("client", "")
        else:
            try:
                return self._enter(form)
            except Invalid as wrong:
                db.session.rollback()
                form.blame(wrong.problems)
                problems = True
        form.offer()
        page = self.render("admin/ports/form.html", form=form, port=None)
        return page, 422 if problems else 200

    def _enter(self, form: PortForm) -> Any:
        port, typed = Port(), form.typed()
        client = find_client(form.client_id.data)
        ports.save(port, by=self.by, client=client, numbers=typed["numbers"], **form.details())
        db.session.commit()
        count = display.plural(len(port.numbers), "number")
        flash(f"{port.pon} is entered with {count}. Move it on when it is sent.", "success")
        return redirect(url_for("port.show", port_id=port.id))

    @expose("/details/")
    def details_view(self) -> Any:
        """Lead on to the port's page."""
        return redirect(url_for("port.show", port_id=self.found().id))


def status_menu() -> filters.Choices:
    """List the statuses for a menu."""
    return [(str(status.id), status.label) for status in ports.statuses()]


def _of_client(value: str) -> Any:
    return Port.client_id == int(value)


def _in_bucket(value: str) -> Any:
    return Port.status_id.in_(select(PortStatus.id).where(PortStatus.bucket == value))


def _in_status(value: str) -> Any:
    return Port.status_id == int(value)


def _sizes(ids: Sequence[int] | None) -> dict[int, int]:
    counts = select(PortNumber.port_id, func.count(PortNumber.id)).group_by(PortNumber.port_id)
    if ids is not None:
        counts = counts.where(PortNumber.port_id.in_(ids))
    return dict(db.session.execute(counts).all())  # type: ignore[arg-type]


def _steps(ids: Sequence[int]) -> dict[int, PortEvent]:
    """Find the last step of each port."""
    last = select(func.max(PortEvent.id)).where(PortEvent.port_id.in_(ids))
    rows = select(PortEvent).where(PortEvent.id.in_(last.group_by(PortEvent.port_id)))
    return {event.port_id: event for event in db.session.scalars(rows)}


# --- How a port reads in a row ------------------------------------------------------------------


def _link(view: Any, context: Any, port: Port, name: str) -> Markup:
    address = url_for("port.show", port_id=port.id)
    return Markup('<a href="{}" class="fw-semibold text-nowrap">{}</a>').format(address, port.pon)


def _client(view: Any, context: Any, port: Port, name: str) -> Any:
    return link("client.overview", port.client.name, client_id=port.client_id)


def _size(view: Any, context: Any, port: Port, name: str) -> int:
    sizes: dict[int, int] = g.port_sizes
    return sizes.get(port.id, 0)


def _status(view: Any, context: Any, port: Port, name: str) -> Any:
    return get_template_attribute("components/state.html", "port_state")(port.status)


def _last_step(view: Any, context: Any, port: Port, name: str) -> Any:
    event: PortEvent | None = g.port_steps.get(port.id)
    if event is None:
        return ""
    text = event.text if len(event.text) <= 90 else f"{event.text[:90].rstrip()}…"
    return Markup('<div>{}<div class="small text-secondary">{}</div></div>').format(
        display.unbroken(text), display.when(event.at)
    )
