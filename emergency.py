"""What staff do with 911 records without an order: sort them into groups, say who is told.

Addresses change by orders alone. Which numbers have no address is asked here too.
"""

from typing import Any

from sqlalchemy import and_, exists, func, select

import audit
import groups
from catalog import Invalid
from extensions import db
from models import Did, E911Group, E911Record
from permissions import Actor


def save(
    record: E911Record, *, by: Actor, group: E911Group | None, alert_emails: str | None
) -> bool:
    """Put a record into a 911 Group of its client, and set who is told; tell whether it changed.

    Raises Invalid with a sentence a field.
    """
    problems: dict[str, str] = {}
    emails = groups.read_alerts(alert_emails, problems)
    if record.removed_at is not None:
        problems[""] = "This address was removed, so nothing of it can be changed."
    if group is None or group.client_id != record.client_id:
        problems["e911_group_id"] = f"Choose a 911 Group of {record.client.name}."
    if problems or group is None:
        raise Invalid(problems)
    changes: dict[str, list[Any]] = {}
    if record.e911_group_id != group.id:
        before = record.e911_group.name if record.e911_group else None
        changes["e911_group"] = [before, group.name]
        record.e911_group_id, record.e911_group = group.id, group
    if list(record.alert_emails) != emails:
        changes["alert_emails"] = [list(record.alert_emails), emails]
        record.alert_emails = emails
    db.session.flush()
    if changes:
        audit.record("e911_record.changed", record, by, **changes)
    return bool(changes)


def uncovered() -> Any:
    """Say which numbers a client has without a 911 address on record."""
    has_record = exists().where(
        E911Record.reseller_id == Did.reseller_id,
        E911Record.number == Did.number,
        E911Record.removed_at.is_(None),
    )
    return and_(Did.client_id.is_not(None), ~has_record)


def lacks_record() -> Any:
    """Tell of each number of a short list whether it has no 911 address on record.

    For a column: PostgreSQL would answer ``uncovered`` by reading every record there is.
    """
    record = (
        select(E911Record.id)
        .where(
            E911Record.reseller_id == Did.reseller_id,
            E911Record.number == Did.number,
            E911Record.removed_at.is_(None),
        )
        .limit(1)
        .scalar_subquery()
    )
    return and_(Did.client_id.is_not(None), record.is_(None))


def count_uncovered(client_id: int | None = None) -> int:
    """Count the numbers without a 911 address: of a client, or of all."""
    return db.session.scalar(counted_uncovered(client_id)) or 0


def counted_uncovered(client_id: Any = None) -> Any:
    """Say how they are counted, for a statement that asks for more besides."""
    counted = select(func.count(Did.id)).where(uncovered())
    return counted if client_id is None else counted.where(Did.client_id == client_id)
