"""How a carrier writes its call files: a profile is data, and the reader is the same for all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models import CallKind


@dataclass(frozen=True)
class Profile:
    """The format of a call file: its separator, what its headers mean, and its kinds of calls."""

    key: str
    label: str
    delimiter: str
    columns: Mapping[str, str]
    """Our field to the file's header; headers are compared without regard to case and blanks."""
    kinds: Mapping[str, CallKind]
    """The file's words for a kind, in lower case."""
    time_formats: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M:%S")
    time_zone: str = "UTC"
    optional: frozenset[str] = field(default_factory=frozenset)


VOIP_INNOVATIONS = Profile(
    key="voip_innovations",
    label="VoIP Innovations CDR",
    delimiter=";",
    columns={
        "kind": "CallType",
        "started_at": "StartTime",
        "seconds": "CallDuration",
        "billed_seconds": "BillDuration",
        "minimum": "CallMinimum",
        "increment": "CallIncrement",
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
    optional=frozenset({"billed_seconds", "minimum", "increment"}),
)
"""Semicolons and GMT; CallIncrement and CallMinimum come in either order, so headers count and not
places. Source: voipinnovations.atlassian.net/wiki/spaces/VIW/pages/573735280/CDR+Format
"""

PROFILES = {VOIP_INNOVATIONS.key: VOIP_INNOVATIONS}
