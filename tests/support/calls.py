"""Call files for tests: lines in the documented format, and importing them."""

import gzip
import io
from datetime import UTC, datetime

from sqlalchemy import update

from extensions import db
from models import CdrImport, Charge, DidAssignment, MonthlyFee, UsageDay
from permissions import Actor
from usage import importing

HEADER = (
    "CallType;StartTime;StopTime;CallDuration;BillDuration;CallMinimum;CallIncrement;BasePrice;"
    "CallPrice;TransactionId;CustomerIP;ANI;ANIState;DNIS;LRN;DNISState;DNISLATA;DNISOCN;OrigTier;"
    "TermRateDeck"
)
BY = Actor(name="Test")


def line(
    key: str,
    number: str,
    *,
    kind: str = "Origination",
    at: str = "2026-11-10 15:00:00",
    seconds: object = 61,
    price: str = "0.0100",
    far: str = "+12125550147",
) -> str:
    """Write one call of a number as the carrier does."""
    ani, dnis = (number, far) if kind == "Termination" else (far, number)
    return (
        f"{kind};{at};{at};{seconds};{seconds};6;6;0.01;{price};{key};203.0.113.9;{ani};PA;{dnis};"
        f"{dnis};PA;234;0000;1;"
    )


def file_of(*lines: str, header: str = HEADER, zipped: bool = False) -> io.BytesIO:
    """Put lines under the header, as the bytes of a file."""
    content = "\n".join((header, *lines, "")).encode()
    return io.BytesIO(gzip.compress(content) if zipped else content)


def load(*lines: str, name: str = "20261110_20261111.CDR", **more: object) -> CdrImport:
    """Import lines for the session's reseller."""
    return importing.run(file_of(*lines, **more), name, by=BY)  # type: ignore[arg-type]


def forget_charges() -> None:
    """Empty the ledger, so that calls alone make the sums of a test."""
    for model in (Charge, MonthlyFee, UsageDay):
        db.session.query(model).delete()


def hold_since_long_ago() -> None:
    """Let everybody have held the numbers of today for years."""
    held = update(DidAssignment).values(started_at=LONG_AGO)
    db.session.execute(held.execution_options(synchronize_session=False))


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
