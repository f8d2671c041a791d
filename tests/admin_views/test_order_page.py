"""The page of one order: what stands on it, every decision made on it, and every refusal."""

import re

import pytest

from extensions import db
from models import OrderSettings
from tests.support import orders

VERBS = ("approve", "reject", "undo-rejection", "retry")


@pytest.fixture
def number(look, bob, story):  # type: ignore[no-untyped-def]
    """A pending order of Bob's for two numbers in Pittsburgh."""
    with look():
        return orders.ask(bob, *story.free[:2], note="For the new desk.")


def page_of(number: str) -> str:
    return f"/admin/orders/{number}"


def forge(browser, address: str, status: int, **fields: str):  # type: ignore[no-untyped-def]
    """Send a form that no page offered, with a valid token of the sender's own."""
    found = re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/admin/pending-orders/").text
    )
    assert found
    return browser.post(address, {"csrf_token": found.group(1), **fields}, status=status)


# --- What stands on it ------------------------------------------------------------------------


def test_the_page_shows_what_changes_and_what_it_costs(visitor, alice, number) -> None:
    page = visitor(alice).get(page_of(number))
    rows = [cells(row) for row in page.html.select("#difference-lines tr:not(#difference-total)")]
    assert rows == [
        ["(412) 555-0101", "Belongs to", "In stock", "Acme", "+$1.50", "+$1.00"],
        ["(412) 555-0102", "Belongs to", "In stock", "Acme", "+$1.50", "+$1.00"],
    ]
    assert cells(page.html.select_one("#difference-total")) == [
        "2 numbers",
        "+$3.00",
        "+$2.00",
    ]


