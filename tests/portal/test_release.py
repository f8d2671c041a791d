"""Giving numbers up in the portal: what is lost, the pause, the order (P16, P9, P15, P24)."""

from typing import Any

import pytest
from sqlalchemy import select

from carriers import inventory
from extensions import db
from models import (
    Client,
    Did,
    DidAssignment,
    DidGroup,
    DidStatus,
    E911Record,
    Login,
    Mail,
    Order,
    PortalSettings,
)
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.words import leaks_of

LIST = "/portal/keystone/numbers"
HOME = "/portal/keystone/numbers/4125550190"
ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Main Street",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
}


@pytest.fixture
def mine(look: Any, story: Story) -> list[str]:
    """Give Acme two more numbers; gives all three."""
    with look():
        group = db.session.get_one(DidGroup, story.acme_group.id)
        for did in db.session.scalars(select(Did).where(Did.number.in_(story.free[:2]))).all():
            inventory.give_did(did, group)
        db.session.commit()
    return sorted([story.acme_number, *story.free[:2]])


def choose(browser: Any, *numbers: str) -> Any:
    form = browser.get(LIST).forms["choose"]
    for box in form.fields["n"]:
        box.checked = f"+1{box._value}" in numbers
    action = form.html.find(id="release-chosen")["formaction"]
    return browser.get(action, form.submit_fields())


def send(page: Any, confirm: str, **fields: str) -> Any:
    form = page.forms["release"]
    for name, value in {"confirm": confirm, **fields}.items():
        form[name] = value
    return form.submit(expect_errors=True)


def words(page: Any, where: str) -> str:
    return " ".join(page.html.select_one(where).get_text(" ").split())


def nothing_was_sent(look: Any) -> bool:
    with look():
        return db.session.query(Order).count() == db.session.query(Mail).count() == 0


def owner_of(look: Any, number: str) -> int | None:
    with look():
        return orders.owner(number)


def furnish(look: Any, bob: Person, alice: Person, number: str) -> None:
    """Put a service and a 911 address on a number, as orders do."""
    with look():
        asked = {"kind": "call_forwarding", "forward_to": "6145550171"}
        orders.approve(orders.ask(bob, number, **asked), alice)
        orders.approve(orders.ask(bob, number, kind="e911_provision", **ADDRESS), alice)


def test_what_is_lost_is_said_before_it_is_asked_for(visitor, bob, alice, look, story) -> None:
    furnish(look, bob, alice, story.acme_number)
    page = visitor(bob).get(HOME).click(linkid="release-number")
    said = words(page, "#losses tbody")
    for part in ("(412) 555-0190", "Call Forwarding: All calls to (614) 555-0171", "100 Main"):
        assert part in said
    assert "$2.00" in said
    assert "no longer yours" in words(page, "#consequence")


def test_a_number_is_gone_once_the_order_is_approved_and_not_before(
    visitor, bob, alice, look, story
) -> None:
    furnish(look, bob, alice, story.acme_number)
    browser = visitor(bob)
    number = send(browser.get(f"{HOME}/release"), "0190", note="We moved.").location[-8:]
    assert owner_of(look, story.acme_number) == story.acme.id
    browser.get(HOME, status=200)
    with look():
        assert orders.find(number).client_note == "We moved."
        orders.approve(number, alice)
        did = db.session.scalars(select(Did).where(Did.number == story.acme_number)).one()
        assert (did.client_id, did.status, did.services) == (None, DidStatus.RELEASED, [])
        assert db.session.scalars(select(E911Record)).one().removed_at is not None
        held = select(DidAssignment).where(DidAssignment.number == story.acme_number)
        assert db.session.scalars(held).one().ended_at is not None
    browser.get(HOME, status=404)


@pytest.mark.parametrize("typed", ["", "0191", "190", "4125550190", "yes"])
def test_one_number_wants_its_last_four_digits(visitor, bob, look, story, typed: str) -> None:
    page = send(visitor(bob).get(f"{HOME}/release"), typed, note="We moved.")
    assert page.status_int == 422
    assert words(page, "#confirm-problem").startswith("Write 0190, the last four digits.")
    assert page.forms["release"]["note"].value == "We moved."
    assert nothing_was_sent(look)


def test_many_numbers_want_their_count_and_make_one_order(visitor, bob, alice, look, mine) -> None:
    page = choose(visitor(bob), *mine[:2])
    wrong = send(page, "3")
    assert wrong.status_int == 422
    assert words(wrong, "#confirm-problem").startswith("Write 2: you give up 2 numbers.")
    assert nothing_was_sent(look)
    number = send(page, "2").location[-8:]
    with look():
        assert [line.number for line in orders.find(number).lines] == mine[:2]
        orders.approve(number, alice)
    assert [owner_of(look, one) for one in mine[:2]] == [None, None]
    assert owner_of(look, mine[2]) is not None


