"""Keep what was typed into a form whose sender's sign-in had ended."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_form",
        sa.Column("id", ID, nullable=False),
        sa.Column("reseller_id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("login_id", ID, nullable=True),
        sa.Column("page", sa.String(2000), nullable=False),
        sa.Column("target", sa.String(2000), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(staff_id IS NULL) <> (login_id IS NULL)", name=op.f("ck_kept_form_one_person")
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id"],
            ["reseller.id"],
            name=op.f("fk_kept_form_reseller_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "staff_id"],
            ["staff.reseller_id", "staff.id"],
            name=op.f("fk_kept_form_reseller_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reseller_id", "login_id"],
            ["login.reseller_id", "login.id"],
            name=op.f("fk_kept_form_reseller_id_login_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
        sa.UniqueConstraint("reseller_id", "id", name=op.f("uq_kept_form_reseller_id_id")),
    )
    op.create_index("ix_kept_form_kept_at", "kept_form", ["kept_at"])


def downgrade() -> None:
    op.drop_index("ix_kept_form_kept_at", table_name="kept_form")
    op.drop_table("kept_form")
