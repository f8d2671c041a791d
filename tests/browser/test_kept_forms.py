"""A form that met an ended sign-in, in a real browser, with scripts and without."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from columns import now
from extensions import db
from models import E911Record, Order, WebSession
from tests.support.browser import assert_accessible, assert_no_sideways_scroll

FORM = "/portal/keystone/911/4125550190"


@pytest.mark.parametrize(
    ("scripts", "width", "scheme"), [(False, 1440, "light"), (True, 390, "dark")]
)
def test_bob_signs_in_again_and_finds_his_address_typed(
    app, live_server, page, story, bob, look, scripts: bool, width: int, scheme: str
) -> None:
    with live_server(app) as address:
        seen = page(address, width=width, scheme=scheme, java_script_enabled=scripts)

        def sign_in() -> None:
            seen.get_by_label("E-mail").fill(bob.email)
            seen.get_by_label("Password", exact=True).fill(bob.password)
            seen.get_by_role("button", name="Sign in").click()

        seen.goto("/portal/keystone/sign-in")
        sign_in()
        seen.goto(FORM)
        seen.fill("#caller_name", "Acme & Söhne")
        seen.fill("#address1", "100 Fifth Avenue")
        with look():
            db.session.execute(update(WebSession).values(ended_at=now()))
            db.session.commit()
        seen.locator("#e911 button").first.click()
        expect(seen.get_by_text("so the form was not sent. What you typed is kept")).to_be_visible()
        sign_in()
        expect(seen.locator("#kept-form")).to_contain_text("is filled in again")
        assert seen.url.endswith(FORM)
        expect(seen.locator("#caller_name")).to_have_value("Acme & Söhne")
        expect(seen.locator("#address1")).to_have_value("100 Fifth Avenue")
        assert_no_sideways_scroll(seen)
        if scripts:
            assert_accessible(seen)
        seen.close()
    with look():
        assert (db.session.query(Order).count(), db.session.query(E911Record).count()) == (0, 0)
