"""P1 to P4: clients, their portals, their groups, their month and their tabs."""

import csv
import io
import re

import pytest
from sqlalchemy import func, select

from extensions import db
from models import Call, Client, Did, DidGroup, E911Group, E911Record, EndpointGroup, Net
from tests.support import calls
from tests.support.steps import new_client, said


def test_p1_a_client_has_a_portal_at_once(visitor, alice) -> None:
    """P1: Creating a client is enough to have a portal for it, before any login exists."""
    page = new_client(visitor(alice), "Cedar")
    assert "Cedar is created, and its portal is open." in page.text
    door = page.forms["look"].submit(status=303).follow()
    portal = door.forms["impersonate"].submit(status=302).follow()
    assert said(portal.html.select_one(".impersonation")).startswith(
        "Alice looks at the portal of Cedar , as no login of it"
    )


@pytest.fixture
def three_groups(look, story) -> tuple[str, ...]:  # type: ignore[no-untyped-def]
    """A number in a DID Group and an Endpoint Group, one in the latter alone, a 911 Group."""
    with look():
        kinds = (DidGroup, EndpointGroup, E911Group)
        rows = [
            kind(reseller_id=story.reseller_id, name=f"Spare {kind.__name__}") for kind in kinds
        ]
        db.session.add_all(rows)
        db.session.flush()
        both, one = (
            db.session.scalars(select(Did).where(Did.number == number)).one()
            for number in story.free[:2]
        )
        both.did_group_id, both.endpoint_group_id = rows[0].id, rows[1].id
        one.endpoint_group_id = rows[1].id
        db.session.commit()
        return tuple(
            f"{key}:{row.id}" for key, row in zip(("did", "endpoint", "e911"), rows, strict=True)
        )


def test_p2_a_clients_scope_is_the_union_of_its_groups(visitor, alice, three_groups, look) -> None:
    """P2: A client's scope is the union of its groups; a group belongs to one client at most."""
    browser = visitor(alice)
    page = new_client(browser, "Cedar", three_groups)
    home = re.match(r"/admin/clients/(\d+)/", page.request.path)
    assert home
    rows = browser.get(f"{home.group()}numbers/").html.select("tbody tr")
    assert [said(row.select("td")[1]) for row in rows] == ["(412) 555-0101", "(412) 555-0102"]
    with look():
        group = db.session.scalars(select(E911Group)).one()
        assert group.client_id == int(home.group(1))
    form = browser.get("/admin/clients/new/").forms["client"]
    token, name = form["csrf_token"].value, "Second"
    typed = {"csrf_token": token, "name": name, "contact_email": "x@second.example"}
    refused = browser.post("/admin/clients/new/", typed | {"groups": three_groups[0]}, status=200)
    assert "Cedar" in said(refused.html.select_one("#groups-problem"))
    with look():
        assert db.session.scalars(select(Client).where(Client.name == name)).all() == []


def test_p3_a_clients_month_equals_its_calls(visitor, alice, acme, story, look) -> None:
    """P3: Month-to-date usage with graphs, range, drill-down, CSV; totals equal calls to a cent."""
    with look():
        calls.hold_since_long_ago()
        calls.forget_charges()
        db.session.commit()
        lines = [calls.line(f"k{n}", story.acme_number, price=f"0.0{n}7") for n in range(1, 8)]
        calls.load(*lines)
        theirs = select(func.sum(Call.cost_micros), func.count()).where(Call.client_id == acme.id)
        cost, count = db.session.execute(theirs).one()
    browser = visitor(alice)
    page = browser.get(f"/admin/clients/{acme.id}/usage/?from=2026-11-01&to=2026-11-30")
    assert page.html.select_one("[data-figure]")
    total = [said(cell) for cell in page.html.select("#usage-kinds tbody tr")[-1].find_all("td")]
    assert (int(total[0]), total[3]) == (count, f"${int(cost) / 1_000_000:.3f}")
    drilled = page.click(r"\(412\) 555-0190")
    assert len(drilled.html.select("#calls tbody tr")) == 7
    rows = list(csv.DictReader(io.StringIO(page.forms["csv-calls"].submit().text)))
    assert round(sum(float(row["cost"]) for row in rows) * 1_000_000) == int(cost)
    whole = browser.get(f"/admin/clients/{acme.id}/").html.select_one("#month-total")
    assert said(whole).startswith("Calls 7 ")


TABS = {
    "Logins": "logins",
    "Order Settings": "order-settings",
    "Pending Orders": "pending-orders",
    "Order History": "order-history",
}


def test_p4_the_four_tabs_are_the_clients_and_the_menus(visitor, alice, acme) -> None:
    """P4: Four tabs: Logins, Order Settings, Pending Orders, Order History; in the menu too."""
    browser = visitor(alice)
    page = browser.get(f"/admin/clients/{acme.id}/").html
    tabs = {link.find(string=True).strip(): link["href"] for link in page.select(".page-tabs a")}
    menu = {said(link.span): link["href"] for link in page.select(".shell-nav a")}
    for name, slug in TABS.items():
        assert (tabs[name], menu[name]) == (
            f"/admin/clients/{acme.id}/{slug}/",
            f"/admin/{slug}/",
        )
        opened = browser.get(tabs[name]).html
        assert said(opened.h1) == "Acme"
        assert opened.select_one(".page-tabs a.active").find(string=True).strip() == name
        assert said(browser.get(menu[name]).html.h1) == name


def test_p2_a_911_group_brings_its_addresses(visitor, alice, acme, look, story) -> None:
    """P2: A client reached by a 911 Group has the addresses in it, of numbers that are nobody's."""
    with look():
        group = E911Group(reseller_id=story.reseller_id, name="Acme 911", client_id=acme.id)
        db.session.add(group)
        db.session.flush()
        where = {"address1": "1 Main Street", "city": "Erie", "state": "PA", "zip": "16501"}
        record = E911Record(
            reseller_id=story.reseller_id,
            client_id=acme.id,
            e911_group_id=group.id,
            number="+18145550101",
            net=Net.OFF_NET,
            caller_name="Acme",
            **where,
        )
        db.session.add(record)
        db.session.commit()
    page = visitor(alice).get(f"/admin/clients/{acme.id}/911/")
    assert "(814) 555-0101" in said(page.html.select_one("tbody"))
