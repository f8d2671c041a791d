"""Many orders in one transaction: one that fails takes nobody with it, however late it fails."""

from collections.abc import Sequence

import pytest
from sqlalchemy import func, select, update

import batching
import tenancy
import workflow
from admin_views.orders import deciding
from columns import now
from extensions import db
from models import (
    Charge,
    Client,
    Did,
    DidAssignment,
    Mail,
    MonthlyFee,
    Order,
    OrderEvent,
    OrderState,
    Tier,
)
from policy import Refused
from tests.support import orders
from tests.support.cast import Story
from tests.support.queries import statements
from workflow import Verb


@pytest.fixture
def waiting(at_reseller: Story) -> list[str]:
    """Three pending orders of Bob's for a number each."""
    return [orders.ask(at_reseller.bob, number) for number in at_reseller.free[:3]]


def decide(story: Story, numbers: Sequence[str]) -> list[deciding.Outcome]:
    found = [orders.find(number) for number in numbers]
    done = deciding.decide_many(found, Verb.APPROVE, orders.actor(story.alice), "")
    db.session.commit()
    return done


def states(numbers: Sequence[str]) -> list[str]:
    return [orders.find(number).state.value for number in numbers]


def told(numbers: Sequence[str]) -> list[tuple[int, int]]:
    """Count the events and mails of orders."""
    counted = []
    for number in numbers:
        key = orders.find(number).id
        some = (select(func.count(t.id)).where(t.order_id == key) for t in (OrderEvent, Mail))
        counted.append(tuple(db.session.scalar(one) or 0 for one in some))
    return counted  # type: ignore[return-value]


def alone(story: Story, waiting: list[str]) -> tuple[int, int]:
    """What is told of an order that is approved by itself."""
    orders.approve(waiting.pop(), story.alice)
    number = db.session.scalars(
        select(Order.number).where(Order.state == OrderState.COMPLETED)
    ).one()
    return told([number])[0]


def test_a_batch_tells_of_each_order_what_one_alone_tells(
    at_reseller: Story, waiting: list[str]
) -> None:
    one = alone(at_reseller, waiting)
    decide(at_reseller, waiting)
    assert states(waiting) == ["completed"] * 2
    assert told(waiting) == [one] * 2


def test_a_line_that_cannot_be_done_fails_its_own_order(
    at_reseller: Story, waiting: list[str]
) -> None:
    """Another reseller has the number, which shows when it is written, with the others' rows."""
    used_elsewhere(at_reseller, at_reseller.free[1])
    outcomes = decide(at_reseller, waiting)
    assert [one.state.value for one in outcomes] == ["completed", "failed", "completed"]
    assert states(waiting) == ["completed", "failed", "completed"]
    assert orders.find(waiting[1]).lines[0].error == "The number is in use elsewhere."
    mine = Did.number.in_(at_reseller.free[:3])
    owned = db.session.scalars(select(Did.number).where(mine, Did.client_id.is_not(None)))
    assert set(owned) == {at_reseller.free[0], at_reseller.free[2]}
    assert told(waiting[:1]) == told(waiting[2:])


def used_elsewhere(story: Story, number: str) -> None:
    with tenancy.acting_for(story.other_reseller_id):
        tier = Tier(label="9", name="Elsewhere", monthly_micros=1_000_000)
        client = Client(name="Elsewhere", contact_email="e@elsewhere.example")
        db.session.add_all([tier, client])
        db.session.flush()
        did = Did(number=number, npa=number[2:5], nxx=number[5:8], tier_id=tier.id)
        db.session.add(did)
        db.session.flush()
        held = {"number": number, "client_id": client.id, "monthly_micros": 0, "setup_micros": 0}
        db.session.add(DidAssignment(did_id=did.id, started_at=now(), **held))
        db.session.commit()


def test_an_order_refused_after_it_wrote_is_undone_alone(
    at_reseller: Story, waiting: list[str]
) -> None:
    by, before = orders.actor(at_reseller.alice), told(waiting[1:2])
    found = [orders.find(number) for number in waiting]

    def act(order: Order, batch: batching.Batch) -> None:
        workflow.approve(order, by, batch)
        if order.number == waiting[1]:
            raise Refused("It has gone.")

    with batching.deciding(found) as batch:
        refused = batching.decide(
            found,
            batch,
            lambda one: workflow.check(one, Verb.APPROVE, by, batch),
            lambda one: act(one, batch),
        )
    db.session.commit()
    assert [why.sentence for why in refused.values()] == ["It has gone."]
    assert states(waiting) == ["completed", "pending", "completed"]
    assert told(waiting[1:2]) == before
    assert told(waiting[:1]) == told(waiting[2:])


def test_every_charge_names_its_fee(at_reseller: Story, waiting: list[str]) -> None:
    db.session.execute(update(Did).values(monthly_micros=2_000_000))
    db.session.commit()
    decide(at_reseller, waiting)
    rows = db.session.execute(select(Charge.key, Charge.monthly_fee_id)).all()
    fees = set(db.session.scalars(select(MonthlyFee.id)))
    monthly = [(key, fee) for key, fee in rows if key.startswith("fee:")]
    assert monthly
    assert all(key.startswith(f"fee:{fee}:") and fee in fees for key, fee in monthly)


def test_a_second_order_for_a_number_of_the_batch_sees_what_the_first_did(
    at_reseller: Story,
) -> None:
    number = at_reseller.free[0]
    first = orders.ask(at_reseller.bob, number)
    orders.approve(first, at_reseller.alice)
    both = [
        orders.ask(at_reseller.bob, number, kind="call_forwarding", forward_to="+14125550199"),
        orders.ask(at_reseller.bob, number, kind="cnam_outbound", display_name="ACME"),
    ]
    decide(at_reseller, both)
    assert states(both) == ["completed"] * 2


def test_more_orders_ask_hardly_more(app, at_reseller: Story, waiting: list[str]) -> None:  # type: ignore[no-untyped-def]
    with statements(app) as one:
        decide(at_reseller, waiting[:1])
    with statements(app) as two:
        decide(at_reseller, waiting[1:])
    assert len(two) - len(one) < 12
