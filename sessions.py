"""Who is signed in: two cookies chosen by the path, and a row for every signed-in browser.

The cookie carries a random token; its hash finds the row. A row that has ended, or a person who is
no longer open, is nobody. Staff and logins have separate cookies, so both can be open in a browser.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import UserMixin, current_user, login_user, logout_user
from sqlalchemy import Delete, Insert, Update, bindparam, func, literal, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import joinedload

import database
import display
import impersonation
import tenancy
from columns import now
from extensions import db, login_manager
from models import Client, Handover, Login, Order, OrderState, Reseller, Staff, WebSession
from permissions import (
    GRANTS,
    Actor,
    Permission,
    can_be_impersonated,
    is_login_open,
    is_staff_open,
    lacks_second_factor,
    login_actor,
    staff_actor,
)

STAFF, PORTAL = "staff", "portal"
IDLE = {STAFF: timedelta(minutes=30), PORTAL: timedelta(hours=8)}
ABSOLUTE = timedelta(hours=20)
IMPERSONATED = timedelta(minutes=30)
CODE_WAIT = timedelta(minutes=5)
"""How long a right password waits for the second factor's code."""

CONFIRMED = timedelta(minutes=15)
"""How long a password that was given counts for what asks for it again."""

SEEN_EVERY = timedelta(minutes=1)
UNSEEN = frozenset({"cdr_imports.progress"})
"""What a page asks for by itself: it keeps nobody signed in who has gone for lunch."""
HELD = "held"
KEPT = "kept_form"
"""The cookie's word for a form that waits for its person; see ``kept_forms``."""

MOST_WAITING = 999
"""Counting further would tell nobody more."""

READING = ("GET", "HEAD", "OPTIONS")
FILES = ("static", "portal.brand_css", "portal.logo")
"""What is the same for everybody, signed in or not."""


class SignedIn(UserMixin):  # type: ignore[misc]
    """The person of a live session, in the shape that Flask-Login asks for."""

    def __init__(self, row: WebSession, token: str, waiting: int = 0) -> None:
        self.row, self.token, self.waiting = row, token, waiting
        self.person = _person_of(row)
        self.actor: Actor | None = None
        """Who acts, where it was described already."""

    def get_id(self) -> str:
        """Give what the cookie carries: the session's token, not the person's id."""
        return self.token


def _person_of(row: WebSession) -> Staff | Login:
    """Give whose session it is; of a client that staff look at, the login that nobody is."""
    if row.client is not None:
        return impersonation.onlooker(row.client)
    return row.staff or row.login  # type: ignore[return-value]


class AreaCookies(SecureCookieSessionInterface):
    """One cookie for the back office and one for the portal, chosen by the address."""

    def get_cookie_name(self, app: Flask) -> str:
        """Name the cookie of the area; the prefix makes browsers insist on https."""
        prefix = "__Host-" if app.config["COOKIES_SECURE"] else ""
        return prefix + area()

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Leave files alone: a cache would keep one for each cookie if they varied by it."""
        if request.endpoint not in FILES:
            super().save_session(app, session, response)

    def get_cookie_path(self, app: Flask) -> str:
        """Send the cookie everywhere, as its prefix demands."""
        return "/"


def area() -> str:
    """Tell which area this request's address belongs to."""
    path = request.path
    return STAFF if path == "/admin" or path.startswith("/admin/") else PORTAL


def init_app(app: Flask) -> None:
    """Put the cookies, the look-up of who is signed in, and the kind of transaction in place."""
    app.session_interface = AreaCookies()
    login_manager.session_protection = None
    app.before_request(_choose_transaction)
    app.teardown_request(_end_transaction_choice)


def _choose_transaction() -> None:
    """Let a GET begin without SQLite's write lock; see database.py."""
    database.begin_request()
    database.set_looking(request.method in READING)


def _end_transaction_choice(_error: BaseException | None) -> None:
    database.set_looking(False)


# --- Signing in and out ---------------------------------------------------------------------


def sign_in(person: Staff | Login, by_way_of: Handover | None = None) -> None:
    """Open a session for a person in this browser, under a new token; an earlier one ends.

    ``by_way_of`` makes it an impersonation (P8), short and bound to the staff member's own session.
    The caller works across resellers, and commits.
    """
    token = secrets.token_urlsafe(32)
    is_staff = isinstance(person, Staff)
    row = WebSession(
        reseller_id=person.reseller_id,
        token_hash=_hash(token),
        staff=person if is_staff else None,
        login=None if is_staff or person.id is None else person,
        client_id=person.client_id if not is_staff and person.id is None else None,
        impersonator_id=by_way_of.staff_id if by_way_of else None,
        parent_id=by_way_of.session_id if by_way_of else None,
        ip=request.remote_addr,
        user_agent=(request.user_agent.string or "")[:255],
        expires_at=now() + (IMPERSONATED if by_way_of else ABSOLUTE),
    )
    _end_row_of_cookie()
    db.session.add(row)
    if by_way_of is None:
        person.last_sign_in_at = now()
    else:
        # Going through the door is an act in the staff member's own session, which must not idle.
        by_way_of.session.seen_at = now()
    db.session.flush()
    _empty_cookie()
    login_user(SignedIn(row, token))


