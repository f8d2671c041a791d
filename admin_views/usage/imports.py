"""Call files: the list of imports, the upload, and what became of each file's lines."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import select

import display
import sessions
import sheets
from admin_views import filters
from admin_views.base import RowsView
from extensions import db
from models import CdrImport, CdrReject, ImportState
from permissions import Permission
from usage import importing

REJECTS_SHOWN = 100


class CdrImports(RowsView):
    """The call files that were imported, and the form for another."""

    permission = Permission.CLIENTS_VIEW
    can_view_details = can_export = True
    page_heading = "Call Files"
    page_intro = "Your carrier's call files. The same file twice adds nothing."
    create_label = "Import a call file"
    empty_heading = "No call files yet"
    empty_sentence = "Import your carrier's file, and every client's usage stands on its page."
    column_list = ("file_name", "state", "added", "repeated", "bad", "unassigned", "created_at")
    column_labels = {
        "file_name": "File",
        "added": "New calls",
        "repeated": "Known already",
        "bad": "Bad lines",
        "unassigned": "Of nobody",
        "created_at": "Imported",
    }
    column_numeric = ("added", "repeated", "bad", "unassigned")
    column_default_sort = ("created_at", True)
    column_searchable_list = ("file_name",)

    def __init__(self) -> None:
        self.column_filters = [filters.one_of(CdrImport.state, "State", ImportState)]
        self.column_formatters = {"file_name": _link}
        super().__init__(
            CdrImport,
            name="Call Files",
            endpoint="cdr_imports",
            url="/admin/call-files",
            category="Usage",
            menu_icon_value="file-import",
        )

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer the upload to whoever may."""
        return sessions.staff() is not None and self.by.can(Permission.NUMBERS_EDIT)

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step to whoever may take it."""
        return (self.create_label, url_for(".create_view")) if self.can_create else None

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Take a file and import it."""
        if not self.by.can(Permission.NUMBERS_EDIT):
            abort(403)
        problem = ""
        if request.method == "POST":
            upload = request.files.get("file")
            if upload is None or not upload.filename:
                problem = "Choose a file first."
            else:
                name = upload.filename.replace("\0", "").rsplit("/", 1)[-1]
                row = importing.run(upload.stream, name, by=self.by)  # type: ignore[arg-type]
                if row.state is ImportState.DONE:
                    flash(_said(row), "success" if not row.bad else "warning")
                    return redirect(url_for(".details_view", id=row.id))
                problem = row.problem or "The file could not be read."
        page = self.render("admin/usage/upload.html", problem=problem)
        return page, 422 if problem else 200

    @expose("/details/")
    def details_view(self) -> Any:
        """Show one import: what became of its lines, and the bad ones with their reasons."""
        row = self.found()
        bad = db.session.scalars(_rejects(row).limit(REJECTS_SHOWN)).all()
        return self.render("admin/usage/import.html", row=row, bad=bad, said=_said(row))

    @expose("/bad-lines")
    def bad_lines(self) -> Any:
        """Give the bad lines as a CSV: line, reason, and the line as it stood."""
        row = self.found()
        rows = [[r.line, r.reason, r.text] for r in db.session.scalars(_rejects(row))]
        return sheets.download(f"bad-lines-{row.id}.csv", ["line", "reason", "text"], rows)


def _rejects(row: CdrImport) -> Any:
    return select(CdrReject).where(CdrReject.cdr_import_id == row.id).order_by(CdrReject.line)


def _said(row: CdrImport) -> str:
    words = [f"{display.plural(row.added, 'new call')}"]
    if row.repeated:
        words.append(f"{row.repeated:,} known already")
    if row.unassigned:
        words.append(f"{row.unassigned:,} of nobody")
    if row.bad:
        words.append(display.plural(row.bad, "bad line"))
    return ", ".join(words) + "."


def _link(view: Any, context: Any, row: CdrImport, name: str) -> Markup:
    address = url_for("cdr_imports.details_view", id=row.id)
    return Markup('<a href="{}">{}</a>').format(address, row.file_name)
