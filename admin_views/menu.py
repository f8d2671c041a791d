"""The back office's menu as the frame draws it: only what the person who looks may open."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, url_for

import sessions
from drawing import Entry

PENDING = "Pending Orders"
"""The entry that says how many wait."""


def entries(view: Any) -> tuple[Entry, ...]:
    """List the menu's accessible screens; a category becomes a section."""
    under = getattr(view, "menu_under", None)
    above = url_for(f"{under}.index_view") if under is not None else None
    return tuple(
        entry._replace(
            active=item.is_active(view) or entry.url == above,
            badge=waiting() if entry.label == PENDING else None,
        )
        for entry, item in _of_role(view.admin)
    )


def _of_role(admin: Any) -> list[tuple[Entry, Any]]:
    """List what a role's menu has, each with Flask-Admin's item; found out once.

    A screen is open to a role or it is not, whoever has the role.
    """
    staff = sessions.staff()
    kept = admin.app.extensions["office_menus"]
    role = staff and staff.role
    if role not in kept:
        kept[role] = list(_accessible(admin))
    found: list[tuple[Entry, Any]] = kept[role]
    return found


def _accessible(admin: Any) -> Iterator[tuple[Entry, Any]]:
    for item in admin.menu():
        if not (item.is_accessible() and item.is_visible()):
            continue
        section = item.name if item.is_category() else None
        for one in item.get_children() if section else [item]:
            yield Entry(one.name, one.get_url(), one.get_icon_value(), section), one


def waiting() -> str | None:
    """Tell how many orders wait, for whoever works through them; None when none does."""
    count = sessions.waiting()
    if not count:
        return None
    return f"{sessions.MOST_WAITING}+" if count > sessions.MOST_WAITING else str(count)


def frame() -> dict[str, Any]:
    """Tell the frame whose back office it is, and who looks."""
    staff = sessions.staff()
    if staff is None:
        return {"company_name": "Back Office", "viewer": None}
    return {
        "company_name": staff.reseller.name,
        "viewer": staff.name,
        "profile_url": url_for("profile.index"),
        "search_url": url_for("search.index"),
        "help_page_url": url_for("help.index"),
        "keys_off": staff.preferences.get("keys") == "off",
    }


def init_app(app: Flask) -> None:
    """Give the frame its menu and its names."""
    app.extensions["office_menus"] = {}
    app.jinja_env.globals["office_nav"] = entries
    app.jinja_env.globals["office_frame"] = frame
