"""A toy back office of plain rows that shows the theme's lists and forms; nothing of the product.

Its screens use Flask-Admin's own model view, so that what is seen here is the theme's doing alone.
"""

from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, Response
from flask_admin import Admin, AdminIndexView
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_admin.contrib.sqla import filters as sqla_filters
from flask_admin.form import BaseForm
from flask_admin.theme import Theme
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.pool import StaticPool
from wtforms.validators import InputRequired, Length

import display
import drawing
from admin_views.base import RowsView
from headers import SECURITY_HEADERS

ROWS = 120
ROOT = Path(__file__).resolve().parents[2]
COLOURS = ("red", "green", "blue")


class Form(BaseForm):
    class Meta(FlaskForm.Meta):
        pass


def make_theme_app() -> Flask:
    """Make the toy application, with its rows in memory."""
    app = Flask("theme", root_path=str(ROOT))
    app.config.update(
        SECRET_KEY="only-for-the-toy",
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SQLALCHEMY_ENGINE_OPTIONS={
            "poolclass": StaticPool,
            "connect_args": {"check_same_thread": False},
        },
    )
    db = SQLAlchemy(app)
    CSRFProtect(app)
    display.init_app(app)
    _frame(app)
    admin = Admin(
        app,
        name="Toys",
        theme=Theme(folder="office", base_template="admin/frame.html"),
        index_view=AdminIndexView(name="First Page", url="/admin", menu_icon_value="home"),
    )
    _add_screens(admin, db)
    with app.app_context():
        db.create_all()
        _fill(db)
    return app


def _frame(app: Flask) -> None:
    """Give the frame what the back office gives it: headers, menu, names, a way out."""
    app.jinja_env.globals["office_frame"] = lambda: {"company_name": "Toys", "viewer": "Alice"}
    drawing.init_app(app)
    app.jinja_env.globals["office_nav"] = lambda view: tuple(
        drawing.Entry(item.name, item.get_url(), "list", active=item.is_active(view))
        for item in view.admin.menu()
    )
    app.add_url_rule("/admin/logout", "staff.sign_out", lambda: "out", methods=["POST"])

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(SECURITY_HEADERS)
        return response


def _add_screens(admin: Admin, db: SQLAlchemy) -> None:
    class Toy(db.Model):  # type: ignore[name-defined]
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(unique=True)
        colour: Mapped[str] = mapped_column(default="red")
        made_on: Mapped[date | None]
        is_sold: Mapped[bool] = mapped_column(default=False)

        def __str__(self) -> str:
            return self.name

    class Empty(db.Model):  # type: ignore[name-defined]
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Listed(ModelView):
        """What the theme's list asks of a screen, as the back office's screens answer it."""

        cells, export_url = RowsView.cells, RowsView.export_url
        column_numeric: tuple[str, ...] = ()

        def views(self) -> list[Any]:
            """Nobody keeps views of toys."""
            return []

        shown_view = shown_query = usual_view = views

    class Toys(Listed):
        form_base_class = Form
        can_view_details = can_export = can_set_page_size = True
        column_list = ("name", "colour", "made_on", "is_sold")
        column_searchable_list = ("name",)
        column_numeric = ("made_on",)
        column_filters = (
            sqla_filters.FilterEqual(Toy.colour, "Colour", options=[(c, c) for c in COLOURS]),
            sqla_filters.FilterLike(Toy.name, "Name"),
            sqla_filters.DateGreaterFilter(Toy.made_on, "Made"),
        )
        named_filter_urls = True
        page_size = 50
        page_heading = "Toys"
        page_intro = "Rows to look at."
        form_args = {"name": {"validators": [InputRequired("Write a name."), Length(max=20)]}}
        form_choices = {"colour": [(c, c.capitalize()) for c in COLOURS]}
        column_descriptions = {"name": "As it stands on the box."}

        @action("sell", "Sell", "Sell the chosen toys? Their buyers are told.")
        def sell(self, ids: list[str]) -> None:
            for toy in db.session.query(Toy).filter(Toy.id.in_(ids)):
                toy.is_sold = True
            db.session.commit()

    class Counted(Toys):
        """Knows no count, as a list over a very long table would."""

        simple_list_pager = True
        can_create = can_edit = can_delete = can_view_details = can_export = False
        column_display_actions = False
        action_disallowed_list = ("sell", "delete")
        column_filters = ()
        page_heading = "Uncounted"

    class Nothing(Listed):
        form_base_class = Form
        page_heading = "Nothing"
        empty_heading = "No thing yet"
        empty_sentence = "Things stand here once there are some."
        empty_action = ("Make the first", "/admin/empty/new/")

    admin.add_view(Toys(Toy, db, name="Toys", endpoint="toys"))
    admin.add_view(Counted(Toy, db, name="Uncounted", endpoint="uncounted"))
    admin.add_view(Nothing(Empty, db, name="Nothing", endpoint="empty"))
    admin.toy = Toy


def _fill(db: SQLAlchemy) -> None:
    toy: Any = next(m.class_ for m in db.Model.registry.mappers if m.class_.__name__ == "Toy")
    for number in range(ROWS):
        db.session.add(
            toy(
                name=f"Toy {number:03d}",
                colour=COLOURS[number % 3],
                made_on=date(2026, 1 + number // 10 % 12, 1),
            )
        )
    db.session.commit()
