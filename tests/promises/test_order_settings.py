"""P10 to P15: what a client may order, who approves it, and that the server rules three times."""

from typing import Any

import pytest
from sqlalchemy import select, update

from extensions import db
from models import Did, E911Record, Order, Tier
from tests.support.settings_page import DEFAULTS, press, save, tab_of
from tests.support.steps import (
    PORTAL,
    ask_for_911,
    change_service,
    forge,
    order_numbers,
    said,
    state_of,
    ten,
)

NUMBER = "4125550190"
FIND = f"{PORTAL}/order-numbers?state=PA&search=1"


def found(browser: Any) -> list[str]:
    """List the numbers that the portal offers in Pennsylvania."""
    return [box["value"] for box in browser.get(FIND).html.select("input[name=n]")]


def orders(look: Any) -> list[str]:
    with look():
        return list(db.session.scalars(select(Order.kind)))


@pytest.fixture
def gold_number(look, story) -> str:  # type: ignore[no-untyped-def]
    """A free number of a second tier."""
    with look():
        tier = Tier(reseller_id=story.reseller_id, label="2", name="Gold", position=2)
        db.session.add(tier)
        db.session.flush()
        moved = update(Did).where(Did.number == story.free[0]).values(tier_id=tier.id)
        db.session.execute(moved.execution_options(synchronize_session=False))
        db.session.commit()
        return str(tier.id)


def test_p10_the_tiers_that_a_client_can_order(
    visitor, alice, acme, bob, story, gold_number, look
) -> None:
    """P10: Which DID tiers the client can order."""
    browser = visitor(bob)
    assert ten(story.free[0]) not in found(browser)
    save(visitor(alice), acme, tiers=[gold_number])
    assert found(browser) == [ten(story.free[0])]
    forge(
        browser,
        f"{PORTAL}/order-numbers/review",
        409,
        chosen=ten(story.free[1]),
        send="1",
        key="k",
    )
    assert orders(look) == []


def test_p11_the_services_that_a_client_can_edit(visitor, alice, acme, bob, look) -> None:
    """P11: Which DID services it can edit."""
    browser = visitor(bob)
    assert browser.get(f"{PORTAL}/numbers/{NUMBER}").html.find("a", href=lambda h: "failover" in h)
    save(visitor(alice), acme, editable_services=["call_forwarding"])
    page = browser.get(f"{PORTAL}/numbers/{NUMBER}").html
    links = [link["href"].rsplit("/", 1)[1] for link in page.select("#services a.btn")]
    assert links == ["call_forwarding"]
    browser.get(f"{PORTAL}/numbers/{NUMBER}/failover", status=403)


@pytest.mark.parametrize(
    ("field", "entry", "address"),
    [
        ("did_ordering", "Order Numbers", "order-numbers"),
        ("e911_provisioning", None, f"911/{NUMBER}"),
    ],
)
def test_p12_ordering_and_911_are_radio_buttons_at_the_left(
    visitor, alice, acme, bob, look, field: str, entry: str | None, address: str
) -> None:
    """P12: DID ordering on / off, and 911 provisioning on / off, as radio buttons at the left."""
    page = visitor(alice).get(tab_of(acme)).html
    first = page.select_one("#settings fieldset.settings-switches")
    radios = first.select(f"input[type=radio][name={field}]")
    assert [radio["value"] for radio in radios] == ["on", "off"]
    save(visitor(alice), acme, **{field: "off"})
    browser = visitor(bob)
    assert not entry or browser.get(f"{PORTAL}/").html.find("a", string=entry) is None
    browser.get(f"{PORTAL}/{address}", status=403)


def test_p13_the_features_that_ordered_numbers_must_have(
    visitor, alice, acme, bob, story, look
) -> None:
    """P13: DID Requirements: which features ordered DIDs may or must have."""
    every = [f"{PORTAL}/order-numbers?search=1&state={state}" for state in ("PA", "MA")]
    browser = visitor(bob)

    def offered() -> list[int]:
        return [len(browser.get(where).html.select("input[name=n]")) for where in every]

    assert offered() == [5, 2]
    save(visitor(alice), acme, require_sms="required")
    assert offered() == [5, 0]
    save(visitor(alice), acme, require_sms="forbidden")
    assert offered() == [0, 2]
    save(visitor(alice), acme, require_sms="any", require_local="forbidden")
    assert offered() == [0, 0]
    forge(
        browser,
        f"{PORTAL}/order-numbers/review",
        409,
        chosen=ten(story.free[0]),
        send="1",
        key="k",
    )
    assert orders(look) == []


KINDS = {
    "auto_approve_call_forwarding": lambda browser, number: change_service(
        browser, number, "call_forwarding", forward_to="4125550177"
    ),
    "auto_approve_failover": lambda browser, number: change_service(
        browser, number, "failover", failover_to="4125550177"
    ),
    "auto_approve_e911": ask_for_911,
}


@pytest.mark.parametrize("approved", KINDS)
def test_p14_each_kind_approves_itself_on_its_own(
    visitor, alice, acme, bob, story, approved: str
) -> None:
    """P14: Auto-approval, each on its own: Call Forwarding, Failover Numbers, 911 Provisioning."""
    staff = visitor(alice)
    save(staff, acme, **{approved: True})
    browser = visitor(bob)
    for kind, ask in KINDS.items():
        number = ask(browser, story.acme_number)
        assert state_of(staff, number) == ("Completed" if kind == approved else "Pending"), kind
        if kind != approved:
            browser.get(f"{PORTAL}/orders/{number}").forms["cancel-order"].submit(status=303)


def test_p15_the_settings_rule_when_listing_when_sending_and_at_approval(
    visitor, alice, acme, bob, story, look
) -> None:
    """P15: The settings rule on the server three times: listing, submitting, approving."""
    browser, staff = visitor(bob), visitor(alice)
    number = order_numbers(browser, story.free[0])
    open_form = browser.get(f"{PORTAL}/order-numbers/review?n={ten(story.free[1])}").forms[
        "send-order"
    ]
    save(staff, acme, did_ordering="off")
    browser.get(FIND, status=403)
    open_form.submit("send", value="1", status=403)
    page = staff.get(f"/admin/orders/{number}")
    assert "cannot be approved now" in said(page.html.select_one("#obstacle"))
    form = page.forms["approve"]
    staff.post(form.action, form.submit_fields(), status=409)
    assert state_of(staff, number) == "Pending"
    assert orders(look) == ["did_order"]
    with look():
        assert db.session.scalars(select(E911Record)).all() == []


def test_p10_new_clients_begin_with_the_defaults(visitor, alice, look) -> None:
    """P10: What new clients can order is what the reseller's defaults say."""
    browser = visitor(alice)
    press(browser.get(DEFAULTS).forms["settings"], "save", 302, did_ordering="off")
    form = browser.get("/admin/clients/new/").forms["client"]
    form["name"], form["contact_email"] = "Cedar", "orders@cedar.example"
    home = form.submit(status=302).location
    settings = browser.get(f"{home}order-settings/").forms["settings"]
    assert settings["did_ordering"].value == "off"
