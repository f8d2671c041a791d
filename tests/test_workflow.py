"""The order engine: every verb in every state, holds, claims, prices and what is told to whom."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

import permissions
import tenancy
import workflow
from columns import now
from extensions import db
from lines import Request
from models import (
    AuditEntry,
    Client,
    Did,
    DidAssignment,
    DidService,
    DidStatus,
    E911Record,
    LineResult,
    Login,
    Mail,
    Order,
    OrderSettings,
    OrderState,
    Staff,
)
from permissions import SYSTEM, Actor
from policy import Refused
from tests.support.cast import Person, Story
from workflow import TRANSITIONS, NotAllowed, TooLate, Verb

ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Main Street",
    "address2": "Suite 4",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
    "zip4": "",
}
FORWARD = {"forward_to": "(412) 555-0177"}


def actor(person: Person) -> Actor:
    """Make the actor of one of the cast."""
    if person.is_staff:
        return permissions.staff_actor(db.session.get_one(Staff, person.id))
    return permissions.login_actor(db.session.get_one(Login, person.id))


def client_of(person: Person) -> Client:
    return db.session.get_one(Client, person.client_id)


def order_numbers(story: Story, *numbers: str, person: Person | None = None) -> Order:
    person = person or story.bob
    asked = [Request(number) for number in numbers or story.free[:2]]
    order = workflow.submit(client_of(person), "did_order", asked, actor(person))
    db.session.commit()
    return order


def did(number: str) -> Did:
    return db.session.scalars(select(Did).where(Did.number == number)).one()


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def mail_kinds(order: Order) -> list[str]:
    mails = db.session.scalars(select(Mail).where(Mail.order_id == order.id).order_by(Mail.id))
    return [f"{mail.kind} to {mail.to_address}" for mail in mails]


# --- The table: every verb in every state ---------------------------------------------------

DO: dict[Verb, Callable[[Order, Story], object]] = {
    Verb.APPROVE: lambda order, story: workflow.approve(order, actor(story.alice)),
    Verb.REJECT: lambda order, story: workflow.reject(order, actor(story.alice), "No."),
    Verb.UNDO_REJECTION: lambda order, story: workflow.undo_rejection(order, actor(story.alice)),
    Verb.CANCEL: lambda order, story: workflow.cancel(order, actor(story.bob)),
    Verb.RETRY: lambda order, story: workflow.retry(order, actor(story.alice)),
}
LEADS_TO = {
    (Verb.APPROVE, OrderState.PENDING): OrderState.COMPLETED,
    (Verb.REJECT, OrderState.PENDING): OrderState.REJECTED,
    (Verb.CANCEL, OrderState.PENDING): OrderState.CANCELLED,
    (Verb.UNDO_REJECTION, OrderState.REJECTED): OrderState.PENDING,
    (Verb.RETRY, OrderState.FAILED): OrderState.COMPLETED,
}


def bring(order: Order, story: Story, state: OrderState, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring a pending order into a state by the doors that people use."""
    if state is OrderState.REJECTED:
        DO[Verb.REJECT](order, story)
    elif state is OrderState.CANCELLED:
        DO[Verb.CANCEL](order, story)
    elif state is OrderState.COMPLETED:
        DO[Verb.APPROVE](order, story)
    elif state in (OrderState.APPROVED, OrderState.FAILED):
        _bring_by_carrier(order, story, state, monkeypatch)
    db.session.commit()
    assert order.state is state


def _bring_by_carrier(
    order: Order, story: Story, state: OrderState, monkeypatch: pytest.MonkeyPatch
) -> None:
    import carriers
    from tests.support.carriers import Scripted

    answer = "later" if state is OrderState.APPROVED else "refused"
    with monkeypatch.context() as patch:
        patch.setitem(carriers.CARRIERS, "inventory", Scripted(answer, at_once=True))
        DO[Verb.APPROVE](order, story)


