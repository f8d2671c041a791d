"""Keep the queue of orders in the order in which it is worked through: urgent first, then oldest."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

NAME = "ix_orders_queue"


def upgrade() -> None:
    op.drop_index(NAME, "orders")
    op.create_index(
        NAME, "orders", ["reseller_id", "state", sa.text("is_urgent DESC"), "submitted_at"]
    )


def downgrade() -> None:
    op.drop_index(NAME, "orders")
    op.create_index(NAME, "orders", ["reseller_id", "state", "is_urgent", "submitted_at"])
