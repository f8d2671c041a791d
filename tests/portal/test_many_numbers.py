"""One service for many numbers at once in the portal (P26, P15, P9, P24)."""

from typing import Any

import pytest
from sqlalchemy import select, update

from carriers import inventory
from extensions import db
from models import (
    Client,
    Did,
    DidGroup,
    DidService,
    Login,
    Mail,
    Order,
    PortalSettings,
    ServicePrice,
)
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.words import leaks_of

LIST = "/portal/keystone/numbers"
MANY = "/portal/keystone/numbers/many"
FIRST = "+14125550101"


@pytest.fixture
def mine(look: Any, story: Story) -> list[str]:
    """Give Acme three more numbers, the last of them toll-free; gives all of its numbers."""
    with look():
        group = db.session.get_one(DidGroup, story.acme_group.id)
        more = (story.free[0], story.free[1], story.free[-1])
        for did in db.session.scalars(select(Did).where(Did.number.in_(more))).all():
            inventory.give_did(did, group)
        db.session.commit()
    return sorted([story.acme_number, *more])


def setting(look: Any, story: Story, **values: Any) -> None:
    with look():
        settings = db.session.get_one(Client, story.acme.id).order_settings
        for name, value in values.items():
            setattr(settings, name, value)
        db.session.commit()


def review(browser: Any, *numbers: str, service: str = "call_forwarding") -> Any:
    form = browser.get(LIST).forms["choose"]
    for box in form.fields["n"]:
        box.checked = f"+1{box._value}" in numbers
    form["service"] = service
    return form.submit()


def send(page: Any, turn: str = "on", **fields: str) -> Any:
    form = page.forms["change-many"]
    for name, value in fields.items():
        form[name] = value
    return form.submit("turn", value=turn, expect_errors=True)


def ticked(page: Any) -> list[str]:
    boxes = page.forms["change-many"].fields["n"]
    return [f"+1{box._value}" for box in boxes if box.checked]


def words(page: Any, where: str) -> str:
    return " ".join(page.html.select_one(where).get_text(" ").split())


def nothing_was_sent(look: Any) -> bool:
    with look():
        return db.session.query(Order).count() == db.session.query(Mail).count() == 0


def services_of(look: Any, number: str) -> dict[str, Any]:
    with look():
        rows = db.session.query(DidService).join(DidService.did).filter_by(number=number)
        return {row.service: row.settings for row in rows}


def test_ticked_numbers_make_one_order_with_a_line_for_each(
    visitor, bob, alice, look, story, mine
) -> None:
    page = review(visitor(bob), *mine[1:3])
    assert ticked(page) == mine[1:3]
    number = send(page, forward_to="614-555-0171", note="All to the desk.").location[-8:]
    with look():
        order = orders.find(number)
        assert [line.number for line in order.lines] == mine[1:3]
        assert (order.kind, order.client_note) == ("call_forwarding", "All to the desk.")
        orders.approve(number, alice)
    wanted = {"call_forwarding": {"forward_to": "+16145550171"}}
    assert [services_of(look, one) for one in mine] == [{}, wanted, wanted, {}]


def test_all_that_a_search_finds_are_chosen_beyond_the_page(
    visitor, bob, story, mine, monkeypatch
) -> None:
    monkeypatch.setattr("portal.numbers.PAGE", 2)
    form = visitor(bob).get(LIST, {"q": "412"}).forms["choose"]
    assert len(form.fields["n"]) == 2
    form["all"] = True
    form["service"] = "call_forwarding"
    assert ticked(form.submit()) == [one for one in mine if one.startswith("+1412")]


def test_all_on_the_page_are_chosen_without_a_script(visitor, bob, mine, monkeypatch) -> None:
    monkeypatch.setattr("portal.numbers.PAGE", 3)
    form = visitor(bob).get(LIST).forms["choose"]
    form["here"] = True
    form["service"] = "failover"
    assert ticked(form.submit()) == mine[:3]


def test_more_than_an_order_can_have_is_said_before_anything_is_chosen(
    visitor, bob, look, story, mine, monkeypatch
) -> None:
    setting(look, story, max_numbers_per_order=3)
    monkeypatch.setattr("portal.numbers.PAGE", 2)
    page = visitor(bob).get(LIST)
    form = page.forms["choose"]
    assert "all" not in form.fields
    assert "at most 3 numbers" in page.html.find(id="too-many").get_text()
    page = visitor(bob).get(MANY, {"all": "1", "service": "call_forwarding", "q": ""}).follow()
    assert "You chose 4 numbers; an order can have at most 3." in page.text


