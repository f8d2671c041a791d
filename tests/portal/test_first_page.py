"""The portal's first page: what a login sees when it comes in."""

from typing import Any

from sqlalchemy import update

from extensions import db
from models import Did, Login, OrderSettings
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.words import leaks, leaks_of

HOME = "/portal/keystone/"


def test_bob_sees_his_numbers_what_waits_and_what_was_decided(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    with look():
        waiting = orders.ask(bob, story.free[0])
        rejected = orders.ask(bob, story.free[1])
        orders.reject(rejected, story.alice, "You have three already.")
    page = visitor(bob).get(HOME)
    assert [tag.text for tag in page.html.select(".stat-value")] == ["1", "1"]
    assert [tag.text for tag in page.html.select("#orders-pending th a")] == [waiting]
    assert [tag.text for tag in page.html.select("#orders-completed th a")] == [rejected]
    assert "You have three already." in page.html.select_one("#orders-completed").text


def test_the_last_decided_come_first_whenever_they_were_sent(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    with look():
        numbers = [orders.ask(bob, number) for number in story.free[:4]]
        for number in reversed(numbers):
            orders.reject(number, story.alice)
    page = visitor(bob).get(HOME)
    assert [tag.text for tag in page.html.select("#orders-completed th a")] == numbers[:3]


def test_the_contact_is_the_resellers(visitor: Any, bob: Person) -> None:
    contact = visitor(bob).get(HOME).html.select_one("#contact")
    assert contact.select_one("a")["href"] == "mailto:help@keystone.example"
    assert "(412) 555-0100" in contact.text
    assert "Keystone Voice" in contact.text


def test_an_empty_page_has_a_first_step(visitor: Any, bob: Person, story: Story, look: Any) -> None:
    from carriers import inventory

    with look():
        did = db.session.query(Did).filter_by(number=story.acme_number).one()
        inventory.take_did(did)
        db.session.commit()
    page = visitor(bob).get(HOME)
    assert "None yet. Order your first one." in page.text
    page.click("Order numbers").mustcontain("Search")


def test_order_numbers_is_offered_only_to_who_may(
    visitor: Any, bob: Person, charlie: Person, story: Story, look: Any
) -> None:
    button = "main a[href$='/order-numbers']"
    browsers = visitor(bob), visitor(charlie)
    before = [len(browser.get(HOME).html.select(button)) for browser in browsers]
    with look():
        db.session.execute(
            update(Login).where(Login.id == bob.id).values(allow_order_requests=False)
        )
        off = update(OrderSettings).where(OrderSettings.client_id == story.birch.id)
        db.session.execute(off.values(did_ordering=False))
        db.session.commit()
    after = [len(browser.get(HOME).html.select(button)) for browser in browsers]
    assert (before, after) == ([1, 1], [0, 0])


def test_charlie_sees_nothing_of_bobs(
    visitor: Any, bob: Person, charlie: Person, story: Story, look: Any
) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    page = visitor(charlie).get(HOME)
    assert (number in page.text, "Acme" in page.text) == (False, False)
    assert "Birch" in page.html.select_one("h1").text


def test_a_stranger_must_sign_in(visitor: Any, story: Story) -> None:
    assert "/sign-in" in visitor().get(HOME, status=302).location


def test_it_asks_ten_queries_at_most_and_writes_nothing(
    app: Any, visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    browser, counts = visitor(bob), []
    with look():
        orders.reject(orders.ask(bob, story.free[7]), story.alice)
        orders.ask(bob, story.free[6])
    for more in ((), story.free[:4]):
        with look():
            for number in more:
                orders.ask(bob, number)
        with statements(app) as seen:
            browser.get(HOME)
        counts.append(len(seen))
        assert writes(seen) == []
    assert counts[0] == counts[1] <= 10


def test_it_says_no_forbidden_word(visitor: Any, bob: Person, story: Story, look: Any) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
        orders.find(number).lines[0].error = "Refused by the wholesale carrier."
        db.session.commit()
        assert leaks(orders.find(number).lines[0].error) == ["wholesale", "carrier"]
    page = visitor(bob).get(HOME)
    assert number in page.text
    assert leaks_of(page) == []
