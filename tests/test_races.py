"""Two at once, with real connections: approvers, clients at one number, one form sent ten times.

Each race has a control in which the guard is taken away: it must then go wrong, or the race proves
nothing.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

import audit
import charging
import clients
import database
import lines
import permissions
import tenancy
import workflow
from carriers import inventory
from extensions import db
from lines import Request
from models import (
    ChargeKind,
    Client,
    Did,
    DidAssignment,
    DidGroup,
    Login,
    Mail,
    Order,
    OrderEvent,
    OrderState,
    Staff,
)
from policy import Refused
from tests.support.calls import LONG_AGO, assert_sums_agree
from tests.support.cast import Person, Story
from tests.support.databases import kind

CROWD = 8


def at_once(app: Flask, story: Story, act: Callable[[int], object], crowd: int = CROWD) -> Counter:
    """Run an act in many threads at one moment, each with its own connection; count the outcomes.

    An outcome is "done" or the name of the refusal; anything else fails the test.
    """
    start, outcomes, strange = threading.Barrier(crowd), [], []

    def one(n: int) -> None:
        with app.app_context(), tenancy.acting_for(story.reseller_id):
            start.wait(timeout=30)
            try:
                act(n)
                db.session.commit()
                outcomes.append("done")
            except Refused as refused:
                db.session.rollback()
                outcomes.append(type(refused).__name__)
            except BaseException as error:  # noqa: BLE001 (A thread's error is told to the test.)
                db.session.rollback()
                strange.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert strange == []
    return Counter(outcomes)


def staff_actor(person: Person) -> permissions.Actor:
    return permissions.staff_actor(db.session.get_one(Staff, person.id))


def submit_as(person: Person, *numbers: str, key: str | None = None) -> Order:
    client = db.session.get_one(Client, person.client_id)
    login = permissions.login_actor(db.session.get_one(Login, person.id))
    return workflow.submit(client, "did_order", [Request(n) for n in numbers], login, key=key)


@pytest.fixture
def pending(app: Flask, story: Story) -> int:
    """A pending order of Bob's, committed; its id."""
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        order = submit_as(story.bob, *story.free[:2])
        db.session.commit()
        return order.id


def decide(order_id: int, story: Story, n: int) -> None:
    order, by = db.session.get_one(Order, order_id), staff_actor(story.alice)
    if n % 2:
        workflow.approve(order, by)
    else:
        workflow.reject(order, by, "No.")


def test_of_many_deciders_one_decides(app: Flask, story: Story, pending: int, look) -> None:  # type: ignore[no-untyped-def]
    outcomes = at_once(app, story, lambda n: decide(pending, story, n))
    assert outcomes == {"done": 1, "TooLate": CROWD - 1}
    with look():
        order = db.session.get_one(Order, pending)
        decisions = [e.name for e in order.events if e.name in ("approved", "rejected")]
        told = select(func.count(Mail.id)).where(Mail.to_address == "bob@acme.example")
        assert (len(decisions), db.session.scalar(told)) == (1, 1)
        holders = select(func.count(DidAssignment.id)).where(
            DidAssignment.number.in_(story.free), DidAssignment.ended_at.is_(None)
        )
        expected = 2 if order.state is OrderState.COMPLETED else 0
        assert db.session.scalar(holders) == expected


