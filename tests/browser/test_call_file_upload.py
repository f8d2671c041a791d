"""The upload of a call file: its bar while it is sent, the live page, and coming back to it."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

import background
from extensions import db
from models import Call, CdrImport
from tests.support.browser import assert_accessible, assert_no_sideways_scroll
from tests.support.calls import (
    HEADER,
    assert_sums_agree,
    forget_charges,
    hold_since_long_ago,
    line,
)
from tests.support.cast import Story
from usage import due, importing

UPLOAD = "/admin/call-files/new/"
LINES, BAD, BUNCH = 1_200, 12, 300
SLOW = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 150_000}
"""How Chromium is told to send slowly, in bytes a second."""
SEEN = """() => {
    window.seen = [];
    const bar = document.querySelector("[data-upload-progress] progress");
    new MutationObserver(() => window.seen.push(bar.value)).observe(bar, { attributes: true });
}"""
"""Notes each length that the bar of the upload takes."""


@pytest.fixture
def file(tmp_path: Path, story: Story, look: Any) -> Path:
    """A file of many calls with a bad line in every hundred."""
    with look():
        forget_charges()
        hold_since_long_ago()
        db.session.commit()
    lines = [
        "bad;line" if n % 100 == 99 else line(f"u{n}", story.acme_number) for n in range(LINES)
    ]
    path = tmp_path / "20261110_20261111.CDR"
    path.write_text("\n".join((HEADER, *lines, "")))
    return path


@pytest.fixture
def bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each turn of the background read one bunch of the file."""
    monkeypatch.setattr(importing, "CHUNK", BUNCH)
    monkeypatch.setattr(due, "TURN_SECONDS", 0)


def figure(page: Page, name: str) -> Any:
    return page.locator(f"[data-live-value={name}]")


def test_an_upload_tells_how_much_is_sent_and_then_how_far_it_is_read(
    app: Flask, office, alice, file: Path, bit_by_bit: None, look
) -> None:
    with office(alice, UPLOAD) as page:
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.emulateNetworkConditions", SLOW)
        page.evaluate(SEEN)
        page.set_input_files("#file", file)
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.locator("[data-upload-words]")).to_contain_text("%")
        expect(page.get_by_role("button", name="Import", exact=True)).to_be_disabled()
        page.wait_for_function("() => window.seen.some((value) => value > 0 && value < 100)")
        page.wait_for_url("**/call-files/details/**")
        network.send("Network.emulateNetworkConditions", SLOW | {"uploadThroughput": -1})
        expect(page.locator("#said")).to_have_text("It waits to be read.")
        expect(figure(page, "left")).to_have_text(f"{LINES:,}")
        background.turn(app)
        expect(figure(page, "lines")).to_have_text(f"{BUNCH:,}")
        bar = page.get_by_role("progressbar", name="Read so far")
        expect(bar).to_have_js_property("value", 100 * BUNCH // LINES)
        expect(figure(page, "bad")).to_have_text(str(BUNCH // 100))
        expect(figure(page, "left")).to_have_text(f"{LINES - BUNCH:,}")
        assert_accessible(page)
        where = page.url
        # Who goes elsewhere keeps nothing waiting, and finds the file further on.
        page.goto("/admin/clients/")
        background.turn(app)
        page.goto(where)
        expect(figure(page, "lines")).to_have_text(f"{2 * BUNCH:,}")
        while background.turn(app):
            pass
        expect(page.get_by_role("progressbar")).to_have_count(0)
        expect(page.locator("#said")).to_have_text(f"{LINES - BAD:,} new calls, {BAD} bad lines.")
        expect(page.locator("#bad tbody tr")).to_have_count(BAD)
    with look():
        assert_sums_agree()
        assert db.session.query(Call).count() == LINES - BAD


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_a_file_that_cannot_be_is_told_beside_the_field(
    office, alice, tmp_path: Path, look, width: int, scheme: str
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("a,b\n1,2\n")
    with office(alice, UPLOAD, width=width, scheme=scheme) as page:
        page.set_input_files("#file", path)
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.locator("#file-problem")).to_contain_text("The first line lacks CallType")
        expect(page.locator("#file")).to_be_focused()
        expect(page.locator("[data-upload-progress]")).to_be_hidden()
        expect(page.get_by_role("button", name="Import", exact=True)).to_be_enabled()
        assert_no_sideways_scroll(page)
    with look():
        assert [row.state.value for row in db.session.query(CdrImport)] == ["refused"]
