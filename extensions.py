"""One instance of each Flask extension; what they do is decided where they are used."""

from functools import cache
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from flask_login import LoginManager
from flask_mail import Mail
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase
from werkzeug.local import LocalProxy

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The declarative base; its naming convention lets migrations name every constraint."""

    metadata = MetaData(naming_convention=NAMING)


class MigrateCommand(click.Command):
    """Flask-Migrate's own ``flask db``, which is imported once somebody types it."""

    def make_context(self, *about: Any, **more: Any) -> click.Context:
        """Hand the rest of the command line over to it."""
        from flask_migrate.cli import db as command

        context: click.Context = command.make_context(*about, **more)
        return context


class Migrations:
    """Flask-Migrate, imported once somebody migrates: a process that serves pages saves 10 MB."""

    def init_app(self, app: Flask, db: SQLAlchemy, directory: str = "migrations") -> None:
        """Put it where its commands look for it."""

        @cache
        def made() -> Any:
            from flask_migrate import Migrate

            bare = Flask(app.import_name)
            options = {"render_as_batch": True, "compare_type": True}
            Migrate(bare, db, directory=directory, **options)
            return bare.extensions["migrate"]

        app.extensions["migrate"] = LocalProxy(made)
        app.cli.add_command(MigrateCommand("db", help="Perform database migrations."))


db = SQLAlchemy(model_class=Base)
migrate = Migrations()
login_manager = LoginManager()
csrf = CSRFProtect()
mail_transport = Mail()

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model
