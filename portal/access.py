"""The wall around the portal: whose brand is shown, who is signed in, and whose rows they may open.

Every address carries the reseller's slug. A session counts only under its own reseller's slug. The
one way to a row by an id from outside is ``own``: through the current client, or 404.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, abort, current_app, g, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

import accounts
import brand
import kept_forms
import sessions
from extensions import db
from impersonation import is_onlooker
from models import Client, Login, Reseller
from permissions import Actor
from portal import menu

blueprint = Blueprint("portal", __name__, url_prefix="/portal/<brand>")
Row = TypeVar("Row")
View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Let a page be seen without a sign-in."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def requires_order_requests(view: View) -> View:
    """Refuse a page that sends orders to a login that may only look (P9)."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not actor().may_request:
            abort(403, "Your sign-in may look but not order. Ask your administrator.")
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def own_account(view: View) -> View:
    """Refuse staff who see the portal as a login what only its owner decides (P8)."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if sessions.impersonator() is not None:
            name = current_login().name
            abort(403, f"This is {name}'s own account: you can look at it, but not change it.")
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def has_account(view: View) -> View:
    """Refuse staff who look at a portal as no login of it: nobody has no account (P1)."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if is_onlooker(current_login()):
            abort(403, "You look at this portal as no login of it, so there is no account here.")
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]


@blueprint.url_value_preprocessor
def _take_slug(endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.slug = (values or {}).pop("brand", None)


@blueprint.url_defaults
def _give_slug(endpoint: str, values: dict[str, Any]) -> None:
    values.setdefault("brand", g.get("slug"))


@blueprint.before_request
def _wall() -> Response | None:
    """Show only a brand that exists, and only public pages to a stranger."""
    g.reseller = _reseller_of_login() or brand.wearer(g.slug)
    if g.reseller is None:
        abort(404)
    g.brand = brand.of(g.reseller)
    view = request.url_rule and _view_of(request.endpoint)
    if getattr(view, "is_public", False) or _is_inside():
        return None
    return redirect(url_for("portal.sign_in", next=_way_back()))


def _way_back() -> str | None:
    """Give where to go on after the sign-in; a form that came too late is kept for its person."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    if request.endpoint == "portal.sign_out":
        return None
    return kept_forms.keep(f"/portal/{g.slug}/")


def _reseller_of_login() -> Reseller | None:
    """Give the reseller of who is signed in, if it is the address's; it came with the session."""
    person = sessions.login()
    reseller = person.client.reseller if person is not None else None
    is_shown = reseller is not None and reseller.slug == g.slug and reseller.is_active
    return reseller if is_shown else None


def _view_of(endpoint: str | None) -> Any:
    return current_app.view_functions.get(endpoint or "")


def _is_inside() -> bool:
    person = sessions.login()
    return person is not None and person.reseller_id == g.reseller.id


@blueprint.context_processor
def _frame() -> dict[str, Any]:
    """Give every page of the portal its frame: the brand, the menu, and who looks."""
    if g.get("brand") is None:
        return {}
    person = sessions.login() if _is_inside() else None
    return {
        "brand": g.brand,
        "viewer_name": person.name if person else None,
        "portal_nav": menu.entries(person, request.endpoint, actor()) if person else [],
        "impersonation": _impersonation() if person else None,
        "gets_mail": person is not None and person.wants_order_mail,
        "search_url": url_for("portal.numbers") if person else None,
        "search_words": "Search your numbers",
        "keys_off": person is not None and accounts.is_off(person, accounts.KEYS),
        "account_url": url_for("portal.account") if person and not is_onlooker(person) else None,
        "sign_out_url": url_for("portal.sign_out") if person else None,
        "home_url": url_for("portal.first_page") if person else url_for("portal.sign_in"),
    }


def _impersonation() -> dict[str, Any] | None:
    """Give the words of the banner that stands over an impersonated portal (P8)."""
    staff, person, row = sessions.impersonator(), sessions.login(), sessions.row()
    if staff is None or person is None or row is None:
        return None
    return {
        "staff_name": staff.name,
        "login_name": person.name,
        "client_name": person.client.name,
        "until": row.expires_at,
        "may_act": actor().may_request or not person.allow_order_requests,
        "is_look": is_onlooker(person),
    }


def current_login() -> Login:
    """Give the login that is signed in; pages behind the wall always have one."""
    person = sessions.login()
    if person is None:
        abort(404)
    return person


def gets_mail() -> bool:
    """Tell whether who is signed in is mailed what becomes of the own orders."""
    return bool(current_login().wants_order_mail)


def current_client() -> Client:
    """Give the client whose rows this page may show."""
    return current_login().client


def actor() -> Actor:
    """Describe who acts, for the verbs below."""
    return sessions.actor()


def own(model: type[Row], **by: Any) -> Row:
    """Fetch a row of the current client by its id or its number, or answer 404.

    Another client's row, another reseller's and one that does not exist look alike.
    """
    mine = select(model).filter_by(client_id=current_client().id, **by)
    row = db.session.scalars(mine).one_or_none()
    if row is None:
        abort(404)
    return row
