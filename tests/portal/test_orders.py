"""The client's orders: the two lists, one order's story, and cancelling."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

import notes
import workflow
from extensions import db
from lines import Request
from models import Did, Login, Order, OrderState, PortalSettings, Staff
from permissions import login_actor
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.words import leaks, leaks_of

LIST = "/portal/keystone/orders"


@pytest.fixture
def ask(look: Any) -> Callable[..., str]:
    """Send an order as somebody, beside the browser."""

    def made(person: Person, *numbers: str, **more: Any) -> str:
        with look():
            return orders.ask(person, *numbers, **more)

    return made


def listed(page: Any) -> list[str]:
    return [tag.text for tag in page.html.select("main table th[scope=row] a")]


def standing(look: Any, number: str) -> tuple[Any, ...]:
    with look():
        return orders.snapshot(number)


def fail(look: Any, number: str, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Approve an order whose carrying out is refused, with words that a client must not read."""
    import carriers
    from carriers import Answer, Outcome

    class Refusing:
        answers_at_once = True

        def carry_out(self, job: Any) -> Answer:
            return Answer(Outcome.REFUSED, "The carrier's wholesale network refused it.")

    monkeypatch.setitem(carriers.CARRIERS, "inventory", Refusing())
    with look():
        orders.approve(number, story.alice)


# --- The lists (P22, P30) -----------------------------------------------------------------------


