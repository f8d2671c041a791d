"""The verbs of ports: entered, moved, dated, commented, completed; and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import permissions
import ports
from catalog import Invalid
from extensions import db
from models import (
    AuditEntry,
    Client,
    Did,
    DidAssignment,
    Port,
    PortEvent,
    PortReason,
    PortStatus,
    Reseller,
    Staff,
    Tier,
)
from tests.support.cast import Story

TYPED = "(412) 555-0177\n1-412-555-0178, +14125550179"
NUMBERS = ["+14125550177", "+14125550178", "+14125550179"]


@pytest.fixture
def story(at_reseller: Story) -> Story:
    """The cast's world, with the usual statuses and reasons."""
    ports.furnish(db.session.get_one(Reseller, at_reseller.reseller_id))
    return at_reseller


@pytest.fixture
def by(story: Story) -> permissions.Actor:
    """Alice acts."""
    return permissions.staff_actor(db.session.get_one(Staff, story.alice.id))


def enter(story: Story, by: permissions.Actor, pon: str = "K-1", **more: Any) -> Port:
    """Enter a port of Acme's with three numbers."""
    client = db.session.get(Client, more.pop("client_id", story.acme.id))
    port = Port()
    values = {"pon": pon, "porting_from": "Oldtel", "numbers": TYPED} | more
    ports.save(port, by=by, client=client, **values)
    return port


@pytest.fixture
def port(story: Story, by: permissions.Actor) -> Port:
    """A port of Acme's that has just been entered."""
    return enter(story, by)


def status(key: str) -> PortStatus:
    return db.session.scalars(select(PortStatus).where(PortStatus.key == key)).one()


def told(port: Port) -> list[str]:
    rows = select(PortEvent.text).where(PortEvent.port_id == port.id).order_by(PortEvent.id)
    return list(db.session.scalars(rows))


def audited() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def day(ahead: int) -> str:
    return (ports.today() + timedelta(days=ahead)).isoformat()


