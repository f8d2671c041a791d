"""The client's own numbers: the list and its search."""

from typing import Any

import pytest
from sqlalchemy import update

from carriers import inventory
from extensions import db
from models import Did, DidGroup, DidService
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.words import leaks_of

LIST = "/portal/keystone/numbers"


def listed(page: Any) -> list[str]:
    return [tag.text for tag in page.html.select("#numbers th[scope=row]")]


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
        "In service",
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