@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("verb", list(DO))
def test_every_verb_in_every_state(
    at_reseller: Story, monkeypatch: pytest.MonkeyPatch, verb: Verb, state: OrderState
) -> None:
    order = order_numbers(at_reseller)
    bring(order, at_reseller, state, monkeypatch)
    events, mails = len(order.events), count(Mail)
    expected = LEADS_TO.get((verb, state))
    if expected is None:
        with pytest.raises(TooLate):
            DO[verb](order, at_reseller)
        db.session.rollback()
        db.session.refresh(order)
        assert (order.state, len(order.events), count(Mail)) == (state, events, mails)
    else:
        DO[verb](order, at_reseller)
        db.session.commit()
        assert order.state is expected


def test_the_table_of_transitions_is_that_of_the_product() -> None:
    assert {(v.value, t.source.value, t.target.value) for v, t in TRANSITIONS.items()} == {
        ("approve", "pending", "approved"),
        ("reject", "pending", "rejected"),
        ("cancel", "pending", "cancelled"),
        ("undo_rejection", "rejected", "pending"),
        ("complete", "approved", "completed"),
        ("fail", "approved", "failed"),
        ("retry", "failed", "approved"),
    }


@pytest.mark.parametrize("verb", list(DO))
def test_victor_decides_nothing(at_reseller: Story, verb: Verb) -> None:
    order = order_numbers(at_reseller)
    by = actor(at_reseller.victor)
    assert workflow.allowed(order, by) == frozenset()
    act = {
        Verb.APPROVE: lambda: workflow.approve(order, by),
        Verb.REJECT: lambda: workflow.reject(order, by, "No."),
        Verb.UNDO_REJECTION: lambda: workflow.undo_rejection(order, by),
        Verb.CANCEL: lambda: workflow.cancel(order, by),
        Verb.RETRY: lambda: workflow.retry(order, by),
    }[verb]
    with pytest.raises(NotAllowed):
        act()
    db.session.rollback()
    assert db.session.get_one(Order, order.id).state is OrderState.PENDING


