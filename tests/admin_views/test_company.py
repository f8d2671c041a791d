"""Settings > Company: the owner's alone; zone and currency hold once anything is counted."""

from typing import Any

import pytest
from sqlalchemy import delete, select

import charging
from columns import now
from extensions import db
from models import AuditEntry, CdrImport, Client, Mail, Reseller, UsageDay
from tests.support import orders
from tests.support.calls import forget_charges
from tests.support.people import token_on

PAGE = "/admin/company/"


@pytest.fixture
def uncounted(look) -> None:
    """A reseller that has counted neither calls nor fees."""
    with look():
        forget_charges()
        db.session.execute(delete(UsageDay))
        db.session.commit()


def stored(look: Any) -> tuple[str, str, str]:
    with look():
        row = db.session.scalars(select(Reseller)).one()
        return row.name, row.time_zone, row.currency


def save(browser: Any, **fields: str) -> Any:
    form = browser.get(PAGE).forms["company"]
    for name, value in fields.items():
        form[name] = value
    return form.submit(expect_errors=True)


def error(page: Any, field: str) -> str:
    return page.html.find(id=f"{field}-error").get_text(" ", strip=True)


def traces() -> list[dict[str, Any]]:
    mine = select(AuditEntry).where(AuditEntry.action == "reseller.changed")
    return [row.changes for row in db.session.scalars(mine)]


def test_an_owner_changes_what_the_company_is(visitor, olga, look, uncounted) -> None:
    chosen = {"name": "  Keystone\tTel ", "time_zone": "America/Denver", "currency": "CAD"}
    page = save(visitor(olga), **chosen).follow()
    assert "The company is saved." in page.text
    assert page.html.select_one(".shell-brand").get_text(strip=True).endswith("Keystone Tel")
    assert stored(look) == ("Keystone Tel", "America/Denver", "CAD")
    with look():
        assert traces() == [
            {
                "name": ["Keystone Voice", "Keystone Tel"],
                "time_zone": ["America/New_York", "America/Denver"],
                "currency": ["USD", "CAD"],
            }
        ]


def test_saving_without_a_change_writes_nothing(visitor, olga, look, uncounted) -> None:
    before = stored(look)
    assert "No change." in save(visitor(olga)).follow().text
    assert stored(look) == before
    with look():
        assert traces() == []


def test_once_something_is_counted_zone_and_currency_are_only_told(
    visitor, olga, look, acme, story, uncounted
) -> None:
    with look():
        client = db.session.get_one(Client, acme.id)
        charging.adjust(client, 1_000_000, "Work.", by=orders.actor(story.alice), key="k")
        db.session.commit()
    page = visitor(olga).get(PAGE)
    assert "Neither can change any more" in page.html.find(id="why-fixed").get_text()
    assert sorted(filter(None, page.forms["company"].fields)) == ["csrf_token", "name"]
    assert "The company is saved." in save(visitor(olga), name="New").follow().text
    assert stored(look) == ("New", "America/New_York", "USD")


@pytest.mark.parametrize("what", ["fee", "file"])
def test_a_forged_zone_or_currency_is_refused_beside_its_field(
    visitor, olga, look, acme, story, uncounted, what
) -> None:
    browser = visitor(olga)
    token, before = token_on(browser.get(PAGE)), stored(look)
    with look():
        if what == "fee":
            client = db.session.get_one(Client, acme.id)
            charging.adjust(client, 1_000_000, "Work.", by=orders.actor(story.alice), key="k")
        else:
            db.session.add(CdrImport(**file_under_way(story)))
        db.session.commit()
    forged = {"csrf_token": token, "name": "N", "time_zone": "America/Denver", "currency": "EUR"}
    page = browser.post(PAGE, forged, status=422)
    assert error(page, "time_zone").startswith(
        "Calls and fees are counted already, each on a day of America/New_York"
    )
    assert error(page, "currency").startswith("Amounts are counted in USD already")
    assert stored(look) == before


def file_under_way(story: Any) -> dict[str, Any]:
    return {
        "reseller_id": story.reseller_id,
        "file_name": "calls.CDR",
        "digest": "d" * 64,
        "source": "first",
        "created_at": now(),
    }


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", " ", "Write a name of at most 120 characters."),
        ("name", "x" * 121, "Write a name of at most 120 characters."),
        ("time_zone", "Mars/Olympus", "Choose a time zone from the list."),
        ("currency", "JPY", "Choose a currency from the list."),
        ("currency", "usd", "Choose a currency from the list."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    visitor, olga, look, uncounted, field, value, sentence
) -> None:
    browser, before = visitor(olga), stored(look)
    form = browser.get(PAGE).forms["company"]
    sent = {"csrf_token": form["csrf_token"].value, "name": "N", field: value}
    page = browser.post(PAGE, sent, status=422)
    assert (error(page, field), stored(look)) == (sentence, before)
    with look():
        assert (traces(), db.session.query(Mail).count()) == ([], 0)


def test_only_an_owner_comes_in(visitor, alice, victor, bob, look) -> None:
    before = stored(look)
    for person in (alice, victor):
        browser = visitor(person)
        assert browser.get(PAGE, status=403).status_int == 403
        token = token_on(browser.get("/admin/"))
        browser.post(PAGE, {"csrf_token": token, "name": "Forged"}, status=403)
    assert visitor(bob).get(PAGE, status=302).location.startswith("/admin/login")
    assert stored(look) == before
