"""Spend alerts: a mail once a month when a client's month comes to a limit."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

import alerts
import charging
from catalog import Invalid
from extensions import db
from models import Client, Mail, SpendAlert
from permissions import Actor
from tests.support.calls import forget_charges

BY = Actor(name="Test")


@pytest.fixture
def clock(at_reseller, monkeypatch):  # type: ignore[no-untyped-def]
    """The story with nothing charged, and a clock that stands where a test sets it."""
    forget_charges()

    def stand(year: int, month: int, day: int) -> None:
        for module in (charging, alerts):
            monkeypatch.setattr(module, "now", lambda: datetime(year, month, day, 15, tzinfo=UTC))

    stand(2026, 11, 10)
    return stand


def acme(story) -> Client:  # type: ignore[no-untyped-def]
    return db.session.get_one(Client, story.acme.id)


def spend(story, dollars: int, key: str) -> None:  # type: ignore[no-untyped-def]
    charging.adjust(acme(story), dollars * 1_000_000, "Work", by=BY, key=key)
    db.session.commit()


def mails() -> list[tuple[str, str]]:
    told = select(Mail.to_address, Mail.subject).where(Mail.kind == "spend_alert")
    return sorted(tuple(row) for row in db.session.execute(told))


def test_an_alert_is_mailed_once_when_its_limit_is_reached(at_reseller, clock) -> None:
    alerts.add(acme(at_reseller), by=BY, limit="$100", emails="a@desk.example, b@desk.example")
    spend(at_reseller, 99, "1")
    assert alerts.send_due() == 0
    spend(at_reseller, 1, "2")
    assert [alerts.send_due(), alerts.send_due()] == [1, 0]
    assert mails() == [
        ("a@desk.example", "Acme has come to $100.00 in November 2026"),
        ("b@desk.example", "Acme has come to $100.00 in November 2026"),
    ]


def test_the_next_month_is_told_again(at_reseller, clock) -> None:
    alerts.add(acme(at_reseller), by=BY, limit="100", emails="a@desk.example")
    spend(at_reseller, 100, "1")
    alerts.send_due()
    clock(2026, 12, 2)
    assert alerts.send_due() == 0
    spend(at_reseller, 100, "2")
    assert alerts.send_due() == 1
    assert len(mails()) == 2


def test_a_part_of_the_cap_is_a_limit(at_reseller, clock) -> None:
    acme(at_reseller).order_settings.monthly_cap_micros = 200_000_000
    alerts.add(acme(at_reseller), by=BY, limit="50 %", emails="a@desk.example")
    spend(at_reseller, 100, "1")
    assert alerts.send_due() == 1
    assert mails()[0][1] == "Acme has come to 50 % of the monthly cap in November 2026"


def test_a_cap_that_is_taken_away_silences_its_alert(at_reseller, clock) -> None:
    acme(at_reseller).order_settings.monthly_cap_micros = 1_000_000
    alerts.add(acme(at_reseller), by=BY, limit="50%", emails="a@desk.example")
    acme(at_reseller).order_settings.monthly_cap_micros = None
    spend(at_reseller, 100, "1")
    assert alerts.send_due() == 0


def test_of_two_processes_one_sends(at_reseller, clock) -> None:
    alert = alerts.add(acme(at_reseller), by=BY, limit="1", emails="a@desk.example")
    claims = [alerts._claim(alert, date(2026, 11, 1)) for _ in "ab"]
    assert claims == [True, False]


@pytest.mark.parametrize(
    ("limit", "emails", "field"),
    [
        ("", "a@desk.example", "limit"),
        ("0", "a@desk.example", "limit"),
        ("lots", "a@desk.example", "limit"),
        ("0 %", "a@desk.example", "limit"),
        ("300%", "a@desk.example", "limit"),
        ("50%", "a@desk.example", "limit"),
        ("5", "", "emails"),
        ("5", "a@desk.example, nobody", "emails"),
        ("5", " ".join(f"a{n}@desk.example" for n in range(11)), "emails"),
    ],
)
def test_a_wrong_alert_is_refused(at_reseller, clock, limit, emails, field) -> None:
    with pytest.raises(Invalid) as refused:
        alerts.add(acme(at_reseller), by=BY, limit=limit, emails=emails)
    assert list(refused.value.problems) == [field]
    assert db.session.scalars(select(SpendAlert)).all() == []


def test_an_alert_that_is_removed_is_silent(at_reseller, clock) -> None:
    alert = alerts.add(acme(at_reseller), by=BY, limit="1", emails="a@desk.example")
    alerts.remove(alert, by=BY)
    spend(at_reseller, 100, "1")
    assert alerts.send_due() == 0
