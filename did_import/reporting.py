"""An import's full report as CSV, line by line: what becomes of a line, then the line itself.

The file's own columns come along as they were, so that the refused lines can be corrected in the
report and imported again.
"""

import csv
import io
import re
from collections.abc import Iterator

from columns import E164
from did_import.deciding import Kind, Line
from did_import.previewing import Preview
from did_import.reading import Source

PIECE = 32_000
"""Characters that are sent together."""

HEAD = ["In line", "Outcome", "Explanation"]
_FORMULA = re.compile(r"[\s'\"]*[=+\-@\t\r\0]")


def harmless(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula; a number is none."""
    return f"'{cell}" if _FORMULA.match(cell) and not E164.fullmatch(cell) else cell


def report(source: Source, preview: Preview, only: Kind | None = None) -> Iterator[str]:
    """Give the report's lines, of one outcome or of all, some hundred at a time."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(harmless(cell) for cell in [*HEAD, *source.headings.written])
    for line in preview.lines():
        if only is None or line.kind is only:
            cells = [str(line.row.at), line.kind.value, explain(line), *line.row.cells]
            writer.writerow(harmless(cell) for cell in cells)
        if out.tell() > PIECE:
            yield _taken(out)
    yield _taken(out)


def explain(line: Line) -> str:
    """Say in one text what becomes of a line and why."""
    changes = [f"{change.field}: {change.old} → {change.new}." for change in line.changes]
    return " ".join([*changes, line.says]).strip()


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
