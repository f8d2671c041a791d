"""Make all the tables of the domain."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "reseller",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("carrier", sa.String(length=40), nullable=False),
        sa.Column("hold_hours", sa.Integer(), nullable=False),
        sa.Column("last_order_number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reseller")),
        sa.UniqueConstraint("slug", name=op.f("uq_reseller_slug")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_hash", sa.String(length=64), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_failure_account", ["account_hash", "at"], unique=False)
        batch_op.create_index("ix_sign_in_failure_ip", ["ip", "at"], unique=False)

    op.create_table(
        "client",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("account_ref", sa.String(length=40), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "suspended",
                "closed",
                name="clientstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("contact_name", sa.String(length=120), nullable=True),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("contact_phone", sa.String(length=32), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_client_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client")),
        sa.UniqueConstraint(
            "reseller_id", "account_ref", name=op.f("uq_client_reseller_id_account_ref")
        ),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_client_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "name", name=op.f("uq_client_reseller_id_name")),
    )
    op.create_table(
        "port_status",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("bucket", sa.String(length=12), nullable=False),
        sa.Column("client_text", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("bucket IN ('active', 'completed')", name=op.f("ck_port_status_bucket")),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_port_status_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_port_status")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_port_status_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "key", name=op.f("uq_port_status_reseller_id_key")),
    )
    op.create_table(
        "portal_settings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_name", sa.String(length=120), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_type", sa.String(length=32), nullable=True),
        sa.Column("brand_colour", sa.String(length=7), nullable=False),
        sa.Column("support_email", sa.String(length=254), nullable=True),
        sa.Column("support_phone", sa.String(length=32), nullable=True),
        sa.Column("support_hours", sa.String(length=120), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("help_url", sa.String(length=500), nullable=True),
        sa.Column("terms_url", sa.String(length=500), nullable=True),
        sa.Column("privacy_url", sa.String(length=500), nullable=True),
        sa.Column("host_name", sa.String(length=253), nullable=True),
        sa.Column("host_token", sa.String(length=64), nullable=True),
        sa.Column("host_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_from_name", sa.String(length=120), nullable=True),
        sa.Column("mail_reply_to", sa.String(length=254), nullable=True),
        sa.Column("mail_footer", sa.Text(), nullable=True),
        sa.Column("hide_prices", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_portal_settings_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_settings")),
        sa.UniqueConstraint("host_name", name=op.f("uq_portal_settings_host_name")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_portal_settings_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", name=op.f("uq_portal_settings_reseller_id")),
    )
    op.create_table(
        "service_price",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("setup_micros", sa.BigInteger(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_service_price_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_price")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_service_price_reseller_id_id")),
        sa.UniqueConstraint(
            "reseller_id", "service", name=op.f("uq_service_price_reseller_id_service")
        ),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "owner",
                "approver",
                "support",
                "billing",
                "viewer",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "invited",
                "active",
                "disabled",
                name="accountstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("wants_order_mail", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["reseller.id"], name=op.f("fk_staff_reseller_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_staff_reseller_id_id")),
    )
    op.create_table(
        "tier",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("setup_micros", sa.BigInteger(), nullable=False),
        sa.Column("cost_monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("cost_setup_micros", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["reseller.id"], name=op.f("fk_tier_reseller_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_tier_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "label", name=op.f("uq_tier_reseller_id_label")),
    )
    op.create_table(
        "did_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_did_group_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_did_group_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_did_group")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_did_group_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "name", name=op.f("uq_did_group_reseller_id_name")),
    )
    with op.batch_alter_table("did_group", schema=None) as batch_op:
        batch_op.create_index("ix_did_group_client_id", ["reseller_id", "client_id"], unique=False)

    op.create_table(
        "did_import",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_did_import_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_did_import_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_did_import")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_did_import_reseller_id_id")),
    )
    op.create_table(
        "e911_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("alert_emails", sa.JSON(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_e911_group_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_e911_group_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_e911_group")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_e911_group_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "name", name=op.f("uq_e911_group_reseller_id_name")),
    )
    with op.batch_alter_table("e911_group", schema=None) as batch_op:
        batch_op.create_index("ix_e911_group_client_id", ["reseller_id", "client_id"], unique=False)

    op.create_table(
        "endpoint_group",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("digits", sa.String(length=4), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("digits IN ('10', '11', 'e164')", name=op.f("ck_endpoint_group_digits")),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_endpoint_group_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_endpoint_group_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint_group")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_endpoint_group_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "name", name=op.f("uq_endpoint_group_reseller_id_name")),
    )
    with op.batch_alter_table("endpoint_group", schema=None) as batch_op:
        batch_op.create_index(
            "ix_endpoint_group_client_id", ["reseller_id", "client_id"], unique=False
        )

    op.create_table(
        "login",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "invited",
                "active",
                "disabled",
                name="accountstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("allow_order_requests", sa.Boolean(), nullable=False),
        sa.Column("is_administrator", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_login_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["reseller.id"], name=op.f("fk_login_reseller_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login")),
        sa.UniqueConstraint("reseller_id", "email", name=op.f("uq_login_reseller_id_email")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_login_reseller_id_id")),
    )
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.create_index("ix_login_client_id", ["reseller_id", "client_id"], unique=False)

    op.create_table(
        "order_settings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("did_ordering", sa.Boolean(), nullable=False),
        sa.Column("e911_provisioning", sa.Boolean(), nullable=False),
        sa.Column("editable_services", sa.JSON(), nullable=False),
        sa.Column(
            "require_t38",
            sa.Enum(
                "any",
                "required",
                "forbidden",
                name="require_t38",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "require_cnam",
            sa.Enum(
                "any",
                "required",
                "forbidden",
                name="require_cnam",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "require_sms",
            sa.Enum(
                "any",
                "required",
                "forbidden",
                name="require_sms",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "require_local",
            sa.Enum(
                "any",
                "required",
                "forbidden",
                name="require_local",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "require_toll_free",
            sa.Enum(
                "any",
                "required",
                "forbidden",
                name="require_toll_free",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("auto_approve_call_forwarding", sa.Boolean(), nullable=False),
        sa.Column("auto_approve_failover", sa.Boolean(), nullable=False),
        sa.Column("auto_approve_e911", sa.Boolean(), nullable=False),
        sa.Column("max_numbers_per_order", sa.Integer(), nullable=False),
        sa.Column("max_numbers", sa.Integer(), nullable=True),
        sa.Column("monthly_cap_micros", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_order_settings_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_order_settings_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_settings")),
        sa.UniqueConstraint("client_id", name=op.f("uq_order_settings_client_id")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_order_settings_reseller_id_id")),
    )
    op.create_table(
        "port",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "status_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("pon", sa.String(length=40), nullable=False),
        sa.Column("entity_name", sa.String(length=120), nullable=True),
        sa.Column("billing_number", sa.String(length=12), nullable=True),
        sa.Column("porting_from", sa.String(length=120), nullable=True),
        sa.Column("requested_foc", sa.Date(), nullable=True),
        sa.Column("foc_date", sa.Date(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_port_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "status_id"],
            ["port_status.reseller_id", "port_status.id"],
            name=op.f("fk_port_reseller_id_status_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["reseller.id"], name=op.f("fk_port_reseller_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_port")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_port_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "pon", name=op.f("uq_port_reseller_id_pon")),
    )
    with op.batch_alter_table("port", schema=None) as batch_op:
        batch_op.create_index("ix_port_client_id", ["reseller_id", "client_id"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("login_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.Column("request_id", sa.String(length=40), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("object_type", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("object_name", sa.String(length=255), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_audit_entry_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_audit_entry_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_audit_entry_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_audit_entry_reseller_id_id")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_at", ["reseller_id", "at"], unique=False)
        batch_op.create_index(
            "ix_audit_entry_object", ["reseller_id", "object_type", "object_id"], unique=False
        )

    op.create_table(
        "did",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("npa", sa.String(length=3), nullable=False),
        sa.Column("nxx", sa.String(length=3), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "local",
                "toll_free",
                name="didtype",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "available",
                "active",
                "released",
                "suspended",
                name="didstatus",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("tier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=True),
        sa.Column("rate_center", sa.String(length=60), nullable=True),
        sa.Column("city", sa.String(length=60), nullable=True),
        sa.Column("lata", sa.String(length=5), nullable=True),
        sa.Column("network", sa.String(length=40), nullable=True),
        sa.Column("has_t38", sa.Boolean(), nullable=False),
        sa.Column("has_cnam", sa.Boolean(), nullable=False),
        sa.Column("has_sms", sa.Boolean(), nullable=False),
        sa.Column("monthly_micros", sa.BigInteger(), nullable=True),
        sa.Column("setup_micros", sa.BigInteger(), nullable=True),
        sa.Column(
            "did_group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "endpoint_group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=True),
        sa.Column(
            "held_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint("(held_by_id IS NULL) = (held_until IS NULL)", name=op.f("ck_did_hold")),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_did_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "did_group_id"],
            ["did_group.reseller_id", "did_group.id"],
            name=op.f("fk_did_reseller_id_did_group_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "endpoint_group_id"],
            ["endpoint_group.reseller_id", "endpoint_group.id"],
            name=op.f("fk_did_reseller_id_endpoint_group_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "tier_id"],
            ["tier.reseller_id", "tier.id"],
            name=op.f("fk_did_reseller_id_tier_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["reseller.id"], name=op.f("fk_did_reseller_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_did")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_did_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "number", name=op.f("uq_did_reseller_id_number")),
    )
    with op.batch_alter_table("did", schema=None) as batch_op:
        batch_op.create_index(
            "ix_did_city", ["reseller_id", "status", "city", "number"], unique=False
        )
        batch_op.create_index(
            "ix_did_client_id", ["reseller_id", "client_id", "number"], unique=False
        )
        batch_op.create_index("ix_did_did_group_id", ["reseller_id", "did_group_id"], unique=False)
        batch_op.create_index(
            "ix_did_endpoint_group_id", ["reseller_id", "endpoint_group_id"], unique=False
        )
        batch_op.create_index("ix_did_held_by_id", ["held_by_id"], unique=False)
        batch_op.create_index(
            "ix_did_npa", ["reseller_id", "status", "npa", "number"], unique=False
        )
        batch_op.create_index(
            "ix_did_search",
            ["reseller_id", "status", "state", "rate_center", "number"],
            unique=False,
        )

    op.create_table(
        "endpoint",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "endpoint_group_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "endpoint_group_id"],
            ["endpoint_group.reseller_id", "endpoint_group.id"],
            name=op.f("fk_endpoint_reseller_id_endpoint_group_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_endpoint_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_endpoint_reseller_id_id")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("login_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "(staff_id IS NULL) <> (login_id IS NULL)", name=op.f("ck_invitation_one_person")
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_invitation_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_invitation_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_invitation_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_invitation_reseller_id_id")),
    )
    op.create_table(
        "order_settings_tier",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "order_settings_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("tier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "order_settings_id"],
            ["order_settings.reseller_id", "order_settings.id"],
            name=op.f("fk_order_settings_tier_reseller_id_order_settings_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "tier_id"],
            ["tier.reseller_id", "tier.id"],
            name=op.f("fk_order_settings_tier_reseller_id_tier_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_order_settings_tier_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_settings_tier")),
        sa.UniqueConstraint(
            "order_settings_id",
            "tier_id",
            name=op.f("uq_order_settings_tier_order_settings_id_tier_id"),
        ),
        sa.UniqueConstraint(
            "reseller_id", "id", name=op.f("uq_order_settings_tier_reseller_id_id")
        ),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "approved",
                "completed",
                "failed",
                "rejected",
                "cancelled",
                name="orderstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("login_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "impersonator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("submit_key", sa.String(length=64), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("decided_by_name", sa.String(length=120), nullable=True),
        sa.Column("is_auto_approved", sa.Boolean(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("client_note", sa.Text(), nullable=True),
        sa.Column("monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("setup_micros", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("carry_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_orders_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "decided_by_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_orders_reseller_id_decided_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "impersonator_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_orders_reseller_id_impersonator_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_orders_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_orders_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_orders_reseller_id_id")),
        sa.UniqueConstraint("reseller_id", "number", name=op.f("uq_orders_reseller_id_number")),
        sa.UniqueConstraint(
            "reseller_id", "submit_key", name=op.f("uq_orders_reseller_id_submit_key")
        ),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_orders_client", ["reseller_id", "client_id", "submitted_at"], unique=False
        )
        batch_op.create_index("ix_orders_due", ["state", "carry_out_at"], unique=False)
        batch_op.create_index(
            "ix_orders_queue", ["reseller_id", "state", "is_urgent", "submitted_at"], unique=False
        )

    op.create_table(
        "port_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("port_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "port_id"],
            ["port.reseller_id", "port.id"],
            name=op.f("fk_port_event_reseller_id_port_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_port_event_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_port_event_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_port_event")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_port_event_reseller_id_id")),
    )
    op.create_table(
        "port_number",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("port_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("rate_center", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "port_id"],
            ["port.reseller_id", "port.id"],
            name=op.f("fk_port_number_reseller_id_port_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "status_id"],
            ["port_status.reseller_id", "port_status.id"],
            name=op.f("fk_port_number_reseller_id_status_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_port_number_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_port_number")),
        sa.UniqueConstraint("port_id", "number", name=op.f("uq_port_number_port_id_number")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_port_number_reseller_id_id")),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("login_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "impersonator_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "(staff_id IS NULL) <> (login_id IS NULL)", name=op.f("ck_web_session_one_person")
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "impersonator_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_web_session_reseller_id_impersonator_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_web_session_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_web_session_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_web_session_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_web_session_reseller_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_session_token_hash")),
    )
    op.create_table(
        "did_assignment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("did_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("setup_micros", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_did_assignment_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "did_id"],
            ["did.reseller_id", "did.id"],
            name=op.f("fk_did_assignment_reseller_id_did_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_did_assignment_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_did_assignment")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_did_assignment_reseller_id_id")),
    )
    with op.batch_alter_table("did_assignment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_did_assignment_did_id", ["reseller_id", "did_id", "started_at"], unique=False
        )
        batch_op.create_index(
            "uq_did_assignment_live",
            ["number"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "did_service",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("did_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "did_id"],
            ["did.reseller_id", "did.id"],
            name=op.f("fk_did_service_reseller_id_did_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_did_service_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_did_service")),
        sa.UniqueConstraint("did_id", "slot", name=op.f("uq_did_service_did_id_slot")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_did_service_reseller_id_id")),
    )
    op.create_table(
        "e911_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "e911_group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("did_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column(
            "net",
            sa.Enum(
                "on_net",
                "off_net",
                name="net",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("caller_name", sa.String(length=50), nullable=False),
        sa.Column("address1", sa.String(length=120), nullable=False),
        sa.Column("address2", sa.String(length=60), nullable=True),
        sa.Column("city", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("zip", sa.String(length=5), nullable=False),
        sa.Column("zip4", sa.String(length=4), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "provisioning",
                "provisioned",
                "failed",
                "removed",
                name="e911status",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("status_detail", sa.String(length=255), nullable=True),
        sa.Column("alert_emails", sa.JSON(), nullable=False),
        sa.Column("accepted_by", sa.String(length=120), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_version", sa.String(length=20), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.CheckConstraint(
            "(net = 'on_net') = (did_id IS NOT NULL)", name=op.f("ck_e911_record_net_did")
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "client_id"],
            ["client.reseller_id", "client.id"],
            name=op.f("fk_e911_record_reseller_id_client_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "did_id"],
            ["did.reseller_id", "did.id"],
            name=op.f("fk_e911_record_reseller_id_did_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "e911_group_id"],
            ["e911_group.reseller_id", "e911_group.id"],
            name=op.f("fk_e911_record_reseller_id_e911_group_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_e911_record_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_e911_record")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_e911_record_reseller_id_id")),
    )
    with op.batch_alter_table("e911_record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_e911_record_client_id", ["reseller_id", "client_id"], unique=False
        )
        batch_op.create_index(
            "uq_e911_record_live",
            ["reseller_id", "number"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.create_table(
        "mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "invitation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("from_name", sa.String(length=120), nullable=False),
        sa.Column("reply_to", sa.String(length=254), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=120), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sending",
                "sent",
                "failed",
                "kept",
                name="mailstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "invitation_id"],
            ["invitation.reseller_id", "invitation.id"],
            name=op.f("fk_mail_reseller_id_invitation_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "order_id"],
            ["orders.reseller_id", "orders.id"],
            name=op.f("fk_mail_reseller_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"], ["reseller.id"], name=op.f("fk_mail_reseller_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_mail_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mail_message_id")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_mail_reseller_id_id")),
    )
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.create_index("ix_mail_due", ["state", "next_at"], unique=False)
        batch_op.create_index("ix_mail_list", ["reseller_id", "created_at"], unique=False)
        batch_op.create_index("ix_mail_order_id", ["reseller_id", "order_id"], unique=False)

    op.create_table(
        "order_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "pending",
                "approved",
                "completed",
                "failed",
                "rejected",
                "cancelled",
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "pending",
                "approved",
                "completed",
                "failed",
                "rejected",
                "cancelled",
                name="to_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("login_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_name", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_order_event_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "order_id"],
            ["orders.reseller_id", "orders.id"],
            name=op.f("fk_order_event_reseller_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_order_event_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_order_event_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_event")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_order_event_reseller_id_id")),
    )
    with op.batch_alter_table("order_event", schema=None) as batch_op:
        batch_op.create_index("ix_order_event_order_id", ["reseller_id", "order_id"], unique=False)

    op.create_table(
        "order_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("did_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("current", sa.JSON(), nullable=False),
        sa.Column("requested", sa.JSON(), nullable=False),
        sa.Column("monthly_micros", sa.BigInteger(), nullable=False),
        sa.Column("setup_micros", sa.BigInteger(), nullable=False),
        sa.Column("prices", sa.JSON(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column(
            "result",
            sa.Enum(
                "waiting",
                "done",
                "failed",
                name="lineresult",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "reseller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "did_id"],
            ["did.reseller_id", "did.id"],
            name=op.f("fk_order_line_reseller_id_did_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "order_id"],
            ["orders.reseller_id", "orders.id"],
            name=op.f("fk_order_line_reseller_id_order_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_order_line_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_order_line_reseller_id_id")),
    )
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.create_index("ix_order_line_number", ["reseller_id", "number"], unique=False)
        batch_op.create_index(
            "uq_order_line_open",
            ["reseller_id", "number", "slot"],
            unique=True,
            sqlite_where=sa.text("is_open"),
            postgresql_where=sa.text("is_open"),
        )


def downgrade() -> None:
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_order_line_open",
            sqlite_where=sa.text("is_open"),
            postgresql_where=sa.text("is_open"),
        )
        batch_op.drop_index("ix_order_line_number")

    op.drop_table("order_line")
    with op.batch_alter_table("order_event", schema=None) as batch_op:
        batch_op.drop_index("ix_order_event_order_id")

    op.drop_table("order_event")
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_order_id")
        batch_op.drop_index("ix_mail_list")
        batch_op.drop_index("ix_mail_due")

    op.drop_table("mail")
    with op.batch_alter_table("e911_record", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_e911_record_live",
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )
        batch_op.drop_index("ix_e911_record_client_id")

    op.drop_table("e911_record")
    op.drop_table("did_service")
    with op.batch_alter_table("did_assignment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_did_assignment_live",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_did_assignment_did_id")

    op.drop_table("did_assignment")
    op.drop_table("web_session")
    op.drop_table("port_number")
    op.drop_table("port_event")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_queue")
        batch_op.drop_index("ix_orders_due")
        batch_op.drop_index("ix_orders_client")

    op.drop_table("orders")
    op.drop_table("order_settings_tier")
    op.drop_table("invitation")
    op.drop_table("endpoint")
    with op.batch_alter_table("did", schema=None) as batch_op:
        batch_op.drop_index("ix_did_search")
        batch_op.drop_index("ix_did_npa")
        batch_op.drop_index("ix_did_held_by_id")
        batch_op.drop_index("ix_did_endpoint_group_id")
        batch_op.drop_index("ix_did_did_group_id")
        batch_op.drop_index("ix_did_client_id")
        batch_op.drop_index("ix_did_city")

    op.drop_table("did")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_object")
        batch_op.drop_index("ix_audit_entry_at")

    op.drop_table("audit_entry")
    with op.batch_alter_table("port", schema=None) as batch_op:
        batch_op.drop_index("ix_port_client_id")

    op.drop_table("port")
    op.drop_table("order_settings")
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.drop_index("ix_login_client_id")

    op.drop_table("login")
    with op.batch_alter_table("endpoint_group", schema=None) as batch_op:
        batch_op.drop_index("ix_endpoint_group_client_id")

    op.drop_table("endpoint_group")
    with op.batch_alter_table("e911_group", schema=None) as batch_op:
        batch_op.drop_index("ix_e911_group_client_id")

    op.drop_table("e911_group")
    op.drop_table("did_import")
    with op.batch_alter_table("did_group", schema=None) as batch_op:
        batch_op.drop_index("ix_did_group_client_id")

    op.drop_table("did_group")
    op.drop_table("tier")
    op.drop_table("staff")
    op.drop_table("service_price")
    op.drop_table("portal_settings")
    op.drop_table("port_status")
    op.drop_table("client")
    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_failure_ip")
        batch_op.drop_index("ix_sign_in_failure_account")

    op.drop_table("sign_in_failure")
    op.drop_table("reseller")
    op.drop_table("lease")
