"""The audit log: who did what, as whom and from where; read, narrowed and exported, never changed.

Entries are written by ``audit.record``; the database refuses to change or delete one.
"""

from typing import Any

from flask import current_app, url_for
from markupsafe import Markup, escape
from sqlalchemy import and_, or_, select

import devices
import display
from admin_views import audit_words
from admin_views.base import RowsView
from admin_views.cells import anchor
from admin_views.filters import Choices, Pick
from admin_views.of_client import PREFIX, OfClient
from admin_views.orders.filters import OnDay, Row
from extensions import db
from models import AuditEntry, Login, Order, OrderSettings, Staff
from permissions import Permission

PLACES = {
    "Client": ("client.overview", "client_id"),
    "Did": ("dids.details_view", "id"),
    "DidImport": ("did_import.show", "import_id"),
    "Login": ("logins.details_view", "id"),
    "Mail": ("mail.details_view", "id"),
    "Port": ("port.show", "port_id"),
    "Staff": ("staff_members.details_view", "id"),
}
"""Where an object's page is, and what its id is called there; only of what is never deleted."""


class AuditRows(RowsView):
    """The list of audit entries."""

    permission = Permission.AUDIT_VIEW
    can_export = True
    page_heading = "Audit Log"
    page_intro = "Who did what, as whom and from where. Nobody can change or delete an entry."
    empty_heading = "Nothing was done yet"
    empty_sentence = "Every sign-in, decision and change stands here, with what was before."
    column_list = ("at", "by_name", "ip", "action", "object_name", "changes")
    column_export_list = (
        *("at", "by_name", "ip", "user_agent", "request_id", "action"),
        *("object_type", "object_name", "changes"),
    )
    column_labels = {
        "at": "When",
        "by_name": "Who",
        "ip": "From",
        "user_agent": "Browser",
        "request_id": "Request",
        "action": "What",
        "object_type": "Kind",
        "object_name": "Of",
        "changes": "Before → after",
    }
    column_default_sort = [("at", True), ("id", True)]
    column_sortable_list = ("at", "by_name")
    column_searchable_list = ("by_name", "object_name", "ip", "request_id")
    column_auto_select_related = False

    def __init__(self, **where: Any) -> None:
        self.column_filters = self.narrowings()
        self.column_formatters = {
            "ip": _origin,
            "action": lambda view, context, entry, name: audit_words.action(entry.action),
            "object_name": _object,
            "changes": _changes,
        }
        self.column_formatters_export = {
            "action": self.column_formatters["action"],
            "object_type": lambda view, context, entry, name: audit_words.thing(entry.object_type),
            "changes": lambda view, context, entry, name: audit_words.changes_line(entry),
        }
        usual = {
            "name": "Audit Log",
            "endpoint": "audit",
            "url": "/admin/audit",
            "category": "Settings",
            "menu_icon_value": "history",
        }
        super().__init__(AuditEntry, **(usual | where))

    def narrowings(self) -> list[Any]:
        """List what the entries can be narrowed by."""
        return [
            Row(AuditEntry.staff_id, "Staff", _people, _by),
            Pick(AuditEntry.action, "What", _actions, lambda name: AuditEntry.action == name),
            Pick(
                AuditEntry.object_type, "Kind", _kinds, lambda kind: AuditEntry.object_type == kind
            ),
            OnDay(AuditEntry.at, "When", "from"),
            OnDay(AuditEntry.at, "When", "up to"),
        ]

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Person, object or address"


class Audit(AuditRows):
    """The audit log of the whole reseller."""


class ClientActivity(OfClient, AuditRows):
    """What was done about one client: itself, its logins, its order settings and its orders."""

    same_for_all = True
    page_intro = ""
    empty_sentence = "What staff and the client's own people do stands here."

    def __init__(self) -> None:
        super().__init__(endpoint="client_activity", url=f"{PREFIX}/activity", category=None)

    def scope(self, query: Any) -> Any:
        """Keep the entries about the client, and those of what its logins did."""
        key = self.key_of_client()
        logins = select(Login.id).where(Login.client_id == key)
        return query.filter(
            or_(
                and_(AuditEntry.object_type == "Client", AuditEntry.object_id == key),
                _about("Login", logins),
                _about("Order", select(Order.id).where(Order.client_id == key)),
                _about(
                    "OrderSettings", select(OrderSettings.id).where(OrderSettings.client_id == key)
                ),
                AuditEntry.login_id.in_(logins),
            )
        )


def _about(kind: str, ids: Any) -> Any:
    return and_(AuditEntry.object_type == kind, AuditEntry.object_id.in_(ids))


def _people() -> Choices:
    rows = db.session.execute(select(Staff.id, Staff.name).order_by(Staff.name))
    return [(str(key), name) for key, name in rows]


def _by(key: str) -> Any:
    return AuditEntry.staff_id == int(key)


def _actions() -> Choices:
    names = db.session.scalars(select(AuditEntry.action).distinct())
    return sorted(((name, audit_words.action(name)) for name in names), key=lambda pair: pair[1])


def _kinds() -> Choices:
    kinds = db.session.scalars(select(AuditEntry.object_type).distinct())
    return sorted(((kind, audit_words.thing(kind)) for kind in kinds), key=lambda pair: pair[1])


def _origin(view: Any, context: Any, entry: AuditEntry, name: str) -> Markup:
    if entry.ip is None:
        return Markup('<span class="text-secondary">The program</span>')
    words = devices.device(entry.user_agent)
    return Markup('{}<div class="text-secondary small">{}</div>').format(entry.ip, words)


def _object(view: Any, context: Any, entry: AuditEntry, name: str) -> Markup:
    words = display.number(entry.object_name) or f"{entry.object_id}"
    kind = Markup('<div class="text-secondary small">{}</div>').format(
        audit_words.thing(entry.object_type)
    )
    address = _address(entry)
    if address is None:
        return escape(words) + kind
    return anchor(address, words) + kind


def _address(entry: AuditEntry) -> str | None:
    """Tell where the page of the object is; None for a kind that has none."""
    if entry.object_type == "Order":
        return url_for("orders.show", number=entry.object_name)
    endpoint, argument = PLACES.get(entry.object_type, ("", ""))
    if endpoint not in current_app.view_functions or entry.object_id is None:
        return None
    return url_for(endpoint, **{argument: entry.object_id})  # type: ignore[arg-type]


def _changes(view: Any, context: Any, entry: AuditEntry, name: str) -> Markup:
    line = Markup('<div class="text-break"><span class="text-secondary">{}</span> {}</div>')
    return Markup("").join(line.format(*pair) for pair in audit_words.changes(entry))
