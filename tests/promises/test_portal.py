"""P22 and P25 to P31: what a client does in its portal, through the screens."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

import ports
from carriers import inventory
from extensions import db
from models import Client, Did, DidGroup, E911Record, Port, PortStatus, RatePlan, Reseller
from tests.support import calls as files
from tests.support import orders
from tests.support.steps import (
    PORTAL,
    approve,
    ask_for_911,
    change_service,
    order_numbers,
    reject,
    said,
)
from tests.support.words import leaks, leaks_of

DAYS = "from=2026-11-01&to=2026-11-30"


def listed(page: Any) -> list[str]:
    return [said(link) for link in page.html.select("main th[scope=row] a")]


def number_of(answer: Any) -> str:
    return str(answer.location.rsplit("/", 1)[1])


def numbers_of(look: Any, client_id: int) -> list[str]:
    with look():
        mine = select(Did.number).where(Did.client_id == client_id).order_by(Did.number)
        return list(db.session.scalars(mine))


# --- Orders -------------------------------------------------------------------------------------


def test_p22_a_rejected_order_is_asked_for_again_with_its_fields_filled(
    visitor, alice, bob, story, look
) -> None:
    """P22: The client sees its orders and the reason of a rejection, and can ask again."""
    browser = visitor(bob)
    number = change_service(browser, story.acme_number, "failover", failover_to="614-555-0172")
    reject(visitor(alice), number, "Which office is that?")
    page = browser.get(f"{PORTAL}/orders/{number}")
    assert "Which office is that?" in said(page.html.find(id="reason"))
    form = page.click(linkid="ask-again").follow().forms["change-service"]
    assert form["failover_to"].value == "(614) 555-0172"
    again = number_of(form.submit("turn", value="on", status=303))
    assert again != number
    assert listed(browser.get(f"{PORTAL}/orders")) == [again]


# --- Usage --------------------------------------------------------------------------------------


@pytest.fixture
def used(look, story) -> str:  # type: ignore[no-untyped-def]
    """Three calls of Acme's number and one of Birch's; gives what Acme's come to."""
    with look():
        files.forget_charges()
        files.hold_since_long_ago()
        plan = RatePlan(reseller_id=story.reseller_id, name="Double", markup_basis_points=10_000)
        db.session.add(plan)
        db.session.flush()
        for thing in (story.acme, story.birch):
            db.session.get_one(Client, thing.id).rate_plan_id = plan.id
        db.session.commit()
        mine = [files.line(f"a{n}", story.acme_number, price="0.10") for n in range(3)]
        files.load(*mine, files.line("b", story.birch_number, price="7.00"))
    return "$0.60"


def test_p25_usage_is_told_by_range_number_call_and_file(visitor, bob, story, used) -> None:
    """P25: Usage on DIDs: any range, per number, with graphs, the call list and CSV."""
    browser = visitor(bob)
    page = browser.get(f"{PORTAL}/usage?{DAYS}")
    assert said(page.html.select("#usage-total td")[-1]) == used
    assert page.html.select_one("[data-figure]")
    of_number = page.click(r"\(412\) 555-0190")
    assert len(of_number.html.select("#calls tbody tr")) == 3
    rows = list(csv.DictReader(io.StringIO(page.forms["csv-calls"].submit().text)))
    assert ([row["number"] for row in rows], sum(float(row["price"]) for row in rows)) == (
        [story.acme_number] * 3,
        pytest.approx(0.6),
    )
    before = browser.get(f"{PORTAL}/usage?from=2026-10-01&to=2026-10-31")
    assert used not in said(before.html.select_one("main"))


def test_p25_the_month_to_date_stands_where_nobody_asks_for_a_range(visitor, bob, used) -> None:
    """P25: Usage on DIDs: month to date; the first page tells the same."""
    today = datetime.now(UTC)
    page = visitor(bob).get(f"{PORTAL}/usage")
    words = said(page.html.select_one("main"))
    assert re.search(rf"{today:%b} 1, {today:%Y}|{today:%Y-%m}-01", words + page.text)
    month = said(page.html.select("#usage-total td")[-1])
    home = visitor(bob).get(f"{PORTAL}/")
    assert month in [said(one) for one in home.html.select(".stat-value")]


# --- Numbers ------------------------------------------------------------------------------------


