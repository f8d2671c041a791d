"""The tables: what the database itself refuses, and that migrations and models agree."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

import tenancy
from carriers import inventory
from carriers.inventory import CannotCarryOut
from columns import now
from extensions import db
from models import (
    POSTGRESQL_ALONE,
    AuditEntry,
    Client,
    Did,
    DidAssignment,
    DidGroup,
    DidService,
    EndpointGroup,
    Order,
    OrderEvent,
    OrderLine,
    OrderState,
    Reseller,
)
from permissions import SYSTEM
from tests.support.calls import line, load
from tests.support.cast import Story


@contextmanager
def refused_by_the_database() -> Iterator[None]:
    with pytest.raises(DBAPIError):
        yield
    db.session.rollback()


def did(number: str) -> Did:
    return db.session.scalars(select(Did).where(Did.number == number)).one()


def order_with_line(story: Story, number: str, order_number: str, slot: str = "routing") -> Order:
    order = Order(
        number=order_number, kind="call_forwarding", client_id=story.acme.id, login_id=story.bob.id
    )
    db.session.add(order)
    db.session.flush()
    db.session.add(OrderLine(order_id=order.id, position=1, number=number, slot=slot))
    db.session.flush()
    return order


def _is_of_both(_item: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave out what only one of the databases can have, and what Alembic cannot compare."""
    return not (kind == "index" and name in {*POSTGRESQL_ALONE, "ix_orders_queue"})


