"""A client's numbers as a file: its columns, its cells and the way back; it decides nothing.

A service has a column for each of its fields, and one that says On or Off where its fields alone
would not tell. An empty cell, or Off, means that the service is off.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import display
import sheets
from catalog import Field, Invalid, Service, Settings
from did_import import FileProblem
from did_import.reading import NOT_TEXT, WIDE

MOST_BYTES = 1_000_000
MOST_LINES = 5_000
NUMBER, LABEL = "Number", "Label"
ON, OFF = "On", "Off"
_ON = {"on", "yes", "y", "1", "true", "x"}
_OFF = {"off", "no", "n", "0", "false", ""}


@dataclass(frozen=True)
class Column:
    """One column of a service: one of its fields, or whether it is on."""

    service: Service
    field: Field | None

    @property
    def heading(self) -> str:
        """Give the words above the column."""
        if self.field is None:
            return self.service.label
        return f"{self.service.label}: {self.field.label}"


@dataclass(frozen=True)
class Wish:
    """What one line of a file asks for: the cells of each service, as they were typed."""

    at: int
    typed: str
    cells: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problem: str | None = None
    label: str | None = None
    """What the line calls the number; None where the file has no labels."""

    @property
    def number(self) -> str | None:
        """Give the number of the line; None when it cannot be read as one."""
        return display.to_e164(self.typed)


@dataclass(frozen=True)
class Sheet:
    """A file that was understood, and the headings that were not."""

    wishes: list[Wish]
    ignored: list[str]


def columns(service: Service) -> list[Column]:
    """List the columns of a service."""
    named = [Column(service, one) for one in service.fields]
    return [Column(service, None), *named] if _needs_switch(service) else named


def headings(services: Sequence[Service]) -> list[str]:
    """List the headings of a whole file."""
    return [NUMBER, LABEL, *(one.heading for service in services for one in columns(service))]


def cells(service: Service, settings: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Write what a service is set to, one cell for each of its columns."""
    return tuple(_cell(column, settings) for column in columns(service))


def _needs_switch(service: Service) -> bool:
    """Tell whether a service can be on with all of its fields empty."""
    try:
        service.clean({}, "")
    except Invalid:
        return False
    return True


def _cell(column: Column, settings: Mapping[str, Any] | None) -> str:
    if column.field is None:
        return OFF if settings is None else ON
    value = str((settings or {}).get(column.field.name) or "")
    return display.number(value) if column.field.kind == "number" else value


def written(cell: str) -> str:
    """Keep a spreadsheet from taking the zeros before a PIN or a label away."""
    return f"'{cell}" if cell.startswith("0") and cell.isdigit() else cell


def _typed(cell: str) -> str:
    """Read a cell: without the apostrophe that was put before it."""
    text = cell.strip()
    if text.startswith("'") and text[1:].isdigit():
        return text[1:]
    return sheets.unquoted(text)


def is_same_label(typed: str, label: str | None) -> bool:
    """Tell whether a cell says what a number is called already, as we wrote it or as it is."""
    return typed in (label or "", _typed(written(label or "")))


def wanted(
    service: Service, typed: Sequence[str], current: Settings | None, number: str
) -> Settings | None:
    """Tell what the cells of a service ask for on a number; None for off.

    Raises Invalid with a sentence when they cannot be.
    """
    if tuple(typed) == cells(service, current):
        return current
    named = {one.field.name: text for one, text in _pairs(service, typed) if one.field}
    if not _needs_switch(service):
        is_off = {text.casefold() for text in named.values()} <= {"", OFF.casefold()}
        return None if is_off else service.clean(named, number)
    switch = typed[0].casefold()
    if switch not in _ON | _OFF:
        raise Invalid({"switch": f"Write {ON} or {OFF}."})
    if switch in _OFF and any(named.values()):
        raise Invalid({"switch": f"It is {OFF}, but more is written. Write {ON}, or empty that."})
    return service.clean(named, number) if switch in _ON else None


def _pairs(service: Service, typed: Sequence[str]) -> Iterator[tuple[Column, str]]:
    return zip(columns(service), typed, strict=True)


# --- The way back -----------------------------------------------------------------------------


def read(content: bytes, services: Sequence[Service]) -> Sheet:
    """Understand a file; raises FileProblem with a sentence when it is no such file."""
    if len(content) > MOST_BYTES:
        raise FileProblem(f"The file has more than {MOST_BYTES // 10**6} MB. Send it in parts.")
    rows = _rows(_text(content))
    if not rows:
        raise FileProblem("The file is empty. Start from the file that you download here.")
    (_, heading), *lines = rows
    if len(lines) > MOST_LINES:
        raise FileProblem(
            f"The file has {len(lines):,} lines; at most {MOST_LINES:,} can be read at a time. "
            "Send it in parts."
        )
    places, ignored = _places(heading, services)
    known = [one for one in services if all(c.heading in places for c in columns(one))]
    if NUMBER not in places or not (known or LABEL in places):
        raise FileProblem(
            "The first line must name the columns: Number, and Label or at least one service with "
            "all of its columns. Start from the file that you download here."
        )
    return Sheet([_wish(at, row, len(heading), places, known) for at, row in lines], ignored)


def _text(content: bytes) -> str:
    for mark, what in NOT_TEXT.items():
        if content.startswith(mark):
            raise FileProblem(f"This is {what}, not a CSV file. Save it as CSV (UTF-8) first.")
    if b"\0" in content[2:] and not content.startswith(WIDE):
        raise FileProblem("This is not a text file. Save the list as CSV (UTF-8) first.")
    is_wide = content.startswith(WIDE)
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """List the lines that have something in them, each with its place in the file."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found, at = [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                found.append((at, row))
            at = reader.line_num + 1
    except csv.Error as error:
        raise FileProblem(f"Line {at} cannot be read as CSV. Save the file again.") from error
    return found


def _places(heading: list[str], services: Sequence[Service]) -> tuple[dict[str, int], list[str]]:
    """Find where each known column stands; raises FileProblem when one stands twice."""
    known = {_fold(one): one for one in headings(services)}
    places: dict[str, int] = {}
    ignored = []
    for place, typed in enumerate(heading):
        name = known.get(_fold(_typed(typed)))
        if name in places:
            raise FileProblem(f"The column {name} stands twice. Keep one of them.")
        if name:
            places[name] = place
        elif typed.strip():
            ignored.append(typed.strip()[:80])
    return places, ignored[:20]


def _fold(heading: str) -> str:
    return " ".join(heading.casefold().split())


def _wish(
    at: int, row: list[str], width: int, places: dict[str, int], known: Sequence[Service]
) -> Wish:
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        counts = f"{display.plural(len(row), 'cell')}; the first line has {width}"
        return Wish(at, row[0].strip()[:40], {}, f"The line has {counts}. Send it as it was.")
    asked = {
        one.key: tuple(_typed(row[places[column.heading]])[:300] for column in columns(one))
        for one in known
    }
    label = _typed(row[places[LABEL]])[:300] if LABEL in places else None
    return Wish(at, _typed(row[places[NUMBER]])[:40], asked, label=label)
