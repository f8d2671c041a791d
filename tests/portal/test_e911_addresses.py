"""911 addresses as people type them (P27): corrections to accept, alerts, many numbers, history."""

from typing import Any

import pytest
from sqlalchemy import select

import addresses
from addresses import Answer, Verdict
from carriers import inventory
from extensions import db
from models import Did, DidGroup, E911Record, Login, Order, PortalSettings, ServicePrice
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.words import leaks_of

HOME = "/portal/keystone/911"
ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Fifth Avenue",
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


def fill(page: Any, accept: bool = True, **fields: str) -> Any:
    form = page.forms["e911"]
    for name, value in (ADDRESS | fields).items():
        form[name] = value
    form["accepted"].checked = accept
    return form.submit(expect_errors=True)


def asked_for(look: Any, answer: Any) -> dict[str, Any]:
    """Tell what the order that was made asks for, number by number."""
    assert answer.status_int == 303, answer.html.select_one("main").get_text(" ", strip=True)
    with look():
        order = orders.find(answer.location.rsplit("/", 1)[1])
        return {line.number: dict(line.requested["e911"]) for line in order.lines}


def sent(look: Any) -> int:
    with look():
        return db.session.query(Order).count()


def put_on_record(look: Any, bob: Person, alice: Person, *numbers: str, **more: Any) -> None:
    with look():
        asked = {"kind": "e911_provision", **ADDRESS, **more}
        orders.approve(orders.ask(bob, *numbers, **asked), alice)


def compared(page: Any) -> dict[str, list[str]]:
    return {
        row.th.get_text(): [cell.get_text(" ", strip=True) for cell in row.find_all("td")]
        for row in page.html.select("#compared tbody tr")
    }


# --- Entered and corrected --------------------------------------------------------------------


def test_a_corrected_address_stands_beside_the_typed_one_and_nothing_is_sent(
    visitor: Any, bob: Person, look: Any
) -> None:
    page = fill(visitor(bob).get(f"{HOME}/4125550190"), address1="100 Fifth Avenue Suite 300")
    assert page.status_int == 200
    assert compared(page) == {
        "Name that the dispatcher sees": ["Acme Dental", "Acme Dental"],
        "House number and street": [
            "100 Fifth Avenue Suite 300",
            "100 Fifth Avenue Changed",
        ],
        "Unit, suite or room": ["–", "Suite 300 Changed"],
        "City": ["Pittsburgh", "Pittsburgh"],
        "State": ["PA", "PA"],
        "ZIP": ["15222", "15222"],
    }
    assert sent(look) == 0


def test_the_accepted_correction_is_ordered_and_what_was_typed_is_kept(
    visitor: Any, alice: Person, bob: Person, look: Any, story: Story
) -> None:
    page = fill(visitor(bob).get(f"{HOME}/4125550190"), address1="100 Fifth Avenue Suite 300")
    answer = page.forms["compare"].submit("correct")
    (wanted,) = asked_for(look, answer).values()
    assert (wanted["address1"], wanted["address2"]) == ("100 Fifth Avenue", "Suite 300")
    with look():
        orders.approve(answer.location.rsplit("/", 1)[1], alice)
        record = db.session.query(E911Record).one()
        assert (record.address1, record.address2) == ("100 Fifth Avenue", "Suite 300")
        assert record.entered["address1"] == "100 Fifth Avenue Suite 300"
    page = visitor(bob).get(f"{HOME}/4125550190/history")
    assert "100 Fifth Avenue Suite 300" in page.html.find(id="record").get_text()


def test_who_goes_back_from_the_comparison_finds_what_was_typed(
    visitor: Any, bob: Person, look: Any
) -> None:
    page = fill(
        visitor(bob).get(f"{HOME}/new"), address1="1 Main Street Apt 2", number="4125550177"
    )
    back = page.forms["compare"].submit("edit")
    form = back.forms["e911"]
    assert (form["address1"].value, form["number"].value) == ("1 Main Street Apt 2", "4125550177")
    assert form["accepted"].checked
    assert back.html.select(".is-invalid") == []
    assert sent(look) == 0


