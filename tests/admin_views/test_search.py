"""Search everywhere: numbers in any spelling, clients, logins, orders; each role sees its own."""

from typing import Any

import pytest

from tests.support import orders


def found(browser: Any, typed: str) -> dict[str, list[str]]:
    """Search for some words; gives the names found by kind."""
    page = browser.get("/admin/search/", {"q": typed}).html
    return {
        card.h2.get_text(): [link.get_text() for link in card.select("li a")]
        for card in page.select("#found section")
    }


@pytest.mark.parametrize(
    "typed", ["(412) 555-0190", "412-555-0190", "+14125550190", "4125550190", "0190"]
)
def test_a_number_is_found_in_any_spelling(visitor, alice, typed: str) -> None:
    assert found(visitor(alice), typed)["Numbers"] == ["(412) 555-0190"]


def test_clients_and_their_people_are_found(visitor, alice) -> None:
    seen = found(visitor(alice), "acme")
    assert seen["Clients"] == ["Acme"]
    assert seen["Logins"] == ["Bob"]
    assert seen["Numbers"] == ["(412) 555-0190"]


def test_an_order_is_found_by_its_number(visitor, alice, bob, story, look) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    assert found(visitor(alice), number.lower())["Orders"] == [number]


def test_a_hit_leads_to_its_page(visitor, alice, acme) -> None:
    page = visitor(alice).get("/admin/search/", {"q": "Acme"}).click("^Acme$", index=0)
    assert page.request.path == f"/admin/clients/{acme.id}/"


def test_more_than_a_handful_leads_to_the_list(visitor, alice) -> None:
    page = visitor(alice).get("/admin/search/", {"q": "555"})
    link = page.html.select_one("#found .card-actions a")
    assert link["href"] == "/admin/dids/?search=555"


def test_mallory_finds_nothing_of_the_other_reseller(visitor, mallory) -> None:
    browser = visitor(mallory)
    for typed in ("acme", "bob", "0190", "keystone", "O-0000"):
        assert found(browser, typed) == {}


@pytest.mark.parametrize("typed", ["", "x", "%", "\0", "'; --", "zzz", "_" * 200])
def test_what_finds_nothing_says_so(visitor, alice, typed: str) -> None:
    page = visitor(alice).get("/admin/search/", {"q": typed})
    assert page.html.select_one("#found") is None
    assert page.html.select_one(".empty-title").get_text()


def test_the_box_stands_on_every_page(visitor, alice) -> None:
    form = visitor(alice).get("/admin/clients/").html.select_one("form.shell-search")
    assert form["action"] == "/admin/search/"
    assert form.select_one("input[data-search]")["name"] == "q"
