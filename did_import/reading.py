"""An inventory file as rows of cells: its encoding, its separator, its lines; not their meaning.

Every line of the file comes out in exactly one row, and a line that cannot be read is a row with a
problem. Nothing but the line at hand is held in memory.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO

from did_import.headings import FileProblem, Headings, match, meaning

LONGEST_LINE = 10_000
"""Characters; a longer line is no line of an inventory, and would fill the memory."""

MOST_LINES = 10
"""How many lines of the file one row may span by line breaks inside quotation marks."""

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How a file in UTF-16 begins, as some spreadsheets save text."""

NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or a zip file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file: where it begins, how many lines it takes, its cells or its problem."""

    at: int
    lines: int
    cells: list[str]
    problem: str | None = None

    @property
    def is_blank(self) -> bool:
        """Tell whether there is nothing in it."""
        return self.problem is None and not any(cell.strip() for cell in self.cells)


class Source:
    """A file whose heading has been understood; ``rows`` may be asked for again and again."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self._stream = stream
        self.encoding = _encoding_of(stream)
        self.separator, first = self._find_heading()
        self.headings: Headings = match(first.cells)
        self.first_line = first.at + first.lines

    def rows(self) -> Iterator[Row]:
        """Give every row below the heading, the blank ones too."""
        with closing(self._records(self.separator)) as records:
            for row in records:
                if row.at >= self.first_line:
                    yield row

    def remarks(self) -> list[str]:
        """Tell in sentences what was assumed about the file, where that matters."""
        said = []
        if self.encoding == "cp1252":
            said.append(
                "The file is not UTF-8, so it was read as Windows-1252 (Latin 1). Check the names "
                "with accents."
            )
        if self.headings.ignored:
            said.append(f"Not used: {', '.join(self.headings.ignored[:20])}.")
        return said

    def _find_heading(self) -> tuple[str, Row]:
        tried = [(s, row) for s in SEPARATORS if (row := self._first_row(s)) is not None]
        if not tried:
            raise FileProblem("The file is empty. Choose a CSV file with numbers.")
        separator, row = max(tried, key=lambda pair: _understood(pair[1]))
        if row.problem:
            raise FileProblem(f"The line that names the columns is unreadable. {row.problem}")
        return separator, row

    def _first_row(self, separator: str) -> Row | None:
        with closing(self._records(separator)) as records:
            for row in records:
                if not row.is_blank and not _names_separator(row):
                    return row
        return None

    def _records(self, separator: str) -> Generator[Row]:
        self._stream.seek(0)
        text = io.TextIOWrapper(self._stream, self.encoding, errors="replace", newline=None)
        try:
            yield from _Records(text, separator)
        finally:
            # Rows that nobody read to the end may be given up after the file has been closed.
            if not self._stream.closed:
                text.detach()


class _Records:
    """Rows out of lines: a row ends with its line, or where its last quotation mark closes."""

    def __init__(self, text: io.TextIOWrapper, separator: str) -> None:
        self._lines = _lines(text)
        self._put_back: deque[str | None] = deque()
        self._separator = separator
        self._at = 1

    def __iter__(self) -> Iterator[Row]:
        while (line := self._next("")) != "":
            row = self._row(line)
            self._at += row.lines
            yield row

    def _next(self, default: str) -> str | None:
        return self._put_back.popleft() if self._put_back else next(self._lines, default)

    def _row(self, line: str | None) -> Row:
        if line is None:
            return self._bad("The line is longer than 10,000 characters.")
        if problem := _damage(line):
            return self._bad(problem, line)
        if '"' not in line:
            return Row(self._at, 1, line.rstrip("\n").split(self._separator))
        return self._quoted_row(line)

    def _quoted_row(self, line: str) -> Row:
        """Add lines until the quotation marks close; give them back when they do not."""
        taken = [line]
        while True:
            try:
                cells = next(csv.reader(taken, delimiter=self._separator, strict=True))
                return Row(self._at, len(taken), cells)
            except csv.Error as error:
                is_open = "unexpected end" in str(error)
                more = self._next("") if is_open and len(taken) < MOST_LINES else ""
            if not more or _damage(more):
                self._put_back.extendleft(reversed([*taken[1:], *([] if more == "" else [more])]))
                what = "is opened and never closed" if is_open else "stands inside a value"
                return self._bad(
                    f"A quotation mark {what}. Close it, or write it twice where it is meant.", line
                )
            taken.append(more)

    def _bad(self, problem: str, line: str = "") -> Row:
        return Row(self._at, 1, [line.rstrip("\n")[:500]], problem)


def read(given: BinaryIO | bytes, name: str) -> Source:
    """Understand a file's encoding, separator and heading; its rows come from ``Source.rows``.

    Raises FileProblem with a sentence when it is no such file.
    """
    if isinstance(given, bytes):
        return Source(io.BytesIO(given), name)
    return Source(given if given.seekable() else io.BytesIO(given.read()), name)


def _lines(text: io.TextIOWrapper) -> Iterator[str | None]:
    """Give the lines of a text; None for one that is too long, of which nothing is kept."""
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE or line.endswith("\n"):
            yield line
            continue
        while (rest := text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
            pass
        yield None


def _damage(line: str) -> str | None:
    if "\0" in line:
        return "The line has a NUL character. Save the file again as plain CSV."
    if "\ufffd" in line:
        return "The line has bytes that are no letters. Save the file again as CSV in UTF-8."
    return None


def _understood(row: Row) -> tuple[int, bool, int]:
    fields = {meaning(cell) for cell in row.cells} - {None}
    return len(fields), "number" in fields, len(row.cells)


def _names_separator(row: Row) -> bool:
    """Recognise ``sep=;``, which Excel writes above the heading."""
    text = row.cells[0].strip().casefold()
    return row.at == 1 and text in {"sep=", *(f"sep={s}" for s in SEPARATORS)}


def _encoding_of(stream: BinaryIO) -> str:
    stream.seek(0)
    head = stream.read(4096)
    for mark, what in NOT_TEXT.items():
        if head.startswith(mark):
            raise FileProblem(f"This is {what}, not a CSV file. Save it as CSV (UTF-8) first.")
    if head.startswith(WIDE):
        return "utf-16"
    strange = sum(1 for byte in head if byte < 32 and byte not in b"\t\n\f\r")
    if strange * 10 > len(head):
        raise FileProblem("This is not a text file. Save the list as CSV (UTF-8) first.")
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-8" if _is_utf8(stream) else "cp1252"


def _is_utf8(stream: BinaryIO) -> bool:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(65_536):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
