"""Index the numbers of a DID Group with the numbers, so that a month's groups read no table."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.drop_index("ix_did_did_group_id", "did")
    op.create_index("ix_did_did_group_id", "did", ["reseller_id", "did_group_id", "number"])


def downgrade() -> None:
    op.drop_index("ix_did_did_group_id", "did")
    op.create_index("ix_did_did_group_id", "did", ["reseller_id", "did_group_id"])
