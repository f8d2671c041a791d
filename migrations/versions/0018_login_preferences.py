"""Let a login say how its screen behaves: single keys, and the first steps."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("login", sa.Column("preferences", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.execute("ALTER TABLE login DROP COLUMN preferences")
