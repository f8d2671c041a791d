"""What of the application a bench below the views needs; it measures nothing."""

from pathlib import Path

from flask import Flask

import database
import tenancy
from extensions import db, migrate

ROOT = Path(__file__).parents[1]


def make_app(url: str) -> Flask:
    """Make the tables' part of the application on a database, narrowed to resellers."""
    app = Flask("bench")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    database.prepare(app)
    with app.app_context():
        tenancy.install(db.session.session_factory)
    return app
