"""The views of a list that a person keeps: its search, filters and sorting under a name.

One of them may be how the list opens. They stand in the person's preferences, list by list.
"""

import re
from collections.abc import Iterable
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.datastructures import MultiDict

import sessions
from columns import to_id
from extensions import db
from models import Staff

MOST = 20
LONGEST_NAME = 40
LONGEST_VALUE = 120
_FILTER = re.compile(r"flt\d*_([a-z0-9_]{1,80})")

Kept = dict[str, Any]
"""A name, the arguments of an address as pairs, and whether the list opens with it."""


class SavedViews:
    """What a list needs to keep views of itself; every list has it by ``RowsView``."""

    endpoint: str
    column_list: Any
    page_size: int
    page_size_options: tuple[int, ...]

    @expose("/")
    def index_view(self) -> Any:
        """Show the list; opened without a word, as this person wants it to open."""
        usual = self.usual_view()
        if usual and not request.args:
            return redirect(self._address(usual["query"]))
        return super().index_view()  # type: ignore[misc]

    @expose("/keep-view", methods=("POST",))
    def keep_view(self) -> Any:
        """Keep the list as it is shown now under a name; a view of that name is replaced."""
        query = self._clean(request.form.items())
        name = " ".join(request.form.get("view_name", "").split())
        others = [one for one in self.views() if one["name"].casefold() != name.casefold()]
        problem = _problem(name, others)
        if problem:
            flash(problem, "error")
            return redirect(self._address(query))
        opens = "opens" in request.form
        if opens:
            others = [{**one, "opens": False} for one in others]
        self._store([*others, {"name": name, "query": query, "opens": opens}])
        flash(f"The view {name} is kept." + (" The list opens with it." if opens else ""))
        return redirect(self._address(query))

    @expose("/drop-view", methods=("POST",))
    def drop_view(self) -> Any:
        """Keep a view no longer; twice is as once."""
        name = request.form.get("view_name", "")
        self._store([one for one in self.views() if one["name"] != name])
        flash(f"The view {name[:LONGEST_NAME]} is gone.")
        return redirect(self._address([]))

    def views(self) -> list[Kept]:
        """List the views that the viewer keeps of this list."""
        kept: dict[str, list[Kept]] = _person().preferences.get("views", {})
        return list(kept.get(self.endpoint, ()))

    def usual_view(self) -> Kept | None:
        """Give the view that the list opens with; None for the whole list."""
        return next((one for one in self.views() if one["opens"]), None)

    def shown_view(self) -> Kept | None:
        """Give the view that is shown now; None where this is none of them."""
        now = self._clean(request.args.items())
        return next((one for one in self.views() if one["query"] == now), None)

    def shown_query(self) -> list[list[str]]:
        """Give what makes the list as it is shown now, for the form that keeps it."""
        return self._clean(request.args.items())

    def _clean(self, pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
        """Take from an address what makes a view, always in the same order."""
        given = MultiDict((key, value.replace("\0", "")[:LONGEST_VALUE]) for key, value in pairs)
        found = [["search", given["search"]]] if given.get("search", "").strip() else []
        column, size = to_id(given.get("sort")), to_id(given.get("page_size"))
        if column is not None and column < len(self.column_list or ()):
            found.append(["sort", str(column)])
            found += [["desc", "1"]] if given.get("desc") == "1" else []
        if size != self.page_size and size in self.page_size_options:
            found.append(["page_size", str(size)])
        filters = sorted(
            (match.group(1), value)
            for key, value in given.items()
            if (match := _FILTER.fullmatch(key)) and value.strip()
        )
        return found + [[f"flt{n}_{name}", value] for n, (name, value) in enumerate(filters[:20])]

    def _store(self, views: list[Kept]) -> None:
        person = _person()
        kept = {**person.preferences.get("views", {}), self.endpoint: views}
        person.preferences = {**person.preferences, "views": kept}
        db.session.commit()

    def _address(self, query: list[list[str]]) -> str:
        """Write the list's address with a view's arguments; the whole list without any."""
        given: dict[str, Any] = dict(query)  # type: ignore[arg-type]
        if not given and self.usual_view():
            given["all"] = 1
        return url_for(".index_view", **given)


def _person() -> Staff:
    return sessions.staff() or abort(403)


def _problem(name: str, others: list[Kept]) -> str | None:
    if not name:
        return "Give the view a name; it was not kept."
    if len(name) > LONGEST_NAME:
        return f"Use at most {LONGEST_NAME} characters for a view's name; it was not kept."
    if len(others) >= MOST:
        return f"A list keeps {MOST} views at most. Remove one first."
    return None
