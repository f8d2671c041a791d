"""Give emergency addresses a floor, and a reseller the name of its address validator."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("e911_record", sa.Column("floor", sa.String(length=20), nullable=True))
    op.add_column(
        "reseller",
        sa.Column(
            "address_validator", sa.String(length=40), server_default="embedded", nullable=False
        ),
    )


def downgrade() -> None:
    op.execute("ALTER TABLE e911_record DROP COLUMN floor")
    op.execute("ALTER TABLE reseller DROP COLUMN address_validator")
