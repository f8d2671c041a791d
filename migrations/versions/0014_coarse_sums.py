"""Keep what each client used by day and by month, so that pages need not add numbers up."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = (
    *("inbound", "outbound", "toll_free", "message", "e911"),
    *("monthly", "setup", "adjustment"),
)
SUMS = ("calls", "billed_seconds", "cost_micros", "price_micros")


def _create(table: str, when: str) -> None:
    kind = sa.Enum(*KINDS, name="usage_kind", native_enum=False, create_constraint=True, length=24)
    op.create_table(
        table,
        sa.Column(when, sa.Date(), nullable=False),
        sa.Column("reseller_id", KEY, nullable=False),
        sa.Column("owner", KEY, nullable=False),
        sa.Column("kind", kind, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f(f"fk_{table}_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("reseller_id", when, "owner", "kind", name=op.f(f"pk_{table}")),
        sqlite_with_rowid=False,
    )
    op.create_index(f"ix_{table}_owner", table, ["reseller_id", "owner", when])


def _fill(table: str, when: str, expression: str) -> None:
    sums = ", ".join(f"sum({name})" for name in SUMS)
    op.execute(
        f"INSERT INTO {table} (reseller_id, {when}, owner, kind, {', '.join(SUMS)}) "
        f"SELECT reseller_id, {expression}, owner, kind, {sums} FROM usage_day GROUP BY 1, 2, 3, 4"
    )


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    _create("usage_client_day", "day")
    _fill("usage_client_day", "day", "day")
    _create("usage_client_month", "month")
    first = "strftime('%Y-%m-01', day)" if is_sqlite else "date_trunc('month', day)::date"
    _fill("usage_client_month", "month", first)


def downgrade() -> None:
    op.drop_table("usage_client_month")
    op.drop_table("usage_client_day")
