"""Portal Settings (P32): what the portal and mails wear, the preview, and everything refused."""

import io
from typing import Any

import pytest
from PIL import Image
from webtest import Upload

from extensions import db
from models import AuditEntry, PortalSettings

PAGE = "/admin/portal-settings/"


@pytest.fixture
def owner(olga):  # type: ignore[no-untyped-def]
    """Olga, the owner: settings are hers."""
    return olga


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 100), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#123456").save(out, kind, **more)
    return out.getvalue()


def save(
    browser: Any, go: str = "save", logo: tuple[str, bytes] | None = None, **fields: str
) -> Any:
    form = browser.get(PAGE).forms["portal-settings"]
    for name, value in fields.items():
        form[name] = value
    if logo:
        form["logo"] = Upload(*logo)
    return form.submit("go", value=go, expect_errors=True)


def stored(look: Any) -> PortalSettings:
    with look():
        row = db.session.query(PortalSettings).one()
        assert row.logo is None or row.logo
        db.session.expunge(row)
        return row


def test_portal_and_mails_wear_what_was_saved(visitor, owner, bob, look) -> None:
    fields = {"company_name": "Nimbus Tel", "brand_colour": "#7A1F5C", "support_phone": "555 0100"}
    page = save(visitor(owner), **fields, mail_footer="Nimbus Tel, 1 Main Street").follow()
    assert "The portal wears it at once." in page.text
    seen = visitor(bob).get("/portal/keystone/")
    assert "Nimbus Tel" in seen.html.title.get_text()
    css = visitor().get(seen.html.find("link", href=lambda h: "brand.css" in h)["href"])
    assert "--brand: #7a1f5c" in css.text
    with look():
        entry = db.session.query(AuditEntry).filter_by(action="portal_settings.changed").one()
        assert entry.changes["company_name"] == ["Keystone Voice", "Nimbus Tel"]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("company_name", " ", "Write the name that your clients know you by."),
        ("company_name", "x" * 121, "This is too long; write at most 120 characters."),
        ("brand_colour", "red", "Write a colour like #1f5f8b."),
        ("brand_colour", "#12345", "Write a colour like #1f5f8b."),
        ("brand_colour", "#fff;}", "Write a colour like #1f5f8b."),
        ("accent_colour", "blue", "Write a colour like #1f5f8b."),
        ("accent_colour", "#ffd24d", "A link in this colour has a contrast of 1.4 to 1"),
        ("support_email", "nobody", "nobody is not an e-mail address."),
        ("mail_reply_to", "a@b.example\nBcc: c@d.example", "is not an e-mail address."),
        ("terms_url", "data:text/html,x", "Write a whole address, such as"),
        ("privacy_url", "example.com", "Write a whole address, such as"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    visitor, owner, look, field: str, typed: str, sentence: str
) -> None:
    page = save(visitor(owner), **{field: typed})
    assert page.status_int == 422
    assert sentence in page.html.find(id=f"{field}-error").get_text()
    row = stored(look)
    assert (row.company_name, row.brand_colour, row.version) == ("Keystone Voice", "#1f5f8b", 1)


def test_a_colour_that_cannot_be_read_names_one_that_can(visitor, owner, look) -> None:
    page = save(visitor(owner), brand_colour="#7d7d7d")
    said = page.html.find(id="brand_colour-error").get_text(strip=True)
    assert said.startswith("Text on this colour has a contrast of 4.1 to 1 and cannot be read;")
    nearest = said.rsplit(" ", 1)[1].rstrip(".")
    assert save(visitor(owner), brand_colour=nearest).status_int == 302


def test_links_wear_the_accent_and_buttons_the_brand_colour(visitor, owner, bob) -> None:
    assert save(visitor(owner), brand_colour="#1f5f8b", accent_colour="#7A1F5C").status_int == 302
    seen = visitor(bob).get("/portal/keystone/")
    css = visitor().get(seen.html.find("link", href=lambda h: "brand.css" in h)["href"]).text
    assert "--brand: #1f5f8b" in css
    assert '[data-bs-theme="light"] { --brand-text: #7a1f5c; }' in css


def test_a_line_break_in_a_name_becomes_one_line(visitor, owner, look) -> None:
    save(visitor(owner), mail_from_name="Nimbus\r\nBcc: x@y.example")
    assert stored(look).mail_from_name == "Nimbus Bcc: x@y.example"


