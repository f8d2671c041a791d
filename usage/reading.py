"""Reading call files line by line by a profile; where their bytes come from is not said here.

A line that cannot be read is given as it stood, with the reason; nothing is guessed.
"""

import csv
import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import itemgetter
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import catalog
import display
from columns import E164
from usage.profiles import FIELDS, OPTIONAL, Profile

LONGEST_LINE = 4_000
LONGEST_BYTES = 4 * LONGEST_LINE
TOO_LONG = f"The line has more than {LONGEST_LINE:,} characters."
MOST_MICROS = 1_000 * 1_000_000
LONGEST_CALL = 7 * 24 * 3600
AHEAD = timedelta(days=1)
"""How far a clock elsewhere may run ahead before a time is held to be wrong."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
REMEMBERED = 50_000
"""Different cells whose meaning is kept, so that memory stays flat."""

WITHIN_HOUR = frozenset(f":{n // 60:02d}:{n % 60:02d}" for n in range(3600))
ISO = "%Y-%m-%d %H:%M:%S"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
"""What is written as ``ISO`` to the last zero, which is read twenty times as fast."""
_DIGITS = re.compile(r"\+?\d{3,19}", re.ASCII)
_PLACES = tuple(FIELDS)
_make = tuple.__new__
Meaning = TypeVar("Meaning", str, int, str | None)


class FileRefused(Exception):
    """The file as a whole cannot be imported; the sentence says why."""


class CallRow(NamedTuple):
    """One readable line: who called whom, when, how long, and what the carrier charges."""

    line: int
    kind: str
    """The value of a ``CallKind``; its members take far longer to look up by the million."""
    stamp: str
    """When it began, in UTC: 2026-11-10 15:00:00.000000. Such texts sort as the moments do."""
    ani: str
    dnis: str
    seconds: int
    cost_micros: int
    transaction_id: str
    carried_by: str | None = None

    @property
    def started_at(self) -> datetime:
        """Give the moment that the stamp writes."""
        return datetime.fromisoformat(self.stamp).replace(tzinfo=UTC)


def stamp_of(moment: datetime) -> str:
    """Write a moment as ``CallRow.stamp`` has it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


class BadRow(NamedTuple):
    """One line that could not be read, as it stood, with the reason."""

    line: int
    text: str
    reason: str


