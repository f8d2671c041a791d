"""The client's own numbers: the list and its search."""

from typing import Any

import pytest
from sqlalchemy import update

import catalog
from carriers import inventory
from extensions import db
from models import (
    AuditEntry,
    Did,
    DidGroup,
    DidService,
    Login,
    Order,
    OrderSettings,
    PortalSettings,
)
from portal import number_search
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.words import leaks_of

LIST = "/portal/keystone/numbers"


def listed(page: Any) -> list[str]:
    return [tag.text for tag in page.html.select("#numbers th[scope=row]")]


def test_what_a_search_offers_does_not_depend_on_what_it_found(
    visitor, bob, look, story, monkeypatch
) -> None:
    """Who has many numbers may look for every service, and the one that was chosen stays so."""

    def offered(page: Any) -> list[str]:
        return [one["value"] for one in page.html.select("#has option")]

    browser = visitor(bob)
    few = offered(browser.get(LIST))
    monkeypatch.setattr(number_search, "MOST_READ", 0)
    many = offered(browser.get(LIST))
    searched = browser.get(LIST, {"has": "conference_line"})
    assert len(few) < len(many) == len(catalog.SERVICES) + 2
    assert offered(searched) == many
    assert searched.html.select_one("#has option[selected]")["value"] == "conference_line"


def give(look: Any, story: Story, count: int) -> None:
    """Give Acme more numbers, with words in them that a client must never read."""
    with look():
        group = db.session.get_one(DidGroup, story.acme_group.id)
        for n in range(count):
            did = Did(
                reseller_id=story.reseller_id,
                number=f"+1213555{100 + n:04d}",
                npa="213",
                nxx="555",
                tier_id=story.tier.id,
                state="CA",
                city="Los Angeles",
                network="Wholesale Carrier Network",
            )
            db.session.add(did)
            db.session.flush()
            inventory.give_did(did, group)
            did.services.append(
                DidService(
                    reseller_id=story.reseller_id,
                    service="cnam_outbound",
                    slot="cnam_outbound",
                    settings={"display_name": "ACME"},
                )
            )
        db.session.commit()


