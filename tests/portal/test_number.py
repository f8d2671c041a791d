"""One number in the portal, and asking for its services (P16, P24, P26, P9, P15)."""

from typing import Any

import pytest

from extensions import db
from models import Client, DidService, Login, Mail, Order
from tests.support import orders
from tests.support.words import leaks_of

HOME = "/portal/keystone/numbers/4125550190"


def ask(browser: Any, service: str, turn: str = "on", **fields: str) -> Any:
    form = browser.get(f"{HOME}/{service}").forms["change-service"]
    for name, value in fields.items():
        form[name] = value
    return form.submit("turn", value=turn, expect_errors=True)


def settings_of(number: str) -> dict[str, Any]:
    rows = db.session.query(DidService).join(DidService.did).filter_by(number=number)
    return {row.service: row.settings for row in rows}


def rows_of(page: Any) -> dict[str, str]:
    return {
        row.th.div.find(string=True).strip(): row.td.get_text(" ", strip=True)
        for row in page.html.select("#services tbody tr")
    }


def test_a_caller_id_name_is_asked_for_and_changes_nothing_yet(visitor, bob, look, story) -> None:
    page = ask(visitor(bob), "cnam_outbound", display_name="acme dental").follow()
    assert "looks at your order next" in page.html.find(id="state").get_text()
    with look():
        order = db.session.query(Order).one()
        assert order.lines[0].requested == {"cnam_outbound": {"display_name": "ACME DENTAL"}}
        assert settings_of(story.acme_number) == {}


def test_after_approval_the_number_shows_it(visitor, alice, bob, look, story) -> None:
    browser = visitor(bob)
    number = ask(browser, "cnam_outbound", display_name="Acme").location.rsplit("/", 1)[1]
    assert f"Order {number} is under way" in rows_of(browser.get(HOME))["Caller ID Name"]
    with look():
        orders.approve(number, alice)
    assert rows_of(browser.get(HOME))["Caller ID Name"] == "ACME"


def test_from_the_first_page_it_takes_four_clicks(visitor, bob) -> None:
    browser = visitor(bob)
    page = browser.get("/portal/keystone/").click(href=r"/numbers$", index=0)
    page = page.click(r"\(412\) 555-0190").click(href="cnam_outbound")
    form = page.forms["change-service"]
    form["display_name"] = "Acme"
    assert form.submit("turn", value="on").status_int == 303


def test_a_conflict_is_said_and_the_order_carries_both(visitor, alice, bob, look, story) -> None:
    browser = visitor(bob)
    number = ask(browser, "call_forwarding", forward_to="614-555-0171").location.rsplit("/", 1)[1]
    with look():
        orders.approve(number, alice)
    page = browser.get(f"{HOME}/failover")
    said = page.html.find(id="rivals").get_text()
    assert said.startswith("This turns off Call Forwarding:")
    number = ask(browser, "failover", failover_to="(614) 555-0172").location.rsplit("/", 1)[1]
    with look():
        orders.approve(number, alice)
        assert settings_of(story.acme_number) == {"failover": {"failover_to": "+16145550172"}}


def test_a_service_is_turned_off_by_an_order(visitor, alice, bob, look, story) -> None:
    browser = visitor(bob)
    number = ask(browser, "cnam_outbound", display_name="Acme").location.rsplit("/", 1)[1]
    with look():
        orders.approve(number, alice)
    number = ask(browser, "cnam_outbound", turn="off").location.rsplit("/", 1)[1]
    with look():
        orders.approve(number, alice)
        assert settings_of(story.acme_number) == {}