# --- The logo -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_and_shown(visitor, owner, bob, look, kind: str) -> None:
    hidden = b"<script>alert(1)</script>"
    more = {"exif": b"Exif\x00\x00" + hidden} if kind == "JPEG" else {}
    save(visitor(owner), logo=(f"logo.{kind.lower()}", picture(kind, **more) + hidden))
    image = visitor(bob).get("/portal/keystone/").html.select_one(".shell-brand img")
    answer = visitor().get(image["src"])
    assert answer.content_type == "image/png"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert hidden not in answer.body
    assert Image.open(io.BytesIO(answer.body)).size == (300, 100)


def test_a_logo_that_is_too_large_is_drawn_smaller(visitor, owner, look) -> None:
    save(visitor(owner), logo=("logo.png", picture(size=(4_000, 1_000))))
    drawn = visitor().get("/portal/keystone/logo")
    assert Image.open(io.BytesIO(drawn.body)).size == (2_000, 500)


def animation() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


def bomb() -> bytes:
    """60 megapixels in a few kilobytes."""
    out = io.BytesIO()
    Image.new("1", (10_000, 6_000)).save(out, "PNG")
    return out.getvalue()


BAD = {
    "html": (b"<html><script>alert(1)</script></html>", "This is no PNG, JPEG or WebP picture."),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "An SVG has to be exported as a PNG"),
    "gif": (picture("GIF"), "This is no PNG, JPEG or WebP picture."),
    "cut": (picture()[:40], "This is no PNG, JPEG or WebP picture."),
    "empty": (b"", "The file is empty."),
    "large": (b"\x89PNG" + b"0" * 600_000, "The file has 585 KB; send at most 512 KB."),
    "bomb": (bomb(), "The picture has 60 million pixels; send one of at most 20 million."),
    "moving": (animation(), "The picture moves. Send one that stands still."),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_logo_is_refused_and_nothing_saved(visitor, owner, look, what: str) -> None:
    content, sentence = BAD[what]
    page = save(visitor(owner), logo=("logo.png", content), company_name="Nimbus Tel")
    assert page.status_int == 422
    assert sentence in page.html.find(id="logo-problem").get_text()
    assert page.forms["portal-settings"]["company_name"].value == "Nimbus Tel"
    row = stored(look)
    assert (row.company_name, row.logo_type) == ("Keystone Voice", None)


def test_a_logo_is_removed(visitor, owner, look) -> None:
    browser = visitor(owner)
    save(browser, logo=("logo.png", picture()))
    form = browser.get(PAGE).forms["portal-settings"]
    form["remove_logo"].checked = True
    form.submit("go", value="save")
    assert stored(look).logo_type is None
    visitor().get("/portal/keystone/logo", status=404)


# --- The preview --------------------------------------------------------------------------------


def test_the_preview_shows_pages_and_a_mail_and_saves_nothing(visitor, owner, look) -> None:
    browser = visitor(owner)
    page = save(browser, go="preview", company_name="Nimbus Tel", brand_colour="#7a1f5c")
    frames = [frame["src"] for frame in page.html.select("iframe")]
    assert len(frames) == 3
    for address in frames:
        assert "Nimbus Tel" in browser.get(address).text
    assert "--brand: #7a1f5c" in browser.get(f"{PAGE}preview/colours").text
    assert page.forms["portal-settings"]["company_name"].value == "Nimbus Tel"
    assert stored(look).company_name == "Keystone Voice"
    assert "Nimbus Tel" not in visitor().get("/portal/keystone/sign-in").text


def test_a_preview_of_what_cannot_be_is_refused(visitor, owner) -> None:
    page = save(visitor(owner), go="preview", brand_colour="red")
    assert page.html.find(id="previews").find("iframe") is None
    assert page.status_int == 422


# --- Who may ------------------------------------------------------------------------------------


def test_others_than_the_owner_look_and_cannot_change(visitor, alice, look) -> None:
    browser = visitor(alice)
    page = browser.get(PAGE)
    assert page.html.select("#portal-settings button") == []
    forged = {"csrf_token": page.forms["portal-settings"]["csrf_token"].value, "company_name": "X"}
    browser.post(PAGE, forged, status=403)
    browser.get(f"{PAGE}preview/mail", status=403)
    assert stored(look).company_name == "Keystone Voice"


def test_mallory_changes_her_own_brand_alone(visitor, mallory, look) -> None:
    save(visitor(mallory), company_name="Mallory Tel")
    assert stored(look).company_name == "Keystone Voice"