def hold(person: Staff | Login) -> None:
    """Remember whose password was right until the code comes; nothing is open before that.

    No session is made: only the signed cookie knows, for a few minutes. The caller works across
    resellers, and commits.
    """
    _end_row_of_cookie()
    logout_user()
    _empty_cookie()
    session[HELD] = {"id": person.id, "at": now().timestamp(), "mark": _mark(person)}


def _empty_cookie() -> None:
    """Let nothing that a visitor had become the session's, but a form that waits for its person."""
    waiting = session.get(KEPT)
    session.clear()
    if waiting is not None:
        session[KEPT] = waiting


def held() -> Staff | Login | None:
    """Give who must still type a code in this area; the caller works across resellers."""
    found = session.get(HELD)
    if found is None or found["at"] < (now() - CODE_WAIT).timestamp():
        return None
    # Each area has a cookie of its own, so the id is one of the area's people.
    person = _staff_of(found["id"]) if area() == STAFF else _login_of(found["id"])
    if person is None or person.totp_confirmed_at is None:
        return None
    return person if found["mark"] == _mark(person) else None


def _staff_of(staff_id: int) -> Staff | None:
    staff = db.session.get(Staff, staff_id, options=[joinedload(Staff.reseller)])
    return staff if staff is not None and is_staff_open(staff) else None


def _login_of(login_id: int) -> Login | None:
    way = joinedload(Login.client).joinedload(Client.reseller)
    login = db.session.get(Login, login_id, options=[way])
    return login if login is not None and is_login_open(login, now()) else None


def _mark(person: Staff | Login) -> str:
    """Mark the password that was right: a new one makes whoever is held begin again."""
    return _hash(f"{area()} {person.password_hash or ''}")


def sign_out() -> None:
    """End this browser's session: a copy of its cookie is dead too; the caller commits."""
    with tenancy.across_resellers():
        _end_row_of_cookie()
    logout_user()
    session.clear()


def _end_row_of_cookie() -> None:
    """End the row of this browser's cookie, whosever it is; the caller works across resellers."""
    token = session.get("_user_id")
    if token:
        db.session.execute(
            update(WebSession)
            .where(WebSession.token_hash == _hash(token), WebSession.ended_at.is_(None))
            .values(ended_at=now())
        )


def ended() -> WebSession | None:
    """Give the session of this browser's cookie that has ended; None where nobody was signed in."""
    token = session.get("_user_id")
    if not token or _person() is not None:
        return None
    with tenancy.across_resellers():
        row = db.session.scalar(select(WebSession).where(WebSession.token_hash == _hash(token)))
    return row if row is not None and (row.staff_id is not None) == (area() == STAFF) else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# --- Who is signed in -------------------------------------------------------------------------


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _load(token: str) -> SignedIn | None:
    with tenancy.across_resellers():
        found = db.session.execute(_of_token(area()), {"token_hash": _hash(token)}).first()
        row, waiting = found or (None, 0)
        if row is not None and row.impersonator is not None:
            # Asked for here, where the session may read it; few rows have one.
            _ = row.parent, row.impersonator.reseller, row.client and row.client.reseller
    if row is None or not _is_live(row):
        return None
    tenancy.enter(row.reseller_id)
    _mark_seen(row)
    signed_in = SignedIn(row, token, waiting)
    _see_as(signed_in.person)
    return signed_in


@cache
def _of_token(place: str) -> Any:
    """Say how a session is found: with what every page of the area asks of its person.

    In the back office that is also how many orders wait, which the menu says.
    """
    mine = WebSession.token_hash == bindparam("token_hash")
    if place == STAFF:
        theirs = Order.reseller_id == WebSession.reseller_id
        some = select(Order.id).where(Order.state == OrderState.PENDING, theirs)
        capped = some.correlate(WebSession).limit(MOST_WAITING + 1).subquery()
        waiting = select(func.count()).select_from(capped).scalar_subquery()
        person = joinedload(WebSession.staff).joinedload(Staff.reseller)
        return select(WebSession, waiting).where(mine).options(person)
    client = joinedload(WebSession.login).joinedload(Login.client)
    return (
        select(WebSession, literal(0))
        .where(mine)
        .options(
            client.joinedload(Client.reseller).joinedload(Reseller.portal_settings),
            client.joinedload(Client.order_settings),
        )
    )


def _is_live(row: WebSession) -> bool:
    moment, place = now(), STAFF if row.staff_id else PORTAL
    if row.ended_at is not None or place != area():
        return False
    if row.expires_at <= moment or row.seen_at + IDLE[place] <= moment:
        return False
    person = _person_of(row)
    if isinstance(person, Staff):
        return is_staff_open(person)
    if row.impersonator_id or row.client_id:
        return can_be_impersonated(person, moment) and _may_impersonate(row, moment)
    return is_login_open(person, moment)


