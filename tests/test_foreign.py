"""Who asks for another's row is answered as for nothing, and a line of the audit says so (A-19)."""

from typing import Any

import pytest
import time_machine
from sqlalchemy import select

import tenancy
from columns import now
from extensions import db
from models import AuditEntry, Did, E911Record, Login, Mail, Net
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.people import essence
from tests.support.web import Visitor

NOBODYS = 9_999_999


def lines(app: Any, action: str) -> list[tuple[int, int, str, dict[str, Any]]]:
    """Give reseller, staff or login, name and changes of the lines of an action."""
    with app.app_context(), tenancy.across_resellers():
        rows = db.session.scalars(select(AuditEntry).where(AuditEntry.action == action))
        return [
            (row.reseller_id, row.staff_id or row.login_id, row.by_name, row.changes)
            for row in rows
        ]


def of_staff(app: Any) -> list[Any]:
    return lines(app, "staff.asked_for_anothers")


def of_logins(app: Any) -> list[Any]:
    return lines(app, "login.asked_for_anothers")


@pytest.fixture
def bobs(look, bob: Person, story: Story) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    """What Bob has: an order, a mail of it, a number, an address off the net."""
    with look():
        number = orders.ask(bob, story.free[0])
        db.session.add(
            E911Record(
                reseller_id=story.reseller_id,
                client_id=story.acme.id,
                number="+14125550162",
                net=Net.OFF_NET,
                caller_name="Acme",
                address1="1 Main Street",
                city="Pittsburgh",
                state="PA",
                zip="15222",
            )
        )
        db.session.commit()
        return {
            "order": number,
            "mail": db.session.scalars(select(Mail.id)).first(),
            "did": db.session.scalars(select(Did.id).order_by(Did.id)).first(),
            "client": story.acme.id,
            "login": db.session.get_one(Login, bob.id).id,
        }


@pytest.mark.parametrize(
    "address",
    [
        "/admin/clients/{client}/",
        "/admin/clients/{client}/logins/",
        "/admin/logins/details/?id={login}",
        "/admin/mail/{mail}/body",
        "/admin/dids/details/?id={did}",
    ],
)
def test_mallory_is_recorded_and_answered_as_for_nothing(
    app, visitor, mallory: Person, bobs, address: str
) -> None:
    browser, asked = visitor(mallory), address.format(**bobs)
    answer = browser.get(asked, status=404)
    nothing = browser.get(address.format_map(dict.fromkeys(bobs, NOBODYS)), status=404)
    assert essence(answer, "")[:2] == essence(nothing, "")[:2]
    assert of_staff(app) == [
        (mallory.reseller_id, mallory.id, "Mallory", {"address": f"GET {asked}"})
    ]


def test_a_forged_batch_is_one_line(app, visitor, mallory: Person, story: Story, bobs) -> None:
    browser = visitor(mallory)
    token = browser.get("/admin/").forms["sign-out"]["csrf_token"].value
    rows = [("rowid", str(bobs["did"])), ("rowid", str(bobs["did"] + 1)), ("verb", "take_back")]
    browser.post("/admin/dids/batch", [("csrf_token", token), *rows], status=404)
    ((*_, said),) = of_staff(app)
    assert said == {"address": f"POST /admin/dids/batch?id={bobs['did']}&id={bobs['did'] + 1}"}


@pytest.mark.parametrize(
    "path", ["orders/{order}", "numbers/4125550190", "911/4125550162/history", "usage/4125550190"]
)
def test_charlie_is_recorded_and_answered_as_for_nothing(
    app, visitor, charlie: Person, bobs, path: str
) -> None:
    browser, asked = visitor(charlie), f"/portal/keystone/{path.format(**bobs)}"
    browser.get(asked, status=404)
    assert of_logins(app) == [
        (charlie.reseller_id, charlie.id, "Charlie", {"address": f"GET {asked}"})
    ]


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("mallory", f"/admin/clients/{NOBODYS}/"),
        ("mallory", "/admin/nowhere"),
        ("mallory", "/admin/logins/details/?id=abc"),
        ("alice", f"/admin/clients/{NOBODYS}/"),
        ("bob", "/portal/keystone/numbers/2125550199"),
        ("bob", "/portal/keystone/orders/O-999999"),
    ],
)
def test_what_is_nobodys_makes_no_line(app, visitor, story: Story, bobs, who, address) -> None:
    visitor(getattr(story, who)).get(address, status=404)
    assert of_staff(app) + of_logins(app) == []


def test_a_stranger_makes_no_line(app, visitor, bobs) -> None:
    visitor().get("/portal/nobody/numbers/4125550190", status=404)
    assert of_staff(app) + of_logins(app) == []


def test_who_tries_every_id_fills_no_table(app, visitor, charlie: Person, bobs) -> None:
    browser: Visitor = visitor(charlie)
    moment = now()
    with time_machine.travel(moment, tick=False) as clock:
        for _ in range(23):
            browser.get("/portal/keystone/numbers/4125550190", status=404)
        assert len(of_logins(app)) == 20
        clock.shift(3_601)
        browser.get("/portal/keystone/numbers/4125550190", status=404)
        assert len(of_logins(app)) == 21


def test_staff_behind_a_login_are_named_with_it(
    app, visitor, alice: Person, bob: Person, story: Story, bobs
) -> None:
    browser = visitor(alice)
    form = browser.get(f"/admin/logins/details/?id={bob.id}").forms["impersonate"]
    form["reason"] = "Ticket 4711"
    form.submit(status=303).follow().forms["impersonate"].submit(status=302)
    browser.get("/portal/keystone/numbers/4125550191", status=404)
    assert [row[2] for row in of_logins(app)] == ["Alice as Bob"]


def test_the_audit_says_it_in_words(app, visitor, mallory: Person, bobs) -> None:
    browser = visitor(mallory)
    browser.get(f"/admin/clients/{bobs['client']}/", status=404)
    assert "Asked for something that is another" in browser.get("/admin/audit/").text
