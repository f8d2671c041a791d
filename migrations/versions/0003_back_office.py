"""Make room for the second factor, impersonation, notes, canned reasons and settings by default."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "port_reason",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_port_reason_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_port_reason")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_port_reason_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "text", name=op.f("uq_port_reason_reseller_id_text")),
    )
    op.create_table(
        "reject_reason",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_reject_reason_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reject_reason")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_reject_reason_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "text", name=op.f("uq_reject_reason_reseller_id_text")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("login_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "(staff_id IS NULL) <> (login_id IS NULL)", name=op.f("ck_recovery_code_one_person")
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_recovery_code_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_recovery_code_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_recovery_code_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_recovery_code_reseller_id_id")),
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_handover_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "session_id"],
            ["web_session.reseller_id", "web_session.id"],
            name=op.f("fk_handover_reseller_id_session_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_handover_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_handover_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_handover_code_hash")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_handover_reseller_id_id")),
    )
    op.create_table(
        "order_note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("login_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_order_note_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "order_id"],
            ["orders.reseller_id", "orders.id"],
            name=op.f("fk_order_note_reseller_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_order_note_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_order_note_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_note")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_order_note_reseller_id_id")),
    )
    with op.batch_alter_table("order_note") as batch_op:
        batch_op.create_index("ix_order_note_order_id", ["reseller_id", "order_id"], unique=False)

    with op.batch_alter_table("login") as batch_op:
        batch_op.add_column(
            sa.Column("wants_order_mail", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch_op.add_column(sa.Column("totp_secret", sa.String(length=255), nullable=True))
        batch_op.add_column(
            sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("totp_last_step", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("order_settings") as batch_op:
        batch_op.alter_column(
            "client_id",
            existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
        )
        batch_op.create_index(
            "uq_order_settings_defaults",
            ["reseller_id"],
            unique=True,
            sqlite_where=sa.text("client_id IS NULL"),
            postgresql_where=sa.text("client_id IS NULL"),
        )

    with op.batch_alter_table("portal_settings") as batch_op:
        batch_op.add_column(sa.Column("accent_colour", sa.String(length=7), nullable=True))

    with op.batch_alter_table("reseller") as batch_op:
        batch_op.add_column(
            sa.Column("require_two_factor", sa.Boolean(), server_default=sa.false(), nullable=False)
        )

    with op.batch_alter_table("staff") as batch_op:
        batch_op.add_column(sa.Column("totp_secret", sa.String(length=255), nullable=True))
        batch_op.add_column(
            sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("preferences", sa.JSON(), server_default="{}", nullable=False)
        )

    with op.batch_alter_table("web_session") as batch_op:
        batch_op.add_column(
            sa.Column(
                "parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("web_session") as batch_op:
        batch_op.drop_column("parent_id")

    with op.batch_alter_table("staff") as batch_op:
        batch_op.drop_column("preferences")
        batch_op.drop_column("totp_last_step")
        batch_op.drop_column("totp_confirmed_at")
        batch_op.drop_column("totp_secret")

    with op.batch_alter_table("reseller") as batch_op:
        batch_op.drop_column("require_two_factor")

    with op.batch_alter_table("portal_settings") as batch_op:
        batch_op.drop_column("accent_colour")

    op.execute(
        "DELETE FROM order_settings_tier WHERE order_settings_id IN (SELECT id FROM order_settings WHERE client_id IS NULL)"
    )
    op.execute("DELETE FROM order_settings WHERE client_id IS NULL")
    with op.batch_alter_table("order_settings") as batch_op:
        batch_op.drop_index(
            "uq_order_settings_defaults",
            sqlite_where=sa.text("client_id IS NULL"),
            postgresql_where=sa.text("client_id IS NULL"),
        )
        batch_op.alter_column(
            "client_id",
            existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        )

    with op.batch_alter_table("login") as batch_op:
        batch_op.drop_column("totp_last_step")
        batch_op.drop_column("totp_confirmed_at")
        batch_op.drop_column("totp_secret")
        batch_op.drop_column("wants_order_mail")

    with op.batch_alter_table("order_note") as batch_op:
        batch_op.drop_index("ix_order_note_order_id")

    op.drop_table("order_note")
    op.drop_table("handover")
    op.drop_table("recovery_code")
    op.drop_table("reject_reason")
    op.drop_table("port_reason")
