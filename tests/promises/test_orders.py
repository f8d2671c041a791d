"""P16 to P24: orders, from asking to the decision, and what can be taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from columns import now
from extensions import db
from models import Did, DidService, E911Record, Mail, Order
from tests.support.steps import (
    HISTORY,
    PENDING,
    PORTAL,
    approve,
    ask_for_911,
    change_service,
    decide,
    forge,
    order_numbers,
    reject,
    said,
    state_of,
    ten,
)


def world(look) -> tuple[list[str], int, int]:  # type: ignore[no-untyped-def]
    """Tell what the carrier has: numbers of clients, services in force, 911 addresses."""
    with look():
        owned = list(db.session.scalars(select(Did.number).where(Did.client_id.is_not(None))))
        services = db.session.query(DidService).count()
        return sorted(owned), services, db.session.query(E911Record).count()


def listed(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [said(link) for link in page.html.select("tbody a.fw-semibold")]


def told(look, number: str) -> list[tuple[str, str]]:  # type: ignore[no-untyped-def]
    with look():
        rows = db.session.scalars(
            select(Mail).join(Mail.order).where(Order.number == number).order_by(Mail.id)
        )
        return [(mail.kind, mail.to_address) for mail in rows]


def test_p16_every_write_of_the_portal_is_an_order(visitor, alice, bob, story, look) -> None:
    """P16: Every portal write is an order; services, inventory and 911 are unchanged until then."""
    browser, before = visitor(bob), world(look)
    numbers = [
        order_numbers(browser, story.free[0]),
        change_service(browser, story.acme_number, "cnam_outbound", display_name="Acme"),
        ask_for_911(browser, story.acme_number),
    ]
    assert world(look) == before
    staff = visitor(alice)
    for number in numbers:
        approve(staff, number)
    assert world(look) == (sorted([*before[0], story.free[0]]), before[1] + 1, before[2] + 1)


def test_p17_those_concerned_are_told(visitor, alice, bob, story, look) -> None:
    """P17: A sent order e-mails the Client Contact and the approvers; the decision the login."""
    number = order_numbers(visitor(bob), story.free[0])
    assert told(look, number) == [
        ("order_submitted", "orders@acme.example"),
        ("order_to_decide", "alice@keystone.example"),
    ]
    reject(visitor(alice), number)
    assert told(look, number)[2:] == [("order_rejected", "bob@acme.example")]


def test_p18_the_queue_says_what_changes_and_what_it_costs(
    visitor, alice, acme, bob, charlie, story, look
) -> None:
    """P18: Oldest first, current → requested, what it costs; approve or reject one or many."""
    numbers = [order_numbers(visitor(bob), story.free[0])]
    numbers.append(order_numbers(visitor(charlie), story.free[1]))
    numbers.append(
        change_service(visitor(bob), story.acme_number, "cnam_outbound", display_name="Acme")
    )
    urgent = ask_for_911(visitor(charlie), story.birch_number)
    browser = visitor(alice)
    page = browser.get(PENDING)
    assert listed(page) == [urgent, *numbers]
    row = said(page.html.select("tbody tr")[1])
    assert "(412) 555-0101 In stock → becomes Acme" in row
    assert "+$1.50 +$1.00 once" in row
    assert listed(browser.get(f"/admin/clients/{acme.id}/pending-orders/")) == numbers[::2]
    form = page.forms["batch"]
    for box in form.fields["rowid"][1:3]:
        box.checked = True
    form = form.submit("action", value="reject").forms["decide"]
    form["reason"] = "Not this month."
    assert "2 orders are rejected." in form.submit().follow().text
    approve(browser, urgent)
    assert [state_of(browser, number) for number in numbers] == ["Rejected", "Rejected", "Pending"]


def test_p19_only_who_may_decides_and_one_decision_stands(
    visitor, alice, victor, olga, bob, story, look
) -> None:
    """P19: Only staff with the permission decide; of two at once the slower is told."""
    number = order_numbers(visitor(bob), story.free[0])
    watcher = visitor(victor)
    assert "approve" not in watcher.get(f"/admin/orders/{number}").forms
    forge(watcher, f"/admin/orders/{number}/approve", 403)
    assert state_of(watcher, number) == "Pending"
    slower = visitor(olga)
    open_page = slower.get(f"/admin/orders/{number}").forms["reject"]
    open_page["reason"] = "No."
    approve(visitor(alice), number)
    page = open_page.submit(status=409)
    assert "Alice" in said(page.html.select_one("#refused"))
    assert state_of(slower, number) == "Completed"


def test_p20_the_history_opens_the_whole_story(visitor, alice, bob, story, look) -> None:
    """P20: Every decided order; its number opens lines, who, when, why, mails, result."""
    kept = order_numbers(visitor(bob), story.free[0])
    refused = order_numbers(visitor(bob), story.free[1])
    browser = visitor(alice)
    approve(browser, kept)
    reject(browser, refused, "Not this month.")
    page = browser.get(HISTORY)
    assert listed(page) == [refused, kept]
    story_of = browser.get(HISTORY).click(refused, index=0).html
    steps = said(story_of.select_one("#story-steps"))
    assert steps.index("Asked for by Bob") < steps.index("Rejected by Alice")
    assert "Not this month." in steps
    assert "(412) 555-0102 Belongs to In stock Acme" in said(
        story_of.select_one("#difference-lines")
    )
    assert "to bob@acme.example" in said(story_of.select_one("#mail-list"))
    done = browser.get(f"/admin/orders/{kept}").html
    assert "Done" in said(done.select_one("#difference-lines"))


def test_p21_a_rejection_is_undone(visitor, alice, bob, charlie, story, look) -> None:
    """P21: Undo Rejection: pending again, checked again, can be approved; it says what has gone."""
    browser = visitor(alice)
    first = order_numbers(visitor(bob), story.free[0])
    second = order_numbers(visitor(bob), story.free[1])
    reject(browser, first)
    reject(browser, second)
    page = browser.get(HISTORY)
    button = page.html.find(id=f"undo-rejection-{first}")
    form = page.forms[button["form"]]
    browser.post(button["formaction"], form.submit_fields(), status=302)
    assert state_of(browser, first) == "Pending"
    approve(browser, first)
    assert state_of(browser, first) == "Completed"
    approve(browser, order_numbers(visitor(charlie), story.free[1]))
    refused = decide(browser, second, "undo-rejection", status=409)
    assert "(412) 555-0102" in said(refused.html.select_one("#refused"))
    assert state_of(browser, second) == "Rejected"


def test_p22_the_client_sees_its_orders_and_cancels_one(visitor, alice, bob, story, look) -> None:
    """P22: The client sees pending and completed orders, the reason of a rejection, and cancels."""
    browser = visitor(bob)
    refused = order_numbers(browser, story.free[0])
    waiting = order_numbers(browser, story.free[1])
    reject(visitor(alice), refused, "Not this month.")
    assert waiting in browser.get(f"{PORTAL}/orders").text
    assert refused in browser.get(f"{PORTAL}/orders?tab=completed").text
    seen = browser.get(f"{PORTAL}/orders/{refused}").html
    assert "Not this month." in said(seen.select_one("#reason"))
    browser.get(f"{PORTAL}/orders/{waiting}").forms["cancel-order"].submit(status=303)
    assert state_of(visitor(alice), waiting) == "Cancelled"


@pytest.mark.parametrize("ends", ["rejected", "cancelled", "lapsed"])
def test_p23_a_number_being_ordered_is_held(
    visitor, alice, bob, charlie, story, look, ends: str
) -> None:
    """P23: A number being ordered is held; two at once: one gets it, the other is told."""
    bobs, charlies = visitor(bob), visitor(charlie)
    late = charlies.get(f"{PORTAL}/order-numbers/review?n={ten(story.free[0])}").forms["send-order"]
    number = order_numbers(bobs, story.free[0])
    refused = late.submit("send", value="1", status=409)
    assert "(412) 555-0101 is being ordered by someone else." in refused.text
    assert [state_of(visitor(alice), number)] == ["Pending"]
    if ends == "rejected":
        reject(visitor(alice), number)
    elif ends == "cancelled":
        bobs.get(f"{PORTAL}/orders/{number}").forms["cancel-order"].submit(status=303)
    else:
        with look():
            lapse = update(Did).where(Did.held_by_id.is_not(None))
            lapse = lapse.values(held_until=now() - timedelta(minutes=1))
            db.session.execute(lapse.execution_options(synchronize_session=False))
            db.session.commit()
    assert order_numbers(charlies, story.free[0]) != number


def test_p24_the_second_order_for_a_service_is_told_of_the_first(
    visitor, alice, bob, story, look
) -> None:
    """P24: Two pending orders for the same service of the same number are not possible."""
    browser = visitor(bob)
    open_form = browser.get(f"{PORTAL}/numbers/{ten(story.acme_number)}/cnam_outbound")
    first = change_service(browser, story.acme_number, "cnam_outbound", display_name="Acme")
    form = open_form.forms["change-service"]
    form["display_name"] = "Acme Two"
    refused = form.submit("turn", value="on", expect_errors=True)
    assert refused.status_int in (409, 422)
    assert first in refused.text
    with look():
        assert list(db.session.scalars(select(Order.number))) == [first]
