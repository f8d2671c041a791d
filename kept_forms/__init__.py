"""A form that met an ended sign-in: kept for an hour, and filled in again for whoever sent it.

It belongs to the person of the session that had ended, and to the browser's cookie. Nothing is sent
by itself. Passwords, codes, tokens and files are never kept. How a page is filled is ``filling``.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import Flask, Response, current_app, flash, render_template, request, session
from sqlalchemy import delete

import retention
import sessions
import tenancy
from columns import now
from extensions import db
from kept_forms import filling
from models import KeptForm, Login, Staff, WebSession
from sign_in_forms import local_path

LIFE = retention.FORM_LIFE
MOST_CHARACTERS = 100_000
LONGEST_ADDRESS = 2000
PASSWORDS = frozenset({"password", "current_password", "code"})
SECRETS = PASSWORDS | {"csrf_token"}
"""Fields that are never kept; a guard holds the list against every form of the application."""

KEPT = (
    "Your sign-in had ended, so the form was not sent. What you typed is kept for an hour: sign in "
    "as the same person, and it is filled in again."
)
NOT_KEPT = "Your sign-in had ended, so nothing was sent. Sign in and do it once more."


@dataclass(frozen=True)
class Typed:
    """What a form carried that may be kept, and what of it may not."""

    fields: list[list[str]]
    left_out: list[str]


def init_app(app: Flask) -> None:
    """Fill in the page of a kept form when its person opens it."""
    app.after_request(_fill_in)


# --- Keeping ----------------------------------------------------------------------------------


def keep(area: str) -> str | None:
    """Keep this request's form for whose session has ended; give where to go on after the sign-in.

    ``area`` is how the addresses of the area begin. None where nobody was signed in. Commits.
    """
    row = sessions.ended() if request.method == "POST" else None
    if row is None or row.client_id is not None or row.impersonator_id is not None:
        return None
    page, typed = _page(area), _typed()
    if page is None or not typed.fields:
        flash(NOT_KEPT, "warning")
        return page
    _write(row, page, typed)
    flash(KEPT, "warning")
    return page


def _page(area: str) -> str | None:
    """Give the page on which the form stood: where browsers say it was, else its own address."""
    parts = urlsplit(request.referrer or "")
    came_from = parts._replace(scheme="", netloc="", fragment="").geturl()
    places = [came_from] if parts.netloc == request.host else []
    return next((one for one in [*places, _here()] if _is_page(one, area)), None)


def _here() -> str:
    return request.full_path.rstrip("?")


def _is_page(place: str, area: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    path = unquote(urlsplit(place).path)
    is_ours = len(place) <= LONGEST_ADDRESS and local_path(place, area) is not None
    return is_ours and adapter is not None and adapter.test(path, method="GET")


def _typed() -> Typed:
    """Take what was typed, without what is nobody's to keep; too much of it is none."""
    sent = [[name, value] for name, value in request.form.items(multi=True)]
    fields = [pair for pair in sent if _bare(pair[0]) not in SECRETS]
    secrets = {name for name, value in sent if _bare(name) in PASSWORDS and value}
    files = any(file.filename for file in request.files.values())
    left_out = [word for word, had in (("passwords", secrets), ("files", files)) if had]
    size = sum(len(name) + len(value) for name, value in fields)
    return Typed(fields if size <= MOST_CHARACTERS else [], left_out)


def _bare(name: str) -> str:
    """Give a field's own name, without the form's before it."""
    return name.rpartition("-")[2]


def _write(row: WebSession, page: str, typed: Typed) -> None:
    with tenancy.acting_for(row.reseller_id):
        _clean_up()
        kept = KeptForm(
            reseller_id=row.reseller_id,
            staff_id=row.staff_id,
            login_id=row.login_id,
            page=page,
            target=_here()[:LONGEST_ADDRESS],
            fields=typed.fields,
            left_out=typed.left_out,
        )
        db.session.add(kept)
        db.session.commit()
        session[sessions.KEPT] = kept.id


def _clean_up() -> None:
    """Forget what has had its time, and what this browser kept before."""
    db.session.execute(delete(KeptForm).where(KeptForm.kept_at < now() - LIFE))
    db.session.execute(delete(KeptForm).where(KeptForm.id == session.get(sessions.KEPT)))


# --- Filling in -------------------------------------------------------------------------------


def _fill_in(response: Response) -> Response:
    """Fill in what was kept, once, when its own person opens the page of the form."""
    is_page = request.method == "GET" and response.status_code == 200
    if not is_page or response.mimetype != "text/html" or sessions.KEPT not in session:
        return response
    kept = _mine()
    if kept is not None and _place(kept.page) == _place(_here()):
        session.pop(sessions.KEPT)
        used = delete(KeptForm).where(KeptForm.id == kept.id)
        sessions.write_beside(used, "forget a kept form")
        response.set_data(_filled(response.get_data(as_text=True), kept))
    return response


def _mine() -> KeptForm | None:
    """Give the kept form if it is of the person who is signed in; anybody else's is let go of."""
    person = sessions.staff() or sessions.login()
    if person is None:
        return None
    kept = db.session.get(KeptForm, session[sessions.KEPT])
    if kept is None or not _is_of(kept, person) or kept.kept_at < now() - LIFE:
        session.pop(sessions.KEPT)
        return None
    return kept


def _is_of(kept: KeptForm, person: Staff | Login) -> bool:
    owner = kept.staff_id if isinstance(person, Staff) else kept.login_id
    return owner is not None and owner == person.id and sessions.impersonator() is None


def _place(address: str) -> tuple[str, Any]:
    """Read an address, so that two spellings of one are the same."""
    parts = urlsplit(address)
    return unquote(parts.path), parse_qsl(parts.query, keep_blank_values=True)


def _filled(html: str, kept: KeptForm) -> str:
    """Fill in the form of a page, and say above it what has become of what was typed."""
    page = filling.Page(html)
    form = page.form_of(
        lambda action: _place(filling.absolute(kept.page, action)) == _place(kept.target),
        kept.fields,
    )
    filled = page.fill(form, kept.fields) if form is not None else 0
    page.say(
        render_template(
            "frame/_kept_form.html",
            has_form=form is not None,
            has_fields=filled > 0,
            form_id=form.attributes.get("id") if form else None,
            left_out=" and ".join(kept.left_out),
        )
    )
    return page.written()
