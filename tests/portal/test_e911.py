"""911 in the portal (P27): provision, change, remove, on-net and off-net; what is not in force."""

from typing import Any

import pytest

import display
from extensions import db
from models import Client, E911Record, Login, Order
from tests.support import orders
from tests.support.words import leaks_of

HOME = "/portal/keystone/911"
ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Fifth Avenue",
    "address2": "Suite 300",
    "city": "Pittsburgh",
    "state": "pa",
    "zip": "15222",
}


def send(browser: Any, path: str, accept: bool = True, **fields: str) -> Any:
    form = browser.get(f"{HOME}/{path}").forms["e911"]
    for name, value in (ADDRESS | fields).items():
        form[name] = value
    form["accepted"].checked = accept
    return form.submit(expect_errors=True)


def in_force(look: Any) -> dict[str, str]:
    with look():
        live = db.session.query(E911Record).filter(E911Record.removed_at.is_(None))
        return {row.number: f"{row.net.value} {row.address1} {row.state}" for row in live}


def test_a_number_without_an_address_is_marked_with_what_it_risks(visitor, bob) -> None:
    page = visitor(bob).get(HOME)
    said = page.html.find(id="risk").get_text()
    assert "1 number has no 911 address." in said
    assert "does not see where you are" in said
    assert "(412) 555-0190" in page.html.find(id="missing").get_text()


def test_an_address_is_not_in_force_before_it_is_approved(visitor, alice, bob, look, story) -> None:
    browser = visitor(bob)
    number = send(browser, "4125550190").location.rsplit("/", 1)[1]
    assert in_force(look) == {}
    assert f"Not in force yet: order {number} waits" in browser.get(HOME).text
    with look():
        orders.approve(number, alice)
    assert in_force(look) == {story.acme_number: "on_net 100 Fifth Avenue PA"}
    assert browser.get(HOME).html.find(id="risk") is None
    with look():
        record = db.session.query(E911Record).one()
        assert (record.accepted_by, record.accepted_version) == ("Bob", "2026-11")


def test_an_off_net_number_gets_an_address_too(visitor, alice, bob, look) -> None:
    browser = visitor(bob)
    number = send(browser, "new", number="412-555-0177").location.rsplit("/", 1)[1]
    with look():
        orders.approve(number, alice)
    assert in_force(look) == {"+14125550177": "off_net 100 Fifth Avenue PA"}


def test_a_change_leaves_the_old_address_in_force_until_it_is_approved(
    visitor, alice, bob, look, story
) -> None:
    browser = visitor(bob)
    with look():
        pass
    number = send(browser, "4125550190").location.rsplit("/", 1)[1]
    with look():
        orders.approve(number, alice)
    page = browser.get(f"{HOME}/4125550190")
    assert page.forms["e911"]["address1"].value == "100 Fifth Avenue"
    number = send(browser, "4125550190", address1="200 Sixth Avenue").location.rsplit("/", 1)[1]
    assert in_force(look) == {story.acme_number: "on_net 100 Fifth Avenue PA"}
    with look():
        orders.approve(number, alice)
    assert in_force(look) == {story.acme_number: "on_net 200 Sixth Avenue PA"}


def test_removing_says_what_it_risks_and_waits(visitor, alice, bob, look, story) -> None:
    browser = visitor(bob)
    number = send(browser, "4125550190").location.rsplit("/", 1)[1]
    with look():
        orders.approve(number, alice)
    page = browser.get(f"{HOME}/4125550190/remove")
    assert "does not see where you are" in page.html.find(id="consequence").get_text()
    number = page.forms["remove"].submit().location.rsplit("/", 1)[1]
    assert story.acme_number in in_force(look)
    with look():
        orders.approve(number, alice)
    assert in_force(look) == {}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("address1", "PO Box 12", "A post office box cannot be found by an ambulance."),
        ("address1", "Fifth Avenue", "Write the house number and the street, such as"),
        ("state", "ZZ", "Write a US state by its two letters or its name, such as"),
        ("address1", "100 Fifth Avenue 🏥", "Write plain letters and digits; of signs only"),
        ("address1", "100½ Fifth Avenue", "Write plain letters and digits; of signs only"),
        ("address2", "Suite ²", "Write plain letters and digits; of signs only"),
        ("floor", "三", "Write plain letters and digits; of signs only"),
        ("city", "Питтсбург", "Write plain letters and digits; of signs only"),
        ("city", "15222", "Write the city."),
        ("zip", "١٥٢٢٢", "Write the five digits of the ZIP."),
        ("zip4", "１２３４", "Write four digits, or none."),
        ("zip", "152", "Write the five digits of the ZIP."),
        ("caller_name", "", "Write 3 to 50 letters and digits; of signs only"),
        ("caller_name", "Acme / Dental", "Write 3 to 50 letters and digits; of signs only"),
    ],
)
def test_a_wrong_address_is_said_beside_its_field(
    visitor, bob, look, field: str, typed: str, sentence: str
) -> None:
    page = send(visitor(bob), "4125550190", **{field: typed})
    assert page.status_int == 422
    assert page.html.find(id=f"{field}-problem").get_text().startswith(sentence)
    assert page.forms["e911"]["city"].value == (typed if field == "city" else "Pittsburgh")
    with look():
        assert db.session.query(Order).count() == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("12", "Write a ten-digit US or Canadian number"),
        ("911 555 0100", "There is no number (911) 555-0100: no area code is 911."),
        ("412 911 0100", "There is no number (412) 911-0100: no exchange is 911."),
    ],
)
def test_an_off_net_number_must_be_able_to_exist(
    visitor, bob, look, typed: str, sentence: str
) -> None:
    page = send(visitor(bob), "new", number=typed)
    assert page.status_int == 422
    assert page.html.find(id="number-problem").get_text().startswith(sentence)
    assert page.forms["e911"]["number"].value == typed
    with look():
        assert db.session.query(Order).count() == 0