def test_allowed_tells_what_each_may_do(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    assert workflow.allowed(order, actor(at_reseller.alice)) == {Verb.APPROVE, Verb.REJECT}
    assert workflow.allowed(order, actor(at_reseller.bob)) == {Verb.CANCEL}
    assert workflow.allowed(order, actor(at_reseller.charlie)) == frozenset()


# --- Submit -----------------------------------------------------------------------------------


def test_an_order_changes_nothing_until_it_is_approved(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    row = did(at_reseller.free[0])
    assert (row.client_id, row.status, row.did_group_id) == (None, DidStatus.AVAILABLE, None)
    assert row.held_by_id == order.id
    assert (order.monthly_micros, order.setup_micros) == (3_000_000, 2_000_000)


def test_an_order_mails_the_client_contact_and_the_approvers(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    assert [mail.split(" to ")[1] for mail in mail_kinds(order)] == [
        "orders@acme.example",
        "alice@keystone.example",
    ]


def test_a_read_only_login_cannot_order(at_reseller: Story) -> None:
    db.session.get_one(Login, at_reseller.bob.id).allow_order_requests = False
    with pytest.raises(NotAllowed):
        order_numbers(at_reseller)
    db.session.rollback()
    assert (count(Order), count(Mail)) == (0, 0)


def test_a_login_cannot_order_for_another_client(at_reseller: Story) -> None:
    with pytest.raises(NotAllowed):
        workflow.submit(
            client_of(at_reseller.charlie),
            "did_order",
            [Request(at_reseller.free[0])],
            actor(at_reseller.bob),
        )


def test_the_second_client_at_one_number_is_told(at_reseller: Story) -> None:
    order_numbers(at_reseller, at_reseller.free[0])
    with pytest.raises(Refused) as refused:
        order_numbers(at_reseller, *at_reseller.free[:2], person=at_reseller.charlie)
    assert refused.value.problems == {
        at_reseller.free[0]: "(412) 555-0101 is being ordered by someone else."
    }


def test_the_same_form_sent_twice_is_one_order(at_reseller: Story) -> None:
    bob, asked = actor(at_reseller.bob), [Request(at_reseller.free[0])]
    acme = client_of(at_reseller.bob)
    first = workflow.submit(acme, "did_order", asked, bob, key="form-1")
    db.session.commit()
    second = workflow.submit(acme, "did_order", asked, bob, key="form-1")
    assert (second.id, count(Order)) == (first.id, 1)


@pytest.mark.parametrize("change", ["number", "kind", "note"])
def test_the_same_form_with_another_body_is_refused(at_reseller: Story, change: str) -> None:
    bob, acme = actor(at_reseller.bob), client_of(at_reseller.bob)
    first = workflow.submit(acme, "did_order", [Request(at_reseller.free[0])], bob, key="form-1")
    db.session.commit()
    number = at_reseller.free[1 if change == "number" else 0]
    asked, kind, note = [Request(number)], "did_order", None
    if change == "kind":
        kind, asked = "call_forwarding", [Request(at_reseller.acme_number, FORWARD)]
    elif change == "note":
        note = "Another note."
    with pytest.raises(workflow.SentAlready, match=f"sent before, as order {first.number}"):
        workflow.submit(acme, kind, asked, bob, key="form-1", note=note)
    assert (count(Order), count(Mail)) == (1, 2)


def test_a_key_is_its_owners_alone(at_reseller: Story) -> None:
    asked = [Request(at_reseller.free[0])], [Request(at_reseller.free[1])]
    for person, one in zip((at_reseller.bob, at_reseller.charlie), asked, strict=True):
        workflow.submit(client_of(person), "did_order", one, actor(person), key="form-1")
    assert count(Order) == 2


def test_two_orders_for_one_service_of_a_number_are_not_possible(at_reseller: Story) -> None:
    bob, acme = actor(at_reseller.bob), client_of(at_reseller.bob)
    asked = [Request(at_reseller.acme_number, FORWARD)]
    first = workflow.submit(acme, "call_forwarding", asked, bob)
    db.session.commit()
    with pytest.raises(Refused, match=f"already has an open order: {first.number}"):
        workflow.submit(acme, "call_forwarding", asked, bob)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"did_ordering": False}, "Ordering numbers is switched off."),
        ({"max_numbers_per_order": 1}, "An order can have at most 1 numbers."),
        ({"max_numbers": 2}, "Acme can have at most 2 numbers; with this order it would have 3."),
        (
            {"monthly_cap_micros": 4_000_000},
            "This would come to $4.50 a month; the limit is $4.00.",
        ),
    ],
)
def test_the_settings_rule_when_an_order_is_sent(
    at_reseller: Story, change: dict[str, object], sentence: str
) -> None:
    _set(at_reseller, **change)
    with pytest.raises(Refused) as refused:
        order_numbers(at_reseller)
    db.session.rollback()
    assert (refused.value.sentence, count(Order), count(Mail)) == (sentence, 0, 0)


def _set(story: Story, **change: object) -> None:
    settings = db.session.scalars(
        select(OrderSettings).where(OrderSettings.client_id == story.acme.id)
    ).one()
    for name, value in change.items():
        setattr(settings, name, value)
    db.session.commit()


# --- Decide -----------------------------------------------------------------------------------