def test_a_number_under_way_is_named_and_the_rest_is_kept(visitor, bob, look, mine) -> None:
    page = choose(visitor(bob), *mine)
    with look():
        earlier = orders.ask(bob, mine[0], kind="did_release")
    page = send(page, "3")
    assert page.status_int == 409
    assert f"(412) 555-0101 already has an open order: {earlier}" in words(page, "#refused")
    assert len(page.html.select("#losses tbody tr:not(#total)")) == 2
    number = send(page, "2").location[-8:]
    with look():
        assert [line.number for line in orders.find(number).lines] == mine[1:]


def test_a_number_that_is_being_released_cannot_be_asked_for_again(
    visitor, bob, look, story
) -> None:
    browser = visitor(bob)
    page = browser.get(f"{HOME}/release")
    send(page, "0190")
    again = browser.get(f"{HOME}/release")
    assert "already has an open order" in words(again, "#refused")
    assert "release" not in again.forms
    form = page.forms["release"]
    form["key"] = "another"
    form["confirm"] = "0190"
    form.submit(status=409)
    with look():
        assert db.session.query(Order).count() == 1


def test_sending_it_twice_is_one_order(visitor, bob, look, story) -> None:
    page = visitor(bob).get(f"{HOME}/release")
    assert send(page, "0190").location == send(page, "0190").location
    with look():
        assert db.session.query(Order).count() == 1


def test_looking_at_the_page_asks_for_nothing(visitor, bob, look, mine) -> None:
    browser = visitor(bob)
    browser.get(f"{HOME}/release", {"confirm": "0190"})
    browser.get(f"{LIST}/release", {"all": "1", "confirm": "3"})
    assert nothing_was_sent(look)


def test_orders_under_way_for_the_number_are_named(visitor, bob, look, mine) -> None:
    with look():
        earlier = orders.ask(bob, mine[1], kind="failover", failover_to="6145550172")
    said = words(choose(visitor(bob), *mine), "#others")
    assert said.startswith(f"(412) 555-0102 : order {earlier} (Failover) is under way.")


def test_hidden_prices_are_not_shown(visitor, bob, look, story) -> None:
    browser = visitor(bob)
    assert "$" in words(browser.get(f"{HOME}/release"), "main")
    with look():
        db.session.query(PortalSettings).one().hide_prices = True
        db.session.commit()
    assert "$" not in words(browser.get(f"{HOME}/release"), "main")


def test_no_choice_is_said_on_the_list(visitor, bob, mine) -> None:
    assert "Choose at least one number" in choose(visitor(bob)).follow().text


def test_more_than_an_order_can_have_is_refused(visitor, bob, look, story, mine) -> None:
    page = choose(visitor(bob), *mine)
    with look():
        settings = db.session.get_one(Client, story.acme.id).order_settings
        settings.max_numbers_per_order = 2
        db.session.commit()
    page = send(page, "3")
    assert "at most 2" in words(page, "#refused")
    assert nothing_was_sent(look)


def test_what_is_switched_off_is_not_shown_and_refused(visitor, bob, look, story) -> None:
    browser = visitor(bob)
    page = browser.get(f"{HOME}/release")
    with look():
        db.session.get_one(Client, story.acme.id).order_settings.did_ordering = False
        db.session.commit()
    form = page.forms["release"]
    form["confirm"] = "0190"
    assert "switched off" in form.submit(status=403).text
    browser.get(f"{LIST}/release", {"all": "1"}, status=403)
    assert browser.get(HOME).html.find(id="release-number") is None
    assert browser.get(LIST).html.find(id="release-chosen") is None
    assert nothing_was_sent(look)


def test_a_read_only_login_is_refused(visitor, bob, look) -> None:
    browser = visitor(bob)
    page = browser.get(f"{HOME}/release")
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    form = page.forms["release"]
    form["confirm"] = "0190"
    form.submit(status=403)
    assert browser.get(HOME).html.find(id="release-number") is None
    assert nothing_was_sent(look)


def test_a_service_is_asked_for_with_a_warning_while_the_number_is_given_up(
    visitor, bob: Person, look, story
) -> None:
    page = f"/portal/keystone/numbers/{story.acme_number[2:]}/call_forwarding"
    browser = visitor(bob)
    assert browser.get(page).html.find(id="release") is None
    with look():
        order = orders.ask(bob, story.acme_number, kind="did_release")
    said = browser.get(page).html.find(id="release").get_text()
    assert said.startswith(f"Order {order} gives this number up.")


def test_charlie_cannot_release_bobs_number(visitor, charlie: Person, look, story) -> None:
    browser = visitor(charlie)
    browser.get(f"{HOME}/release", status=404)
    page = choose(browser, story.birch_number)
    form = page.forms["release"]
    form["shown"] = "4125550190"
    form["confirm"] = "1"
    refused = form.submit(status=409)
    assert "(412) 555-0190 is not one of Birch's numbers." in words(refused, "#refused")
    assert "Acme" not in refused.text
    assert owner_of(look, story.acme_number) == story.acme.id
    assert nothing_was_sent(look)


def test_the_pages_wear_the_resellers_brand_alone(visitor, bob, mine) -> None:
    browser = visitor(bob)
    assert leaks_of(browser.get(f"{HOME}/release")) == leaks_of(choose(browser, *mine)) == []
