"""The back office's menu as the frame draws it: only what the person who looks may open."""

from typing import Any

from flask import Flask, url_for
from sqlalchemy import func, select

import sessions
from extensions import db
from models import Order, OrderState

MOST_WAITING = 999
"""Counting further would tell nobody more."""


def entries(view: Any) -> list[dict[str, Any]]:
    """List the menu's accessible screens; a category becomes a section."""
    found: list[dict[str, Any]] = []
    for item in view.admin.menu():
        if not (item.is_accessible() and item.is_visible()):
            continue
        if item.is_category():
            found += [_entry(child, view, item.name) for child in item.get_children()]
        else:
            found.append(_entry(item, view, None))
    return found


def _entry(item: Any, view: Any, section: str | None) -> dict[str, Any]:
    return {
        "label": item.name,
        "url": item.get_url(),
        "icon": item.get_icon_value(),
        "active": item.is_active(view) or _is_above(item, view),
        "section": section,
        "badge": _pending() if item.name == "Pending Orders" else None,
    }


def _pending() -> str | None:
    """Tell how many orders wait, for whoever works through them; None when none does."""
    some = select(Order.id).where(Order.state == OrderState.PENDING).limit(MOST_WAITING + 1)
    count = db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
    if not count:
        return None
    return f"{MOST_WAITING}+" if count > MOST_WAITING else str(count)


def _is_above(item: Any, view: Any) -> bool:
    """Tell whether a page that is not in the menu belongs to this entry."""
    under = getattr(view, "menu_under", None)
    return under is not None and item.get_url() == url_for(f"{under}.index_view")


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
    app.jinja_env.globals["office_nav"] = entries
    app.jinja_env.globals["office_frame"] = frame