def test_without_the_claim_many_would_decide(
    app: Flask,
    story: Story,
    pending: int,
    look,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    """The control: a look before the leap lets more than one through."""
    looked = threading.Barrier(CROWD)

    def careless(order_id: int) -> None:
        with db.session.no_autoflush:
            state = db.session.scalar(select(Order.state).where(Order.id == order_id))
        db.session.commit()
        looked.wait(timeout=30)
        if state is OrderState.PENDING:
            db.session.execute(
                update(Order).where(Order.id == order_id).values(state=OrderState.APPROVED)
            )

    outcomes = at_once(app, story, lambda n: careless(pending))
    assert outcomes == {"done": CROWD}


def test_of_two_clients_at_one_number_one_gets_it(app: Flask, story: Story, look) -> None:  # type: ignore[no-untyped-def]
    people = (story.bob, story.charlie)
    outcomes = at_once(app, story, lambda n: submit_as(people[n % 2], story.free[0]))
    assert outcomes == {"done": 1, "Refused": CROWD - 1}
    with look():
        assert db.session.scalar(select(func.count(Order.id))) == 1
        held = select(Did.held_by_id).where(Did.number == story.free[0])
        assert db.session.scalar(held) == db.session.scalar(select(Order.id))


def test_overlapping_orders_do_not_wait_for_each_other_for_ever(
    app: Flask,
    story: Story,
    look,  # type: ignore[no-untyped-def]
) -> None:
    there, back = story.free[:4], tuple(reversed(story.free[:4]))
    people = (story.bob, story.charlie)
    outcomes = at_once(app, story, lambda n: submit_as(people[n % 2], *(there if n % 2 else back)))
    assert outcomes == {"done": 1, "Refused": CROWD - 1}


def test_one_form_sent_many_times_is_one_order(app: Flask, story: Story, look) -> None:  # type: ignore[no-untyped-def]
    outcomes = at_once(app, story, lambda n: submit_as(story.bob, story.free[0], key="form"))
    assert outcomes == {"done": CROWD}
    with look():
        assert db.session.scalar(select(func.count(Order.id))) == 1
        submitted = select(func.count(OrderEvent.id)).where(OrderEvent.name == "submitted")
        assert db.session.scalar(submitted) == 1


def test_order_numbers_are_never_given_twice(app: Flask, story: Story, look) -> None:  # type: ignore[no-untyped-def]
    people = (story.bob, story.charlie)
    outcomes = at_once(app, story, lambda n: submit_as(people[n % 2], story.free[n]), crowd=7)
    assert outcomes == {"done": 7}
    with look():
        numbers = db.session.scalars(select(Order.number)).all()
        assert sorted(numbers) == [f"O-{n:06d}" for n in range(1, 8)]


def test_undo_and_a_new_order_at_once_leave_one_holder(
    app: Flask,
    story: Story,
    pending: int,
    look,  # type: ignore[no-untyped-def]
) -> None:
    with look():
        workflow.reject(db.session.get_one(Order, pending), staff_actor(story.alice), "No.")
        db.session.commit()

    def act(n: int) -> None:
        if n % 2:
            workflow.undo_rejection(db.session.get_one(Order, pending), staff_actor(story.alice))
        else:
            submit_as(story.charlie, story.free[0])

    outcomes = at_once(app, story, act)
    assert outcomes["done"] == 1
    assert sum(outcomes.values()) == CROWD


# --- A number that moves while an order for it is approved --------------------------------------


def approve_while_the_group_is_taken_back(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Approve a service on Acme's number; between the look and the writing, take its group back.

    Gives the services that stand on the number when nobody has it any more.
    """
    checked, taken = threading.Event(), threading.Event()
    price_of = inventory._price_of

    def paused(*about: object) -> int:
        checked.set()
        taken.wait(timeout=1)
        return price_of(*about)

    with app.app_context(), tenancy.acting_for(story.reseller_id):
        client = db.session.get_one(Client, story.acme.id)
        bob = permissions.login_actor(db.session.get_one(Login, story.bob.id))
        forward = Request(story.acme_number, {"forward_to": "+14125550177"})
        key = workflow.submit(client, "call_forwarding", [forward], bob).id
        db.session.commit()
    monkeypatch.setattr(inventory, "_price_of", paused)

    def approve() -> None:
        with app.app_context(), tenancy.acting_for(story.reseller_id):
            workflow.approve(db.session.get_one(Order, key), staff_actor(story.alice))
            db.session.commit()

    def take_back() -> None:
        with app.app_context(), tenancy.acting_for(story.reseller_id):
            checked.wait(timeout=30)
            inventory.give_group(db.session.get_one(DidGroup, story.acme_group.id), None)
            db.session.commit()
            taken.set()

    threads = [threading.Thread(target=act) for act in (approve, take_back)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        did = db.session.scalars(select(Did).where(Did.number == story.acme_number)).one()
        assert did.client_id is None
        return [row.service for row in did.services]


def test_a_number_taken_back_keeps_no_service_of_an_order_approved_meanwhile(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert approve_while_the_group_is_taken_back(app, story, monkeypatch) == []


def test_without_the_lock_the_next_client_would_inherit_it(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control; on SQLite the one write lock does the same as the lock of the row."""
    monkeypatch.setattr(workflow, "lock", list)
    with app.app_context():
        is_sqlite = database.is_sqlite(db.engine)
    left = approve_while_the_group_is_taken_back(app, story, monkeypatch)
    assert left == ([] if is_sqlite else ["call_forwarding"])


# --- Two transactions that charge, in opposite order --------------------------------------------


def charge_both_ways(app: Flask, story: Story) -> Counter:
    """Charge two clients for two days in two transactions at once, each in its own order."""
    days, both = (date(2026, 11, 1), date(2026, 11, 2)), threading.Barrier(2)

    def act(n: int) -> None:
        for day in days if n else reversed(days):
            client = (story.acme, story.birch)[n]
            row = charging._row(client.id, ChargeKind.SETUP, "", "did")
            row |= {"key": f"race:{n}:{day}", "day": day, "price_micros": 1}
            charging.write([row], date.min)
            with suppress(threading.BrokenBarrierError):
                both.wait(timeout=1)

    return at_once(app, story, act, crowd=2)


def test_charges_wait_for_each_other(app: Flask, story: Story, look) -> None:  # type: ignore[no-untyped-def]
    assert charge_both_ways(app, story) == {"done": 2}
    with look():
        assert_sums_agree()


@pytest.mark.skipif(kind() == "sqlite", reason="SQLite has one write lock for everything.")
def test_without_the_wait_they_would_lock_up(app: Flask, story: Story, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(charging.rollup, "wait_to_charge", lambda tenant: None)
    with pytest.raises(AssertionError, match="deadlock detected"):
        charge_both_ways(app, story)


def test_a_client_and_a_group_of_its_name_are_made_at_once(app: Flask, story: Story, look) -> None:  # type: ignore[no-untyped-def]
    begun, made = threading.Event(), threading.Event()

    def act(n: int) -> None:
        if n:
            assert begun.wait(timeout=10)
            clients.create(by=staff_actor(story.alice), name="Race", contact_email="a@race.example")
            made.set()
        else:
            db.session.add(DidGroup(name="Race"))
            db.session.flush()
            begun.set()
            # The client is waiting for this transaction when it ends.
            made.wait(timeout=1)

    assert at_once(app, story, act, crowd=2) == {"done": 2}
    with look():
        race = db.session.scalars(select(Client).where(Client.name == "Race")).one()
        assert [group.name for group in race.did_groups] == ["Race 2"]


# --- An order that is sent while another on the same number is approved ---------------------------


def send_while_approving(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch, order_id: int
) -> Counter:
    """Send an order for a number whose hold has lapsed, while staff approve the one that held it.

    They meet where each holds one thing and is about to want the other: who sends holds the
    reseller, who approves the number.
    """
    both, draft, lock = threading.Barrier(2), lines.draft, workflow.lock

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)

    def drafted(*args: Any, **more: Any) -> Any:
        found = draft(*args, **more)
        meet()
        return found

    def locked(ids: Any) -> None:
        lock(ids)
        meet()

    def act(n: int) -> None:
        if n:
            workflow.approve(db.session.get_one(Order, order_id), staff_actor(story.alice))
        else:
            submit_as(story.charlie, story.free[0], key="form")

    monkeypatch.setattr(lines, "draft", drafted)
    monkeypatch.setattr(workflow, "lock", locked)
    return at_once(app, story, act, crowd=2)


@pytest.fixture
def lapsed(pending: int, look) -> int:  # type: ignore[no-untyped-def]
    """A pending order whose numbers are held for it no longer."""
    with look():
        mine = update(Did).where(Did.held_by_id == pending)
        db.session.execute(mine.values(held_until=LONG_AGO))
        db.session.commit()
    return pending


def test_who_approves_and_who_sends_do_not_wait_for_each_other_for_ever(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch, lapsed: int
) -> None:
    assert send_while_approving(app, story, monkeypatch, lapsed) == {"done": 1, "Refused": 1}


@pytest.mark.skipif(kind() == "sqlite", reason="SQLite has one write lock for everything.")
def test_they_would_where_numbers_came_before_the_reseller(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch, lapsed: int
) -> None:
    first = SimpleNamespace(open_from=lambda tenant, lock: None)
    monkeypatch.setattr(inventory, "rollup", first)
    with pytest.raises(AssertionError, match="deadlock detected"):
        send_while_approving(app, story, monkeypatch, lapsed)


@pytest.mark.skipif(kind() == "sqlite", reason="SQLite has one write lock for everything.")
def test_an_order_that_is_being_sent_keeps_nobody_from_writing(app: Flask, story: Story) -> None:
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        submit_as(story.bob, story.free[0], key="form")

        def act(n: int) -> None:
            db.session.execute(update(Client).values(notes="Seen."))
            number = select(Did).where(Did.number == story.free[0])
            audit.record("did.changed", db.session.scalars(number).one(), staff_actor(story.alice))
            db.session.flush()

        with ended_soon():
            assert at_once(app, story, act, crowd=1) == {"done": 1}
        db.session.rollback()


@contextmanager
def ended_soon() -> Iterator[None]:
    """Let a statement that waits for a lock fail after a second."""

    def hurry(connection: Any) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")

    event.listen(db.engine, "begin", hurry)
    try:
        yield
    finally:
        event.remove(db.engine, "begin", hurry)
