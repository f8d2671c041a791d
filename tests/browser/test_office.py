"""The back office in movement: keys in the queue, undo, previews that follow, help, print."""

from typing import Any

import pytest
from playwright.sync_api import expect

from extensions import db
from models import Did, DidType, Staff
from tests.support import orders
from tests.support.browser import assert_accessible, assert_no_sideways_scroll
from tests.support.cast import Story

QUEUE = "/admin/pending-orders/"


@pytest.fixture
def two(look: Any, story: Story) -> tuple[str, str]:
    """Two pending orders of Bob's, oldest first."""
    with look():
        return orders.ask(story.bob, story.free[0]), orders.ask(story.bob, story.free[1])


def state(look: Any, number: str) -> str:
    with look():
        return orders.snapshot(number)[0]


def test_p18_the_queue_is_worked_through_with_keys(office, alice, two, look) -> None:
    first, second = two
    with office(alice, QUEUE) as page:
        current = page.locator("tr.is-current")
        page.keyboard.press("j")
        expect(current).to_contain_text(first)
        page.keyboard.press("j")
        expect(current).to_contain_text(second)
        page.keyboard.press("k")
        expect(current).to_contain_text(first)
        page.keyboard.press("a")
        expect(page.get_by_role("dialog")).to_contain_text(f"Approve {first}?")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("is approved and carried out.")
        page.keyboard.press("j")
        expect(current).to_contain_text(second)
        page.keyboard.press("r")
        expect(page.get_by_role("heading", level=1)).to_contain_text(second)
        page.keyboard.press("r")
        expect(page.locator("#reason")).to_be_focused()
        page.keyboard.type("Not this month: ja, k.")
        page.get_by_role("button", name="Reject", exact=True).press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("is rejected.")
    assert (state(look, first), state(look, second)) == ("completed", "rejected")


def test_enter_opens_an_order_and_a_question_mark_the_keys(office, alice, two) -> None:
    with office(alice, QUEUE) as page:
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Next order")
        assert_accessible(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(two[0])


def test_p21_a_rejection_is_undone_from_its_message_by_keyboard(
    office, alice, story, look, two
) -> None:
    with look():
        orders.reject(two[1], alice)
    with office(alice, f"/admin/orders/{two[0]}") as page:
        page.locator("#reason").fill("Not this month.")
        page.locator("#reject button").press("Enter")
        undo = page.locator(f"#undo-{two[0]} button")
        expect(undo).to_be_visible()
        undo.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("is pending again.")
    assert state(look, two[0]) == "pending"


def test_keys_that_are_off_do_nothing(office, alice, look, two) -> None:
    with look():
        db.session.get_one(Staff, alice.id).preferences = {"keys": "off"}
        db.session.commit()
    with office(alice, QUEUE) as page:
        for key in ("j", "/", "?"):
            page.keyboard.press(key)
        expect(page.locator("tr.is-current")).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("#shell-search")).not_to_be_focused()


def test_p12_the_panel_follows_the_settings_before_they_are_saved(office, alice, acme) -> None:
    with office(alice, f"/admin/clients/{acme.id}/order-settings/") as page:
        expect(page.locator("#glance-menu")).to_contain_text("Order Numbers")
        page.get_by_role("group", name="DID ordering").get_by_label("Off").check()
        expect(page.locator("#glance-title")).to_have_text("What the portal will show")
        expect(page.locator("#glance-menu")).not_to_contain_text("Order Numbers")
        expect(page.locator("#changes")).to_contain_text("DID ordering")
        page.reload()
        expect(page.locator("#glance-menu")).to_contain_text("Order Numbers")


def test_p32_the_preview_follows_what_is_typed(office, olga) -> None:
    with office(olga, "/admin/portal-settings/") as page:
        page.get_by_label("Company name").fill("Nimbus Tel")
        sign_in = page.frame_locator("iframe[title='Sign-in page']")
        expect(sign_in.locator(".card-brand")).to_contain_text("Nimbus Tel")
        page.get_by_label("Brand colour").fill("#7a1f5c")
        mark = sign_in.locator(".shell-mark")
        expect(mark).to_have_css("background-color", "rgb(122, 31, 92)")
        assert_no_sideways_scroll(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_help_opens_over_a_page_by_key_and_closes(office, victor, scheme: str) -> None:
    with office(victor, "/admin/clients/", scheme=scheme) as page:
        page.keyboard.press("?")
        box = page.get_by_role("dialog", name="Help")
        expect(box).to_contain_text("FOC date")
        assert_accessible(page)
        box.get_by_role("button", name="Close").click()
        expect(box).to_have_count(0)
        expect(page).to_have_url("/admin/clients/")


def test_a_view_is_kept_on_a_phone(office, alice) -> None:
    with office(alice, "/admin/clients/?search=birch", width=390) as page:
        page.get_by_text("Keep this view").click()
        page.get_by_label("Name", exact=True).fill("Birch")
        assert_accessible(page)
        assert_no_sideways_scroll(page)
        page.get_by_role("button", name="Keep", exact=True).click()
        expect(page.get_by_role("navigation", name="Views")).to_contain_text("Birch")


def test_a_printed_order_has_the_company_and_no_menu_or_form(office, alice, two) -> None:
    with office(alice, f"/admin/orders/{two[0]}", scheme="dark") as page:
        page.emulate_media(media="print")
        expect(page.locator(".shell-brand")).to_be_visible()
        for hidden in (".shell-nav", "#approve", "#reject", "#add-note", ".page-actions"):
            expect(page.locator(hidden)).to_be_hidden()
        expect(page.locator("#difference-lines")).to_contain_text("(412) 555-0101")
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")


@pytest.fixture
def many(look: Any, story: Story) -> None:
    """Numbers of Philadelphia, more than the shortest page shows."""
    about = {"npa": "267", "nxx": "555", "state": "PA", "city": "Philadelphia"}
    with look():
        db.session.add_all(
            Did(number=f"+1267555{n:04d}", tier_id=story.tier.id, type=DidType.LOCAL, **about)
            for n in range(21)
        )
        db.session.commit()


def test_the_menu_stays_beside_a_long_list(office, alice, many) -> None:
    with office(alice, "/admin/dids/") as page:
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        assert page.evaluate("scrollY") > 300
        edge = page.locator(".shell-side").bounding_box()
        assert (round(edge["y"]), round(edge["height"])) == (0, 900)


def test_all_that_fit_are_chosen_without_a_row(office, alice, many) -> None:
    with office(alice, "/admin/dids/?search=267555&page_size=20") as page:
        button = page.locator(".bulk-bar").get_by_role("button", name="Change the tier")
        expect(button).to_be_disabled()
        page.get_by_label("All 21 that fit, on every page").check()
        expect(page.locator("[data-count]")).to_have_text("21 chosen")
        assert_accessible(page)
        button.click()
        expect(page.locator("#chosen tbody tr")).to_have_count(21)
    with office(alice, "/admin/dids/?search=267555&page_size=20", width=390) as page:
        assert_no_sideways_scroll(page)
