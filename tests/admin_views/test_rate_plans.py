"""Rate plans on screen: made, priced, imported, given; and what a call would cost."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from webtest import Upload

from extensions import db
from models import Client, Rate, RatePlan, Role, Staff

PLANS = "/admin/rate-plans/"
DAY = date(2026, 1, 1)
DECK = b"prefix,minute,minimum,increment\n1412,0.009,30,6\n1412555,0.012,6,6\nPA,0.01,6,6\n"


@pytest.fixture
def billing(visitor, victor, look):  # type: ignore[no-untyped-def]
    """Victor's browser; he keeps the books here."""
    with look():
        db.session.get_one(Staff, victor.id).role = Role.BILLING
        db.session.commit()
    return visitor(victor)


@pytest.fixture
def plan(look, story) -> int:  # type: ignore[no-untyped-def]
    """A plan with one rate; gives its id."""
    with look():
        made = RatePlan(name="Standard", markup_basis_points=2_500)
        db.session.add(made)
        db.session.flush()
        terms = {"minute_micros": 20_000, "minimum_seconds": 6, "increment_seconds": 6}
        db.session.add(
            Rate(rate_plan_id=made.id, kind="outbound", prefix="1", starts_on=DAY, **terms)
        )
        db.session.commit()
        return made.id


def page_of(browser: Any, plan: int, asked: str = "") -> Any:
    return browser.get(f"{PLANS}details/?id={plan}{asked}")


def prices(look) -> dict[str, int]:  # type: ignore[no-untyped-def]
    with look():
        return dict(db.session.execute(select(Rate.prefix, Rate.minute_micros)).all())


def errors(page: Any) -> list[str]:
    return [box.get_text(strip=True) for box in page.html.select(".invalid-feedback")]


def test_a_plan_is_made_and_gets_a_rate(billing, look) -> None:
    form = billing.get(PLANS).click("New plan", index=0).forms["plan"]
    form["name"], form["markup"], form["fixed"] = "Gold", "12.5", "0.001"
    page = form.submit().follow()
    assert "A call without a rate: Cost and 12.5 % and $0.001." in page
    form = page.click("New rate").forms["rate"]
    form["kind"], form["prefix"], form["minute"] = "outbound", "1412", "0.009"
    page = form.submit().follow()
    row = page.html.select_one("#rates tbody tr").get_text(" ", strip=True)
    assert row.startswith("Outbound 1412 Any $0.009 $0.00 60/60")


def test_a_wrong_plan_keeps_what_was_typed(billing, plan, look) -> None:
    form = billing.get(f"{PLANS}new/").forms["plan"]
    form["name"], form["markup"] = "standard", "lots"
    page = form.submit()
    assert errors(page) == [
        "There is a plan standard already. Write a different name.",
        "Write a percentage from 0 to 1,000, such as 25 or 12.5.",
    ]
    assert page.forms["plan"]["markup"].value == "lots"
    with look():
        assert db.session.query(RatePlan).count() == 1


def test_a_rate_is_changed_and_removed(billing, plan, look) -> None:
    page = page_of(billing, plan).click("Change")
    form = page.forms["rate"]
    form["minute"] = "0.03"
    page = form.submit().follow()
    assert prices(look) == {"1": 30_000}
    page.click("Change").forms["remove-rate"].submit()
    assert prices(look) == {}


def test_a_rate_of_another_plan_is_not_found(billing, plan, look) -> None:
    with look():
        other = RatePlan(name="Other")
        db.session.add(other)
        db.session.commit()
        rate = db.session.scalars(select(Rate.id)).one()
        key = other.id
    billing.get(f"{PLANS}rate/?id={key}&rate={rate}", status=404)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("q=(412) 555-0100", "$0.022 for 66 billed seconds: $0.02 a minute, 6/6 (prefix 1,"),
        ("q=(412) 555-0100&q_day=2025-12-31", "No rate holds for it: the client pays what it"),
        ("q=%2B44 20 7946 0000", "No rate holds for it"),
    ],
)
def test_a_question_is_answered_by_the_plan(billing, plan, asked: str, answer: str) -> None:
    page = page_of(billing, plan, f"&q_seconds=61&{asked}")
    assert page.html.find(id="answer").get_text().startswith(answer)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("q=nobody", "Write a telephone number, such as (412) 555-0100."),
        ("q=+", "Write a telephone number, such as (412) 555-0100."),
        ("q=4125550100&q_day=soon", "Write a day like 2026-11-01."),
        ("q=4125550100&q_seconds=-1", "Write the length in whole seconds."),
        ("q=4125550100&q_seconds=86401", "Write at most 86,400 seconds, which is a day."),
        ("q=4125550100&q_kind=fax", "Write a telephone number, such as (412) 555-0100."),
    ],
)
def test_a_question_that_cannot_be_says_why(billing, plan, asked: str, sentence: str) -> None:
    assert errors(page_of(billing, plan, f"&{asked}")) == [sentence]


