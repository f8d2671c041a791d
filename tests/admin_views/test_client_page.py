"""A client's page: tabs with addresses of their own, and suspending, reopening and closing."""

import pytest

from extensions import db
from models import AuditEntry, Client, Login, WebSession
from tests.support import orders

TABS = {
    "": "Overview",
    "logins/": "Logins",
    "pending-orders/": "Pending Orders",
    "order-history/": "Order History",
    "numbers/": "Numbers",
}


def home_of(thing) -> str:  # type: ignore[no-untyped-def]
    return f"/admin/clients/{thing.id}/"


def status_of(thing) -> str:  # type: ignore[no-untyped-def]
    return db.session.get_one(Client, thing.id).status.value


@pytest.mark.parametrize("path", TABS)
def test_each_tab_has_an_address_of_its_own(visitor, alice, acme, path: str) -> None:
    page = visitor(alice).get(home_of(acme) + path).html
    tab = page.select_one(".page-tabs a[aria-current=page]")
    # Behind some names stands how many rows the tab has.
    assert tab.get_text().rstrip(" 0123456789") == TABS[path]
    assert tab["href"] == home_of(acme) + path
    assert page.h1.get_text(strip=True) == "Acme"
    assert page.title.get_text() == f"Acme · {TABS[path]} – Keystone Voice"


def test_the_tabs_show_this_clients_rows_alone(visitor, alice, acme, bob, charlie, story, look):
    with look():
        mine = orders.ask(bob, story.free[0])
        theirs = orders.ask(charlie, story.free[1])
    browser = visitor(alice)
    queue = browser.get(f"{home_of(acme)}pending-orders/").text
    assert mine in queue
    assert theirs not in queue
    people = browser.get(f"{home_of(acme)}logins/").text
    assert "bob@acme.example" in people
    assert "charlie@birch.example" not in people
    numbers = browser.get(f"{home_of(acme)}numbers/").text
    assert "(412) 555-0190" in numbers
    assert "(412) 555-0191" not in numbers


def test_a_tab_exports_this_clients_rows_alone(visitor, alice, acme) -> None:
    rows = visitor(alice).get(f"{home_of(acme)}logins/export/csv/").text
    assert "bob@acme.example" in rows
    assert "charlie@birch.example" not in rows


def test_a_decision_in_a_tab_leads_back_to_the_tab(visitor, alice, acme, bob, story, look) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    page = visitor(alice).get(f"{home_of(acme)}pending-orders/")
    after = orders.press(page, f"approve-{number}", 302)
    assert after.location == f"{home_of(acme)}pending-orders/?page_size=50"


def test_orders_of_a_tab_are_decided_together(visitor, alice, acme, bob, story, look) -> None:
    with look():
        first, second = (orders.ask(bob, number) for number in story.free[:2])
    form = visitor(alice).get(f"{home_of(acme)}pending-orders/").forms["batch"]
    for box in form.fields["rowid"]:
        box.checked = True
    confirm = form.submit("action", value="approve")
    after = confirm.forms["decide"].submit()
    assert after.location == f"{home_of(acme)}pending-orders/?page_size=50"
    with look():
        assert {orders.find(n).state.value for n in (first, second)} == {"completed"}


@pytest.mark.parametrize("path", TABS)
def test_mallory_finds_no_tab(visitor, mallory, acme, path: str) -> None:
    visitor(mallory).get(home_of(acme) + path, status=404)


def test_a_new_login_is_made_from_the_tab_with_its_client_chosen(visitor, alice, acme) -> None:
    page = visitor(alice).get(f"{home_of(acme)}logins/").click("New login")
    assert page.forms["login"]["client_id"].value == str(acme.id)


# --- Standing -----------------------------------------------------------------------------------


