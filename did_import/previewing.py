"""The preview of an import: every line's outcome in a stream, and a summary; it writes nothing."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from did_import.deciding import Decider, Kind, Line, Plan
from did_import.known import Known
from did_import.reading import Row, Source
from models import Reseller

CHUNK = 1000
"""Rows that are looked up and written together."""

SHOWN = 200
"""Lines of each kind that a summary keeps."""


@dataclass
class Summary:
    """What an import would do, or did, in counts, with the first lines of each kind.

    Two imports with the same ``fingerprint`` do the same to every line.
    """

    counts: dict[str, int] = field(default_factory=lambda: {kind.value: 0 for kind in Kind})
    goes_to: dict[str, int] = field(default_factory=dict)
    new_tiers: list[str] = field(default_factory=list)
    new_groups: list[str] = field(default_factory=list)
    unknown_tiers: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    create_tiers: bool = False
    fingerprint: str = ""
    shown: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {kind.value: [] for kind in Kind}
    )

    @property
    def writes(self) -> int:
        """Tell how many numbers the import adds or changes."""
        return self.counts["added"] + self.counts["changed"]

    @property
    def total(self) -> int:
        """Tell how many lines the file has below its heading, without blank ones."""
        return sum(self.counts.values())

    def as_dict(self) -> dict[str, Any]:
        """Give plain data that a JSON column can hold."""
        return asdict(self)


class Tally:
    """Counts lines as they go by, and takes their fingerprint."""

    def __init__(self, source: Source, known: Known) -> None:
        self._known = known
        self._goes_to: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._hash = hashlib.blake2b(digest_size=16)
        self._summary = Summary(remarks=source.remarks(), create_tiers=known.create_tiers)

    def add(self, line: Line) -> None:
        """Count one line."""
        kind = line.kind.value
        self._summary.counts[kind] += 1
        if line.goes_to:
            self._goes_to[line.goes_to] += 1
        if line.unknown_tier:
            self._unknown[line.unknown_tier] += 1
        self._hash.update(
            f"{line.row.at}|{kind}|{line.number}|{line.says}|{line.changes}\n".encode()
        )
        if len(self._summary.shown[kind]) < SHOWN:
            self._summary.shown[kind].append(as_shown(line))

    def summary(self) -> Summary:
        """Give the summary of the lines counted so far."""
        self._summary.goes_to = dict(self._goes_to)
        self._summary.unknown_tiers = dict(self._unknown.most_common(50))
        self._summary.new_tiers = [tier.name for tier in self._known.tiers.new]
        self._summary.new_groups = [group.name for group in self._known.groups.new]
        self._summary.fingerprint = self._hash.hexdigest()
        return self._summary


class Preview:
    """What a file would do; iterate over it for the lines, then ask for the summary."""

    def __init__(self, source: Source, reseller: Reseller, create_tiers: bool = False) -> None:
        self._source = source
        self._reseller = reseller
        self._create_tiers = create_tiers

    def lines(self) -> Iterator[Line]:
        """Decide every line afresh, a bunch at a time."""
        known = Known(self._reseller, self._create_tiers)
        for plans in plans_of(self._source, known):
            for plan in plans:
                yield plan.line

    def summary(self) -> Summary:
        """Go through the whole file and count."""
        known = Known(self._reseller, self._create_tiers)
        tally = Tally(self._source, known)
        for plans in plans_of(self._source, known):
            for plan in plans:
                tally.add(plan.line)
        return tally.summary()


def preview(source: Source, reseller: Reseller, *, create_tiers: bool = False) -> Preview:
    """Say what importing a file would do for a reseller, whose tenancy must have been entered."""
    return Preview(source, reseller, create_tiers)


def plans_of(source: Source, known: Known, locks: bool = False) -> Iterator[Iterable[Plan]]:
    """Decide a file's rows, a bunch at a time, the blank ones left out."""
    decider = Decider(source.headings, known, locks)
    rows: Iterator[Row] = (row for row in source.rows() if not row.is_blank)
    while chunk := list(islice(rows, CHUNK)):
        yield decider.decide(chunk)


def as_shown(line: Line) -> dict[str, Any]:
    """Reduce a line to the plain data that the page shows."""
    return {
        "at": line.row.at,
        "number": line.number,
        "says": line.says,
        "changes": [list(change) for change in line.changes],
        "raw": "" if line.number else " ".join(line.row.cells)[:60],
    }
