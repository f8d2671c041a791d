"""Files of rates: read line by line, previewed against a plan, and then taken into it as a whole.

A file may have 200,000 prefixes: it is kept compressed and read in chunks, twice.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from operator import itemgetter
from typing import IO, Any

from sqlalchemy import String, delete, select, update

import audit
import tenancy
from catalog import Invalid
from columns import now
from database import locking
from did_import.bulk import among, insert_rows
from did_import.reading import WIDE
from extensions import db
from models import CallKind, Rate, RateDeck, RatePlan
from permissions import Actor
from usage import plans, rates

CHUNK = 1_000
MOST_LINES = 500_000
LONGEST_LINE = 2_000
MOST_BAD = 0.5
SHOWN_BAD = 100
KEPT = timedelta(days=1)
HEADINGS: dict[str, tuple[str, ...]] = {
    "kind": ("kind", "type", "calltype"),
    "prefix": ("prefix", "code", "dialcode", "destinationcode", "npanxx", "npa", "areacode"),
    "tier": ("tier",),
    "minute": ("minute", "rate", "price", "perminute", "rateperminute", "priceperminute"),
    "unit": ("unit", "percall", "permessage", "setup", "connectionfee", "connectfee"),
    "minimum": ("minimum", "min", "initial", "initialincrement", "firstincrement"),
    "increment": ("increment", "step", "next", "nextincrement", "subsequentincrement"),
    "starts_on": ("startson", "starts", "from", "effective", "effectivedate", "validfrom"),
    "ends_on": ("endson", "ends", "until", "enddate", "expires", "validto"),
}
"""What a column may be called, without regard to case, blanks and signs."""

Key = tuple[CallKind, str, str, date]
Known = dict[Key, tuple[int, tuple[Any, ...]]]
"""Rates that there are: their id, and what makes them in the order of ``plans.COLUMNS``."""
Seen = dict[tuple[CallKind, str, date], dict[str, int]]
"""Kind, tier and day to the prefixes that were met, each with its line: small, for it is kept."""


@dataclass(frozen=True)
class Terms:
    """How a file is to be read, as typed: what lines are that say nothing, and what else ends."""

    kind: str | None
    starts_on: str | None
    replaces: bool = False
    without_one: bool = False


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be a rate, as it stood, with the reason."""

    line: int
    text: str
    reason: str


@dataclass
class Counts:
    """What a file comes to beside a plan's rates."""

    lines: int = 0
    bad: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    ending: int = 0
    ignored: list[str] = field(default_factory=list)
    """Headings that mean nothing here."""
    sample: list[list[Any]] = field(default_factory=list)
    """The first bad lines: line, reason, text."""


def read(plan_id: int, stream: IO[bytes], file_name: str, *, by: Actor, terms: Terms) -> RateDeck:
    """Read a file of rates and compare it with a plan; it writes nothing, ``keep`` does.

    Raises Invalid.
    """
    default = rates.values_of({"kind": terms.kind, "starts_on": terms.starts_on}, {})
    deck = RateDeck(
        rate_plan_id=plan_id,
        staff_id=by.staff_id,
        file_name=file_name[:255],
        content=_compressed(stream),
        kind=default["kind"],
        starts_on=default["starts_on"],
        replaces=terms.replaces,
        without_one=terms.without_one,
    )
    deck.counts = vars(_gone_through(deck, write=False))
    return deck


def keep(deck: RateDeck) -> None:
    """Keep a file that was read until it is taken in; those never taken in go after a day."""
    old = delete(RateDeck).where(RateDeck.applied_at.is_(None), RateDeck.created_at < now() - KEPT)
    db.session.execute(old)
    db.session.add(deck)
    db.session.flush()


def refusal(deck: RateDeck) -> str | None:
    """Say why a file cannot be taken in as it is; None where it can."""
    bad, lines = deck.counts["bad"], deck.counts["lines"]
    if bad == lines or bad > MOST_BAD * lines:
        return f"{bad:,} of {lines:,} lines cannot be read. Correct the file and upload it again."
    if bad and deck.replaces:
        return (
            "A rate that stands only in a bad line would end. "
            "Correct the bad lines and upload the file again."
        )
    return None


