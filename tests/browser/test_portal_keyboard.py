"""The portal's forms by keyboard and for a screen reader: skip link, focus, Enter, what is refused.

What axe-core can tell by itself (landmarks, headings, labels) is looked at in test_every_page.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

import accounts
from extensions import db
from models import Login
from tests.support import orders
from tests.support.browser import OUTLINED
from tests.support.cast import Person, Story

HOME = "/portal/keystone"
MINE = f"{HOME}/numbers/4125550190"


@pytest.fixture
def portal(
    app: Flask, story: Story, bob: Person, live_server: Any, page: Callable[..., Page]
) -> Iterator[Page]:
    """The portal's first page, opened by Bob, who signed in with Enter."""
    with live_server(app) as url:
        opened = page(url)
        opened.goto(f"{HOME}/sign-in")
        opened.get_by_label("E-mail").fill(bob.email)
        opened.get_by_label("Password").fill(bob.password)
        opened.keyboard.press("Enter")
        expect(opened.get_by_role("heading", level=1)).to_have_text("Acme")
        yield opened
        # Before the server: an icon still on its way would be a complaint.
        opened.close()


def test_the_first_tab_leads_past_the_menu(portal: Page) -> None:
    portal.goto(f"{HOME}/numbers")
    portal.keyboard.press("Tab")
    expect(portal.get_by_role("link", name="Skip to the content")).to_be_focused()
    portal.keyboard.press("Enter")
    expect(portal.locator("main")).to_be_focused()
    portal.keyboard.press("Tab")
    assert portal.locator(":focus").evaluate("element => !!element.closest('main')")


@pytest.mark.parametrize("path", ["/", "/numbers", "/order-numbers?search=1", "/911/new"])
def test_every_stop_of_the_keyboard_can_be_seen(portal: Page, path: str) -> None:
    portal.goto(HOME + path)
    seen = 0
    for _ in range(45):
        portal.keyboard.press("Tab")
        stop = portal.locator(":focus")
        if stop.count() == 0:
            break
        assert stop.evaluate(OUTLINED), stop.evaluate("element => element.outerHTML")
        expect(stop).to_be_in_viewport()
        seen += 1
    assert seen > 10


def test_enter_searches_the_numbers_that_can_be_ordered(portal: Page) -> None:
    portal.goto(f"{HOME}/order-numbers")
    portal.get_by_label("Area code").fill("617")
    portal.keyboard.press("Enter")
    expect(portal.locator("#found")).to_have_text("2 numbers found")


def test_enter_sends_the_order_for_a_service_that_is_on_already(
    portal: Page, story: Story, bob: Person, alice: Person, look: Any
) -> None:
    """The first button of the form sends; the one that turns the service off stands behind it."""
    with look():
        named = orders.ask(bob, story.acme_number, kind="cnam_outbound", display_name="OLD NAME")
        orders.approve(named, alice)
    portal.goto(f"{MINE}/cnam_outbound")
    portal.get_by_label("Name to show").fill("Acme")
    portal.keyboard.press("Enter")
    expect(portal.locator("#changes")).to_contain_text("ACME")


REFUSED = {
    "a service": (f"{MINE}/call_forwarding", {"forward_to": "911"}, "#change-service .btn-primary"),
    "an address": (f"{HOME}/911/new", {"number": "1"}, "#e911 .btn-primary"),
    "a password": (f"{HOME}/account", {"current_password": "no"}, "#password-form button"),
    "a file": (f"{HOME}/numbers/upload", {}, "#upload-numbers .btn-primary"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_after_a_refused_form_the_focus_is_where_the_fault_is_told(portal: Page, what: str) -> None:
    path, typed, button = REFUSED[what]
    portal.goto(path)
    for name, text in typed.items():
        portal.locator(f"main [name={name}]").first.fill(text)
    with portal.expect_navigation():
        portal.locator(button).first.click()
    focused = portal.locator(":focus")
    expect(focused).to_have_count(1)
    assert focused.evaluate("one => one.hasAttribute('data-focus') || one.ariaInvalid === 'true'")
    for field in portal.locator("[aria-invalid=true]").all():
        told = field.get_attribute("aria-describedby") or ""
        words = [portal.locator(f"#{one}").inner_text() for one in told.split()]
        assert any(text.strip() for text in words), field.get_attribute("name")


@pytest.mark.parametrize("path", ["/", "/orders", "/911"])
def test_a_slash_goes_to_the_search_of_the_numbers(portal: Page, path: str) -> None:
    portal.goto(HOME + path)
    portal.keyboard.press("/")
    expect(portal.get_by_role("searchbox", name="Search your numbers")).to_be_focused()
    portal.keyboard.type("0190")
    portal.keyboard.press("Enter")
    expect(portal.locator("#numbers tbody tr")).to_have_count(1)
    expect(portal.locator("#numbers")).to_contain_text("(412) 555-0190")


def test_a_slash_that_is_off_does_nothing(portal: Page, bob: Person, look: Any) -> None:
    with look():
        accounts.switch(db.session.get_one(Login, bob.id), keys=False)
        db.session.commit()
    portal.goto(f"{HOME}/orders")
    portal.keyboard.press("/")
    expect(portal.locator(":focus")).to_have_count(0)
