"""What a person sees when something goes wrong: a sentence, never a traceback."""

from typing import Any

from flask import Flask, current_app, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import BadHost, HTTPException

import brand
import database
import foreign
from extensions import db, login_manager

PAGES = {
    400: ("That did not work", "The address or the form was not complete. Go back and try again."),
    403: ("Not allowed", "Your sign-in may not do this. Ask whoever manages your account."),
    404: ("Not found", "There is nothing at this address, or it is not yours to see."),
    405: ("Not a page", "This address belongs to a button. Go back and press it on its page."),
    409: ("Already changed", "Someone else was faster. Open the page again to see how it stands."),
    413: ("Too large", "What you sent is too large; at most {limit} can be sent at once."),
    429: ("Too many tries", "Wait a few minutes, then try again."),
    503: ("Not saved", "We are busy at the moment. Nothing was changed: go back and try again."),
    500: ("Something went wrong", "It is our fault, and it was recorded. Nothing was changed."),
}


def init_app(app: Flask) -> None:
    """Answer every error with a page."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(DataError, _data_error)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(Exception, _unexpected)


def _page(status: int, sentence: str | None = None, heading: str | None = None) -> Any:
    db.session.rollback()
    if isinstance(request.routing_exception, BadHost):
        # No address can be written under such a host's name, and so no page.
        return PAGES[400][1], 400
    words = PAGES.get(status, PAGES[400 if status < 500 else 500])
    worn = _worn(status)
    page = render_template(
        "errors/page.html",
        heading=heading or words[0],
        sentence=sentence or words[1].format(limit=_limit()),
        reference=g.get("request_id") if status >= 500 else None,
        brand=worn,
        **_way_out(status, worn),
    )
    return page, status


def _limit() -> str:
    """Tell how much one request can carry: a file, or the text of a form, which may be less."""
    most = request.max_content_length or current_app.config["MAX_CONTENT_LENGTH"]
    if (request.content_length or most + 1) > most:
        return f"{most // 1024**2} MB"
    return f"{current_app.config['MAX_FORM_MEMORY_SIZE'] // 1024**2} MB of text"


def _worn(status: int) -> brand.Brand | None:
    """Give the brand of a page in the portal, also where none of its views was reached.

    While the server is at fault nobody is asked: the answer would come from the database.
    """
    known: brand.Brand | None = g.get("brand")
    if known is not None or status >= 500:
        return known
    slug = _slug()
    reseller = brand.wearer(slug) if slug else None
    return brand.of(reseller) if reseller else None


def _slug() -> str:
    """Read whose portal an address is of: on a reseller's own host its, on a strange one none."""
    if "host_slug" in g and (g.host_slug or current_app.config["CHECK_HOSTS"]):
        return g.host_slug or ""
    return request.path.split("/")[2] if request.path.startswith("/portal/") else ""


def _way_out(status: int, worn: brand.Brand | None) -> dict[str, str]:
    """Lead back to the form or to the first page of the area, without asking who looks."""
    address = current_app.create_url_adapter(request) if status == 413 else None
    if address and address.test(method="GET"):
        return {"next_url": request.path, "next_label": "Go back to the form"}
    # A server at fault has asked nobody whether the address is of a portal.
    unasked = _slug() if status >= 500 else ""
    slug = worn.slug if worn else unasked
    home = f"/portal/{slug}/" if slug else "/admin/"
    return {"next_url": home, "next_label": "Go to the first page"}


def _http_error(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error
    own = type(error).description
    sentence = error.description if error.description and error.description != own else None
    if error.code == 404:
        db.session.rollback()
        foreign.note()
    page, status = _page(error.code or 500, sentence)
    return page, status, _kept_headers(error)


def _kept_headers(error: HTTPException) -> list[tuple[str, str]]:
    """Keep what the status asks for beside the page: Retry-After, Allow."""
    return [pair for pair in error.get_headers() if pair[0] in ("Retry-After", "Allow")]


def _csrf_error(error: CSRFError) -> Any:
    return _page(
        400,
        "The form was open too long or your sign-in ended meanwhile. Go back and copy what you "
        "wrote; then reload the page and send it again.",
        "Please send it again",
    )


def _data_error(error: DataError) -> Any:
    """Answer a value that the database cannot hold, such as an id of thirty digits."""
    return _page(404)


def _no_database(error: OperationalError) -> Any:
    """Answer while the database is away, full or locked: it is saved all or not at all."""
    # Nobody can be asked who looks: the frame of the page must not try again.
    g._login_user = login_manager.anonymous_user()
    current_app.logger.error("The database did not answer on %s: %s", request.method, error.orig)
    words = PERHAPS if request.method == "POST" and database.may_have_saved(error) else ()
    page, status = _page(503, *words)
    return page, status, {"Retry-After": "5"}


PERHAPS = (
    "The connection broke off at the last moment, so what you sent may be saved or not. Look "
    "first; send it again only if it is missing.",
    "Perhaps saved",
)
"""The sentence and the heading where nobody can tell."""


def _unexpected(error: Exception) -> Any:
    if current_app.testing or current_app.debug:
        raise error
    current_app.logger.exception("Unexpected error on %s %s", request.method, request.path)
    return _page(500)
