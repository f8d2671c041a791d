"""Keep what all clients used by day, and index free numbers and who holds which now."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = (
    *("inbound", "outbound", "toll_free", "message", "e911"),
    *("monthly", "setup", "adjustment"),
)
SUMS = ("calls", "billed_seconds", "cost_micros", "price_micros")
FREE = sa.text("status = 'available' AND client_id IS NULL")
LIVE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    kind = sa.Enum(*KINDS, name="usage_kind", native_enum=False, create_constraint=True, length=24)
    op.create_table(
        "usage_all_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reseller_id", KEY, nullable=False),
        sa.Column("kind", kind, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_usage_all_day_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("reseller_id", "day", "kind", name=op.f("pk_usage_all_day")),
        sqlite_with_rowid=False,
    )
    sums = ", ".join(f"sum({name})" for name in SUMS)
    op.execute(
        f"INSERT INTO usage_all_day (reseller_id, day, kind, {', '.join(SUMS)}) "
        f"SELECT reseller_id, day, kind, {sums} FROM usage_client_day GROUP BY 1, 2, 3"
    )
    op.create_index(
        "ix_did_free",
        "did",
        ["reseller_id", "client_id", "status"],
        sqlite_where=FREE,
        postgresql_where=FREE,
    )
    op.create_index(
        "ix_did_assignment_client_id",
        "did_assignment",
        ["reseller_id", "client_id"],
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )


def downgrade() -> None:
    op.drop_index("ix_did_assignment_client_id", table_name="did_assignment")
    op.drop_index("ix_did_free", table_name="did")
    op.drop_table("usage_all_day")
