"""The first page: what waits, what went wrong, what there is, and the first steps of a reseller."""

from datetime import timedelta

from sqlalchemy import select, update

import ports
from columns import now
from extensions import db
from models import (
    Client,
    E911Record,
    E911Status,
    Mail,
    MailState,
    Net,
    Order,
    OrderSettings,
    OrderState,
    Port,
    PortalSettings,
)
from ports.words import QUESTION
from tests.support import orders
from tests.support.queries import statements, writes

FIRST = "/admin/"


def said(node) -> str:  # type: ignore[no-untyped-def]
    return " ".join(node.get_text(" ").split())


def test_the_oldest_orders_stand_first_and_911_before_all(
    visitor, alice, bob, charlie, look, story
) -> None:
    with look():
        first = orders.ask(bob, story.free[0])
        second = orders.ask(charlie, story.free[1])
        urgent = orders.ask(
            bob,
            story.acme_number,
            kind="e911_provision",
            caller_name="Acme",
            address1="1 Main St",
            city="Pittsburgh",
            state="PA",
            zip="15222",
        )
    page = visitor(alice).get(FIRST).html
    rows = [said(row) for row in page.select("#waiting-orders li")]
    assert [row.split()[0] for row in rows] == [urgent, first, second]
    assert "3 orders wait for a decision" in said(page.select_one("#waiting"))


def test_five_are_shown_and_all_are_a_click_away(visitor, alice, bob, look, story) -> None:
    with look():
        for number in story.free[:6]:
            orders.ask(bob, number)
    page = visitor(alice).get(FIRST)
    assert len(page.html.select("#waiting-orders li")) == 5
    assert len(page.click("All Pending Orders").html.select("tbody tr")) == 6


def test_an_order_says_how_long_it_has_waited(visitor, alice, bob, look, story) -> None:
    with look():
        orders.ask(bob, story.free[0])
        db.session.execute(update(Order).values(submitted_at=now() - timedelta(days=3, hours=1)))
        db.session.commit()
    assert "waits 3 days" in said(visitor(alice).get(FIRST).html.select_one("#waiting-orders"))


def test_a_failed_order_is_shown_and_leads_to_itself(visitor, alice, bob, look, story) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
        db.session.execute(
            update(Order).values(state=OrderState.FAILED, decided_at=now(), decided_by_name="Alice")
        )
        db.session.commit()
    page = visitor(alice).get(FIRST)
    assert said(page.html.select_one("#failed-orders")) == "1 order could not be carried out."
    assert number in said(page.click("1 order").html.select_one("tbody"))


def test_a_mail_that_could_not_be_delivered_is_shown(visitor, alice, bob, look, story) -> None:
    with look():
        orders.ask(bob, story.free[0])
        mail = db.session.scalars(select(Mail)).first()
        mail.state = MailState.FAILED
        db.session.commit()
    page = visitor(alice).get(FIRST)
    assert said(page.html.select_one("#failed-mails")) == "1 mail could not be delivered."
    assert len(page.click("1 mail", index=0).html.select("tbody tr")) == 1


def test_mails_that_stand_for_want_of_a_server_are_counted(
    visitor, alice, bob, look, story
) -> None:
    with look():
        orders.ask(bob, story.free[0])
    banner = visitor(alice).get(FIRST).html.select_one("#kept-mails")
    assert said(banner) == "No mail server is set up. 2 mails stand in the outbox."


def test_clients_and_numbers_are_counted(visitor, alice) -> None:
    counts = visitor(alice).get(FIRST).html.select_one("#count-list")
    assert said(counts) == "Clients 2 Numbers that can be ordered 8 Numbers of clients 2"


def test_nothing_of_another_reseller_is_counted(visitor, mallory, bob, look, story) -> None:
    with look():
        orders.ask(bob, story.free[0])
    page = visitor(mallory).get(FIRST).html
    assert "No order waits" in said(page)
    assert said(page.select_one("#count-list")) == (
        "Clients 0 Numbers that can be ordered 1 Numbers of clients 0"
    )


def test_the_month_to_date_stands_with_its_zone_before_anything_is_used(
    visitor, olga, beginner
) -> None:
    page = visitor(beginner).get(FIRST).html
    assert said(page.select_one("#month-total")).startswith(
        "Calls 0 Minutes 0.0 Messages 0 Fees $0"
    )
    since = said(page.select_one("#month-since"))
    assert "midnight in America/New_York, as of" in since
    assert "in USD." in since


def test_the_menu_counts_the_orders_that_wait(visitor, alice, bob, look, story) -> None:
    browser = visitor(alice)
    assert browser.get(FIRST).html.select_one(".shell-nav .badge") is None
    with look():
        orders.ask(bob, story.free[0])
        orders.ask(bob, story.free[1])
    link = browser.get(FIRST).html.select_one(".shell-nav a:has(.badge)")
    assert said(link) == "Pending Orders 2 waiting"


def test_a_disk_that_is_erased_is_a_danger_told_here(visitor, alice, app, monkeypatch) -> None:
    browser = visitor(alice)
    assert browser.get(FIRST).html.select_one("#ephemeral") is None
    monkeypatch.setitem(app.config, "EPHEMERAL_DATABASE", True)
    assert "This data will be lost." in said(browser.get(FIRST).html.select_one("#ephemeral"))


