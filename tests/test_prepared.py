"""Statements built once: narrowed like any other, and never built twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, event, func, select, text
from sqlalchemy.orm import aliased, selectinload

import display
import tenancy
from extensions import db
from models import Client, Did, Login, Order, Reseller
from prepared import prepared
from tenancy import TenantMissing
from tests.support import orders
from tests.support.cast import Story


@prepared
def named(*names: str) -> Select[Any]:
    """Select the clients of one of some names."""
    statement = select(Client.id, Client.name).order_by(Client.name)
    return statement.where(Client.name.in_(names)) if names else statement


OTHER = aliased(Client)
REACHES = {
    "columns": lambda: select(Client.name),
    "a count": lambda: select(func.count(Client.id)),
    "a count from": lambda: select(func.count()).select_from(Client),
    "an alias": lambda: select(aliased(Client).name),
    "a sub-query": lambda: select(func.count()).select_from(select(Client.id).subquery()),
    "a common table": lambda: select(func.count()).select_from(select(Client.id).cte()),
    "exists": lambda: select(func.count(Reseller.id)).where(select(Client.id).exists()),
    "among": lambda: select(func.count(Login.id)).where(Login.client_id.in_(select(Client.id))),
    "a join": lambda: select(Login.name).join(Login.client),
    "an outer join": lambda: select(Client.name).outerjoin(Did, Did.client_id == Client.id),
    "beside itself": lambda: select(Client.name).join(OTHER, OTHER.id == Client.id),
    "a scalar": lambda: select(select(func.count(Client.id)).scalar_subquery(), Reseller.id),
    "the reseller": lambda: select(Reseller.name),
}


@pytest.mark.parametrize("shape", list(REACHES))
def test_each_shape_gives_what_the_session_would_give(at_reseller: Story, shape: str) -> None:
    statement = REACHES[shape]
    for reseller_id in (at_reseller.reseller_id, at_reseller.other_reseller_id):
        with tenancy.acting_for(reseller_id):
            usual = sorted(map(tuple, db.session.execute(statement())))
            assert sorted(map(tuple, prepared(statement)().all())) == usual


def test_each_reseller_gets_its_own_from_one_statement(at_reseller: Story) -> None:
    ours = named().all()
    with tenancy.acting_for(at_reseller.other_reseller_id):
        theirs = named().all()
    assert len(ours) == 2
    assert theirs == []


AT_LARGE: dict[str, Callable[[], Select[Any]]] = {
    "a table": lambda: select(Client.__table__.c.name),
    "a table in a sub-query": lambda: select(Reseller.id).where(
        Reseller.id.in_(select(Client.__table__.c.reseller_id))
    ),
    "a table beside its entity": lambda: select(
        Client.id, select(func.count()).select_from(Client.__table__.alias("x")).scalar_subquery()
    ),
    "a table joined": lambda: select(Reseller.id).join(
        Client.__table__, Client.__table__.c.reseller_id == Reseller.id
    ),
    "a text": lambda: select(Reseller.id).where(text("id IN (SELECT id FROM client)")),
}


@pytest.mark.parametrize("reach", list(AT_LARGE))
def test_sql_that_cannot_be_narrowed_is_refused(at_reseller: Story, reach: str) -> None:
    with pytest.raises(TenantMissing, match="cannot be narrowed"):
        prepared(AT_LARGE[reach])().all()


def test_nothing_is_asked_for_no_reseller_or_for_all(at_reseller: Story) -> None:
    with tenancy.across_resellers(), pytest.raises(TenantMissing):
        named().all()
    tenancy.leave()
    with pytest.raises(TenantMissing):
        named().all()


def test_a_caller_cannot_name_another_reseller(at_reseller: Story) -> None:
    assert len(named().all(of_reseller=at_reseller.other_reseller_id)) == 2


def test_the_ways_to_take_what_is_found(at_reseller: Story) -> None:
    first, second = named().all()
    assert named().first() == first
    assert named().scalar() == first.id
    assert named().scalars() == [first.id, second.id]
    assert named(second.name).one() == second
    assert named("Nobody").first() is None


def test_what_was_changed_and_not_written_yet_is_seen(at_reseller: Story) -> None:
    found = named().first()
    assert found is not None
    db.session.get(Client, found.id).name = "Aardvark"
    assert named("Aardvark").scalars() == [found.id]
    db.session.rollback()


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the SELECTs that are sent inside the block."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        seen.append(sql)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_a_shape_is_built_once(at_reseller: Story) -> None:
    built = []

    @prepared
    def lines(with_client: bool) -> Select[Any]:
        built.append(with_client)
        statement = select(Order.number)
        return (
            statement.where(Order.client_id == bindparam("client_id")) if with_client else statement
        )

    with statements() as seen:
        for _ in range(3):
            lines(True).all(client_id=1)
            lines(False).all()
    assert built == [True, False]
    assert len([sql for sql in seen if sql.startswith("SELECT")]) == 6


@prepared
def clients_whole() -> Select[Any]:
    """Select clients with what they have."""
    return select(Client).order_by(Client.id).options(selectinload(Client.logins))


def test_objects_are_narrowed_with_all_that_is_loaded_besides(at_reseller: Story) -> None:
    usual = db.session.scalars(select(Client).order_by(Client.id)).all()
    with statements() as seen:
        assert clients_whole().objects().all() == usual
    assert len(seen) == 2
    assert all("reseller_id = " in sql for sql in seen)
    with tenancy.acting_for(at_reseller.other_reseller_id):
        assert clients_whole().objects().all() == []


def test_objects_are_asked_for_no_reseller_nor_for_all(at_reseller: Story) -> None:
    with tenancy.across_resellers(), pytest.raises(TenantMissing):
        clients_whole().objects()
    tenancy.leave()
    with pytest.raises(TenantMissing):
        clients_whole().objects()


def test_objects_of_a_bare_table_are_refused(at_reseller: Story) -> None:
    table = Login.__table__
    beside = prepared(lambda: select(Client).join(table, table.c.client_id == Client.id))
    with pytest.raises(TenantMissing, match="cannot be narrowed"):
        beside().objects()


LISTS = ("clients/", "dids/", "pending-orders/", "order-history/", "ports/", "911-missing/")


def test_a_list_that_is_built_once_is_each_resellers_own(
    visitor, alice, mallory, story, look
) -> None:
    """Whoever looks first has it built; the next sees their own rows and count."""
    with look():
        orders.ask(story.bob, story.free[0])
        number, client_id = (
            story.acme_number,
            db.session.scalar(select(Client.id).where(Client.name == "Acme")),
        )
    ours, theirs = visitor(alice), visitor(mallory)
    seen = {name: ours.get(f"/admin/{name}").text for name in LISTS}
    assert display.number(number) in seen["dids/"]
    assert "O-000001" in seen["pending-orders/"]
    for name in LISTS:
        page = theirs.get(f"/admin/{name}")
        for word in ("Acme", display.number(number), "O-000001"):
            assert word not in page.text, name
    for tab in ("numbers/", "pending-orders/", "order-history/", "ports/"):
        assert ours.get(f"/admin/clients/{client_id}/{tab}").status_int == 200
        theirs.get(f"/admin/clients/{client_id}/{tab}", status=404)
