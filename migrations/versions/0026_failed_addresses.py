"""Find the 911 addresses in error without reading all that there are."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_index("ix_e911_record_status", "e911_record", ["reseller_id", "status"])


def downgrade() -> None:
    op.drop_index("ix_e911_record_status", "e911_record")
