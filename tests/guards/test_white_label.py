"""Nothing that a client reads names the carrier, its prices or this software (P31).

Bob of the demo reads every page, file, mail, header and asset that he can reach. What the reseller
alone knows is full of forbidden words here, so that a page which showed it would be caught.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from fpdf import FPDF
from sqlalchemy import select, update
from webtest import TestResponse

import carriers
import catalog
import credentials
import demo
import notes
import outbox
import permissions
import ports
import tenancy
import workflow
from app import create_app
from carriers import Answer, Job, Outcome
from config import Settings
from extensions import db
from lines import Request
from models import (
    Call,
    CdrImport,
    Client,
    Did,
    DidType,
    Login,
    Mail,
    Order,
    Port,
    RatePlan,
    Staff,
    Tier,
)
from statements.pdf import FONTS
from tests.conftest import empty_all_tables
from tests.support.cast import Person
from tests.support.crawler import Reader, leaks_in, said
from tests.support.mails import STAFF_KINDS, words_of
from tests.support.web import Visitor
from tests.support.words import leaks

HOME = "/portal/keystone"
BOB = Person(0, "Bob", "bob@acme.example", 0, "keystone", False, password=demo.PASSWORD)
SECRET = "Wholesale Carrier Network"
ODD = 123_457
"""What the reseller itself pays for a number here, in micro-units: no price has these digits."""

UNSEEN: dict[Any, tuple[str, ...]] = {
    Call: ("carried_by",),
    CdrImport: ("file_name",),
    Client: ("notes",),
    Did: ("network",),
    RatePlan: ("name",),
    Staff: ("name",),
}
"""Texts that only the reseller sees; what staff write and do is added by Alice, below."""

NOT_READ = {
    "portal.sign_out": "it ends the reading",
    "portal.sign_out_elsewhere": "it ends the reading",
    "portal.end_session": "it ends the reading",
    "portal.end_impersonation": "there is none to end",
    "portal.change_password": "it changes who reads",
    "portal.change_address": "it changes who reads",
    "portal.keep_address": "no address waits",
    "portal.code": "it asks for a code: tests/portal/test_two_factor.py reads it",
    "portal.two_factor_renew": "it asks for a code, as above",
    "portal.two_factor_turn_off": "it asks for a code, as above",
    "portal.logo": "a picture of the reseller's own",
}


class Refusing:
    """A carrier that tells why in words which no client may read."""

    answers_at_once = True

    def carry_out(self, job: Job) -> Answer:
        """Refuse."""
        return Answer(Outcome.REFUSED, f"The {SECRET} refused it.")


@pytest.fixture(scope="module")
def reading(migrated_app: Flask) -> Iterator[Reader]:
    """All that Bob and a stranger could read of the demo, once for all of these tests."""
    with migrated_app.app_context():
        demo.load()
        mailed = furnish()
    stranger = Reader(Visitor(migrated_app)).crawl(f"{HOME}/sign-in", *mailed)
    reader = Reader(Visitor(migrated_app).sign_in(BOB))
    reader.crawl(
        f"{HOME}/", f"{HOME}/impersonate/nothing", f"{HOME}/account/two-factor/picture.svg"
    )
    reader.read |= stranger.read
    reader.opened |= stranger.opened
    yield reader
    with migrated_app.app_context():
        empty_all_tables()


def furnish() -> list[str]:
    """Hide forbidden words wherever Bob must not look; gives the addresses mailed to him."""
    with tenancy.across_resellers():
        for model, names in UNSEEN.items():
            db.session.execute(update(model).values(dict.fromkeys(names, SECRET)))
        db.session.execute(update(Tier).values(cost_monthly_micros=ODD, cost_setup_micros=ODD))
        bob = db.session.scalars(select(Login).where(Login.email == BOB.email)).one()
        db.session.commit()
    with tenancy.acting_for(bob.reseller_id):
        alice = permissions.staff_actor(
            db.session.scalars(select(Staff).where(Staff.email.startswith("alice"))).one()
        )
        _write_as(alice, bob)
        _fail_an_order(alice, bob)
        link = credentials.link(credentials.invite(bob))
        db.session.commit()
    return [link.removeprefix("http://localhost"), f"{HOME}/confirm-address/nothing"]


def _write_as(alice: permissions.Actor, bob: Login) -> None:
    for order in db.session.scalars(select(Order).where(Order.client_id == bob.client_id)):
        notes.add(order, SECRET, alice, is_private=True)
        notes.add(order, "We shall call you.", alice)
    for port in db.session.scalars(select(Port).where(Port.client_id == bob.client_id)):
        ports.comment(port, SECRET, is_private=True, by=alice)
        ports.comment(port, "We shall call you.", is_private=False, by=alice)


def _fail_an_order(alice: permissions.Actor, bob: Login) -> None:
    free = select(Did.number).where(Did.client_id.is_(None), Did.held_by_id.is_(None))
    asked = [Request(db.session.scalars(free.where(Did.type == DidType.LOCAL)).first() or "")]
    order = workflow.submit(bob.client, "did_order", asked, permissions.login_actor(bob))
    before = carriers.CARRIERS["inventory"]
    carriers.CARRIERS["inventory"] = Refusing()
    try:
        workflow.approve(order, alice)
    finally:
        carriers.CARRIERS["inventory"] = before
    assert SECRET in (order.lines[0].error or "")


# --- What was read ----------------------------------------------------------------------------


def test_no_page_file_header_or_asset_says_a_forbidden_word(reading: Reader) -> None:
    found = {what: leaks_in(what, answer) for what, answer in reading.read.items()}
    assert {what: words for what, words in found.items() if words} == {}


def test_no_page_or_file_tells_what_the_reseller_pays(reading: Reader) -> None:
    digits = str(ODD)
    assert [what for what, answer in reading.read.items() if digits in said(answer)] == []


def test_bob_reached_every_address_of_the_portal(reading: Reader) -> None:
    """What the crawler cannot reach, it cannot have searched."""
    rules = reading.app.url_map.iter_rules()
    portal = {rule.endpoint for rule in rules if rule.endpoint.startswith("portal.")}
    assert portal - reading.endpoints() == set(NOT_READ)


def test_bob_read_every_kind_of_thing(reading: Reader) -> None:
    kinds = {answer.content_type for answer in reading.read.values()}
    statuses = {answer.status_int for answer in reading.read.values()}
    wanted = {"text/html", "text/css", "text/csv", "application/pdf", "image/svg+xml"}
    assert wanted - kinds == set()
    assert {200, 302, 303, 404, 410, 422} - statuses == set()


def test_no_mail_to_a_client_says_a_forbidden_word(reading: Reader) -> None:
    with reading.app.app_context(), tenancy.across_resellers():
        mails = list(db.session.scalars(select(Mail).where(Mail.kind.not_in(STAFF_KINDS))))
        said_there = {
            f"{mail.kind} {mail.id}": leaks(words_of(mail) + str(outbox.compose(mail).as_string()))
            for mail in mails
        }
        kinds = {mail.kind for mail in mails}
    assert {key: words for key, words in said_there.items() if words} == {}
    assert {"order_submitted", "order_rejected", "order_completed", "order_noted"} <= kinds


def test_no_word_of_an_order_as_people_read_it_is_forbidden() -> None:
    words = [kind.label for kind in catalog.KINDS.values()]
    words += [f"{one.label} {one.summary}" for one in catalog.SERVICES.values()]
    assert leaks("\n".join(words)) == []


# --- Error pages ------------------------------------------------------------------------------


def test_no_error_page_says_a_forbidden_word(reading: Reader) -> None:
    browser = Visitor(reading.app).sign_in(BOB)
    token = browser.get(f"{HOME}/").forms["sign-out"]["csrf_token"].value
    taken = browser.get(f"{HOME}/orders?tab=completed").click(href="/orders/", index=0)
    number = taken.request.path.rsplit("/", 1)[1]
    with_token = {"csrf_token": token}
    answers = {
        400: browser.post(f"{HOME}/orders/{number}/cancel", status="*"),
        404: browser.get(f"{HOME}/orders/NOTHING", status="*"),
        405: browser.get(f"{HOME}/orders/{number}/cancel", status="*"),
        409: browser.post(f"{HOME}/orders/{number}/cancel", with_token, status="*"),
        413: browser.post(f"{HOME}/account", "x" * 17_000_000, status="*"),
    }
    with reading.app.app_context(), tenancy.across_resellers():
        db.session.execute(update(Login).values(allow_order_requests=False))
        db.session.commit()
    answers[403] = browser.get(f"{HOME}/911/new", status="*")
    assert [answer.status_int for answer in answers.values()] == list(answers)
    assert [leaks_in("", answer) for answer in answers.values()] == [[] for _ in answers]


def test_the_page_of_an_error_of_ours_says_no_forbidden_word(
    settings: Settings, reading: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application of its own, in which one page breaks with words that nobody may read."""
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    app = create_app(replace(settings, app_env="development", log_level="CRITICAL"))
    app.view_functions["portal.usage"] = _broken
    answer = Visitor(app).sign_in(BOB).get(f"{HOME}/usage", status=500)
    with app.app_context():
        db.engine.dispose()
    assert "It is our fault" in answer.text
    assert leaks_in("", answer) == []


