"""Stories of the people of a client, in a real browser: what they came for, click by click.

The reseller's decisions are taken below the screens here; its own story is test_main_story.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select, update

from carriers import inventory
from extensions import db
from models import Did, DidGroup, DidService, E911Record, Login, Order, OrderSettings
from tests.support import orders
from tests.support.browser import assert_accessible
from tests.support.cast import Person, Story

Come = Callable[..., Page]
MINE, MY_DIGITS = "(412) 555-0190", "4125550190"
ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Fifth Avenue",
    "city": "Pittsburgh",
    "state": "pa",
    "zip": "15222",
}


@pytest.fixture
def come(app: Flask, story: Story, live_server: Any, page: Callable[..., Page]) -> Iterator[Come]:
    """Let a person come to the portal and sign in: ``come(bob)``; more is for the browser."""
    people = []
    with live_server(app) as url:

        def arrive(person: Person, **more: Any) -> Page:
            opened = page(url, **more)
            people.append(opened)
            opened.goto("/portal/keystone/")
            opened.get_by_label("E-mail").fill(person.email)
            opened.get_by_label("Password").fill(person.password)
            opened.get_by_role("button", name="Sign in").click()
            expect(opened.get_by_role("heading", level=1)).to_have_text(re.compile("Acme|Birch"))
            return opened

        yield arrive
        # Before the server: an icon still on its way would be a complaint.
        for one in people:
            one.close()


class Hand:
    """Counts what a person clicks; typing is free."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what: Locator) -> None:
        """Click, and count."""
        self.clicks += 1
        what.click()


def menu(page: Page, name: str) -> Locator:
    """Find an entry of the menu."""
    return page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True)


def sent(page: Page) -> str:
    """Read the number of the order that was just sent."""
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("^Order O-"))
    return heading.inner_text().removeprefix("Order ")


def fill_address(page: Page, **changed: str) -> None:
    """Fill the form of a 911 address and accept its terms."""
    for name, text in (ADDRESS | changed).items():
        page.locator(f"#e911 [name={name}]").fill(text)
    page.locator("#accepted").check()
    page.get_by_role("button", name="Send order").click()


def changes(page: Page) -> list[str]:
    """Read what an order changes, line by line."""
    rows = page.locator("#changes tbody tr:not(#total)")
    return [" ".join(text.split()) for text in rows.all_inner_texts()]


# --- Services (P26) ---------------------------------------------------------------------------


def test_a_caller_id_name_is_changed_in_four_clicks(come: Come, bob: Person) -> None:
    page, hand = come(bob), Hand()
    hand.click(menu(page, "Numbers"))
    hand.click(page.get_by_role("link", name=MINE))
    hand.click(page.get_by_role("link", name="Set up Caller ID Name"))
    page.get_by_label("Name to show").fill("Acme Dental")
    hand.click(page.get_by_role("button", name="Send order"))
    sent(page)
    assert ["ACME DENTAL" in one for one in changes(page)] == [True]
    assert hand.clicks <= 4


def test_forwarding_says_that_it_turns_failover_off_and_one_order_carries_both(
    come: Come, bob: Person, alice: Person, story: Story, look: Any
) -> None:
    with look():
        asked = orders.ask(bob, story.acme_number, kind="failover", failover_to="6145550171")
        orders.approve(asked, alice)
    page = come(bob)
    page.goto(f"/portal/keystone/numbers/{MY_DIGITS}")
    page.get_by_role("link", name="Set up Call Forwarding").click()
    expect(page.locator("#rivals")).to_contain_text("This turns off Failover")
    page.get_by_label("Forward to").fill("614.555.0199")
    page.get_by_role("button", name="Send order").click()
    number = sent(page)
    said = "\n".join(changes(page))
    assert "Call Forwarding Off All calls to (614) 555-0199" in said
    assert "Failover When unreachable, to (614) 555-0171 Off" in said
    with look():
        orders.approve(number, alice)
    page.goto(f"/portal/keystone/numbers/{MY_DIGITS}")
    rows = page.locator("#services tbody tr")
    expect(rows.filter(has_text="Call Forwarding")).to_contain_text("All calls to (614) 555-0199")
    expect(rows.filter(has_text="Failover")).to_contain_text("Off")


