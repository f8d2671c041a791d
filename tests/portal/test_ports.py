"""Ports in the portal (P29): active and completed, each number in plain words; only one's own."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import ports
from extensions import db
from models import Client, Login, Port, PortStatus, Reseller
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.words import leaks_of

LIST = "/portal/keystone/ports"
PIN = "The PIN or passcode is missing or wrong."


def status(key: str) -> PortStatus:
    return db.session.scalars(select(PortStatus).where(PortStatus.key == key)).one()


@pytest.fixture
def port(look: Any, story: Story) -> int:
    """A port of Acme's with three numbers, sent to the losing provider; gives its id."""
    with look():
        ports.furnish(db.session.get_one(Reseller, story.reseller_id))
        alice, port = orders.actor(story.alice), Port()
        acme = db.session.get_one(Client, story.acme.id)
        typed = {"pon": "K-1", "porting_from": "Oldtel", "entity_name": "Acme Dental LLC"}
        numbers = "4125550161\n4125550162\n4125550163"
        ports.save(port, by=alice, client=acme, numbers=numbers, **typed)
        ports.move(port, status("submitted"), by=alice)
        db.session.commit()
        return port.id


def act(look: Any, port: int, verb: Any, *args: Any, story: Story, **more: Any) -> None:
    """Do something to the port as Alice."""
    with look():
        found = db.session.get_one(Port, port)
        args = tuple(status(one[7:]) if str(one).startswith("status:") else one for one in args)
        verb(found, *args, by=orders.actor(story.alice), **more)
        db.session.commit()


def numbers_of(page: Any) -> dict[str, list[str]]:
    return {
        row.th.get_text(strip=True): [cell.get_text(" ", strip=True) for cell in row.find_all("td")]
        for row in page.html.select("#numbers tbody tr")
    }


def listed(page: Any) -> list[str]:
    return [tag.get_text() for tag in page.html.select("main table th[scope=row] a")]


def test_an_active_port_is_listed_with_its_numbers_and_status(
    visitor: Any, bob: Person, port: int
) -> None:
    page = visitor(bob).get(LIST)
    row = page.html.select_one("#ports-active tbody tr").get_text(" ", strip=True)
    assert listed(page) == ["K-1"]
    assert row == "K-1 (412) 555-0161 and 2 others Submitted No date yet"
    assert listed(visitor(bob).get(LIST, {"tab": "completed"})) == []


def test_each_number_has_its_status_and_a_reason_in_plain_words(
    visitor: Any, bob: Person, port: int, story: Story, look: Any
) -> None:
    with look():
        found = db.session.get_one(Port, port)
        question, alice = status(ports.QUESTION), orders.actor(story.alice)
        ports.set_numbers(found, found.numbers[:1], question, PIN, by=alice)
        db.session.commit()
    page = visitor(bob).get(LIST).click("K-1")
    assert numbers_of(page) == {
        "(412) 555-0161": ["Question", PIN],
        "(412) 555-0162": ["Submitted", "We have sent your request to your current provider."],
        "(412) 555-0163": ["Submitted", "We have sent your request to your current provider."],
    }


def test_what_is_asked_of_the_client_stands_first_with_whom_to_answer(
    visitor: Any, bob: Person, port: int, story: Story, look: Any
) -> None:
    with look():
        found = db.session.get_one(Port, port)
        question, alice = status(ports.QUESTION), orders.actor(story.alice)
        ports.set_numbers(found, found.numbers[:1], question, PIN, by=alice)
        db.session.commit()
    browser = visitor(bob)
    assert "Waits for you" in browser.get(LIST).html.select_one("#ports-active").get_text()
    asked = browser.get(f"{LIST}/{port}").html.find(id="asked")
    assert [one.get_text(" ", strip=True) for one in asked.select("li")] == [
        f"{PIN} For (412) 555-0161 ."
    ]
    assert asked.a["href"] == "mailto:help@keystone.example?subject=Port%20K-1"


def test_nothing_is_asked_while_the_losing_provider_works(
    visitor: Any, bob: Person, port: int
) -> None:
    page = visitor(bob).get(f"{LIST}/{port}")
    assert page.html.find(id="asked") is None
    said = page.html.find(id="state").get_text(strip=True)
    assert said == "We have sent your request to your current provider."


def test_a_letter_to_be_signed_is_asked_for(
    visitor: Any, bob: Person, port: int, story: Story, look: Any
) -> None:
    act(look, port, ports.move, "status:pending_signature", story=story)
    asked = visitor(bob).get(f"{LIST}/{port}").html.find(id="asked")
    said = [one.get_text(" ", strip=True) for one in asked.select("li")]
    assert said == ["Please sign the letter we sent you."]


