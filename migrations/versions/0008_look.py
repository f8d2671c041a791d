"""Let staff open a client's portal as no login of it, before it has any."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ONE_PERSON = (
    "CASE WHEN staff_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN login_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN client_id IS NULL THEN 0 ELSE 1 END = 1"
)


def upgrade() -> None:
    with op.batch_alter_table("web_session") as batch_op:
        batch_op.add_column(sa.Column("client_id", ID, nullable=True))
        batch_op.drop_constraint(op.f("ck_web_session_one_person"), type_="check")
        batch_op.create_check_constraint(op.f("ck_web_session_one_person"), ONE_PERSON)
        _refer_to_client(batch_op, "web_session")
    with op.batch_alter_table("handover") as batch_op:
        batch_op.add_column(sa.Column("client_id", ID, nullable=True))
        batch_op.alter_column("login_id", existing_type=ID, nullable=True)
        batch_op.create_check_constraint(
            op.f("ck_handover_one_door"), "(login_id IS NULL) <> (client_id IS NULL)"
        )
        _refer_to_client(batch_op, "handover")


def downgrade() -> None:
    op.execute("DELETE FROM handover WHERE login_id IS NULL")
    op.execute("DELETE FROM web_session WHERE client_id IS NOT NULL")
    with op.batch_alter_table("handover") as batch_op:
        batch_op.drop_constraint(op.f("fk_handover_reseller_id_client_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_handover_one_door"), type_="check")
        batch_op.alter_column("login_id", existing_type=ID, nullable=False)
        batch_op.drop_column("client_id")
    with op.batch_alter_table("web_session") as batch_op:
        batch_op.drop_constraint(op.f("fk_web_session_reseller_id_client_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_web_session_one_person"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_web_session_one_person"), "(staff_id IS NULL) <> (login_id IS NULL)"
        )
        batch_op.drop_column("client_id")


def _refer_to_client(batch_op: Any, table: str) -> None:
    batch_op.create_foreign_key(
        op.f(f"fk_{table}_reseller_id_client_id"),
        "client",
        ["reseller_id", "client_id"],
        ["reseller_id", "id"],
        ondelete="RESTRICT",
    )
