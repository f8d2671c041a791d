"""What every answer says to browsers and caches, and whose forms are not taken at all."""

from flask import Flask, Response, abort, request

READING = ("GET", "HEAD", "OPTIONS", "TRACE")
OURS = ("same-origin", "none")
"""Where a form may come from, as browsers say it: our own pages, or the person's own doing."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; object-src 'none'; frame-src 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Files that may be kept say so themselves; every page is somebody's.
    "Cache-Control": "no-store",
}


def init_app(app: Flask) -> None:
    """Refuse forms of other sites, and give every answer its headers, errors and files too."""
    app.before_request(_refuse_strange_forms)
    app.after_request(_add_headers)


def _refuse_strange_forms() -> None:
    """Refuse what another site's page sends, whatever token it has got hold of (A-25).

    Browsers that do not say where a form comes from are held by the token alone.
    """
    comes_from = request.headers.get("Sec-Fetch-Site", "none")
    if request.method not in READING and comes_from not in OURS:
        abort(403, "This form was sent by another site. Open the page here and send it again.")


def _add_headers(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
