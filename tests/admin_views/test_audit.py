"""The audit log: everything is in it, the right people read it, and nobody can change it."""

import csv
import io

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DatabaseError

import audit
from admin_views import audit_words
from extensions import db
from models import AuditEntry, CdrImport, Rate, Staff
from permissions import staff_actor
from tests.support import orders, people

LOG = "/admin/audit/"


def rows_of(page) -> list[list[str]]:
    """Read the cells of the list, row by row."""
    return [
        [cell.get_text(" ", strip=True) for cell in row.find_all("td")]
        for row in page.html.select("tbody tr")
    ]


def whats(page) -> list[str]:
    return [row[3] for row in rows_of(page)]


def rename_victor(browser, victor) -> None:
    form = browser.get(f"/admin/staff/edit/?id={victor.id}").forms["staff-member"]
    form["role"] = "support"
    form.submit()


def test_an_entry_says_when_who_from_where_what_and_before_and_after(visitor, olga, victor) -> None:
    browser = visitor(olga)
    rename_victor(browser, victor)
    when, who, where, what, thing, changes = rows_of(browser.get(LOG))[0]
    assert when
    assert (who, where, what) == (
        "Olga",
        "203.0.113.5 An unknown browser",
        "Staff member changed",
    )
    assert (thing, changes) == ("Victor Staff member", "Role viewer → support")


def test_an_entry_leads_to_its_object(visitor, olga, alice, bob, story, look) -> None:
    with look():
        orders.reject(orders.ask(bob, story.free[0]), alice, "Not now.")
    page = visitor(olga).get(LOG)
    assert page.click("O-000001", index=0).request.path == "/admin/orders/O-000001"


def test_staff_behind_a_login_stand_with_both_names(visitor, olga, alice, bob) -> None:
    browser = visitor(alice)
    form = browser.get(f"/admin/logins/details/?id={bob.id}").forms["impersonate"]
    form["reason"] = "Ticket 4711"
    browser.get(form.submit().location)
    page = visitor(olga).get(LOG)
    asked = next(row for row in rows_of(page) if row[3] == "Asked to impersonate a login")
    assert (asked[1], asked[4]) == ("Alice", "Bob Login")


@pytest.mark.parametrize("who", ["alice", "victor"])
def test_only_who_may_read_the_log_reads_it(visitor, story, acme, who) -> None:
    browser = visitor(getattr(story, who))
    for address in (LOG, "/admin/audit/export/csv/", f"/admin/clients/{acme.id}/activity/"):
        browser.get(address, status=403)
    assert "Audit Log" not in browser.get("/admin/").text


def test_another_resellers_owner_sees_own_entries_alone(visitor, mallory, olga, acme) -> None:
    visitor(olga)
    browser = visitor(mallory)
    assert {row[1] for row in rows_of(browser.get(LOG))} == {"Mallory"}
    browser.get(f"/admin/clients/{acme.id}/activity/", status=404)


def narrowed(browser, **typed: str):
    """Fill the filters of the list by their labels."""
    page = browser.get(LOG)
    form = page.forms["filters"]
    for label, value in typed.items():
        wanted = label.replace("_", " ")
        found = page.html.find("label", string=lambda words, w=wanted: words and words.strip() == w)
        field = page.html.find(id=found["for"])["name"]
        form[field] = value
    return form.submit()


def test_the_log_is_narrowed_by_person_action_kind_and_words(visitor, olga, victor, alice) -> None:
    browser = visitor(olga)
    visitor(alice)
    rename_victor(browser, victor)
    assert {row[1] for row in rows_of(narrowed(browser, Staff=str(alice.id)))} == {"Alice"}
    assert whats(narrowed(browser, What="staff.changed")) == ["Staff member changed"]
    assert len(whats(narrowed(browser, Kind="Staff"))) == 3
    assert len(whats(narrowed(browser, Search="victor"))) == 1
    assert "Nothing fits" in narrowed(browser, Search="no such thing").text


def test_the_log_is_narrowed_by_dates(visitor, olga) -> None:
    browser = visitor(olga)
    assert "Nothing fits" in narrowed(browser, When_from="2100-01-01").text
    assert "Nothing fits" in narrowed(browser, When_up_to="2001-01-01").text
    assert len(whats(narrowed(browser, When_from="2001-01-01", When_up_to="2100-01-01"))) == 1


def test_a_filter_that_cannot_be_is_left_out_with_a_sentence(visitor, olga) -> None:
    page = visitor(olga).get(f"{LOG}?flt0_audit_entry_staff_id_staff_is=abc")
    assert whats(page) == ["Signed in to the back office"]


