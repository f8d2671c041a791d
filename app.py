"""create_app(): config, extensions, back office, portal, errors, commands; no logic of its own."""

from flask import Flask, Response, redirect, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

import admin_views
import commands
import database
import display
import errors
import health
import logs
import models  # noqa: F401  The tables must be known before anything asks for them.
import portal
import sessions
import tenancy
from config import Settings
from extensions import csrf, db, login_manager, mail_transport, migrate

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
}


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application from the environment, or from the settings given."""
    settings = settings or Settings.from_environment()
    app = Flask(__name__)
    app.config.from_mapping(settings.as_flask_config())
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    logs.init_app(app)
    _init_extensions(app)
    display.init_app(app)
    sessions.init_app(app)
    health.init_app(app)
    admin_views.init_app(app)
    portal.init_app(app)
    errors.init_app(app)
    commands.init_app(app)
    app.after_request(_add_headers)
    app.add_url_rule("/", "front_door", _front_door)
    return app


def _init_extensions(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db)
    csrf.init_app(app)
    login_manager.init_app(app)
    mail_transport.init_app(app)
    database.prepare(app)
    with app.app_context():
        tenancy.install(db.session.session_factory)


def _front_door() -> Response:
    """Send a visitor of the bare address to the back office."""
    return redirect(url_for("admin.index"))  # type: ignore[return-value]


def _add_headers(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