class Lines:
    """Reads the lines of one file by its header.

    Raises FileRefused when the header lacks what the profile needs.
    """

    def __init__(self, header: str, profile: Profile, now: datetime) -> None:
        self.profile, self.latest = profile, now + AHEAD
        self.earliest = EARLIEST
        names = [_plain(name) for name in headers(header, profile.delimiter)]
        self.width = len(names)
        self.pick = itemgetter(*self._places(names))
        self.zone = UTC if profile.time_zone == "UTC" else ZoneInfo(profile.time_zone)
        self.is_iso = profile.time_formats[0] == ISO and self.zone is UTC
        self.kinds: dict[str, str] = {}
        self.hosts: dict[str, str | None] = {}
        self.hours: dict[str, str] = {}
        """Hours all of whose seconds are good times."""
        self.telephones: dict[str, str] = {}
        self.costs: dict[str, int] = {}
        self.lengths: dict[str, int] = {}

    def refuse_before(self, moment: datetime) -> None:
        """Read no call any more that began before a full hour in UTC: it may be forgotten."""
        self.earliest = moment
        self.hours.clear()

    def _places(self, names: list[str]) -> list[int]:
        """Tell where each field stands; one that is not there stands behind the last."""
        columns = self.profile.columns
        wanted = {field: _plain(columns[field]) for field in _PLACES if field in columns}
        missing = [
            columns.get(field, FIELDS[field])
            for field in _PLACES
            if field not in OPTIONAL and wanted.get(field) not in names
        ]
        if missing:
            raise FileRefused(
                f"The first line lacks {', '.join(missing)}; is it {self.profile.label}?"
            )
        twice = [columns[field] for field, name in wanted.items() if names.count(name) > 1]
        if twice:
            raise FileRefused(f"The first line has {', '.join(twice)} twice.")
        return [
            names.index(wanted[field]) if wanted.get(field) in names else self.width
            for field in _PLACES
        ]

    def read_all(self, first: int, raws: list[bytes]) -> list[CallRow | BadRow]:
        """Read a bunch of lines, the first of which has a number; blank ones are left out."""
        read = self.read
        try:
            lines = [line.rstrip("\r") for line in b"\n".join(raws).decode().split("\n")]
        except UnicodeDecodeError:
            lines = []
        if len(lines) != len(raws) or max(map(len, lines)) > LONGEST_LINE:
            found = [read(number, raw) for number, raw in enumerate(raws, first)]
        else:
            found = self._quickly(first, lines)
        return [row for row in found if row is not None]

    def _quickly(self, first: int, lines: list[str]) -> list[CallRow | BadRow | None]:
        """Look cells up that were read before; a line that has another goes the long way."""
        pick, width, delimiter = self.pick, self.width, self.profile.delimiter
        kinds, hours, known = self.kinds, self.hours, self.telephones
        costs, lengths, hosts, slowly = self.costs, self.lengths, self.hosts, self.read_text
        found: list[CallRow | BadRow | None] = []
        add = found.append
        for number, line in enumerate(lines, first):
            cells = line.split(delimiter)
            if len(cells) != width or '"' in line or "\0" in line:
                add(slowly(number, line))
                continue
            cells.append("")
            word, at, long, ani, dnis, key, cost, host = pick(cells)
            second, key = at[13:], key.strip()
            if second not in WITHIN_HOUR or not 0 < len(key) <= 80 or not key.isprintable():
                add(slowly(number, line))
                continue
            try:
                kind, to, stamp = kinds[word], known[dnis], hours[at[:13]] + second + ".000000"
                if kind == "inbound" and to[2:5] in catalog.TOLL_FREE and E164.fullmatch(to):
                    kind = "toll_free"
                ours, whole = known[ani], (lengths[long], costs[cost])
                add(_make(CallRow, (number, kind, stamp, ours, to, *whole, key, hosts[host])))
            except KeyError:
                add(slowly(number, line))
        return found

    def read(self, number: int, raw: bytes) -> CallRow | BadRow | None:
        """Read one line; None for a blank one."""
        if len(raw) > LONGEST_BYTES:
            return _bad(number, raw.decode(errors="replace"), TOO_LONG)
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            kept = raw.decode("latin-1").rstrip("\r")
            return _bad(number, kept, "The line is not in UTF-8. Save the file as UTF-8.")
        return self.read_text(number, text)

    def read_text(self, number: int, line: str) -> CallRow | BadRow | None:
        """Read one line of text."""
        line = line.rstrip("\r")
        try:
            if len(line) > LONGEST_LINE:
                raise ValueError(TOO_LONG)
            if "\0" in line:
                raise ValueError("The line has a NUL character.")
            cells = _split(line, self.profile.delimiter)
            if len(cells) != self.width:
                if not line.strip():
                    return None
                raise ValueError(f"There are {len(cells)} columns, not {self.width}.")
            return self._row(number, cells)
        except ValueError as wrong:
            return _bad(number, line, str(wrong))

    def _row(self, number: int, cells: list[str]) -> CallRow:
        """Read the cells that we know, and remember what they mean: most come again."""
        cells.append("")
        word, at, long, ani, dnis, key, cost, host = self.pick(cells)
        key = key.strip()
        if not key or len(key) > 80 or not key.isprintable():
            raise ValueError("The transaction id is missing or too long.")
        if len(host) > 45 or not host.isprintable():
            raise ValueError("The endpoint's address is too long.")
        kind = self.kinds.get(word) or self._kind(word)
        known, lengths, costs = self.telephones, self.lengths, self.costs
        to = known.get(dnis) or self._telephone(dnis)
        if kind == "inbound" and to[2:5] in catalog.TOLL_FREE and E164.fullmatch(to):
            kind = "toll_free"
        return CallRow(
            number,
            kind,
            self._time(at),
            known.get(ani) or self._telephone(ani),
            to,
            lengths[long] if long in lengths else self._seconds(long),
            costs[cost] if cost in costs else self._micros(cost),
            key,
            _remember(self.hosts, host, host.strip() or None),
        )

    def _kind(self, typed: str) -> str:
        word = typed.strip()
        kind = self.profile.kinds.get(word.lower())
        if kind is None:
            raise ValueError(f"{word[:40] or 'Nothing'} is no kind of call.")
        return _remember(self.kinds, typed, kind.value)

    def _time(self, cell: str) -> str:
        if cell[13:] in WITHIN_HOUR and cell[:13] in self.hours:
            return f"{cell}.000000"
        typed = cell.strip()
        moment = self._by_format(typed)
        if moment > self.latest:
            raise ValueError(f"{typed[:40]} lies in the future.")
        if moment < EARLIEST:
            raise ValueError(f"{typed[:40]} lies too far back.")
        if moment < self.earliest:
            first = f"{self.earliest:%Y-%m-%d}"
            raise ValueError(f"{typed[:40]} lies before {first}; older calls are not kept.")
        found = stamp_of(moment)
        if self.is_iso and cell == found[:19] and moment < self.latest - AHEAD:
            # The other seconds of this hour are as good.
            _remember(self.hours, cell[:13], cell[:13])
        return found

    def _by_format(self, typed: str) -> datetime:
        for pattern in self.profile.time_formats:
            try:
                if pattern == ISO and _ISO.fullmatch(typed):
                    local = datetime.fromisoformat(typed)
                else:
                    local = datetime.strptime(typed, pattern)  # noqa: DTZ007 (The zone follows.)
            except ValueError:
                continue
            moment = local.replace(tzinfo=self.zone).astimezone(UTC)
            if moment.astimezone(self.zone).replace(tzinfo=None) != local:
                raise ValueError(f"{typed[:40]} was skipped when the clock changed.")
            return moment
        raise ValueError(f"{typed[:40] or 'Nothing'} is no time.")

    def _seconds(self, cell: str) -> int:
        typed, what = cell.strip(), self.profile.columns["seconds"]
        if typed.isdecimal() and typed.isascii() and len(typed) < 8:
            value = int(typed)
        else:
            value = _whole(typed, what)
        if value > LONGEST_CALL:
            raise ValueError(f"{what} {typed[:40]} cannot be.")
        return _remember(self.lengths, cell, value)

    def _micros(self, cell: str) -> int:
        """Read the cost into micro-units; what is finer is rounded half up, only here."""
        return _remember(self.costs, cell, _micros(cell.strip(), self.profile.unit_micros))

    def _telephone(self, cell: str) -> str:
        return _remember(self.telephones, cell, _telephone(cell.strip()))


