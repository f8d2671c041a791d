"""A batch of decisions is as each of them by itself, and asks the database little for each."""

from typing import Any

import pytest
from sqlalchemy import select

from admin_views.orders import deciding
from extensions import db
from models import AuditEntry, Client, Did, DidType, MonthlyFee, Order, OrderEvent, UsageDay
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.queries import statements
from workflow import Verb

FEW, MANY = 2, 12


@pytest.fixture
def stock(look: Any, story: Story) -> list[str]:
    """Thirty further free numbers."""
    numbers = [f"+1412556{n:04d}" for n in range(100, 130)]
    about = {"npa": "412", "nxx": "556", "state": "PA", "city": "Pittsburgh"}
    features = dict.fromkeys(("has_t38", "has_cnam", "has_sms"), True)
    with look():
        db.session.add_all(
            Did(number=one, tier_id=story.tier.id, type=DidType.LOCAL, **about, **features)
            for one in numbers
        )
        db.session.commit()
    return numbers


def decide(names: list[str], verb: Verb, by: Person, reason: str = "") -> list[deciding.Outcome]:
    """Decide orders as the screen does, and commit."""
    ids = [str(orders.find(name).id) for name in names]
    found = deciding.chosen(ids, lock=True)
    outcomes = deciding.decide_many(found, verb, orders.actor(by), reason)
    db.session.commit()
    return outcomes


def owned(stock: list[str], bob: Person, alice: Person) -> list[str]:
    """Put numbers of the stock into Acme's hands."""
    orders.approve(orders.ask(bob, *stock), alice)
    return stock


@pytest.mark.parametrize(("verb", "most"), [(Verb.APPROVE, 12), (Verb.REJECT, 5)])
def test_an_order_more_costs_a_batch_a_dozen_statements_at_most(
    app: Any,
    look: Any,
    story: Story,
    alice: Person,
    bob: Person,
    stock: list[str],
    verb: Verb,
    most: int,
) -> None:
    taken = []
    for amount in (1, FEW, MANY):
        with look():
            numbers, stock = stock[:amount], stock[amount:]
            names = [orders.ask(bob, number) for number in numbers]
            with statements(app) as seen:
                outcomes = decide(names, verb, alice, "Not this month.")
        assert [one.refusal for one in outcomes] == [None] * amount
        taken.append(len(seen))
    # Looking an order up by its number, for its id, is the test's own statement.
    assert taken[2] - taken[1] <= (MANY - FEW) * (most + 1), taken


def test_a_batch_leaves_the_same_traces_as_one_decision_after_the_other(
    look: Any, story: Story, alice: Person, bob: Person, stock: list[str]
) -> None:
    with look():
        single, *many = (orders.ask(bob, number) for number in stock[:4])
        orders.approve(single, alice)
        decide(many, Verb.APPROVE, alice)
        assert [traces(name) for name in many] == [traces(single)] * 3
        days = db.session.scalars(select(UsageDay).where(UsageDay.number.in_(stock[:4]))).all()
        assert len({(day.number, day.kind) for day in days}) == len(days)
        assert len({(day.kind, day.price_micros) for day in days}) * 4 == len(days) > 0


def traces(name: str) -> tuple[Any, ...]:
    """Tell what a decision left: events, audit entries, mails and fees."""
    order = orders.find(name)
    events = select(OrderEvent).where(OrderEvent.order_id == order.id).order_by(OrderEvent.id)
    entries = select(AuditEntry).where(AuditEntry.object_name == name).order_by(AuditEntry.id)
    fees = select(MonthlyFee).where(MonthlyFee.number == order.lines[0].number)
    return (
        order.state,
        order.decided_by_name,
        [(event.name, event.by_name) for event in db.session.scalars(events)],
        [(entry.action, entry.by_name) for entry in db.session.scalars(entries)],
        [(mail.kind, mail.to_address) for mail in order.mails],
        [fee.monthly_micros for fee in db.session.scalars(fees)],
    )


def test_the_second_order_of_a_number_sees_what_the_first_one_did(
    look: Any, story: Story, alice: Person, bob: Person, stock: list[str]
) -> None:
    with look():
        number = owned(stock[:1], bob, alice)[0]
        cnam = orders.ask(bob, number, kind="cnam_outbound", display_name="ACME")
        release = orders.ask(bob, number, kind="did_release")
        first, second = decide([cnam, release], Verb.APPROVE, alice)
        assert first.refusal is None
        assert second.refusal
        assert "Caller" in second.refusal
        assert orders.find(release).state.value == "pending"
        assert [event.name for event in orders.find(release).events] == ["submitted"]
        assert orders.owner(number) == story.acme.id


def test_a_circle_that_two_orders_of_a_batch_would_close_is_refused(
    look: Any, story: Story, alice: Person, bob: Person, stock: list[str]
) -> None:
    with look():
        here, there = owned(stock[:2], bob, alice)
        names = [
            orders.ask(bob, here, kind="call_forwarding", forward_to=there),
            orders.ask(bob, there, kind="call_forwarding", forward_to=here),
        ]
        first, second = decide(names, Verb.APPROVE, alice)
        assert first.refusal is None
        assert second.refusal
        assert "in a circle" in second.refusal


def test_a_refused_order_of_a_batch_leaves_no_trace(
    look: Any, story: Story, alice: Person, bob: Person, charlie: Person, stock: list[str]
) -> None:
    with look():
        names = [orders.ask(bob, stock[0]), orders.ask(charlie, stock[1])]
        db.session.get_one(Client, story.acme.id).order_settings.did_ordering = False
        db.session.commit()
        before = orders.snapshot(names[0])
        first, second = decide(names, Verb.APPROVE, alice)
        assert first.refusal
        assert second.refusal is None
        assert orders.snapshot(names[0]) == before
        assert (
            db.session.scalars(select(Order.decided_at).where(Order.number == names[0])).one()
            is None
        )
        assert (
            db.session.scalars(select(MonthlyFee).where(MonthlyFee.number == stock[0])).all() == []
        )
