"""Pending Orders: what stands in the queue and in which turn, and deciding many at once."""

import re

import pytest

from extensions import db
from models import OrderSettings
from tests.support import orders
from tests.support.orders import press
from tests.support.queries import statements

QUEUE = "/admin/pending-orders/"
ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Main Street",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
}


@pytest.fixture
def two(look, bob, charlie, story):  # type: ignore[no-untyped-def]
    """Two pending orders: Bob's, then Charlie's."""
    with look():
        first = orders.ask(bob, *story.free[:2])
        return first, orders.ask(charlie, story.free[2])


def said(node) -> str:  # type: ignore[no-untyped-def]
    return " ".join(node.get_text(" ").split())


def listed(page) -> list[str]:  # type: ignore[no-untyped-def]
    """Give the numbers of the orders on a page, in their turn."""
    rows = page.html.select("tbody tr")
    return [m.group() for row in rows for m in [re.search(r"O-\d{6}", said(row))] if m]


def choose(page, verb: str, *rows: str):  # type: ignore[no-untyped-def]
    """Tick rows and send the batch, as the browser does."""
    form = page.forms["batch"]
    ids = {said(row)[said(row).index("O-") :][:8]: row for row in page.html.select("tbody tr")}
    keys = [ids[number].select_one("input[name=rowid]")["value"] for number in rows]
    fields = {"csrf_token": form["csrf_token"].value, "action": verb, "rowid": keys}
    return page.test_app.post(f"{QUEUE}action/", fields)


# --- The queue --------------------------------------------------------------------------------


def test_911_stands_first_and_then_the_oldest(visitor, alice, bob, look, story, two) -> None:
    with look():
        urgent = orders.ask(bob, story.acme_number, kind="e911_provision", **ADDRESS)
    assert listed(visitor(alice).get(QUEUE)) == [urgent, *two]


def test_a_row_shows_what_changes_and_what_it_costs(visitor, alice, bob, look, story) -> None:
    with look():
        orders.ask(bob, story.acme_number, kind="call_forwarding", forward_to="(412) 555-0177")
    row = said(visitor(alice).get(QUEUE).html.select_one("tbody tr"))
    for words in (
        "O-000001",
        "Acme",
        "Bob",
        "Call Forwarding",
        "(412) 555-0190 Off → becomes All calls to (412) 555-0177",
        "+$0.50",
        "$0.00 once",
        "under a minute ago",
    ):
        assert words in row


def test_a_long_order_shows_its_first_lines_and_how_many_more(
    visitor, alice, bob, look, story
) -> None:
    with look():
        orders.ask(bob, *story.free[:5])
    row = said(visitor(alice).get(QUEUE).html.select_one("tbody tr"))
    assert re.findall(r"\(412\) 555-010\d", row) == [f"(412) 555-010{n}" for n in (1, 2, 3)]
    assert "+ 2 more" in row


def test_a_decided_order_waits_no_more(visitor, alice, look, two) -> None:
    with look():
        orders.reject(two[0], alice)
    assert listed(visitor(alice).get(QUEUE)) == [two[1]]


def test_an_empty_queue_says_what_it_is_for(visitor, alice) -> None:
    page = visitor(alice).get(QUEUE)
    assert "When a client asks for a change in the portal" in said(page.html)


@pytest.mark.parametrize(
    "typed",
    [
        "O-000002",
        "birch",
        "412-555-0103",
        "(412) 555 0103",
        "+14125550103",
        "1.412.555.0103",
        "0103",
    ],
)
def test_an_order_is_found_by_what_people_type(visitor, alice, two, typed) -> None:
    assert listed(visitor(alice).get(QUEUE, {"search": typed})) == [two[1]]


@pytest.mark.parametrize("typed", ["%", "_", "O-9", "nobody", "\x00nobody", "' OR 1=1 --"])
def test_a_search_without_a_match_finds_nothing(visitor, alice, two, typed) -> None:
    assert listed(visitor(alice).get(QUEUE, {"search": typed})) == []


def test_the_queue_is_narrowed_to_a_client(visitor, alice, birch, two) -> None:
    assert listed(visitor(alice).get(QUEUE, {"flt0_client_is": birch.id})) == [two[1]]


def test_the_queue_is_narrowed_to_a_kind(visitor, alice, bob, look, story, two) -> None:
    with look():
        other = orders.ask(bob, story.acme_number, kind="call_forwarding", forward_to="4125550177")
    page = visitor(alice).get(QUEUE, {"flt0_kind_is": "call_forwarding"})
    assert listed(page) == [other]


@pytest.mark.parametrize("value", ["x", "9" * 30, "-1", "%"])
def test_a_filter_that_cannot_be_is_answered_with_a_sentence(visitor, alice, two, value) -> None:
    page = visitor(alice).get(QUEUE, {"flt0_kind_is": value})
    assert listed(page) == list(two)
    assert "Kind" in said(page.html.select_one(".alert"))


