"""The base of every back-office screen: closed until opened, and safe where Flask-Admin is not.

``RowsView`` is Flask-Admin's model view with all that stock leaves open shut: no ``can_*``, CSRF in
every form, one scope for list, count and single row, ids of actions resolved through that scope,
capped counts, no SQL in a message, no formula in a CSV. ``Page`` is an ordinary page in the frame.
"""

import enum
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import abort, current_app, flash, redirect, request, url_for
from flask_admin import AdminIndexView, BaseView
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from flask_wtf import FlaskForm
from jinja2 import pass_context
from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Query
from werkzeug.exceptions import HTTPException

import display
import kept_forms
import sessions
from admin_views.cells import Cells
from admin_views.saved_views import SavedViews
from columns import to_id
from extensions import db
from models import Reseller
from permissions import Actor, Permission
from prepared import Prepared
from sheets import in_slices, plain_cell
from sign_in_forms import local_path

COUNT_CAP = 10_001
"""A list counts no further: an exact count of a long table costs more than the page."""

MOST_PAGES = 500
MOST_WORDS = 10


class AdminForm(BaseForm):
    """Flask-Admin's form with Flask-WTF's token, so that one token serves every form."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc, name-defined]
        """Take the token from the signed-in session."""


class Guarded:
    """The wall of the back office: who may enter a screen, decided before any handler runs."""

    permission: Permission | None = None
    """What a staff member must hold to enter; None lets every staff member in."""

    page_heading: str = ""
    page_intro: str = ""

    def is_accessible(self) -> bool:
        """Let signed-in staff in who hold the screen's permission."""
        staff = sessions.staff()
        return staff is not None and (
            self.permission is None or sessions.actor().can(self.permission)
        )

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        """Send a stranger to sign in; tell staff without the permission that they lack it."""
        if sessions.staff() is None:
            is_page = request.method == "GET"
            here = request.full_path.rstrip("?") if is_page else kept_forms.keep("/admin/")
            return redirect(url_for("staff.sign_in", next=here))
        return abort(403)

    @property
    def by(self) -> Actor:
        """Tell who acts in this request."""
        return sessions.actor()


def refuse_strange_way_back() -> None:
    """Refuse an address to go back to that is none of the back office's own.

    Flask-Admin's ``url`` is believed for any place on this host, line breaks and all.
    """
    place = request.values.get("url") if sessions.area() == sessions.STAFF else None
    if place is not None and local_path(place, "/admin/") is None:
        abort(400)


class Page(Guarded, BaseView):  # type: ignore[misc]
    """An ordinary page in the back office's frame."""


class IndexPage(Guarded, AdminIndexView):  # type: ignore[misc]
    """The back office's first page."""


class CappedCount(Query[Any]):
    """A count that stops at the cap, whatever filters and joins Flask-Admin adds to it."""

    def scalar(self) -> int:
        """Count at most ``COUNT_CAP`` rows."""
        return db.session.scalar(self.statement_of_count()) or 0

    def statement_of_count(self) -> Any:
        """Give the statement that counts."""
        rows = self.order_by(None).limit(COUNT_CAP).subquery()
        return select(func.count()).select_from(rows)


