"""Charges, statements, spend alerts and closed months in the back office, through the screens."""

import csv
import io
from datetime import date

import pytest
from sqlalchemy import func, select

import charging
from columns import now
from extensions import db
from models import AuditEntry, Charge, Mail, Reseller, Role, SpendAlert, Staff, UsageDay, UsageKind
from tests.support.calls import spent

KEY = f"{now():%Y-%m}"


@pytest.fixture
def billing(visitor, victor, look):  # type: ignore[no-untyped-def]
    """Victor's browser; he keeps the books here."""
    with look():
        db.session.get_one(Staff, victor.id).role = Role.BILLING
        db.session.commit()
    return visitor(victor)


def of(acme, what: str = "charges/") -> str:  # type: ignore[no-untyped-def]
    return f"/admin/clients/{acme.id}/{what}"


def amounts(look) -> list[int]:  # type: ignore[no-untyped-def]
    with look():
        mine = select(Charge.price_micros).where(Charge.kind == "adjustment")
        return list(db.session.scalars(mine.order_by(Charge.id)))


def errors(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [box.get_text(strip=True) for box in page.html.select(".invalid-feedback")]


# --- Charges ------------------------------------------------------------------------------------


def test_a_clients_charges_say_what_they_are_for(visitor, alice, acme, story) -> None:
    row = visitor(alice).get(of(acme)).html.select_one("tbody tr").get_text(" ", strip=True)
    assert "Monthly fee Number (412) 555-0190" in row


@pytest.mark.parametrize(("side", "micros"), [("credit", -12_500_000), ("debit", 12_500_000)])
def test_an_adjustment_is_written(billing, acme, look, side: str, micros: int) -> None:
    form = billing.get(of(acme)).click("Adjust").forms["adjustment"]
    form["side"], form["amount"], form["reason"] = side, "$12.50", "As agreed"
    page = form.submit().follow()
    assert "As agreed" in page.html.select_one("tbody").get_text()
    assert amounts(look) == [micros]


def test_an_adjustment_sent_twice_is_written_once(billing, acme, look) -> None:
    form = billing.get(of(acme, "charges/new/")).forms["adjustment"]
    form["amount"], form["reason"] = "1", "As agreed"
    form.submit()
    assert "That was written already." in form.submit().follow()
    assert amounts(look) == [-1_000_000]


@pytest.mark.parametrize(
    ("amount", "reason", "sentence"),
    [
        ("1", " ", "Say why; the client reads it on its statement."),
        ("0", "Why", "Write an amount above 0, such as 12.50."),
        ("1000001", "Why", "Write an amount up to $1,000,000.00."),
        ("12,5", "Why", "Write cents after a full stop, such as 1.50, not after a comma."),
        ("much", "Why", "Write an amount such as 1.50, with at most six decimals."),
    ],
)
def test_a_wrong_adjustment_is_told_beside_its_field(
    billing, acme, look, amount: str, reason: str, sentence: str
) -> None:
    form = billing.get(of(acme, "charges/new/")).forms["adjustment"]
    form["amount"], form["reason"] = amount, reason
    page = form.submit()
    assert errors(page) == [sentence]
    assert page.forms["adjustment"]["amount"].value == amount
    assert amounts(look) == []


def test_alice_cannot_write_an_adjustment(visitor, alice, acme, look) -> None:
    visitor(alice).get(of(acme, "charges/new/"), status=403)
    assert "charges/new" not in visitor(alice).get(of(acme))
    assert amounts(look) == []


def test_charges_are_exported_with_their_amounts(billing, acme) -> None:
    page = billing.get(of(acme, "charges/export/csv/"))
    rows = list(csv.DictReader(io.StringIO(page.text)))
    assert [row["For" if "For" in row else "Number"] for row in rows] == ["+14125550190"]


# --- Statements -----------------------------------------------------------------------------------


def total(page) -> str:  # type: ignore[no-untyped-def]
    return page.html.select_one("#statement-total").get_text(" ", strip=True)


def test_a_statement_shows_what_its_month_comes_to(billing, acme, look) -> None:
    page = billing.get(of(acme, "statements/")).click(f"{now():%B %Y}")
    with look():
        owed = select(func.sum(UsageDay.price_micros)).where(UsageDay.client_id == acme.id)
        from display import cents

        with billing.app.test_request_context():
            # PostgreSQL adds whole numbers up to a Decimal.
            assert total(page) == f"In all {cents(int(db.session.scalar(owed) or 0), 'USD')}"


def test_a_statement_is_taken_as_pdf_and_csv_and_that_is_recorded(billing, acme, look) -> None:
    page = billing.get(of(acme, f"statements/{KEY}"))
    drawn = page.forms["pdf"].submit()
    assert (drawn.content_type, drawn.body[:5]) == ("application/pdf", b"%PDF-")
    rows = list(csv.DictReader(io.StringIO(page.forms["csv"].submit().text)))
    assert {row["section"] for row in rows} == {"fees", "total", "due", "numbers"}
    with look():
        taken = (
            select(AuditEntry.changes)
            .order_by(AuditEntry.id)
            .where(AuditEntry.action == "statement.exported")
        )
        forms = [changes["form"] for changes in db.session.scalars(taken)]
    assert sorted(forms) == ["csv", "pdf"]


def test_a_statement_is_mailed_to_the_client_contact(billing, acme, look) -> None:
    page = billing.get(of(acme, f"statements/{KEY}")).forms["send"].submit().follow()
    assert "The statement is on its way to orders@acme.example." in page
    with look():
        told = select(Mail.to_address).where(Mail.kind == "statement_ready")
        assert db.session.scalars(told).all() == ["orders@acme.example"]


def test_alice_cannot_mail_a_statement(visitor, alice, acme, look) -> None:
    browser = visitor(alice)
    page = browser.get(of(acme, f"statements/{KEY}"))
    assert "send" not in page.forms
    token = page.forms["csv"]["csrf_token"].value
    browser.post(of(acme, f"statements/{KEY}/send"), {"csrf_token": token}, status=403)
    with look():
        assert db.session.scalars(select(Mail.id).where(Mail.kind == "statement_ready")).all() == []


@pytest.mark.parametrize("key", ["2019-01", "2026-13", "nonsense", "2026-1"])
def test_a_month_without_anything_is_not_found(billing, acme, key: str) -> None:
    billing.get(of(acme, f"statements/{key}"), status=404)


def test_mallory_cannot_see_a_statement(visitor, mallory, acme) -> None:
    visitor(mallory).get(of(acme, f"statements/{KEY}"), status=404)


# --- Spend alerts ---------------------------------------------------------------------------------


def test_a_spend_alert_is_added_and_removed(billing, acme, look) -> None:
    page = billing.get(of(acme, "usage/")).click("Spend alerts")
    form = page.forms["alert"]
    form["limit"], form["emails"] = "250", "desk@keystone.example"
    page = form.submit().follow()
    assert "When a month comes to $250.00, a mail goes to " in page
    row = page.html.select_one("#alerts tbody tr")
    assert row.get_text(" ", strip=True) == "$250.00 desk@keystone.example Not yet Remove"
    page.forms[row.form["id"]].submit()
    with look():
        assert db.session.scalars(select(SpendAlert)).all() == []


def test_a_wrong_alert_keeps_what_was_typed(billing, acme, look) -> None:
    form = billing.get(of(acme, "alerts/")).forms["alert"]
    form["limit"], form["emails"] = "50 %", "desk@keystone.example, wrong"
    page = form.submit()
    assert errors(page) == [
        "There is no monthly cap in this client's Order Settings. Write an amount instead.",
        "wrong is not an e-mail address. Correct it.",
    ]
    assert page.forms["alert"]["limit"].value == "50 %"
    with look():
        assert db.session.scalars(select(SpendAlert)).all() == []


def test_an_alert_of_another_client_is_not_found(billing, acme, birch, look) -> None:
    with look():
        alert = SpendAlert(client_id=birch.id, amount_micros=1, emails=["a@x.example"])
        db.session.add(alert)
        db.session.commit()
        key = alert.id
    token = billing.get(of(acme, "alerts/")).forms["alert"]["csrf_token"].value
    billing.post(of(acme, f"alerts/remove/?id={key}"), {"csrf_token": token}, status=404)
    with look():
        assert len(db.session.scalars(select(SpendAlert)).all()) == 1


# --- Months ---------------------------------------------------------------------------------------


@pytest.fixture
def last_month(look, acme) -> date:  # type: ignore[no-untyped-def]
    """A month that is over, in which Acme owed a dollar and a part of a cent."""
    with look():
        month = (charging.this_day().replace(day=1) - charging.timedelta(days=1)).replace(day=1)
        spent(acme.id, month, 1_004_600, UsageKind.ADJUSTMENT)
        db.session.commit()
        return month


def closed_through(look, story) -> date | None:  # type: ignore[no-untyped-def]
    with look():
        return db.session.get_one(Reseller, story.reseller_id).closed_through


def test_a_month_that_is_over_is_closed(billing, look, story, last_month) -> None:
    page = billing.get("/admin/months/")
    form = page.forms[f"close-{last_month:%Y-%m}"]
    said = page.html.find(id=f"close-{last_month:%Y-%m}")["data-confirm"]
    assert "are closed for good: 1 client, $1.00." in said
    page = form.submit().follow()
    assert f"{last_month:%B %Y} is closed." in page
    last = charging.next_month(last_month) - charging.timedelta(days=1)
    assert closed_through(look, story) == last
    assert f"{last_month:%B %Y} was closed already." in form.submit().follow()


def test_the_month_that_runs_cannot_be_closed(billing, look, story, last_month) -> None:
    page = billing.get("/admin/months/")
    assert f"close-{KEY}" not in page.forms
    form = page.forms[f"close-{last_month:%Y-%m}"]
    form["month"].force_value(KEY)
    assert "is not over yet." in form.submit().follow()
    assert closed_through(look, story) is None


def test_alice_cannot_close_a_month(visitor, alice, look, story, last_month) -> None:
    browser = visitor(alice)
    page = browser.get("/admin/months/")
    assert not [key for key in page.forms if str(key).startswith("close-")]
    token = page.forms["sign-out"]["csrf_token"].value
    data = {"csrf_token": token, "month": f"{last_month:%Y-%m}"}
    browser.post("/admin/months/close", data, status=403)
    assert closed_through(look, story) is None


@pytest.mark.parametrize(("typed", "day"), [("5", 5), ("", None), ("31", None), ("²", None)])
def test_the_day_of_statements_is_chosen(billing, look, story, typed: str, day) -> None:
    form = billing.get("/admin/months/").forms["statement-day"]
    form["statement_day"].force_value(typed)
    form.submit()
    with look():
        assert db.session.get_one(Reseller, story.reseller_id).statement_day == day
