"""Let the database refuse what must never be, whatever code asks for it.

A number whose two groups belong to different clients (a number in two hands), and any change of
an audit entry or of an order's event. Both databases speak triggers, each in its own way.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY = ("audit_entry", "order_event")
GROUPS = ("did_group", "endpoint_group")
TWO_HANDS = "This number would be in two hands."
# A number in no group is in nobody's hands; an import of such numbers need not pay for the check.
IN_GROUP = "WHEN (NEW.did_group_id IS NOT NULL OR NEW.endpoint_group_id IS NOT NULL)"


def upgrade() -> None:
    """Make the triggers in the database's own language."""
    for statement in _postgresql() if _is_postgresql() else _sqlite():
        op.execute(statement)


def downgrade() -> None:
    """Drop the triggers, and PostgreSQL's functions behind them."""
    on = _is_postgresql()
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{verb}" + (f" ON {table}" if on else ""))
    for verb in ("insert", "update"):
        op.execute(f"DROP TRIGGER did_one_hand_{verb}" + (" ON did" if on else ""))
    for group in GROUPS:
        op.execute(f"DROP TRIGGER {group}_one_hand" + (f" ON {group}" if on else ""))
    if on:
        for function in ("refuse_change", "did_one_hand", "group_one_hand"):
            op.execute(f"DROP FUNCTION {function}()")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _sqlite() -> list[str]:
    statements = []
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, '{table} is append-only.'); END"
            )
    checks = " ".join(
        f"SELECT RAISE(ABORT, '{TWO_HANDS}') FROM {group} g WHERE g.id = NEW.{group}_id "
        f"AND g.client_id IS NOT NULL AND g.client_id IS NOT NEW.client_id;"
        for group in GROUPS
    )
    for verb, on in (
        ("insert", "INSERT"),
        ("update", "UPDATE OF client_id, did_group_id, endpoint_group_id"),
    ):
        statements.append(
            f"CREATE TRIGGER did_one_hand_{verb} BEFORE {on} ON did {IN_GROUP} BEGIN {checks} END"
        )
    for group in GROUPS:
        statements.append(
            f"CREATE TRIGGER {group}_one_hand BEFORE UPDATE OF client_id ON {group} "
            f"WHEN NEW.client_id IS NOT NULL BEGIN SELECT RAISE(ABORT, '{TWO_HANDS}') FROM did d "
            f"WHERE d.{group}_id = NEW.id AND d.client_id IS NOT NEW.client_id; END"
        )
    return statements


def _postgresql() -> list[str]:
    checks = " ".join(
        f"PERFORM 1 FROM {group} g WHERE g.id = NEW.{group}_id AND g.client_id IS NOT NULL "
        f"AND g.client_id IS DISTINCT FROM NEW.client_id FOR SHARE; "
        f"IF FOUND THEN RAISE EXCEPTION '{TWO_HANDS}' USING ERRCODE = 'check_violation'; END IF;"
        for group in GROUPS
    )
    statements = [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only.', TG_TABLE_NAME USING ERRCODE = 'check_violation'; "
        "END $$",
        "CREATE FUNCTION did_one_hand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"{checks} RETURN NEW; END $$",
        # The table's name and its column's name go together, so one function serves both groups.
        "CREATE FUNCTION group_one_hand() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE torn boolean; BEGIN "
        "EXECUTE format('SELECT EXISTS (SELECT 1 FROM did WHERE %I = $1 "
        "AND client_id IS DISTINCT FROM $2)', TG_TABLE_NAME || '_id') "
        "INTO torn USING NEW.id, NEW.client_id; "
        f"IF torn THEN RAISE EXCEPTION '{TWO_HANDS}' USING ERRCODE = 'check_violation'; END IF; "
        "RETURN NEW; END $$",
    ]
    for table in APPEND_ONLY:
        for verb in ("update", "delete"):
            statements.append(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
    for verb, on in (
        ("insert", "INSERT"),
        ("update", "UPDATE OF client_id, did_group_id, endpoint_group_id"),
    ):
        statements.append(
            f"CREATE TRIGGER did_one_hand_{verb} BEFORE {on} ON did "
            f"FOR EACH ROW {IN_GROUP} EXECUTE FUNCTION did_one_hand()"
        )
    for group in GROUPS:
        statements.append(
            f"CREATE TRIGGER {group}_one_hand BEFORE UPDATE OF client_id ON {group} "
            "FOR EACH ROW WHEN (NEW.client_id IS NOT NULL) EXECUTE FUNCTION group_one_hand()"
        )
    return statements