def test_bob_sees_his_numbers_and_what_each_does(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    give(look, story, 1)
    page = visitor(bob).get(LIST)
    assert listed(page) == ["(213) 555-0100", "(412) 555-0190"]
    row = page.html.select_one("#numbers tbody tr")
    assert [" ".join(cell.text.split()) for cell in row.select("[data-label]")] == [
        "(213) 555-0100",
        "–",
        "Los Angeles, CA",
        "Caller ID Name: ACME",
        "In service No 911 address",
    ]


def test_charlie_sees_only_his(visitor: Any, charlie: Person) -> None:
    assert listed(visitor(charlie).get(LIST)) == ["(412) 555-0191"]


@pytest.mark.parametrize(
    "typed",
    ["0190", "555-01 90", "(412) 555-0190", "412.555.0190", "+1 412 555 0190", "14125550190"],
)
def test_a_number_is_found_in_any_spelling(
    visitor: Any, bob: Person, story: Story, look: Any, typed: str
) -> None:
    give(look, story, 2)
    form = visitor(bob).get(LIST).forms["search-numbers"]
    form["q"] = typed
    assert listed(form.submit()) == ["(412) 555-0190"]


@pytest.mark.parametrize("typed", ["front", "Front Desk", "pittsb"])
def test_a_number_is_found_by_its_label_or_place(
    visitor: Any, bob: Person, story: Story, look: Any, typed: str
) -> None:
    give(look, story, 2)
    with look():
        mine = update(Did).where(Did.number == story.acme_number)
        db.session.execute(mine.values(label="Front desk"))
        db.session.commit()
    assert listed(visitor(bob).get(LIST, {"q": typed})) == ["(412) 555-0190"]


@pytest.mark.parametrize("typed", ["9999", "%", "_", "0191", "'; --", "<b>", "9" * 80])
def test_what_is_not_there_is_said_and_can_be_cleared(
    visitor: Any, bob: Person, typed: str
) -> None:
    page = visitor(bob).get(LIST, {"q": typed})
    assert listed(page) == []
    assert page.forms["search-numbers"]["q"].value == typed
    assert listed(page.click("Clear search")) == ["(412) 555-0190"]


def test_a_long_list_has_pages_that_keep_the_search(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    give(look, story, 60)
    first = visitor(bob).get(LIST, {"q": "213"})
    second = first.click("Next")
    assert (len(listed(first)), len(listed(second))) == (50, 10)
    assert second.forms["search-numbers"]["q"].value == "213"


def test_an_empty_list_has_a_first_step(visitor: Any, bob: Person, story: Story, look: Any) -> None:
    with look():
        inventory.take_did(db.session.query(Did).filter_by(number=story.acme_number).one())
        db.session.commit()
    page = visitor(bob).get(LIST)
    assert "You have no numbers yet" in page.text
    assert page.html.select_one("main a[href$='/order-numbers']") is not None


def test_thirty_numbers_ask_no_more_queries_than_one_and_write_nothing(
    app: Any, visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    give(look, story, 30)
    browser, counts = visitor(bob), []
    for asked in ("2135550100", "213"):
        with statements(app) as seen:
            page = browser.get(LIST, {"q": asked})
        counts.append((len(listed(page)), len(seen)))
        assert writes(seen) == []
    assert [rows for rows, _ in counts] == [1, 30]
    assert counts[0][1] == counts[1][1] <= 8


def test_it_says_no_forbidden_word(visitor: Any, bob: Person, story: Story, look: Any) -> None:
    give(look, story, 1)
    page = visitor(bob).get(LIST)
    assert "(213) 555-0100" in page.text
    assert leaks_of(page) == []


# --- Filters and labels -------------------------------------------------------------------------


def find(browser: Any, **fields: str) -> list[str]:
    form = browser.get(LIST).forms["search-numbers"]
    for name, value in fields.items():
        form[name] = value
    return listed(form.submit())


def test_numbers_are_found_by_the_service_that_they_have_or_lack(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    give(look, story, 2)
    browser = visitor(bob)
    assert find(browser, has="cnam_outbound") == ["(213) 555-0100", "(213) 555-0101"]
    assert find(browser, has="none") == ["(412) 555-0190"]
    assert find(browser, has="cnam_outbound", q="0101") == ["(213) 555-0101"]


@pytest.mark.parametrize(
    "typed",
    [
        *("412", "1412", "+1412", "+1 (412", "1 412 555", "+1", "0190", "(412) 555-0190"),
        *("1-412-555-0190", "14125550190", "+14125550190", "412.555"),
    ],
)
def test_part_of_a_number_is_found_in_any_spelling(
    visitor: Any, bob: Person, story: Story, typed: str
) -> None:
    assert find(visitor(bob), q=typed) == ["(412) 555-0190"]


@pytest.mark.parametrize("typed", ["+412", "+44", "1413", "+1 555", "214125550190", "٤١٢", "+"])
def test_what_is_part_of_no_number_finds_none(
    visitor: Any, bob: Person, story: Story, typed: str
) -> None:
    assert find(visitor(bob), q=typed) == []


def test_numbers_without_911_are_marked_and_found(
    visitor: Any, bob: Person, alice: Person, story: Story, look: Any
) -> None:
    give(look, story, 1)
    address = {"caller_name": "Acme", "address1": "1 Main Street", "city": "Erie"}
    with look():
        asked = {"kind": "e911_provision", "state": "PA", "zip": "16501", **address}
        orders.approve(orders.ask(bob, story.acme_number, **asked), alice)
    browser = visitor(bob)
    marked = [row.get_text() for row in browser.get(LIST).html.select("#numbers tbody tr")]
    assert ["No 911 address" in text for text in marked] == [True, False]
    assert find(browser, e911="no") == ["(213) 555-0100"]
    assert find(browser, e911="yes") == ["(412) 555-0190"]


def test_where_911_is_off_nothing_of_it_is_asked(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    with look():
        db.session.execute(update(OrderSettings).values(e911_provisioning=False))
        db.session.commit()
    page = visitor(bob).get(LIST)
    assert ("911" in page.html.select_one("main").get_text(), page.html.find(id="e911")) == (
        False,
        None,
    )


def call_it(browser: Any, text: str, number: str = "4125550190") -> Any:
    form = browser.get(f"{LIST}/{number}").forms["label-number"]
    form["label"] = text
    return form.submit(expect_errors=True)


def test_a_label_of_ones_own_is_written_found_and_taken_away(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    give(look, story, 1)
    browser = visitor(bob)
    page = call_it(browser, "  Front   desk ").follow()
    assert "(412) 555-0190 is called Front desk now." in page.text
    assert find(browser, label="Front desk") == ["(412) 555-0190"]
    assert find(browser, label="none") == ["(213) 555-0100"]
    assert find(browser, q="front") == ["(412) 555-0190"]
    with look():
        assert db.session.query(AuditEntry).filter_by(action="did.labelled").count() == 1
        assert db.session.query(Order).count() == 0
    call_it(browser, "")
    with look():
        assert db.session.query(Did).filter_by(number=story.acme_number).one().client_label is None


def test_a_label_that_is_too_long_is_kept_with_its_sentence(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    page = call_it(visitor(bob), "x" * 81)
    assert page.status_int == 422
    assert page.html.find(id="label-problem").text == "Write at most 80 characters; these are 81."
    assert page.forms["label-number"]["label"].value == "x" * 81
    with look():
        assert db.session.query(Did).filter_by(number=story.acme_number).one().client_label is None


def test_nobody_else_labels_bobs_number(
    visitor: Any, bob: Person, charlie: Person, story: Story, look: Any
) -> None:
    browser, other = visitor(bob), visitor(charlie)
    token = other.get(f"{LIST}/4125550191").forms["label-number"]["csrf_token"].value
    other.post(f"{LIST}/4125550190/label", {"label": "x", "csrf_token": token}, status=404)
    token = browser.get(f"{LIST}/4125550190").forms["label-number"]["csrf_token"].value
    with look():
        db.session.get_one(Login, bob.id).allow_order_requests = False
        db.session.commit()
    assert browser.get(f"{LIST}/4125550190").html.find(id="label-number") is None
    browser.post(f"{LIST}/4125550190/label", {"label": "x", "csrf_token": token}, status=403)
    with look():
        assert db.session.query(Did).filter_by(number=story.acme_number).one().client_label is None


def test_all_that_a_filter_finds_can_be_changed_and_downloaded(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    give(look, story, 2)
    page = visitor(bob).get(LIST, {"has": "cnam_outbound"})
    form = page.forms["choose"]
    form["all"].checked, form["service"] = True, "failover"
    assert "(213) 555-0101" in form.submit().text
    assert "0190" not in form.submit().html.select_one("main").get_text()
    sheet = page.forms["download-numbers"].submit().text
    assert (sheet.count("(213) 555"), "0190" in sheet) == (2, False)


def test_a_numbers_page_tells_its_month(visitor: Any, bob: Person, story: Story, look: Any) -> None:
    page = visitor(bob).get(f"{LIST}/4125550190")
    words = [one.get_text() for one in page.html.select("#month dt")]
    assert words == ["Calls", "Minutes", "Messages", "Price"]
    with look():
        db.session.execute(update(PortalSettings).values(hide_prices=True))
        db.session.commit()
    page = visitor(bob).get(f"{LIST}/4125550190")
    assert [one.get_text() for one in page.html.select("#month dt")] == words[:3]
