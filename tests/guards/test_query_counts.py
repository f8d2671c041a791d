"""A page asks the database as much for a hundred rows as for one, whatever page it is."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

import clients
import notes
import ports
from extensions import db
from models import (
    Client,
    Did,
    DidGroup,
    DidStatus,
    E911Group,
    E911Record,
    EndpointGroup,
    Login,
    Net,
    Order,
    Port,
    RejectReason,
    Tier,
)
from tests.guards.routes import ANYONE, LOGIN, ROUTES
from tests.guards.test_routes import address, rows, rules
from tests.support import orders
from tests.support.cast import Story
from tests.support.queries import statements

__all__ = ["rows"]

FEW, MANY = 2, 100
GROWS = {
    *("clients.index_view", "clients.export", "logins.index_view", "client_logins.index_view"),
    *("pending_orders.index_view", "order_history.index_view", "client_pending_orders.export"),
    *("dids.index_view", "dids.export", "client_numbers.index_view", "mail.index_view"),
    *("did_groups.index_view", "endpoint_groups.index_view", "e911_groups.index_view"),
    *("ports.index_view", "ports.export", "client_ports.index_view", "port.show"),
    *("e911.index_view", "e911.export", "client_e911.index_view", "e911_missing.index_view"),
    *("order_settings.index_view", "order_settings.export"),
    *("tiers.index_view", "admin.index", "orders.show", "client.overview"),
    *("portal.first_page", "portal.numbers", "portal.orders", "portal.order_numbers"),
    "portal.order",
}
"""Pages that must have grown between the two counts, so that equal counts mean something."""

BEYOND = {"portal.order_numbers": 1}
"""Pages that count what stands beyond their first page once there is such a thing."""


def grow(story: Story, first: int, last: int) -> None:
    """Add a client with its people, groups, tier, numbers, orders and note, for each n."""
    alice = orders.actor(story.alice)
    bob = orders.actor(story.bob)
    for n in range(first, last):
        client = clients.create(by=alice, name=f"Client {n}", contact_email=f"c{n}@x.example")
        email = f"p{n}@x.example"
        more = {"notify": email, "allow_order_requests": True}
        clients.add_login(client, by=alice, name=f"Person {n}", email=email, **more)
        acme = db.session.get_one(Client, story.acme.id)
        clients.add_login(acme, by=alice, name=f"Colleague {n}", email=f"a{email}", **more)
        for kind in (DidGroup, EndpointGroup, E911Group):
            db.session.add(kind(reseller_id=story.reseller_id, name=f"G {n}", client=client))
        db.session.add(Tier(reseller_id=story.reseller_id, label=f"T{n}", name=f"T {n}"))
        db.session.add(RejectReason(reseller_id=story.reseller_id, text=f"R {n}", position=n))
        numbers = [f"+1215555{n:02d}{k:02d}" for k in range(4)]
        for number in numbers:
            db.session.add(_did(story, number))
        db.session.commit()
        orders.approve(orders.ask(story.bob, numbers[0]), story.alice)
        orders.reject(orders.ask(story.bob, numbers[1]), story.alice)
        pending = orders.find(orders.ask(story.bob, numbers[2]))
        notes.add(pending, "A word.", bob)
        db.session.commit()


def _shown_port() -> Port:
    """Give the port that the pages show."""
    return db.session.scalars(select(Port).where(Port.pon == "K-1")).one()


def move_in(story: Story, first: int, last: int) -> None:
    """Add ports, numbers to the port that is shown, and 911 addresses: one for each n."""
    for n in range(first, last):
        _move_in(story, _shown_port(), n)
    db.session.commit()


def _move_in(story: Story, shown: Port, n: int) -> None:
    alice, client = orders.actor(story.alice), shown.client
    typed = {"pon": f"P {n}", "porting_from": "Oldtel", "numbers": f"+1610555{n:04d}"}
    ports.save(Port(), by=alice, client=client, **typed)
    ports.add_numbers(shown, f"+1484555{n:04d}", by=alice)
    address = {"address1": "1 Main Street", "city": "Erie", "state": "PA", "zip": "16501"}
    record = E911Record(
        reseller_id=story.reseller_id,
        client_id=client.id,
        number=f"+1814555{n:04d}",
        net=Net.OFF_NET,
        caller_name="Acme",
        **address,
    )
    db.session.add(record)


def _did(story: Story, number: str) -> Did:
    return Did(
        reseller_id=story.reseller_id,
        number=number,
        npa=number[2:5],
        nxx=number[5:8],
        tier_id=story.tier.id,
        state="PA",
        city="Pittsburgh",
        has_t38=True,
        has_cnam=True,
        has_sms=True,
    )


def long_order(story: Story, number: str, lines: int) -> None:
    """Give the order that the pages show more lines and notes."""
    order = orders.find(number)
    spare = [f"+1267555{n:04d}" for n in range(lines)]
    for telephone in spare:
        # Not to be ordered, so that the portal's stock stays within a page.
        did = _did(story, telephone)
        did.status = DidStatus.SUSPENDED
        db.session.add(did)
    db.session.commit()
    order.lines.extend(
        type(order.lines[0])(
            reseller_id=order.reseller_id,
            position=len(order.lines) + n,
            number=telephone,
            slot=order.lines[0].slot,
            requested={"did": {}},
            current={"did": None},
            prices={},
        )
        for n, telephone in enumerate(spare, 1)
    )
    for n in range(lines):
        notes.add(order, f"Note {n}.", orders.actor(story.bob))
    db.session.commit()


@pytest.fixture
def measured(app: Flask, story: Story, rows: dict[str, Any], visitor, look):  # type: ignore[no-untyped-def]
    """Open every address with few rows and with many; gives (endpoint, counts, sizes)."""

    def measure() -> dict[str, tuple[int, int]]:
        browsers = {LOGIN: visitor(story.bob), None: visitor(story.alice)}
        found = {}
        for rule in rules(app, "GET"):
            if ROUTES[rule.endpoint] == ANYONE:
                continue
            browser = browsers[LOGIN if ROUTES[rule.endpoint] == LOGIN else None]
            where = address(app, rule, rows).split("&name=")[0]
            browser.get(where, status="*")
            with statements(app) as seen:
                page = browser.get(where, status="*")
                size = len(page.body)
            found[rule.endpoint] = (len(seen), size)
        return found

    with look():
        grow(story, 1, FEW)
        move_in(story, 1, FEW)
    few = measure()
    with look():
        grow(story, FEW, MANY)
        move_in(story, FEW, MANY)
        long_order(story, rows["number"], MANY)
    return few, measure()


def test_no_page_asks_more_for_a_hundred_rows_than_for_one(measured) -> None:  # type: ignore[no-untyped-def]
    few, many = measured
    more = {e: (few[e][0], many[e][0]) for e in few if many[e][0] > few[e][0] + BEYOND.get(e, 0)}
    assert more == {}
    shrunk = {e for e in GROWS if many[e][1] < few[e][1] * 1.05}
    assert shrunk == set()


def test_a_query_a_row_is_noticed(app: Flask, story: Story, look) -> None:  # type: ignore[no-untyped-def]
    def page() -> int:
        with look(), statements(app) as seen:
            for login in db.session.scalars(select(Login)):
                assert login.client.order_settings is not None
        return len(seen)

    few = page()
    with look():
        grow(story, 1, 4)
        assert db.session.query(Order).count() > 0
    assert page() > few
