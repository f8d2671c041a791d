"""Let several resellers claim a host name, and one have it: whoever proves it by DNS."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

PROVED = "ix_portal_settings_proved_host"


def upgrade() -> None:
    with op.batch_alter_table("portal_settings") as batch_op:
        batch_op.drop_constraint("uq_portal_settings_host_name", type_="unique")
    is_proved = sa.text("host_verified_at IS NOT NULL")
    op.create_index(
        PROVED,
        "portal_settings",
        ["host_name"],
        unique=True,
        sqlite_where=is_proved,
        postgresql_where=is_proved,
    )


def downgrade() -> None:
    op.drop_index(PROVED, "portal_settings")
    # Of several who claim a name, only who proved it can keep it; the others claim it again.
    op.execute(
        "UPDATE portal_settings SET host_name = NULL, host_token = NULL "
        "WHERE host_name IS NOT NULL AND host_verified_at IS NULL"
    )
    with op.batch_alter_table("portal_settings") as batch_op:
        batch_op.create_unique_constraint("uq_portal_settings_host_name", ["host_name"])
