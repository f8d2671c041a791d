"""The list of the reseller's own people; their pages are ``page``."""

from typing import Any

from flask import url_for
from flask_admin.model.template import macro
from sqlalchemy import func, select

import display
import sessions
from admin_views import filters
from admin_views.base import RowsView
from extensions import db
from models import AccountStatus, Role, Staff
from permissions import ROLE_WORDS, Permission


class StaffRows(RowsView):
    """The list of staff."""

    permission = Permission.STAFF_EDIT
    can_view_details = can_create = can_export = True
    list_template = "admin/staff_members/list.html"
    page_heading = "Staff"
    page_intro = "Your own people, who sign in to this back office."
    create_label = "Invite somebody"
    empty_heading = "Nobody yet"
    empty_sentence = "Invite a person, who gets a mail with a link to set a password."

    column_list = ("name", "email", "role", "totp_confirmed_at", "status", "last_sign_in_at")
    column_export_list = (*column_list, "created_at")
    column_labels = {
        "email": "User name",
        "totp_confirmed_at": "Two-factor",
        "last_sign_in_at": "Last sign-in",
        "created_at": "Created",
    }
    column_default_sort = "name"
    column_sortable_list = ("name", "email", "role", "status", "last_sign_in_at")
    column_searchable_list = ("name", "email")
    column_formatters = {
        "name": macro("staff_name"),
        "role": macro("staff_role"),
        "totp_confirmed_at": macro("two_factor"),
        "status": macro("status"),
        "last_sign_in_at": lambda view, context, staff, name: (
            display.when(staff.last_sign_in_at) or "Never"
        ),
    }
    column_formatters_export = {
        "totp_confirmed_at": lambda view, context, staff, name: (
            "On" if staff.totp_confirmed_at else "Off"
        ),
    }

    def __init__(self) -> None:
        self.column_filters = [
            filters.one_of(Staff.role, "Role", Role),
            filters.one_of(Staff.status, "Status", AccountStatus),
            filters.Pick(
                Staff.totp_confirmed_at,
                "Two-factor",
                [("on", "On"), ("off", "Off")],
                lambda value: Staff.totp_confirmed_at.is_not(None) == (value == "on"),
            ),
        ]
        super().__init__(
            Staff,
            name="Staff",
            endpoint="staff_members",
            url="/admin/staff",
            category="Settings",
            menu_icon_value="user",
        )

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step."""
        return ("Invite somebody", url_for(".create_view"))

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Name or user name"

    @property
    def without_second_factor(self) -> int:
        """Count the active people who would have to set up two-factor sign-in."""
        lacking = select(func.count(Staff.id)).where(
            Staff.status == AccountStatus.ACTIVE, Staff.totp_confirmed_at.is_(None)
        )
        return db.session.scalar(lacking) or 0

    def render(self, template: str, **kwargs: Any) -> Any:
        """Give the templates the words of roles, and who looks."""
        words = {role.value: sentence for role, sentence in ROLE_WORDS.items()}
        return super().render(template, role_words=words, viewer=sessions.staff(), **kwargs)