@pytest.mark.parametrize("value", ["x", "9" * 30, "-1", "%"])
def test_a_client_that_is_none_has_no_orders(visitor, alice, two, value) -> None:
    assert listed(visitor(alice).get(QUEUE, {"flt0_client_is": value})) == []


def test_mallory_sees_nothing_of_it(visitor, mallory, two) -> None:
    page = visitor(mallory).get(QUEUE)
    assert listed(page) == []
    assert "Acme" not in page.text


def test_bobs_cookie_opens_nothing_here(visitor, bob, two) -> None:
    assert "/admin/login" in visitor(bob).get(QUEUE, status=302).location


def test_the_queue_asks_the_database_as_often_for_one_order_as_for_thirty(
    visitor, alice, bob, look, story, app, stock
) -> None:
    browser = visitor(alice)
    with look():
        orders.ask(bob, stock[0])
    browser.get(QUEUE)
    with statements(app) as one:
        browser.get(QUEUE)
    with look():
        for number in stock[1:30]:
            orders.ask(bob, number)
    with statements(app) as thirty:
        assert len(listed(browser.get(QUEUE))) == 30
    assert len(thirty) == len(one), thirty


@pytest.fixture
def stock(look, story):  # type: ignore[no-untyped-def]
    """Thirty further free numbers."""
    from models import Did, DidType

    numbers = [f"+1412556{n:04d}" for n in range(100, 130)]
    rows = [
        Did(
            number=number,
            npa="412",
            nxx="556",
            tier_id=story.tier.id,
            state="PA",
            city="Pittsburgh",
            type=DidType.LOCAL,
            has_t38=True,
            has_cnam=True,
            has_sms=True,
        )
        for number in numbers
    ]
    with look():
        db.session.add_all(rows)
        db.session.commit()
    return numbers


# --- One at a time ----------------------------------------------------------------------------


def test_a_row_is_approved_where_it_stands(visitor, alice, look, two) -> None:
    page = press(visitor(alice).get(QUEUE), f"approve-{two[0]}", status=302).follow()
    assert page.request.path == QUEUE
    assert f"Order {two[0]} is approved and carried out." in said(page.html)
    assert listed(page) == [two[1]]
    with look():
        assert orders.find(two[0]).state.value == "completed"


def test_a_row_says_what_approving_it_does(visitor, alice, two) -> None:
    button = visitor(alice).get(QUEUE).html.select_one(f"#approve-{two[1]}")
    assert button["data-confirm"] == (
        f"Approve {two[1]}? New Numbers for Birch: 1 number, +$1.50 a month and +$1.00 once. "
        "It takes effect at once and Charlie is mailed."
    )


def test_victor_sees_the_queue_without_buttons(visitor, victor, two) -> None:
    page = visitor(victor).get(QUEUE)
    assert listed(page) == list(two)
    assert not page.html.select("tbody button, input[name=rowid], form[method=post]:not(#sign-out)")


# --- Many at once -----------------------------------------------------------------------------


def test_a_batch_says_in_numbers_what_approving_comes_to(visitor, alice, look, two) -> None:
    before = snapshots(look, two)
    page = choose(visitor(alice).get(QUEUE), "approve", *two)
    assert said(page.html.select_one("#consequence")) == (
        "2 orders of 2 clients, 3 numbers: +$4.50 a month and +$3.00 once. "
        "What is approved takes effect at once, and who asked is told: 2 mails."
    )
    assert snapshots(look, two) == before


def snapshots(look, numbers):  # type: ignore[no-untyped-def]
    with look():
        return [orders.snapshot(number) for number in numbers]


def test_a_batch_is_approved(visitor, alice, look, two) -> None:
    page = choose(visitor(alice).get(QUEUE), "approve", *two).forms["decide"].submit(status=302)
    assert "2 orders are approved." in said(page.follow().html)
    assert [state for state, _, _ in snapshots(look, two)] == ["completed", "completed"]


def test_a_batch_is_rejected_with_one_reason(visitor, alice, look, two) -> None:
    form = choose(visitor(alice).get(QUEUE), "reject", *two).forms["decide"]
    form["reason"] = "The budget is spent."
    assert "2 orders are rejected." in said(form.submit(status=302).follow().html)
    with look():
        found = [orders.find(number) for number in two]
        assert [(o.state.value, o.reason) for o in found] == [
            ("rejected", "The budget is spent.")
        ] * 2


