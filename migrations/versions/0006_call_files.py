"""Let call files be read bit by bit, by formats that staff describe, and bad lines be put right."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

IMPORT = (
    ("profile", sa.String(length=40), "voip_innovations"),
    ("total_lines", sa.Integer(), "0"),
    ("checked_bytes", sa.BigInteger(), "0"),
    ("checked_good", sa.Integer(), "0"),
    ("checked_bad", sa.Integer(), "0"),
)
ADDED = (
    ("cdr_import", [name for name, _, _ in IMPORT] + ["lease_owner"]),
    ("cdr_profile", ["source", "unit_micros"]),
    ("cdr_reject", ["corrected", "settled_at"]),
)


def upgrade() -> None:
    for name, kind, default in IMPORT:
        op.add_column("cdr_import", sa.Column(name, kind, server_default=default, nullable=False))
    op.add_column("cdr_import", sa.Column("lease_owner", sa.String(length=64), nullable=True))
    op.add_column(
        "cdr_profile", sa.Column("source", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column(
        "cdr_profile",
        sa.Column("unit_micros", sa.BigInteger(), server_default="1000000", nullable=False),
    )
    op.add_column("cdr_reject", sa.Column("corrected", sa.Text(), nullable=True))
    op.add_column("cdr_reject", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_cdr_reject_import", "cdr_reject", ["reseller_id", "cdr_import_id", "line"])
    # What was read in one go before now was read to its end.
    op.execute("UPDATE cdr_import SET total_lines = lines")


def downgrade() -> None:
    op.drop_index("ix_cdr_reject_import", table_name="cdr_reject")
    for table, names in ADDED:
        for name in names:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
