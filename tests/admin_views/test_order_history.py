"""Order History: every decided order, finding one, the way back from a rejection, and the CSV."""

import csv
import io
import re
from datetime import timedelta

import pytest

from columns import now
from extensions import db
from models import OrderSettings
from tests.support import orders
from tests.support.orders import press
from tests.support.queries import statements

HISTORY = "/admin/order-history/"


def said(node) -> str:  # type: ignore[no-untyped-def]
    return " ".join(node.get_text(" ").split())


def listed(page) -> list[str]:  # type: ignore[no-untyped-def]
    rows = page.html.select("tbody tr")
    return [m.group() for row in rows for m in [re.search(r"O-\d{6}", said(row))] if m]


@pytest.fixture
def rejected(look, bob, alice, story):  # type: ignore[no-untyped-def]
    """An order of Bob's for two numbers that Alice has rejected."""
    with look():
        number = orders.ask(bob, *story.free[:2])
        orders.reject(number, alice, "Not this month.")
        return number


@pytest.fixture
def approved(look, charlie, alice, story):  # type: ignore[no-untyped-def]
    """An order of Charlie's that Alice has approved."""
    with look():
        number = orders.ask(charlie, story.free[3])
        orders.approve(number, alice)
        return number


# --- What stands there ------------------------------------------------------------------------


def test_a_decided_order_says_who_when_and_why(visitor, alice, rejected) -> None:
    row = said(visitor(alice).get(HISTORY).html.select_one("tbody tr"))
    for words in (rejected, "Acme", "New Numbers", "2", "Rejected", "Alice", "Not this month."):
        assert words in row


def test_an_order_that_approved_itself_says_so(visitor, alice, bob, look, acme, story) -> None:
    with look():
        settings = db.session.query(OrderSettings).filter_by(client_id=acme.id).one()
        settings.auto_approve_call_forwarding = True
        db.session.commit()
        orders.ask(bob, story.acme_number, kind="call_forwarding", forward_to="4125550177")
    row = said(visitor(alice).get(HISTORY).html.select_one("tbody tr"))
    assert "Completed" in row
    assert "By itself" in row


def test_a_pending_order_is_no_history(visitor, alice, bob, look, story) -> None:
    with look():
        orders.ask(bob, story.free[0])
    page = visitor(alice).get(HISTORY)
    assert listed(page) == []
    assert "Approved, rejected and cancelled orders stand here" in said(page.html)


def test_the_latest_decision_stands_first(visitor, alice, rejected, approved) -> None:
    assert listed(visitor(alice).get(HISTORY)) == [approved, rejected]


def test_the_order_number_opens_the_story(visitor, alice, rejected) -> None:
    page = visitor(alice).get(HISTORY).click(rejected)
    assert "Rejected by Alice" in said(page.html.select_one("#story-steps"))


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("flt0_kind_is", "did_order", 2),
        ("flt0_kind_is", "sms", 0),
        ("flt0_state_is", "rejected", 1),
        ("flt0_state_is", "failed", 0),
        ("flt0_decided_by_is", "auto", 0),
    ],
)
def test_the_history_is_narrowed(visitor, alice, rejected, approved, name, value, found) -> None:
    assert len(listed(visitor(alice).get(HISTORY, {name: value}))) == found


