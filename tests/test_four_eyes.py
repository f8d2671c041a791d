"""Where a reseller demands it, who asks for an order as a login does not approve it (A-24)."""

from typing import Any

import pytest

from extensions import db
from models import AuditEntry, Client, Mail, Order, Reseller, Role, Staff
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.steps import impersonate
from tests.support.web import Visitor

OWN = "You asked for O-000001 yourself. Somebody else must approve it."


@pytest.fixture
def demanded(look, story: Story) -> None:  # type: ignore[no-untyped-def]
    with look():
        db.session.get_one(Reseller, story.reseller_id).four_eyes = True
        db.session.commit()


def ask_as_bob(browser: Visitor, bob: Person) -> str:
    """Ask for a caller ID name as Bob; gives the order's number."""
    impersonate(browser, bob)
    page = browser.get("/portal/keystone/numbers/4125550190/cnam_outbound")
    page.forms["change-service"]["display_name"] = "Acme"
    answer = page.forms["change-service"].submit("turn", value="on", status=303)
    return str(answer.location.rsplit("/", 1)[1])


def state(look: Any, number: str) -> tuple[str, int]:
    with look():
        return str(orders.find(number).state.value), db.session.query(Mail).count()


def forge(browser: Visitor, number: str) -> Any:
    token = browser.get("/admin/").forms["sign-out"]["csrf_token"].value
    return browser.post(f"/admin/orders/{number}/approve", {"csrf_token": token}, status="*")


def test_without_it_who_asked_may_approve(visitor, alice, bob, look) -> None:
    browser = visitor(alice)
    number = ask_as_bob(browser, bob)
    assert forge(browser, number).status_int in (302, 303)
    assert state(look, number)[0] == "completed"


def test_with_it_there_is_no_button_and_the_server_refuses(
    visitor, alice, bob, look, demanded
) -> None:
    browser = visitor(alice)
    number = ask_as_bob(browser, bob)
    before = state(look, number)
    page = browser.get(f"/admin/orders/{number}")
    assert OWN in page.text
    assert page.html.find(id="approve") is None
    answer = forge(browser, number)
    assert (answer.status_int, OWN in answer.text) == (403, True)
    assert state(look, number) == before == ("pending", before[1])


def test_who_asked_may_still_reject(visitor, alice, bob, look, demanded) -> None:
    browser = visitor(alice)
    number = ask_as_bob(browser, bob)
    with look():
        orders.reject(number, alice)
    assert state(look, number)[0] == "rejected"


def test_a_colleague_approves_it(visitor, alice, bob, victor, look, demanded) -> None:
    number = ask_as_bob(visitor(alice), bob)
    with look():
        db.session.get_one(Staff, victor.id).role = Role.APPROVER
        db.session.commit()
    assert forge(visitor(victor), number).status_int in (302, 303)
    assert state(look, number)[0] == "completed"


def test_a_batch_leaves_it_out(visitor, alice, bob, story: Story, look, demanded) -> None:
    browser = visitor(alice)
    own = ask_as_bob(browser, bob)
    with look():
        other = orders.ask(bob, story.free[0])
        ids = [str(orders.find(number).id) for number in (own, other)]
    token = browser.get("/admin/").forms["sign-out"]["csrf_token"].value
    fields = [("csrf_token", token), ("verb", "approve"), *(("rowid", one) for one in ids)]
    page = browser.post("/admin/pending-orders/decide", fields)
    assert OWN in page.text
    assert (state(look, own)[0], state(look, other)[0]) == ("pending", "completed")


def test_it_does_not_approve_itself_either(
    visitor, alice, bob, story: Story, look, demanded
) -> None:
    with look():
        db.session.get_one(Client, story.acme.id).order_settings.auto_approve_call_forwarding = True
        db.session.commit()
        own_hands = orders.ask(
            bob, story.acme_number, kind="call_forwarding", forward_to="6145550171"
        )
    assert state(look, own_hands)[0] == "completed"
    browser = visitor(alice)
    impersonate(browser, bob)
    page = browser.get("/portal/keystone/numbers/4125550190/call_forwarding")
    form = page.forms["change-service"]
    assert "looks at the order first" in page.html.find(id="consequence").get_text()
    form["forward_to"] = "6145550172"
    form.submit("turn", value="on", status=303)
    with look():
        latest = db.session.query(Order).order_by(Order.id.desc()).first()
        assert (latest.state.value, latest.impersonator_id) == ("pending", alice.id)


def test_an_owner_demands_it_and_nobody_else(visitor, olga, alice, look, story: Story) -> None:
    browser = visitor(olga)
    form = browser.get("/admin/staff/").forms["four-eyes"]
    page = form.submit("demand").follow()
    assert "Who asks for an order as a login has another approve it." in page.text
    with look():
        assert db.session.get_one(Reseller, story.reseller_id).four_eyes
        entry = db.session.query(AuditEntry).filter_by(action="reseller.changed").one()
        assert entry.changes == {"four_eyes": [False, True]}
    page.forms["four-eyes"].submit("demand").follow()
    with look():
        assert not db.session.get_one(Reseller, story.reseller_id).four_eyes
    token = visitor(alice).get("/admin/").forms["sign-out"]["csrf_token"].value
    visitor(alice).post(
        "/admin/staff/demand-four-eyes/", {"csrf_token": token, "demand": "yes"}, status="4*"
    )
    with look():
        assert not db.session.get_one(Reseller, story.reseller_id).four_eyes