def test_the_csv_has_all_that_the_list_has_and_more(visitor, olga, victor) -> None:
    browser = visitor(olga)
    rename_victor(browser, victor)
    found = list(csv.DictReader(io.StringIO(browser.get("/admin/audit/export/csv/").text)))
    assert (found[0]["Who"], found[0]["What"]) == ("Olga", "Staff member changed")
    assert (found[0]["Kind"], found[0]["Of"]) == ("Staff member", "Victor")
    assert found[0]["Before → after"] == "Role: viewer → support"
    assert found[0]["Request"]


# --- Nobody changes it ------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["new/", "edit/?id=1", "delete/", "action/"])
def test_the_screen_has_no_way_to_change_an_entry(visitor, olga, look, address) -> None:
    browser = visitor(olga)
    token = people.token_on(browser.get(LOG))
    with look():
        before = db.session.query(AuditEntry).count()
    browser.post(f"{LOG}{address}", {"csrf_token": token, "id": "1"}, status="*")
    with look():
        assert db.session.query(AuditEntry).count() == before


def by_hand(sql: str) -> None:
    """Send SQL past the application's session."""
    with db.engine.begin() as connection:
        connection.execute(text(sql))


CHANGES = {
    "orm update": lambda: db.session.execute(update(AuditEntry).values(by_name="Nobody")),
    "orm delete": lambda: db.session.execute(delete(AuditEntry)),
    "sql update": lambda: by_hand("UPDATE audit_entry SET ip = NULL"),
    "sql delete": lambda: by_hand("DELETE FROM audit_entry"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_the_database_itself_refuses_to_change_or_delete_an_entry(visitor, olga, look, how) -> None:
    visitor(olga)
    with look():
        with pytest.raises(DatabaseError):
            CHANGES[how]()
        db.session.rollback()
    with look():
        assert db.session.query(AuditEntry.by_name).one() == ("Olga",)


# --- One client's -------------------------------------------------------------------------------


def test_a_clients_activity_is_about_that_client_alone(
    visitor, olga, alice, bob, charlie, acme, birch, story, look
) -> None:
    with look():
        orders.reject(orders.ask(bob, story.free[0]), alice, "Not now.")
        orders.ask(charlie, story.free[1])
    visitor(bob)
    browser = visitor(olga)
    theirs = browser.get(f"/admin/clients/{acme.id}/activity/")
    assert whats(theirs) == ["Signed in to the portal", "Order rejected", "Order submitted"]
    assert "O-000002" not in theirs.text
    other = browser.get(f"/admin/clients/{birch.id}/activity/")
    assert whats(other) == ["Order submitted"]


def test_the_activity_is_a_tab_of_the_client(visitor, olga, acme) -> None:
    page = visitor(olga).get(f"/admin/clients/{acme.id}/").click("Activity")
    assert page.html.select_one(".page-tabs [aria-current]").get_text() == "Activity"


# --- Words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"role": ["viewer", "owner"]}, "Role: viewer → owner"),
        ({"monthly_micros": [1_500_000, 0]}, "Monthly: $1.50 → $0.00"),
        ({"allow_order_requests": [True, False]}, "Allow order requests: yes → no"),
        ({"client": [None, "Acme"]}, "Client: nothing → Acme"),
        ({"mailed_to": ["a@x.example", "b@x.example"]}, "Mailed to: a@x.example, b@x.example"),
        ({"reasons": [["A"], ["A", "B"]]}, "Reasons: A → A, B"),
        ({"number": "+14125550101"}, "Number: (412) 555-0101"),
        ({"file": "x" * 300}, f"File: {'x' * 200}…"),
        ({}, ""),
        (None, ""),
    ],
)
def test_changes_are_said_in_words(value, words) -> None:
    assert audit_words.changes_line(AuditEntry(changes=value)) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("client.created", "Client created"),
        ("did_group.removed", "DID Group removed"),
        ("staff.signed_in", "Signed in to the back office"),
        ("something_new.happened", "Something new happened"),
        ("alone", "Alone"),
    ],
)
def test_every_action_has_words(name, words) -> None:
    assert audit_words.action(name) == words


def test_what_has_no_name_for_people_is_not_recorded(look, alice) -> None:
    with look():
        by = staff_actor(db.session.get_one(Staff, alice.id))
        with pytest.raises(TypeError, match="Rate says nothing of itself"):
            audit.record("rate.changed", Rate(), by)


def test_a_call_file_is_named_by_its_file() -> None:
    assert str(CdrImport(file_name="calls.CDR")) == "calls.CDR"
