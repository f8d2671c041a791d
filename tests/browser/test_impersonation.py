"""Impersonate in a real browser: a tab of its own, the banner, and the way back (P8)."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from playwright.sync_api import Page, expect

from tests.support.cast import Person, Story


def test_the_portal_opens_in_a_tab_of_its_own(
    app: Flask, story: Story, alice: Person, live_server: Any, page: Callable[..., Page]
) -> None:
    with live_server(app) as address:
        office = page(address)
        office.goto("/admin/login")
        office.get_by_label("E-mail").fill(alice.email)
        office.get_by_label("Password").fill(alice.password)
        office.get_by_role("button", name="Sign in").click()
        office.goto(f"/admin/logins/details/?id={story.bob.id}")
        office.get_by_label("Reason").fill("Ticket 4711")
        with office.context.expect_page() as opening:
            office.get_by_role("button", name="Impersonate").click()
        portal = opening.value
        expect(portal.get_by_role("region", name="Impersonation")).to_contain_text("Bob")
        expect(portal).to_have_title("As Bob: First page – Keystone Voice")
        office.goto("/admin/")
        expect(office.get_by_role("heading", level=1)).to_have_text("What waits")
        portal.get_by_role("button", name="Back to the back office").click()
        expect(portal.get_by_role("heading", level=1)).to_contain_text("Bob")
        portal.goto("/portal/keystone/")
        expect(portal.get_by_role("heading", level=1)).to_have_text("Sign in")
        portal.close()
        office.close()