def apply(deck: RateDeck, *, by: Actor) -> Counts | None:
    """Take a file into its plan; None when that was done already. Raises Invalid."""
    sentence = refusal(deck)
    if sentence:
        raise Invalid({"": sentence})
    # Two files at once would not see each other's rates.
    plan_of = locking(select(RatePlan).where(RatePlan.id == deck.rate_plan_id))
    plan = db.session.scalars(plan_of).one()
    claim = update(RateDeck).where(RateDeck.id == deck.id, RateDeck.applied_at.is_(None))
    claimed = db.session.execute(claim.values(applied_at=now()))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    counts = _gone_through(deck, write=True)
    done = {key: value for key, value in vars(counts).items() if isinstance(value, int)}
    audit.record("rate_plan.deck_imported", plan, by, file=deck.file_name, **done)
    deck.counts, deck.content = vars(counts), b""
    db.session.flush()
    if db.engine.dialect.name == "postgresql":
        # Else the next file would be compared by the plan for a table of a few rates.
        db.session.connection().exec_driver_sql("ANALYZE rate")
    return counts


def bad_lines(deck: RateDeck) -> Iterator[BadLine]:
    """Go through the lines of a file that cannot be read."""
    return (one for one in _read(deck, Counts(), {}) if isinstance(one, BadLine))


# --- Comparing and writing ------------------------------------------------------------------------


def _gone_through(deck: RateDeck, *, write: bool) -> Counts:
    """Compare a file with its plan's rates, and where told, make them those of the file."""
    counts, seen = Counts(), Seen()
    # A prefix comes once in a file: what is written on the way is never looked for.
    is_empty = _is_empty(deck.rate_plan_id)
    found = _read(deck, counts, seen)
    while chunk := list(islice(found, CHUNK)):
        good = [one for one in chunk if isinstance(one, dict)]
        _count_bad(counts, [one for one in chunk if isinstance(one, BadLine)])
        counts.lines += len(chunk)
        known = {} if is_empty else _known(deck.rate_plan_id, good)
        _compare(deck.rate_plan_id, good, known, counts, write=write)
    if deck.replaces:
        counts.ending = _end_others(deck, seen, write=write)
    return counts


def _count_bad(counts: Counts, bad: Sequence[BadLine]) -> None:
    counts.bad += len(bad)
    left = SHOWN_BAD - len(counts.sample)
    counts.sample += [[one.line, one.reason, one.text[:200]] for one in bad[: max(left, 0)]]


def _is_empty(plan_id: int) -> bool:
    mine = select(Rate.id).where(Rate.rate_plan_id == plan_id).limit(1)
    return db.session.scalar(mine) is None


def _compare(
    plan_id: int, rows: list[dict[str, Any]], known: Known, counts: Counts, *, write: bool
) -> None:
    new, changed = [], []
    for row in rows:
        at = known.get(_key(row))
        if at is None:
            new.append(row | {"rate_plan_id": plan_id})
        elif at[1] != tuple(row[name] for name in plans.COLUMNS):
            changed.append(row | {"id": at[0]})
    counts.new += len(new)
    counts.changed += len(changed)
    counts.same += len(rows) - len(new) - len(changed)
    if write:
        insert_rows(Rate, new, tenancy.current())
        if changed:
            db.session.execute(update(Rate), changed)


def _known(plan_id: int, rows: Sequence[Mapping[str, Any]]) -> Known:
    """Find a plan's rates of these rows' kinds and prefixes, by the key of rates."""
    columns = [getattr(Rate, name) for name in plans.COLUMNS]
    found = db.session.execute(
        select(Rate.id, *columns).where(
            Rate.rate_plan_id == plan_id,
            Rate.kind.in_({row["kind"] for row in rows}),
            among(Rate.prefix, sorted({row["prefix"] for row in rows}), String),
        )
    )
    return {_KEY_OF(row): (row[0], tuple(row[1:])) for row in found}


_KEY_OF = itemgetter(
    *(1 + plans.COLUMNS.index(name) for name in ("kind", "prefix", "tier", "starts_on"))
)
"""Reads the key of a rate from a row of its id and columns."""


def _key(row: Mapping[str, Any]) -> Key:
    return row["kind"], row["prefix"], row["tier"], row["starts_on"]


def _end_others(deck: RateDeck, seen: Seen, *, write: bool) -> int:
    """End what the file does not have on its day; gives how many rates that are."""
    kinds = {kind for kind, _, _ in seen}
    having: dict[tuple[CallKind, str], list[dict[str, int]]] = {}
    for (kind, tier, _), prefixes in seen.items():
        having.setdefault((kind, tier), []).append(prefixes)
    columns = (Rate.id, Rate.kind, Rate.prefix, Rate.tier, Rate.starts_on, Rate.ends_on)
    standing = db.session.execute(
        select(*columns).where(Rate.rate_plan_id == deck.rate_plan_id, Rate.kind.in_(kinds))
    )
    gone: list[int] = []
    ending: list[int] = []
    for key, kind, prefix, tier, starts_on, ends_on in standing:
        is_in_file = any(prefix in prefixes for prefixes in having.get((kind, tier), ()))
        if is_in_file or (ends_on is not None and ends_on <= deck.starts_on):
            continue
        (gone if starts_on >= deck.starts_on else ending).append(key)
    if write:
        for keys in _chunks(gone):
            db.session.execute(delete(Rate).where(Rate.id.in_(keys)))
        rows = [{"id": key, "ends_on": deck.starts_on} for key in ending]
        if rows:
            db.session.execute(update(Rate), rows)
    return len(gone) + len(ending)


