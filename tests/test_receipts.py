"""An order's receipt: one sheet in both areas and as PDF, in the client's words and brand."""

import io
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from extensions import db
from models import AuditEntry, Reseller
from tests.support import orders
from tests.support.words import leaks, leaks_of

REASON = "Your account is past due.\nCall us."


@pytest.fixture
def number(look, story) -> str:
    """A forward of Acme's number, asked for by Bob."""
    with look():
        return str(
            orders.ask(
                story.bob, story.acme_number, kind="call_forwarding", forward_to="4125550147"
            )
        )


def office(number: str) -> str:
    return f"/admin/orders/{number}/receipt/"


def portal(number: str) -> str:
    return f"/portal/keystone/orders/{number}/receipt"


def facts(page: Any) -> dict[str, str]:
    sheet = page.html.find(id="receipt")
    names, values = sheet.find_all("dt"), sheet.find_all("dd")
    return {
        one.get_text(strip=True): " ".join(two.get_text(" ").split())
        for one, two in zip(names, values, strict=True)
    }


def lines(page: Any) -> list[list[str]]:
    rows = page.html.find(id="receipt-lines").tbody.find_all("tr")
    return [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in rows]


def read(drawn: Any) -> str:
    assert drawn.content_type == "application/pdf"
    return " ".join(
        page.extract_text() for page in PdfReader(io.BytesIO(drawn.body)).pages
    ).replace("\n", " ")


def test_both_areas_lead_from_the_order_to_one_and_the_same_sheet(
    visitor, alice, bob, number
) -> None:
    theirs = visitor(bob).get(f"/portal/keystone/orders/{number}").click("Receipt")
    ours = visitor(alice).get(f"/admin/orders/{number}").click("Receipt")
    assert (theirs.request.path, ours.request.path) == (portal(number), office(number))
    assert (facts(theirs)["Asked for by"], facts(theirs)["Decision"]) == ("Bob", "Not decided yet")
    assert (lines(theirs), facts(ours)["Decision"]) == (lines(ours), "Not decided yet")


def test_it_tells_what_changes_and_what_it_comes_to(visitor, bob, number) -> None:
    first, *_, total = lines(visitor(bob).get(portal(number)))
    asked = ["(412) 555-0190", "Call Forwarding", "Off", "All calls to (412) 555-0147"]
    assert first == [*asked, "$0.50", "$0.00"]
    assert total == ["1 number in all", "$0.50", "$0.00"]


def test_a_rejection_tells_its_reason_and_names_the_company(
    visitor, alice, bob, number, look
) -> None:
    with look():
        orders.reject(number, alice, REASON)
    page = visitor(bob).get(portal(number))
    found = facts(page)
    assert (found["Decision"], found["Reason"]) == (
        "Rejected by Keystone Voice",
        "Your account is past due. Call us.",
    )
    assert "Alice" not in page.html.find(id="receipt").get_text()
    assert leaks_of(page) == []


def test_what_is_in_force_tells_since_when_with_the_zone(visitor, alice, bob, number, look) -> None:
    with look():
        orders.approve(number, alice)
    found = facts(visitor(bob).get(portal(number)))
    assert found["Decision"] == "Approved by Keystone Voice; in force"
    assert [found[name].rsplit(" ", 1)[1] for name in ("Sent", "Decided", "In force since")] == [
        found["Sent"].rsplit(" ", 1)[1]
    ] * 3
    assert found["Sent"].rsplit(" ", 1)[1].isalpha()
    assert "Reason" not in found


def test_the_pdf_says_what_the_page_says(visitor, alice, bob, number, look) -> None:
    with look():
        orders.reject(number, alice, REASON)
    page = visitor(bob).get(portal(number))
    drawn = page.forms["pdf"].submit()
    text = read(drawn)
    for words in (f"Order {number}", "Acme", "Rejected by Keystone Voice", "(412) 555-0147"):
        assert words in text
    assert "Your account is past due." in text
    about = PdfReader(io.BytesIO(drawn.body)).metadata
    assert leaks(text) == leaks(str(about)) == []
    assert read(visitor(alice).get(office(number)).forms["pdf"].submit()).count(number) == 1


def test_who_takes_it_as_a_file_is_recorded(visitor, alice, bob, number, look) -> None:
    visitor(bob).get(portal(number)).forms["pdf"].submit()
    visitor(alice).get(office(number)).forms["pdf"].submit()
    with look():
        taken = select(AuditEntry.by_name).where(AuditEntry.action == "receipt.exported")
        assert list(db.session.scalars(taken.order_by(AuditEntry.id))) == ["Bob", "Alice"]


def test_prices_that_clients_do_not_see_stand_nowhere_on_it(visitor, bob, number, look) -> None:
    with look():
        db.session.scalars(select(Reseller)).one().portal_settings.hide_prices = True
        db.session.commit()
    page = visitor(bob).get(portal(number))
    assert [len(row) for row in lines(page)] == [4]
    assert "$" not in page.html.find(id="receipt").get_text()
    assert "$" not in read(page.forms["pdf"].submit())


def test_nobody_else_sees_it(visitor, charlie, mallory, number) -> None:
    for person, page in ((charlie, portal(number)), (mallory, office(number))):
        browser = visitor(person)
        assert browser.get(page, status=404).status_int == 404
        assert number not in browser.get(page, status=404).html.get_text().replace(page, "")