def test_a_client_is_written_where_a_menu_would_be_too_long(
    visitor, alice, rejected, approved, birch, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = visitor(alice)
    assert browser.get(HISTORY).html.find("select", {"name": "flt0_client_is"})
    monkeypatch.setattr("admin_views.orders.filters.MOST_CLIENTS", 1)
    page = browser.get(HISTORY)
    assert page.html.find("input", {"name": "flt0_client_is", "type": "text"})
    found = browser.get(HISTORY, {"flt0_client_is": birch.name[:4].lower()})
    assert listed(found) == [approved]
    assert listed(browser.get(HISTORY, {"flt0_client_is": "no such client"})) == []


def test_the_history_is_narrowed_to_a_client_and_a_decider(
    visitor, alice, victor, birch, rejected, approved
) -> None:
    browser = visitor(alice)
    assert listed(browser.get(HISTORY, {"flt0_client_is": birch.id})) == [approved]
    assert len(listed(browser.get(HISTORY, {"flt0_decided_by_is": alice.id}))) == 2
    assert listed(browser.get(HISTORY, {"flt0_decided_by_is": victor.id})) == []


def test_the_history_is_narrowed_to_days(visitor, alice, rejected) -> None:
    browser, today = visitor(alice), now().date()
    around = {"flt0_decided_from": today - timedelta(1), "flt1_decided_up_to": today}
    assert listed(browser.get(HISTORY, around)) == [rejected]
    assert listed(browser.get(HISTORY, {"flt0_decided_from": today + timedelta(2)})) == []
    assert listed(browser.get(HISTORY, {"flt0_decided_up_to": today - timedelta(2)})) == []


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_is_answered_with_a_sentence(visitor, alice, rejected, value) -> None:
    page = visitor(alice).get(HISTORY, {"flt0_decided_from": value})
    assert "Decided" in said(page.html.select_one(".alert"))
    assert listed(page) == [rejected]


def test_mallory_sees_nothing_of_it(visitor, mallory, rejected) -> None:
    page = visitor(mallory).get(HISTORY)
    assert listed(page) == []
    assert "Acme" not in page.text


def test_bobs_cookie_opens_nothing_here(visitor, bob, rejected) -> None:
    assert "/admin/login" in visitor(bob).get(HISTORY, status=302).location


def test_the_history_asks_the_database_as_often_for_one_order_as_for_eight(
    visitor, alice, bob, look, story, app, rejected
) -> None:
    browser = visitor(alice)
    browser.get(HISTORY)
    with statements(app) as one:
        browser.get(HISTORY)
    with look():
        for number in story.free:
            orders.reject(orders.ask(bob, number), alice)
    with statements(app) as many:
        assert len(listed(browser.get(HISTORY))) == len(story.free) + 1
    assert len(many) == len(one), many


# --- The way back -----------------------------------------------------------------------------


def test_a_rejection_is_undone_where_it_stands(visitor, alice, look, story, rejected) -> None:
    page = press(visitor(alice).get(HISTORY), f"undo-rejection-{rejected}", status=302).follow()
    assert page.request.path == HISTORY
    assert f"Order {rejected} is pending again." in said(page.html)
    with look():
        assert orders.snapshot(rejected)[:2] == ("pending", 3)


def test_an_undone_order_can_be_approved(visitor, alice, look, acme, story, rejected) -> None:
    browser = visitor(alice)
    press(browser.get(HISTORY), f"undo-rejection-{rejected}", status=302)
    press(browser.get("/admin/pending-orders/"), f"approve-{rejected}", status=302)
    with look():
        assert [orders.owner(n) for n in story.free[:2]] == [acme.id, acme.id]


def test_an_undo_that_cannot_be_names_the_number_that_has_gone(
    visitor, alice, charlie, look, story, rejected
) -> None:
    with look():
        orders.approve(orders.ask(charlie, story.free[1]), alice)
        before = orders.snapshot(rejected)
    page = press(visitor(alice).get(HISTORY), f"undo-rejection-{rejected}", status=409)
    told = said(page.html.select_one("#refused"))
    assert "(412) 555-0102 is no longer available." in told
    assert "(412) 555-0101" not in told
    with look():
        assert orders.snapshot(rejected) == before


def test_only_a_rejected_order_offers_the_way_back(visitor, alice, approved) -> None:
    page = visitor(alice).get(HISTORY)
    assert not page.html.select("tbody button")


def test_victor_sees_no_way_back(visitor, victor, rejected) -> None:
    page = visitor(victor).get(HISTORY)
    assert listed(page) == [rejected]
    assert not page.html.select("tbody button")


# --- The CSV ----------------------------------------------------------------------------------


def test_the_csv_has_what_is_listed(visitor, alice, rejected, approved) -> None:
    rows = read(visitor(alice).get(f"{HISTORY}export/csv/", {"flt0_state_is": "rejected"}))
    assert rows == [
        {
            "Order": rejected,
            "Client": "Acme",
            "Asked by": "Bob",
            "Kind": "New Numbers",
            "Numbers": "2",
            "Per month": "3.00",
            "Once": "2.00",
            "State": "Rejected",
            "Decided by": "Alice",
            "Reason": "Not this month.",
        }
    ]


def read(response) -> list[dict[str, str]]:  # type: ignore[no-untyped-def]
    rows = list(csv.DictReader(io.StringIO(response.text)))
    for row in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", row.pop("Asked for"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", row.pop("Decided at"))
    return rows


@pytest.mark.parametrize("reason", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", '"=1'])
def test_a_formula_in_a_reason_is_text_in_the_csv(visitor, alice, bob, look, story, reason) -> None:
    with look():
        orders.reject(orders.ask(bob, story.free[0]), alice, reason)
    row = read(visitor(alice).get(f"{HISTORY}export/csv/"))[0]
    assert row["Reason"] == f"'{reason.strip()}"


def test_an_amount_that_is_less_stays_an_amount(visitor, alice, bob, look, story) -> None:
    with look():
        orders.approve(orders.ask(bob, story.acme_number, kind="did_release"), alice)
    assert read(visitor(alice).get(f"{HISTORY}export/csv/"))[0]["Per month"] == "-1.50"
