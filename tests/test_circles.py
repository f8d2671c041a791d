"""Calls that would go in a circle: refused when asked for, again when approved, and what is not."""

from typing import Any

import pytest
from sqlalchemy import event, func, select

import policy
import workflow
from carriers import inventory
from extensions import db
from models import Client, Did, DidGroup, DidService, Mail, Order, OrderState
from policy import Refused
from tests.support import orders
from tests.support.cast import Person, Story

FORWARD, FAILOVER = "call_forwarding", "failover"
A, B, C, D = "+14125550190", "+14125550101", "+14125550102", "+14125550103"
OUTSIDE = "+12125550123"


@pytest.fixture
def acme(at_reseller: Story) -> Story:
    """Give Acme the numbers B, C and D, beside its own A."""
    group = db.session.get_one(DidGroup, at_reseller.acme_group.id)
    for did in db.session.scalars(select(Did).where(Did.number.in_([B, C, D]))).all():
        inventory.give_did(did, group)
    db.session.commit()
    return at_reseller


def send(story: Story, number: str, to: str, kind: str = FORWARD) -> str:
    name = "forward_to" if kind == FORWARD else "failover_to"
    return orders.ask(story.bob, number, kind=kind, **{name: to})


def carry(story: Story, number: str, to: str, kind: str = FORWARD) -> None:
    orders.approve(send(story, number, to, kind), story.alice)


def written() -> tuple[int, ...]:
    return tuple(
        db.session.scalar(select(func.count()).select_from(table)) or 0 for table in (Order, Mail)
    )


def refused(story: Story, number: str, to: str, kind: str = FORWARD) -> str:
    before = written()
    with pytest.raises(Refused) as caught:
        send(story, number, to, kind)
    db.session.rollback()
    assert written() == before
    assert list(caught.value.problems) == [number]
    return caught.value.sentence


@pytest.mark.parametrize("first", [FORWARD, FAILOVER])
@pytest.mark.parametrize("second", [FORWARD, FAILOVER])
def test_calls_there_and_back_are_refused(acme: Story, first: str, second: str) -> None:
    carry(acme, A, B, first)
    assert refused(acme, B, A, second) == (
        "Calls to (412) 555-0101 would go in a circle: to (412) 555-0190, and back to it. "
        "Choose another number."
    )


def test_a_longer_circle_through_own_numbers_is_refused_with_its_stations(acme: Story) -> None:
    for number, to in ((A, B), (B, C), (C, D)):
        carry(acme, number, to)
    assert "to (412) 555-0190, then to (412) 555-0101, then to (412) 555-0102, and back" in refused(
        acme, D, A
    )


def test_a_chain_that_ends_somewhere_is_no_circle(acme: Story) -> None:
    for number, to in ((A, B), (B, C), (C, OUTSIDE), (D, A)):
        carry(acme, number, to)


def test_a_circle_that_others_make_does_not_stop_a_number_outside_it(acme: Story) -> None:
    carry(acme, A, B)
    did = db.session.scalars(select(Did).where(Did.number == B)).one()
    kept = {"service": FORWARD, "slot": "routing", "settings": {"forward_to": A}}
    did.services.append(DidService(reseller_id=acme.reseller_id, **kept))
    db.session.commit()
    carry(acme, C, A)


def test_a_circle_that_an_order_opens_again_is_none(acme: Story) -> None:
    carry(acme, A, B)
    orders.approve(orders.ask(acme.bob, A, kind=FORWARD), acme.alice)
    carry(acme, B, A)


def test_the_second_of_two_pending_orders_is_refused_at_approval(acme: Story) -> None:
    first, second = send(acme, A, B), send(acme, B, A, FAILOVER)
    orders.approve(first, acme.alice)
    before = written()
    with pytest.raises(Refused, match="would go in a circle"):
        orders.approve(second, acme.alice)
    db.session.rollback()
    assert (orders.find(second).state, written()) == (OrderState.PENDING, before)
    assert (
        "would go in a circle" in workflow.obstacles([orders.find(second)])[orders.find(second).id]
    )


def test_one_order_for_many_numbers_cannot_close_a_circle(acme: Story) -> None:
    carry(acme, C, A)
    before = written()
    with pytest.raises(Refused) as caught:
        orders.ask(acme.bob, A, B, kind=FORWARD, forward_to=C)
    db.session.rollback()
    assert (list(caught.value.problems), written()) == ([A], before)


def test_another_clients_numbers_do_not_count(acme: Story, charlie: Person) -> None:
    birch = db.session.get_one(Client, charlie.client_id)
    policy.settings_of(birch).editable_services = [FORWARD]
    forward = orders.ask(charlie, acme.birch_number, kind=FORWARD, forward_to=A)
    orders.approve(forward, acme.alice)
    carry(acme, A, acme.birch_number)


def test_three_pending_orders_ask_no_more_queries_than_one(acme: Story) -> None:
    found = [orders.find(send(acme, number, OUTSIDE)) for number in (A, B, C)]
    assert count_queries(found) <= count_queries(found[:1])


def count_queries(some: list[Order]) -> int:
    ids = [order.id for order in some]
    seen: list[Any] = []
    db.session.expire_all()
    loaded = db.session.scalars(select(Order).where(Order.id.in_(ids))).all()
    for order in loaded:
        assert order.lines
        assert order.client.order_settings.tier_rows

    def note(*args: Any) -> None:
        seen.append(args)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        workflow.obstacles(loaded)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len([one for one in seen if "did_service" in one[2]])


@pytest.mark.parametrize("area_code", ["370", "375", "960", "969"])
def test_an_area_code_that_is_kept_back_is_refused(acme: Story, area_code: str) -> None:
    before = written()
    with pytest.raises(Refused, match=f"no area code is {area_code}"):
        send(acme, A, f"{area_code} 555 0100")
    db.session.rollback()
    assert written() == before
