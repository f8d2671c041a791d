"""People: a client's administrator sees who of the client can sign in; nothing is changed here."""

from typing import Any

from flask import abort, g, render_template
from sqlalchemy import func, select

from columns import now
from extensions import db
from models import AccountStatus, Login
from portal import paging
from portal.access import blueprint, current_client, current_login

PAGE = 50
STATES = {
    AccountStatus.INVITED: ("Invited, has not signed in yet", "azure", "mail"),
    AccountStatus.ACTIVE: ("Can sign in", "green", "check"),
    AccountStatus.DISABLED: ("Cannot sign in", "secondary", "ban"),
}
ENDED = ("Has ended", "secondary", "ban")


@blueprint.get("/people")
def people() -> Any:
    """List the client's logins for its administrator."""
    if not current_login().is_administrator:
        abort(403, "Only an administrator of your company sees who can sign in.")
    page = paging.asked()
    mine = select(Login).where(Login.client_id == current_client().id)
    mine = mine.order_by(func.lower(Login.name), Login.id)
    found = db.session.scalars(mine.limit(PAGE + 1).offset((page - 1) * PAGE)).all()
    return render_template(
        "portal/people.html",
        rows=[(login, _state(login)) for login in found[:PAGE]],
        page=page,
        has_more=len(found) > PAGE,
        url_for_page=paging.url_of,
        company=g.brand.company_name,
    )


def _state(login: Login) -> tuple[str, str, str]:
    is_over = login.expires_at is not None and login.expires_at <= now()
    return ENDED if is_over else STATES[login.status]
