"""Call files: the list of imports, the upload, how far each has come, and what became of it."""

from typing import Any

from flask import Flask, abort, current_app, flash, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import select

import display
import sessions
import sheets
from admin_views import filters
from admin_views.base import RowsView
from admin_views.cells import link
from admin_views.usage import corrections
from extensions import db
from models import CdrImport, CdrReject, ImportState
from permissions import Permission
from usage import correcting, profiles
from usage.leases import OPEN, is_left, is_resting
from usage.reading import FileRefused
from usage.receiving import receive

REJECTS_SHOWN = 50
UPLOAD = "cdr_imports.create_view"


def init_app(app: Flask) -> None:
    """Let staff send more to the upload than anybody may send elsewhere."""
    app.url_value_preprocessor(_allow_more)


def _allow_more(endpoint: str | None, _values: Any) -> None:
    if endpoint == UPLOAD and request.method == "POST" and sessions.staff() is not None:
        request.max_content_length = current_app.config["MAX_CALL_FILE"]


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
    def may_import(self) -> bool:
        """Tell whether who looks may import."""
        return sessions.staff() is not None and self.by.can(Permission.NUMBERS_EDIT)

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer the upload to whoever may."""
        return self.may_import

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step to whoever may take it."""
        return (self.create_label, url_for(".create_view")) if self.can_create else None

    # --- The upload -------------------------------------------------------------------------

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Take a file in; it is read in the background."""
        if not self.may_import:
            abort(403)
        if request.method == "GET":
            return self._upload()
        upload = request.files.get("file")
        profile = profiles.named(request.form.get("format", ""))
        if upload is None or not upload.filename:
            return self._upload("Choose a file first.")
        if profile is None:
            return self._upload("Choose the format of the file.")
        name = upload.filename.replace("\\", "/").rsplit("/", 1)[-1]
        row, is_new = receive(upload.stream, name, by=self.by, profile=profile)  # type: ignore[arg-type]
        if row.state is ImportState.REFUSED:
            return self._upload(row.problem or "The file could not be read.")
        if not is_new:
            flash(_came_before(row), "info")
        return _go(url_for(".details_view", id=row.id))

    def _upload(self, problem: str = "") -> Any:
        if problem and _wants_json():
            return {"problem": problem}, 422
        page = self.render(
            "admin/usage/upload.html",
            problem=problem,
            formats=profiles.every(),
            chosen=request.form.get("format"),
        )
        return page, 422 if problem else 200

    # --- One import -------------------------------------------------------------------------

    @expose("/details/")
    def details_view(self) -> Any:
        """Show one import: how far it is, what became of its lines, the bad ones with reasons."""
        return self._details(self.found())

    def _details(self, row: CdrImport, problem: str = "", status: int = 200) -> Any:
        bad = db.session.scalars(_rejects(row).limit(REJECTS_SHOWN)).all()
        profile = profiles.named(row.profile)
        page = self.render(
            "admin/usage/import.html",
            row=row,
            bad=bad,
            told=_told(row),
            label=profile.label if profile else row.profile,
            is_open=row.state in OPEN,
            problem=problem,
        )
        return page, status

    @expose("/progress")
    def progress(self) -> Any:
        """Tell the page how far an import is; keeps nobody signed in."""
        row = self.found()
        return {"is_open": row.state in OPEN, **_told(row)}

    @expose("/bad-lines")
    def bad_lines(self) -> Any:
        """Give the bad lines as a CSV: line, reason, and the line as it stood."""
        row = self.found()
        bad = db.session.scalars(_rejects(row))
        rows = [[one.line, one.reason, one.corrected or one.text] for one in bad]
        return sheets.download(f"bad-lines-{row.id}.csv", ["line", "reason", "text"], rows)

    @expose("/put-right", methods=("POST",))
    def put_right(self) -> Any:
        """Read the bad lines again as they are written now: typed, uploaded, or all unchanged."""
        if not self.may_import:
            abort(403)
        row = self.found()
        if row.state is not ImportState.DONE:
            abort(409)
        try:
            texts = corrections.asked(row)
        except ValueError as wrong:
            return self._details(row, str(wrong), 422)
        try:
            outcome = correcting.put_right(row.id, texts, by=self.by)
        except FileRefused as refused:
            db.session.rollback()
            return self._details(self.found(), str(refused), 422)
        flash(*corrections.words(outcome))
        return redirect(url_for(".details_view", id=row.id))


def _rejects(row: CdrImport) -> Any:
    mine = select(CdrReject).where(CdrReject.cdr_import_id == row.id)
    return mine.where(CdrReject.settled_at.is_(None)).order_by(CdrReject.line, CdrReject.id)


def _told(row: CdrImport) -> dict[str, Any]:
    """Say how far an import is, in words and figures for the page."""
    counts = {name: getattr(row, name) for name in ("lines", "added", "repeated", "bad")}
    counts |= {"unassigned": row.unassigned, "left": max(row.total_lines - row.lines, 0)}
    percent = 100 * row.lines // max(row.total_lines, 1)
    return {name: f"{count:,}" for name, count in counts.items()} | {
        "percent": min(percent, 100),
        "said": _said(row),
    }


def _said(row: CdrImport) -> str:
    if row.state is ImportState.REFUSED:
        return "Nothing was imported."
    if row.state is ImportState.WAITING and not is_resting(row):
        return "It waits to be read." if row.size_bytes else "It is coming in."
    words = [_counted(row)]
    if is_resting(row):
        words.insert(0, "Reading it failed. It is tried again by itself in a few minutes.")
    elif is_left(row):
        words.insert(0, "Nobody reads it at the moment. It goes on by itself where it was.")
    return " ".join(words)


def _counted(row: CdrImport) -> str:
    words = [f"{display.plural(row.added, 'new call')}"]
    if row.repeated:
        words.append(f"{row.repeated:,} known already")
    if row.unassigned:
        words.append(f"{row.unassigned:,} of nobody")
    if row.bad:
        words.append(display.plural(row.bad, "bad line"))
    return ", ".join(words) + "."


def _came_before(row: CdrImport) -> str:
    what = "was imported" if row.state is ImportState.DONE else "is being imported"
    return f"This file {what} already, as {row.file_name}. This is that import; nothing was added."


def _wants_json() -> bool:
    return request.headers.get("X-Upload") == "progress"


def _go(address: str) -> Any:
    return {"address": address} if _wants_json() else redirect(address)


def _link(view: Any, context: Any, row: CdrImport, name: str) -> Markup:
    return link("cdr_imports.details_view", row.file_name, id=row.id)


__all__ = ["CdrImports", "init_app"]