@pytest.mark.parametrize(
    ("service", "field", "typed", "sentence"),
    [
        ("call_forwarding", "forward_to", "911", "Calls cannot be sent to 911."),
        ("call_forwarding", "forward_to", "4125550190", "A number cannot be sent to itself."),
        ("call_forwarding", "forward_to", "900-555-0199", "Premium numbers (900 and 976) are not"),
        ("call_forwarding", "forward_to", "12", "Write a ten-digit US or Canadian number"),
        ("cnam_outbound", "display_name", "x" * 16, "Write 1 to 15 letters, digits and spaces."),
        ("cnam_outbound", "display_name", "12345", "The name needs at least one letter."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    visitor, bob, look, service: str, field: str, typed: str, sentence: str
) -> None:
    page = ask(visitor(bob), service, **{field: typed})
    assert page.status_int == 422
    assert page.html.find(id=f"{field}-problem").get_text().startswith(sentence)
    assert page.forms["change-service"][field].value
    with look():
        assert db.session.query(Order).count() == 0


def test_a_second_order_is_told_of_the_first(visitor, bob, look) -> None:
    browser = visitor(bob)
    number = ask(browser, "cnam_outbound", display_name="Acme").location.rsplit("/", 1)[1]
    page = ask(browser, "cnam_outbound", display_name="Acme Two")
    assert page.status_int == 409
    assert number in page.html.find(id="refused").get_text()
    assert page.forms["change-service"]["display_name"].value == "Acme Two"


def test_a_service_switched_off_while_its_form_is_open_is_refused(
    visitor, bob, look, story
) -> None:
    browser = visitor(bob)
    form = browser.get(f"{HOME}/cnam_outbound").forms["change-service"]
    with look():
        db.session.get_one(Client, story.acme.id).order_settings.editable_services = []
        db.session.commit()
    form["display_name"] = "Acme"
    assert "switched off" in form.submit("turn", value="on", status=403).text
    assert "Set up" not in browser.get(HOME).text
    with look():
        assert db.session.query(Order).count() == 0


def test_a_read_only_login_sees_all_and_sends_nothing(visitor, bob, look) -> None:
    browser = visitor(bob)
    form = browser.get(f"{HOME}/cnam_outbound").forms["change-service"]
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    page = browser.get(HOME)
    assert page.html.select("#services a.btn") == []
    form["display_name"] = "Acme"
    form.submit("turn", value="on", status=403)
    with look():
        assert db.session.query(Order).count() == 0


@pytest.mark.parametrize("path", ["", "/cnam_outbound"])
def test_charlie_cannot_open_bobs_number(visitor, charlie, path: str) -> None:
    visitor(charlie).get(HOME + path, status=404)


def test_an_unknown_service_is_not_found(visitor, bob) -> None:
    visitor(bob).get(f"{HOME}/teleport", status=404)


def test_the_page_wears_the_resellers_brand_alone(visitor, bob) -> None:
    for path in ("", "/cnam_outbound"):
        assert leaks_of(visitor(bob).get(HOME + path)) == []


def test_sending_the_form_twice_is_one_order(visitor, bob, look) -> None:
    form = visitor(bob).get(f"{HOME}/cnam_outbound").forms["change-service"]
    form["display_name"] = "Acme"
    first = form.submit("turn", value="on")
    assert form.submit("turn", value="on").location == first.location
    with look():
        assert db.session.query(Order).count() == 1


def test_an_old_form_with_another_body_sends_nothing_until_it_is_looked_at(
    visitor, bob, look
) -> None:
    form = visitor(bob).get(f"{HOME}/call_forwarding").forms["change-service"]
    form["forward_to"] = "6145550171"
    form.submit("turn", value="on", status=303)
    form["forward_to"] = "6145550172"
    page = form.submit("turn", value="on", status=409)
    assert "this form was sent before, as order O-000001" in page.text
    with look():
        assert (db.session.query(Order).count(), db.session.query(Mail).count()) == (1, 2)
        orders.cancel("O-000001", bob)
    again = page.forms["change-service"]
    assert again["forward_to"].value == "6145550172"
    assert again["key"].value != form["key"].value
    assert again.submit("turn", value="on").location.endswith("/orders/O-000002")
