"""Whose call it is: who held the number at its time, else whose endpoint carried it then."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from did_import.bulk import among
from extensions import db
from models import CallKind, Did, DidAssignment, EndpointAssignment, Tier
from usage.reading import CallRow

Span = tuple[datetime, datetime | None, int]
"""From, until (None for still) and the client's id."""


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
        if row.kind in (CallKind.OUTBOUND, CallKind.E911):
            return row.ani, row.dnis
        is_sent = row.ani in self.tiers and row.dnis not in self.tiers
        if row.kind is CallKind.MESSAGE and is_sent:
            return row.ani, row.dnis
        return row.dnis, row.ani


def holders_of(rows: Iterable[CallRow]) -> Holders:
    """Read who held the numbers and endpoints of some calls, with one query for each table."""
    numbers: set[str] = set()
    hosts: set[str] = set()
    for row in rows:
        numbers.update(end for end in (row.ani, row.dnis) if end[:2] == "+1" and len(end) == 12)
        if row.carried_by:
            hosts.add(row.carried_by)
    wanted = sorted(numbers)
    tiers = db.session.execute(
        select(Did.number, Tier.label).join(Did.tier).where(among(Did.number, wanted))
    )
    held = select(
        DidAssignment.number,
        DidAssignment.started_at,
        DidAssignment.ended_at,
        DidAssignment.client_id,
    ).where(among(DidAssignment.number, wanted))
    carried = select(
        EndpointAssignment.host,
        EndpointAssignment.started_at,
        EndpointAssignment.ended_at,
        EndpointAssignment.client_id,
    ).where(EndpointAssignment.host.in_(sorted(hosts)))
    return Holders(dict(tiers.all()), _spans(held), _spans(carried) if hosts else {})  # type: ignore[arg-type]


def _spans(statement: object) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = defaultdict(list)
    for key, *span in db.session.execute(statement):  # type: ignore[call-overload]
        found[key].append(tuple(span))
    return found


def _at(spans: Iterable[Span], moment: datetime) -> int | None:
    for started_at, ended_at, client_id in spans:
        if started_at <= moment and (ended_at is None or moment < ended_at):
            return client_id
    return None
