"""create_app(): config, extensions, back office, portal, errors, commands; no logic of its own."""

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

import admin_views
import commands
import database
import display
import drawing
import errors
import headers
import health
import hosts
import kept_forms
import logs
import models  # noqa: F401  The tables must be known before anything asks for them.
import portal
import sessions
import tenancy
from config import Settings
from extensions import csrf, db, login_manager, mail_transport, migrate
from web_app import WebApp


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application from the environment, or from the settings given."""
    settings = settings or Settings.from_environment()
    app = WebApp(__name__)
    app.config.from_mapping(settings.as_flask_config())
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    logs.init_app(app)
    _init_extensions(app)
    display.init_app(app)
    drawing.init_app(app)
    sessions.init_app(app)
    health.init_app(app)
    kept_forms.init_app(app)
    admin_views.init_app(app)
    portal.init_app(app)
    errors.init_app(app)
    commands.init_app(app)
    app.before_request(_know_host)
    headers.init_app(app)
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
    """Send a visitor of the bare address to the portal of that host, else to the back office."""
    slug = g.get("host_slug")
    target = url_for("portal.sign_in", brand=slug) if slug else url_for("admin.index")
    return redirect(target)  # type: ignore[return-value]


def _know_host() -> None:
    """Answer on our own host, and on a proved one for its reseller's portal alone (A-29)."""
    host = request.host.partition(":")[0].lower()
    if host == hosts.own_host() or request.endpoint in (
        "health.healthz",
        "health.readyz",
        "static",
    ):
        return
    with tenancy.across_resellers():
        g.host_slug = hosts.slug_of(host)
    if g.host_slug is None:
        if current_app.config["CHECK_HOSTS"]:
            abort(400)
        return
    own = (f"/portal/{g.host_slug}/", "/static/")
    if request.path != "/" and not request.path.startswith(own):
        abort(404)
