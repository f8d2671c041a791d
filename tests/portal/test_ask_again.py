"""Asking again for what an order did not bring: the form opens filled, and sends nothing (P22)."""

from typing import Any

import pytest
from sqlalchemy import select

import display
import workflow
from carriers import inventory
from extensions import db
from lines import Request
from models import Client, Did, DidGroup, Login, Order
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.words import leaks_of

LIST = "/portal/keystone/orders"
ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Fifth Avenue",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
}


@pytest.fixture
def refused(look: Any, bob: Person, alice: Person) -> Any:
    """Send an order as Bob and reject it as Alice; gives its number."""

    def made(*numbers: str, note: str | None = "As we said on the telephone.", **more: Any) -> str:
        with look():
            number = orders.ask(bob, *numbers, note=note, **more)
            orders.reject(number, alice)
        return number

    return made


@pytest.fixture
def mine(look: Any, story: Story) -> list[str]:
    """Give Acme two more numbers; gives all three."""
    with look():
        group = db.session.get_one(DidGroup, story.acme_group.id)
        for did in db.session.scalars(select(Did).where(Did.number.in_(story.free[:2]))).all():
            inventory.give_did(did, group)
        db.session.commit()
    return sorted([story.acme_number, *story.free[:2]])


def ask_again(browser: Any, number: str) -> Any:
    page = browser.get(f"{LIST}/{number}").click(linkid="ask-again")
    return page.follow() if page.status_int == 303 else page


def sent(look: Any) -> int:
    with look():
        return db.session.query(Order).count()


def wants(look: Any, answer: Any) -> dict[str, Any]:
    """Tell what the order that a form made asks for, number by number."""
    with look():
        order = orders.find(answer.location.rsplit("/", 1)[1])
        return {line.number: dict(line.requested) for line in order.lines}


def test_a_rejected_forwarding_is_asked_for_again_with_its_fields_filled(
    visitor: Any, bob: Person, refused: Any, story: Story, look: Any
) -> None:
    number = refused(story.acme_number, kind="call_forwarding", forward_to="6145550171")
    page = ask_again(visitor(bob), number)
    form = page.forms["change-service"]
    assert (form["forward_to"].value, form["note"].value) == (
        "(614) 555-0171",
        "As we said on the telephone.",
    )
    assert number in page.html.find(id="again").get_text()
    assert sent(look) == 1
    answer = form.submit("turn", value="on")
    assert wants(look, answer) == {
        story.acme_number: {"call_forwarding": {"forward_to": "+16145550171"}}
    }


def test_rejected_numbers_are_in_the_basket_again_and_a_gone_one_is_named(
    visitor: Any, bob: Person, charlie: Person, refused: Any, story: Story, look: Any
) -> None:
    number = refused(*story.free[:3])
    with look():
        orders.ask(charlie, story.free[1])
    page = ask_again(visitor(bob), number)
    assert page.html.find(id="refused").h2.get_text() == "1 number cannot be ordered now"
    assert "(412) 555-0102 is being ordered by someone else." in page.text
    answer = page.forms["send-order"].submit("send")
    assert sorted(wants(look, answer)) == [story.free[0], story.free[2]]


def test_a_rejected_address_is_filled_for_a_number_of_ones_own(
    visitor: Any, bob: Person, refused: Any, story: Story, look: Any
) -> None:
    number = refused(story.acme_number, kind="e911_provision", **ADDRESS)
    form = ask_again(visitor(bob), number).forms["e911"]
    assert {name: form[name].value for name in ADDRESS} == ADDRESS
    assert form["accepted"].checked is False
    assert sent(look) == 1


def test_a_rejected_address_of_many_numbers_is_filled_for_all_that_are_left(
    visitor: Any, bob: Person, refused: Any, mine: list[str], look: Any
) -> None:
    number = refused(*mine, kind="e911_provision", **ADDRESS)
    with look():
        did = db.session.query(Did).filter_by(number=mine[0]).one()
        inventory.take_did(did)
        db.session.commit()
    page = ask_again(visitor(bob), number)
    form = page.forms["e911"]
    assert {name: form[name].value for name in ADDRESS} == ADDRESS
    assert form["shown"].value.split(".") == [one[2:] for one in mine[1:]]
    assert f"left out: {display.number(mine[0])}." in page.text
    assert sent(look) == 1


def test_a_rejected_address_of_a_foreign_number_is_filled_with_the_number(
    visitor: Any, bob: Person, refused: Any
) -> None:
    number = refused("+14125550177", kind="e911_provision", **ADDRESS)
    form = ask_again(visitor(bob), number).forms["e911"]
    assert form["number"].value == "(412) 555-0177"
    assert form["address1"].value == "100 Fifth Avenue"


def test_a_rejected_removal_opens_the_page_that_says_the_risk(
    visitor: Any, bob: Person, alice: Person, refused: Any, story: Story, look: Any
) -> None:
    with look():
        asked = orders.ask(bob, story.acme_number, kind="e911_provision", **ADDRESS)
        orders.approve(asked, alice)
    number = refused(story.acme_number, kind="e911_remove")
    page = ask_again(visitor(bob), number)
    assert "does not see where you are" in page.html.find(id="consequence").get_text()
    with look():
        orders.approve(orders.ask(bob, story.acme_number, kind="e911_remove"), alice)
    page = visitor(bob).get(f"{LIST}/{number}/again", status=409)
    assert "has no 911 address any more." in page.text