def test_models_and_migrations_agree(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": _is_of_both}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, db.Model.metadata) == []


def test_the_queue_is_read_in_its_order(app: Flask) -> None:
    """Alembic does not see which way an index runs, so it is asked for here."""
    ask = "SELECT sql FROM sqlite_master WHERE name = :name"
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            ask = "SELECT indexdef FROM pg_indexes WHERE indexname = :name"
        made = connection.scalar(text(ask), {"name": "ix_orders_queue"})
    assert "(reseller_id, state, is_urgent DESC, submitted_at)" in made


def test_migrations_go_down_and_up_again(app: Flask) -> None:
    folder = os.path.join(app.root_path, "migrations")
    with app.app_context():
        db.session.remove()
        downgrade(directory=folder, revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade(directory=folder)
        assert "orders" in inspect(db.engine).get_table_names()


def test_every_table_but_three_belongs_to_a_reseller(app: Flask) -> None:
    tables = set(db.Model.metadata.tables)
    assert tables - tenancy.owned_table_names() == {
        "forgotten_password",
        "lease",
        "sign_in_failure",
    }


def test_two_open_orders_for_one_service_of_a_number_are_refused(at_reseller: Story) -> None:
    order_with_line(at_reseller, at_reseller.acme_number, "O-1")
    with pytest.raises(IntegrityError):
        order_with_line(at_reseller, at_reseller.acme_number, "O-2")


def test_a_closed_order_leaves_the_service_free(at_reseller: Story) -> None:
    first = order_with_line(at_reseller, at_reseller.acme_number, "O-1")
    first.lines[0].is_open = False
    db.session.flush()
    order_with_line(at_reseller, at_reseller.acme_number, "O-2")


def test_a_number_has_one_live_assignment(at_reseller: Story) -> None:
    row = did(at_reseller.acme_number)
    db.session.add(DidAssignment(did_id=row.id, number=row.number, client_id=at_reseller.birch.id))
    with pytest.raises(IntegrityError):
        db.session.flush()


@pytest.mark.parametrize("kind", [DidGroup, EndpointGroup])
def test_a_number_in_two_hands_is_refused(at_reseller: Story, kind: type) -> None:
    theirs = kind(name="Birch's other", client_id=at_reseller.birch.id)
    db.session.add(theirs)
    db.session.flush()
    column = "did_group_id" if kind is DidGroup else "endpoint_group_id"
    with refused_by_the_database():
        db.session.execute(
            update(Did).where(Did.number == at_reseller.acme_number).values({column: theirs.id})
        )


@pytest.mark.parametrize("kind", [DidGroup, EndpointGroup])
def test_a_group_with_numbers_of_another_client_cannot_be_given(
    at_reseller: Story, kind: type
) -> None:
    shared = kind(name="Shared")
    db.session.add(shared)
    db.session.flush()
    column = "did_group_id" if kind is DidGroup else "endpoint_group_id"
    values = {"endpoint_group_id": shared.id} if kind is EndpointGroup else {column: shared.id}
    db.session.execute(update(Did).where(Did.number == at_reseller.acme_number).values(values))
    with refused_by_the_database():
        shared.client_id = at_reseller.birch.id
        db.session.flush()


def test_a_group_of_another_client_is_refused_by_name(at_reseller: Story) -> None:
    group = db.session.get_one(DidGroup, at_reseller.acme_group.id)
    birch = db.session.get_one(Client, at_reseller.birch.id)
    with pytest.raises(CannotCarryOut, match="Acme main belongs to Acme"):
        inventory.give_group(group, birch)


def test_a_group_moves_with_its_numbers(at_reseller: Story) -> None:
    group = db.session.get_one(DidGroup, at_reseller.acme_group.id)
    birch = db.session.get_one(Client, at_reseller.birch.id)
    inventory.give_group(group, None)
    assert did(at_reseller.acme_number).client_id is None
    inventory.give_group(group, birch)
    assert did(at_reseller.acme_number).client_id == birch.id
    held = select(DidAssignment.client_id, DidAssignment.ended_at.is_(None)).where(
        DidAssignment.number == at_reseller.acme_number
    )
    rows = [tuple(row) for row in db.session.execute(held.order_by(DidAssignment.id))]
    assert rows == [(at_reseller.acme.id, False), (birch.id, True)]


def test_a_slot_of_a_number_takes_one_service(at_reseller: Story) -> None:
    row = did(at_reseller.acme_number)
    for service in ("call_forwarding", "failover"):
        db.session.add(DidService(did_id=row.id, service=service, slot="routing"))
    with pytest.raises(IntegrityError):
        db.session.flush()


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("model", [AuditEntry, OrderEvent])
def test_history_is_append_only(at_reseller: Story, model: type, verb: str) -> None:
    import audit

    order = order_with_line(at_reseller, at_reseller.acme_number, "O-1")
    audit.record("order.submitted", order, SYSTEM)
    db.session.add(
        OrderEvent(order_id=order.id, name="submitted", to_state=OrderState.PENDING, by_name="Bob")
    )
    db.session.commit()
    statement = update(model).values(by_name="Nobody") if verb == "update" else delete(model)
    with refused_by_the_database():
        db.session.execute(statement)
    assert db.session.scalars(select(model.by_name)).one() in ("Bob", SYSTEM.name)


@pytest.mark.parametrize("value", [1.5, True, "1"])
def test_money_must_be_whole(at_reseller: Story, value: object) -> None:
    did(at_reseller.free[0]).monthly_micros = value
    with pytest.raises(StatementError, match="whole number"):
        db.session.flush()


@pytest.mark.parametrize("value", ["4125550123", "+14125550", "+441632960000"])
def test_a_number_must_be_e164(at_reseller: Story, value: str) -> None:
    did(at_reseller.free[0]).number = value
    with pytest.raises(StatementError, match="not a number"):
        db.session.flush()


def test_a_time_must_have_a_zone(at_reseller: Story) -> None:
    did(at_reseller.free[0]).activated_at = now().replace(tzinfo=None)
    with pytest.raises(StatementError, match="no time zone"):
        db.session.flush()


def test_a_time_comes_back_in_utc(at_reseller: Story) -> None:
    row = db.session.get_one(Reseller, at_reseller.reseller_id)
    db.session.refresh(row)
    assert row.created_at.utcoffset().total_seconds() == 0


def test_an_unknown_state_is_refused(at_reseller: Story) -> None:
    order = order_with_line(at_reseller, at_reseller.acme_number, "O-1")
    db.session.commit()
    with refused_by_the_database(), tenancy.across_resellers():
        db.session.execute(
            text("UPDATE orders SET state = 'lost' WHERE id = :id"), {"id": order.id}
        )


@pytest.mark.parametrize("table", ["call", "usage_day"])
def test_an_unknown_kind_of_call_is_refused(at_reseller: Story, table: str) -> None:
    load(line("a", at_reseller.acme_number))
    change = f"UPDATE {table} SET kind = "
    with tenancy.across_resellers():
        db.session.execute(text(change + "'outbound'"))
        with refused_by_the_database():
            db.session.execute(text(change + "'fax'"))


def test_a_call_cannot_be_anothers_than_the_resellers_whose_file_it_came_in(
    at_reseller: Story,
) -> None:
    load(line("a", "+17135550123"))
    move = text("UPDATE call SET reseller_id = :reseller")
    with tenancy.across_resellers():
        for reseller in (at_reseller.other_reseller_id, 999_999):
            with refused_by_the_database():
                db.session.execute(move, {"reseller": reseller})
        kept = set(db.session.scalars(text("SELECT reseller_id FROM call")))
    assert kept == {at_reseller.reseller_id}