def _chunks(keys: list[int]) -> Iterable[list[int]]:
    return (keys[n : n + CHUNK] for n in range(0, len(keys), CHUNK))


# --- Reading --------------------------------------------------------------------------------------


def _compressed(stream: IO[bytes]) -> bytes:
    """Keep a file's bytes compressed, without having them all in memory."""
    packer, out = zlib.compressobj(6, wbits=31), io.BytesIO()
    start = stream.read(2)
    if start == b"\x1f\x8b":
        return start + stream.read()
    out.write(packer.compress(start))
    while block := stream.read(1 << 20):
        out.write(packer.compress(block))
    out.write(packer.flush())
    return out.getvalue()


def _read(deck: RateDeck, counts: Counts, seen: Seen) -> Iterator[dict[str, Any] | BadLine]:
    """Read a file line by line: a rate's columns, or why there is none; raises Invalid."""
    lines = _lines(deck)
    try:
        at, head = next(lines, (0, ""))
        delimiter = max(",;\t|", key=head.count)
        columns = _columns(_cells(head, delimiter), counts)
        tiers = rates.tier_labels()
        for at, text in lines:
            yield _line(deck, at, text, delimiter, columns, tiers, seen)
    except (EOFError, OSError, zlib.error) as broken:
        raise Invalid({"file": "The file breaks off: its compression is damaged."}) from broken


def _lines(deck: RateDeck) -> Iterator[tuple[int, str]]:
    """Go through the lines that are not empty, with their numbers."""
    with gzip.open(io.BytesIO(deck.content)) as raw:
        is_wide = raw.peek(2)[:2] in WIDE
        encoding = "utf-16" if is_wide else "utf-8-sig"
        text = io.TextIOWrapper(raw, encoding, errors="replace", newline="")
        at = 0
        while line := text.readline(LONGEST_LINE):
            at += 1
            if at > MOST_LINES:
                raise Invalid({"file": f"A file has at most {MOST_LINES:,} lines. Split it."})
            words = line.strip("\r\n").replace("\0", "")
            if words.strip():
                yield at, words


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return []


def _columns(headings: list[str], counts: Counts) -> dict[str, int]:
    """Find which column means what; raises Invalid for a file that cannot be one of rates."""
    plain = ["".join(c for c in heading.lower() if c.isalnum()) for heading in headings]
    found = {
        name: next(plain.index(word) for word in words if word in plain)
        for name, words in HEADINGS.items()
        if set(words) & set(plain)
    }
    if not {"prefix", "tier", "kind"} & set(found) or not {"minute", "unit"} & set(found):
        words = (
            "The first line must name the columns: prefix (or tier), and minute (or unit) for the "
            "price. Nothing was imported."
        )
        raise Invalid({"file": words})
    used = set(found.values())
    counts.ignored = [h[:40] for n, h in enumerate(headings) if n not in used and h.strip()][:20]
    return found


def _line(
    deck: RateDeck,
    at: int,
    text: str,
    delimiter: str,
    columns: Mapping[str, int],
    tiers: Mapping[str, str],
    seen: Seen,
) -> dict[str, Any] | BadLine:
    cells = _cells(text, delimiter)
    try:
        values = rates.values_of(_typed(deck, cells, columns), tiers)
    except Invalid as wrong:
        return BadLine(at, text, str(wrong)[:255])
    alike = seen.setdefault((values["kind"], values["tier"], values["starts_on"]), {})
    first = alike.setdefault(values["prefix"], at)
    if first != at:
        return BadLine(at, text, f"Line {first:,} has the same prefix, tier and day.")
    return values


def _typed(deck: RateDeck, cells: list[str], columns: Mapping[str, int]) -> dict[str, str]:
    """Give the cells of a line by field, with what holds where it says nothing."""
    given = {name: cells[n].strip() for name, n in columns.items() if n < len(cells)}
    if deck.without_one and given.get("prefix"):
        given["prefix"] = f"1{given['prefix']}"
    given["kind"] = given.get("kind") or deck.kind
    given["starts_on"] = given.get("starts_on") or deck.starts_on.isoformat()
    if "minute" in columns and "unit" not in columns and not given.get("minute"):
        # A price that is not there is not a price of nothing.
        given["minute"] = "?"
    return given