def _broken() -> str:
    raise RuntimeError(f"The {SECRET} of Portico broke.")


# --- The guard can see ------------------------------------------------------------------------


def pdf(text: str, **about: str) -> bytes:
    """Draw a text as the statements are drawn, and say something about the file."""
    page = FPDF()
    page.add_page()
    page.add_font("text", "", FONTS / "DejaVuSans.ttf")
    page.set_font("text", size=9)
    page.cell(text=text)
    for name, value in about.items():
        getattr(page, f"set_{name}")(value)
    return bytes(page.output())


@pytest.mark.parametrize(
    ("what", "kind", "body", "headers"),
    [
        ("GET /", "text/html", "<p>The carrier refused it.</p>", {}),
        ("GET /", "text/html", "<title>Portico</title>", {}),
        ("GET /", "text/html", '<input placeholder="Network">', {}),
        ("GET /", "text/html", "<!-- our cost -->", {}),
        ("GET /", "text/css", "/* Portico's look */", {}),
        ("GET /", "text/javascript", "const cost = 1;", {}),
        ("GET /", "image/svg+xml", "<svg><title>portico</title></svg>", {}),
        ("GET /", "text/csv", "number,cost\r\n", {}),
        ("GET /", "text/html", "", {"Location": "https://portico.example/"}),
        ("GET /", "text/html", "", {"Set-Cookie": "portico=1"}),
        ("GET /", "text/html", "", {"X-Carrier": "1"}),
        ("GET /", "text/csv", "", {"Content-Disposition": 'filename="network.csv"'}),
        ("GET /static/portico.css", "text/css", "", {}),
        ("GET /", "application/pdf", pdf("Wholesale"), {}),
        ("GET /", "application/pdf", pdf("Statement", title="Portico"), {}),
        ("GET /", "application/pdf", pdf("Statement", producer="Portico"), {}),
    ],
)
def test_a_planted_word_is_seen(what: str, kind: str, body: Any, headers: dict[str, str]) -> None:
    raw = body if isinstance(body, bytes) else body.encode()
    answer = TestResponse(raw, content_type=kind)
    answer.headers.update(headers)
    assert len(set(leaks_in(what, answer))) == 1


def test_a_brand_that_is_a_forbidden_word_is_seen_wherever_a_brand_is(reading: Reader) -> None:
    """This changes the demo, so it stands last."""
    with reading.app.app_context(), tenancy.across_resellers():
        bob = db.session.scalars(select(Login).where(Login.email == BOB.email)).one()
        bob.client.reseller.portal_settings.company_name = "Portico"
        db.session.execute(update(Did).values(label="Carrier", client_label="Carrier"))
        db.session.commit()
    again = Reader(Visitor(reading.app).sign_in(BOB)).crawl(f"{HOME}/", f"{HOME}/orders/NOTHING")
    leaking = {what: answer for what, answer in again.read.items() if leaks_in(what, answer)}
    seen = {(answer.content_type, answer.status_int) for answer in leaking.values()}
    wanted = {("text/html", 200), ("text/html", 404), ("text/csv", 200), ("application/pdf", 200)}
    assert wanted - seen == set()
