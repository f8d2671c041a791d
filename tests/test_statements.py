"""A client's month: its statement adds up, is drawn as PDF, and is mailed once on its day."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import func, select

import charging
import sheets
import statements
from brand import of as brand_of
from extensions import db
from models import Call, Charge, Client, Mail, PortalSettings, Reseller, ServicePrice
from permissions import Actor
from statements import mailing, pdf
from tests.support import orders
from tests.support.calls import forget_charges, hold_since_long_ago, line, load

BY = Actor(name="Test")
OCTOBER = date(2026, 10, 1)


@pytest.fixture
def month(at_reseller, monkeypatch):  # type: ignore[no-untyped-def]
    """October of Acme: calls, a fee, a set-up fee and an adjustment; the day is November 2."""
    forget_charges()
    hold_since_long_ago()
    price = db.session.scalars(select(ServicePrice)).one()
    price.monthly_micros, price.setup_micros = 3_100_000, 1_000_000
    db.session.commit()
    monkeypatch.setattr(charging, "now", lambda: datetime(2026, 10, 16, 15, tzinfo=UTC))
    asked = {"kind": "call_forwarding", "forward_to": "4125550147"}
    order = orders.ask(at_reseller.bob, at_reseller.acme_number, **asked)
    orders.approve(order, at_reseller.alice)
    acme = db.session.get_one(Client, at_reseller.acme.id)
    charging.adjust(acme, -250_000, "Goodwill", by=BY, key="a")
    at = "2026-10-10 15:00:00"
    load(
        line("1", at_reseller.acme_number, at=at, price="0.0123"),
        line("2", at_reseller.acme_number, at=at, kind="Termination", price="0.5"),
        line("3", at_reseller.acme_number, at=at, kind="SMS", price="0.007"),
        line("4", at_reseller.birch_number, at=at, price="7"),
    )
    db.session.commit()
    for module in (charging, mailing):
        monkeypatch.setattr(module, "now", lambda: datetime(2026, 11, 2, 15, tzinfo=UTC))
    return at_reseller


def statement(story, first: date = OCTOBER) -> statements.Statement:  # type: ignore[no-untyped-def]
    return statements.of(db.session.get_one(Client, story.acme.id), first)


def test_a_statement_is_the_sum_of_its_calls_and_charges(month) -> None:
    found = statement(month)
    calls = select(func.sum(Call.price_micros)).where(Call.client_id == month.acme.id)
    charges = select(func.sum(Charge.price_micros)).where(Charge.client_id == month.acme.id)
    assert found.total_micros == db.session.scalar(calls) + db.session.scalar(charges)
    parts = [sums.price_micros for sums in found.calls.values()]
    parts += [fee.price_micros for fee in found.fees]
    parts += [charge.price_micros for charge in found.adjustments]
    assert found.total_micros == sum(parts) == sum(row.total_micros for row in found.numbers)


def test_a_statement_says_what_its_fees_are_for(month) -> None:
    assert [(fee.label, fee.count, fee.price_micros) for fee in statement(month).fees] == [
        ("Call Forwarding, monthly", 1, 1_600_000),
        ("Call Forwarding, set-up", 1, 1_000_000),
    ]
    assert [charge.reason for charge in statement(month).adjustments] == ["Goodwill"]


def test_messages_are_counted_beside_calls(month) -> None:
    used = next(row for row in statement(month).numbers if row.number == month.acme_number).used
    assert (used.calls, used.messages) == (2, 1)


def test_a_month_in_which_nothing_was_is_empty(month) -> None:
    found = statement(month, date(2026, 8, 1))
    assert (found.total_micros, found.numbers, found.calls, found.fees) == (0, [], {}, [])


def test_months_are_listed_with_what_they_come_to(month) -> None:
    db.session.get_one(Reseller, month.reseller_id).closed_through = date(2026, 10, 31)
    acme = db.session.get_one(Client, month.acme.id)
    listed = [(row.key, row.price_micros, row.is_closed) for row in statements.months(acme)]
    assert listed == [("2026-10", statement(month).total_micros, True)]


@pytest.mark.parametrize("name", ["Acme", "Łódź Zürich Αθήνα Київ", "名古屋"])
def test_a_statement_is_drawn_in_the_resellers_face(month, name: str) -> None:
    acme = db.session.get_one(Client, month.acme.id)
    acme.name = name
    settings = db.session.scalars(select(PortalSettings)).first()
    picture = BytesIO()
    Image.new("RGB", (40, 10), "navy").save(picture, "PNG")
    settings.logo, settings.address = picture.getvalue(), "1 Main Street\nPittsburgh"
    drawn = pdf.draw(statement(month), brand_of(acme.reseller), settings, "USD")
    assert drawn.startswith(b"%PDF-")
    assert b"Portico" not in drawn
    assert b"fpdf" not in drawn.lower()


# --- Mail ---------------------------------------------------------------------------------------


def choose_day(story, day: int | None) -> None:  # type: ignore[no-untyped-def]
    db.session.get_one(Reseller, story.reseller_id).statement_day = day
    db.session.commit()


def mails() -> list[tuple[str, str]]:
    told = select(Mail.to_address, Mail.subject).where(Mail.kind == "statement_ready")
    return sorted(tuple(row) for row in db.session.execute(told))


def test_statements_are_mailed_once_on_the_chosen_day(month) -> None:
    choose_day(month, 2)
    assert [mailing.send_due(), mailing.send_due()] == [2, 0]
    assert [to for to, _ in mails()] == ["orders@acme.example", "orders@birch.example"]


def test_what_is_due_is_told_in_cents_and_the_csv_has_both(month) -> None:
    choose_day(month, 2)
    mailing.send_due()
    acme = db.session.get_one(Client, month.acme.id)
    mine = select(Mail.text).where(
        Mail.kind == "statement_ready", Mail.to_address == acme.contact_email
    )
    assert "It comes to $2.87." in db.session.scalars(mine).one()
    found = statement(month)
    assert (found.total_micros, found.due_micros) == (2_869_300, 2_870_000)
    drawn = pdf.draw(found, brand_of(acme.reseller), acme.reseller.portal_settings, "USD")
    words = " ".join(PdfReader(BytesIO(drawn)).pages[0].extract_text().split())
    assert "In all $2.87" in words
    assert "Exactly, before rounding to cents: $2.8693" in words
    rows = {row[0]: row[-1] for row in sheets.statement(found)[1]}
    assert (rows["total"], rows["due"]) == ("2.8693", "2.87")


@pytest.mark.parametrize("day", [None, 3])
def test_no_statement_is_mailed_before_its_day(month, day) -> None:
    choose_day(month, day)
    assert mailing.send_due() == 0
    assert mails() == []


def test_staff_can_mail_a_statement_again(month) -> None:
    choose_day(month, 2)
    mailing.send_due()
    mailing.send(db.session.get_one(Client, month.acme.id), OCTOBER, by=BY)
    assert [to for to, _ in mails()].count("orders@acme.example") == 2
