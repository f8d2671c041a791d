"""The theme can be seen, read and reached: light, dark, narrow, by keyboard; not what it does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import OUTLINED, assert_accessible, assert_no_sideways_scroll
from tests.support.theme_app import make_theme_app

PAGES = {
    "list": "/admin/toys/",
    "filtered list": "/admin/toys/?flt0_colour_equals=green&sort=0&desc=1&page=1&page_size=20",
    "nothing found": "/admin/toys/?search=unicorn",
    "list without a count": "/admin/uncounted/",
    "empty list": "/admin/empty/",
    "create": "/admin/toys/new/",
    "edit": "/admin/toys/edit/?id=1",
    "details": "/admin/toys/details/?id=1",
}
WIDE, NARROW = 1440, 390


@pytest.fixture(scope="module")
def address(live_server: Any) -> Iterator[str]:
    """The toy back office; these tests only look at it."""
    with live_server(make_theme_app()) as served:
        yield served


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    address: str, page: Callable[..., Page], path: str, width: int, scheme: str
) -> None:
    opened = page(address, width=width, scheme=scheme)
    opened.goto(path)
    expect(opened.locator("html")).to_have_attribute("data-bs-theme", scheme)
    assert_accessible(opened)
    assert_no_sideways_scroll(opened)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_form_with_errors_is_accessible(
    address: str, page: Callable[..., Page], width: int, scheme: str
) -> None:
    opened = page(address, width=width, scheme=scheme)
    opened.goto(PAGES["create"])
    opened.get_by_role("button", name="Create").click()
    expect(opened.locator("[data-focus]")).to_be_focused()
    assert_accessible(opened)
    assert_no_sideways_scroll(opened)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_question_over_chosen_rows_is_accessible(
    address: str, page: Callable[..., Page], width: int, scheme: str
) -> None:
    opened = page(address, width=width, scheme=scheme)
    opened.goto(PAGES["list"])
    opened.get_by_label("Choose Toy 000").check()
    assert_accessible(opened)
    opened.get_by_role("button", name="Sell").click()
    expect(opened.get_by_role("dialog")).to_be_visible()
    assert_accessible(opened)
    assert_no_sideways_scroll(opened)


def test_axe_would_see_a_fault(address: str, page: Callable[..., Page]) -> None:
    opened = page(address)
    opened.goto(PAGES["details"])
    opened.evaluate("() => document.querySelector('main').append(document.createElement('button'))")
    with pytest.raises(AssertionError, match="button-name"):
        assert_accessible(opened)


def test_the_policy_stops_an_inline_script_and_the_page_tells(
    address: str, page: Callable[..., Page]
) -> None:
    opened = page(address)
    opened.goto(PAGES["list"])
    with opened.expect_console_message(lambda said: "Content Security Policy" in said.text):
        opened.evaluate(
            "() => document.body.append(Object.assign(document.createElement('script'),"
            " {textContent: 'window.ran = true'}))"
        )
    assert opened.evaluate("() => window.ran") is None
    assert len(opened.complaints) == 1
    opened.complaints.clear()


def test_the_choice_of_dark_is_kept(address: str, page: Callable[..., Page]) -> None:
    opened = page(address, scheme="light")
    opened.goto(PAGES["list"])
    opened.get_by_label("Appearance").select_option("dark")
    expect(opened.locator("html")).to_have_attribute("data-bs-theme", "dark")
    opened.goto(PAGES["create"])
    expect(opened.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(opened.get_by_label("Appearance")).to_have_value("dark")
    opened.get_by_label("Appearance").select_option("system")
    expect(opened.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_the_device_turning_dark_is_followed(address: str, page: Callable[..., Page]) -> None:
    opened = page(address, scheme="light")
    opened.goto(PAGES["list"])
    opened.emulate_media(color_scheme="dark")
    expect(opened.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_first_tab_offers_the_way_past_the_menu(
    address: str, page: Callable[..., Page]
) -> None:
    opened = page(address)
    opened.goto(PAGES["list"])
    opened.keyboard.press("Tab")
    skip = opened.locator(".skip-link")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    opened.keyboard.press("Enter")
    expect(opened.locator("main")).to_be_focused()
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("link", name="CSV")).to_be_focused()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_stop_of_the_keyboard_can_be_seen(
    address: str, page: Callable[..., Page], width: int
) -> None:
    opened = page(address, width=width)
    opened.goto("/admin/toys/?search=Toy+11")
    seen = set()
    for _ in range(110):
        opened.keyboard.press("Tab")
        stop = opened.locator(":focus")
        if stop.count() == 0:
            continue
        assert stop.evaluate(OUTLINED), stop.evaluate("element => element.outerHTML")
        expect(stop).to_be_in_viewport()
        seen.add(
            stop.evaluate("element => element.id || element.name || element.textContent.trim()")
        )
    assert {"list-search", "rowid", "id"} <= seen


def test_a_row_is_deleted_by_keyboard_alone(address: str, page: Callable[..., Page]) -> None:
    opened = page(address)
    opened.goto(PAGES["list"])
    opened.get_by_role("button", name="Delete Toy 000").focus()
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("dialog").get_by_role("button", name="Delete")).to_be_focused()
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("button", name="Delete Toy 000")).to_be_focused()


def test_a_slash_goes_to_the_search_box(address: str, page: Callable[..., Page]) -> None:
    opened = page(address)
    opened.goto(PAGES["list"])
    opened.keyboard.press("/")
    expect(opened.get_by_label("Search")).to_be_focused()
    opened.keyboard.type("a/b")
    expect(opened.get_by_label("Search")).to_have_value("a/b")


def test_a_phone_shows_rows_as_cards_and_the_menu_closed(
    address: str, page: Callable[..., Page]
) -> None:
    opened = page(address, width=NARROW)
    opened.goto(PAGES["list"])
    expect(opened.get_by_role("link", name="Nothing")).to_be_hidden()
    expect(opened.get_by_label("Colour")).to_be_hidden()
    opened.get_by_text("Filters").click()
    expect(opened.get_by_label("Colour")).to_be_visible()
    opened.get_by_text("Menu", exact=True).click()
    opened.get_by_role("link", name="Nothing").click()
    expect(opened.get_by_role("heading", level=1)).to_have_text("Nothing")
