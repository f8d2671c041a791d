"""Every page of both areas on the demo, looked at by axe-core and for what a person would trip on.

Each page is opened once, then shown light and dark, wide and narrow; all faults are told at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, template_rendered
from playwright.sync_api import Browser, BrowserContext, Error, Page

from scripts.screens import OFFICE, OWNER, PORTAL, STAFF, Screen, demo_app, keep_status, note
from tests.support import pages
from tests.support.browser import RULES, axe_faults, serving

COLOURS = ["color-contrast", "link-in-text-block"]
LOOKS = (
    (1440, "light", RULES),
    (1440, "dark", COLOURS),
    (390, "dark", RULES),
    (390, "light", COLOURS),
)
"""Widths, schemes and rules; the other scheme of a width changes the colours and nothing else."""

PHONES = (390, 320)
BEYOND = """async () => {
    const late = performance.now() + 2000, page = document.documentElement;
    // A graph follows the width a moment later.
    while (page.scrollWidth > innerWidth && performance.now() < late)
        await new Promise(requestAnimationFrame);
    return page.scrollWidth - innerWidth;
}"""
AREAS = {"office": OFFICE, "portal": PORTAL}


@dataclass
class Visit:
    """What was seen of an area: the faults, the addresses that answered, the templates shown."""

    faults: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    templates: set[str] = field(default_factory=set)


@dataclass
class House:
    """The demo, served; with the tokens of its links."""

    app: Flask
    address: str
    tokens: dict[str, str]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The demo with what its pages lack; for one test, since the pages decide its orders."""
    app = demo_app(tmp_path)
    app.config["ARGON2_COST"] = "test"
    with app.app_context():
        tokens = pages.furnish()
    with serving(app) as address:
        app.config["PUBLIC_URL"] = address
        yield House(app, address, tokens)


@pytest.mark.parametrize("area", AREAS)
def test_axe_finds_nothing_on_any_page(house: House, browser: Browser, area: str) -> None:
    """Nor complains the console, nor scrolls a page sideways; and no page is left out."""
    wanted = [one for one in pages.screens() if one.path.startswith(AREAS[area])]
    seen = visit(house, browser, wanted)
    left_out = pages.left_out(house.app, area, seen.places, seen.templates)
    assert (seen.faults, left_out) == ([], [])


def visit(house: House, browser: Browser, wanted: list[Screen]) -> Visit:
    """Look at each of the pages."""
    seen, contexts = Visit(), {}

    def rendered(sender: Any, template: Any, **more: Any) -> None:
        seen.templates.add(template.name)

    with template_rendered.connected_to(rendered, house.app):
        for screen in wanted:
            if screen.who not in contexts:
                contexts[screen.who] = signed_in(house, browser, screen.who)
            look(house, contexts[screen.who], screen, seen)
    for context in contexts.values():
        context.close()
    return seen


def signed_in(house: House, browser: Browser, who: str | None) -> BrowserContext:
    """Open a browser for a person, signed in by the form."""
    context = browser.new_context(base_url=house.address, reduced_motion="reduce")
    if who:
        page = context.new_page()
        page.goto(f"{OFFICE}/login" if who in (OWNER, STAFF) else f"{PORTAL}/sign-in")
        pages.sign_in_as(who)(page)
        page.close()
    return context


def look(house: House, context: BrowserContext, screen: Screen, seen: Visit) -> None:
    """Open one page, do there what is to be done, and note what is wrong with it."""
    faults: list[str] = []
    statuses: list[int] = []
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda message: note(message, faults))
    page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
    page.on("response", lambda answer: keep_status(answer, page, statuses))
    path = screen.path.format(**house.tokens)
    try:
        page.goto(path)
        if screen.act:
            screen.act(page)
    except Error as error:
        faults.append(" / ".join(error.message.splitlines()[:4]))
    page.wait_for_load_state()
    if statuses[-1:] != [screen.status]:
        faults.append(f"answered {statuses[-1:]}, not {screen.status}")
    faults += looks(page)
    seen.places |= {pages.place_of(house.app, path), pages.place_of(house.app, page.url)}
    seen.faults += [f"{screen.name}: {fault}" for fault in faults]
    page.close()


def looks(page: Page) -> Iterator[str]:
    """Tell what axe-core finds in each look, and whether a phone's page scrolls sideways."""
    found: dict[str, list[str]] = {}
    for width, scheme, rules in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for fault in axe_faults(page, rules):
            found.setdefault(fault, []).append(f"{width} {scheme}")
    for fault, where in found.items():
        yield f"{fault} ({', '.join(where)})"
    for width in PHONES:
        page.set_viewport_size({"width": width, "height": 900})
        beyond = page.evaluate(BEYOND)
        if beyond > 0:
            yield f"scrolls sideways by {beyond} px at {width}"
