"""Make room for calls, their prices, and what they add up to by day."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "rate_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("markup_basis_points", sa.Integer(), nullable=False),
        sa.Column("markup_fixed_micros", sa.BigInteger(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_rate_plan_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_plan")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_rate_plan_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "name", name=op.f("uq_rate_plan_reseller_id_name")),
    )
    op.create_table(
        "cdr_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "refused",
                name="importstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("unassigned", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_cdr_import_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_cdr_import_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cdr_import")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_cdr_import_reseller_id_id")),
    )
    with op.batch_alter_table("cdr_import") as batch_op:
        batch_op.create_index("ix_cdr_import_digest", ["reseller_id", "digest"], unique=False)

    op.create_table(
        "rate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "rate_plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "inbound",
                "outbound",
                "toll_free",
                "message",
                "e911",
                name="rate_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("minute_micros", sa.BigInteger(), nullable=False),
        sa.Column("unit_micros", sa.BigInteger(), nullable=False),
        sa.Column("minimum_seconds", sa.Integer(), nullable=False),
        sa.Column("increment_seconds", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "minimum_seconds >= 0 AND increment_seconds >= 1", name=op.f("ck_rate_steps")
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "rate_plan_id"],
            ["rate_plan.reseller_id", "rate_plan.id"],
            name=op.f("fk_rate_reseller_id_rate_plan_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["reseller.id"], name=op.f("fk_rate_reseller_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate")),
        sa.UniqueConstraint(
            "rate_plan_id",
            "kind",
            "prefix",
            "starts_on",
            name=op.f("uq_rate_rate_plan_id_kind_prefix_starts_on"),
        ),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_rate_reseller_id_id")),
    )
    op.create_table(
        "call",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "cdr_import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "inbound",
                "outbound",
                "toll_free",
                "message",
                "e911",
                name="callkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("far_end", sa.String(length=40), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("billed_seconds", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "cdr_import_id"],
            ["cdr_import.reseller_id", "cdr_import.id"],
            name=op.f("fk_call_reseller_id_cdr_import_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_call_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["reseller.id"], name=op.f("fk_call_reseller_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_call_reseller_id_id")),
        sa.UniqueConstraint(
            "reseller_id",
            "source",
            "transaction_id",
            name=op.f("uq_call_reseller_id_source_transaction_id"),
        ),
    )
    with op.batch_alter_table("call") as batch_op:
        batch_op.create_index(
            "ix_call_client", ["reseller_id", "client_id", "started_at"], unique=False
        )
        batch_op.create_index(
            "ix_call_number", ["reseller_id", "number", "started_at"], unique=False
        )

    op.create_table(
        "cdr_reject",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "cdr_import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "cdr_import_id"],
            ["cdr_import.reseller_id", "cdr_import.id"],
            name=op.f("fk_cdr_reject_reseller_id_cdr_import_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_cdr_reject_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cdr_reject")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_cdr_reject_reseller_id_id")),
    )
    op.create_table(
        "usage_day",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("owner", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "inbound",
                "outbound",
                "toll_free",
                "message",
                "e911",
                name="usage_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("billed_seconds", sa.Integer(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("owner = coalesce(client_id, 0)", name=op.f("ck_usage_day_owner")),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_usage_day_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_usage_day_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_day")),
        sa.UniqueConstraint(
            "reseller_id",
            "day",
            "owner",
            "number",
            "kind",
            name=op.f("uq_usage_day_reseller_id_day_owner_number_kind"),
        ),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_usage_day_reseller_id_id")),
    )
    with op.batch_alter_table("usage_day") as batch_op:
        batch_op.create_index(
            "ix_usage_day_client", ["reseller_id", "client_id", "day"], unique=False
        )

    with op.batch_alter_table("client") as batch_op:
        batch_op.add_column(
            sa.Column(
                "rate_plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_client_reseller_id_rate_plan_id"),
            "rate_plan",
            ["reseller_id", "rate_plan_id"],
            ["reseller_id", "id"],
            ondelete="RESTRICT",
        )


def downgrade() -> None:
    with op.batch_alter_table("client") as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_client_reseller_id_rate_plan_id"), type_="foreignkey"
        )
        batch_op.drop_column("rate_plan_id")

    with op.batch_alter_table("usage_day") as batch_op:
        batch_op.drop_index("ix_usage_day_client")

    op.drop_table("usage_day")
    op.drop_table("cdr_reject")
    with op.batch_alter_table("call") as batch_op:
        batch_op.drop_index("ix_call_number")
        batch_op.drop_index("ix_call_client")

    op.drop_table("call")
    op.drop_table("rate")
    with op.batch_alter_table("cdr_import") as batch_op:
        batch_op.drop_index("ix_cdr_import_digest")

    op.drop_table("cdr_import")
    op.drop_table("rate_plan")
