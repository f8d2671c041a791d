"""Begin the key of rates with the reseller, which every query names: it finds a plan's prefixes."""

from alembic import op

revision = "0016"
down_revision = "0015"

COLUMNS = ("rate_plan_id", "kind", "prefix", "tier", "starts_on")
BEFORE = "uq_rate_" + "_".join(COLUMNS)
NOW = "uq_rate_reseller_id_" + "_".join(COLUMNS)


def upgrade() -> None:
    with op.batch_alter_table("rate") as table:
        table.create_unique_constraint(op.f(NOW), ["reseller_id", *COLUMNS])
        table.drop_constraint(op.f(BEFORE), type_="unique")


def downgrade() -> None:
    with op.batch_alter_table("rate") as table:
        table.create_unique_constraint(op.f(BEFORE), list(COLUMNS))
        table.drop_constraint(op.f(NOW), type_="unique")
