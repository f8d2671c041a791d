"""Numbers > Import: a file of numbers is uploaded, previewed line by line, and written on a yes.

What a file means and what it does to the inventory is the package ``did_import``; here are only the
pages around it and the uploaded file between them.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from flask import Response, abort, flash, redirect, request, stream_with_context, url_for
from flask_admin import expose
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

import database
import did_import
import sessions
import tenancy
from admin_views.base import Page
from columns import now
from did_import import Differs, FileProblem, Kind, Source, Summary
from did_import.headings import LABELS
from display import plural
from extensions import db
from models import DidImport, Reseller
from permissions import Permission

KEPT = 20
"""Uploads whose files are kept; older ones are dropped at the next upload."""

ANSWERS = {kind.value: kind for kind in Kind}
SAMPLE = (
    "Number,Tier,State,Rate centre,City,LATA,Features,Monthly price,Set-up price,DID group,"
    "Endpoint group\r\n"
    '(412) 555-0123,1,PA,PITTSBURGH,Pittsburgh,234,"T.38, CNAM, SMS",,,,\r\n'
    "617-555-0123,2,MA,BOSTON,Boston,128,SMS,2.50,1.00,,\r\n"
    "844-555-0123,1,TF,,,,CNAM,,,,\r\n"
)
COLUMNS = (
    ("number", "Ten digits in any spelling. The only column that must be there."),
    ("tier", "The label of one of your tiers. A new number needs one."),
    ("state", "Two letters or the name; TF or nothing for toll-free numbers."),
    ("rate_center", "As the carrier writes it."),
    ("city", "As clients look for it."),
    ("lata", "Three to five digits."),
    ("features", "T.38 or fax, CNAM, SMS, or none; or a column with yes and no for each."),
    ("monthly_micros", "What clients pay a month, such as 1.50. Blank: as the tier."),
    ("setup_micros", "What clients pay once. Blank: as the tier."),
    ("did_group", "An unknown group is created. A group that has a client gives it the number."),
    ("endpoint_group", "One of your endpoint groups."),
)


class Import(Page):
    """Upload, preview, confirm."""

    permission = Permission.NUMBERS_EDIT
    page_heading = "Import numbers"
    page_intro = (
        "Upload a list, look at what it would do, then write it. Until then nothing changes."
    )

    def __init__(self) -> None:
        super().__init__(
            name="Import",
            endpoint="did_import",
            url="/admin/did-import",
            category="Numbers",
            menu_icon_value="upload",
        )

    @expose("/")
    def index(self) -> Any:
        """Show the form for a file, and the last imports."""
        return self._form()

    @expose("/", methods=("POST",))
    def upload(self) -> Any:
        """Take a file in, preview it and show that."""
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            return self._form("Choose a file first."), 400
        content = upload.read()
        try:
            source = did_import.read(content, upload.filename[:255])
        except FileProblem as problem:
            return self._form(str(problem)), 400
        summary = _previewed(source, create_tiers=False)
        _drop_old()
        row = DidImport(
            reseller_id=tenancy.current(),
            staff_id=self.by.staff_id,
            file_name=source.name,
            content=content,
            digest=hashlib.sha256(content).hexdigest(),
            counts=summary.as_dict(),
        )
        db.session.add(row)
        db.session.commit()
        return redirect(url_for(".show", import_id=row.id))

    @expose("/<int:import_id>")
    def show(self, import_id: int) -> Any:
        """Show what a file would do, or has done."""
        row = _found(import_id)
        summary = Summary(**row.counts)
        chosen = request.args.get("show") or _first_filled(summary)
        return self.render(
            "admin/did_import/show.html",
            row=row,
            summary=summary,
            kinds=list(Kind),
            chosen=ANSWERS.get(chosen, Kind.ADDED).value,
        )

    @expose("/<int:import_id>/preview", methods=("POST",))
    def preview_again(self, import_id: int) -> Any:
        """Preview a file anew, with or without creating the tiers it names."""
        row = _found(import_id)
        if row.applied_at is None:
            _preview_again(row, create_tiers="create_tiers" in request.form)
            db.session.commit()
        return redirect(url_for(".show", import_id=import_id))

    @expose("/<int:import_id>/confirm", methods=("POST",))
    def confirm(self, import_id: int) -> Any:
        """Write what was previewed, once; show it anew when it would come out otherwise now."""
        row = _found(import_id)
        if not _claim(row):
            db.session.rollback()
            flash("This import was written already. Nothing was done twice.", "info")
            return redirect(url_for(".show", import_id=import_id))
        try:
            done = self._write(row)
        except (Differs, IntegrityError):
            db.session.rollback()
            _preview_again(_found(import_id), create_tiers=row.counts["create_tiers"])
            db.session.commit()
            flash(
                "Nothing was written: the inventory has changed. Look at it once more.", "warning"
            )
        else:
            db.session.commit()
            flash(f"{plural(done.writes, 'number was', 'numbers were')} written.", "success")
        return redirect(url_for(".show", import_id=import_id))

    @expose("/<int:import_id>/report.csv")
    def report(self, import_id: int) -> Any:
        """Give the full report as CSV, or its lines of one outcome, while it is made."""
        row = _found(import_id)
        only = ANSWERS.get(request.args.get("only", ""))
        lines = _report(_source(row), tenancy.current(), bool(row.counts["create_tiers"]), only)
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        name = f"import-{import_id}{f'-{only.value}' if only else ''}.csv"
        answer.headers["Content-Disposition"] = f"attachment; filename={name}"
        return answer

    @expose("/sample.csv")
    def sample(self) -> Any:
        """Give a small file that shows the columns."""
        answer = Response(SAMPLE, mimetype="text/csv")
        answer.headers["Content-Disposition"] = "attachment; filename=numbers-sample.csv"
        return answer

    def _form(self, problem: str | None = None) -> Any:
        latest = select(DidImport).order_by(DidImport.id.desc()).limit(KEPT)
        return self.render(
            "admin/did_import/form.html",
            problem=problem,
            latest=db.session.scalars(latest).all(),
            columns=[(LABELS[name], hint) for name, hint in COLUMNS],
        )

    def _write(self, row: DidImport) -> Summary:
        # What the page showed is what was confirmed, whatever another tab has previewed since.
        done = did_import.apply(
            _source(row),
            _reseller(),
            by=self.by,
            create_tiers=bool(row.counts["create_tiers"]),
            expected=request.form.get("fingerprint", ""),
        )
        row.counts = done.as_dict()
        return done


def _found(import_id: int) -> DidImport:
    # Flask's int: takes any number of digits, and the databases do not.
    row = db.session.get(DidImport, import_id) if import_id < 2**62 else None
    return row or abort(404)


def _reseller() -> Reseller:
    staff = sessions.staff() or abort(403)
    return staff.reseller


def _source(row: DidImport) -> Source:
    if not row.content:
        abort(404, "The file of this import is not kept any more. Upload it again.")
    return did_import.read(row.content, row.file_name)


def _claim(row: DidImport) -> bool:
    """Mark an import as written; of two clicks at once only one can."""
    marked = (
        update(DidImport)
        .where(DidImport.id == row.id, DidImport.applied_at.is_(None))
        .values(applied_at=now())
        .execution_options(synchronize_session=False)
    )
    result: Any = db.session.execute(marked)
    return bool(result.rowcount)


def _previewed(source: Source, create_tiers: bool) -> Summary:
    """Preview without the write lock of a POST: a long file shall not keep everybody waiting."""
    db.session.rollback()
    with database.reading():
        summary = did_import.preview(source, _reseller(), create_tiers=create_tiers).summary()
        db.session.rollback()
    return summary


def _preview_again(row: DidImport, create_tiers: bool) -> None:
    """Put a fresh preview in the place of the old one, unless it was written meanwhile."""
    key, source = row.id, _source(row)
    counts = _previewed(source, create_tiers).as_dict()
    fresh = update(DidImport).where(DidImport.id == key, DidImport.applied_at.is_(None))
    db.session.execute(fresh.values(counts=counts).execution_options(synchronize_session=False))


def _report(
    source: Source, reseller_id: int, create_tiers: bool, only: Kind | None
) -> Iterator[str]:
    """Make the report while it is sent: after the handler, hence with a session of its own."""
    with database.reading(), tenancy.acting_for(reseller_id):
        reseller = db.session.get_one(Reseller, reseller_id)
        shown = did_import.preview(source, reseller, create_tiers=create_tiers)
        yield from did_import.report(source, shown, only)


def _drop_old() -> None:
    """Drop old files: those never written altogether, of the others the content."""
    old = select(DidImport).order_by(DidImport.id.desc()).offset(KEPT - 1)
    for row in db.session.scalars(old.limit(KEPT)):
        if row.applied_at is None:
            db.session.delete(row)
        else:
            row.content = b""


def _first_filled(summary: Summary) -> str:
    """Choose the tab to begin with: what is written, else what is refused."""
    return next((k for k in ("added", "changed", "refused") if summary.counts[k]), "unchanged")