def test_a_batch_without_a_reason_changes_nothing(visitor, alice, look, two) -> None:
    before = snapshots(look, two)
    page = choose(visitor(alice).get(QUEUE), "reject", *two).forms["decide"].submit(status=422)
    assert said(page.html.select_one("#reason-problem")) == "Write a reason; the client reads it."
    assert len(page.html.select("input[name=rowid]")) == 2
    assert snapshots(look, two) == before


def test_what_stands_in_the_way_of_a_batch_is_said_first(visitor, alice, look, acme, two) -> None:
    with look():
        switch_ordering_off(acme)
    page = choose(visitor(alice).get(QUEUE), "approve", *two)
    rows = [said(row) for row in page.html.select("#chosen tbody tr")]
    assert "Ordering numbers is switched off." in rows[0]
    assert "switched off" not in rows[1]


def switch_ordering_off(client) -> None:  # type: ignore[no-untyped-def]
    settings = db.session.query(OrderSettings).filter_by(client_id=client.id).one()
    settings.did_ordering = False
    db.session.commit()


def test_a_batch_with_one_refused_approves_the_rest_and_says_why(
    visitor, alice, look, acme, two
) -> None:
    form = choose(visitor(alice).get(QUEUE), "approve", *two).forms["decide"]
    with look():
        switch_ordering_off(acme)
    before = snapshots(look, two[:1])
    page = form.submit(status=200)
    assert "1 order is approved." in said(page.html)
    rows = [said(row) for row in page.html.select("#troubled tbody tr")]
    assert rows == [f"{two[0]} Acme Ordering numbers is switched off."]
    assert snapshots(look, two[:1]) == before
    assert snapshots(look, two[1:])[0][0] == "completed"


def test_a_batch_names_who_was_faster(visitor, alice, look, two) -> None:
    form = choose(visitor(alice).get(QUEUE), "approve", *two).forms["decide"]
    with look():
        orders.reject(two[0], alice)
    page = form.submit(status=200)
    assert f"Alice was faster: order {two[0]} is rejected already." in said(page.html)


def test_a_batch_sent_twice_decides_once(visitor, alice, look, two) -> None:
    form = choose(visitor(alice).get(QUEUE), "approve", *two).forms["decide"]
    form.submit(status=302)
    before = snapshots(look, two)
    page = form.submit(status=409)
    assert "0 orders are approved." in said(page.html)
    assert snapshots(look, two) == before


def test_a_batch_of_nothing_asks_to_choose(visitor, alice, two) -> None:
    page = choose(visitor(alice).get(QUEUE), "approve").follow()
    assert "Choose from 1 to 500 orders." in said(page.html)


@pytest.mark.parametrize("address", [f"{QUEUE}action/", f"{QUEUE}decide"])
def test_a_link_decides_nothing(visitor, alice, look, two, address) -> None:
    before = snapshots(look, two)
    visitor(alice).get(address, status=405)
    assert snapshots(look, two) == before


def token(browser) -> str:  # type: ignore[no-untyped-def]
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get(QUEUE).text)
    assert found
    return found.group(1)


def keys(look, two):  # type: ignore[no-untyped-def]
    with look():
        return [str(orders.find(number).id) for number in two]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("action/", {"action": "approve"}),
        ("decide", {"verb": "approve"}),
        ("decide", {"verb": "reject", "reason": "x"}),
    ],
)
def test_victor_cannot_forge_a_batch(visitor, victor, look, two, path, fields) -> None:
    before, browser = snapshots(look, two), visitor(victor)
    sent = {"csrf_token": token(browser), "rowid": keys(look, two), **fields}
    assert "not decide them" in said(browser.post(QUEUE + path, sent, status=403).html)
    assert snapshots(look, two) == before


def test_mallory_cannot_decide_another_resellers_batch(visitor, mallory, look, two) -> None:
    before, browser = snapshots(look, two), visitor(mallory)
    sent = {"csrf_token": token(browser), "rowid": keys(look, two), "verb": "approve"}
    browser.post(f"{QUEUE}decide", sent, status=404)
    assert snapshots(look, two) == before


@pytest.mark.parametrize("row", ["x", "9" * 30, "999999", "1 OR 1=1"])
def test_a_batch_with_an_id_that_is_not_ours_decides_nothing(
    visitor, alice, look, two, row
) -> None:
    before, browser = snapshots(look, two), visitor(alice)
    sent = {"csrf_token": token(browser), "rowid": [*keys(look, two), row], "verb": "approve"}
    browser.post(f"{QUEUE}decide", sent, status=404)
    assert snapshots(look, two) == before


def test_a_batch_knows_no_other_verb(visitor, alice, look, two) -> None:
    before, browser = snapshots(look, two), visitor(alice)
    sent = {"csrf_token": token(browser), "rowid": keys(look, two), "verb": "complete"}
    browser.post(f"{QUEUE}decide", sent, status=400)
    assert snapshots(look, two) == before
