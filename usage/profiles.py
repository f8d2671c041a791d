"""How a carrier writes its call files: a profile is data, and the reader is the same for all."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from extensions import db
from models import CallKind, CdrProfile

FIELDS = {
    "kind": "Kind of call",
    "started_at": "Start",
    "seconds": "Seconds",
    "ani": "From number",
    "dnis": "To number",
    "transaction_id": "Transaction id",
    "cost": "Cost",
    "carried_by": "Endpoint address",
}
"""What we read of a line, and how people call it."""

OPTIONAL = frozenset({"cost", "carried_by"})


@dataclass(frozen=True)
class Profile:
    """The format of a call file: its separator, what its headers mean, and its kinds of calls."""

    key: str
    label: str
    source: str
    """The carrier: a call is known by it and its transaction id, whatever the format."""
    delimiter: str
    columns: Mapping[str, str]
    """Our field to the file's header; headers are compared without regard to case and blanks."""
    kinds: Mapping[str, CallKind]
    """The file's words for a kind, in lower case."""
    time_formats: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    time_zone: str = "UTC"
    unit_micros: int = 1_000_000
    """What 1 in the cost column is worth, in micro-units."""


VOIP_INNOVATIONS = Profile(
    key="voip_innovations",
    label="VoIP Innovations CDR",
    source="voip_innovations",
    delimiter=";",
    columns={
        "kind": "CallType",
        "started_at": "StartTime",
        "seconds": "CallDuration",
        "cost": "CallPrice",
        "transaction_id": "TransactionId",
        "carried_by": "CustomerIP",
        "ani": "ANI",
        "dnis": "DNIS",
    },
    kinds={
        "origination": CallKind.INBOUND,
        "inbound": CallKind.INBOUND,
        "termination": CallKind.OUTBOUND,
        "outbound": CallKind.OUTBOUND,
        "tollfree": CallKind.TOLL_FREE,
        "toll-free": CallKind.TOLL_FREE,
        "sms": CallKind.MESSAGE,
        "mms": CallKind.MESSAGE,
        "message": CallKind.MESSAGE,
        "911": CallKind.E911,
        "e911": CallKind.E911,
    },
    time_formats=("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
)
"""Semicolons and GMT; CallIncrement and CallMinimum come in either order, so headers count and not
places. Source: voipinnovations.atlassian.net/wiki/spaces/VIW/pages/573735280/CDR+Format
"""

NO_KEYS = ("done", "refused")
"""What the watched folder names its own folders; no format may be called so."""
BUILT_IN = {VOIP_INNOVATIONS.key: VOIP_INNOVATIONS}


def every() -> list[Profile]:
    """List the formats that the session's reseller can import: the built-in, then its own."""
    own = db.session.scalars(select(CdrProfile).order_by(CdrProfile.name))
    return [*BUILT_IN.values(), *map(of_row, own)]


def named(key: str) -> Profile | None:
    """Find a format of the session's reseller by its key; None when there is none."""
    if key in BUILT_IN:
        return BUILT_IN[key]
    row = db.session.scalar(select(CdrProfile).where(CdrProfile.key == key))
    return of_row(row) if row else None


def of_row(row: CdrProfile) -> Profile:
    """Read a format that staff described."""
    return Profile(
        key=row.key,
        label=row.name,
        source=row.source or row.key,
        delimiter=row.delimiter,
        columns=row.columns,
        kinds={word: CallKind(kind) for word, kind in row.kinds.items()},
        time_formats=(row.time_format,),
        time_zone=row.time_zone,
        unit_micros=row.unit_micros,
    )
