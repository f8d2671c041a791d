"""Inventory: finding a number by any part of it, what its page tells, and who may look."""

import csv
import io
import re

import pytest
from sqlalchemy import select
from webtest import Upload

from columns import now
from extensions import db
from models import Did, DidGroup, DidStatus, Tier
from tests.support import orders
from tests.support.queries import statements, writes

LIST = "/admin/dids/"
NUMBER = re.compile(r"\(\d{3}\) \d{3}-\d{4}")


def said(node) -> str:  # type: ignore[no-untyped-def]
    return " ".join(node.get_text(" ").split())


def listed(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [NUMBER.search(said(row)).group() for row in page.html.select("tbody tr")]


def id_of(number: str) -> int:
    return db.session.scalars(select(Did.id).where(Did.number == number)).one()


@pytest.fixture
def page_of(look, visitor):  # type: ignore[no-untyped-def]
    """Open a number's page as somebody."""

    def opened(person, number, **more):  # type: ignore[no-untyped-def]
        with look():
            key = id_of(number)
        return visitor(person).get(f"/admin/dids/details/?id={key}", **more)

    return opened


# --- Finding ----------------------------------------------------------------------------------

PITTSBURGH = [f"(412) 555-010{n}" for n in range(1, 6)]
CLIENTS = ["(412) 555-0190", "(412) 555-0191"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("412 555", PITTSBURGH + CLIENTS),
        ("+1412", PITTSBURGH + CLIENTS),
        ("+1 (617)", ["(617) 555-0101", "(617) 555-0102"]),
        ("0190", ["(412) 555-0190"]),
        ("4125550103", ["(412) 555-0103"]),
        ("1-412-555-0103", ["(412) 555-0103"]),
        ("(412) 555-0103", ["(412) 555-0103"]),
        ("pittsb", PITTSBURGH + CLIENTS),
        ("Birch", ["(412) 555-0191"]),
        ("+9", []),
        ("nowhere", []),
        ("%", []),
        ("_", []),
        ("'; DROP TABLE did; --", []),
        ("+", []),
    ],
)
def test_a_number_is_found_by_any_part_in_any_spelling(visitor, alice, typed, found) -> None:
    assert listed(visitor(alice).get(LIST, {"search": typed})) == found


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("flt0_state_is", "ma", 2),
        ("flt0_area_code_is", "412", 7),
        ("flt0_area_code_is", "999", 0),
        ("flt0_status_is", "available", 8),
        ("flt0_status_is", "active", 2),
        ("flt0_client_is", "acme", 1),
        ("flt0_client_is", "Nobody", 0),
        ("flt0_type_is", "toll_free", 1),
        ("flt0_on_order_is", "yes", 1),
        ("flt0_on_order_is", "no", 9),
    ],
)
def test_the_inventory_is_narrowed(visitor, alice, bob, look, story, name, value, found) -> None:
    with look():
        orders.ask(bob, story.free[0])
    assert len(listed(visitor(alice).get(LIST, {name: value}))) == found


def test_the_inventory_is_narrowed_to_a_tier(visitor, alice, story) -> None:
    browser = visitor(alice)
    assert len(listed(browser.get(LIST, {"flt0_tier_is": story.tier.id}))) == 10


def test_a_tier_of_another_reseller_is_none(visitor, mallory, story) -> None:
    page = visitor(mallory).get(LIST, {"flt0_tier_is": story.tier.id})
    assert story.tier.name not in said(page.html.select_one(".alert"))
    assert listed(page) == ["(212) 555-0170"]


@pytest.mark.parametrize(
    "query",
    [
        {"flt0_status_is": "gone"},
        {"flt0_on_order_is": "perhaps"},
        {"page": "-1"},
        {"page": "100000000000000000000"},
        {"sort": "77"},
        {"page_size": "100000"},
    ],
)
def test_an_address_that_makes_no_sense_shows_the_list(visitor, alice, query) -> None:
    assert visitor(alice).get(LIST, query).status_int == 200


@pytest.mark.parametrize("field", ["search", "flt0_client_is", "flt0_state_is"])
def test_a_character_that_no_database_keeps_does_no_harm(visitor, alice, field) -> None:
    assert visitor(alice).get(LIST, {field: "a\0b"}).status_int == 200


def test_numbers_stand_in_their_order(visitor, alice) -> None:
    found = listed(visitor(alice).get(LIST))
    assert found == [*PITTSBURGH, *CLIENTS, "(617) 555-0101", "(617) 555-0102", "(833) 555-0101"]


