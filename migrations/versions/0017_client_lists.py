"""Index what the portal's lists look for: a client's labels, and its orders by their decision."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

LABELLED = sa.text("label IS NOT NULL OR client_label IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_did_labelled",
        "did",
        ["reseller_id", "client_id"],
        sqlite_where=LABELLED,
        postgresql_where=LABELLED,
    )
    op.create_index(
        "ix_orders_client_decided", "orders", ["reseller_id", "client_id", "decided_at"]
    )


def downgrade() -> None:
    op.drop_index("ix_orders_client_decided", "orders")
    op.drop_index("ix_did_labelled", "did")