def test_bob_sees_his_orders_newest_first_pending_and_completed(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    numbers = [ask(bob, number) for number in story.free[:4]]
    with look():
        orders.approve(numbers[0], story.alice)
        orders.reject(numbers[1], story.alice, "Not this month.")
    browser = visitor(bob)
    assert listed(browser.get(LIST)) == [numbers[3], numbers[2]]
    completed = browser.get(LIST, {"tab": "completed"})
    assert listed(completed) == [numbers[1], numbers[0]]
    assert "Not this month." in completed.text


def test_colleagues_see_each_others_orders_and_charlie_sees_none(
    visitor: Any, bob: Person, charlie: Person, story: Story, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    assert listed(visitor(charlie).get(LIST)) == []
    assert "Nothing is pending" in visitor(charlie).get(LIST).text
    assert listed(visitor(bob).get(LIST)) == [number]


def test_an_order_names_its_first_number_and_how_many_others(
    visitor: Any, bob: Person, story: Story, ask: Callable[..., str]
) -> None:
    ask(bob, *story.free[:3])
    what = visitor(bob).get(LIST).html.select_one("td[data-label=What]")
    assert "(412) 555-0101 and 2 others" in " ".join(what.text.split())


def test_an_order_leads_back_to_the_list_that_it_stands_in(
    visitor: Any, alice: Person, bob: Person, story: Story, ask: Any, look: Any
) -> None:
    waiting, decided = (ask(bob, number) for number in story.free[:2])
    with look():
        orders.approve(decided, alice)
    browser = visitor(bob)
    for number in (waiting, decided):
        back = browser.get(f"{LIST}/{number}").click("Orders", href="tab=")
        assert listed(back) == [number]


def test_a_long_list_has_pages(
    visitor: Any, bob: Person, look: Any, ask: Callable[..., str], story: Story
) -> None:
    fill(look, ask(bob, story.free[0]), 60)
    browser = visitor(bob)
    first = browser.get(LIST)
    second = first.click("Next")
    assert (len(listed(first)), len(listed(second))) == (50, 11)
    assert listed(second.click("Previous")) == listed(first)
    assert "There are no more orders" in browser.get(LIST, {"page": "99999"}).text


def fill(look: Any, number: str, count: int, state: OrderState = OrderState.PENDING) -> None:
    """Put more orders like one into the list, straight into the table: only a list reads them."""
    with look():
        like = orders.find(number)
        for n in range(count):
            db.session.add(
                Order(
                    reseller_id=like.reseller_id,
                    client_id=like.client_id,
                    login_id=like.login_id,
                    number=f"X-{n:06d}",
                    kind=like.kind,
                    state=state,
                    line_count=1,
                    decided_at=None if state is OrderState.PENDING else like.submitted_at,
                )
            )
        db.session.commit()


# --- One order ----------------------------------------------------------------------------------


def test_bob_reads_the_reason_of_a_rejection_before_all_else(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0], note="For the front desk.")
    with look():
        orders.reject(number, story.alice, "You have three already.")
    page = visitor(bob).get(f"{LIST}/{number}")
    assert "You have three already." in page.html.select_one("#reason").text
    assert "For the front desk." in page.html.select_one("#note-sent").text
    assert steps(page) == ["Sent by Bob", "Rejected by Keystone Voice"]


def steps(page: Any) -> list[str]:
    return [tag.text for tag in page.html.select("#story li strong")]


def test_the_reseller_s_people_are_not_named(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    with look():
        orders.reject(number, story.alice, "No.")
        workflow.undo_rejection(orders.find(number), orders.actor(story.alice), "Our mistake.")
        db.session.commit()
        orders.approve(number, story.alice)
    page = visitor(bob).get(f"{LIST}/{number}")
    assert steps(page) == [
        "Sent by Bob",
        "Rejected by Keystone Voice",
        "Opened again by Keystone Voice",
        "Approved by Keystone Voice",
        "Done: the change is in force",
    ]
    assert ("Alice" in page.text, "Our mistake." in page.text) == (False, False)


def test_an_order_sent_by_staff_for_bob_names_the_company(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    with look():
        behind = replace(orders.actor(bob), impersonator_id=story.alice.id)
        client = db.session.get_one(Login, bob.id).client
        number = workflow.submit(client, "did_order", [Request(story.free[0])], behind).number
        db.session.commit()
    page = visitor(bob).get(f"{LIST}/{number}")
    assert steps(page) == ["Sent by Keystone Voice for Bob"]
    assert "sent by Keystone Voice for Bob" in page.text
    assert "Alice" not in page.text


@pytest.mark.parametrize("name", ["Bob", "Sales as one"])
def test_a_note_by_staff_for_bob_names_the_company_too(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str], name: str
) -> None:
    number = ask(bob, story.free[0])
    with look():
        login = db.session.get_one(Login, bob.id)
        login.name = name
        alice = db.session.get_one(Staff, story.alice.id)
        notes.add(orders.find(number), "Mine.", login_actor(login))
        notes.add(orders.find(number), "Hers.", login_actor(login, alice))
        db.session.commit()
    page = visitor(bob).get(f"{LIST}/{number}")
    by = [item.div.get_text().split(",")[0].strip() for item in page.html.select("#note-list li")]
    assert by == [name, f"Keystone Voice for {name}"]


def test_a_service_shows_now_and_requested(
    visitor: Any, bob: Person, story: Story, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.acme_number, kind="call_forwarding", forward_to="412-555-0177")
    row = visitor(bob).get(f"{LIST}/{number}").html.select_one("#changes tbody tr")
    assert [" ".join(cell.text.split()) for cell in row.select("th, td")] == [
        "(412) 555-0190",
        "Call Forwarding",
        "Off",
        "All calls to (412) 555-0177",
        "$0.50",
        "$0.00",
    ]


def test_a_failed_order_is_being_worked_on_and_never_completed(
    visitor: Any,
    bob: Person,
    story: Story,
    look: Any,
    ask: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = ask(bob, story.free[0])
    fail(look, number, story, monkeypatch)
    browser = visitor(bob)
    page = browser.get(f"{LIST}/{number}")
    assert "Being worked on" in page.html.select_one(".page-intro").text
    assert "not in force yet" in page.html.select_one("#state").text
    assert "ompleted" not in page.html.select_one("main").text
    assert listed(browser.get(LIST)) == [number]
    assert listed(browser.get(LIST, {"tab": "completed"})) == []


@pytest.mark.parametrize("action", ["", "/cancel"])
def test_charlie_cannot_open_or_cancel_bobs_order(
    visitor: Any, bob: Person, charlie: Person, story: Story, look: Any, ask: Any, action: str
) -> None:
    number = ask(bob, story.free[0])
    before = standing(look, number)
    browser = visitor(charlie)
    token = browser.get(LIST).html.select_one("input[name=csrf_token]")["value"]
    if action:
        answer = browser.post(f"{LIST}/{number}{action}", {"csrf_token": token}, status=404)
    else:
        answer = browser.get(f"{LIST}/{number}", status=404)
    assert ("not yours to see" in answer.text, number in answer.text) == (True, False)
    assert standing(look, number) == before


def test_at_another_resellers_address_bob_must_sign_in(
    visitor: Any, bob: Person, story: Story, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    answer = visitor(bob).get(f"/portal/other/orders/{number}", status=302)
    assert answer.location.startswith("/portal/other/sign-in")


# --- Cancel -------------------------------------------------------------------------------------


def test_bob_cancels_a_pending_order_and_its_numbers_are_free(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    page = visitor(bob).get(f"{LIST}/{number}")
    assert "Nothing is changed or charged" in page.html.select_one("#cancel-order")["data-confirm"]
    answer = page.forms["cancel-order"].submit(status=303).follow()
    assert steps(answer) == ["Sent by Bob", "Cancelled by Bob"]
    assert "cancel-order" not in answer.forms
    with look():
        assert orders.find(number).state is OrderState.CANCELLED
        did = db.session.query(Did).filter_by(number=story.free[0]).one()
        assert (did.client_id, did.held_by_id) == (None, None)


def test_cancelling_what_is_decided_says_so_and_changes_nothing(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    page = visitor(bob).get(f"{LIST}/{number}")
    with look():
        orders.reject(number, story.alice, "No.")
    before = standing(look, number)
    answer = page.forms["cancel-order"].submit(status=409)
    assert "This order is rejected already. Nothing was changed." in answer.text
    assert "Alice" not in answer.text
    assert standing(look, number) == before


def test_cancelling_twice_is_safe(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    page = visitor(bob).get(f"{LIST}/{number}")
    page.forms["cancel-order"].submit(status=303)
    before = standing(look, number)
    page.forms["cancel-order"].submit(status=409)
    assert standing(look, number) == before


def test_cancel_refuses_get(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    before = standing(look, number)
    visitor(bob).get(f"{LIST}/{number}/cancel", status=405)
    assert standing(look, number) == before


def test_a_read_only_login_sees_the_order_but_cannot_cancel_it(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    browser = visitor(bob)
    page = browser.get(f"{LIST}/{number}")
    with look():
        db.session.execute(
            update(Login).where(Login.id == bob.id).values(allow_order_requests=False)
        )
        db.session.commit()
    before = standing(look, number)
    refused = page.forms["cancel-order"].submit(status=403)
    assert "may look" in refused.text
    assert "cancel-order" not in browser.get(f"{LIST}/{number}").forms
    assert standing(look, number) == before


# --- House rules --------------------------------------------------------------------------------


def test_looking_writes_nothing(
    app: Any, visitor: Any, bob: Person, story: Story, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    browser = visitor(bob)
    with statements(app) as seen:
        browser.get(LIST)
        browser.get(LIST, {"tab": "completed"})
        browser.get(f"{LIST}/{number}")
    assert (len(seen) > 6, writes(seen)) == (True, [])


def test_thirty_orders_ask_no_more_queries_than_one(
    app: Any, visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    browser = visitor(bob)
    counts = []
    for more in (0, 29):
        fill(look, number, more)
        with statements(app) as seen:
            counts.append([len(listed(browser.get(LIST))), len(seen)])
            counts[-1][1] = len(seen)
    assert [rows for rows, _ in counts] == [1, 30]
    assert counts[0][1] == counts[1][1] <= 8


def test_an_order_of_many_numbers_asks_no_more_queries_than_one(
    app: Any, visitor: Any, bob: Person, story: Story, ask: Callable[..., str]
) -> None:
    numbers = [ask(bob, story.free[0]), ask(bob, *story.free[1:8])]
    browser = visitor(bob)
    counts = []
    for number in numbers:
        with statements(app) as seen:
            browser.get(f"{LIST}/{number}")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 10


def test_no_page_of_orders_says_a_forbidden_word(
    visitor: Any,
    bob: Person,
    story: Story,
    look: Any,
    ask: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = ask(bob, story.free[0])
    with look():
        db.session.execute(
            update(Did).where(Did.number == story.free[0]).values(network="Carrier Network")
        )
        db.session.execute(
            update(Staff).where(Staff.id == story.alice.id).values(name="Wholesale Alice")
        )
        db.session.commit()
    fail(look, number, story, monkeypatch)
    with look():
        assert leaks(orders.find(number).lines[0].error) == ["carrier", "wholesale", "network"]
    browser = visitor(bob)
    pages = [browser.get(LIST), browser.get(f"{LIST}/{number}")]
    assert [leaks_of(page) for page in pages] == [[], []]


def test_prices_are_hidden_where_the_reseller_hides_them(
    visitor: Any, bob: Person, story: Story, look: Any, ask: Callable[..., str]
) -> None:
    number = ask(bob, story.free[0])
    browser = visitor(bob)
    shown = ["$1.50" in browser.get(url).text for url in (LIST, f"{LIST}/{number}")]
    with look():
        db.session.execute(update(PortalSettings).values(hide_prices=True))
        db.session.commit()
    hidden = ["$" in browser.get(url).text for url in (LIST, f"{LIST}/{number}")]
    assert (shown, hidden) == ([True, True], [False, False])
