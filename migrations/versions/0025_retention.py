"""Let a reseller say how long mails' texts and ended sign-ins are kept; at first for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("reseller", sa.Column("keep_mail_months", sa.Integer(), nullable=True))
    op.add_column("reseller", sa.Column("keep_session_months", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE reseller DROP COLUMN keep_session_months")
    op.execute("ALTER TABLE reseller DROP COLUMN keep_mail_months")