@pytest.fixture
def mine(look, story) -> list[str]:  # type: ignore[no-untyped-def]
    """Give Acme two more numbers; gives all three."""
    with look():
        group = db.session.get_one(DidGroup, story.acme_group.id)
        for did in db.session.scalars(select(Did).where(Did.number.in_(story.free[:2]))).all():
            inventory.give_did(did, group)
        db.session.commit()
    return sorted([story.acme_number, *story.free[:2]])


def test_p26_services_are_seen_and_the_allowed_ones_edited(visitor, alice, bob, story) -> None:
    """P26: Services of each number: see all, edit those allowed."""
    browser = visitor(bob)
    home = f"{PORTAL}/numbers/4125550190"
    offered = [
        link["href"].rsplit("/", 1)[1] for link in browser.get(home).html.select("#services a")
    ]
    assert offered == ["call_forwarding", "failover", "cnam_outbound"]
    browser.get(f"{home}/sms", status=403)
    number = change_service(browser, story.acme_number, "cnam_outbound", display_name="Acme Dental")
    approve(visitor(alice), number)
    assert "ACME DENTAL" in said(browser.get(home).html.find(id="services"))


def test_p26_many_numbers_change_with_one_order(visitor, alice, bob, mine, look) -> None:
    """P26: One number or many at once."""
    browser = visitor(bob)
    form = browser.get(f"{PORTAL}/numbers").forms["choose"]
    for box in form.fields["n"]:
        box.checked = True
    form["service"] = "failover"
    page = form.submit()
    page.forms["change-many"]["failover_to"] = "614.555.0172"
    number = number_of(page.forms["change-many"].submit("turn", value="on", status=303))
    approve(visitor(alice), number)
    rows = browser.get(f"{PORTAL}/numbers").html.select("#numbers tbody tr")
    assert ["(614) 555-0172" in said(row) for row in rows] == [True] * len(mine)


def test_p26_what_one_service_turns_off_is_said_and_ordered_too(visitor, alice, bob, story) -> None:
    """P26: Where one service turns another off, the form says so and the order carries both."""
    browser = visitor(bob)
    first = change_service(browser, story.acme_number, "call_forwarding", forward_to="6145550171")
    approve(visitor(alice), first)
    page = browser.get(f"{PORTAL}/numbers/4125550190/failover")
    assert said(page.html.find(id="rivals")).startswith("This turns off Call Forwarding:")
    second = change_service(browser, story.acme_number, "failover", failover_to="6145550172")
    asked = said(browser.get(f"{PORTAL}/orders/{second}").html.select_one("main"))
    assert ("Call Forwarding" in asked, "Failover" in asked) == (True, True)


# --- 911 ----------------------------------------------------------------------------------------


def live(look: Any) -> dict[str, str]:
    with look():
        rows = db.session.scalars(select(E911Record).where(E911Record.removed_at.is_(None)))
        return {row.number: row.address1 for row in rows}


def test_p27_an_address_is_provisioned_changed_and_removed(
    visitor, alice, bob, story, look
) -> None:
    """P27: 911: provision, change, remove; the status shown in words."""
    browser, staff = visitor(bob), visitor(alice)
    number = ask_for_911(browser, story.acme_number)
    assert f"Not in force yet: order {number} waits" in said(browser.get(f"{PORTAL}/911").html)
    assert live(look) == {}
    approve(staff, number)
    assert "In force" in said(browser.get(f"{PORTAL}/911").html.find(id="records"))
    form = browser.get(f"{PORTAL}/911/4125550190").forms["e911"]
    form["address1"], form["accepted"].checked = "200 Sixth Avenue", True
    approve(staff, number_of(form.submit(status=303)))
    assert live(look) == {story.acme_number: "200 Sixth Avenue"}
    form = browser.get(f"{PORTAL}/911/4125550190/remove").forms["remove"]
    approve(staff, number_of(form.submit(status=303)))
    assert live(look) == {}


