"""Taking back what was written of a call file that is refused after all, bunch by bunch."""

import time
from typing import Any

from sqlalchemy import delete, select, update

import rollup
import tenancy
from columns import now
from extensions import db
from models import Call, CdrImport, CdrReject
from usage.leases import LEASE
from usage.receiving import refuse

AT_ONCE = 5_000
COUNTS = ("lines", "added", "repeated", "bad", "unassigned")
SUMMED = ("day", "client_id", "number", "kind", "billed_seconds", "cost_micros", "price_micros")


def take_back(import_id: int, until: float) -> bool:
    """Delete an import's calls and their share of the sums; commits. True when none is left.

    Its row says why it is refused. A month that was closed meanwhile keeps what it has.
    """
    while _take_some(import_id):
        if time.monotonic() >= until:
            return False
    row = db.session.get_one(CdrImport, import_id)
    gone = delete(CdrReject).where(CdrReject.cdr_import_id == import_id)
    db.session.execute(gone.execution_options(synchronize_session=False))
    for name in COUNTS:
        setattr(row, name, 0)
    refuse(import_id, row.problem or "")
    return True


def _take_some(import_id: int) -> bool:
    tenant = tenancy.current()
    first_open = rollup.open_from(tenant, lock=True)
    some = select(Call.id, *(getattr(Call, name) for name in SUMMED)).where(
        Call.cdr_import_id == import_id, Call.day >= first_open
    )
    # Locked, so that nobody prices them anew in the meantime.
    some = some.order_by(Call.id).limit(AT_ONCE).with_for_update()
    calls: list[Any] = list(db.session.execute(some).mappings())
    if calls:
        touched = rollup.add_up((), tenant, less=calls)
        rollup.drop_empty(touched)
        gone = delete(Call).where(Call.id.in_([call["id"] for call in calls]))
        db.session.execute(gone.execution_options(synchronize_session=False))
    lease = update(CdrImport).where(CdrImport.id == import_id)
    db.session.execute(
        lease.values(leased_until=now() + LEASE).execution_options(synchronize_session=False)
    )
    db.session.commit()
    return bool(calls)
