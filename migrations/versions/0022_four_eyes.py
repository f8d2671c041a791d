"""Let a reseller demand that who asked for an order as a login does not approve it."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column(
        "reseller", sa.Column("four_eyes", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.execute("ALTER TABLE reseller DROP COLUMN four_eyes")
