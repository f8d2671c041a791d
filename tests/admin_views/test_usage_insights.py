"""Calls of nobody and unused numbers in the back office: seen, given to a client, exported."""

import csv
import io

import pytest
from sqlalchemy import func, select

from extensions import db
from models import Call, Client, Did, RatePlan, Role, Staff, UsageDay
from tests.support.calls import LONG_AGO, forget_charges, hold_since_long_ago, line, load

STRAY = "+17135550123"
GIVE = f"/admin/unassigned/{STRAY}"


@pytest.fixture
def billing(visitor, victor, look):  # type: ignore[no-untyped-def]
    """Victor's browser; he keeps the books here."""
    with look():
        db.session.get_one(Staff, victor.id).role = Role.BILLING
        db.session.commit()
    return visitor(victor)


@pytest.fixture
def calls(look, story):  # type: ignore[no-untyped-def]
    """Three calls of nobody's with one number, one of Acme's; Acme pays half more than the cost."""
    with look():
        forget_charges()
        hold_since_long_ago()
        plan = RatePlan(name="Half", markup_basis_points=5_000)
        db.session.add(plan)
        db.session.flush()
        db.session.get_one(Client, story.acme.id).rate_plan_id = plan.id
        db.session.commit()
        at = [f"2026-11-{n:02d} 15:00:00" for n in (2, 3, 4)]
        strays = [line(f"s{n}", STRAY, at=moment, price="0.10") for n, moment in enumerate(at)]
        load(*strays, line("a", story.acme_number, price="1.00"))
    return story


def owned(look) -> dict[int | None, tuple[int, int]]:  # type: ignore[no-untyped-def]
    """Count calls and their prices by client, which the sums must equal."""
    with look():
        both = (Call.client_id, func.count(Call.id), func.sum(Call.price_micros))
        counted = db.session.execute(select(*both).group_by(Call.client_id)).all()
        sums = (UsageDay.client_id, func.sum(UsageDay.calls), func.sum(UsageDay.price_micros))
        added = db.session.execute(select(*sums).group_by(UsageDay.client_id)).all()
    found = {key: (int(count), int(price)) for key, count, price in counted}
    assert found == {key: (int(count), int(price)) for key, count, price in added}
    return found


def errors(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [box.get_text(strip=True) for box in page.html.select(".invalid-feedback")]


def test_calls_of_nobody_are_given_to_a_client_in_its_prices(billing, acme, calls, look) -> None:
    page = billing.get("/admin/usage/?from=2026-11-01&to=2026-11-30")
    page = page.click("Give them to a client").click("Give to a client")
    form = page.forms["give"]
    form["client_id"] = str(acme.id)
    page = form.submit().follow()
    assert "3 calls given." in page
    assert "Every call has a client" in page
    assert owned(look) == {acme.id: (4, 1_500_000 + 3 * 150_000)}


def test_calls_are_given_from_a_day_on(billing, acme, calls, look) -> None:
    form = billing.get(GIVE).forms["give"]
    form["client_id"], form["since"] = str(acme.id), "2026-11-04"
    assert "1 call given." in form.submit().follow()
    assert owned(look)[None][0] == 2


@pytest.mark.parametrize(
    ("client", "since", "sentence"),
    [
        ("", "", "Choose the client who is to pay for these calls."),
        ("999999", "", "Choose a client from the list."),
        ("acme", "soon", "Write a day such as 2026-11-01, or leave it empty."),
    ],
)
def test_a_wrong_gift_says_why(billing, acme, calls, look, client, since, sentence) -> None:
    before = owned(look)
    form = billing.get(GIVE).forms["give"]
    form["client_id"].force_value(str(acme.id) if client == "acme" else client)
    form["since"].force_value(since)
    page = form.submit()
    assert errors(page) == [sentence]
    assert page.forms["give"]["since"].value == since
    assert owned(look) == before


def test_what_was_given_cannot_be_given_again(billing, acme, birch, calls, look) -> None:
    first, second = billing.get(GIVE).forms["give"], billing.get(GIVE).forms["give"]
    first["client_id"], second["client_id"] = str(acme.id), str(birch.id)
    first.submit()
    before = owned(look)
    assert "No calls of nobody are left with this number." in second.submit().follow()
    assert owned(look) == before


def test_alice_sees_calls_of_nobody_but_gives_none(visitor, alice, acme, calls, look) -> None:
    browser, before = visitor(alice), owned(look)
    page = browser.get("/admin/unassigned/")
    assert "(713) 555-0123" in page
    assert "Give to a client" not in page
    data = {"csrf_token": page.forms["sign-out"]["csrf_token"].value, "client_id": acme.id}
    browser.post(GIVE, data, status=403)
    assert owned(look) == before


def test_mallory_sees_no_call_of_nobody_of_another_reseller(visitor, mallory, calls) -> None:
    assert "(713) 555-0123" not in visitor(mallory).get("/admin/unassigned/")


def test_unused_numbers_are_listed_and_exported(visitor, alice, look, story) -> None:
    with look():
        for did in db.session.scalars(select(Did).where(Did.client_id.is_not(None))):
            did.activated_at = LONG_AGO
        db.session.commit()
    page = visitor(alice).get("/admin/unused/")
    listed = [row.th.get_text(strip=True) for row in page.html.select("#unused tbody tr")]
    assert listed == ["(412) 555-0190", "(412) 555-0191"]
    rows = list(csv.DictReader(io.StringIO(page.click("CSV").text)))
    assert [(row["number"], row["client"]) for row in rows] == [
        (story.acme_number, "Acme"),
        (story.birch_number, "Birch"),
    ]
