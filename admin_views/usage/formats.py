"""Call File Formats: the list, and describing one from a sample; what it may say is in usage."""

from typing import Any
from zoneinfo import available_timezones

from flask import abort, current_app, flash, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import select

import display
from admin_views.base import Page, own_reseller, to_id
from catalog import Invalid
from extensions import db
from models import CallKind, CdrProfile
from permissions import Permission
from usage import describing, folder, profiles
from usage.describing import DELIMITERS, LONGEST_SAMPLE, TIMES, UNITS, Sample
from usage.profiles import FIELDS, OPTIONAL
from usage.reading import FileRefused, headers

KINDS = {kind.value: str(kind.value).replace("_", " ").capitalize() for kind in CallKind}
PLAIN = ("name", "carrier", "delimiter", "time_format", "time_zone", "unit_micros")
NAMES = (*PLAIN, *(f"column-{f}" for f in FIELDS), *(f"words-{kind}" for kind in KINDS))


class CdrFormats(Page):
    """The formats that call files can have."""

    menu_under = "cdr_imports"
    permission = Permission.CLIENTS_VIEW
    page_heading = "Call File Formats"
    page_intro = "How your carriers write their files. Describe another from a sample of it."

    def __init__(self) -> None:
        super().__init__(
            name="Call File Formats", endpoint="cdr_formats", url="/admin/call-file-formats"
        )

    def is_visible(self) -> bool:
        """Keep out of the menu: it is reached from the call files."""
        return False

    @expose("/")
    def index(self) -> Any:
        """List the formats, and offer to describe one."""
        return self._index()

    def _index(self, problem: str = "") -> Any:
        page = self.render(
            "admin/usage/formats.html",
            built_in=profiles.BUILT_IN.values(),
            own=db.session.scalars(select(CdrProfile).order_by(CdrProfile.name)).all(),
            separators=DELIMITERS,
            may_edit=self.by.can(Permission.NUMBERS_EDIT),
            is_watched=current_app.config.get("CDR_FOLDER") is not None,
            waiting=folder.waiting_for_a_format(own_reseller().slug),
            problem=problem,
        )
        return page, 422 if problem else 200

    @expose("/sample", methods=("POST",))
    def sample(self) -> Any:
        """Take a sample, and show the form with what can be guessed from it."""
        self._demand_edit()
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            return self._index("Choose a sample first.")
        try:
            found = describing.sample_of(_text(upload.stream.read(LONGEST_SAMPLE)))
            typed = describing.guess(found)
        except FileRefused as refused:
            return self._index(str(refused))
        return self._form(CdrProfile(), typed | {"name": "", "carrier": ""}, found)

    @expose("/new", methods=("POST",))
    def create(self) -> Any:
        """Save a new format, if its sample can be read by it."""
        self._demand_edit()
        try:
            found = describing.sample_of(request.form.get("sample", "")[:LONGEST_SAMPLE])
        except FileRefused as refused:
            return self._index(str(refused))
        return self._save(CdrProfile(), found)

    @expose("/edit", methods=("GET", "POST"))
    def edit(self) -> Any:
        """Change a format; files that come later are read by it, and bad lines tried again."""
        self._demand_edit()
        row = self._found()
        if request.method == "POST":
            return self._save(row, None)
        return self._form(row, describing.typed_of(row), None)

    @expose("/remove", methods=("POST",))
    def remove(self) -> Any:
        """Delete a format by which nothing was read."""
        self._demand_edit()
        row = self._found()
        name = row.name
        if not describing.remove(row, by=self.by):
            flash(f"{name} stays: files were imported by it.", "error")
            return redirect(url_for(".edit", id=row.id))
        db.session.commit()
        flash(f"{name} is deleted.", "success")
        return redirect(url_for(".index"))

    def _save(self, row: CdrProfile, sample: Sample | None) -> Any:
        typed = {name: request.form.get(name, "") for name in NAMES}
        row_id = row.id
        try:
            with db.session.no_autoflush:
                unread = describing.save(row, typed, sample, by=self.by)
        except Invalid as wrong:
            db.session.rollback()
            again = db.session.get_one(CdrProfile, row_id) if row_id else CdrProfile()
            return self._form(again, typed, sample, wrong.problems)
        name = row.name
        db.session.commit()
        flash(f"{name} is saved.", "success")
        if unread:
            some = display.plural(len(unread), "line")
            flash(f"{some} of the sample cannot be read. {unread[0]}", "warning")
        return redirect(url_for(".index"))

    def _form(
        self,
        row: CdrProfile,
        typed: dict[str, str],
        sample: Sample | None,
        problems: dict[str, str] | None = None,
    ) -> Any:
        page = self.render(
            "admin/usage/format.html",
            row=row,
            typed=typed,
            sample=sample,
            columns=[(name, name) for name in _headers(sample, typed["delimiter"])],
            problems=problems or {},
            fields=FIELDS,
            optional=OPTIONAL,
            kinds=KINDS,
            choices=_choices(),
            uses=describing.uses(row) if row.id else 0,
        )
        return page, 422 if problems else 200

    def _found(self) -> CdrProfile:
        key = to_id(request.args.get("id"))
        return (db.session.get(CdrProfile, key) if key is not None else None) or abort(404)

    def _demand_edit(self) -> None:
        if not self.by.can(Permission.NUMBERS_EDIT):
            abort(403)


def _headers(sample: Sample | None, delimiter: str) -> list[str]:
    """List the sample's headers; none where it cannot be split like that."""
    try:
        return headers(sample.header, delimiter) if sample and delimiter in DELIMITERS else []
    except FileRefused:
        return []


def _choices() -> dict[str, dict[str, str]]:
    return {
        "delimiter": DELIMITERS,
        "time_format": TIMES,
        "time_zone": {zone: zone.replace("_", " ") for zone in sorted(available_timezones())},
        "unit_micros": {str(unit): words for unit, words in UNITS.items()},
    }


def _text(content: bytes) -> str:
    """Read the beginning of a file as text; the last line may be cut and is left out."""
    if content[:2] in (b"\x1f\x8b", b"PK"):
        raise FileRefused("The sample is packed. Unpack it and send its beginning.")
    if len(content) >= LONGEST_SAMPLE:
        content = content.rpartition(b"\n")[0]
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefused("The sample is not in UTF-8. Save it as UTF-8 first.") from None