def test_suspending_says_first_what_it_does(visitor, alice, acme, bob, story, look) -> None:
    with look():
        orders.ask(bob, story.free[0])
    page = visitor(alice).get(f"{home_of(acme)}suspend")
    said = [item.get_text(" ", strip=True) for item in page.html.select("#consequences li")]
    assert said == [
        "1 login cannot sign in any more; whoever is signed in is out at the next click.",
        "1 pending order waits until Acme is open again; what they hold stays held for its time.",
        "1 number stays as it is: calls go on, and so does the monthly price.",
    ]
    with look():
        assert status_of(acme) == "active"


def test_a_suspended_clients_people_are_out_at_once(visitor, alice, acme, bob, look) -> None:
    bobs = visitor(bob)
    page = visitor(alice).get(f"{home_of(acme)}suspend").forms["standing"].submit().follow()
    assert "Acme is suspended: 1 login shut out, 0 pending orders left waiting." in page.text
    assert "/sign-in?" in bobs.get("/portal/keystone/", status=302).location
    with look():
        ended = db.session.query(WebSession.ended_at).filter_by(login_id=bob.id).one()
        assert ended[0] is not None


def test_an_order_of_a_suspended_client_cannot_be_approved(
    visitor, alice, acme, bob, story, look
) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    browser = visitor(alice)
    browser.get(f"{home_of(acme)}suspend").forms["standing"].submit()
    page = browser.get(f"/admin/orders/{number}")
    assert "Acme is suspended. Reopen the client first." in page.html.find(id="obstacle").text
    refused = browser.post(
        page.forms["approve"].action, page.forms["approve"].submit_fields(), status=409
    )
    assert "Acme is suspended" in refused.text
    with look():
        assert orders.find(number).state.value == "pending"


def test_a_reopened_clients_people_sign_in_again(visitor, alice, acme, bob, look) -> None:
    browser = visitor(alice)
    browser.get(f"{home_of(acme)}suspend").forms["standing"].submit()
    page = browser.get(f"{home_of(acme)}reopen").forms["standing"].submit().follow()
    assert "Acme is open again: 1 login can sign in." in page.text
    visitor(bob).get("/portal/keystone/")
    with look():
        entries = db.session.query(AuditEntry).filter_by(object_type="Client")
        names = [entry.action for entry in entries.order_by(AuditEntry.id)]
        assert names[-2:] == ["client.suspended", "client.reopened"]


def close(browser, client, typed: str = "Acme", status: int = 302):  # type: ignore[no-untyped-def]
    form = browser.get(f"{home_of(client)}close").forms["standing"]
    form["typed_word"] = typed
    return form.submit(status=status)


def test_closing_rejects_what_is_pending_and_frees_what_it_held(
    visitor, alice, acme, bob, charlie, story, look
) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    close(visitor(alice), acme)
    with look():
        order = orders.find(number)
        assert (order.state.value, order.reason) == ("rejected", "The account is closed.")
        assert status_of(acme) == "closed"
        orders.ask(charlie, story.free[0])


@pytest.mark.parametrize("typed", ["", "Birch"])
def test_nothing_is_closed_before_the_name_is_typed(visitor, alice, acme, look, typed: str) -> None:
    page = close(visitor(alice), acme, typed, status=422)
    assert "nothing was done" in page.html.find(id="typed-word-problem").get_text()
    assert page.forms["standing"]["typed_word"].value == typed
    with look():
        assert status_of(acme) == "active"


def test_closing_twice_is_safe(visitor, alice, acme) -> None:
    browser = visitor(alice)
    form = browser.get(f"{home_of(acme)}close").forms["standing"]
    form["typed_word"] = "acme"
    form.submit(status=302)
    assert "Acme was closed already." in form.submit().follow().text


def test_victor_may_not_change_a_clients_standing(visitor, victor, acme, look) -> None:
    browser = visitor(victor)
    assert browser.get(home_of(acme)).html.find("a", string="Suspend") is None
    browser.get(f"{home_of(acme)}close", status=403)
    with look():
        assert status_of(acme) == "active"
        assert db.session.query(Login).count() == 2
