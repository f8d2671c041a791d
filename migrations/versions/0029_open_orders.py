"""Index a client's orders that are not done, in the order of its list."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

OPEN = sa.text("state IN ('pending', 'approved', 'failed')")


def upgrade() -> None:
    op.create_index(
        "ix_orders_client_open",
        "orders",
        ["reseller_id", "client_id", "submitted_at", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
        postgresql_include=["state"],
    )


def downgrade() -> None:
    op.drop_index("ix_orders_client_open", "orders")
