"""What people get wrong, and what some try: each is told in a sentence, and nothing changes."""

import io

import pytest
from PIL import Image
from sqlalchemy import select
from webtest import Upload

import tenancy
from columns import now
from extensions import db
from models import Client, DidGroup, Login, Mail, PortalSettings, Tier
from tests.support.steps import HISTORY, decide, forge, new_login, order_numbers, reject, said

SETTINGS = "/admin/portal-settings/"


@pytest.fixture
def settings_form(visitor, olga):  # type: ignore[no-untyped-def]
    """Olga's form of the portal settings, and what is stored after it was refused."""
    return visitor(olga).get(SETTINGS).forms["portal-settings"]


def stored(look) -> tuple[str | None, bytes | None, int]:  # type: ignore[no-untyped-def]
    with look():
        row = db.session.scalars(select(PortalSettings)).one()
        return row.host_name, row.logo, row.version


def test_a_group_given_to_a_second_client(visitor, alice, acme, birch, story, look) -> None:
    browser = visitor(alice)
    form = browser.get(f"/admin/clients/{birch.id}/edit").forms["client"]
    typed = dict(form.submit_fields()) | {"groups": f"did:{story.acme_group.id}"}
    page = browser.post(form.action or f"/admin/clients/{birch.id}/edit", typed)
    assert "Acme" in said(page.html.select_one("#groups-problem"))
    with look():
        assert db.session.get_one(DidGroup, story.acme_group.id).client_id == acme.id


def test_a_tier_removed_while_in_use(visitor, alice, story, look) -> None:
    browser = visitor(alice)
    page = forge(browser, f"/admin/tiers/remove/?id={story.tier.id}", 302).follow()
    assert "Standard" in said(page.html.select_one(".alert"))
    with look():
        assert db.session.get(Tier, story.tier.id) is not None


def test_a_logo_of_sixty_megapixels(settings_form, look) -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 6_000)).save(out, "PNG")
    settings_form["logo"] = Upload("logo.png", out.getvalue())
    page = settings_form.submit("go", value="save", status=422)
    assert "60 million pixels" in said(page.html.select_one("#logo-problem"))
    assert stored(look) == (None, None, 1)


def test_html_that_is_named_png(settings_form, look) -> None:
    settings_form["logo"] = Upload("logo.png", b"<html><script>alert(1)</script></html>")
    page = settings_form.submit("go", value="save", status=422)
    assert "This is no PNG, JPEG or WebP picture." in said(page.html.select_one("#logo-problem"))
    assert stored(look) == (None, None, 1)


def test_a_host_name_of_another_reseller(app, settings_form, story, look) -> None:
    with app.app_context(), tenancy.acting_for(story.other_reseller_id):
        theirs = db.session.scalars(select(PortalSettings)).one()
        theirs.host_name, theirs.host_verified_at = "portal.other.example", now()
        db.session.commit()
    settings_form["host_name"] = "portal.other.example"
    settings_form["support_hours"] = "Always"
    page = settings_form.submit("go", value="save", status=422)
    said_of_it = said(page.html.select_one("#host_name-error"))
    assert said_of_it.startswith("This host name cannot be used: it is in use already.")
    assert "Otherwise" not in page.text
    assert page.forms["portal-settings"]["support_hours"].value == "Always"
    assert stored(look) == (None, None, 1)


def test_twenty_addresses_of_which_one_is_wrong(visitor, alice, acme, look) -> None:
    addresses = [f"desk{n}@acme.example" for n in range(19)] + ["desk19@acme"]
    page = new_login(visitor(alice), acme, "Dora", ", ".join(addresses))
    problem = said(page.html.select_one("#notify-error"))
    assert "desk19@acme is not an e-mail address" in problem
    assert "desk18" not in problem
    assert page.forms["login"]["notify"].value == ", ".join(addresses)
    with look():
        assert db.session.query(Mail).count() == 0
        assert db.session.scalars(select(Login).where(Login.name == "Dora")).all() == []


@pytest.mark.parametrize("reason", ["", " ", "\n\t"])
def test_a_reject_with_an_empty_reason(visitor, alice, bob, story, look, reason: str) -> None:
    number = order_numbers(visitor(bob), story.free[0])
    browser = visitor(alice)
    page = decide(browser, number, "reject", reason, status=422)
    assert said(page.html.select_one("#reason-problem")).startswith("Write a reason;")
    assert said(browser.get(f"/admin/orders/{number}").html.select_one("h1 .state")) == "Pending"
    with look():
        assert db.session.query(Mail).filter_by(kind="order_rejected").count() == 0


def test_a_formula_in_a_cell_that_goes_to_csv(visitor, alice, bob, story, look) -> None:
    browser = visitor(alice)
    reject(browser, order_numbers(visitor(bob), story.free[0]), '=HYPERLINK("http://x.example")')
    with look():
        db.session.scalars(select(Client).where(Client.name == "Acme")).one().name = "@SUM(A1)"
        db.session.commit()
    lines = browser.get(f"{HISTORY}export/csv/").text
    assert "'=HYPERLINK" in lines
    assert "'@SUM(A1)" in lines
    assert ',"=HYPER' not in lines


@pytest.mark.parametrize("who", ["victor", "mallory"])
def test_a_hand_made_request_for_every_decision(visitor, story, bob, look, who: str) -> None:
    number = order_numbers(visitor(bob), story.free[0])
    browser = visitor(getattr(story, who))
    for verb in ("approve", "reject", "undo-rejection", "retry"):
        refused = 403 if who == "victor" else 404
        forge(browser, f"/admin/orders/{number}/{verb}", refused, reason="Forged.")
    with look():
        assert db.session.query(Mail).filter(Mail.kind != "order_submitted").count() == 1
