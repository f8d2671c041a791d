"""A batch of all rows that fit a list, on every page: what one batch takes, and the way on."""

from typing import Any

import pytest
from sqlalchemy import func, select

from admin_views.whole_list import MOST_AT_ONCE
from extensions import db
from models import Did, DidType, Order, OrderState, Tier
from tests.support import orders

LIST, QUEUE = "/admin/dids/", "/admin/pending-orders/"
ALIKE = 520
SEARCH = "search=267555"


@pytest.fixture
def many(look: Any, story: Any) -> None:
    """Numbers of Philadelphia, more than one batch takes."""
    about = {"npa": "267", "nxx": "555", "state": "PA", "city": "Philadelphia"}
    with look():
        db.session.add_all(
            Did(number=f"+1267555{n:04d}", tier_id=story.tier.id, type=DidType.LOCAL, **about)
            for n in range(ALIKE)
        )
        db.session.commit()


@pytest.fixture
def gold(look: Any, story: Any) -> str:
    """A second tier."""
    with look():
        tier = Tier(reseller_id=story.reseller_id, label="2", name="Gold", position=2)
        db.session.add(tier)
        db.session.commit()
        return str(tier.id)


@pytest.fixture
def waiting(look: Any, story: Any) -> list[str]:
    """Orders of Bob's and Charlie's, more than the shortest page shows."""
    with look():
        db.session.add_all(
            Did(
                number=f"+1412557{n:04d}",
                tier_id=story.tier.id,
                type=DidType.LOCAL,
                npa="412",
                nxx="557",
                state="PA",
                city="Pittsburgh",
            )
            for n in range(22)
        )
        db.session.commit()
        whose = [story.bob] * 21 + [story.charlie]
        return [orders.ask(one, f"+1412557{n:04d}") for n, one in enumerate(whose)]


def ask(browser: Any, address: str, verb: str) -> Any:
    """Tick none of the rows but the box of all that fit, and press one of the acts."""
    form = browser.get(address).forms["batch"]
    form["whole"].checked = True
    return form.submit("action", value=verb)


def gold_ones(look: Any) -> int:
    with look():
        of = select(func.count(Did.id)).join(Did.tier).where(Tier.name == "Gold")
        return int(db.session.scalar(of) or 0)


def test_all_that_fit_is_offered_only_where_a_page_does_not_show_them(visitor, alice, many) -> None:
    browser = visitor(alice)
    page = browser.get(f"{LIST}?{SEARCH}")
    assert f"All {ALIKE} that fit, on every page" in page.html.find(id="batch").get_text()
    assert "whole" not in browser.get(f"{LIST}?search=4125550190").forms["batch"].fields


def test_one_batch_takes_five_hundred_and_goes_on_with_the_rest(
    visitor, alice, look, many, gold
) -> None:
    page = ask(visitor(alice), f"{LIST}?{SEARCH}", "tier")
    assert page.html.find(id="left").get_text() == (
        "20 more fit the list and are not touched now: one batch takes 500. "
        "You can go on with the rest afterwards."
    )
    form = page.forms["batch-numbers"]
    form["choice"] = gold
    page = form.submit(status=200)
    assert page.html.find(id="account").get_text() == "500 numbers given the tier."
    assert gold_ones(look) == MOST_AT_ONCE
    page = page.forms["go-on"].submit()
    assert page.html.find(id="left") is None
    form = page.forms["batch-numbers"]
    form["choice"] = gold
    after = form.submit(status=302)
    assert after.location == f"{LIST}?{SEARCH}&page_size=50"
    assert "20 numbers given the tier." in after.follow().text
    assert gold_ones(look) == ALIKE


def test_a_forgotten_choice_keeps_what_is_left(visitor, alice, look, many, gold) -> None:
    page = ask(visitor(alice), f"{LIST}?{SEARCH}", "tier")
    page = page.forms["batch-numbers"].submit(status=422)
    assert page.html.find(id="left").get_text().startswith("20 more fit the list")
    assert gold_ones(look) == 0


def test_no_number_that_the_search_leaves_out_is_touched(
    visitor, alice, look, story, many, gold
) -> None:
    page = ask(visitor(alice), f"{LIST}?search=2675550", "tier")
    assert str(story.free[0]) not in page.text
    rows = page.html.find(id="chosen").tbody.find_all("tr")
    assert all("(267) 555-0" in row.get_text() for row in rows)


def states(look: Any) -> dict[str, int]:
    with look():
        rows = db.session.execute(
            select(Order.client_id, Order.state, func.count()).group_by(
                Order.client_id, Order.state
            )
        )
        return {f"{client} {state.value}": count for client, state, count in rows}


def test_all_orders_of_a_client_are_rejected_from_one_page_of_them(
    visitor, alice, look, acme, birch, waiting
) -> None:
    address = f"{QUEUE}?page_size=20&flt0_client_is={acme.id}"
    page = ask(visitor(alice), address, "reject")
    assert "21 orders of 1 client, 21 numbers" in page.html.find(id="consequence").get_text()
    form = page.forms["decide"]
    form["reason"] = "Not this month."
    after = form.submit(status=302)
    assert (after.location, "21 orders are rejected." in after.follow().text) == (address, True)
    assert states(look) == {
        f"{acme.id} {OrderState.REJECTED.value}": 21,
        f"{birch.id} {OrderState.PENDING.value}": 1,
    }


def test_the_tab_of_a_client_means_its_own_orders(
    visitor, alice, look, acme, birch, waiting
) -> None:
    page = ask(visitor(alice), f"/admin/clients/{acme.id}/pending-orders/?page_size=20", "approve")
    page.forms["decide"].submit(status=302)
    assert states(look) == {
        f"{acme.id} {OrderState.COMPLETED.value}": 21,
        f"{birch.id} {OrderState.PENDING.value}": 1,
    }


def test_victor_may_not_ask_for_all(visitor, victor, alice, look, waiting) -> None:
    form = visitor(alice).get(f"{QUEUE}?page_size=20").forms["batch"]
    browser = visitor(victor)
    assert "batch" not in browser.get(QUEUE).forms
    token = browser.get("/admin/").forms["sign-out"]["csrf_token"].value
    forged = {"csrf_token": token, "action": "approve", "whole": "y"}
    browser.post(form.action, forged, status=403)
    assert {key.split()[1] for key in states(look)} == {OrderState.PENDING.value}