def test_a_correction_that_nobody_saw_is_not_accepted(visitor: Any, bob: Person, look: Any) -> None:
    page = fill(visitor(bob).get(f"{HOME}/4125550190"), address1="100 Fifth Avenue Suite 300")
    form = page.forms["compare"]
    form["address1"].force_value("100 Fifth Avenue Suite 900")
    again = form.submit("correct")
    assert compared(again)["Unit, suite or room"] == ["–", "Suite 900 Changed"]
    assert sent(look) == 0


def test_a_validator_of_another_kind_plugs_in(
    visitor: Any, bob: Person, look: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shouting:
        answers_at_once = False

        def check(self, address: Any) -> Answer:
            return Answer(Verdict.CORRECTED, dict(address) | {"city": address["city"].upper()})

    monkeypatch.setitem(addresses.VALIDATORS, "embedded", Shouting())
    page = fill(visitor(bob).get(f"{HOME}/4125550190"))
    assert compared(page)["City"] == ["Pittsburgh", "PITTSBURGH Changed"]
    (wanted,) = asked_for(look, page.forms["compare"].submit("correct")).values()
    assert wanted["city"] == "PITTSBURGH"


@pytest.mark.parametrize(
    ("field", "typed", "where", "sentence"),
    [
        ("state", "OH", "zip", "ZIP 15222 is in PA, not in OH."),
        ("zip", "00000", "zip", "There is no ZIP 00000."),
        ("floor", "x" * 21, "floor", "Use at most 20 characters"),
        ("alert_emails", "desk@acme.example nonsense", "alert_emails", "nonsense is not an"),
        (
            "alert_emails",
            " ".join(f"a{n}@b.example" for n in range(11)),
            "alert_emails",
            "Write at",
        ),
        ("alert_emails", f"{'x' * 60}@{'y' * 60}.{'z' * 40}.example", "alert_emails", "xxx"),
        ("number", "411", "number", "Write a ten-digit US or Canadian number"),
        ("address1", "", "address1", "Write the house number and the street"),
        ("city", "", "city", "Write the city."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_kept(
    visitor: Any, bob: Person, look: Any, field: str, typed: str, where: str, sentence: str
) -> None:
    page = fill(visitor(bob).get(f"{HOME}/new"), **({"number": "4125550177"} | {field: typed}))
    assert page.status_int == 422
    assert page.html.find(id=f"{where}-problem").get_text().startswith(sentence)
    assert page.forms["e911"][field].value == typed
    assert sent(look) == 0


@pytest.mark.parametrize("state", ["pennsylvania", "Pa.", " p. a. "])
def test_usual_spellings_are_read(visitor: Any, bob: Person, look: Any, state: str) -> None:
    typed = {"state": state, "zip": "15222-1234", "floor": "Floor 3"}
    answer = fill(visitor(bob).get(f"{HOME}/new"), number="+1 (412) 555.0177", **typed)
    ((number, wanted),) = asked_for(look, answer).items()
    assert (number, wanted["state"], wanted["zip"], wanted["zip4"], wanted["floor"]) == (
        "+14125550177",
        "PA",
        "15222",
        "1234",
        "3",
    )


# --- Alerts, acceptance, price ----------------------------------------------------------------


def test_floor_and_alert_addresses_are_on_record_once_it_is_approved(
    visitor: Any, alice: Person, bob: Person, look: Any
) -> None:
    typed = {"floor": "3", "alert_emails": "desk@acme.example\nguard@acme.example"}
    answer = fill(visitor(bob).get(f"{HOME}/4125550190"), **typed)
    page = answer.follow()
    assert "Floor 3, Pittsburgh, PA 15222; alerts to desk@acme.example" in page.text
    with look():
        orders.approve(answer.location.rsplit("/", 1)[1], alice)
        record = db.session.query(E911Record).one()
        assert record.floor == "3"
        assert record.alert_emails == ["desk@acme.example", "guard@acme.example"]
    form = visitor(bob).get(f"{HOME}/4125550190").forms["e911"]
    assert (form["floor"].value, form["alert_emails"].value.split()) == (
        "3",
        ["desk@acme.example", "guard@acme.example"],
    )


def test_alerts_alone_can_be_changed_and_the_same_again_is_refused(
    visitor: Any, alice: Person, bob: Person, look: Any, story: Story
) -> None:
    put_on_record(look, bob, alice, story.acme_number)
    browser = visitor(bob)
    same = fill(browser.get(f"{HOME}/4125550190"))
    assert same.status_int == 409
    assert "is like this already" in same.html.find(id="refused").get_text()
    answer = fill(browser.get(f"{HOME}/4125550190"), alert_emails="desk@acme.example")
    assert asked_for(look, answer)[story.acme_number]["alert_emails"] == ["desk@acme.example"]


def test_the_acceptance_is_recorded_with_version_person_and_moment(
    visitor: Any, alice: Person, bob: Person, look: Any
) -> None:
    answer = fill(visitor(bob).get(f"{HOME}/4125550190"))
    with look():
        number = answer.location.rsplit("/", 1)[1]
        sent_at = orders.find(number).submitted_at
        orders.approve(number, alice)
        record = db.session.query(E911Record).one()
        assert (record.accepted_by, record.accepted_version, record.accepted_at) == (
            "Bob",
            "2026-11",
            sent_at,
        )
    said = visitor(bob).get(f"{HOME}/4125550190/history").html.find(id="record").get_text(" ")
    assert "Read and accepted by Bob" in said
    assert "version 2026-11" in said


def test_a_text_that_has_changed_must_be_read_again(visitor: Any, bob: Person, look: Any) -> None:
    browser = visitor(bob)
    token = browser.get(f"{HOME}/4125550190").forms["e911"]["csrf_token"].value
    typed = {**ADDRESS, "accepted": "2020-01", "csrf_token": token}
    page = browser.post(f"{HOME}/4125550190", typed, status=422)
    assert page.html.find(id="accepted-problem").get_text().startswith("The text has changed")
    assert sent(look) == 0


def test_the_price_is_said_before_and_hidden_where_prices_are(
    visitor: Any, bob: Person, look: Any, story: Story
) -> None:
    with look():
        price = {"service": "e911", "monthly_micros": 1_500_000, "setup_micros": 2_000_000}
        db.session.add(ServicePrice(reseller_id=story.reseller_id, **price))
        db.session.commit()
    said = visitor(bob).get(f"{HOME}/4125550190").html.find(id="price").get_text()
    assert said == "Price: $1.50 a month, $2.00 once."
    with look():
        db.session.query(PortalSettings).update({"hide_prices": True})
        db.session.commit()
    assert visitor(bob).get(f"{HOME}/4125550190").html.find(id="price") is None


# --- One address for many numbers ---------------------------------------------------------------


def test_one_address_for_many_numbers_is_one_order(
    visitor: Any, alice: Person, bob: Person, look: Any, mine: list[str]
) -> None:
    form = visitor(bob).get(HOME).forms["set-many"]
    for box in form.fields["n"]:
        box.checked = True
    answer = fill(form.submit())
    wanted = asked_for(look, answer)
    assert sorted(wanted) == mine
    assert {one["address1"] for one in wanted.values()} == {"100 Fifth Avenue"}
    with look():
        orders.approve(answer.location.rsplit("/", 1)[1], alice)
        assert db.session.query(E911Record).count() == 3
    assert "no 911 address" not in visitor(bob).get(HOME).text


def test_many_addresses_change_together(
    visitor: Any, alice: Person, bob: Person, look: Any, mine: list[str]
) -> None:
    put_on_record(look, bob, alice, *mine)
    form = visitor(bob).get(HOME).forms["change-many"]
    for box in form.fields["n"]:
        box.checked = True
    page = form.submit()
    assert page.forms["e911"]["address1"].value == "100 Fifth Avenue"
    answer = fill(page, address1="200 Sixth Avenue")
    assert sorted(asked_for(look, answer)) == mine
    with look():
        assert orders.find(answer.location.rsplit("/", 1)[1]).kind == "e911_change"


def test_a_number_whose_address_waits_is_left_out_and_named(
    visitor: Any, bob: Person, look: Any, mine: list[str]
) -> None:
    with look():
        waiting = orders.ask(bob, mine[0], kind="e911_provision", **ADDRESS)
    chosen = "&".join(f"n={number[2:]}" for number in mine)
    page = visitor(bob).get(f"{HOME}/many?{chosen}")
    assert waiting in page.html.find(id="left-out").get_text()
    assert sorted(asked_for(look, fill(page))) == mine[1:]


def test_a_number_with_an_address_is_left_out_of_those_without(
    visitor: Any, alice: Person, bob: Person, look: Any, mine: list[str]
) -> None:
    put_on_record(look, bob, alice, mine[0])
    chosen = "&".join(f"n={number[2:]}" for number in mine)
    page = visitor(bob).get(f"{HOME}/many?{chosen}")
    assert "has an address already" in page.html.find(id="left-out").get_text()
    assert sorted(asked_for(look, fill(page))) == mine[1:]


def test_the_correction_of_many_keeps_the_choice(
    visitor: Any, bob: Person, look: Any, mine: list[str]
) -> None:
    chosen = "&".join(f"n={number[2:]}" for number in mine)
    page = fill(visitor(bob).get(f"{HOME}/many?{chosen}"), address1="1 Main Street Apt 2")
    assert sorted(asked_for(look, page.forms["compare"].submit("correct"))) == mine


def test_nothing_chosen_leads_back_and_foreign_numbers_are_nobodys(
    visitor: Any, bob: Person, look: Any, story: Story
) -> None:
    browser = visitor(bob)
    foreign = f"{HOME}/many?n={story.birch_number[2:]}&n={story.free[0][2:]}&n=nonsense"
    for address in (f"{HOME}/many", foreign):
        back = browser.get(address, status=303).follow()
        assert "Choose at least one number: tick its box." in back.text
    assert sent(look) == 0


# --- History ------------------------------------------------------------------------------------


def test_the_history_tells_every_order_of_the_address(
    visitor: Any, alice: Person, bob: Person, look: Any, story: Story
) -> None:
    put_on_record(look, bob, alice, story.acme_number)
    with look():
        moved = {"kind": "e911_change", **ADDRESS, "address1": "200 Sixth Avenue"}
        orders.reject(orders.ask(bob, story.acme_number, **moved), alice)
        orders.approve(orders.ask(bob, story.acme_number, kind="e911_remove"), alice)
    page = visitor(bob).get(f"{HOME}/4125550190/history")
    rows = [row.get_text(" ", strip=True) for row in page.html.select("#history tbody tr")]
    assert ["None" in rows[0], "200 Sixth Avenue" in rows[1], "Completed" in rows[2]] == [True] * 3
    assert "No address is in force for this number." in page.html.find(id="risk").get_text()
    assert leaks_of(page) == []


def test_an_off_net_number_has_its_history_after_removal(
    visitor: Any, alice: Person, bob: Person, charlie: Person, look: Any
) -> None:
    put_on_record(look, bob, alice, "+14125550177")
    with look():
        orders.approve(orders.ask(bob, "+14125550177", kind="e911_remove"), alice)
    assert len(visitor(bob).get(f"{HOME}/4125550177/history").html.select("#history tbody tr")) == 2
    visitor(charlie).get(f"{HOME}/4125550177/history", status=404)


def test_a_read_only_login_reads_the_history_and_sends_nothing(
    visitor: Any, alice: Person, bob: Person, look: Any, story: Story
) -> None:
    put_on_record(look, bob, alice, story.acme_number)
    browser = visitor(bob)
    token = browser.get(f"{HOME}/4125550190").forms["e911"]["csrf_token"].value
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    page = browser.get(f"{HOME}/4125550190/history")
    assert page.html.select("main a.btn, main button") == []
    assert browser.get(HOME).html.select("main [type=checkbox], main button") == []
    typed = {"csrf_token": token, "n": "4125550190", **ADDRESS}
    for path in ("4125550190", "many", "new"):
        browser.post(f"{HOME}/{path}", typed, status=403)
    assert sent(look) == 1
