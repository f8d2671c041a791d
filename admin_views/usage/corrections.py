"""What staff send to put bad lines of a call file right: typed lines, or a corrected CSV."""

import csv
import io

from flask import request

import display
import sheets
from models import CdrImport, CdrReject
from usage import correcting
from usage.correcting import MOST, Outcome

PREFIX = "text-"


def asked(row: CdrImport) -> dict[int, str]:
    """Read the request: the id of each bad line, and how it is to be read now.

    Raises ValueError with a sentence for a file that is not the corrected bad lines.
    """
    lines = correcting.open_lines(row.id)
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return _of_file(upload.read(), lines)
    if "upload" in request.form:
        raise ValueError("Choose the corrected file first.")
    if "again" in request.form:
        return {line.id: line.corrected or line.text for line in lines}
    typed = {name.removeprefix(PREFIX): text for name, text in request.form.items()}
    return {line.id: typed[str(line.id)] for line in lines if str(line.id) in typed}


def _of_file(content: bytes, lines: list[CdrReject]) -> dict[int, str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("The file is not in UTF-8. Save it as CSV in UTF-8.") from None
    delimiter = ";" if text.partition("\n")[0].lower().startswith("line;") else ","
    rows = csv.DictReader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    if not {"line", "text"} <= {name.strip().lower() for name in rows.fieldnames or ()}:
        raise ValueError("The first line must name the columns line, reason and text.")
    by_line: dict[int, list[int]] = {}
    for line in lines:
        by_line.setdefault(line.line, []).append(line.id)
    try:
        return _matched(rows, by_line)
    except csv.Error:
        raise ValueError("The file cannot be read as CSV.") from None


def _matched(rows: "csv.DictReader[str]", by_line: dict[int, list[int]]) -> dict[int, str]:
    found: dict[int, str] = {}
    for count, row in enumerate(rows, 1):
        if count > MOST:
            raise ValueError(f"Send at most {MOST:,} lines at once.")
        number = (row.get("line") or "").strip().replace(",", "")
        ids = by_line.get(int(number)) if number.isascii() and number.isdigit() else None
        if not ids:
            raise ValueError(f"This import has no bad line {number[:20] or 'without a number'}.")
        for one in ids:
            found[one] = sheets.unquoted(row.get("text") or "")
    return found


def words(outcome: Outcome) -> tuple[str, str]:
    """Say what came of it, and of which kind that news is."""
    if not outcome.settled:
        still = display.plural(outcome.bad, "line is", "lines are")
        return (f"{still} still bad; the reasons stand beside them.", "warning")
    said = f"{display.plural(outcome.settled, 'line')} put right"
    if outcome.repeated:
        said += f", {outcome.repeated:,} of them known already"
    if outcome.bad:
        return f"{said}; {outcome.bad:,} still bad.", "warning"
    return f"{said}.", "success"
