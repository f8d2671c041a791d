"""What a person sees when something was wrong with a request; screens have tests of their own."""

import pytest
from sqlalchemy import func, select
from webtest import Upload

from extensions import db
from models import CdrImport, DidImport, PortalSettings, Role, Staff
from tests.support.words import leaks_of

UPLOADS = {
    "/admin/did-import/": ("upload", "file"),
    "/admin/call-files/new/": ("upload", "file"),
    "/admin/portal-settings/": ("portal-settings", "logo"),
}
"""Every form that takes a file: its id and the name of its field."""


@pytest.fixture
def browser(visitor, alice, look):  # type: ignore[no-untyped-def]
    """Alice's browser; she owns the account here, so that every form is open to her."""
    with look():
        db.session.get_one(Staff, alice.id).role = Role.OWNER
        db.session.commit()
    return visitor(alice)


def kept(look) -> tuple[int, ...]:  # type: ignore[no-untyped-def]
    """Count what uploads leave behind."""
    with look():
        logos = select(func.count(PortalSettings.logo))
        imports = [select(func.count(model.id)) for model in (DidImport, CdrImport)]
        return tuple(db.session.scalar(count) for count in (logos, *imports))


def too_large(browser, path, size):  # type: ignore[no-untyped-def]
    form_id, field = UPLOADS[path]
    form = browser.get(path).forms[form_id]
    form[field] = Upload("big.csv", b"x" * size)
    return form.submit(status=413)


@pytest.mark.parametrize("path", UPLOADS)
def test_a_file_too_large_is_told_the_limit_and_the_way_back(
    browser, app, look, path, monkeypatch
) -> None:
    before, most = kept(look), app.config["MAX_CONTENT_LENGTH"]
    monkeypatch.setitem(app.config, "MAX_CALL_FILE", most)
    page = too_large(browser, path, most)
    limit = f"What you sent is too large; at most {most // 1024**2} MB can be sent at once."
    assert page.html.select_one("main p").get_text() == limit
    assert UPLOADS[path][0] in page.click("Go back to the form").forms
    assert kept(look) == before


def test_the_limit_that_is_told_is_the_one_of_the_settings(browser, app, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 3 * 1024**2)
    assert "at most 3 MB can be sent" in too_large(browser, "/admin/did-import/", 3 * 1024**2)


def test_too_much_text_beside_a_file_is_told_the_limit_of_text(browser, look) -> None:
    before = kept(look)
    form = browser.get("/admin/portal-settings/").forms["portal-settings"]
    form["company_name"] = "x" * (2 * 1024**2 + 1)
    page = form.submit(status=413)
    assert "at most 2 MB of text can be sent at once." in page
    assert kept(look) == before


def test_a_form_without_a_page_of_its_own_leads_to_the_first_page(
    browser, app, monkeypatch
) -> None:
    form = browser.get("/admin/").forms["sign-out"]
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1024**2)
    form["csrf_token"] = "x" * 1024**2
    page = form.submit(status=413)
    assert page.html.find("a", string="Go to the first page")["href"] == "/admin/"
    browser.get("/admin/", status=200)


# --- The portal's pages of errors ---------------------------------------------------------------


def wears_the_brand(page) -> bool:  # type: ignore[no-untyped-def]
    """Tell whether a page shows the reseller, how to reach it, and nothing else's name."""
    assert leaks_of(page) == []
    brand = page.html.select_one(".card-brand").get_text(" ", strip=True)
    contact = page.html.select_one(".card-help a")
    return "Keystone" in brand and contact["href"] == "mailto:help@keystone.example"


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("zzz", 404, "Not found"),
        ("ports/99999999999999999999", 404, "Not found"),
        ("orders/O-000001", 404, "Not found"),
        ("orders/O-000001/receipt.pdf", 405, "Not a page"),
    ],
)
def test_every_page_of_an_error_in_the_portal_wears_the_brand_and_leads_back(
    visitor, bob, path: str, status: int, heading: str
) -> None:
    page = visitor(bob).get(f"/portal/keystone/{path}", status=status)
    assert page.html.h1.get_text() == heading
    assert wears_the_brand(page)
    assert page.click("Go to the first page").request.path == "/portal/keystone/"


def test_a_form_that_came_too_late_is_answered_in_the_brand(visitor, bob) -> None:
    page = visitor(bob).post("/portal/keystone/sign-out", {"csrf_token": "old"}, status=400)
    assert page.html.h1.get_text() == "Please send it again"
    assert wears_the_brand(page)


def test_a_stranger_at_no_page_learns_no_more_than_at_the_sign_in(visitor, story) -> None:
    assert wears_the_brand(visitor().get("/portal/keystone/zzz", status=404))


@pytest.mark.parametrize("path", ["/portal/nobody/zzz", "/portal/nobody/", "/portal/", "/zzz"])
def test_an_address_of_no_portal_wears_no_brand(visitor, story, path: str) -> None:
    page = visitor().get(path, status=404)
    assert page.html.select_one(".card-brand").get_text(strip=True) == ""
    assert page.html.find("a", string="Go to the first page")["href"] == "/admin/"
