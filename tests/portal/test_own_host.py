"""The portal at a reseller's own proved host name, from the sign-in to the sign-out (P31, P32)."""

from urllib.parse import urlsplit

import pytest
from flask import Flask

import tenancy
from columns import now
from extensions import db
from models import Mail, PortalSettings
from tests.support import orders, people
from tests.support.cast import Person, Story
from tests.support.people import WRONG, ask_for_link, choose_password, try_to_sign_in
from tests.support.web import Visitor
from tests.support.words import leaks_of

OURS, THEIRS = "portal.keystone.example", "voice.otherwise.example"
ADDRESS, HOME = "/portal/keystone/sign-in", "/portal/keystone/"


@pytest.fixture(autouse=True)
def two_hosts(app: Flask, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reseller has proved a host of its own; hosts are checked as in production."""
    monkeypatch.setitem(app.config, "CHECK_HOSTS", True)
    with app.app_context():
        for reseller_id, host in ((story.reseller_id, OURS), (story.other_reseller_id, THEIRS)):
            with tenancy.acting_for(reseller_id):
                row = db.session.query(PortalSettings).one()
                row.host_name, row.host_verified_at, row.host_token = host, now(), "token"
                db.session.commit()


@pytest.fixture
def at(app: Flask):  # type: ignore[no-untyped-def]
    """Make a browser that knows one host alone, over https as it is in production."""

    def browser(host: str = OURS) -> Visitor:
        found = Visitor(app)
        found.extra_environ |= {
            "HTTP_HOST": host,
            "HTTP_REFERER": f"https://{host}/",
            "wsgi.url_scheme": "https",
        }
        return found

    return browser


def test_the_bare_address_leads_to_the_sign_in_in_the_resellers_brand(at) -> None:
    page = at().get("/", status=302).follow()
    assert page.request.path == ADDRESS
    assert page.request.host == OURS
    assert "Keystone Voice" in page.html.title.text
    assert "help@keystone.example" in page.text
    assert "Otherwise Tel" not in page.text
    assert leaks_of(page) == []


def test_bob_signs_in_goes_where_he_wanted_and_out_again(app: Flask, at, bob: Person) -> None:
    browser = at()
    asked = browser.get(f"{HOME}orders?tab=completed", status=302)
    form = asked.follow().forms["sign-in"]
    form["email"], form["password"] = bob.email, bob.password
    answer = form.submit(status=302)
    assert answer.location == f"{HOME}orders?tab=completed"
    page = answer.follow()
    assert (page.request.host, page.status_int) == (OURS, 200)
    out = next(one for one in page.forms.values() if one.action == f"{HOME}sign-out")
    page = out.submit(status=302).follow()
    assert (page.request.host, page.request.path) == (OURS, ADDRESS)
    assert "You are signed out." in page.text
    assert people.live_sessions(app, bob) == 0


@pytest.mark.parametrize(
    "wanted", [f"https://{THEIRS}/portal/other/", f"//{THEIRS}/", "/admin/", "/portal/other/"]
)
def test_next_leads_to_no_other_host(at, bob: Person, wanted: str) -> None:
    answer = try_to_sign_in(at(), f"{ADDRESS}?next={wanted}", bob.email, bob.password)
    assert answer.location == HOME


def test_a_login_of_another_reseller_is_refused_there(app: Flask, at, bob: Person) -> None:
    page = try_to_sign_in(at(THEIRS), "/portal/other/sign-in", bob.email, bob.password)
    assert page.html.select_one("#email-error").text.strip() == WRONG
    assert "Keystone" not in page.text
    assert people.live_sessions(app, bob) == 0
    at(THEIRS).get(ADDRESS, status=404)


def test_bobs_session_is_nothing_at_another_resellers_host(at, bob: Person) -> None:
    browser = at()
    try_to_sign_in(browser, ADDRESS, bob.email, bob.password)
    stolen = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    other = at(THEIRS)
    other.extra_environ |= {"HTTP_COOKIE": stolen}
    assert other.get("/portal/other/", status=302).location.startswith("/portal/other/sign-in")
    other.get(HOME, status=404)


def test_staff_sign_in_at_the_deployments_own_host_alone(at, alice: Person) -> None:
    at().get("/admin/login", status=404)
    try_to_sign_in(at("localhost"), "/admin/login", alice.email, alice.password).follow()


def test_the_link_of_a_forgotten_password_leads_back_to_that_host(
    app: Flask, at, bob: Person
) -> None:
    ask_for_link(at(), f"{HOME}forgotten", bob.email)
    link = people.link_in_mail_to(app, bob.email)
    assert (urlsplit(link).scheme, urlsplit(link).netloc) == ("https", OURS)
    browser = at()
    answer = choose_password(browser, urlsplit(link).path, "seven green bottles")
    assert answer.location == HOME
    assert "Your password is set. Welcome." in answer.follow().text


def test_the_links_of_every_other_mail_to_a_client_lead_there_too(
    at, bob: Person, story: Story, alice: Person, look
) -> None:
    with look():
        orders.reject(orders.ask(bob, story.free[0]), alice)
        mails = db.session.query(Mail).filter_by(to_address=bob.email).all()
        assert [mail.kind for mail in mails] == ["order_rejected"]
        for mail in mails:
            assert f"https://{OURS}/portal/keystone/orders/" in mail.text
            assert "localhost" not in mail.text + mail.html


@pytest.mark.parametrize("path", ["/zzz", "/admin/", "/portal/otherwise/", "/portal/keystone/zzz"])
def test_what_is_not_there_wears_that_hosts_brand_and_leads_to_its_portal(at, path: str) -> None:
    page = at().get(path, status=404)
    assert "Keystone" in page.html.select_one(".card-brand").get_text()
    assert page.html.find("a", string="Go to the first page")["href"] == HOME
    assert leaks_of(page) == []


def test_a_strange_host_shows_nobodys_brand(at) -> None:
    page = at("strange.example").get("/portal/keystone/zzz", status=400)
    assert page.html.select_one(".card-brand").get_text(strip=True) == ""
