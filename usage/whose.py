"""Whose call it is: who held the number at its time, else whose endpoint carried it then."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from did_import.bulk import among
from extensions import db
from models import CallKind, Did, DidAssignment, EndpointAssignment, Tier
from usage.reading import CallRow

Span = tuple[datetime, datetime | None, int]
"""From, until (None for still) and the client's id."""
AT_ONCE = 10_000
OUTWARD = (CallKind.OUTBOUND, CallKind.E911)


@dataclass
class Holders:
    """Who held some numbers and endpoints from when to when, and the numbers' tiers."""

    tiers: dict[str, str] = field(default_factory=dict)
    """Of the reseller's own numbers; others are not here."""
    numbers: dict[str, list[Span]] = field(default_factory=dict)
    endpoints: dict[str, list[Span]] = field(default_factory=dict)

    def of(self, number: str, carried_by: str | None, moment: datetime) -> int | None:
        """Tell the client of a call at a moment; None for nobody.

        Who held the number comes first: a call that is reached by both counts once.
        """
        found = _at(self.numbers.get(number, ()), moment)
        if found is None and carried_by:
            found = _at(self.endpoints.get(carried_by, ()), moment)
        return found

    def ends(self, row: CallRow) -> tuple[str, str]:
        """Tell the reseller's own number of a call, and the far end."""
        if row.kind in OUTWARD:
            return row.ani, row.dnis
        if row.kind is CallKind.MESSAGE and row.ani in self.tiers and row.dnis not in self.tiers:
            return row.ani, row.dnis
        return row.dnis, row.ani

    def learn(self, rows: Iterable[CallRow]) -> None:
        """Read who held the numbers and endpoints of some calls, those not known yet."""
        numbers: set[str] = set()
        hosts: set[str] = set()
        for row in rows:
            if row.kind in OUTWARD or row.kind is CallKind.MESSAGE:
                numbers.add(row.ani)
            if row.kind not in OUTWARD:
                numbers.add(row.dnis)
            if row.carried_by:
                hosts.add(row.carried_by)
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


def holders_of(rows: Iterable[CallRow]) -> Holders:
    """Read who held the numbers and endpoints of some calls, with one query for each table."""
    found = Holders()
    found.learn(rows)
    return found


def _bunches(wanted: list[str]) -> Iterable[list[str]]:
    return (wanted[at : at + AT_ONCE] for at in range(0, len(wanted), AT_ONCE))


def _add_spans(known: dict[str, list[Span]], wanted: list[str], statement: Any) -> None:
    """Add what a statement finds; who has no span is known to have none."""
    known.update((key, []) for key in wanted)
    for key, *span in db.session.execute(statement):
        known[key].append(tuple(span))


def _at(spans: Iterable[Span], moment: datetime) -> int | None:
    for started_at, ended_at, client_id in spans:
        if started_at <= moment and (ended_at is None or moment < ended_at):
            return client_id
    return None