def test_fifty_numbers_get_a_failover_with_one_order(
    come: Come, bob: Person, alice: Person, story: Story, look: Any
) -> None:
    with look():
        give_fifty(story)
    page = come(bob)
    menu(page, "Numbers").click()
    page.get_by_label("All 50 numbers").check()
    page.get_by_label("Service to change").select_option(label="Failover")
    page.get_by_role("button", name="Change for the chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Failover for 50 numbers")
    page.get_by_label("Fail over to").fill("(614) 555 0171")
    page.get_by_role("button", name="Send order").click()
    number = sent(page)
    expect(page.locator("#total")).to_contain_text("50 numbers in all")
    with look():
        orders.approve(number, alice)
        on = select(DidService.settings).where(DidService.service == "failover")
        assert db.session.scalars(on).all() == [{"failover_to": "+16145550171"}] * 50


def give_fifty(story: Story) -> None:
    """Give Acme so many numbers that it has fifty; commits."""
    group = db.session.get_one(DidGroup, story.acme_group.id)
    for last in range(49):
        number = f"+1412556{last:04d}"
        did = Did(
            reseller_id=story.reseller_id,
            number=number,
            npa="412",
            nxx="556",
            tier_id=story.tier.id,
            state="PA",
            city="Pittsburgh",
        )
        db.session.add(did)
        db.session.flush()
        inventory.give_did(did, group)
    db.session.commit()


def test_a_service_that_is_switched_off_while_its_form_is_open_is_refused(
    come: Come, bob: Person, look: Any
) -> None:
    page = come(bob)
    page.goto(f"/portal/keystone/numbers/{MY_DIGITS}/call_forwarding")
    page.get_by_label("Forward to").fill("6145550199")
    with look():
        db.session.execute(update(OrderSettings).values(editable_services=["failover"]))
        db.session.commit()
    page.get_by_role("button", name="Send order").click()
    expect(page.locator("main")).to_contain_text("Call Forwarding is switched off")
    with look():
        assert db.session.query(Order).count() == 0


def test_a_read_only_login_sees_all_and_is_offered_nothing(
    come: Come, bob: Person, look: Any
) -> None:
    with look():
        only_bob = update(Login).where(Login.id == bob.id)
        db.session.execute(only_bob.values(allow_order_requests=False))
        db.session.commit()
    page = come(bob)
    expect(menu(page, "Order Numbers")).to_have_count(0)
    menu(page, "Numbers").click()
    page.get_by_role("link", name=MINE).click()
    expect(page.locator("#services")).to_contain_text("Call Forwarding")
    expect(page.locator("main form button, main a.btn")).to_have_count(0)
    answer = page.goto(f"/portal/keystone/numbers/{MY_DIGITS}/call_forwarding")
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("main")).to_contain_text("may look but not order")


# --- New numbers (P23, P28) -------------------------------------------------------------------


def test_a_number_is_ordered_in_five_clicks(come: Come, bob: Person) -> None:
    page, hand = come(bob), Hand()
    hand.click(menu(page, "Order Numbers"))
    page.get_by_label("Area code").fill("617")
    hand.click(page.get_by_role("button", name="Search", exact=True))
    hand.click(page.get_by_label("(617) 555-0101"))
    hand.click(page.get_by_role("button", name="Review order"))
    hand.click(page.get_by_role("button", name="Send order"))
    sent(page)
    assert ["(617) 555-0101" in one for one in changes(page)] == [True]
    assert hand.clicks <= 5


def test_the_second_at_one_number_keeps_the_rest_of_the_basket(
    come: Come, bob: Person, charlie: Person, look: Any
) -> None:
    bobs, charlies = come(bob), come(charlie)
    choose(bobs, "(412) 555-0101", "(412) 555-0102")
    choose(charlies, "(412) 555-0101")
    charlies.get_by_role("button", name="Send order").click()
    sent(charlies)
    bobs.get_by_role("button", name="Send order").click()
    refused = bobs.locator("#refused")
    expect(refused).to_be_focused()
    expect(refused).to_contain_text("(412) 555-0101")
    expect(refused).not_to_contain_text("Birch")
    bobs.get_by_role("button", name="Send order").click()
    number = sent(bobs)
    assert ["(412) 555-0102" in one for one in changes(bobs)] == [True]
    with look():
        assert [line.number for line in orders.find(number).lines] == ["+14125550102"]