def test_the_list_is_sorted_by_place(visitor, alice) -> None:
    found = listed(visitor(alice).get(LIST, {"sort": "1", "desc": "1"}))
    assert found[:2] == ["(412) 555-0191", "(412) 555-0190"]


def test_a_row_tells_place_tier_features_status_client_and_price(visitor, alice, story) -> None:
    page = visitor(alice).get(LIST, {"search": "0190"})
    assert said(page.html.select_one("tbody tr")) == (
        "(412) 555-0190 Pittsburgh, PA PITTSBURGH Standard SMS, T.38 fax, Caller ID name "
        "Active Acme $1.50"
    )


def test_a_number_that_an_order_holds_is_not_shown_as_free(
    visitor, alice, bob, look, story
) -> None:
    with look():
        orders.ask(bob, story.free[0])
    rows = [said(row) for row in visitor(alice).get(LIST).html.select("tbody tr")]
    assert "On order" in rows[0]
    assert "Available" in rows[1]


def test_the_csv_is_what_the_search_shows_with_numbers_as_e164(visitor, alice) -> None:
    answer = visitor(alice).get("/admin/dids/export/csv/", {"search": "0190"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(r["Number"], r["City"], r["State"], r["Client"], r["Per month"]) for r in rows] == [
        ("+14125550190", "Pittsburgh", "PA", "Acme", "")
    ]


def test_the_list_asks_as_much_for_thirty_numbers_as_for_one(
    visitor, alice, app, look, story, acme
) -> None:
    browser = visitor(alice)
    with statements(app) as one:
        browser.get(LIST, {"search": "0190"})
    with look():
        for n in range(200, 230):
            number = f"+1412566{n:04}"
            db.session.add(
                Did(number=number, npa="412", nxx="566", tier_id=story.tier.id, state="PA")
            )
        db.session.commit()
    with statements(app) as many:
        page = browser.get(LIST)
    assert len(page.html.select("tbody tr")) == 40
    # What is searched for is another statement each time, and counted by another.
    assert len(many) <= len(one) <= 7
    assert writes(many) == []


def test_an_empty_inventory_offers_the_import(visitor, beginner) -> None:
    page = visitor(beginner).get(LIST)
    assert "No numbers yet" in said(page.html)
    page.click("Import numbers", href="/admin/did-import/")


def test_a_search_that_finds_nothing_offers_to_clear_it(visitor, alice) -> None:
    page = visitor(alice).get(LIST, {"search": "999"})
    assert "Nothing fits" in said(page.html)
    assert len(listed(page.click("Clear search and filters"))) == 10


# --- One number -------------------------------------------------------------------------------


def test_a_numbers_page_tells_who_has_it_and_what_it_can_do(page_of, alice, story) -> None:
    text = said(page_of(alice, story.acme_number).html.select_one("main"))
    for words in ("(412) 555-0190", "+14125550190", "Acme", "Acme main", "$1.50 a month", "SMS"):
        assert words in text
    assert "None: an emergency call from this number shows no address." in text


def test_a_numbers_page_tells_its_services(page_of, alice, bob, look, story) -> None:
    with look():
        asked = orders.ask(
            bob, story.acme_number, kind="call_forwarding", forward_to="(617) 555-0177"
        )
        orders.approve(asked, alice)
    services = said(page_of(alice, story.acme_number).html.select_one("#service-list"))
    assert "Call Forwarding" in services
    assert "(617) 555-0177" in services
    assert "$0.50 a month" in services


def test_a_numbers_page_leads_to_the_order_that_holds_it(page_of, alice, bob, look, story) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    page = page_of(alice, story.free[0])
    assert said(page.html.select_one("#open-orders")).startswith("Held until")
    assert number in said(page.click(number).html.select_one("h1"))


def test_a_numbers_page_keeps_who_had_it(page_of, alice, look, story) -> None:
    from carriers import inventory

    with look():
        did = db.session.get(Did, id_of(story.acme_number))
        inventory.take_did(did, DidStatus.AVAILABLE)
        did.held_by_id = did.held_until = None
        db.session.commit()
    page = page_of(alice, story.acme_number).html
    row = page.select_one("#holder-list tbody tr")
    assert said(row).startswith("Acme")
    assert len(row.select("time")) == 2
    assert "Nobody" in said(page)


def test_a_hold_that_has_lapsed_holds_nothing(page_of, alice, bob, look, story) -> None:
    with look():
        orders.ask(bob, story.free[0])
        db.session.get(Did, id_of(story.free[0])).held_until = now().replace(year=2020)
        db.session.commit()
    page = page_of(alice, story.free[0]).html
    assert "Available" in said(page.select_one("h1"))


# --- Who may ----------------------------------------------------------------------------------


def test_victor_may_look_at_numbers(page_of, visitor, victor, story) -> None:
    assert len(listed(visitor(victor).get(LIST))) == 10
    assert page_of(victor, story.acme_number).html.select("main form") == []


def test_mallory_sees_her_own_numbers_only(page_of, visitor, mallory, look, story) -> None:
    browser = visitor(mallory)
    assert listed(browser.get(LIST)) == ["(212) 555-0170"]
    assert listed(browser.get(LIST, {"search": "412"})) == []
    assert "412555" not in browser.get("/admin/dids/export/csv/").text
    page_of(mallory, story.acme_number, status=404)


@pytest.mark.parametrize("path", ["new/", "edit/?id=1", "ajax/lookup/?name=client&query=a"])
def test_nothing_can_be_written_here(visitor, alice, path) -> None:
    answer = visitor(alice).get(f"{LIST}{path}", expect_errors=True)
    assert answer.status_int in (302, 404)


@pytest.mark.parametrize("path", ["new/", "edit/?id=1", "delete/", "action/", "ajax/update/"])
def test_nothing_can_be_posted_here(visitor, alice, look, story, path) -> None:
    browser = visitor(alice)
    token = browser.get("/admin/clients/new/").forms["client"]["csrf_token"].value
    with look():
        forged = {"id": id_of(story.free[0]), "rowid": id_of(story.free[0]), "action": "delete"}
    browser.post(f"{LIST}{path}", forged | {"csrf_token": token}, expect_errors=True)
    with look():
        assert db.session.query(Did).count() == 10
        assert db.session.query(Tier).count() == 1


def test_an_export_imported_again_changes_nothing(visitor, alice, look, story) -> None:
    with look():
        db.session.query(Did).filter_by(number=story.free[1]).one().monthly_micros = 2_345_600
        db.session.commit()
    browser = visitor(alice)
    exported = browser.get("/admin/dids/export/csv/?search=412").body
    assert exported.count(b"2.3456") == 1
    upload = browser.get("/admin/did-import/").forms["upload"]
    upload["file"] = Upload("numbers.csv", exported, "text/csv")
    said_first = upload.submit().follow().html.select_one("#consequences li").get_text()
    assert said_first == "0 numbers added, 0 changed, 7 left as they are."


ODD = {
    "=Sum": {"monthly_micros": 0, "setup_micros": 12_000_000},
    '"+ Plus"': {"monthly_micros": 1_234_567_890, "city": "O'Fallon", "lata": "234"},
    "'-Own": {"city": None, "state": None, "rate_center": "@Home", "tier_label": "0777"},
    "Größe, A; B": {"status": DidStatus.SUSPENDED, "has_sms": False, "has_t38": True},
    "Two  Words": {"tier_label": "Tier 5", "setup_micros": 0, "rate_center": "'@Home"},
}
"""What a number may say that a spreadsheet, or a reader of CSV, would like to take otherwise."""


def test_every_exported_row_is_unchanged_when_it_comes_back(visitor, alice, look, story) -> None:
    with look():
        _make_odd(story)
    browser = visitor(alice)
    exported = browser.get("/admin/dids/export/csv/").body
    upload = browser.get("/admin/did-import/").forms["upload"]
    upload["file"] = Upload("numbers.csv", exported, "text/csv")
    report = upload.submit().follow().click("Full report").text
    rows = list(csv.DictReader(io.StringIO(report, newline="")))
    assert len(rows) == len(story.free) + 2
    assert {(row["Outcome"], row["Explanation"]) for row in rows} == {("unchanged", "")}


def _make_odd(story) -> None:  # type: ignore[no-untyped-def]
    """Give free numbers prices of their own, groups and places with odd names."""
    for number, (group, more) in zip(story.free, ODD.items(), strict=False):
        did = db.session.scalars(select(Did).where(Did.number == number)).one()
        did.did_group = DidGroup(reseller_id=story.reseller_id, name=group)
        for column, value in more.items():
            if column == "tier_label":
                did.tier = Tier(reseller_id=story.reseller_id, label=value, name="Gold")
            else:
                setattr(did, column, value)
    db.session.commit()
