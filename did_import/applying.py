"""Writing an import: one transaction, in bunches, exactly what the preview said or nothing.

The caller commits. Who gets a number is written as ``carriers/inventory.give_did`` writes it, only
for many numbers at once.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

import audit
import charging
from columns import now
from database import locking
from did_import.bulk import among, insert_rows, update_rows
from did_import.deciding import Kind, Plan
from did_import.known import Known
from did_import.previewing import Summary, Tally, plans_of
from did_import.reading import Source
from extensions import db
from models import Did, DidAssignment, DidStatus, Reseller, Tier
from permissions import Actor


class Differs(Exception):
    """The inventory has changed since the preview, so the import would do something else now."""

    def __init__(self, summary: Summary) -> None:
        super().__init__("The inventory has changed since the preview.")
        self.summary = summary


def apply(
    source: Source,
    reseller: Reseller,
    *,
    by: Actor,
    create_tiers: bool = False,
    expected: str | None = None,
) -> Summary:
    """Carry out an import in the session's transaction and tell what it did.

    ``expected`` is the fingerprint of the preview that was confirmed. Raises Differs when the lines
    would come out otherwise now; the caller must then roll back.
    """
    # Two imports of one reseller wait for each other here, so that both cannot add a number.
    db.session.execute(locking(select(Reseller.id).where(Reseller.id == reseller.id)))
    known = Known(reseller, create_tiers)
    tally = Tally(source, known)
    for plans in plans_of(source, known, locks=True):
        chunk = []
        for plan in plans:
            tally.add(plan.line)
            if plan.line.kind in (Kind.ADDED, Kind.CHANGED):
                chunk.append(plan)
        _write(chunk, known)
    summary = tally.summary()
    if expected is not None and summary.fingerprint != expected:
        raise Differs(summary)
    charging.charge_due()
    _record(source, reseller, summary, by)
    return summary


def _record(source: Source, reseller: Reseller, summary: Summary, by: Actor) -> None:
    """Leave an audit entry, unless nothing was written."""
    if summary.writes:
        audit.record(
            "numbers_imported",
            reseller,
            by,
            file=source.name,
            **summary.counts,
            goes_to=summary.goes_to,
            new_tiers=summary.new_tiers,
            new_groups=summary.new_groups[:100],
        )


def _write(plans: list[Plan], known: Known) -> None:
    known.write_new()
    moment = now()
    new = [_columns(plan, moment) for plan in plans if plan.did_id is None]
    insert_rows(Did, new, known.reseller_id)
    update_rows([_columns(plan, moment) for plan in plans if plan.did_id is not None])
    _record_assignments([plan for plan in plans if plan.client], known.reseller_id, moment)


def _columns(plan: Plan, moment: datetime) -> dict[str, Any]:
    """Put together the columns of one number that are written, its groups' ids among them."""
    values = dict(plan.values)
    for column, thing in (
        ("tier_id", plan.tier),
        ("did_group_id", plan.group),
        ("endpoint_group_id", plan.endpoints),
    ):
        if thing is not None or plan.did_id is None:
            values[column] = thing.id if thing else None
    if plan.client is not None:
        values |= {"client_id": plan.client.client_id, "activated_at": moment}
        values["status"] = DidStatus.ACTIVE
    if plan.did_id is not None:
        return values | {"id": plan.did_id}
    new = {"status": DidStatus.AVAILABLE, "client_id": None, "activated_at": None}
    return new | {"created_at": moment} | values


def _record_assignments(plans: list[Plan], reseller_id: int, moment: datetime) -> None:
    if not plans:
        return
    found = db.session.execute(
        select(
            Did.number,
            Did.id,
            Did.client_id,
            func.coalesce(Did.monthly_micros, Tier.monthly_micros),
            func.coalesce(Did.setup_micros, Tier.setup_micros),
            Tier.cost_monthly_micros,
        )
        .join(Did.tier)
        .where(among(Did.number, [plan.line.number for plan in plans]))
    )
    rows, fees = [], []
    for number, did_id, client_id, monthly, setup, cost in found:
        shared = {"number": number, "client_id": client_id, "monthly_micros": monthly}
        rows.append({**shared, "did_id": did_id, "setup_micros": setup, "started_at": moment})
        fees.append({**shared, "cost_monthly_micros": cost})
    insert_rows(DidAssignment, rows, reseller_id)
    charging.begin_many(fees)