def problems(act: Any, *args: Any, **more: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        act(*args, **more)
    return refused.value.problems


# --- Entering -----------------------------------------------------------------------------------


def test_a_port_takes_numbers_in_any_spelling(port: Port) -> None:
    assert [row.number for row in port.numbers] == NUMBERS
    assert (port.status.key, told(port)) == ("draft", ["Entered with 3 numbers."])
    assert audited() == ["port.created"]


@pytest.mark.parametrize(
    ("field", "value", "start"),
    [
        ("pon", "", "Write the order's own number"),
        ("pon", "P" * 41, "Write the order's own number"),
        ("porting_from", " ", "Write the provider"),
        ("entity_name", "N" * 121, "This is too long"),
        ("billing_number", "12", "“12” is not a ten-digit number"),
        ("requested_foc", "soon", "“soon” is not a date."),
        ("requested_foc", "2020-01-02", "Jan 2, 2020 is in the past."),
        ("requested_foc", "2999-01-02", "Jan 2, 2999 is more than two years away."),
        ("numbers", "", "Write at least one number."),
        ("numbers", "4125550177, 911", "“911” is not a ten-digit number"),
        ("client_id", 0, "Choose a client"),
    ],
)
def test_each_wrong_field_has_its_sentence(
    story: Story, by: permissions.Actor, field: str, value: Any, start: str
) -> None:
    found = problems(enter, story, by, **{field: value})
    assert list(found) == [field]
    assert found[field].startswith(start)
    assert (db.session.query(Port).count(), audited()) == (0, [])


def test_a_pon_is_given_once(story: Story, by: permissions.Actor, port: Port) -> None:
    found = problems(enter, story, by, "k-1", numbers="4125550180")
    assert found == {"pon": "There is a port k-1 already. Write a different PON."}


def test_a_number_is_in_one_active_port(story: Story, by: permissions.Actor, port: Port) -> None:
    found = problems(enter, story, by, "K-2", numbers="412-555-0178")
    assert found == {"numbers": "(412) 555-0178 is in port K-1 already. Take it out there first."}
    ports.move(port, status("cancelled"), by=by)
    assert [row.number for row in enter(story, by, "K-2", numbers="412-555-0178").numbers] == [
        "+14125550178"
    ]


def test_a_cancelled_port_does_not_come_back_over_another(
    story: Story, by: permissions.Actor, port: Port
) -> None:
    ports.move(port, status("cancelled"), by=by)
    enter(story, by, "K-2", numbers="412-555-0178")
    found = problems(ports.move, port, status("submitted"), by=by)
    assert found["status_id"].startswith("(412) 555-0178 is in port K-2 already.")
    assert port.status.key == "cancelled"


def test_a_number_of_another_client_is_refused(story: Story, by: permissions.Actor) -> None:
    found = problems(enter, story, by, numbers=story.birch_number)
    assert found == {"numbers": "(412) 555-0191 belongs to Birch already."}


def test_numbers_are_added_and_taken_out(by: permissions.Actor, port: Port) -> None:
    assert ports.add_numbers(port, "4125550179\n4125550180", by=by) == 1
    assert ports.remove_numbers(port, port.numbers[:1], by=by) == 1
    assert [row.number for row in port.numbers] == [*NUMBERS[1:], "+14125550180"]
    assert told(port)[1:] == ["Added (412) 555-0180.", "Taken out: (412) 555-0177."]


def test_the_last_number_stays(by: permissions.Actor, port: Port) -> None:
    found = problems(ports.remove_numbers, port, list(port.numbers), by=by)
    assert found == {"chosen": "A port needs at least one number. Cancel the port instead."}
    assert len(port.numbers) == 3


def test_a_change_of_details_is_told_to_staff_only(by: permissions.Actor, port: Port) -> None:
    assert ports.save(port, by=by, pon="K-1", porting_from="Newtel", entity_name="Acme Inc")
    assert not ports.save(port, by=by, pon="K-1", porting_from="Newtel", entity_name="Acme Inc")
    event = db.session.query(PortEvent).order_by(PortEvent.id.desc()).first()
    assert (event.text, event.is_private) == (
        "Changed: losing provider, name on the account.",
        True,
    )


# --- Steps --------------------------------------------------------------------------------------


def test_a_move_is_one_event_and_one_audit_entry(by: permissions.Actor, port: Port) -> None:
    assert ports.move(port, status("submitted"), by=by, note="Sent by mail.")
    assert told(port)[1:] == ["Submitted. Sent by mail."]
    assert audited()[1:] == ["port.moved"]
    assert port.submitted_at is not None


def test_moving_twice_is_moving_once(by: permissions.Actor, port: Port) -> None:
    seen = port.status_id
    assert ports.move(port, status("submitted"), by=by, seen=seen)
    assert not ports.move(port, status("submitted"), by=by, seen=seen)
    assert len(told(port)) == 2


def test_a_port_that_somebody_moved_is_left_alone(by: permissions.Actor, port: Port) -> None:
    seen = port.status_id
    ports.move(port, status("submitted"), by=by)
    found = problems(ports.move, port, status("cancelled"), by=by, seen=seen)
    assert found["status_id"].startswith("Somebody else has just moved this port to Submitted.")
    assert port.status.key == "submitted"


def test_a_confirmed_date_is_kept_and_can_be_cleared(by: permissions.Actor, port: Port) -> None:
    assert ports.set_foc(port, day(7), by=by)
    assert not ports.set_foc(port, day(7), by=by)
    assert ports.set_foc(port, "", by=by)
    assert (port.foc_date, told(port)[-1]) == (None, "The date is open again.")


def test_a_date_in_the_past_is_refused(by: permissions.Actor, port: Port) -> None:
    found = problems(ports.set_foc, port, day(-1), by=by)
    assert found["foc_date"].endswith("is in the past. Choose today or a later day.")
    assert (port.foc_date, len(told(port))) == (None, 1)


def test_a_date_before_the_requested_one_is_refused(story: Story, by: permissions.Actor) -> None:
    port = enter(story, by, requested_foc=day(9))
    found = problems(ports.set_foc, port, day(8), by=by)
    assert "is before the requested date" in found["foc_date"]
    ports.set_foc(port, day(9), by=by)
    later = problems(ports.save, port, by=by, pon="K-1", porting_from="O", requested_foc=day(10))
    assert later["requested_foc"].startswith("This is after the confirmed date")


def test_a_number_has_a_standing_of_its_own(by: permissions.Actor, port: Port) -> None:
    rows = port.numbers[:2]
    assert ports.set_numbers(port, rows, status("exception"), "The PIN is wrong.", by=by) == 2
    assert ports.set_numbers(port, rows, status("exception"), "The PIN is wrong.", by=by) == 0
    assert [row.reason for row in port.numbers] == ["The PIN is wrong."] * 2 + [None]
    assert told(port)[1:] == ["(412) 555-0177, (412) 555-0178: Question. The PIN is wrong."]


def test_a_private_comment_is_marked(by: permissions.Actor, port: Port) -> None:
    ports.comment(port, "Call Ann at Oldtel.", is_private=True, by=by)
    event = db.session.query(PortEvent).order_by(PortEvent.id.desc()).first()
    assert (event.text, event.is_private, event.by_name) == ("Call Ann at Oldtel.", True, "Alice")
    assert problems(ports.comment, port, " ", is_private=False, by=by) == {
        "text": "Write the comment."
    }


# --- Completing ---------------------------------------------------------------------------------


def tier() -> Tier:
    return db.session.scalars(select(Tier)).one()


def owner(number: str) -> int | None:
    return db.session.scalars(select(Did.client_id).where(Did.number == number)).one_or_none()


def test_completing_brings_the_numbers_to_the_client(
    story: Story, by: permissions.Actor, port: Port
) -> None:
    ports.complete(port, by=by, tier=tier(), brings=True)
    assert [owner(number) for number in NUMBERS] == [story.acme.id] * 3
    groups = {did.did_group.name for did in db.session.query(Did).filter(Did.number.in_(NUMBERS))}
    assert groups == {"Acme main"}
    assert db.session.query(DidAssignment).filter(DidAssignment.number.in_(NUMBERS)).count() == 3
    assert (port.status.key, port.completed_at is not None) == ("completed", True)
    assert (told(port)[1:], audited()[1:]) == (["Completed."], ["port.completed"])


def test_completing_twice_is_completing_once(by: permissions.Actor, port: Port) -> None:
    ports.complete(port, by=by, tier=tier(), brings=True)
    ports.complete(port, by=by, tier=tier(), brings=True)
    assert len(told(port)) == 2


def test_completing_can_leave_the_inventory_alone(by: permissions.Actor, port: Port) -> None:
    ports.complete(port, by=by)
    assert (owner(NUMBERS[0]), port.status.key) == (None, "completed")
    assert db.session.query(Did).filter(Did.number.in_(NUMBERS)).count() == 0


def test_new_numbers_need_a_tier(by: permissions.Actor, port: Port) -> None:
    found = problems(ports.complete, port, by=by, brings=True)
    assert found == {"tier_id": "Choose the tier that says what the new numbers cost."}
    assert port.status.key == "draft"


def test_a_number_from_the_stock_and_one_that_is_there(story: Story, by: permissions.Actor) -> None:
    port = enter(story, by, numbers=f"{story.free[0]}\n{story.acme_number}")
    coming = ports.coming(port)
    assert (coming.new, coming.given, coming.there) == ((), story.free[:1], (story.acme_number,))
    ports.complete(port, by=by, brings=True)
    assert owner(story.free[0]) == story.acme.id


def test_a_cancelled_number_is_left_behind(by: permissions.Actor, port: Port) -> None:
    ports.set_numbers(port, port.numbers[:1], status("cancelled"), None, by=by)
    ports.complete(port, by=by, tier=tier(), brings=True)
    assert db.session.query(Did).filter_by(number=NUMBERS[0]).count() == 0
    assert [row.status_id for row in port.numbers] == [status("cancelled").id, None, None]


def test_a_number_in_service_elsewhere_stops_the_completion(
    story: Story, by: permissions.Actor
) -> None:
    import tenancy
    from carriers import inventory
    from models import DidGroup

    port = enter(story, by, numbers=story.foreign_number)
    with tenancy.acting_for(story.other_reseller_id):
        away = Client(reseller_id=story.other_reseller_id, name="Far", contact_email="a@b.example")
        group = DidGroup(reseller_id=story.other_reseller_id, name="Far", client=away)
        db.session.add_all([away, group])
        db.session.flush()
        inventory.give_did(db.session.query(Did).one(), group)
    found = problems(ports.complete, port, by=by, tier=tier(), brings=True)
    assert found == {"brings": "(212) 555-0170 is still in service elsewhere."}


# --- Words --------------------------------------------------------------------------------------


def typed(row: PortStatus, **more: str) -> dict[str, dict[str, str]]:
    values = {
        "label": row.label,
        "client_text": row.client_text or "",
        "bucket": row.bucket,
        "position": str(row.position),
    }
    return {str(row.id): values | more}


def test_a_status_is_reworded_and_one_is_made(story: Story, by: permissions.Actor) -> None:
    new = {"new": {"label": "Waiting for bill", "position": "2", "bucket": "active"}}
    assert ports.save_statuses(typed(status("draft"), label="New") | new, by=by) == 2
    assert (status("draft").label, status("waiting_for_bill").label) == ("New", "Waiting for bill")
    assert audited() == ["port_status.changed", "port_status.created"]


@pytest.mark.parametrize(
    ("key", "change", "sentence"),
    [
        ("draft", {"label": ""}, "Write a name of at most 80 characters."),
        ("draft", {"position": "0"}, "Write a place from 1 to 999."),
        ("draft", {"bucket": "completed"}, "1 port stands in it. Move those first."),
        ("completed", {"bucket": "active"}, "Completed stays completed."),
    ],
)
def test_a_status_that_cannot_be_is_refused(
    port: Port, by: permissions.Actor, key: str, change: dict[str, str], sentence: str
) -> None:
    row = status(key)
    found = problems(ports.save_statuses, typed(row, **change), by=by)
    assert found == {f"{next(iter(change))}-{row.id}": sentence}


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("draft", "Draft is used by 1 port. Move them first."),
        ("completed", "Completed is needed. Change its words instead."),
    ],
)
def test_a_status_in_use_or_needed_stays(
    port: Port, by: permissions.Actor, key: str, sentence: str
) -> None:
    assert problems(ports.remove_status, status(key), by=by) == {"": sentence}


def test_a_status_that_nobody_uses_is_removed(story: Story, by: permissions.Actor) -> None:
    ports.remove_status(status("in_process"), by=by)
    assert db.session.query(PortStatus).filter_by(key="in_process").count() == 0


def test_the_reasons_are_replaced(story: Story, by: permissions.Actor) -> None:
    assert ports.save_reasons("Late.\n\nLate.\nWrong PIN.", by=by)
    assert not ports.save_reasons("Late.\nWrong PIN.", by=by)
    assert ports.reasons() == ["Late.", "Wrong PIN."]
    assert db.session.query(PortReason).count() == 2