def cells(row) -> list[str]:  # type: ignore[no-untyped-def]
    return [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")]


def words(node) -> str:  # type: ignore[no-untyped-def]
    return " ".join(node.get_text(" ").split())


def test_the_page_shows_who_asked_and_the_note(visitor, alice, number) -> None:
    page = visitor(alice).get(page_of(number))
    assert "Acme, asked by Bob" in words(page.html)
    assert words(page.html.select_one("#note")) == "For the new desk."


def test_the_page_says_what_approving_does_before_anyone_clicks(visitor, alice, number) -> None:
    page = visitor(alice).get(page_of(number))
    assert words(page.html.select_one("#consequence")) == (
        "New Numbers for Acme: 2 numbers, +$3.00 a month and +$2.00 once. "
        "It takes effect at once and Bob is mailed."
    )


def test_the_page_tells_the_story_and_the_mails(visitor, alice, look, number) -> None:
    with look():
        orders.reject(number, alice, "Not this month.")
    page = visitor(alice).get(page_of(number))
    story = [words(step) for step in page.html.select("#story-steps li")]
    assert story[0].startswith("Asked for by Bob")
    assert story[1].startswith("Rejected by Alice")
    assert story[1].endswith("Not this month.")
    assert "bob@acme.example" in words(page.html.select_one("#mail-list"))


def test_an_obstacle_is_said_before_anyone_clicks(visitor, alice, look, acme, number) -> None:
    with look():
        switch_ordering_off(acme)
    page = visitor(alice).get(page_of(number))
    assert words(page.html.select_one("#obstacle")) == (
        "This cannot be approved now. Ordering numbers is switched off."
    )
    assert "disabled" in page.html.select_one("#approve button").attrs


def switch_ordering_off(client) -> None:  # type: ignore[no-untyped-def]
    settings = db.session.query(OrderSettings).filter_by(client_id=client.id).one()
    settings.did_ordering = False
    db.session.commit()


def test_an_unknown_order_is_not_found(visitor, alice) -> None:
    assert "nothing at this address" in visitor(alice).get(page_of("O-999999"), status=404).text


# --- Each decision works ----------------------------------------------------------------------


def test_alice_approves_and_the_numbers_are_acmes(
    visitor, alice, look, acme, story, number
) -> None:
    page = visitor(alice).get(page_of(number)).forms["approve"].submit(status=302).follow()
    assert f"Order {number} is approved and carried out." in words(page.html)
    with look():
        assert orders.find(number).state.value == "completed"
        assert [orders.owner(n) for n in story.free[:2]] == [acme.id, acme.id]


def test_alice_rejects_with_a_reason_that_stands_in_the_story(visitor, alice, look, number) -> None:
    form = visitor(alice).get(page_of(number)).forms["reject"]
    form["reason"] = "Not this month."
    page = form.submit(status=302).follow()
    assert f"Order {number} is rejected." in words(page.html)
    with look():
        order = orders.find(number)
        assert (order.state.value, order.reason) == ("rejected", "Not this month.")


def test_alice_undoes_a_rejection(visitor, alice, look, number) -> None:
    with look():
        orders.reject(number, alice)
    page = visitor(alice).get(page_of(number)).forms["undo-rejection"].submit(status=302).follow()
    assert f"Order {number} is pending again." in words(page.html)
    with look():
        assert orders.snapshot(number)[:2] == ("pending", 3)


def test_a_rejection_can_be_undone_from_its_message(visitor, alice, look, number) -> None:
    form = visitor(alice).get(page_of(number)).forms["reject"]
    form["reason"] = "By mistake."
    form.submit(status=302).follow().forms[f"undo-{number}"].submit(status=302)
    with look():
        assert orders.snapshot(number)[0] == "pending"


def test_alice_retries_a_failed_order(visitor, alice, look, number, fail) -> None:
    fail(number)
    page = visitor(alice).get(page_of(number))
    assert "The far end refused it." in words(page.html.select_one("#difference-table"))
    page.forms["retry"].submit(status=302)
    with look():
        assert orders.find(number).state.value == "completed"


@pytest.fixture
def fail(look, alice, monkeypatch):  # type: ignore[no-untyped-def]
    """Make a pending order fail, by a carrier that refuses it."""
    import carriers
    from tests.support.carriers import Scripted

    def make(number: str) -> None:
        with monkeypatch.context() as patch, look():
            patch.setitem(carriers.CARRIERS, "inventory", Scripted("refused", at_once=True))
            orders.approve(number, alice)
            assert orders.snapshot(number)[0] == "failed"

    return make


def test_after_a_decision_the_next_order_is_offered(
    visitor, alice, bob, look, story, number
) -> None:
    with look():
        later = orders.ask(bob, story.free[2])
    page = visitor(alice).get(page_of(number)).forms["approve"].submit(status=302).follow()
    assert page.click(f"Next: {later}", index=0).request.path == page_of(later)


def test_after_the_last_decision_nothing_else_waits(visitor, alice, number) -> None:
    page = visitor(alice).get(page_of(number)).forms["approve"].submit(status=302).follow()
    assert "Nothing else waits." in words(page.html)


# --- Each refusal changes nothing -------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "   ", "\x00"])
def test_a_rejection_needs_a_reason(visitor, alice, look, number, reason) -> None:
    with look():
        before = orders.snapshot(number)
    form = visitor(alice).get(page_of(number)).forms["reject"]
    form["reason"] = reason
    page = form.submit(status=422)
    assert words(page.html.select_one("#reason-problem")) == "Write a reason; the client reads it."
    with look():
        assert orders.snapshot(number) == before


def test_a_reason_that_is_too_long_is_refused_and_kept(visitor, alice, look, number) -> None:
    form = visitor(alice).get(page_of(number)).forms["reject"]
    form["reason"] = "x" * 2_001
    page = form.submit(status=422)
    assert page.forms["reject"]["reason"].value == "x" * 2_001
    assert "this has 2,001" in words(page.html.select_one("#reason-problem"))
    with look():
        assert orders.snapshot(number)[0] == "pending"


def test_the_slower_of_two_is_told_who_was_faster(visitor, alice, look, number) -> None:
    form = visitor(alice).get(page_of(number)).forms["approve"]
    with look():
        faster = second_approver(alice)
        orders.reject(number, faster)
        before = orders.snapshot(number)
    page = form.submit(status=409)
    assert f"Olive was faster: order {number} is rejected already. Nothing was changed." in words(
        page.html.select_one("#refused")
    )
    assert "undo-rejection" in page.forms
    with look():
        assert orders.snapshot(number) == before


def second_approver(alice):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from models import AccountStatus, Role, Staff

    olive = Staff(
        reseller_id=alice.reseller_id,
        email="olive@keystone.example",
        name="Olive",
        role=Role.OWNER,
        status=AccountStatus.ACTIVE,
    )
    db.session.add(olive)
    db.session.commit()
    return replace(alice, id=olive.id, name="Olive", email=olive.email)


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_double_click_decides_once(visitor, alice, look, number, verb) -> None:
    form = visitor(alice).get(page_of(number)).forms[verb]
    if verb == "reject":
        form["reason"] = "Not this month."
    form.submit(status=302)
    with look():
        before = orders.snapshot(number)
    form.submit(status=302)
    with look():
        assert orders.snapshot(number) == before


@pytest.mark.parametrize("verb", ["undo-rejection", "retry"])
def test_a_second_way_back_is_told_that_it_is_late(
    visitor, alice, look, number, verb, fail
) -> None:
    if verb == "retry":
        fail(number)
    else:
        with look():
            orders.reject(number, alice)
    form = visitor(alice).get(page_of(number)).forms[verb]
    form.submit(status=302)
    with look():
        before = orders.snapshot(number)
    assert "Nothing was changed." in words(form.submit(status=409).html)
    with look():
        assert orders.snapshot(number) == before


def test_what_has_changed_since_is_not_approved(visitor, alice, look, acme, number) -> None:
    form = visitor(alice).get(page_of(number)).forms["approve"]
    with look():
        switch_ordering_off(acme)
        before = orders.snapshot(number)
    page = form.submit(status=409)
    assert "Ordering numbers is switched off." in words(page.html.select_one("#refused"))
    with look():
        assert orders.snapshot(number) == before


def test_an_undo_names_every_number_that_has_gone(
    visitor, alice, charlie, look, story, number
) -> None:
    with look():
        orders.reject(number, alice)
        orders.approve(orders.ask(charlie, *story.free[:2]), alice)
        before = orders.snapshot(number)
    page = visitor(alice).get(page_of(number)).forms["undo-rejection"].submit(status=409)
    told = words(page.html.select_one("#refused"))
    assert "(412) 555-0101 is no longer available." in told
    assert "(412) 555-0102 is no longer available." in told
    with look():
        assert orders.snapshot(number) == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_link_decides_nothing(visitor, alice, look, number, verb) -> None:
    with look():
        before = orders.snapshot(number)
    visitor(alice).get(f"{page_of(number)}/{verb}", status=405)
    with look():
        assert orders.snapshot(number) == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_form_without_its_token_decides_nothing(visitor, alice, look, number, verb) -> None:
    with look():
        before = orders.snapshot(number)
    visitor(alice).post(f"{page_of(number)}/{verb}", {"reason": "x"}, status=400)
    with look():
        assert orders.snapshot(number) == before


def test_victor_sees_the_order_and_no_button(visitor, victor, number) -> None:
    page = visitor(victor).get(page_of(number))
    assert {"approve", "reject"} & set(page.forms) == set()
    assert "Your role may look at orders but not decide them." in words(page.html)


@pytest.mark.parametrize("verb", VERBS)
def test_victor_cannot_forge_a_decision(visitor, victor, look, number, verb) -> None:
    with look():
        before = orders.snapshot(number)
    page = forge(visitor(victor), f"{page_of(number)}/{verb}", 403, reason="x")
    assert "not decide them" in words(page.html)
    with look():
        assert orders.snapshot(number) == before


def test_mallory_does_not_see_the_order(visitor, mallory, number) -> None:
    visitor(mallory).get(page_of(number), status=404)


@pytest.mark.parametrize("verb", VERBS)
def test_mallory_cannot_decide_another_resellers_order(
    visitor, mallory, look, number, verb
) -> None:
    with look():
        before = orders.snapshot(number)
    forge(visitor(mallory), f"{page_of(number)}/{verb}", 404, reason="x")
    with look():
        assert orders.snapshot(number) == before


def test_bobs_cookie_opens_nothing_here(visitor, bob, number) -> None:
    page = visitor(bob).get(page_of(number), status=302)
    assert "/admin/login" in page.location


def test_a_decision_leads_back_only_to_a_list_of_ours(visitor, alice, number) -> None:
    form = visitor(alice).get(page_of(number)).forms["approve"]
    browser = visitor(alice)
    page = forge(browser, form.action, 302, next="https://evil.example/admin/pending-orders/")
    assert page.location.endswith(page_of(number))
