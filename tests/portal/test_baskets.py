"""Keeping a basket: for half an hour nobody else sees or orders what a client has chosen."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from columns import now
from extensions import db
from models import Did, OrderSettings
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.web import Visitor

FIND = "/portal/keystone/order-numbers"
FOUND = f"{FIND}?search=1&state=PA"


def review(browser: Visitor, *numbers: str) -> Any:
    return browser.get(f"{FIND}/review", {"chosen": ".".join(number[2:] for number in numbers)})


def keep(page: Any, status: int = 200) -> Any:
    form = page.forms["send-order"]
    form.action = page.html.find(id="keep")["formaction"]
    return form.submit("keep", status=status)


def listed(page: Any) -> list[str]:
    return [f"+1{box['value']}" for box in page.html.select("input[name=n]")]


def kept_for(look: Any, number: str) -> int | None:
    with look():
        return db.session.scalar(select(Did.kept_for_id).where(Did.number == number))


def lapse(look: Any) -> None:
    with look():
        gone = now() - timedelta(seconds=1)
        db.session.execute(
            update(Did).where(Did.kept_until.is_not(None)).values(kept_until=gone),
            execution_options={"synchronize_session": False},
        )
        db.session.commit()


def test_nothing_is_kept_before_bob_asks_for_it(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    page = review(visitor(bob), *story.free[:2])
    assert page.html.find(id="kept") is None
    assert kept_for(look, story.free[0]) is None


def test_a_kept_basket_tells_how_long_it_is_kept(visitor: Any, bob: Person, story: Story) -> None:
    page = keep(review(visitor(bob), *story.free[:2]))
    said = page.html.find(id="kept").get_text(" ", strip=True)
    assert said.startswith("Kept for you until ")
    assert said.endswith("29 minutes left")


def test_keeping_a_basket_keeps_the_note_and_the_address(
    visitor: Any, bob: Person, story: Story
) -> None:
    page = review(visitor(bob), *story.free[:2])
    page.forms["send-order"]["note"] = "For the front desk."
    kept = keep(page)
    assert kept.forms["send-order"]["note"].value == "For the front desk."
    again = kept.goto(kept.request.path_qs)
    assert again.forms["send-order"]["chosen"].value == kept.forms["send-order"]["chosen"].value


def test_charlie_does_not_find_what_bob_keeps_and_keeps_the_rest_of_his_basket(
    visitor: Any, bob: Person, charlie: Person, story: Story
) -> None:
    first, second = story.free[:2]
    rival = visitor(charlie)
    assert first in listed(rival.get(FOUND))
    keep(review(visitor(bob), first))
    assert first not in listed(rival.get(FOUND))
    page = review(rival, first, second)
    assert "is in someone else's basket" in page.html.find(id="refused").get_text()
    assert page.forms["send-order"]["chosen"].value == second[2:]


def test_charlie_cannot_order_what_bob_keeps_and_bob_can(
    visitor: Any, bob: Person, charlie: Person, story: Story, look: Any
) -> None:
    number = story.free[0]
    page = review(visitor(charlie), number)
    mine = keep(review(visitor(bob), number))
    refused = page.forms["send-order"].submit("send", status=409)
    assert "is in someone else's basket" in refused.html.find(id="refused").get_text()
    sent = mine.forms["send-order"].submit("send", status=303).follow()
    assert "was sent" in sent.text
    assert kept_for(look, number) is None


def test_charlie_cannot_keep_what_bob_keeps(
    visitor: Any, bob: Person, charlie: Person, story: Story, acme: Any, look: Any
) -> None:
    number = story.free[0]
    page = review(visitor(charlie), number)
    keep(review(visitor(bob), number))
    assert keep(page).html.find(id="kept") is None
    assert kept_for(look, number) == acme.id


def test_a_basket_lapses_and_is_anybodys(
    visitor: Any, bob: Person, charlie: Person, story: Story, look: Any
) -> None:
    keep(review(visitor(bob), story.free[0]))
    lapse(look)
    assert story.free[0] in listed(visitor(charlie).get(FOUND))
    with look():
        assert orders.ask(charlie, story.free[0])


def test_a_number_that_is_removed_is_kept_no_longer(
    visitor: Any, bob: Person, story: Story, acme: Any, look: Any
) -> None:
    first, second = story.free[:2]
    page = keep(review(visitor(bob), first, second))
    page.forms["send-order"].submit("remove", value=first[2:])
    assert (kept_for(look, first), kept_for(look, second)) == (None, acme.id)


def test_no_more_is_kept_than_one_order_may_have(
    visitor: Any, bob: Person, story: Story, look: Any, acme: Any
) -> None:
    with look():
        mine = OrderSettings.client_id == acme.id
        db.session.execute(update(OrderSettings).where(mine).values(max_numbers_per_order=1))
        db.session.commit()
    browser = visitor(bob)
    keep(review(browser, story.free[0]))
    page = keep(review(browser, story.free[1]), status=409)
    said = page.html.find(id="refused").get_text(" ", strip=True)
    assert "At most 1 number can be kept at once." in said
    assert kept_for(look, story.free[1]) is None
