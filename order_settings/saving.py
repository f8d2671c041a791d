"""Saving order settings: one version after the other, with who changed what; also copies."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

import audit
import policy
import tenancy
from catalog import Invalid
from extensions import db
from models import AuditEntry, Client, OrderSettings, OrderSettingsTier, Tier
from order_settings.values import Values, in_words, read, typed_of, values_of
from permissions import Actor

CHANGED = "order_settings.changed"


class Stale(Invalid):
    """Somebody saved other settings since these were read."""

    def __init__(self, who: str) -> None:
        super().__init__(
            {
                "": f"{who} saved other settings after you opened this page. Nothing of yours is "
                "saved yet. What differs stands below; save again to replace it."
            }
        )


def change(settings: OrderSettings, *, by: Actor, version: int | None = None, **typed: Any) -> bool:
    """Save what was typed; tell whether anything changed.

    ``version`` is the one that the person saw. Raises Invalid with a sentence a field, Stale when
    somebody saved another version meanwhile.
    """
    values = read(typed)
    if version is not None and version != settings.version:
        raise Stale(_last_saver(settings))
    before = values_of(settings)
    if before == values and settings.id is not None:
        return False
    is_new = settings.id is None
    _claim(settings)
    put(settings, values)
    said = in_words(before)
    changes = {
        label: [None if is_new else said[label], words]
        for label, words in in_words(values).items()
        if is_new or said[label] != words
    }
    audit.record(CHANGED, settings, by, **changes)
    return True


def copy(from_client: Client, to_client: Client, *, by: Actor) -> bool:
    """Give a client the settings of another; tell whether anything changed."""
    source = values_of(policy.settings_of(from_client))
    return change(policy.settings_of(to_client), by=by, **typed_of(source))


def defaults() -> OrderSettings:
    """Give what new clients of the reseller begin with: the row, or one that is not saved yet."""
    row = policy.defaults()
    if row is not None:
        return row
    every_tier = db.session.scalars(select(Tier).order_by(Tier.position, Tier.id)).all()
    columns = {column.key: _default(column) for column in OrderSettings.__table__.columns}
    del columns["id"]
    columns |= {"editable_services": list(policy.COMMON_SERVICES), "version": 0}
    return _with_tiers(OrderSettings(**columns), tuple(every_tier))


def trial(values: Values, client: Client | None = None) -> OrderSettings:
    """Make settings that are asked what they would allow and never saved."""
    settings = OrderSettings(
        reseller_id=tenancy.current(), client_id=client.id if client else None, **values.columns
    )
    return _with_tiers(settings, values.tiers)


def put(settings: OrderSettings, values: Values) -> None:
    """Write values into a row."""
    for name, value in values.columns.items():
        setattr(settings, name, value)
    db.session.flush()
    policy.allow_tiers(settings, values.tiers)


def _default(column: Any) -> Any:
    return column.default.arg if column.default is not None and column.default.is_scalar else None


def _with_tiers(settings: OrderSettings, tiers: tuple[Tier, ...]) -> OrderSettings:
    settings.tier_rows = [OrderSettingsTier(tier_id=tier.id) for tier in tiers]
    return settings


def _claim(settings: OrderSettings) -> None:
    """Make the next version this saving's own: of two at once, one stands."""
    if settings.id is None:
        settings.reseller_id, settings.version, settings.tier_rows = tenancy.current(), 1, []
        try:
            with db.session.begin_nested():
                db.session.add(settings)
        except IntegrityError as clash:
            raise Stale("Somebody") from clash
        return
    claimed: Any = db.session.execute(
        update(OrderSettings)
        .where(OrderSettings.id == settings.id, OrderSettings.version == settings.version)
        .values(version=OrderSettings.version + 1)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:
        raise Stale(_last_saver(settings))
    db.session.refresh(settings, ["version"])


def _last_saver(settings: OrderSettings) -> str:
    last = (
        select(AuditEntry.by_name)
        .where(AuditEntry.action == CHANGED, AuditEntry.object_id == settings.id)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return db.session.scalar(last) or "Somebody"
