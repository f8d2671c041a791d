"""Let a client keep the numbers of its basket for a while, before it orders them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("did", sa.Column("kept_for_id", ID, nullable=True))
    op.add_column("did", sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_did_kept_for_id", "did", ["kept_for_id"])


def downgrade() -> None:
    op.drop_index("ix_did_kept_for_id", table_name="did")
    op.execute("ALTER TABLE did DROP COLUMN kept_until")
    op.execute("ALTER TABLE did DROP COLUMN kept_for_id")
