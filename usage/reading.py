"""Reading call files line by line, gzipped or not; memory stays flat whatever the size.

A line that cannot be read is given as it stood, with the reason; nothing is guessed.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import BinaryIO
from zoneinfo import ZoneInfo

import catalog
import display
from models import CallKind
from usage.profiles import Profile

LONGEST_LINE = 4_000
MOST_MICROS = 1_000 * 1_000_000
LONGEST_CALL = 7 * 24 * 3600
AHEAD = timedelta(days=1)
"""How far a clock elsewhere may run ahead before a time is held to be wrong."""

_DIGITS = re.compile(r"\+?\d{3,20}")


class FileRefused(Exception):
    """The file as a whole cannot be imported; the sentence says why."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """One readable line: who called whom, when, how long, and what the carrier charges."""

    line: int
    kind: CallKind
    started_at: datetime
    ani: str
    dnis: str
    seconds: int
    billed_seconds: int
    cost_micros: int
    transaction_id: str
    carried_by: str | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """One line that could not be read, as it stood, with the reason."""

    line: int
    text: str
    reason: str


def open_file(stream: BinaryIO) -> BinaryIO:
    """Give the plain bytes of a file that may be gzipped; it is at its beginning."""
    magic = stream.read(2)
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if magic == b"\x1f\x8b" else stream  # type: ignore[return-value]


def rows(stream: BinaryIO, profile: Profile, now: datetime) -> Iterator[CallRow | BadRow]:
    """Read a file line by line, good and bad.

    Raises FileRefused when the header lacks what the profile needs, or the file breaks off.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline=None)
    try:
        header = text.readline(LONGEST_LINE * 2)
        reader = _Lines(header, profile, now)
        for number, line in enumerate(text, 2):
            if line.strip():
                yield reader.read(number, line.rstrip("\r\n"))
    except (EOFError, gzip.BadGzipFile, OSError) as broken:
        raise FileRefused("The file breaks off: its compression is damaged.") from broken
    finally:
        text.detach()


class _Lines:
    """Reads the lines of one file by its header."""

    def __init__(self, header: str, profile: Profile, now: datetime) -> None:
        names = [_plain(name) for name in _split(header, profile.delimiter)]
        places = {name: place for place, name in enumerate(names)}
        self.profile, self.width, self.latest = profile, len(names), now + AHEAD
        self.zone = ZoneInfo(profile.time_zone)
        self.places = {
            field: places[_plain(name)]
            for field, name in profile.columns.items()
            if _plain(name) in places
        }
        missing = [
            name
            for field, name in profile.columns.items()
            if field not in self.places and field not in profile.optional
        ]
        if missing:
            raise FileRefused(f"The first line lacks {', '.join(missing)}; is it {profile.label}?")

    def read(self, number: int, line: str) -> CallRow | BadRow:
        """Read one line."""
        try:
            if len(line) > LONGEST_LINE:
                raise ValueError(f"The line has more than {LONGEST_LINE:,} characters.")
            cells = _split(line, self.profile.delimiter)
            if len(cells) != self.width:
                raise ValueError(f"There are {len(cells)} columns, not {self.width}.")
            return self._row(number, cells)
        except ValueError as wrong:
            return BadRow(number, line[:LONGEST_LINE].replace("\0", ""), str(wrong)[:255])

    def _row(self, number: int, cells: list[str]) -> CallRow:
        def cell(field: str) -> str:
            return cells[self.places[field]].strip() if field in self.places else ""

        seconds = _seconds(cell("seconds"), "CallDuration")
        key = cell("transaction_id")
        if not 1 <= len(key) <= 80:
            raise ValueError("The transaction id is missing or too long.")
        return CallRow(
            number,
            self._kind(cell("kind"), cell("dnis")),
            self._time(cell("started_at")),
            _telephone(cell("ani")),
            _telephone(cell("dnis")),
            seconds,
            _seconds(cell("billed_seconds") or str(seconds), "BillDuration"),
            _micros(cell("cost")),
            key,
            cell("carried_by")[:45] or None,
        )

    def _kind(self, word: str, dnis: str) -> CallKind:
        kind = self.profile.kinds.get(word.lower())
        if kind is None:
            raise ValueError(f"{word[:40]} is no kind of call.")
        dialled = display.to_e164(dnis)
        is_toll_free = dialled is not None and dialled[2:5] in catalog.TOLL_FREE
        return CallKind.TOLL_FREE if kind is CallKind.INBOUND and is_toll_free else kind

    def _time(self, typed: str) -> datetime:
        moment = None
        for pattern in self.profile.time_formats:
            try:
                moment = datetime.strptime(typed, pattern).replace(tzinfo=self.zone)
                break
            except ValueError:
                continue
        if moment is None:
            raise ValueError(f"{typed[:40]} is no time.")
        if moment > self.latest:
            raise ValueError(f"{typed[:40]} lies in the future.")
        return moment.astimezone(UTC)


def _split(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        raise ValueError("The quotation marks do not match.") from None


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]", "", name).lower()


def _seconds(typed: str, what: str) -> int:
    try:
        value = Decimal(typed)
    except InvalidOperation:
        raise ValueError(f"{what} {typed[:40]} is no number of seconds.") from None
    if not value.is_finite() or not 0 <= value <= LONGEST_CALL:
        raise ValueError(f"{what} {typed[:40]} cannot be.")
    return int(value.to_integral_value(ROUND_HALF_UP))


def _micros(typed: str) -> int:
    """Read dollars into micro-units; what is finer is rounded half up, here and nowhere else."""
    try:
        value = Decimal(typed or "0") * 1_000_000
    except InvalidOperation:
        raise ValueError(f"The price {typed[:40]} is no amount.") from None
    if not value.is_finite() or not 0 <= value <= MOST_MICROS:
        raise ValueError(f"The price {typed[:40]} cannot be.")
    return int(value.to_integral_value(ROUND_HALF_UP))


def _telephone(typed: str) -> str:
    """Read a number as E.164 where it is one of the North American plan, else its digits."""
    plain = re.sub(r"[\s().\-]", "", typed)
    known = display.to_e164(plain)
    if known is not None:
        return known
    if not _DIGITS.fullmatch(plain):
        raise ValueError(f"{typed[:40] or 'Nothing'} is no telephone number.")
    return plain