def test_p27_off_net_numbers_too_and_the_address_is_checked(
    visitor, alice, bob, story, look
) -> None:
    """P27: For on-net and off-net numbers; address checked."""
    form = visitor(bob).get(f"{PORTAL}/911/new").forms["e911"]
    typed = {"number": "412-555-0177", "caller_name": "Acme", "address1": "1 Main Street Apt 2"}
    for name, value in (typed | {"city": "Pittsburgh", "state": "OH", "zip": "15222"}).items():
        form[name] = value
    form["accepted"].checked = True
    page = form.submit(status=422)
    assert said(page.html.find(id="zip-problem")).startswith("ZIP 15222 is in PA, not in OH.")
    page.forms["e911"]["state"] = "Pennsylvania"
    page = page.forms["e911"].submit(status=200)
    assert "1 Main Street Apt 2" in said(page.html.find(id="compared"))
    approve(visitor(alice), number_of(page.forms["compare"].submit("correct", status=303)))
    assert live(look) == {"+14125550177": "1 Main Street"}


def test_p27_numbers_without_911_are_counted_and_marked_with_the_risk(
    visitor, alice, bob, mine
) -> None:
    """P27: Numbers with no 911 counted and marked, with what that risks."""
    browser = visitor(bob)
    approve(visitor(alice), ask_for_911(browser, mine[0]))
    for address in (f"{PORTAL}/", f"{PORTAL}/911"):
        words = said(browser.get(address).html.select_one("main"))
        assert "2 numbers have no 911 address." in words
        assert "does not see where you are" in words
    marked = [
        "No 911 address" in said(row)
        for row in browser.get(f"{PORTAL}/numbers").html.select("#numbers tbody tr")
    ]
    assert marked == [False, True, True]


# --- Ordering -----------------------------------------------------------------------------------


def review(browser: Any, form: Any) -> Any:
    """Press Review order, whose button leads to an address of its own."""
    return browser.get(f"{PORTAL}/order-numbers/review", form.submit_fields())


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "MA"}, ["+16175550101", "+16175550102"]),
        ({"place": "boston"}, ["+16175550101", "+16175550102"]),
        ({"area_code": "(833)"}, ["+18335550101"]),
        ({"area_code": "617", "nxx": "555"}, ["+16175550101", "+16175550102"]),
        ({"digits": "0103"}, ["+14125550103"]),
    ],
)
def test_p28_numbers_are_found(visitor, bob, asked, found) -> None:
    """P28: Search by state, rate centre or city, area code, NXX, digits."""
    form = visitor(bob).get(f"{PORTAL}/order-numbers").forms["order-numbers"]
    for name, value in asked.items():
        form[name] = value
    page = form.submit("search", value="1")
    boxes = [box["value"] for box in page.html.select("#offers [name=n]")]
    assert [f"+1{digits}" for digits in boxes] == found


def test_p28_several_are_chosen_priced_and_sent(visitor, alice, bob, acme, story, look) -> None:
    """P28: Features; choose several; see the price; send."""
    browser = visitor(bob)
    form = browser.get(f"{PORTAL}/order-numbers").forms["order-numbers"]
    for box in form.fields["feature"]:
        box.checked = box._value == "sms"
    page = form.submit("search", value="1")
    form = page.forms["order-numbers"]
    offered = [box._value for box in form.fields["n"]]
    assert "6175550101" not in offered
    for box in form.fields["n"][:2]:
        box.checked = True
    page = review(browser, form)
    assert "$3.00" in said(page.html.find(id="total"))
    assert "$2.00" in said(page.html.find(id="total"))
    approve(visitor(alice), number_of(page.forms["send-order"].submit("send", status=303)))
    wanted = sorted([story.acme_number, *(f"+1{digits}" for digits in offered[:2])])
    assert numbers_of(look, acme.id) == wanted


def test_p28_the_second_of_two_keeps_the_rest(visitor, bob, charlie, story) -> None:
    """P28: When two people want one number, the loser keeps the rest of the basket."""
    chosen = ".".join(number[2:] for number in story.free[:2])
    page = visitor(charlie).get(f"{PORTAL}/order-numbers/review?chosen={chosen}")
    order_numbers(visitor(bob), story.free[0])
    page = page.forms["send-order"].submit("send", status=409)
    assert "(412) 555-0101" in said(page.html.find(id="refused"))
    assert "(412) 555-0102" in said(page.html.find(id="chosen"))
    page.forms["send-order"].submit("send", status=303)


# --- Ports, orders, the brand -------------------------------------------------------------------