def test_the_dates_are_asked_for_confirmed_and_done(
    visitor: Any, bob: Person, port: int, story: Story, look: Any
) -> None:
    def dates(page: Any) -> list[str]:
        return [one.get_text(strip=True) for one in page.html.select("#dates dd")][:3]

    browser = visitor(bob)
    assert dates(browser.get(f"{LIST}/{port}")) == [
        "As soon as can be",
        "Not confirmed yet",
        "Not yet",
    ]
    with look():
        day = ports.today() + timedelta(days=7)
    act(look, port, ports.set_foc, day.isoformat(), story=story)
    shown = f"{day:%b} {day.day}, {day.year}"
    page = browser.get(f"{LIST}/{port}")
    assert dates(page)[1] == shown
    assert f"The numbers move on {shown}." in page.html.find(id="state").get_text()
    act(look, port, ports.complete, story=story)
    assert dates(browser.get(f"{LIST}/{port}"))[2] != "Not yet"


def test_a_completed_port_moves_to_the_completed(
    visitor: Any, bob: Person, port: int, story: Story, look: Any
) -> None:
    act(look, port, ports.complete, story=story)
    browser = visitor(bob)
    assert listed(browser.get(LIST)) == []
    assert listed(browser.get(LIST).click("Completed")) == ["K-1"]
    assert "Your numbers have moved." in browser.get(f"{LIST}/{port}").html.find(id="state").text


def test_a_cancelled_port_stands_apart(
    visitor: Any, bob: Person, port: int, story: Story, look: Any
) -> None:
    act(look, port, ports.move, f"status:{ports.CANCELLED}", story=story)
    browser = visitor(bob)
    seen = [listed(browser.get(LIST, {"tab": tab})) for tab in ("active", "completed", "cancelled")]
    assert seen == [[], [], ["K-1"]]


def test_comments_for_the_client_are_read_and_private_ones_never(
    visitor: Any, bob: Person, port: int, story: Story, look: Any
) -> None:
    act(look, port, ports.comment, "Send us the PIN.\nBy Friday.", is_private=False, story=story)
    act(look, port, ports.comment, "They owe us money.", is_private=True, story=story)
    page = visitor(bob).get(f"{LIST}/{port}")
    story_of = page.html.find(id="story").get_text(" ", strip=True)
    assert "Send us the PIN." in story_of
    assert "By Friday." in story_of
    assert "They owe us money." not in page.text
    assert ("by Keystone Voice" in story_of, "Alice" in page.text) == (True, False)


def test_charlie_and_another_brand_find_no_port_of_bobs(
    visitor: Any, bob: Person, charlie: Person, port: int
) -> None:
    browser = visitor(charlie)
    assert listed(browser.get(LIST)) == []
    browser.get(f"{LIST}/{port}", status=404)
    browser.get(f"{LIST}/999999", status=404)
    assert "/sign-in" in visitor(bob).get(f"/portal/other/ports/{port}", status=302).location


def test_a_read_only_login_sees_ports_as_well(
    visitor: Any, bob: Person, port: int, look: Any
) -> None:
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    browser = visitor(bob)
    page = browser.get("/portal/keystone/").click("Ports", index=0)
    assert listed(page) == ["K-1"]
    browser.get(f"{LIST}/{port}")


def test_empty_lists_say_what_a_port_is(visitor: Any, bob: Person) -> None:
    browser = visitor(bob)
    assert "To bring numbers from another provider" in browser.get(LIST).text
    assert "No port is completed yet" in browser.get(LIST, {"tab": "completed"}).text
    assert "No port was cancelled" in browser.get(LIST, {"tab": "cancelled"}).text
    assert "No number is on its way" in browser.get(LIST, {"tab": "nonsense"}).text


def test_the_first_page_tells_of_ports_under_way(
    visitor: Any, bob: Person, port: int, story: Story, look: Any
) -> None:
    browser, home = visitor(bob), "/portal/keystone/"
    assert "port under way" in browser.get(home).html.select_one(".stats").get_text()
    assert [tag.text for tag in browser.get(home).html.select("#ports-active th a")] == ["K-1"]
    act(look, port, ports.complete, story=story)
    assert browser.get(home).html.select("#ports-active") == []


def test_looking_writes_nothing_and_says_no_forbidden_word(
    visitor: Any, app: Any, bob: Person, port: int
) -> None:
    browser = visitor(bob)
    for path in (LIST, f"{LIST}/{port}"):
        with statements(app) as seen:
            page = browser.get(path)
        assert writes(seen) == []
        assert leaks_of(page) == []