def test_a_limit_that_came_meanwhile_refuses_the_order_and_keeps_what_was_typed(
    visitor, bob, look, story, mine
) -> None:
    page = review(visitor(bob), *mine[:3])
    setting(look, story, max_numbers_per_order=2)
    page = send(page, forward_to="614-555-0171")
    assert page.status_int == 409
    assert "at most 2" in page.html.find(id="refused").get_text()
    assert page.forms["change-many"]["forward_to"].value == "614-555-0171"
    assert nothing_was_sent(look)


def test_what_is_now_and_what_is_turned_off_stand_beside_each_number(
    visitor, bob, alice, look, story, mine
) -> None:
    with look():
        asked = {"kind": "call_forwarding", "forward_to": "6145550171"}
        orders.approve(orders.ask(bob, mine[0], **asked), alice)
    page = review(visitor(bob), *mine[:2], service="failover")
    rows = [
        [cell.get_text(strip=True) for cell in row.select("td[data-label]")]
        for row in page.html.select("#candidates tbody tr:not(#total)")
    ]
    assert [row[1:3] for row in rows] == [["Off", "Call Forwarding"], ["Off", "Nothing"]]
    assert [row[3] for row in rows] == ["−$0.50", "$0.00"]
    assert "the order carries both changes" in page.html.find(id="rivals").get_text()
    number = send(page, failover_to="6145550172").location[-8:]
    with look():
        orders.approve(number, alice)
    for one in mine[:2]:
        assert services_of(look, one) == {"failover": {"failover_to": "+16145550172"}}


def test_the_price_of_all_is_shown_and_a_new_one_is_not_ordered_unseen(
    visitor, bob, look, story, mine
) -> None:
    page = review(visitor(bob), *mine[:3])
    assert "$1.50" in page.html.find(id="total").get_text()
    with look():
        db.session.execute(update(ServicePrice).values(monthly_micros=900_000))
        db.session.commit()
    page = send(page, forward_to="6145550171")
    assert page.status_int == 409
    assert "The price has changed" in page.html.find(id="refused").get_text()
    assert "$2.70" in page.html.find(id="total").get_text()
    assert nothing_was_sent(look)


def test_hidden_prices_are_not_shown_and_the_order_is_taken(visitor, bob, look, mine) -> None:
    with look():
        db.session.query(PortalSettings).one().hide_prices = True
        db.session.commit()
    page = review(visitor(bob), *mine[:2])
    assert "$" not in words(page, "main")
    assert send(page, forward_to="6145550171").status_int == 303


def test_numbers_that_cannot_take_it_are_left_out_with_the_reason(
    visitor, bob, look, story, mine
) -> None:
    with look():
        orders.ask(bob, mine[0], kind="cnam_outbound", display_name="Acme")
    page = review(visitor(bob), *mine, service="cnam_outbound")
    said = words(page, "#cannot")
    assert "(412) 555-0101 already has an open order: O-000001 (Caller ID Name)." in said
    assert "(833) 555-0101 cannot have Caller ID Name." in said
    assert ticked(page) == mine[1:3]


def test_a_number_that_got_an_order_meanwhile_is_named_and_the_rest_is_kept(
    visitor, bob, look, story, mine
) -> None:
    page = review(visitor(bob), *mine[:3])
    with look():
        earlier = orders.ask(bob, mine[1], kind="failover", failover_to="6145550172")
    page = send(page, forward_to="6145550171")
    assert page.status_int == 409
    said = words(page, "#refused")
    assert f"(412) 555-0102 already has an open order: {earlier}" in said
    assert ticked(page) == [mine[0], mine[2]]
    assert page.forms["change-many"]["forward_to"].value == "6145550171"
    number = send(page).location[-8:]
    with look():
        assert [line.number for line in orders.find(number).lines] == [mine[0], mine[2]]


def test_an_unticked_number_stays_on_the_page_when_a_field_is_wrong(
    visitor, bob, look, mine
) -> None:
    page = review(visitor(bob), *mine[:3])
    page.forms["change-many"].fields["n"][0].checked = False
    page = send(page, forward_to="911")
    assert page.status_int == 422
    assert page.html.find(id="forward_to-problem").get_text() == "Calls cannot be sent to 911."
    assert page.forms["change-many"]["forward_to"].value == "911"
    assert len(page.html.select("#candidates [name=n]")) == 3
    assert ticked(page) == mine[1:3]
    assert nothing_was_sent(look)


