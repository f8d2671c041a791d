"""Tiers and service prices: made, changed, refused, and never removed while in use."""

from typing import Any

import pytest

from extensions import db
from models import AuditEntry, DidAssignment, ServicePrice, Tier
from tests.support import orders


def save(browser: Any, address: str, **fields: str) -> Any:
    form = browser.get(address).forms["tier"]
    for name, value in fields.items():
        form[name] = value
    return form.submit()


def problem(page: Any, field: str) -> str:
    return str(page.html.find(id=f"{field}-error").get_text(strip=True))


def test_a_tier_is_made_with_four_prices(visitor, alice, look) -> None:
    page = save(
        visitor(alice),
        "/admin/tiers/new/",
        label="777",
        monthly_micros="$2.50",
        setup_micros="1",
        cost_monthly_micros="0.4501",
    ).follow()
    assert "Tier 777 is created." in page.text
    with look():
        tier = db.session.query(Tier).filter_by(label="777").one()
        assert (tier.monthly_micros, tier.setup_micros) == (2_500_000, 1_000_000)
        assert (tier.cost_monthly_micros, tier.cost_setup_micros) == (450_100, 0)


def test_a_changed_price_holds_for_new_orders_alone(visitor, alice, bob, story, look) -> None:
    with look():
        orders.approve(orders.ask(bob, story.free[0]), alice)
    save(visitor(alice), f"/admin/tiers/edit/?id={story.tier.id}", monthly_micros="9.00")
    with look():
        agreed = db.session.query(DidAssignment).filter_by(number=story.free[0]).one()
        assert agreed.monthly_micros == 1_500_000
        later = orders.find(orders.ask(bob, story.free[1]))
        assert later.monthly_micros == 9_000_000
        entry = db.session.query(AuditEntry).filter_by(action="tier.changed").one()
        assert entry.changes == {"monthly_micros": [1_500_000, 9_000_000]}


@pytest.mark.parametrize("amount", ["abc", "-1", "1.1234567", "99999999"])
def test_an_amount_that_cannot_be_is_refused(visitor, alice, story, look, amount: str) -> None:
    address = f"/admin/tiers/edit/?id={story.tier.id}"
    page = save(visitor(alice), address, monthly_micros=amount)
    assert problem(page, "monthly_micros").startswith("Write an amount")
    assert page.forms["tier"]["monthly_micros"].value == amount
    with look():
        assert db.session.get_one(Tier, story.tier.id).monthly_micros == 1_500_000


def test_two_tiers_cannot_share_a_label(visitor, alice) -> None:
    page = save(visitor(alice), "/admin/tiers/new/", label="1")
    assert problem(page, "label") == "There is a tier 1 already. Write a different label."


def test_a_tier_in_use_is_not_removed(visitor, alice, story, look) -> None:
    browser = visitor(alice)
    page = browser.get(f"/admin/tiers/edit/?id={story.tier.id}")
    assert "remove" not in page.forms
    token = page.forms["tier"]["csrf_token"].value
    after = browser.post(f"/admin/tiers/remove/?id={story.tier.id}", {"csrf_token": token}).follow()
    said = "Standard is used by 10 numbers and the order settings of 2 clients."
    assert said in after.text
    with look():
        assert db.session.get(Tier, story.tier.id) is not None


def test_an_unused_tier_is_removed(visitor, alice, look) -> None:
    browser = visitor(alice)
    save(browser, "/admin/tiers/new/", label="9")
    with look():
        key = db.session.query(Tier).filter_by(label="9").one().id
    browser.get(f"/admin/tiers/edit/?id={key}").forms["remove"].submit()
    with look():
        assert db.session.get(Tier, key) is None


def test_service_prices_are_set_together(visitor, alice, look) -> None:
    form = visitor(alice).get("/admin/prices/").forms["prices"]
    form["failover-monthly_micros"], form["e911-setup_micros"] = "0.75", "5"
    page = form.submit().follow()
    assert "2 prices changed." in page.text
    with look():
        rows = {row.service: row for row in db.session.query(ServicePrice)}
        assert rows["failover"].monthly_micros == 750_000
        assert rows["e911"].setup_micros == 5_000_000
        assert rows["call_forwarding"].monthly_micros == 500_000


def test_who_saves_later_keeps_the_prices_that_others_set_meanwhile(
    visitor, alice, olga, look
) -> None:
    late = visitor(alice).get("/admin/prices/").forms["prices"]
    first = visitor(olga).get("/admin/prices/").forms["prices"]
    first["failover-monthly_micros"] = "0.75"
    first.submit()
    late["sms-monthly_micros"] = "2"
    assert "1 price changed." in late.submit().follow().text
    with look():
        prices = {row.service: row.monthly_micros for row in db.session.query(ServicePrice)}
        assert (prices["failover"], prices["sms"]) == (750_000, 2_000_000)


def test_one_wrong_price_changes_none(visitor, alice, look) -> None:
    form = visitor(alice).get("/admin/prices/").forms["prices"]
    form["failover-monthly_micros"], form["e911-setup_micros"] = "0.75", "free"
    page = form.submit(status=422)
    wrong = page.html.find(id="e911-setup_micros-problem").get_text()
    assert wrong == "Write an amount such as 1.50, with at most six decimals."
    assert page.forms["prices"]["failover-monthly_micros"].value == "0.75"
    with look():
        assert [row.service for row in db.session.query(ServicePrice)] == ["call_forwarding"]


@pytest.mark.parametrize("path", ["tiers/new/", "prices/"])
def test_victor_cannot_set_prices(visitor, victor, look, path: str) -> None:
    browser = visitor(victor)
    token = browser.get("/admin/prices/").html.find("input", {"name": "csrf_token"})["value"]
    browser.post(f"/admin/{path}", {"csrf_token": token, "label": "5"}, status=403)
    with look():
        assert db.session.query(Tier).count() == 1
