"""Let a reseller say how long calls and the audit are kept; at first for ever.

Of the audit nothing can be deleted that is younger than the shortest time to choose, 13 months,
less a few days for clocks that differ. It is the database that refuses, whatever code asks for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

DAYS = 400
COLUMNS = (
    ("keep_call_months", sa.Integer()),
    ("keep_audit_months", sa.Integer()),
    ("calls_forgotten_before", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("reseller", sa.Column(name, kind, nullable=True))
    if _is_postgresql():
        op.execute("DROP TRIGGER audit_entry_no_delete ON audit_entry")
        op.execute(
            "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW "
            f"WHEN (OLD.at > now() - interval '{DAYS} days') EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute("DROP TRIGGER audit_entry_no_delete")
        op.execute(_refusing(f"WHEN OLD.at > datetime('now', '-{DAYS} days') "))


def downgrade() -> None:
    if _is_postgresql():
        op.execute("DROP TRIGGER audit_entry_no_delete ON audit_entry")
        op.execute(
            "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    else:
        op.execute("DROP TRIGGER audit_entry_no_delete")
        op.execute(_refusing(""))
    for name, _ in reversed(COLUMNS):
        op.execute(f"ALTER TABLE reseller DROP COLUMN {name}")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _refusing(when: str) -> str:
    """Write SQLite's trigger; its moments are texts, which sort as the moments do."""
    return (
        f"CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry {when}BEGIN "
        "SELECT RAISE(ABORT, 'audit_entry is append-only.'); END"
    )