def test_a_rejected_release_opens_with_its_numbers(
    visitor: Any, bob: Person, refused: Any, mine: list[str], look: Any
) -> None:
    page = ask_again(visitor(bob), refused(*mine, kind="did_release"))
    form = page.forms["release"]
    assert form["confirm"].value == ""
    form["confirm"] = "3"
    assert sorted(wants(look, form.submit())) == mine


def test_many_numbers_of_one_service_open_together(
    visitor: Any, bob: Person, refused: Any, mine: list[str], look: Any
) -> None:
    number = refused(*mine, kind="failover", failover_to="6145550172")
    form = ask_again(visitor(bob), number).forms["change-many"]
    assert form["failover_to"].value == "(614) 555-0172"
    answer = form.submit("turn", value="on")
    assert sorted(wants(look, answer)) == mine


def test_numbers_that_wanted_different_things_are_shown_each_with_its_own(
    visitor: Any, bob: Person, alice: Person, mine: list[str], look: Any
) -> None:
    with look():
        asked = [
            Request(one, {"forward_to": f"614555017{n}"}) for n, one in enumerate(mine, start=1)
        ]
        client = db.session.get_one(Login, bob.id).client
        order = workflow.submit(client, "call_forwarding", asked, orders.actor(bob))
        workflow.reject(order, orders.actor(alice), "No.")
        db.session.commit()
        number = order.number
    page = ask_again(visitor(bob), number)
    assert page.html.find("h1").get_text(strip=True) == "What the order changes"
    for n in (1, 2, 3):
        assert f"(614) 555-017{n}" in page.text
    assert sent(look) == 1


def test_a_number_that_is_gone_is_left_out_and_named(
    visitor: Any, bob: Person, refused: Any, mine: list[str], look: Any
) -> None:
    number = refused(*mine, kind="failover", failover_to="6145550172")
    with look():
        inventory.take_did(db.session.scalars(select(Did).where(Did.number == mine[0])).one())
        db.session.commit()
    page = ask_again(visitor(bob), number)
    assert "No longer among your numbers, and left out: (412) 555-0101." in page.text
    assert sorted(wants(look, page.forms["change-many"].submit("turn", value="on"))) == mine[1:]


def test_when_every_number_is_gone_the_order_says_so(
    visitor: Any, bob: Person, refused: Any, story: Story, look: Any
) -> None:
    number = refused(story.acme_number, kind="failover", failover_to="6145550172")
    with look():
        did = db.session.scalars(select(Did).where(Did.number == story.acme_number)).one()
        inventory.take_did(did)
        db.session.commit()
    page = visitor(bob).get(f"{LIST}/{number}/again", status=409)
    assert "No longer among your numbers" in page.text


def test_turning_a_service_off_is_asked_again_as_turning_it_off(
    visitor: Any, bob: Person, alice: Person, refused: Any, story: Story, look: Any
) -> None:
    with look():
        on = {"kind": "call_forwarding", "forward_to": "6145550171"}
        orders.approve(orders.ask(bob, story.acme_number, **on), alice)
    page = ask_again(visitor(bob), refused(story.acme_number, kind="call_forwarding"))
    assert "to turn it off" in page.html.find(id="again").get_text()


def test_a_cancelled_order_can_be_asked_again_and_a_completed_one_cannot(
    visitor: Any, bob: Person, alice: Person, story: Story, look: Any
) -> None:
    with look():
        cancelled = orders.ask(bob, story.free[0])
        orders.cancel(cancelled, bob)
        completed = orders.ask(bob, story.free[1])
        orders.approve(completed, alice)
    browser = visitor(bob)
    assert browser.get(f"{LIST}/{cancelled}").html.find(id="ask-again")
    assert browser.get(f"{LIST}/{completed}").html.find(id="ask-again") is None
    page = browser.get(f"{LIST}/{completed}/again", status=409)
    assert "This order is completed; there is nothing to ask again." in page.text


def test_asking_again_writes_nothing(
    visitor: Any, bob: Person, refused: Any, story: Story, app: Any
) -> None:
    number, browser = refused(story.free[0]), visitor(bob)
    browser.get(f"{LIST}/{number}")
    with statements(app) as seen:
        browser.get(f"{LIST}/{number}/again").follow()
    assert writes(seen) == []


def test_a_read_only_login_and_a_kind_that_is_off_are_refused(
    visitor: Any, bob: Person, refused: Any, story: Story, look: Any
) -> None:
    number, browser = refused(story.free[0]), visitor(bob)
    with look():
        db.session.get_one(Client, story.acme.id).order_settings.did_ordering = False
        db.session.commit()
    assert browser.get(f"{LIST}/{number}").html.find(id="ask-again") is None
    assert "switched off" in browser.get(f"{LIST}/{number}/again", status=403).text
    with look():
        db.session.get_one(Client, story.acme.id).order_settings.did_ordering = True
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    assert browser.get(f"{LIST}/{number}").html.find(id="ask-again") is None
    browser.get(f"{LIST}/{number}/again", status=403)
    assert sent(look) == 1


def test_charlie_fills_no_form_from_bobs_order(
    visitor: Any, charlie: Person, refused: Any, story: Story
) -> None:
    number, browser = refused(story.free[0]), visitor(charlie)
    browser.get(f"{LIST}/{number}/again", status=404)
    browser.get(f"/portal/keystone/911/new?again={number}", status=404)


def test_the_filled_forms_wear_the_resellers_brand_alone(
    visitor: Any, bob: Person, refused: Any, story: Story
) -> None:
    number = refused(story.acme_number, kind="call_forwarding", forward_to="6145550171")
    assert leaks_of(ask_again(visitor(bob), number)) == []