def _may_impersonate(row: WebSession, moment: datetime) -> bool:
    """Tell whether the staff member behind a session is still signed in and allowed (P8)."""
    staff, parent = row.impersonator, row.parent
    return (
        staff is not None
        and is_staff_open(staff)
        and not lacks_second_factor(staff)
        and Permission.IMPERSONATE in GRANTS[staff.role]
        and parent is not None
        and parent.ended_at is None
        and parent.expires_at > moment
        and parent.seen_at + IDLE[STAFF] > moment
    )


def _mark_seen(row: WebSession) -> None:
    """Keep an active session alive: once a minute, in a transaction of its own."""
    moment = now()
    if moment - row.seen_at < SEEN_EVERY or request.endpoint in UNSEEN:
        return
    seen = update(WebSession).where(WebSession.id == row.id).values(seen_at=moment)
    if request.method in READING:
        write_beside(seen, "mark a session as seen")
    else:
        db.session.execute(seen.execution_options(synchronize_session=False))


def write_beside(statement: Update | Delete | Insert, aim: str) -> None:
    """Write by another connection, since a request that reads holds no write lock.

    A database that is too busy is logged, with the aim: no page fails for that.
    """
    database.set_looking(False)
    try:
        with db.engine.begin() as connection:
            connection.execute(statement)
    except OperationalError:
        # A long import may hold SQLite's one write lock; the next click marks the session.
        current_app.logger.warning("The database was too busy to %s", aim)
    finally:
        database.set_looking(True)


def _see_as(person: Staff | Login) -> None:
    if isinstance(person, Staff):
        reseller = person.reseller
        display.see_as(person.time_zone or reseller.time_zone, reseller.currency)
    else:
        client = person.client
        zone = person.time_zone or client.time_zone or client.reseller.time_zone
        display.see_as(zone, client.reseller.currency)


def staff() -> Staff | None:
    """Give the staff member who is signed in to the back office; None for anybody else."""
    person = _person()
    return person if isinstance(person, Staff) else None


def login() -> Login | None:
    """Give the login that is signed in to the portal; None for anybody else."""
    person = _person()
    return person if isinstance(person, Login) else None


def impersonator() -> Staff | None:
    """Give the staff member who sees the portal as the login of this session; None for nobody."""
    found: Staff | None = current_user.row.impersonator if current_user.is_authenticated else None
    return found


def waiting() -> int:
    """Tell how many orders wait for the reseller's staff, at most one more than MOST_WAITING."""
    return current_user.waiting if current_user.is_authenticated else 0


def row() -> WebSession | None:
    """Give the row of this browser's session; None for a visitor."""
    found: WebSession | None = current_user.row if current_user.is_authenticated else None
    return found


def is_fresh() -> bool:
    """Tell whether who is signed in gave the password not long ago."""
    found = row()
    last = (found.confirmed_at or found.created_at) if found else None
    return last is not None and last > now() - CONFIRMED


def confirm() -> None:
    """Remember that the password was given again just now; the caller checked it, and commits."""
    found = row()
    if found is not None:
        found.confirmed_at = now()


def _person() -> Staff | Login | None:
    user: Any = current_user._get_current_object()
    return user.person if user.is_authenticated else None


def live_of(person: Staff | Login) -> list[WebSession]:
    """List the browsers in which a person is signed in, the one seen last first."""
    mine, idle = WebSession.staff_id == person.id, IDLE[STAFF]
    if isinstance(person, Login):
        mine, idle = WebSession.login_id == person.id, IDLE[PORTAL]
    live = (
        select(WebSession)
        .where(mine, WebSession.ended_at.is_(None), WebSession.expires_at > now())
        .where(WebSession.seen_at > now() - idle)
        .options(joinedload(WebSession.impersonator))
        .order_by(WebSession.seen_at.desc(), WebSession.id.desc())
    )
    return list(db.session.scalars(live))


def actor() -> Actor:
    """Describe who acts in this request, and from where, for what lies below the views."""
    user: Any = current_user._get_current_object()
    if user.is_authenticated and request.method in READING:
        # Nothing changes while a page is read, and its menu asks for every entry.
        user.actor = user.actor or _actor()
        found: Actor = user.actor
        return found
    return _actor()


def _actor() -> Actor:
    origin = origin_of_request()
    person = _person()
    if isinstance(person, Staff):
        return staff_actor(person, **origin)
    if isinstance(person, Login):
        return login_actor(person, impersonator=current_user.row.impersonator, **origin)
    return Actor(name="Nobody", **origin)


def origin_of_request() -> dict[str, Any]:
    """Tell where this request comes from: address, browser, and its id in the log."""
    return {
        "ip": request.remote_addr,
        "user_agent": (request.user_agent.string or "")[:255],
        "request_id": g.get("request_id"),
    }