def test_approved_numbers_are_the_clients(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    workflow.approve(order, actor(at_reseller.alice))
    db.session.commit()
    row = did(at_reseller.free[0])
    assert (row.client_id, row.status, row.held_by_id) == (
        at_reseller.acme.id,
        DidStatus.ACTIVE,
        None,
    )
    assert row.did_group_id == at_reseller.acme_group.id
    assert [line.result for line in order.lines] == [LineResult.DONE, LineResult.DONE]
    assert [e.name for e in order.events] == ["submitted", "approved", "completed"]
    assert any(mail.endswith("to bob@acme.example") for mail in mail_kinds(order))


def test_the_price_is_the_one_that_was_asked_for(at_reseller: Story) -> None:
    order = order_numbers(at_reseller, at_reseller.free[0])
    workflow.approve(order, actor(at_reseller.alice))
    held = db.session.scalars(
        select(DidAssignment).where(DidAssignment.number == at_reseller.free[0])
    ).one()
    assert (held.monthly_micros, held.setup_micros) == (1_500_000, 1_000_000)


def test_a_rejection_needs_a_reason(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    with pytest.raises(Refused, match="Write a reason"):
        workflow.reject(order, actor(at_reseller.alice), "  ")
    assert order.state is OrderState.PENDING


def test_a_rejection_frees_what_was_held(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    workflow.reject(order, actor(at_reseller.alice), "Too many.")
    db.session.commit()
    assert did(at_reseller.free[0]).held_by_id is None
    assert order_numbers(at_reseller, person=at_reseller.charlie).state is OrderState.PENDING


def test_an_undone_rejection_can_be_approved(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    workflow.reject(order, actor(at_reseller.alice), "By mistake.")
    workflow.undo_rejection(order, actor(at_reseller.alice))
    db.session.commit()
    assert (order.state, order.reason) == (OrderState.PENDING, None)
    workflow.approve(order, actor(at_reseller.alice))
    assert order.state is OrderState.COMPLETED
    names = [event.name for event in order.events]
    assert names == ["submitted", "rejected", "rejection_undone", "approved", "completed"]


def test_undo_says_which_number_has_gone(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    workflow.reject(order, actor(at_reseller.alice), "No.")
    db.session.commit()
    taken = order_numbers(at_reseller, at_reseller.free[1], person=at_reseller.charlie)
    workflow.approve(taken, actor(at_reseller.alice))
    db.session.commit()
    with pytest.raises(Refused) as refused:
        workflow.undo_rejection(order, actor(at_reseller.alice))
    db.session.rollback()
    assert refused.value.problems == {at_reseller.free[1]: "(412) 555-0102 is no longer available."}
    assert db.session.get_one(Order, order.id).state is OrderState.REJECTED


def test_settings_rule_again_when_staff_approve(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    _set(at_reseller, did_ordering=False)
    assert workflow.obstacle(order) == "Ordering numbers is switched off."
    with pytest.raises(Refused, match="switched off"):
        workflow.approve(order, actor(at_reseller.alice))
    db.session.rollback()
    assert db.session.get_one(Order, order.id).state is OrderState.PENDING


def test_what_changed_under_an_order_is_said_before_approval(at_reseller: Story) -> None:
    bob, acme = actor(at_reseller.bob), client_of(at_reseller.bob)
    asked = [Request(at_reseller.acme_number, FORWARD)]
    order = workflow.submit(acme, "call_forwarding", asked, bob)
    db.session.add(
        DidService(
            did=did(at_reseller.acme_number),
            service="failover",
            slot="routing",
            settings={"failover_to": "+14125550188"},
        )
    )
    db.session.commit()
    assert workflow.obstacle(order) == (
        "(412) 555-0190: Failover was “Off” when it was asked for; now it is “When unreachable, "
        "to (412) 555-0188”."
    )


def test_the_loser_is_told_who_was_faster(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    workflow.reject(order, actor(at_reseller.alice), "No.")
    with pytest.raises(TooLate, match="Alice was faster: order O-000001 is rejected already"):
        workflow.approve(order, actor(at_reseller.alice))


def test_a_cancelled_order_frees_its_numbers(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    workflow.cancel(order, actor(at_reseller.bob))
    db.session.commit()
    assert (order.state, did(at_reseller.free[0]).held_by_id) == (OrderState.CANCELLED, None)


def test_charlie_cannot_cancel_bobs_order(at_reseller: Story) -> None:
    order = order_numbers(at_reseller)
    with pytest.raises(NotAllowed):
        workflow.cancel(order, actor(at_reseller.charlie))
    assert order.state is OrderState.PENDING


# --- Holds that lapse ---------------------------------------------------------------------------


def test_a_lapsed_hold_can_be_taken_over_and_the_first_order_says_so(at_reseller: Story) -> None:
    first = order_numbers(at_reseller, at_reseller.free[0])
    row = did(at_reseller.free[0])
    row.held_until = now().replace(year=2020)
    db.session.commit()
    second = order_numbers(at_reseller, at_reseller.free[0], person=at_reseller.charlie)
    assert did(at_reseller.free[0]).held_by_id == second.id
    with pytest.raises(Refused, match="is being ordered by someone else"):
        workflow.approve(first, actor(at_reseller.alice))


def test_a_lapsed_hold_that_nobody_took_is_held_again_by_approval(at_reseller: Story) -> None:
    order = order_numbers(at_reseller, at_reseller.free[0])
    row = did(at_reseller.free[0])
    row.held_until = now().replace(year=2020)
    db.session.commit()
    assert workflow.approve(order, actor(at_reseller.alice)).state is OrderState.COMPLETED


# --- Every kind, carried out --------------------------------------------------------------------


def carried(story: Story, kind: str, *requests: Request) -> Order:
    order = workflow.submit(client_of(story.bob), kind, requests, actor(story.bob))
    workflow.approve(order, actor(story.alice))
    db.session.commit()
    return order


SERVICE_ORDERS = {
    "call_forwarding": (FORWARD, {"forward_to": "+14125550177"}),
    "failover": ({"failover_to": "4125550178"}, {"failover_to": "+14125550178"}),
    "fax_to_email": ({"email": " fax@acme.example "}, {"email": "fax@acme.example"}),
    "conference_line": ({"pin": "1234"}, {"pin": "1234"}),
    "cnam_outbound": ({"display_name": "Acmé  Dental"}, {"display_name": "ACME DENTAL"}),
    "cnam_inbound": ({}, {}),
    "sms": ({}, {}),
    "t38": ({}, {}),
}


@pytest.mark.parametrize("kind", list(SERVICE_ORDERS))
def test_each_service_is_in_force_after_approval(at_reseller: Story, kind: str) -> None:
    _set(at_reseller, editable_services=list(SERVICE_ORDERS))
    typed, stored = SERVICE_ORDERS[kind]
    order = carried(at_reseller, kind, Request(at_reseller.acme_number, typed))
    row = did(at_reseller.acme_number)
    assert order.state is OrderState.COMPLETED
    assert [(s.service, s.settings) for s in row.services] == [(kind, stored)]


def test_a_host_name_of_another_language_is_kept_as_mail_servers_know_it(
    at_reseller: Story,
) -> None:
    _set(at_reseller, editable_services=list(SERVICE_ORDERS))
    typed = {"email": "Fax@Bücher.example"}
    carried(at_reseller, "fax_to_email", Request(at_reseller.acme_number, typed))
    (service,) = did(at_reseller.acme_number).services
    assert service.settings == {"email": "Fax@xn--bcher-kva.example"}


def test_one_service_turns_its_rival_off_in_the_same_order(at_reseller: Story) -> None:
    number = at_reseller.acme_number
    carried(at_reseller, "call_forwarding", Request(number, FORWARD))
    order = carried(at_reseller, "failover", Request(number, {"failover_to": "4125550178"}))
    assert [s.service for s in did(number).services] == ["failover"]
    assert order.lines[0].requested == {
        "failover": {"failover_to": "+14125550178"},
        "call_forwarding": None,
    }
    assert order.monthly_micros == -500_000


def test_a_service_is_turned_off_by_an_order_too(at_reseller: Story) -> None:
    carried(at_reseller, "call_forwarding", Request(at_reseller.acme_number, FORWARD))
    carried(at_reseller, "call_forwarding", Request(at_reseller.acme_number, None))
    assert did(at_reseller.acme_number).services == []


@pytest.mark.parametrize("number_of", ["acme_number", None])
def test_911_is_provisioned_changed_and_removed(at_reseller: Story, number_of: str | None) -> None:
    number = getattr(at_reseller, number_of) if number_of else "+14125550155"
    carried(at_reseller, "e911_provision", Request(number, ADDRESS))
    carried(at_reseller, "e911_change", Request(number, ADDRESS | {"address2": "Suite 5"}))
    row = db.session.scalars(select(E911Record)).one()
    assert (row.address2, row.status, row.net) == (
        "Suite 5",
        "provisioned",
        "on_net" if number_of else "off_net",
    )
    carried(at_reseller, "e911_remove", Request(number))
    assert (row.status, row.removed_at is not None) == ("removed", True)


def test_a_released_number_takes_its_services_and_911_with_it(at_reseller: Story) -> None:
    number = at_reseller.acme_number
    carried(at_reseller, "call_forwarding", Request(number, FORWARD))
    carried(at_reseller, "e911_provision", Request(number, ADDRESS))
    order = carried(at_reseller, "did_release", Request(number))
    row = did(number)
    assert (row.client_id, row.status, row.services) == (None, DidStatus.RELEASED, [])
    assert db.session.scalars(select(E911Record)).one().status == "removed"
    assert order.monthly_micros == -2_000_000
    ended = select(DidAssignment.ended_at).where(DidAssignment.number == number)
    assert db.session.scalars(ended).one() is not None


@pytest.mark.parametrize(
    ("kind", "typed", "sentence"),
    [
        ("call_forwarding", {"forward_to": "911"}, "Calls cannot be sent to 911."),
        ("call_forwarding", {"forward_to": "+14125550190"}, "A number cannot be sent to itself."),
        ("call_forwarding", {"forward_to": "900 555 0100"}, "Premium numbers"),
        ("call_forwarding", {"forward_to": "hello"}, "Write a ten-digit US or Canadian number"),
        (
            "call_forwarding",
            {"forward_to": "411 555 0100"},
            "There is no number .* no area code is 411",
        ),
        (
            "call_forwarding",
            {"forward_to": "412 311 0100"},
            "There is no number .* no exchange is 311",
        ),
        ("fax_to_email", {"email": "a@b, c@d"}, "Write one e-mail address"),
        ("fax_to_email", {"email": "é@acme.example"}, "Write one e-mail address"),
        ("fax_to_email", {"email": "fax@acme..example"}, "Write one e-mail address"),
        ("conference_line", {"pin": "123456789"}, "Write up to eight digits"),
        ("cnam_outbound", {"display_name": "A name of more than 15"}, "Write 1 to 15 letters"),
        ("cnam_outbound", {"display_name": "4125550190"}, "The name needs at least one letter."),
    ],
)
def test_what_is_not_well_formed_is_refused_in_a_sentence(
    at_reseller: Story, kind: str, typed: dict[str, str], sentence: str
) -> None:
    _set(at_reseller, editable_services=list(SERVICE_ORDERS))
    with pytest.raises(Refused, match=sentence):
        carried(at_reseller, kind, Request(at_reseller.acme_number, typed))
    db.session.rollback()
    assert count(Order) == 0


def test_a_kind_that_approves_itself_is_in_force_at_once(at_reseller: Story) -> None:
    _set(at_reseller, auto_approve_call_forwarding=True)
    order = workflow.submit(
        client_of(at_reseller.bob),
        "call_forwarding",
        [Request(at_reseller.acme_number, FORWARD)],
        actor(at_reseller.bob),
    )
    assert (order.state, order.is_auto_approved) == (OrderState.COMPLETED, True)
    assert order.decided_by_name == SYSTEM.name


def test_staff_behind_a_login_are_named_in_the_story(at_reseller: Story) -> None:
    by = replace(actor(at_reseller.bob), impersonator_id=at_reseller.alice.id)
    order = workflow.submit(
        client_of(at_reseller.bob), "did_order", [Request(at_reseller.free[0])], by
    )
    assert order.events[0].by_name == "Alice as Bob"
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "order.submitted")
    ).one()
    assert (entry.by_name, entry.staff_id) == ("Alice as Bob", at_reseller.alice.id)


def test_a_number_of_another_reseller_does_not_exist(at_reseller: Story) -> None:
    with pytest.raises(Refused, match="is no longer available"):
        order_numbers(at_reseller, at_reseller.foreign_number)


def test_order_numbers_count_up_by_reseller(at_reseller: Story) -> None:
    first = order_numbers(at_reseller, at_reseller.free[0])
    second = order_numbers(at_reseller, at_reseller.free[1])
    assert (first.number, second.number) == ("O-000001", "O-000002")
    with tenancy.across_resellers():
        assert db.session.scalar(select(func.count(Order.id))) == 2
