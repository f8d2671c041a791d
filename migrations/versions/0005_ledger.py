"""Make room for charges, closed months, call files in pieces, and what clients say of numbers.

What runs month by month already is taken over into ``monthly_fee``; it is charged from the month on
in which the first charge is made, never backwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

CALLS = ("inbound", "outbound", "toll_free", "message", "e911")
CHARGES = ("monthly", "setup", "adjustment")
OLD_KEY = ["rate_plan_id", "kind", "prefix", "starts_on"]

TAKE_OVER = (
    """
    INSERT INTO monthly_fee (reseller_id, client_id, number, subject, monthly_micros,
                             cost_monthly_micros, started_on)
    SELECT held.reseller_id, held.client_id, held.number, 'did', held.monthly_micros,
           tier.cost_monthly_micros, CAST(substr(CAST(held.started_at AS TEXT), 1, 10) AS DATE_)
    FROM did_assignment AS held
    JOIN did ON did.id = held.did_id
    JOIN tier ON tier.id = did.tier_id
    WHERE held.ended_at IS NULL AND (held.monthly_micros <> 0 OR tier.cost_monthly_micros <> 0)
    """,
    """
    INSERT INTO monthly_fee (reseller_id, client_id, number, subject, monthly_micros,
                             cost_monthly_micros, started_on)
    SELECT did.reseller_id, did.client_id, did.number, did_service.service,
           did_service.monthly_micros, 0, CAST(substr(CAST(did_service.since AS TEXT), 1, 10) AS DATE_)
    FROM did_service JOIN did ON did.id = did_service.did_id
    WHERE did.client_id IS NOT NULL AND did_service.monthly_micros <> 0
    """,
    """
    INSERT INTO monthly_fee (reseller_id, client_id, number, subject, monthly_micros,
                             cost_monthly_micros, started_on)
    SELECT record.reseller_id, record.client_id, record.number, 'e911', price.monthly_micros, 0,
           CAST(substr(CAST(record.activated_at AS TEXT), 1, 10) AS DATE_)
    FROM e911_record AS record
    JOIN service_price AS price
      ON price.reseller_id = record.reseller_id AND price.service = 'e911'
    WHERE record.removed_at IS NULL AND record.activated_at IS NOT NULL
      AND price.monthly_micros <> 0
    """,
    """
    INSERT INTO endpoint_assignment (reseller_id, host, client_id, started_at)
    SELECT DISTINCT endpoint.reseller_id, endpoint.host, held.client_id, CURRENT_TIMESTAMP
    FROM endpoint JOIN endpoint_group AS held ON held.id = endpoint.endpoint_group_id
    WHERE held.client_id IS NOT NULL
    """,
)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _rates(key: list[str], before: list[str]) -> None:
    """Change what makes a rate unique."""
    with op.batch_alter_table("rate") as table:
        table.drop_constraint("uq_rate_" + "_".join(before), type_="unique")
        if "tier" in key:
            table.add_column(
                sa.Column("tier", sa.String(length=20), server_default="", nullable=False)
            )
            table.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        else:
            table.drop_column("ends_on")
            table.drop_column("tier")
        table.create_unique_constraint("uq_rate_" + "_".join(key), key)


def _kinds(kinds: tuple[str, ...]) -> None:
    """Change which kinds a daily sum may have."""
    known = ", ".join(f"'{kind}'" for kind in kinds)
    name = op.f("ck_usage_day_usage_kind")
    with op.batch_alter_table("usage_day") as table:
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, f"kind IN ({known})")


def upgrade() -> None:
    op.create_table(
        "cdr_profile",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("time_format", sa.String(length=40), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_cdr_profile_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cdr_profile")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_cdr_profile_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "key", name=op.f("uq_cdr_profile_reseller_id_key")),
    )
    op.create_table(
        "cdr_import_part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "cdr_import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "cdr_import_id"],
            ["cdr_import.reseller_id", "cdr_import.id"],
            name=op.f("fk_cdr_import_part_reseller_id_cdr_import_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_cdr_import_part_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cdr_import_part")),
        sa.UniqueConstraint(
            "cdr_import_id", "position", name=op.f("uq_cdr_import_part_cdr_import_id_position")
        ),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_cdr_import_part_reseller_id_id")),
    )
    op.create_table(
        "endpoint_assignment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_endpoint_assignment_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_endpoint_assignment_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint_assignment")),
        sa.UniqueConstraint(
            "reseller_id", "id", name=op.f("uq_endpoint_assignment_reseller_id_id")
        ),
    )
    with op.batch_alter_table("endpoint_assignment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_endpoint_assignment_host", ["reseller_id", "host", "started_at"], unique=False
        )

    op.create_table(
        "spend_alert",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("amount_micros", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("emails", sa.JSON(), nullable=False),
        sa.Column("sent_month", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "(amount_micros IS NULL) <> (percent IS NULL)", name=op.f("ck_spend_alert_one_limit")
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_spend_alert_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_spend_alert_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spend_alert")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_spend_alert_reseller_id_id")),
    )
    op.create_table(
        "monthly_fee",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("cost_monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_monthly_fee_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "order_id"],
            ["orders.reseller_id", "orders.id"],
            name=op.f("fk_monthly_fee_reseller_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_monthly_fee_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_fee")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_monthly_fee_reseller_id_id")),
    )
    with op.batch_alter_table("monthly_fee", schema=None) as batch_op:
        batch_op.create_index("ix_monthly_fee_ended_on", ["reseller_id", "ended_on"], unique=False)
        batch_op.create_index(
            "uq_monthly_fee_running",
            ["reseller_id", "client_id", "number", "subject"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )

    op.create_table(
        "charge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "monthly",
                "setup",
                "adjustment",
                name="chargekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("price_micros", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "monthly_fee_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_charge_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "monthly_fee_id"],
            ["monthly_fee.reseller_id", "monthly_fee.id"],
            name=op.f("fk_charge_reseller_id_monthly_fee_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "order_id"],
            ["orders.reseller_id", "orders.id"],
            name=op.f("fk_charge_reseller_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_charge_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_charge_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_charge_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "key", name=op.f("uq_charge_reseller_id_key")),
    )
    with op.batch_alter_table("charge", schema=None) as batch_op:
        batch_op.create_index("ix_charge_client", ["reseller_id", "client_id", "day"], unique=False)

    with op.batch_alter_table("call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("carried_by", sa.String(length=45), nullable=True))

    with op.batch_alter_table("cdr_import", schema=None) as batch_op:
        batch_op.add_column(sa.Column("header", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("read_bytes", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("did", schema=None) as batch_op:
        batch_op.add_column(sa.Column("client_label", sa.String(length=80), nullable=True))

    with op.batch_alter_table("e911_record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entered", sa.JSON(), nullable=True))

    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pending_email", sa.String(length=254), nullable=True))

    _rates(["rate_plan_id", "kind", "prefix", "tier", "starts_on"], OLD_KEY)
    _kinds(CALLS + CHARGES)
    with op.batch_alter_table("reseller", schema=None) as batch_op:
        batch_op.add_column(sa.Column("closed_through", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("statement_day", sa.Integer(), nullable=True))
    for statement in TAKE_OVER:
        op.execute(statement.replace("DATE_", "TEXT" if _is_sqlite() else "DATE"))


def downgrade() -> None:
    op.execute("ALTER TABLE reseller DROP COLUMN statement_day")
    op.execute("ALTER TABLE reseller DROP COLUMN closed_through")

    op.execute("DELETE FROM usage_day WHERE kind IN ('monthly', 'setup', 'adjustment')")
    _kinds(CALLS)
    _rates(OLD_KEY, ["rate_plan_id", "kind", "prefix", "tier", "starts_on"])
    op.execute("ALTER TABLE login DROP COLUMN pending_email")

    op.execute("ALTER TABLE e911_record DROP COLUMN entered")

    op.execute("ALTER TABLE did DROP COLUMN client_label")

    op.execute("ALTER TABLE cdr_import DROP COLUMN leased_until")
    op.execute("ALTER TABLE cdr_import DROP COLUMN read_bytes")
    op.execute("ALTER TABLE cdr_import DROP COLUMN size_bytes")
    op.execute("ALTER TABLE cdr_import DROP COLUMN header")

    op.execute("ALTER TABLE call DROP COLUMN carried_by")

    op.drop_table("charge")
    op.drop_table("monthly_fee")
    op.drop_table("spend_alert")
    op.drop_table("endpoint_assignment")
    op.drop_table("cdr_import_part")
    op.drop_table("cdr_profile")
