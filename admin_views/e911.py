"""Numbers > 911 Addresses: every record, on-net and off-net, its page, and numbers without one.

Addresses change by orders alone. What staff may do without one is decided in ``emergency`` below.
"""

from typing import Any

from flask import abort, flash, get_template_attribute, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload
from wtforms import SelectField, TextAreaField

import catalog
import display
import emergency
from admin_views import filters
from admin_views.base import RowsView, to_id
from admin_views.cells import link
from admin_views.forms import PostForm
from admin_views.groups import client_menu
from admin_views.numbers import looks_like_a_number, part_of_number
from catalog import Invalid
from extensions import db
from models import AuditEntry, E911Group, E911Record, E911Status, Net, Order, OrderLine
from permissions import Permission

NETS = {"on_net": "On-net", "off_net": "Off-net"}
STATUSES = {
    "provisioning": "Being set up",
    "provisioned": "In force",
    "failed": "Not in force",
    "removed": "Removed",
}


class E911Form(PostForm):
    """What staff may change of a record: its group, and who is told."""

    e911_group_id = SelectField("911 Group", validate_choice=False)
    alert_emails = TextAreaField(
        "Tell of emergency calls",
        description="Up to ten e-mail addresses, one a line, beside those of the group.",
        render_kw={"rows": 3},
    )

    def offer(self, record: E911Record) -> None:
        """Fill the menu with the groups of the record's client."""
        groups = select(E911Group).where(E911Group.client_id == record.client_id)
        rows = db.session.scalars(groups.order_by(func.lower(E911Group.name)))
        blank = [] if record.e911_group_id else [("", "None")]
        self.e911_group_id.choices = [*blank, *((str(row.id), row.name) for row in rows)]


class E911Records(RowsView):
    """The list of 911 addresses, and each one's page."""

    permission = Permission.NUMBERS_VIEW
    can_view_details = can_export = True
    list_template = "admin/e911/list.html"
    page_heading = "911 Addresses"
    page_intro = "Where help is sent when a number calls 911. Clients change them by orders."
    empty_heading = "No 911 addresses yet"
    empty_sentence = "Clients order them in their portals, for your numbers and for others."

    column_list = (
        *("number", "client.name", "address1", "net", "status"),
        *("e911_group.name", "activated_at"),
    )
    column_export_list = (
        *("number", "client.name", "caller_name", "address1", "address2", "city", "state"),
        *("zip", "zip4", "net", "status", "e911_group.name", "activated_at", "removed_at"),
    )
    column_labels = {
        "number": "Number",
        "client.name": "Client",
        "caller_name": "Caller name",
        "address1": "Caller name and address",
        "zip": "ZIP",
        "zip4": "ZIP+4",
        "net": "Net",
        "e911_group.name": "911 Group",
        "activated_at": "Since",
        "removed_at": "Removed",
    }
    column_default_sort = "number"
    column_sortable_list = ("number", "state", "status", "activated_at")
    column_searchable_list = ("number",)
    column_auto_select_related = False

    def __init__(self, **where: Any) -> None:
        self.column_filters = self.narrowings()
        self.column_formatters = {
            "number": _link,
            "client.name": _client,
            "address1": _address,
            "net": _net,
            "status": _status,
        }
        self.column_formatters_export = {
            "net": lambda view, context, record, name: NETS[record.net.value],
            "status": lambda view, context, record, name: STATUSES[record.status.value],
        }
        usual = {
            "name": "911 Addresses",
            "endpoint": "e911",
            "url": "/admin/911",
            "category": "Numbers",
            "menu_icon_value": "map-pin",
        }
        super().__init__(E911Record, **(usual | where))

    def narrowings(self) -> list[Any]:
        """List what the records can be narrowed by; removed ones are shown when asked for."""
        return [
            filters.Pick(E911Record.client_id, "Client", client_menu, _of_client),
            filters.one_of(E911Record.net, "Net", Net, NETS),
            filters.Pick(E911Record.status, "Status", list(STATUSES.items()), _in_status),
            filters.Says(E911Record.state, "State", lambda t: E911Record.state == t.upper()[:2]),
            filters.Pick(E911Record.e911_group_id, "Group", _group_menu, _of_group),
        ]

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Number, name, street or city"

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> Any:
        found = _matching(search.strip())
        return query.filter(found), count_query.filter(found), joins, count_joins

    def get_query(self) -> Any:
        """Load clients and groups with the records; removed ones only when they are asked for."""
        query = super().get_query().filter(*_live())
        return query.options(joinedload(E911Record.client), joinedload(E911Record.e911_group))

    def get_count_query(self) -> Any:
        """Count what the list shows."""
        return super().get_count_query().filter(*_live())

    def uncovered(self) -> tuple[int, str]:
        """Count the numbers without an address, and tell where they are listed."""
        return emergency.count_uncovered(), url_for("e911_missing.index_view")

    @expose("/details/", methods=("GET", "POST"))
    def details_view(self) -> Any:
        """Show one record: address, acknowledgement, history; change its group and who is told."""
        record, form = self.found(), E911Form()
        may_edit = self.by.can(Permission.NUMBERS_EDIT)
        problems = False
        if request.method == "POST":
            if not may_edit:
                abort(403)
            try:
                return self._save(record, form)
            except Invalid as wrong:
                db.session.rollback()
                form.blame(wrong.problems)
                problems = True
        else:
            form.e911_group_id.data = str(record.e911_group_id or "")
            form.alert_emails.data = "\n".join(record.alert_emails)
        form.offer(record)
        page = self.render(
            "admin/e911/details.html",
            record=record,
            form=form,
            may_edit=may_edit,
            net=NETS[record.net.value].lower(),
            orders=_orders(record),
            changes=_changes(record),
        )
        return page, 422 if problems else 200

    def _save(self, record: E911Record, form: E911Form) -> Any:
        key = to_id(form.e911_group_id.data)
        group = db.session.get(E911Group, key) if key is not None else None
        changed = emergency.save(
            record, by=self.by, group=group, alert_emails=form.alert_emails.data
        )
        db.session.commit()
        flash("The record is saved." if changed else "The record was not changed.", "success")
        return redirect(url_for(".details_view", id=record.id))