def headers(line: str, delimiter: str) -> list[str]:
    """Split a first line into its headers; raises FileRefused when it has none."""
    try:
        return [name.strip() for name in _split(line.strip("\r\n\ufeff"), delimiter)]
    except ValueError as wrong:
        raise FileRefused(f"The first line cannot be read. {wrong}") from None


def _bad(number: int, text: str, reason: str) -> BadRow:
    return BadRow(number, text[:LONGEST_LINE].replace("\0", "␀"), reason[:255])


def _remember(known: dict[str, Meaning], key: str, value: Meaning) -> Meaning:
    if len(known) >= REMEMBERED:
        known.clear()
    known[key] = value
    return value


def _split(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        raise ValueError("The quotation marks do not match.") from None


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]", "", name).lower()


def _whole(typed: str, what: str) -> int:
    """Read a length that is not written in digits alone: 61.0 is 61, and 61.5 is refused."""
    if not _NUMBER.fullmatch(typed):
        raise ValueError(f"{what} {typed[:40]} is no number of seconds.")
    value = Decimal(typed)
    if not 0 <= value <= LONGEST_CALL:
        raise ValueError(f"{what} {typed[:40]} cannot be.")
    if value != value.to_integral_value():
        raise ValueError(f"{what} {typed[:40]} is no whole number of seconds.")
    return int(value)


def _micros(typed: str, unit: int) -> int:
    if typed and not _NUMBER.fullmatch(typed):
        raise ValueError(f"The price {typed[:40]} is no amount.")
    value = Decimal(typed or "0") * unit
    if not 0 <= value <= MOST_MICROS:
        raise ValueError(f"The price {typed[:40]} cannot be.")
    return int(value.to_integral_value(ROUND_HALF_UP))


def _telephone(typed: str) -> str:
    """Read a number as E.164 where it is one of the North American plan, else its digits."""
    if E164.fullmatch(typed):
        return typed
    plain = re.sub(r"[\s().\-]", "", typed)
    known = display.to_e164(plain)
    if known is not None:
        return known
    if not _DIGITS.fullmatch(plain):
        raise ValueError(f"{typed[:40] or 'Nothing'} is no telephone number.")
    return plain
