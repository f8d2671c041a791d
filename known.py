"""The browsers in which an account has signed in before: nobody else's tries lock those out.

Who guesses at an account from elsewhere uses up the tries of its address; a browser that was let in
before carries a signed cookie and has tries of its own (A-11). The cookie opens nothing.
"""

import hashlib
import secrets
from datetime import timedelta

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

NAME = "known"
LIFE = timedelta(days=90)


def tries_of(account: str) -> str:
    """Give the key by which this browser's tries at an account are counted."""
    found = _mark()
    if found is None or found[0] != account:
        return account
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def remember(account: str) -> None:
    """Let this browser be known for an account that has just signed in."""
    mark = [account, secrets.token_urlsafe(16)]

    @after_this_request
    def send(response: Response) -> Response:
        response.set_cookie(
            _name(),
            _signer().dumps(mark),
            max_age=LIFE,
            secure=current_app.config["COOKIES_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _mark() -> tuple[str, str] | None:
    try:
        account, device = _signer().loads(
            request.cookies.get(_name(), ""), max_age=int(LIFE.total_seconds())
        )
    except (BadSignature, ValueError, TypeError):
        return None
    return str(account), str(device)


def _name() -> str:
    return f"{'__Host-' if current_app.config['COOKIES_SECURE'] else ''}{NAME}"


def _signer() -> URLSafeTimedSerializer:
    keys = [*current_app.config.get("SECRET_KEY_FALLBACKS", []), current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt="known browser")
