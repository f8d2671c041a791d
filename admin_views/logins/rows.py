"""The list of logins: the people who sign in to the portal; their pages are ``page``."""

from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

import display
import sessions
from admin_views import filters
from admin_views.base import RowsView
from admin_views.cells import link
from extensions import db
from models import AccountStatus, Client, Login
from permissions import Permission


class LoginRows(RowsView):
    """The list of logins, across all clients or of one."""

    permission = Permission.CLIENTS_VIEW
    can_view_details = can_export = True
    page_heading = "Logins"
    page_intro = "The people who sign in to your portal, each for one client."
    create_label = "New login"
    empty_heading = "No logins yet"
    empty_sentence = "Create a login, and the person gets a mail with a link to set a password."

    column_list = (
        "name",
        "email",
        "client.name",
        "status",
        "allow_order_requests",
        "last_sign_in_at",
    )
    column_export_list = (*column_list, "created_at")
    column_labels = {
        "email": "User name",
        "client.name": "Client",
        "allow_order_requests": "Order requests",
        "last_sign_in_at": "Last sign-in",
        "created_at": "Created",
    }
    column_default_sort = "name"
    column_sortable_list = ("name", "email", "status", "last_sign_in_at")
    column_searchable_list = ("name", "email")
    column_auto_select_related = False

    def __init__(self, **where: Any) -> None:
        self.column_filters = self.narrowings()
        self.column_formatters = {
            "name": _link,
            "client.name": _client_link,
            "allow_order_requests": lambda view, context, login, name: (
                "Allowed" if login.allow_order_requests else "Read only"
            ),
            "last_sign_in_at": lambda view, context, login, name: (
                display.when(login.last_sign_in_at) or "Never"
            ),
        }
        self.column_formatters_export = {
            "allow_order_requests": self.column_formatters["allow_order_requests"],
        }
        usual = {
            "name": "Logins",
            "endpoint": "logins",
            "url": "/admin/logins",
            "menu_icon_value": "users",
        }
        super().__init__(Login, **(usual | where))

    def narrowings(self) -> list[Any]:
        """List what the logins can be narrowed by."""
        return [
            filters.Pick(Login.client_id, "Client", _client_menu, _of_client),
            filters.one_of(Login.status, "Status", AccountStatus),
            filters.yes_or_no(Login.allow_order_requests, "Order requests"),
        ]

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer making a login to whoever may."""
        return sessions.staff() is not None and self.by.can(Permission.LOGINS_EDIT)

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step to whoever may take it."""
        return ("New login", url_for("logins.create_view")) if self.can_create else None

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Name or user name"

    def get_query(self) -> Any:
        """Load the clients' names with the logins."""
        return super().get_query().options(joinedload(Login.client))


def _client_menu() -> filters.Choices:
    rows = db.session.execute(select(Client.id, Client.name).order_by(func.lower(Client.name)))
    return [(str(key), name) for key, name in rows]


def _of_client(value: str) -> Any:
    return Login.client_id == int(value)


def _link(view: Any, context: Any, login: Login, name: str) -> Markup:
    return link("logins.details_view", login.name, id=login.id)


def _client_link(view: Any, context: Any, login: Login, name: str) -> Markup:
    return link("client.overview", login.client.name, client_id=login.client_id)
