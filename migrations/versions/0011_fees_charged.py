"""Keep how far the monthly fees are charged, so that no month is passed over."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("reseller", sa.Column("fees_charged_through", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("reseller") as table:
        table.drop_column("fees_charged_through")
