"""Let the history of orders be read from its end, and numbers be found by any part of them.

The second needs PostgreSQL's trigrams. Where they are not installed or not ours to switch on, the
search works as before and is slower; SQLite reads its index from end to end, which is enough there.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

BY_PART = """
DO $$ BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX ix_did_number_part ON did USING gin (number gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
  RAISE NOTICE 'Without pg_trgm a search for part of a number reads them all.';
END $$
"""


def upgrade() -> None:
    op.create_index("ix_orders_decided", "orders", ["reseller_id", "decided_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(BY_PART)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_did_number_part")
    op.drop_index("ix_orders_decided", table_name="orders")