def upload(browser: Any, plan: int, content: bytes = DECK, **fields: Any) -> Any:
    form = browser.get(f"/admin/rate-decks/new/{plan}").forms["deck"]
    form["file"], form["starts_on"] = Upload("deck.csv", content, "text/csv"), "2026-11-01"
    for name, value in fields.items():
        form[name] = value
    return form.submit()


def test_a_file_is_previewed_and_taken_in(billing, plan, look) -> None:
    page = upload(billing, plan).follow()
    counts = page.html.find(id="counts").get_text(" ", strip=True)
    assert counts == "Lines 3 New rates 2 Changed 0 As they are 0 Bad lines 1"
    row = page.html.select_one("#bad tbody tr").get_text(" ", strip=True)
    assert row.startswith("4 Write a prefix as digits")
    assert prices(look) == {"1": 20_000}
    form = page.forms["apply"]
    assert "2 new rates, 0 changed." in form.submit().follow()
    assert prices(look) == {"1": 20_000, "1412": 9_000, "1412555": 12_000}
    assert "taken in already" in form.submit().follow()


def test_the_bad_lines_go_out_as_a_file(billing, plan) -> None:
    page = upload(billing, plan).follow().click("Bad lines as CSV")
    rows = list(csv.DictReader(io.StringIO(page.text)))
    assert [(row["line"], row["text"]) for row in rows] == [("4", "PA,0.01,6,6")]


def test_a_file_that_would_lose_rates_is_not_offered(billing, plan, look) -> None:
    page = upload(billing, plan, replaces=True).follow()
    assert "apply" not in page.forms
    assert "A rate that stands only in a bad line would end." in page
    token = page.forms["sign-out"]["csrf_token"].value
    billing.post(f"{page.request.path}/apply", {"csrf_token": token})
    assert prices(look) == {"1": 20_000}


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n"])
def test_a_file_of_another_kind_says_why(billing, plan, look, content: bytes) -> None:
    page = upload(billing, plan, content)
    assert errors(page)[0].startswith("The first line must name the columns")
    assert prices(look) == {"1": 20_000}


def test_a_file_must_be_chosen(billing, plan) -> None:
    form = billing.get(f"/admin/rate-decks/new/{plan}").forms["deck"]
    assert errors(form.submit()) == ["Choose a file first."]


def test_rates_that_go_out_come_in_again_unchanged(billing, plan, look) -> None:
    upload(billing, plan).follow().forms["apply"].submit()
    out = billing.get(f"{PLANS}rates.csv?id={plan}").body
    page = upload(billing, plan, out, replaces=True).follow()
    counts = page.html.find(id="counts").get_text(" ", strip=True)
    assert "New rates 0 Changed 0 As they are 3 Ending Nov 1, 2026 0 Bad lines 0" in counts
    form = billing.get(f"{PLANS}copy/?id={plan}").forms["copy"]
    form["name"] = "Twin"
    twin = form.submit().follow().request.params["id"]
    assert billing.get(f"{PLANS}rates.csv?id={twin}").body == out


def having(look) -> dict[str, int | None]:  # type: ignore[no-untyped-def]
    with look():
        return dict(db.session.execute(select(Client.name, Client.rate_plan_id)).all())


def test_a_plan_is_given_and_taken_away(billing, plan, acme, look) -> None:
    form = page_of(billing, plan).click("Give to clients").forms["clients"]
    form.fields["client"][0].checked = True
    page = form.submit().follow()
    assert page.html.find(id="having").get_text(strip=True) == "Acme"
    assert having(look) == {"Acme": plan, "Birch": None}
    form = page.click("Give to clients").forms["clients"]
    form.fields["client"][0].checked = False
    form.submit()
    assert having(look) == {"Acme": None, "Birch": None}


def test_a_plan_that_somebody_has_is_not_removed(billing, plan, acme, look) -> None:
    page = page_of(billing, plan)
    form = page.forms["remove"]
    with look():
        db.session.get_one(Client, acme.id).rate_plan_id = plan
        db.session.commit()
    assert "Standard is the plan of Acme. Give them another first." in form.submit().follow()
    assert "remove" not in page_of(billing, plan).forms
    assert prices(look) == {"1": 20_000}


def test_a_plan_that_nobody_has_is_removed(billing, plan, look) -> None:
    assert "Standard is removed." in page_of(billing, plan).forms["remove"].submit().follow()
    assert prices(look) == {}


def test_alice_sees_rates_and_changes_none(visitor, alice, plan, look) -> None:
    browser = visitor(alice)
    page = page_of(browser, plan)
    assert "$0.02" in page
    assert not {"remove", "clients"} & set(page.forms)
    assert "New rate" not in page
    data = {"csrf_token": page.forms["sign-out"]["csrf_token"].value, "name": "X"}
    for path in ("new/", f"edit/?id={plan}", f"rate/?id={plan}", f"remove/?id={plan}"):
        browser.post(f"{PLANS}{path}", data, status=403)
    assert prices(look) == {"1": 20_000}


def test_mallory_finds_no_plan_of_another_reseller(visitor, mallory, plan) -> None:
    page_of_other = visitor(mallory).get(f"{PLANS}details/?id={plan}", status=404)
    assert "Standard" not in page_of_other