def choose(page: Page, *numbers: str) -> None:
    """Find numbers and come as far as the review of the order."""
    menu(page, "Order Numbers").click()
    page.get_by_label("Area code").fill("412")
    page.get_by_role("button", name="Search", exact=True).click()
    for number in numbers:
        page.get_by_label(number).check()
    page.get_by_role("button", name="Review order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review order")


def test_a_refused_order_is_asked_again_with_its_fields_filled(
    come: Come, bob: Person, alice: Person, story: Story, look: Any
) -> None:
    with look():
        first = orders.ask(
            bob,
            story.acme_number,
            kind="call_forwarding",
            note="Holidays.",
            forward_to="6145550171",
        )
        orders.reject(first, alice, "Which days?")
    page = come(bob)
    page.goto(f"/portal/keystone/orders/{first}")
    expect(page.locator("#reason")).to_contain_text("Which days?")
    page.get_by_role("link", name="Ask again").click()
    expect(page.locator("#again")).to_contain_text(first)
    expect(page.get_by_label("Forward to")).to_have_value("(614) 555-0171")
    expect(page.get_by_label("Note to Keystone Voice")).to_have_value("Holidays.")
    page.get_by_label("Note to Keystone Voice").fill("From the 24th to the 26th.")
    page.get_by_role("button", name="Send order").click()
    assert sent(page) != first


# --- 911 (P27) --------------------------------------------------------------------------------


def test_a_corrected_911_address_is_seen_side_by_side_and_accepted(
    come: Come, bob: Person, alice: Person, story: Story, look: Any
) -> None:
    page = come(bob)
    menu(page, "911").click()
    page.get_by_role("link", name=f"Set the address of {MINE}").click()
    fill_address(page, address1="100 Fifth Avenue, Suite 300")
    rows = page.locator("#compared tbody tr")
    expect(rows.filter(has_text="Suite 300").first).to_contain_text("100 Fifth Avenue, Suite 300")
    expect(rows.filter(has_text="Changed").first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Accept the corrected address").click()
    number = sent(page)
    menu(page, "911").click()
    expect(page.locator("#missing")).to_contain_text(f"Not in force yet: order {number} waits")
    with look():
        orders.approve(number, alice)
    page.reload()
    expect(page.locator("#records")).to_contain_text("100 Fifth Avenue, Suite 300")
    with look():
        record = db.session.query(E911Record).one()
        assert (record.number, record.address2) == (story.acme_number, "Suite 300")


def test_a_number_from_elsewhere_gets_a_911_address(
    come: Come, bob: Person, alice: Person, look: Any
) -> None:
    page = come(bob)
    menu(page, "911").click()
    page.get_by_role("link", name="Address for another number").click()
    page.get_by_label("Telephone number").fill("412 555 0777")
    fill_address(page)
    with look():
        orders.approve(number := sent(page), alice)
    page.goto(f"/portal/keystone/orders/{number}")
    expect(page.locator("#state")).to_contain_text("Done")
    menu(page, "911").click()
    row = page.locator("#records tbody tr").filter(has_text="(412) 555-0777")
    expect(row).to_contain_text("Not one of your numbers here")


# --- Without JavaScript -----------------------------------------------------------------------


def test_without_javascript_one_signs_in_orders_a_number_and_sets_a_911_address(
    come: Come, bob: Person
) -> None:
    page = come(bob, java_script_enabled=False)
    choose(page, "(412) 555-0103")
    page.get_by_role("button", name="Send order").click()
    sent(page)
    assert ["(412) 555-0103" in one for one in changes(page)] == [True]
    menu(page, "911").click()
    page.get_by_role("link", name=f"Set the address of {MINE}").click()
    fill_address(page)
    number = sent(page)
    menu(page, "911").click()
    expect(page.locator("#missing")).to_contain_text(f"order {number} waits")