def test_accents_come_off_what_the_dispatcher_reads(visitor, bob, look) -> None:
    typed = {"caller_name": "Zoë O’Müller – Straße", "address1": "100 Peñasco  Road"}
    send(visitor(bob), "4125550190", **typed, address2="Café", city="Mönroeville")
    with look():
        address = db.session.query(Order).one().lines[0].requested["e911"]
        assert address["caller_name"] == "Zoe O'Muller - Strasse"
        assert address["address1"] == "100 Penasco Road"
        assert (address["address2"], address["city"]) == ("Cafe", "Monroeville")


@pytest.mark.parametrize("street", ["N6W23001 Bluemound Road", "123 1/2 Main St. (rear)"])
def test_a_house_number_may_be_of_several_parts(visitor, bob, look, street: str) -> None:
    send(visitor(bob), "4125550190", address1=street)
    with look():
        assert db.session.query(Order).one().lines[0].requested["e911"]["address1"] == street


def test_the_limits_of_911_must_be_read(visitor, bob, look) -> None:
    page = send(visitor(bob), "4125550190", accept=False)
    said = page.html.find(id="accepted-problem").get_text()
    assert said == "Confirm that you have read what 911 needs."
    with look():
        assert db.session.query(Order).count() == 0


def test_a_second_order_for_the_same_address_is_told_of_the_first(visitor, bob, look) -> None:
    browser = visitor(bob)
    number = send(browser, "4125550190").location.rsplit("/", 1)[1]
    page = send(browser, "4125550190", address1="200 Sixth Avenue")
    assert page.status_int == 409
    assert number in page.html.find(id="refused").get_text()


def test_a_number_that_cannot_have_an_address_yet_is_said_beside_its_field(
    visitor, alice, bob, look, story
) -> None:
    browser = visitor(bob)
    sent = send(browser, "4125550190").location.rsplit("/", 1)[1]
    with look():
        waiting = orders.ask(bob, story.free[0])
    sentences = {
        display.number(story.free[0]): f"waits in order {waiting}; give it an address once it is",
        display.number(story.free[1]): "is not one of Acme's numbers.",
        display.number(story.acme_number): sent,
    }
    for number, sentence in sentences.items():
        page = send(browser, "new", number=number)
        said = page.html.find(id="number-problem").get_text()
        assert (page.status_int, number in said, sentence in said) == (422, True, True), said
        assert page.forms["e911"]["number"].value == number
        assert page.forms["e911"]["address1"].value == ADDRESS["address1"]
        assert page.html.find(id="refused") is None
    with look():
        assert db.session.query(Order).count() == 2


def test_where_911_is_off_nothing_shows_and_the_address_refuses(visitor, bob, look, story) -> None:
    browser = visitor(bob)
    with look():
        db.session.get_one(Client, story.acme.id).order_settings.e911_provisioning = False
        db.session.commit()
    menu = browser.get("/portal/keystone/").html.find("nav", attrs={"aria-label": "Main"})
    assert "911" not in menu.get_text()
    for path in ("", "/new", "/4125550190"):
        browser.get(HOME + path, status=403)


def test_a_read_only_login_looks_and_sends_nothing(visitor, bob, look) -> None:
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    browser = visitor(bob)
    assert browser.get(HOME).html.select("main a.btn") == []
    browser.get(f"{HOME}/4125550190", status=403)


def test_charlie_finds_no_address_of_bobs(visitor, alice, bob, charlie, look) -> None:
    number = send(visitor(bob), "4125550190").location.rsplit("/", 1)[1]
    with look():
        orders.approve(number, alice)
    browser = visitor(charlie)
    assert "Fifth Avenue" not in browser.get(HOME).text
    for path in ("/4125550190", "/4125550190/remove"):
        browser.get(HOME + path, status=404)


def test_the_pages_wear_the_resellers_brand_alone(visitor, bob) -> None:
    for path in ("", "/new", "/4125550190"):
        assert leaks_of(visitor(bob).get(HOME + path)) == []
