"""Price Again: the difference for each client is seen before anything is written."""

import csv
import io

import pytest
from sqlalchemy import func, select

from extensions import db
from models import Call, Client, RatePlan, Rerating, Role, Staff
from tests.support.calls import forget_charges, hold_since_long_ago, line, load

PAGE = "/admin/price-again/"


@pytest.fixture
def billing(visitor, victor, look):  # type: ignore[no-untyped-def]
    """Victor's browser; he keeps the books here."""
    with look():
        db.session.get_one(Staff, victor.id).role = Role.BILLING
        db.session.commit()
    return visitor(victor)


@pytest.fixture
def corrected(look, story):  # type: ignore[no-untyped-def]
    """A call of Acme's at a dollar, and a mark-up of half that was forgotten."""
    with look():
        forget_charges()
        hold_since_long_ago()
        db.session.commit()
        load(line("a", story.acme_number, price="1"))
        plan = RatePlan(name="Half", markup_basis_points=5_000)
        db.session.add(plan)
        db.session.flush()
        db.session.get_one(Client, story.acme.id).rate_plan_id = plan.id
        db.session.commit()


def price(look) -> int:  # type: ignore[no-untyped-def]
    with look():
        return int(db.session.scalar(select(func.sum(Call.price_micros))) or 0)


def compare(browser, first: str = "2026-11-01", last: str = "2026-11-30"):  # type: ignore[no-untyped-def]
    form = browser.get(PAGE).forms["again"]
    form["first"].force_value(first)
    form["last"].force_value(last)
    return form.submit()


def test_a_corrected_rate_is_seen_and_then_written(billing, corrected, look) -> None:
    page = compare(billing).follow()
    rows = page.html.select("#differences tbody tr")
    assert rows[0].get_text(" ", strip=True) == "Acme 1 $1.00 $1.50 $0.50"
    assert price(look) == 1_000_000
    form = page.forms["confirm"]
    page = form.submit().follow()
    assert "Done. 1 call looked at, 1 with another price or length." in " ".join(
        page.html.select_one(".page-intro").get_text().split()
    )
    assert price(look) == 1_500_000
    assert "This was confirmed already." in form.submit().follow()
    assert price(look) == 1_500_000


def test_the_difference_is_taken_as_csv_before_and_after_it_is_written(
    billing, corrected, look
) -> None:
    page = compare(billing).follow()
    told = [
        {"client": "Acme", "calls": "1", "before": "1.00", "after": "1.50", "difference": "0.50"}
    ]
    for _ in range(2):
        answer = page.click("CSV")
        assert list(csv.DictReader(io.StringIO(answer.text))) == told
        assert "price-again-2026-11-01-2026-11-30.csv" in answer.headers["Content-Disposition"]
        if "confirm" in page.forms:
            page = page.forms["confirm"].submit().follow()
    assert price(look) == 1_500_000


def test_mallory_cannot_take_the_difference(billing, visitor, mallory, corrected, look) -> None:
    where = compare(billing).location
    with look(mallory.reseller_id):
        db.session.get_one(Staff, mallory.id).role = Role.BILLING
        db.session.commit()
    visitor(mallory).get(f"{where}/csv", status=404)


def test_where_nothing_changes_nothing_is_offered(billing, corrected, look) -> None:
    compare(billing).follow().forms["confirm"].submit()
    page = compare(billing).follow()
    assert "Every call has the price of today's rates already." in page
    assert "confirm" not in page.forms


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("", "2026-11-30", "Write a day such as 2026-11-01."),
        ("2026-11-30", "2026-11-01", "Nov 1, 2026 lies before Nov 30, 2026; swap the days."),
    ],
)
def test_days_that_cannot_be_say_why(billing, corrected, look, first, last, sentence) -> None:
    page = compare(billing, first, last)
    assert [box.get_text(strip=True) for box in page.html.select(".invalid-feedback")] == [sentence]
    assert page.forms["again"]["first"].value == first
    with look():
        assert db.session.query(Rerating).count() == 0


def test_alice_cannot_price_again(visitor, alice, corrected, look) -> None:
    browser = visitor(alice)
    browser.get(PAGE, status=403)
    token = browser.get("/admin/").forms["sign-out"]["csrf_token"].value
    browser.post(PAGE, {"csrf_token": token, "first": "2026-11-01"}, status=403)
    assert price(look) == 1_000_000


def test_mallory_finds_no_difference_of_another_reseller(
    visitor, mallory, billing, corrected, look
) -> None:
    where = compare(billing).location
    with look():
        db.session.commit()
    visitor(mallory).get(where, status="*").mustcontain(no="Acme")
