"""The portal's first page: what a login sees when it comes in."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update

import charging
import display
from columns import now
from extensions import db
from models import Client, Did, Login, OrderSettings, PortalSettings
from tests.support import orders, people
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.words import leaks, leaks_of
from tests.test_impersonation import start
from usage import reports

HOME = "/portal/keystone/"
ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Fifth Avenue",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
}


def test_bob_sees_his_numbers_what_waits_and_what_was_decided(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    with look():
        waiting = orders.ask(bob, story.free[0])
        rejected = orders.ask(bob, story.free[1])
        orders.reject(rejected, story.alice, "You have three already.")
    page = visitor(bob).get(HOME)
    values = [tag.text for tag in page.html.select(".stat-value")]
    assert (values[0], values[2]) == ("1", "1")
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


def test_it_asks_sixteen_queries_at_most_and_writes_nothing(
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
    assert counts[0] == counts[1] <= 16


def test_it_says_no_forbidden_word(visitor: Any, bob: Person, story: Story, look: Any) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
        orders.find(number).lines[0].error = "Refused by the wholesale carrier."
        db.session.commit()
        assert leaks(orders.find(number).lines[0].error) == ["wholesale", "carrier"]
    page = visitor(bob).get(HOME)
    assert number in page.text
    assert leaks_of(page) == []


# --- The month, 911, first steps ----------------------------------------------------------------


def test_the_month_so_far_is_the_same_as_under_usage(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    with look():
        acme = db.session.get_one(Client, story.acme.id)
        charging.adjust(acme, 4_250_000, "Work.", by=orders.actor(story.alice), key="k")
        db.session.commit()
        span = reports.month_to_date(reports.today("America/New_York", now()))
        due = display.money(reports.total(span, acme.id).price_micros, "USD")
    page = visitor(bob).get(HOME)
    assert page.html.select(".stat-value")[1].text == due
    assert due in page.click(href="/usage$", index=0).html.select_one("main").text


def test_where_prices_are_hidden_the_month_is_told_in_minutes(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    with look():
        db.session.execute(update(PortalSettings).values(hide_prices=True))
        db.session.commit()
    page = visitor(bob).get(HOME)
    assert "minutes this month" in page.html.select_one(".stats").text
    assert "$" not in page.html.select_one("main").text


def test_numbers_without_911_are_counted_with_what_that_risks(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    browser = visitor(bob)
    said = browser.get(HOME).html.find(id="no-911")
    assert said.strong.text == "1 number has no 911 address."
    assert "does not see where you are" in said.text
    with look():
        asked = orders.ask(bob, story.acme_number, kind="e911_provision", **ADDRESS)
    assert browser.get(HOME).html.find(id="no-911")
    with look():
        orders.approve(asked, story.alice)
    assert browser.get(HOME).html.find(id="no-911") is None


def test_where_911_is_off_the_page_leads_nowhere_that_refuses(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    with look():
        db.session.execute(update(OrderSettings).values(e911_provisioning=False))
        db.session.commit()
    page = visitor(bob).get(HOME)
    assert (page.html.find(id="no-911"), page.html.select("a[href*='/911']")) == (None, [])


def steps_of(page: Any) -> list[str]:
    return [one.get_text(strip=True) for one in page.html.select("#first-steps li")]


def test_a_newcomer_has_first_steps_that_are_ticked_as_they_are_done(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    browser = visitor(bob)
    assert steps_of(browser.get(HOME)) == [
        "Order your first number: done",
        "Give each number a 911 address",
        "Say what a number does, such as its caller ID name",
        "Make your sign-in safer: two-factor",
    ]
    with look():
        named = {"kind": "cnam_outbound", "display_name": "Acme"}
        orders.approve(orders.ask(bob, story.acme_number, **named), story.alice)
    assert steps_of(browser.get(HOME))[2].endswith(": done")


def test_a_read_only_newcomer_is_not_sent_to_what_it_may_not_do(
    visitor: Any, bob: Person, look: Any
) -> None:
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    assert steps_of(visitor(bob).get(HOME)) == ["Make your sign-in safer: two-factor"]


def test_bob_hides_the_steps_and_brings_them_back(visitor: Any, bob: Person) -> None:
    browser = visitor(bob)
    page = browser.get(HOME).forms["hide-steps"].submit().follow()
    assert "The first steps are hidden. Your account brings them back." in page.text
    assert steps_of(page) == []
    form = browser.get("/portal/keystone/account").forms["screen"]
    assert form["first_steps"].checked is False
    form["first_steps"].checked = True
    form.submit(status=302)
    assert len(steps_of(browser.get(HOME))) == 4


def test_staff_in_bobs_portal_hide_nothing_from_him(visitor: Any, bob: Person, alice: Any) -> None:
    browser = visitor(alice)
    start(browser, bob)
    page = browser.get(HOME)
    assert ("hide-steps" in page.forms, len(steps_of(page))) == (False, 4)
    token = people.token_on(page)
    browser.post(f"{HOME}hide-steps", {"csrf_token": token}, status=403)
    assert len(steps_of(visitor(bob).get(HOME))) == 4


def test_who_has_been_here_a_month_has_no_first_steps(visitor: Any, bob: Person, look: Any) -> None:
    with look():
        db.session.get_one(Login, bob.id).created_at = now() - timedelta(days=31)
        db.session.commit()
    assert steps_of(visitor(bob).get(HOME)) == []


def test_it_asks_the_database_eleven_times(app, visitor, bob, look, story) -> None:  # type: ignore[no-untyped-def]
    from tests.support import orders
    from tests.support.queries import statements

    with look():
        for number in story.free[:3]:
            orders.ask(bob, number)
    browser = visitor(bob)
    browser.get(f"/portal/{bob.slug}/")
    with statements(app) as seen:
        browser.get(f"/portal/{bob.slug}/", status=200)
    assert len([one for one in seen if not one.startswith("BEGIN")]) <= 11, seen