# --- What the list asks -------------------------------------------------------------------------


def _live() -> list[Any]:
    """Leave removed records out, unless the status filter asks for them."""
    asked = any(key.startswith("flt") and value == "removed" for key, value in request.args.items())
    return [] if asked else [E911Record.removed_at.is_(None)]


def _matching(text: str) -> Any:
    """Say which records a search means: part of a number, a house number, a ZIP, or words."""
    if looks_like_a_number(text):
        return or_(
            part_of_number(E911Record.number, text),
            E911Record.address1.startswith(text, autoescape=True),
            E911Record.zip.startswith(text, autoescape=True),
        )
    columns = (E911Record.caller_name, E911Record.address1, E911Record.address2, E911Record.city)
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def _group_menu() -> filters.Choices:
    rows = db.session.execute(
        select(E911Group.id, E911Group.name).order_by(func.lower(E911Group.name))
    )
    return [(str(key), name) for key, name in rows]


def _of_client(value: str) -> Any:
    return E911Record.client_id == int(value)


def _of_group(value: str) -> Any:
    return E911Record.e911_group_id == int(value)


def _in_status(value: str) -> Any:
    return E911Record.status == E911Status(value)


# --- How a record reads -------------------------------------------------------------------------


def _link(view: Any, context: Any, record: E911Record, name: str) -> Markup:
    address = url_for("e911.details_view", id=record.id)
    return Markup('<a href="{}" class="text-nowrap" data-copy="{}">{}</a>').format(
        address, record.number, display.number(record.number)
    )


def _client(view: Any, context: Any, record: E911Record, name: str) -> Markup:
    return link("client.overview", record.client.name, client_id=record.client_id)


def _address(view: Any, context: Any, record: E911Record, name: str) -> Markup:
    return Markup('<div>{}<div class="small text-secondary">{}</div></div>').format(
        record.caller_name, address_line(record)
    )


def address_line(record: E911Record) -> str:
    """Write an address in one line."""
    zip_code = f"{record.zip}-{record.zip4}" if record.zip4 else record.zip
    parts = (record.address1, record.address2, record.city, f"{record.state} {zip_code}")
    return ", ".join(part for part in parts if part)


def _net(view: Any, context: Any, record: E911Record, name: str) -> Markup:
    return Markup('<span class="text-nowrap">{}</span>').format(NETS[record.net.value])


def _status(view: Any, context: Any, record: E911Record, name: str) -> Any:
    return get_template_attribute("components/state.html", "e911_state")(record.status)


# --- What one record's page asks ----------------------------------------------------------------


def _orders(record: E911Record) -> list[dict[str, Any]]:
    """List the orders of the client that were about this number's address, the latest first."""
    lines = (
        select(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.number == record.number, OrderLine.slot == catalog.E911)
        .where(Order.client_id == record.client_id)
        .order_by(Order.submitted_at.desc(), Order.id.desc())
        .options(joinedload(OrderLine.order))
    )
    return [
        {
            "order": line.order,
            "kind": catalog.kind(line.order.kind).label,
            "words": catalog.words(catalog.E911, line.requested.get(catalog.E911)),
        }
        for line in db.session.scalars(lines)
    ]


def _changes(record: E911Record) -> list[AuditEntry]:
    """List what staff changed of the record, the latest first."""
    rows = select(AuditEntry).where(
        AuditEntry.object_type == "E911Record", AuditEntry.object_id == record.id
    )
    return list(db.session.scalars(rows.order_by(AuditEntry.id.desc()).limit(50)))


__all__ = ["E911Records", "address_line"]
