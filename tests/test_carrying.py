"""A carrier that answers later: it fails, delays and repeats, and nothing is doubled."""

import pytest
from flask import Flask
from sqlalchemy import select, update

import carriers
import carrying
import jobs
import permissions
import tenancy
import workflow
from columns import now
from extensions import db
from lines import Request
from models import Client, Did, LineResult, Login, Mail, Order, OrderState, Staff
from tests.support.carriers import Scripted
from tests.support.cast import Story


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Put a scripted carrier in the place of the embedded one: ``remote("later", "done")``."""

    def install(*script: str) -> Scripted:
        carrier = Scripted(*script)
        monkeypatch.setitem(carriers.CARRIERS, "inventory", carrier)
        return carrier

    return install


def approved(story: Story, *numbers: str) -> int:
    """Have Bob order numbers and Alice approve; gives the order's id."""
    with tenancy.acting_for(story.reseller_id):
        bob = permissions.login_actor(db.session.get_one(Login, story.bob.id))
        alice = permissions.staff_actor(db.session.get_one(Staff, story.alice.id))
        acme = db.session.get_one(Client, story.acme.id)
        order = workflow.submit(acme, "did_order", [Request(n) for n in numbers], bob)
        workflow.approve(order, alice)
        db.session.commit()
        return order.id


def turn(story: Story, order_id: int) -> Order:
    """Let the order's time come, run the job once, and look at the order."""
    with tenancy.acting_for(story.reseller_id):
        db.session.execute(
            update(Order)
            .where(Order.id == order_id, Order.carry_out_at.is_not(None))
            .values(carry_out_at=now())
        )
        db.session.commit()
    jobs.carry_out_due()
    tenancy.enter(story.reseller_id)
    db.session.expire_all()
    return db.session.get_one(Order, order_id)


def owner_of(number: str) -> int | None:
    return db.session.scalars(select(Did.client_id).where(Did.number == number)).one()


def test_approval_waits_for_a_remote_carrier(app: Flask, story: Story, remote) -> None:  # type: ignore[no-untyped-def]
    carrier = remote("done")
    with app.app_context():
        order_id = approved(story, story.free[0])
        tenancy.enter(story.reseller_id)
        assert db.session.get_one(Order, order_id).state is OrderState.APPROVED
        assert (owner_of(story.free[0]), carrier.asked) == (None, [])


def test_a_late_answer_completes_the_order_once(app: Flask, story: Story, remote) -> None:  # type: ignore[no-untyped-def]
    carrier = remote("later", "later", "done")
    with app.app_context():
        order_id = approved(story, story.free[0])
        states = [turn(story, order_id).state for _ in range(4)]
        assert states == ["approved", "approved", "completed", "completed"]
        assert carrier.asked == ["keystone:O-000001:1:r1"] * 3
        assert owner_of(story.free[0]) == story.acme.id


@pytest.mark.parametrize("word", ["silence", "lost"])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    app: Flask,
    story: Story,
    remote,
    word: str,  # type: ignore[no-untyped-def]
) -> None:
    carrier = remote(word, "done")
    with app.app_context():
        order_id = approved(story, story.free[0])
        assert turn(story, order_id).state is OrderState.APPROVED
        assert turn(story, order_id).state is OrderState.COMPLETED
        assert (len(set(carrier.asked)), carrier.done) == (1, ["keystone:O-000001:1:r1"])


def test_a_refusal_fails_the_order_and_tells_staff_only(app: Flask, story: Story, remote) -> None:  # type: ignore[no-untyped-def]
    remote("refused")
    with app.app_context():
        order = turn(story, approved(story, story.free[0]))
        assert (order.state, order.lines[0].error) == ("failed", "The far end refused it.")
        last = db.session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        assert (last.to_address, last.order_id) == ("alice@keystone.example", order.id)
        assert owner_of(story.free[0]) is None


def test_a_retry_asks_for_the_unfinished_lines_only(app: Flask, story: Story, remote) -> None:  # type: ignore[no-untyped-def]
    carrier = remote("done", "refused", "done")
    with app.app_context():
        order_id = approved(story, *story.free[:2])
        order = turn(story, order_id)
        assert [line.result for line in order.lines] == [LineResult.DONE, LineResult.FAILED]
        assert order.state is OrderState.FAILED
        alice = permissions.staff_actor(db.session.get_one(Staff, story.alice.id))
        workflow.retry(order, alice)
        db.session.commit()
        assert turn(story, order_id).state is OrderState.COMPLETED
        assert carrier.asked[-1] == "keystone:O-000001:2:r2"
        assert len(carrier.asked) == 3


def test_a_crash_after_asking_asks_again_and_does_it_once(
    app: Flask,
    story: Story,
    remote,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    carrier = remote("done")
    with app.app_context():
        order_id = approved(story, story.free[0])

        def crash(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(jobs, "_take_answers", crash)
            with pytest.raises(KeyboardInterrupt):
                turn(story, order_id)
        db.session.rollback()
        assert turn(story, order_id).state is OrderState.COMPLETED
        assert (len(carrier.asked), len(carrier.done)) == (2, 1)


def test_a_silent_carrier_is_given_up_at_last(
    app: Flask,
    story: Story,
    remote,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    remote("silence")
    monkeypatch.setattr(carrying, "MOST_ATTEMPTS", 2)
    with app.app_context():
        order_id = approved(story, story.free[0])
        assert turn(story, order_id).state is OrderState.APPROVED
        order = turn(story, order_id)
        assert (order.state, order.lines[0].error) == (
            "failed",
            "No answer came. Try again, or ask your provider.",
        )


def test_of_two_workers_one_asks(app: Flask, story: Story, remote) -> None:  # type: ignore[no-untyped-def]
    remote("later")
    with app.app_context():
        order_id = approved(story, story.free[0])
        with tenancy.acting_for(story.reseller_id):
            assert [carrying.claim(order_id), carrying.claim(order_id)] == [True, False]
            db.session.rollback()


def test_an_order_that_cannot_be_asked_about_stops_none_behind_it(
    app: Flask, story: Story, remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = remote("done")
    with app.app_context():
        first, second = approved(story, story.free[0]), approved(story, story.free[1])
        read = carrying.jobs

        def poison(order: Order) -> dict[int, carriers.Job]:
            if order.id == first:
                raise LookupError("planted")
            return read(order)

        monkeypatch.setattr(carrying, "jobs", poison)
        assert jobs.carry_out_due() == 1
        assert jobs.carry_out_due() == 0, "the order that fails is asked for again at once"
        tenancy.enter(story.reseller_id)
        states = [db.session.get_one(Order, key).state for key in (first, second)]
    assert states == [OrderState.APPROVED, OrderState.COMPLETED]
    assert len(carrier.done) == 1


def test_one_resellers_ledger_that_fails_stops_no_other(
    app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def job() -> int:
        seen.append(tenancy.current())
        if tenancy.current() == story.reseller_id:
            raise LookupError("planted")
        return 1

    monkeypatch.setattr(jobs, "LEDGER", (job,))
    with app.app_context():
        assert jobs.keep_ledger() == 1
    assert sorted(seen) == sorted([story.reseller_id, story.other_reseller_id])
