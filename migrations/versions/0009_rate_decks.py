"""Make room for decks of rates, for pricing calls again, and for the plan of new clients."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = ("inbound", "outbound", "toll_free", "message", "e911")
STATES = ("comparing", "ready", "writing", "done")


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def _owned(table: str, *references: str) -> list[sa.Constraint]:
    """List the constraints of a table of a reseller, with what it refers to."""
    made: list[sa.Constraint] = [
        sa.ForeignKeyConstraint(
            ["reseller_id", f"{target}_id"],
            [f"{target}.reseller_id", f"{target}.id"],
            name=op.f(f"fk_{table}_reseller_id_{target}_id"),
            ondelete="RESTRICT",
        )
        for target in references
    ]
    return [
        *made,
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f(f"fk_{table}_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f(f"uq_{table}_reseller_id_id")),
    ]


def upgrade() -> None:
    op.add_column(
        "rate_plan",
        sa.Column("is_for_new", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index(
        "uq_rate_plan_for_new",
        "rate_plan",
        ["reseller_id"],
        unique=True,
        sqlite_where=sa.text("is_for_new"),
        postgresql_where=sa.text("is_for_new"),
    )
    op.create_table(
        "rate_deck",
        sa.Column("id", KEY, nullable=False),
        sa.Column("rate_plan_id", KEY, nullable=False),
        sa.Column("staff_id", KEY, nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kind", _choice(KINDS, "deck_kind"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("without_one", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reseller_id", KEY, nullable=False),
        *_owned("rate_deck", "rate_plan", "staff"),
    )
    op.create_table(
        "rerating",
        sa.Column("id", KEY, nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("client_id", KEY, nullable=True),
        sa.Column("staff_id", KEY, nullable=True),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("state", _choice(STATES, "reratestate"), nullable=False),
        sa.Column("after_id", KEY, nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reseller_id", KEY, nullable=False),
        *_owned("rerating", "client", "staff"),
    )


def downgrade() -> None:
    op.drop_table("rerating")
    op.drop_table("rate_deck")
    op.drop_index("uq_rate_plan_for_new", "rate_plan")
    with op.batch_alter_table("rate_plan") as table:
        table.drop_column("is_for_new")
