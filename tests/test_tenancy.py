"""Isolation below the views: what a session may read and write, and that it fails closed."""

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

import tenancy
from extensions import db
from models import Client, Did, DidGroup, Login, Order, Reseller, Tier
from tenancy import TenantMissing, WrongTenant
from tests.support.cast import Story

QUERIES = {
    "rows": lambda: db.session.scalars(select(Client)).all(),
    "columns": lambda: db.session.execute(select(Client.name)).all(),
    "a count": lambda: db.session.scalar(select(func.count(Client.id))),
    "a count from": lambda: db.session.scalar(select(func.count()).select_from(Client)),
    "one by id": lambda: db.session.get(Client, 1),
    "the old query": lambda: db.session.query(Client).all(),
    "an alias": lambda: db.session.scalars(select(aliased(Client))).all(),
    "a sub-query": lambda: db.session.scalar(
        select(func.count()).select_from(select(Client.id).subquery())
    ),
    "exists": lambda: db.session.scalar(select(select(Client.id).exists())),
    "a join": lambda: db.session.execute(select(Login.name).join(Login.client)).all(),
    "the reseller": lambda: db.session.scalars(select(Reseller)).all(),
    "an update": lambda: db.session.execute(update(Client).values(notes="x")),
    "a table": lambda: db.session.execute(select(Client.__table__)).all(),
    "a text": lambda: db.session.execute(text("SELECT name FROM client")).all(),
}


@pytest.mark.parametrize("query", list(QUERIES))
def test_a_query_that_forgets_the_reseller_fails_closed(
    app: Flask, story: Story, query: str
) -> None:
    with app.app_context(), pytest.raises(TenantMissing):
        QUERIES[query]()


def count_all(reseller_id: int) -> dict[str, object]:
    with tenancy.acting_for(reseller_id):
        result = {
            "rows": len(QUERIES["rows"]()),
            "columns": len(QUERIES["columns"]()),
            "a count": QUERIES["a count"](),
            "a count from": QUERIES["a count from"](),
            "the old query": len(QUERIES["the old query"]()),
            "an alias": len(QUERIES["an alias"]()),
            "a sub-query": QUERIES["a sub-query"](),
            "exists": QUERIES["exists"](),
            "a join": len(QUERIES["a join"]()),
            "the reseller": len(QUERIES["the reseller"]()),
            "an update": QUERIES["an update"]().rowcount,
        }
        db.session.rollback()
    return result


def test_every_shape_of_query_sees_one_reseller(app: Flask, story: Story) -> None:
    with app.app_context():
        ours, theirs = count_all(story.reseller_id), count_all(story.other_reseller_id)
    assert ours == {
        **dict.fromkeys(ours, 2),
        "exists": True,
        "the reseller": 1,
    }
    assert theirs == {**dict.fromkeys(ours, 0), "exists": False, "the reseller": 1}


@pytest.mark.parametrize("query", ["a table", "a text"])
def test_sql_that_cannot_be_narrowed_is_refused(at_reseller: Story, query: str) -> None:
    with pytest.raises(TenantMissing, match="cannot be narrowed"):
        QUERIES[query]()


def test_a_raw_table_beside_an_entity_is_refused(at_reseller: Story) -> None:
    table = Login.__table__
    with pytest.raises(TenantMissing):
        db.session.execute(select(Client.name, table.c.name))


def test_a_row_of_another_reseller_is_not_found_by_its_id(at_reseller: Story) -> None:
    with tenancy.across_resellers():
        foreign = db.session.scalars(
            select(Did.id).where(Did.number == at_reseller.foreign_number)
        ).one()
    assert db.session.get(Did, foreign) is None


def test_a_row_that_was_loaded_before_is_not_given_to_another(app: Flask, story: Story) -> None:
    with app.app_context():
        with tenancy.across_resellers():
            client = db.session.get(Client, story.acme.id)
            assert client is not None
        with tenancy.acting_for(story.other_reseller_id):
            assert db.session.get(Client, story.acme.id) is None


def test_a_new_row_gets_the_sessions_reseller(at_reseller: Story) -> None:
    group = DidGroup(name="New")
    db.session.add(group)
    db.session.flush()
    assert group.reseller_id == at_reseller.reseller_id


def test_a_row_cannot_be_written_for_another_reseller(at_reseller: Story) -> None:
    db.session.add(DidGroup(reseller_id=at_reseller.other_reseller_id, name="Theirs"))
    with pytest.raises(WrongTenant):
        db.session.flush()


def test_a_row_cannot_be_moved_to_another_reseller(at_reseller: Story) -> None:
    client = db.session.get_one(Client, at_reseller.acme.id)
    client.reseller_id = at_reseller.other_reseller_id
    with pytest.raises(WrongTenant):
        db.session.flush()


def test_rows_in_bulk_must_carry_the_sessions_reseller(at_reseller: Story) -> None:
    ours = {"reseller_id": at_reseller.reseller_id, "name": "Ours"}
    db.session.execute(insert(DidGroup), [ours])
    with pytest.raises(TenantMissing):
        db.session.execute(
            insert(DidGroup), [{"reseller_id": at_reseller.other_reseller_id, "name": "Theirs"}]
        )


def test_the_database_refuses_a_reference_across_resellers(app: Flask, story: Story) -> None:
    with app.app_context(), tenancy.across_resellers():
        tier = db.session.scalars(
            select(Tier).where(Tier.reseller_id == story.other_reseller_id)
        ).one()
        did = db.session.scalars(select(Did).where(Did.number == story.free[0])).one()
        did.tier_id = tier.id
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()


def test_lazy_loading_without_a_reseller_fails_closed(app: Flask, story: Story) -> None:
    with app.app_context():
        with tenancy.across_resellers():
            client = db.session.get_one(Client, story.acme.id)
        with pytest.raises(TenantMissing):
            client.logins  # noqa: B018


def test_nothing_is_left_behind_by_a_block(app: Flask, story: Story) -> None:
    with app.app_context():
        with tenancy.acting_for(story.reseller_id):
            assert tenancy.current() == story.reseller_id
        with pytest.raises(TenantMissing):
            tenancy.current()
        with pytest.raises(TenantMissing):
            db.session.scalars(select(Order)).all()