class RowsView(SavedViews, Guarded, ModelView):  # type: ignore[misc]
    """A list of one reseller's rows, with nothing allowed that a screen did not open."""

    can_create = can_edit = can_delete = can_view_details = can_export = False
    can_set_page_size = True
    page_size = 50
    page_size_options: tuple[int, ...] = (20, 50, 100)
    column_numeric: Sequence[str] = ()
    column_display_pk = False
    column_display_actions = False
    named_filter_urls = True
    form_base_class = AdminForm
    export_max_rows = 1_000_000
    export_types = ("csv",)
    ignore_hidden = True
    count_capped = False

    empty_heading = "Nothing here yet"
    empty_sentence = ""
    empty_action: tuple[str, str] | None = None

    column_type_formatters: dict[type, Any] = {
        type(None): lambda view, value, name: "",
        bool: lambda view, value, name: "Yes" if value else "No",
        enum.Enum: lambda view, value, name: str(value.value).replace("_", " ").capitalize(),
        datetime: lambda view, value, name: display.when(value),
        date: lambda view, value, name: display.day(value),
    }
    column_type_formatters_export = dict(column_type_formatters) | {
        datetime: lambda view, value, name: value.isoformat(timespec="seconds"),
        date: lambda view, value, name: value.isoformat(),
    }

    same_for_all = False
    """Whether the list, neither searched nor filtered, is the same statement for everybody.

    It is then built once, its scope and all; what differs there from request to request is a
    ``bindparam`` of ``values_of_scope``. A screen says so of itself alone: one that narrows it has
    another statement.
    """

    def __init__(self, model: Any, **options: Any) -> None:
        self._lists: dict[Any, Prepared] = {}
        super().__init__(model, db, **options)

    # --- One scope for everything -------------------------------------------------------

    def scope(self, query: Any) -> Any:
        """Narrow the rows of this screen; the reseller's own narrowing lies below, in tenancy."""
        return query

    def values_of_scope(self) -> dict[str, Any]:
        """Give the values by which the scope differs from request to request."""
        return {}

    def get_query(self) -> Any:
        """Give the rows of the list."""
        return self.scope(db.session.query(self.model))

    @property
    def is_exporting(self) -> bool:
        """Tell whether the rows are for a file; it may have columns that the list does not show."""
        return request.endpoint == f"{self.endpoint}.export"

    def get_count_query(self) -> Any:
        """Count the rows of the list, up to the cap."""
        return self.scope(CappedCount(self.model.id, session=db.session()))

    def get_one(self, id: Any) -> Any:
        """Find one row within the screen's scope; None for any other."""
        key = to_id(id)
        if key is None:
            return None
        return self.scope(db.session.query(self.model)).filter(self.model.id == key).one_or_none()

    def selected(self, ids: Sequence[Any]) -> list[Any]:
        """Resolve the ids of a batch through the scope; one that is not found refuses them all."""
        keys = {key for key in map(to_id, ids) if key is not None}
        rows = (
            self.scope(db.session.query(self.model))
            .filter(self.model.id.in_(keys))
            .order_by(self.model.id)
            .all()
        )
        if not keys or len(rows) != len(keys) or len(keys) != len(set(ids)):
            abort(404)
        return list(rows)

    def get_list(
        self,
        page: Any,
        sort_column: Any,
        sort_desc: Any,
        search: Any,
        filters: Any,
        execute: bool = True,
        page_size: Any = None,
    ) -> Any:
        """Clamp the page number, which PostgreSQL would refuse when it is absurd."""
        page = min(max(page or 0, 0), MOST_PAGES)
        if execute and not search and not filters and vars(type(self)).get("same_for_all"):
            count, rows = self._same_list(page, sort_column, sort_desc, page_size)
        else:
            asked = (page, sort_column, sort_desc, search, filters)
            count, rows = super().get_list(*asked, execute=execute, page_size=page_size)
        # The template says "10,000+" instead of a count that was cut off.
        self.count_capped = bool(count and count >= COUNT_CAP)
        return count, rows

    def _same_list(self, page: int, column: Any, descending: Any, size: Any) -> Any:
        """Read a page of the list and its count by one statement, which is kept."""
        order, most = (column, bool(descending)), size or self.page_size
        if order not in self._lists:
            query, _ = self._apply_sorting(self.get_query(), {}, *order)
            count = self.get_count_query().statement_of_count().scalar_subquery()
            wanted = query.statement.add_columns(count)
            self._lists[order] = Prepared(
                wanted.limit(bindparam("most")).offset(bindparam("skipped"))
            )
        given = {"most": most, "skipped": page * most, **self.values_of_scope()}
        found: Any = self._lists[order].rows(**given).unique().all()
        if not found and page:
            # Past the end no row tells how many there are.
            return self.get_count_query().scalar(), []
        return found[0][1] if found else 0, [row[0] for row in found]

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> Any:
        """Look for every word in the model's own searchable columns.

        Stock names the bare table's columns, which the scope of tenancy refuses.
        """
        columns = [getattr(self.model, name) for name in self.column_searchable_list]
        for word in search.split()[:MOST_WORDS]:
            found = or_(*(column.icontains(word, autoescape=True) for column in columns))
            query, count_query = query.filter(found), count_query.filter(found)
        return query, count_query, joins, count_joins

    @pass_context
    def cells(
        self, context: Any, columns: Sequence[tuple[Any, str]], can_choose: object = False
    ) -> Cells:
        """Give what writes the cells of the list's rows; templates ask once a page."""
        return Cells(self, context, columns, can_choose=bool(can_choose))

    def found(self) -> Any:
        """Give the row that the address names by ``?id=``; 404 for none, and for another's."""
        return self.get_one(request.args.get("id")) or abort(404)

    def export_url(self) -> str:
        """Give the address of the list's CSV, narrowed as the list is now."""
        address = self.get_url(".export", export_type=self.export_types[0])
        asked = urlencode(list(request.args.items(multi=True)))
        return f"{address}?{asked}" if asked else str(address)

    def _get_list_extra_args(self) -> Any:
        """Read what an address asks of the list, without names that mean something to url_for."""
        found = super()._get_list_extra_args()
        found.extra_args = {
            name: value
            for name, value in found.extra_args.items()
            if name not in ("self", "endpoint") and not name.startswith("_")
        }
        return found

    def _export_data(self) -> Any:
        """Give the rows of a CSV a few hundred at a time, so that memory stays flat."""
        args = self._get_list_extra_args()
        column = self._get_column_by_idx(args.sort)
        count, query = self.get_list(
            0,
            column[0] if column else None,
            args.sort_desc,
            args.search,
            args.filters,
            execute=False,
            page_size=self.export_max_rows,
        )
        return count, in_slices(query)

    def _get_list_filter_args(self) -> list[tuple[int, str, str]]:
        """Read the filters of an address; one left empty in the form is none."""
        found = []
        for arg, value in request.args.items():
            position, _, key = arg.removeprefix("flt").partition("_")
            if (
                not arg.startswith("flt")
                or not value.strip()
                or key not in (self._filter_args or {})
            ):
                continue
            index, one = self._filter_args[key]
            if one.validate(value):
                found.append((position, (index, str(one.name), value)))
            else:
                flash(f"{one.name} cannot be “{value[:40]}”; that filter was left out.", "warning")
        return [entry for _, entry in sorted(found, key=lambda one: one[0])]

    def get_safe_page_size(self, page_size: Any) -> int:
        """Offer only the sizes of the menu."""
        return page_size if page_size in self.page_size_options else self.page_size

    # --- What stock leaves open ---------------------------------------------------------

    def handle_view_exception(self, exc: Exception) -> bool:
        """Tell a person in a sentence what the database refused; never its SQL."""
        if isinstance(exc, IntegrityError):
            flash(self.refusal(exc), "error")
            return True
        if isinstance(exc, HTTPException):
            return False
        current_app.logger.error("Unexpected error in %s", self.endpoint, exc_info=exc)
        if current_app.testing:
            raise exc
        flash("Something went wrong and was recorded. Nothing was saved.", "error")
        return True

    def refusal(self, exc: IntegrityError) -> str:
        """Word a refusal of the database; screens override it with the field's own words."""
        text = str(exc.orig).lower()
        if "unique" in text or "duplicate" in text:
            return "Another row has these values already. Change them and save again."
        return "Other rows still refer to this one, so nothing was changed."

    def get_export_value(self, model: Any, name: str) -> Any:
        """Keep a cell of a CSV from being read as a formula; numbers as E.164 stay as they are."""
        return plain_cell(super().get_export_value(model, name))

    def is_action_allowed(self, name: str) -> bool:
        """Offer deleting many only where deleting one is."""
        return (
            False
            if name == "delete" and not self.can_delete
            else bool(super().is_action_allowed(name))
        )


def own_reseller() -> Reseller:
    """Give the reseller of the staff member who is signed in; for use behind the wall only."""
    person = sessions.staff()
    return person.reseller if person is not None else abort(403)


__all__ = [
    "AdminForm",
    "IndexPage",
    "Page",
    "RowsView",
    "in_slices",
    "own_reseller",
    "plain_cell",
    "to_id",
]
