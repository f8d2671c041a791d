"""Let calls of nobody have no price: they had their cost, as if somebody paid it."""

from alembic import op

revision = "0030"
down_revision = "0029"

NOBODYS = "reseller_id IN (SELECT id FROM reseller) AND client_id IS NULL"
"""With the reseller, so that an index leads to them."""


OF_NOBODY_TOO = (
    "usage_client_day.reseller_id = usage_all_day.reseller_id AND usage_client_day.owner = 0 "
    "AND usage_client_day.day = usage_all_day.day AND usage_client_day.kind = usage_all_day.kind"
)


def upgrade() -> None:
    _move("- (SELECT price_micros")
    _set("0")


def downgrade() -> None:
    _move("+ (SELECT cost_micros")
    _set("cost_micros")


def _move(by: str) -> None:
    """Move the sums of all by a sum of nobody's."""
    op.execute(
        f"UPDATE usage_all_day SET price_micros = price_micros {by} "
        f"FROM usage_client_day WHERE {OF_NOBODY_TOO}) "
        f"WHERE EXISTS (SELECT 1 FROM usage_client_day WHERE {OF_NOBODY_TOO})"
    )


def _set(price: str) -> None:
    """Set the price of nobody's calls and of their own sums."""
    op.execute(f"UPDATE call SET price_micros = {price} WHERE {NOBODYS}")
    for table in ("usage_day", "usage_client_day", "usage_client_month"):
        op.execute(f"UPDATE {table} SET price_micros = {price} WHERE owner = 0")
