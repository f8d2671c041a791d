"""Whose call it is: who held the number at its time, else whose endpoint carried it then."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from did_import.bulk import among
from extensions import db
from models import CallKind, Did, DidAssignment, EndpointAssignment, Tier
from usage.reading import CallRow

Span = tuple[str, str, int]
"""From and until, written as ``CallRow.stamp`` is, and the client's id."""
STILL = "9"
"""Sorts behind every stamp of ours."""
AT_ONCE = 10_000
OUTWARD = frozenset({CallKind.OUTBOUND.value, CallKind.E911.value})
MESSAGE = CallKind.MESSAGE.value


@dataclass
class Holders:
    """Who held some numbers and endpoints from when to when, and the numbers' tiers."""

    tiers: dict[str, str] = field(default_factory=dict)
    """Of the reseller's own numbers; others are not here."""
    numbers: dict[str, list[Span]] = field(default_factory=dict)
    endpoints: dict[str, list[Span]] = field(default_factory=dict)

    def of(self, number: str, carried_by: str | None, stamp: str) -> int | None:
        """Tell the client of a call at a moment; None for nobody.

        Who held the number comes first: a call that is reached by both counts once.
        """
        found = _at(self.numbers.get(number, ()), stamp)
        return self.nobodys(carried_by, stamp) if found is None and carried_by else found

    def nobodys(self, carried_by: str, stamp: str) -> int | None:
        """Tell the client whose endpoint carried a call of a number that nobody held."""
        return _at(self.endpoints.get(carried_by, ()), stamp)

    def ends(self, row: CallRow) -> tuple[str, str]:
        """Tell the reseller's own number of a call, and the far end."""
        if row.kind in OUTWARD:
            return row.ani, row.dnis
        if row.kind == MESSAGE and self._nearness(row.ani, row) > self._nearness(row.dnis, row):
            return row.ani, row.dnis
        return row.dnis, row.ani

    def _nearness(self, number: str, row: CallRow) -> int:
        """Tell how near a number is at the time of a call: a client's, in stock, or a stranger's.

        A file does not say which way a message went.
        """
        if _at(self.numbers.get(number, ()), row.stamp) is not None:
            return 2
        return int(number in self.tiers)

    def learn(self, rows: Sequence[CallRow]) -> None:
        """Read who held the numbers and endpoints of some calls, those not known yet."""
        ends = [(row[1], row[3], row[4]) for row in rows]
        numbers = {dnis for kind, _, dnis in ends if kind not in OUTWARD}
        numbers |= {ani for kind, ani, _ in ends if kind in OUTWARD or kind == MESSAGE}
        hosts = {row[8] for row in rows if row[8]}
        numbers.difference_update(self.numbers)
        self._learn_numbers(sorted(n for n in numbers if n[:2] == "+1" and len(n) == 12))
        self._learn_endpoints(sorted(hosts.difference(self.endpoints)))

    def _learn_numbers(self, wanted: list[str]) -> None:
        for some in _bunches(wanted):
            tiers = select(Did.number, Tier.label).join(Did.tier).where(among(Did.number, some))
            self.tiers.update(db.session.execute(tiers).all())  # type: ignore[arg-type]
            held = DidAssignment
            spans = select(held.number, held.started_at, held.ended_at, held.client_id)
            _add_spans(self.numbers, some, spans.where(among(held.number, some)))

    def _learn_endpoints(self, wanted: list[str]) -> None:
        for some in _bunches(wanted):
            held = EndpointAssignment
            spans = select(held.host, held.started_at, held.ended_at, held.client_id)
            _add_spans(self.endpoints, some, spans.where(held.host.in_(some)))


def _bunches(wanted: list[str]) -> Iterable[list[str]]:
    return (wanted[at : at + AT_ONCE] for at in range(0, len(wanted), AT_ONCE))


def _add_spans(known: dict[str, list[Span]], wanted: list[str], statement: Any) -> None:
    """Add what a statement finds; who has no span is known to have none."""
    known.update((key, []) for key in wanted)
    for key, began, ended, client_id in db.session.execute(statement):
        known[key].append((_stamp(began), _stamp(ended) if ended else STILL, client_id))


def _stamp(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def _at(spans: Iterable[Span], stamp: str) -> int | None:
    for began, ended, client_id in spans:
        if began <= stamp < ended:
            return client_id
    return None
