"""Who asked for a row that is another's: a line in the audit beside the answer, which is 404.

The answer is the same as for nothing. Which rows an address names is read from its parameters, in
one place, so that no handler can forget it; order numbers are each reseller's own and tell staff
nothing, so only the portal's count.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import current_app, request
from sqlalchemy import func, insert, select
from werkzeug.exceptions import HTTPException

import audit
import display
import sessions
import tenancy
from columns import now, to_id
from extensions import db
from models import (
    AuditEntry,
    Client,
    Did,
    DidImport,
    E911Record,
    Login,
    Mail,
    Order,
    Port,
    RateDeck,
    RatePlan,
    Rerating,
    Staff,
)
from permissions import Actor

ROWS: dict[str, Any] = {
    "client_id": Client,
    "deck_id": RateDeck,
    "import_id": DidImport,
    "job_id": Rerating,
    "mail_id": Mail,
    "plan_id": RatePlan,
    "port_id": Port,
}
"""What the parameters of addresses are the ids of."""

IDS = ("id", "rowid", "list_form_pk")
"""What names the rows of a screen, in its address or its form."""

MOST, WINDOW = 20, timedelta(hours=1)
"""So many lines a person; who tries every id fills no table."""

MOST_IDS = 200
LONGEST = 200


def note() -> None:
    """Record that a signed-in person asked for another's row; nothing where there was none.

    Call it for a request that is answered 404, after the transaction was rolled back.
    """
    person = sessions.staff() or sessions.login()
    if person is None or request.url_rule is None:
        return
    asked = _of_staff(person) if isinstance(person, Staff) else _of_login(person)
    with tenancy.across_resellers():
        is_foreign = any(db.session.scalar(one.limit(1)) is not None for one in asked)
        if is_foreign and _count(person) < MOST:
            _write(person, sessions.actor())


def _given() -> dict[str, Any]:
    """Read the parameters of the address; screens take some out of it for themselves."""
    adapter = current_app.create_url_adapter(request)
    try:
        return dict(adapter.match()[1]) if adapter else {}
    except HTTPException:
        return {}


def _of_staff(person: Staff) -> Iterator[Any]:
    """Say how the rows are found that staff asked for, where they are another reseller's."""
    mine = person.reseller_id
    keys = [(ROWS[name], value) for name, value in _given().items() if name in ROWS]
    model = _model_of_screen()
    if model is not None:
        keys += [(model, value) for value in _ids()]
    for row, value in keys:
        key = to_id(value)
        if key is not None:
            yield select(row.id).where(row.id == key, row.reseller_id != mine)


def _ids() -> list[str]:
    found = [value for name in IDS for value in request.values.getlist(name)]
    return found[:MOST_IDS]


def _model_of_screen() -> Any:
    name = (request.endpoint or "").partition(".")[0]
    (admin,) = current_app.extensions["admin"]
    return next((getattr(one, "model", None) for one in admin._views if one.endpoint == name), None)


def _of_login(person: Login) -> Iterator[Any]:
    """Say how the rows are found that a login asked for, where they are another client's."""
    given = _given()
    key = to_id(given.get("port_id"))
    if key is not None:
        yield select(Port.id).where(Port.id == key, Port.client_id != person.client_id)
    digits = given.get("digits") or given.get("number")
    number = display.to_e164(str(digits or ""))
    if number is not None:
        yield from (
            select(row.id).where(row.number == number, row.client_id != person.client_id)
            for row in (Did, E911Record)
        )
    if given.get("number"):
        theirs = (Order.reseller_id == person.reseller_id, Order.client_id != person.client_id)
        yield select(Order.id).where(Order.number == str(given["number"]), *theirs)


def _action(person: Staff | Login) -> str:
    return f"{'staff' if isinstance(person, Staff) else 'login'}.asked_for_anothers"


def _count(person: Staff | Login) -> int:
    """Count the lines of a person in the last hour; staff behind a login count as themselves."""
    by = sessions.actor()
    mine = AuditEntry.staff_id == (by.staff_id or by.impersonator_id)
    if by.staff_id is None and by.impersonator_id is None:
        mine = AuditEntry.login_id == by.login_id
    recent = select(func.count(AuditEntry.id)).where(
        AuditEntry.reseller_id == person.reseller_id,
        AuditEntry.at > now() - WINDOW,
        AuditEntry.action.in_(("staff.asked_for_anothers", "login.asked_for_anothers")),
        mine,
    )
    return db.session.scalar(recent) or 0


def _write(person: Staff | Login, by: Actor) -> None:
    about = person if person.id is not None else person.client  # type: ignore[union-attr]
    line = audit.line(
        _action(person), about, by, {"address": f"{request.method} {_address()}"[:LONGEST]}
    )
    current_app.logger.warning("%s asked for a row of another: %s", line["by_name"], _address())
    db.session.rollback()
    sessions.write_beside(insert(AuditEntry).values(line), "record who asked for another's row")


def _address() -> str:
    """Give the address with the ids that it asked for, and nothing else that stood in it."""
    ids = "&".join(f"id={key}" for key in map(to_id, _ids()) if key is not None)
    return f"{request.path}?{ids}" if ids else request.path