@pytest.fixture
def port(look, story) -> str:  # type: ignore[no-untyped-def]
    """A port of Acme's with two numbers, one of which is asked about; gives its address."""
    with look():
        ports.furnish(db.session.get_one(Reseller, story.reseller_id))
        step = {row.key: row for row in db.session.scalars(select(PortStatus))}
        alice, port = orders.actor(story.alice), Port()
        typed = {"pon": "K-1", "porting_from": "Oldtel", "numbers": "4125550161 , 4125550162"}
        acme = db.session.get_one(Client, story.acme.id)
        ports.save(port, by=alice, client=acme, **typed)
        ports.move(port, step["submitted"], by=alice)
        reason = "The PIN or passcode is missing or wrong."
        ports.set_numbers(port, port.numbers[:1], step[ports.QUESTION], reason, by=alice)
        ports.set_foc(port, ports.today().isoformat(), by=alice)
        ports.comment(port, "Our margin is thin.", is_private=True, by=alice)
        db.session.commit()
        return f"{PORTAL}/ports/{port.id}"


def test_p29_ports_tell_each_numbers_status_and_reason(
    visitor, bob, charlie, story, port, look
) -> None:
    """P29: Ports: active and completed, with per-number status, dates and plain reasons."""
    browser = visitor(bob)
    assert listed(browser.get(f"{PORTAL}/ports")) == ["K-1"]
    page = browser.get(port)
    rows = [said(row) for row in page.html.select("#numbers tbody tr")]
    assert rows == [
        "(412) 555-0161 Question The PIN or passcode is missing or wrong.",
        "(412) 555-0162 Submitted We have sent your request to your current provider.",
    ]
    with look():
        shown = ports.today()
    assert f"{shown:%b} {shown.day}, {shown.year}" in said(page.html.find(id="dates"))
    assert "margin" not in page.text
    with look():
        found = db.session.scalars(select(Port)).one()
        ports.complete(found, by=orders.actor(story.alice))
        db.session.commit()
    assert listed(browser.get(f"{PORTAL}/ports")) == []
    assert listed(browser.get(f"{PORTAL}/ports?tab=completed")) == ["K-1"]
    visitor(charlie).get(port, status=404)


def test_p30_orders_are_listed_pending_and_completed(visitor, alice, bob, story) -> None:
    """P30: Orders: pending and completed."""
    browser = visitor(bob)
    first, second = (order_numbers(browser, number) for number in story.free[:2])
    approve(visitor(alice), first)
    assert listed(browser.get(f"{PORTAL}/orders")) == [second]
    assert listed(browser.get(f"{PORTAL}/orders?tab=completed")) == [first]


def test_p31_the_menus_pages_say_the_resellers_name_alone(
    visitor, alice, bob, story, port, used
) -> None:
    """P31: Only the reseller's brand: no carrier, network, wholesale cost or Portico word."""
    assert leaks("Bought of a carrier on Portico") == ["carrier", "Portico"]
    browser = visitor(bob)
    approve(visitor(alice), ask_for_911(browser, story.acme_number))
    order_numbers(browser, story.free[0])
    home = browser.get(f"{PORTAL}/")
    menu = [link["href"] for link in home.html.select("nav[aria-label=Main] a")]
    assert len(menu) >= 8
    more = [port, f"{PORTAL}/911/4125550190/history", f"{PORTAL}/account", f"{PORTAL}/orders/NONE"]
    for address in [*menu, *more]:
        page = browser.get(address, status="*")
        assert ("Keystone Voice" in page.text, leaks_of(page)) == (True, []), address
    assert leaks_of(browser.get(f"{PORTAL}/usage").forms["csv-days"].submit()) == []


# --- How it must feel ---------------------------------------------------------------------------


def test_p26_a_caller_id_name_takes_four_clicks(visitor, bob) -> None:
    """P26: From the first page a caller ID name is changed in at most four clicks."""
    page = visitor(bob).get(f"{PORTAL}/")
    page = page.click(href=r"/numbers$", index=0)
    page = page.click(r"\(412\) 555-0190")
    page = page.click(href="cnam_outbound")
    page.forms["change-service"]["display_name"] = "Acme"
    page.forms["change-service"].submit("turn", value="on", status=303)


def test_p28_a_number_takes_five_clicks(visitor, bob) -> None:
    """P28: From the first page a number is ordered in at most five clicks."""
    browser = visitor(bob)
    page = browser.get(f"{PORTAL}/").click(href=r"/order-numbers$", index=0)
    form = page.forms["order-numbers"]
    form.fields["n"][0].checked = True
    page = review(browser, form)
    page.forms["send-order"].submit("send", status=303)