def test_a_new_reseller_is_led_through_the_first_steps(visitor, beginner) -> None:
    page = visitor(beginner).get(FIRST)
    steps = [said(step) for step in page.html.select("#first-steps li")]
    assert steps == [
        "To do Dress your portal: logo and colours",
        "To do Say how clients reach you",
        "If you like Give the portal an address of your own",
        "To do Import your numbers",
        "To do Set the prices of your tiers",
        "To do Say what new clients may order",
        "To do Create your first client",
        "To do Create its first login",
        "To do See a first mail delivered",
        "To do Try an order: impersonate that login and order a number",
    ]
    assert "New client" in said(page.click("Create your first client").html.select_one("h1"))


def test_a_step_is_done_when_its_rows_are_there(visitor, beginner) -> None:
    browser = visitor(beginner)
    form = browser.get("/admin/clients/new/").forms["client"]
    form["name"], form["contact_email"] = "First", "orders@first.example"
    form.submit(status=302)
    assert steps_of(browser)[6] == "Done Create your first client"
    assert steps_of(browser)[7].startswith("To do")


def steps_of(browser) -> list[str]:
    return [said(step) for step in browser.get(FIRST).html.select("#first-steps li")]


def be_set_up(olga, look, visitor, story) -> None:
    """Do all the first steps but the one that is optional."""
    form = visitor(olga).get("/admin/portal-settings/").forms["portal-settings"]
    form["support_hours"] = "Always"
    form.submit("go", value="save", status=302)
    with look():
        orders.ask(story.bob, story.free[0])
        db.session.execute(update(Mail).values(state=MailState.SENT))
        db.session.execute(update(OrderSettings).values(version=2))
        db.session.commit()


def test_the_steps_go_away_when_all_are_done(visitor, alice, olga, look, story) -> None:
    browser = visitor(alice)
    assert "To do Try an order: impersonate that login and order a number" in steps_of(browser)
    be_set_up(olga, look, visitor, story)
    assert steps_of(browser) == []


def test_each_step_is_checked_against_its_own_rows(visitor, olga, look, story) -> None:
    be_set_up(olga, look, visitor, story)
    browser = visitor(olga)
    for undo, words in (
        (update(Mail).values(state=MailState.FAILED), "See a first mail delivered"),
        (update(OrderSettings).values(version=1), "Say what new clients may order"),
        (
            update(PortalSettings).values(support_email=None, support_phone=None),
            "Say how clients reach you",
        ),
    ):
        with look():
            db.session.execute(undo)
            db.session.commit()
        assert f"To do {words}" in steps_of(browser)


def test_who_hides_the_steps_hides_them_from_nobody_else(visitor, alice, victor) -> None:
    browser = visitor(alice)
    page = browser.get(FIRST).forms["hide-steps"].submit().follow()
    assert "The first steps are hidden. Your profile brings them back." in page.text
    assert steps_of(browser) == []
    assert len(steps_of(visitor(victor))) == 10
    form = browser.get("/admin/profile/").forms["screen"]
    assert (form["first_steps"].checked, form["keys"].checked) == (False, True)
    form["first_steps"].checked = True
    assert "The first steps are on." in form.submit().follow().text
    assert len(steps_of(browser)) == 10


def test_victor_sees_what_waits(visitor, victor, bob, look, story) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    assert number in said(visitor(victor).get(FIRST).html.select_one("#waiting-orders"))


def test_a_stranger_is_sent_to_sign_in(visitor) -> None:
    assert visitor().get(FIRST, status=302).location.startswith("/admin/login")


def test_the_page_asks_as_much_for_many_orders_as_for_none(
    visitor, alice, app, bob, look, story
) -> None:
    browser = visitor(alice)
    with statements(app) as none:
        browser.get(FIRST)
    with look():
        for number in story.free[:6]:
            orders.ask(bob, number)
    with statements(app) as six:
        browser.get(FIRST)
    assert len(six) == len(none) <= 18
    assert writes(six) == []


def test_911_in_error_and_ports_with_a_question_are_pointed_out(
    visitor, alice, look, story
) -> None:
    with look():
        acme = db.session.get_one(Client, story.acme.id)
        ports.furnish(acme.reseller)
        asking = next(one for one in ports.statuses() if one.key == QUESTION)
        db.session.add(
            Port(reseller_id=story.reseller_id, client_id=acme.id, status_id=asking.id, pon="K-9")
        )
        db.session.add(
            E911Record(
                reseller_id=story.reseller_id,
                client_id=acme.id,
                number="+14125550162",
                net=Net.OFF_NET,
                caller_name="Acme",
                address1="1 Main Street",
                city="Pittsburgh",
                state="PA",
                zip="15222",
                status=E911Status.FAILED,
            )
        )
        db.session.commit()
    page = visitor(alice).get("/admin/").html
    assert "1 911 address is in error." in page.find(id="failed-911").get_text()
    assert "1 port has a question" in page.find(id="asking-ports").get_text()


def test_it_asks_the_database_ten_times(app, visitor, alice, bob, look, story) -> None:
    with look():
        orders.ask(bob, *story.free[:2])
    browser = visitor(alice)
    browser.get("/admin/")
    with statements(app) as seen:
        browser.get("/admin/")
    assert len([one for one in seen if not one.startswith("BEGIN")]) <= 10, seen
