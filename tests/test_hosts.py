"""A reseller's own host name: claimed, proved, used in links; and nobody's hosts (A-29)."""

from typing import Any

import pytest

import hosts
from extensions import db
from models import Mail, PortalSettings
from tests.support import orders, people
from tests.support.web import Visitor

PAGE = "/admin/portal-settings/"


def claim(browser: Any, typed: str) -> Any:
    form = browser.get(PAGE).forms["portal-settings"]
    form["host_name"] = typed
    return form.submit("go", value="save", expect_errors=True)


def settings() -> PortalSettings:
    return db.session.query(PortalSettings).one()


@pytest.fixture
def dns(monkeypatch):  # type: ignore[no-untyped-def]
    """The wire: what DNS answers, by name."""
    records: dict[str, list[str]] = {}
    monkeypatch.setattr(hosts, "txt_records", lambda name: records.get(name, []))
    return records


@pytest.fixture
def proved(visitor, olga, dns, look) -> str:  # type: ignore[no-untyped-def]
    """The reseller's host name, claimed and proved."""
    browser = visitor(olga)
    claim(browser, "Portal.Keystone.Example.")
    token = browser.get(PAGE).html.find(id="host-token").get_text()
    dns["_portal-verify.portal.keystone.example"] = ["other", token]
    page = browser.get(PAGE).forms["check-host"].submit().follow()
    assert "portal.keystone.example is yours" in page.text
    return "portal.keystone.example"


def test_a_host_is_verified_when_its_record_stands(proved: str, look) -> None:
    with look():
        row = settings()
        assert (row.host_name, row.host_verified_at is not None) == (proved, True)


def test_a_host_without_its_record_is_not_verified(visitor, olga, dns, look) -> None:
    browser = visitor(olga)
    claim(browser, "portal.keystone.example")
    dns["_portal-verify.portal.keystone.example"] = ["somebody else's"]
    page = browser.get(PAGE).forms["check-host"].submit().follow()
    assert "The TXT record was not found yet." in page.text
    with look():
        assert settings().host_verified_at is None


def test_links_in_mails_use_a_proved_host(proved: str, bob, story, look) -> None:
    with look():
        orders.ask(bob, story.free[0])
        mail = db.session.query(Mail).filter_by(kind="order_submitted").one()
        assert f"https://{proved}/portal/keystone/orders/" in mail.text
        office = db.session.query(Mail).filter_by(kind="order_to_decide").first()
        assert "http://localhost/admin/orders/" in office.text


def test_another_name_must_be_proved_anew(visitor, olga, proved: str, look) -> None:
    claim(visitor(olga), "voice.keystone.example")
    with look():
        row = settings()
        assert (row.host_name, row.host_verified_at) == ("voice.keystone.example", None)


def test_a_host_of_another_reseller_is_refused_without_a_name(
    visitor, mallory, proved, look, story
):
    page = claim(visitor(mallory), proved)
    assert page.html.find(id="host_name-error").get_text(strip=True) == hosts.TAKEN
    assert "Keystone" not in page.html.find(id="host_name-error").get_text()
    with look(story.other_reseller_id):
        assert settings().host_name is None


def prove(browser: Any, dns: dict[str, list[str]]) -> Any:
    """Put the reseller's token into DNS beside what stands there, and have it looked for."""
    token = browser.get(PAGE).html.find(id="host-token").get_text()
    dns.setdefault("_portal-verify.portal.keystone.example", []).append(token)
    return browser.get(PAGE).forms["check-host"].submit().follow()


def test_an_unproved_claim_is_in_nobodys_way_and_ends_when_another_proves(
    visitor, olga, mallory, dns, look, story
) -> None:
    squatter, owner = visitor(mallory), visitor(olga)
    claim(squatter, "portal.keystone.example")
    assert claim(owner, "portal.keystone.example").status_int == 302
    assert "portal.keystone.example is yours" in prove(owner, dns).text
    with look(story.other_reseller_id):
        assert (settings().host_name, settings().host_token) == (None, None)
    assert claim(squatter, "portal.keystone.example").html.find(id="host_name-error")


def test_a_proved_name_is_not_taken_by_a_later_proof(
    visitor, olga, mallory, dns, look, story
) -> None:
    late, owner = visitor(mallory), visitor(olga)
    claim(late, "portal.keystone.example")
    token = late.get(PAGE).html.find(id="host-token").get_text()
    claim(owner, "portal.keystone.example")
    prove(owner, dns)
    with look(story.other_reseller_id):
        # As it stands when both look at the same moment: the claim has not been ended yet.
        settings().host_name, settings().host_token = "portal.keystone.example", token
        db.session.commit()
    assert "was not found yet" in prove(late, dns).text
    with look(story.other_reseller_id):
        assert settings().host_verified_at is None
    with look():
        assert settings().host_verified_at is not None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("https://portal.example.com/", "Write the host name alone, such as portal.example.com."),
        ("portal.example.com:8443", "Write the host name alone, such as portal.example.com."),
        ("203.0.113.9", "Write a name, not an IP address."),
        ("localhost", "“localhost” is no host name. Write portal.example.com."),
        ("-x.example.com", "“-x.example.com” is no host name. Write portal.example.com."),
        ("a b.example.com", "“a b.example.com” is no host name. Write portal.example.com."),
        ("x.localhost", "Your portal is on this host already. Leave the field empty."),
    ],
)
def test_what_is_no_host_name_is_refused(visitor, olga, look, typed: str, sentence: str) -> None:
    page = claim(visitor(olga), typed)
    assert page.html.find(id="host_name-error").get_text(strip=True) == sentence
    with look():
        assert settings().host_name is None


def test_an_international_name_is_kept_as_dns_writes_it(visitor, olga, look) -> None:
    claim(visitor(olga), "portal.bücher.example")
    with look():
        assert settings().host_name == "portal.xn--bcher-kva.example"


# --- What each host answers ---------------------------------------------------------------------


def at(app: Any, host: str, path: str) -> Any:
    return Visitor(app).get(path, headers={"Host": host}, status="*")


def test_a_proved_host_shows_its_own_portal_alone(app, proved: str) -> None:
    assert at(app, proved, "/").location == "/portal/keystone/sign-in"
    assert at(app, proved, "/portal/keystone/sign-in").status_int == 200
    assert at(app, proved, "/portal/other/sign-in").status_int == 404
    assert at(app, proved, "/admin/login").status_int == 404
    assert at(app, proved, "/static/css/app.css").status_int == 200


def test_an_unknown_host_is_refused_in_production(app, proved: str, monkeypatch) -> None:
    monkeypatch.setitem(app.config, "CHECK_HOSTS", True)
    assert at(app, "evil.example", "/portal/keystone/sign-in").status_int == 400
    assert at(app, "evil.example", "/healthz").status_int == 200
    assert at(app, proved, "/portal/keystone/sign-in").status_int == 200
    assert at(app, "localhost", "/admin/login").status_int == 200


def test_a_link_never_follows_the_host_of_a_request(app, bob, story, look) -> None:
    browser = Visitor(app)
    form = browser.get("/portal/keystone/forgotten").forms["forgotten"]
    form["email"] = bob.email
    fields = form.submit_fields()
    browser.post("/portal/keystone/forgotten", fields, headers={"X-Forwarded-Host": "evil.example"})
    assert people.answer_forgotten(app) == 1
    with look():
        mail = db.session.query(Mail).filter_by(kind="password_forgotten").one()
        assert "evil.example" not in mail.text
