"""Index what pages count and add up, so that no table is read for it."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

HELD = sa.text("ended_at IS NULL")
LIVE = sa.text("removed_at IS NULL")
PENDING = sa.text("state = 'pending'")
DECIDED = sa.text("state != 'pending'")


def upgrade() -> None:
    op.drop_index("ix_did_client_id", "did")
    columns = ["reseller_id", "client_id", "number"]
    op.create_index("ix_did_client_id", "did", columns, postgresql_include=["id"])
    held_by(["reseller_id", "client_id", "monthly_micros"])
    op.drop_index("ix_orders_decided", "orders")
    op.create_index(
        "ix_orders_decided",
        "orders",
        ["reseller_id", "decided_at", "id"],
        sqlite_where=DECIDED,
        postgresql_where=DECIDED,
    )
    op.create_index(
        "ix_orders_client_pending",
        "orders",
        ["reseller_id", "client_id"],
        sqlite_where=PENDING,
        postgresql_where=PENDING,
        postgresql_include=["id"],
    )
    op.create_index(
        "ix_e911_record_client_live",
        "e911_record",
        ["reseller_id", "client_id"],
        sqlite_where=LIVE,
        postgresql_where=LIVE,
        postgresql_include=["id"],
    )


def downgrade() -> None:
    op.drop_index("ix_e911_record_client_live", "e911_record")
    op.drop_index("ix_orders_client_pending", "orders")
    op.drop_index("ix_orders_decided", "orders")
    op.create_index("ix_orders_decided", "orders", ["reseller_id", "decided_at"])
    held_by(["reseller_id", "client_id"])
    op.drop_index("ix_did_client_id", "did")
    op.create_index("ix_did_client_id", "did", ["reseller_id", "client_id", "number"])


def held_by(columns: list[str]) -> None:
    op.drop_index("ix_did_assignment_client_id", "did_assignment")
    op.create_index(
        "ix_did_assignment_client_id",
        "did_assignment",
        columns,
        sqlite_where=HELD,
        postgresql_where=HELD,
    )
