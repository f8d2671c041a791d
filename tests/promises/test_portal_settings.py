"""P32: what the portal and its mails wear."""

import io

from PIL import Image
from sqlalchemy import select, update
from webtest import TestApp, TestRequest, Upload

from columns import now
from extensions import db
from models import Mail, PortalSettings
from tests.support.steps import PORTAL, order_numbers, said

PAGE = "/admin/portal-settings/"
WORN = {
    "company_name": "Nimbus Tel",
    "brand_colour": "#7a1f5c",
    "accent_colour": "#1b5780",
    "support_email": "care@nimbus.example",
    "support_phone": "(412) 555-0155",
    "support_hours": "Always",
    "address": "1 Main Street",
    "mail_from_name": "Nimbus Care",
    "mail_reply_to": "answers@nimbus.example",
    "host_name": "portal.nimbus.example",
}


def logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 100), "#123456").save(out, "PNG")
    return out.getvalue()


def test_p32_portal_and_mails_wear_what_is_set(visitor, olga, bob, story, look) -> None:
    """P32: Name, logo, colours, contact, host, sender, reply-to in portal and mails; preview."""
    browser = visitor(olga)
    form = browser.get(PAGE).forms["portal-settings"]
    for name, value in WORN.items():
        form[name] = value
    shown = form.submit("go", value="preview")
    frames = [frame["src"] for frame in shown.html.select("#previews iframe")]
    drawn = [TestApp.do_request(browser, TestRequest.blank(at), 200).text for at in frames]
    assert ["Nimbus Tel" in page for page in drawn] == [True, True, True]
    form = shown.forms["portal-settings"]
    form["logo"] = Upload("logo.png", logo())
    page = form.submit("go", value="save", status=302).follow()
    assert "_portal-verify.portal.nimbus.example" in said(page.html.select_one("#host-card"))
    with look():
        proved = update(PortalSettings).values(host_verified_at=now())
        db.session.execute(proved.execution_options(synchronize_session=False))
        db.session.commit()
    seen = visitor().get(f"{PORTAL}/sign-in").html
    assert seen.select_one(".card-brand img")["alt"] == "Nimbus Tel"
    assert "care@nimbus.example" in said(seen.select_one(".card-help"))
    css = visitor().get(seen.find("link", href=lambda h: "brand.css" in h)["href"]).text
    assert ("--brand: #7a1f5c" in css, "--brand-text: #1b5780" in css) == (True, True)
    order_numbers(visitor(bob), story.free[0])
    with look():
        mail = db.session.scalars(select(Mail).where(Mail.kind == "order_submitted")).one()
        assert (mail.from_name, mail.reply_to) == ("Nimbus Care", "answers@nimbus.example")
        assert "https://portal.nimbus.example/" in mail.text
        assert "Nimbus Tel" in mail.html