def test_a_number_is_not_sent_to_itself(visitor, bob, look, mine) -> None:
    page = send(review(visitor(bob), *mine[:2]), forward_to=mine[0][2:])
    assert "A number cannot be sent to itself." in page.html.find(id="refused").get_text()
    assert ticked(page) == [mine[1]]
    assert nothing_was_sent(look)


def test_where_none_is_left_the_form_stays_with_what_was_typed(visitor, bob, look, mine) -> None:
    page = send(review(visitor(bob), mine[0]), forward_to=mine[0][2:], note="For the desk.")
    assert "A number cannot be sent to itself." in page.html.find(id="refused").get_text()
    assert ticked(page) == [mine[0]]
    form = page.forms["change-many"]
    assert (form["forward_to"].value, form["note"].value) == (mine[0][2:], "For the desk.")
    assert nothing_was_sent(look)


def test_it_is_turned_off_on_many(visitor, bob, alice, look, mine) -> None:
    with look():
        asked = {"kind": "call_forwarding", "forward_to": "6145550171"}
        orders.approve(orders.ask(bob, *mine[:2], **asked), alice)
    number = send(review(visitor(bob), *mine[:2]), turn="off").location[-8:]
    with look():
        orders.approve(number, alice)
    assert [services_of(look, one) for one in mine[:2]] == [{}, {}]


def test_no_tick_sends_nothing(visitor, bob, look, mine) -> None:
    page = review(visitor(bob)).follow()
    assert "Choose at least one number" in page.text
    page = review(visitor(bob), mine[0])
    page.forms["change-many"].fields["n"][0].checked = False
    page = send(page, forward_to="6145550171")
    assert "Choose at least one number" in page.html.find(id="refused").get_text()
    assert nothing_was_sent(look)


def test_going_back_for_want_of_a_choice_keeps_the_search(visitor, bob, mine) -> None:
    page = visitor(bob).get(MANY, {"q": "412"}).follow()
    assert page.forms["search-numbers"]["q"].value == "412"
    assert "Choose the service" in page.text


def test_sending_it_twice_is_one_order(visitor, bob, look, mine) -> None:
    form = review(visitor(bob), *mine[:2]).forms["change-many"]
    form["forward_to"] = "6145550171"
    first = form.submit("turn", value="on")
    assert form.submit("turn", value="on").location == first.location
    with look():
        assert db.session.query(Order).count() == 1


def test_only_what_the_settings_let_it_edit_is_offered_and_taken(
    visitor, bob, look, story, mine
) -> None:
    browser = visitor(bob)
    page = review(browser, *mine[:2])
    setting(look, story, editable_services=["failover"])
    form = page.forms["change-many"]
    form["forward_to"] = "6145550171"
    assert "switched off" in form.submit("turn", value="on", status=403).text
    offered = browser.get(LIST).forms["choose"]["service"].options
    assert [key for key, _, _ in offered] == ["failover"]
    browser.get(MANY, {"service": "call_forwarding", "n": mine[0]}, status=403)
    browser.get(MANY, {"service": "teleport", "n": mine[0]}, status=404)
    assert nothing_was_sent(look)


def test_a_read_only_login_has_no_boxes_and_sends_nothing(visitor, bob, look, mine) -> None:
    browser = visitor(bob)
    form = review(browser, *mine[:2]).forms["change-many"]
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    assert "choose" not in browser.get(LIST).forms
    form["forward_to"] = "6145550171"
    form.submit("turn", value="on", status=403)
    assert nothing_was_sent(look)


def test_charlie_cannot_change_bobs_numbers(visitor, charlie: Person, look, story, mine) -> None:
    browser = visitor(charlie)
    asked = {"service": "call_forwarding", "n": mine[0]}
    assert "Choose at least one number" in browser.get(MANY, asked).follow().text
    form = review(browser, story.birch_number).forms["change-many"]
    form["forward_to"] = "6145550171"
    typed = [*form.submit_fields(), ("n", mine[0][2:]), ("turn", "on")]
    page = browser.post(MANY, typed, status=409)
    assert "(412) 555-0101 is not one of Birch's numbers." in words(page, "#refused")
    assert "Acme" not in page.text
    assert nothing_was_sent(look)


def test_the_page_wears_the_resellers_brand_alone(visitor, bob, mine) -> None:
    browser = visitor(bob)
    assert leaks_of(browser.get(LIST)) == leaks_of(review(browser, *mine)) == []
