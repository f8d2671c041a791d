"""Clients: making one is enough to have a portal, groups go to one client, and who may do what."""

import csv
import io

import pytest
from sqlalchemy import func, select

from extensions import db
from models import (
    AuditEntry,
    Client,
    Did,
    DidGroup,
    E911Group,
    EndpointGroup,
    Mail,
    OrderSettings,
    OrderSettingsTier,
)
from tests.support import orders
from tests.support.calls import forget_charges
from tests.support.queries import statements, writes

LIST, NEW = "/admin/clients/", "/admin/clients/new/"


def said(node) -> str:  # type: ignore[no-untyped-def]
    return " ".join(node.get_text(" ").split())


def page_of(thing) -> str:  # type: ignore[no-untyped-def]
    return f"/admin/clients/{thing.id}/"


def edit_of(thing) -> str:  # type: ignore[no-untyped-def]
    return f"/admin/clients/{thing.id}/edit"


def filled(browser, **values):  # type: ignore[no-untyped-def]
    """Give the form of a new client as a person has filled it."""
    form = browser.get(NEW).forms["client"]
    for name, value in {"name": "Cedar", "contact_email": "orders@cedar.example"}.items():
        form[name] = values.pop(name, value)
    for name, value in values.items():
        form[name] = value
    return form


def names() -> list[str]:
    return list(db.session.scalars(select(Client.name).order_by(Client.name)))


def traces() -> list[AuditEntry]:
    """List what the audit log has of clients."""
    entries = select(AuditEntry).where(AuditEntry.object_type == "Client")
    return list(db.session.scalars(entries.order_by(AuditEntry.id)))


def error(page, field: str) -> str:  # type: ignore[no-untyped-def]
    return said(page.html.select_one(f"#{field}-error"))


@pytest.fixture
def free_group(look, story):  # type: ignore[no-untyped-def]
    """A DID Group of nobody with two free numbers in it."""
    with look():
        group = DidGroup(reseller_id=story.reseller_id, name="Spare block")
        db.session.add(group)
        db.session.flush()
        for did in db.session.scalars(select(Did).where(Did.number.in_(story.free[:2]))):
            did.did_group_id = group.id
        db.session.commit()
        return group.id


# --- Making one -------------------------------------------------------------------------------


def test_creating_a_client_is_enough_to_have_a_portal_for_it(visitor, alice, look) -> None:
    page = filled(visitor(alice)).submit().follow()
    address = page.html.select_one("#portal-address")["href"]
    assert address == "http://localhost/portal/keystone/sign-in"
    assert visitor().get(address).status_int == 200
    assert "Cedar is created, and its portal is open." in said(page.html)


def test_a_new_client_has_settings_tiers_and_a_group_of_its_own_name(visitor, alice, look) -> None:
    filled(visitor(alice)).submit(status=302)
    with look():
        client = db.session.scalars(select(Client).where(Client.name == "Cedar")).one()
        assert client.order_settings.did_ordering is True
        assert len(client.order_settings.tier_rows) == 1
        assert [group.name for group in client.did_groups] == ["Cedar"]


@pytest.mark.parametrize(
    ("name", "group"),
    [("Cedar", "Cedar 2"), ("a\\b", "a\\b 2"), ("50%", "50% 2"), ("x" * 120, f"{'x' * 115} 2")],
)
def test_a_new_clients_group_has_a_name_that_is_free(visitor, alice, look, name, group) -> None:
    with look():
        db.session.add(DidGroup(name=name))
        db.session.commit()
    filled(visitor(alice), name=name, contact_email="orders@cedar.example").submit(status=302)
    with look():
        client = db.session.query(Client).filter_by(name=name).one()
        assert [one.name for one in client.did_groups] == [group]


def test_all_that_was_typed_is_kept(visitor, alice, look) -> None:
    filled(
        visitor(alice),
        account_ref="C-17",
        contact_name="Cora",
        contact_phone="(412) 555-0142",
        time_zone="America/Denver",
        notes="Pays late.",
    ).submit(status=302)
    with look():
        client = db.session.scalars(select(Client).where(Client.name == "Cedar")).one()
        assert client.account_ref == "C-17"
        assert client.contact_name == "Cora"
        assert client.contact_phone == "+14125550142"
        assert client.time_zone == "America/Denver"
        assert client.notes == "Pays late."


def test_creating_is_in_the_audit_log_with_who_and_what(visitor, alice, look) -> None:
    filled(visitor(alice)).submit(status=302)
    with look():
        entry = traces()[0]
        assert (entry.by_name, entry.object_name, entry.ip) == ("Alice", "Cedar", "203.0.113.5")
        assert entry.changes == {"name": "Cedar", "contact_email": "orders@cedar.example"}


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", " ", "Write the client's name."),
        ("name", "x" * 121, "This is too long; write at most 120 characters."),
        ("name", "acme", "Another client has the name acme. Write a different one."),
        ("contact_email", "", "Write an e-mail address."),
        (
            "contact_email",
            "orders at acme",
            "orders at acme is not an e-mail address. Write one like ana@example.com.",
        ),
        ("contact_phone", "call me", "Write a telephone number, such as (412) 555-0123."),
    ],
)
def test_what_cannot_be_gets_a_sentence_beside_its_field(
    visitor, alice, look, field, typed, sentence
) -> None:
    form = filled(visitor(alice), notes="Keep this.")
    form[field] = typed
    page = form.submit()
    assert error(page, field) == sentence
    assert page.forms["client"]["notes"].value == "Keep this."
    with look():
        assert names() == ["Acme", "Birch"]
        assert traces() == []


def test_every_wrong_field_is_named_at_once(visitor, alice) -> None:
    page = filled(visitor(alice), name="", contact_email="no", contact_phone="no").submit()
    assert [error(page, field) != "" for field in ("name", "contact_email", "contact_phone")] == [
        True
    ] * 3


def test_an_account_reference_stands_for_one_client(visitor, alice, look) -> None:
    browser = visitor(alice)
    filled(browser, account_ref="C-17").submit(status=302)
    page = filled(browser, name="Dune", account_ref="c-17").submit()
    assert error(page, "account_ref").startswith("Another client has the account reference c-17.")
    with look():
        assert names() == ["Acme", "Birch", "Cedar"]


def test_two_resellers_may_have_clients_of_one_name(visitor, mallory, look, story) -> None:
    filled(visitor(mallory), name="Acme").submit(status=302)
    with look(story.other_reseller_id):
        assert names() == ["Acme"]


def test_a_time_zone_that_is_none_is_refused(visitor, alice, look) -> None:
    form = filled(visitor(alice))
    form["time_zone"].force_value("Mars/Olympus")
    page = form.submit()
    assert error(page, "time_zone") == "Choose a time zone from the list."
    with look():
        assert names() == ["Acme", "Birch"]


# --- Groups -----------------------------------------------------------------------------------


def test_a_free_group_comes_with_its_numbers(visitor, alice, look, free_group, story) -> None:
    form = filled(visitor(alice))
    form.get("groups", index=0).checked = True
    form.submit(status=302)
    with look():
        client = db.session.scalars(select(Client).where(Client.name == "Cedar")).one()
        mine = db.session.scalars(
            select(Did.number).where(Did.client_id == client.id).order_by(Did.number)
        )
        assert list(mine) == sorted(story.free[:2])


def test_the_form_offers_only_groups_that_nobody_has(visitor, alice, free_group) -> None:
    page = visitor(alice).get(NEW)
    assert [said(box) for box in page.html.select("label:has(input[name=groups])")] == [
        "Spare block (DID Group, 2 numbers)"
    ]


def test_a_group_of_another_client_is_refused_with_its_name(visitor, alice, look, story) -> None:
    form = filled(visitor(alice))
    fields = [*form.submit_fields(), ("groups", f"did:{story.birch_group.id}")]
    page = visitor(alice)
    answer = page.post(NEW, _with_token(page, fields))
    assert "Birch main belongs to Birch. Choose another group." in said(answer.html)
    with look():
        assert names() == ["Acme", "Birch"]
        assert db.session.get(DidGroup, story.birch_group.id).client.name == "Birch"


def test_a_group_of_another_reseller_does_not_exist(visitor, mallory, look, story) -> None:
    browser = visitor(mallory)
    fields = [*filled(browser).submit_fields(), ("groups", f"did:{story.acme_group.id}")]
    answer = browser.post(NEW, fields)
    assert "Choose groups from the list." in said(answer.html)
    with look(story.other_reseller_id):
        assert names() == []
    with look():
        assert db.session.get(DidGroup, story.acme_group.id).client.name == "Acme"


def _with_token(browser, fields):  # type: ignore[no-untyped-def]
    token = browser.get(NEW).forms["client"]["csrf_token"].value
    return [(name, token if name == "csrf_token" else value) for name, value in fields]


# --- Changing ---------------------------------------------------------------------------------


def test_a_change_is_saved_and_recorded_with_before_and_after(visitor, alice, look, acme) -> None:
    form = visitor(alice).get(edit_of(acme)).forms["client"]
    form["contact_email"] = "new@acme.example"
    page = form.submit().follow()
    assert "Acme is saved." in said(page.html)
    with look():
        entry = traces()[0]
        assert entry.changes == {"contact_email": ["orders@acme.example", "new@acme.example"]}


def test_saving_without_a_change_leaves_no_trace(visitor, alice, look, acme) -> None:
    page = visitor(alice).get(edit_of(acme)).forms["client"].submit().follow()
    assert "Acme was not changed." in said(page.html)
    with look():
        assert traces() == []


def test_a_client_keeps_its_own_name(visitor, alice, look, acme) -> None:
    form = visitor(alice).get(edit_of(acme)).forms["client"]
    form["name"] = "ACME"
    form.submit(status=302)
    with look():
        assert names() == ["ACME", "Birch"]


def test_an_edit_can_give_further_groups(visitor, alice, look, acme, free_group) -> None:
    form = visitor(alice).get(edit_of(acme)).forms["client"]
    form.get("groups", index=0).checked = True
    form.submit(status=302)
    with look():
        groups = db.session.get(Client, acme.id).did_groups
        assert [group.name for group in groups] == ["Acme main", "Spare block"]


def test_the_name_of_another_client_is_refused(visitor, alice, look, acme) -> None:
    form = visitor(alice).get(edit_of(acme)).forms["client"]
    form["name"] = "Birch"
    assert error(form.submit(), "name").startswith("Another client has the name Birch.")
    with look():
        assert names() == ["Acme", "Birch"]


# --- The list and the page --------------------------------------------------------------------


def test_the_list_counts_numbers_and_open_orders(visitor, alice, bob, look, story) -> None:
    with look():
        forget_charges()
        orders.ask(bob, story.free[0])
    rows = [said(row) for row in visitor(alice).get(LIST).html.select("tbody tr")]
    assert rows == [
        "Acme Active orders@acme.example 1 1 $0.00",
        "Birch Active orders@birch.example 1 0 $0.00",
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "bir"}, ["Birch"]),
        ({"search": "orders@acme"}, ["Acme"]),
        ({"flt0_status_is": "active"}, ["Acme", "Birch"]),
        ({"flt0_status_is": "closed"}, []),
        ({"flt0_open_orders_is": "yes"}, ["Acme"]),
        ({"flt0_open_orders_is": "no"}, ["Birch"]),
        ({"sort": "0", "desc": "1"}, ["Birch", "Acme"]),
    ],
)
def test_the_list_is_searched_narrowed_and_sorted(
    visitor, alice, bob, look, story, query, found
) -> None:
    with look():
        orders.ask(bob, story.free[0])
    page = visitor(alice).get(LIST, query)
    assert [said(row.select_one("a")) for row in page.html.select("tbody tr")] == found


def test_the_csv_holds_what_the_list_shows(visitor, alice) -> None:
    answer = visitor(alice).get("/admin/clients/export/csv/")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:4] == ["Name", "Account reference", "Status", "Client Contact"]
    assert [row[0] for row in rows[1:]] == ["Acme", "Birch"]
    assert [row[7] for row in rows[1:]] == ["1", "1"]


def test_a_name_like_a_formula_stays_text_in_the_csv(visitor, alice) -> None:
    browser = visitor(alice)
    filled(browser, name='=HYPERLINK("x")').submit(status=302)
    assert "'=HYPERLINK" in browser.get("/admin/clients/export/csv/").text


def test_the_list_asks_as_much_for_thirty_clients_as_for_two(visitor, alice, app, look) -> None:
    browser = visitor(alice)
    with statements(app) as two:
        browser.get(LIST)
    with look():
        for n in range(30):
            db.session.add(Client(name=f"Client {n:02}", contact_email="a@b.example"))
        db.session.commit()
    with statements(app) as thirty:
        page = browser.get(LIST)
    assert len(page.html.select("tbody tr")) == 32
    assert len(thirty) == len(two) <= 8
    assert writes(thirty) == []


def test_a_clients_page_shows_its_people_numbers_and_orders(
    visitor, alice, bob, look, story, acme
) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    page = visitor(alice).get(page_of(acme)).html
    assert "bob@acme.example" in said(page.select_one("#client-logins"))
    assert said(page.select_one("#client-groups")) == "Acme main DID Group 1 number"
    assert number in said(page.select_one("#client-orders"))
    assert "charlie@birch.example" not in said(page)


def test_what_staff_write_is_shown_as_text(visitor, alice, acme) -> None:
    browser = visitor(alice)
    form = browser.get(edit_of(acme)).forms["client"]
    form["notes"] = "<script>alert(1)</script>"
    page = form.submit().follow()
    assert page.html.select("script:not([src])") == []
    assert "<script>alert(1)</script>" in said(page.html)


# --- Who may ----------------------------------------------------------------------------------


def test_victor_sees_the_clients_and_no_buttons(visitor, victor, acme) -> None:
    browser = visitor(victor)
    for address in (LIST, page_of(acme)):
        page = browser.get(address).html
        assert "Acme" in said(page.select_one("main"))
        assert [a for a in page.select("main a") if "new" in a["href"] or "edit" in a["href"]] == []


@pytest.mark.parametrize("path", [NEW, "edit"])
def test_victor_cannot_make_or_change_a_client(visitor, victor, look, acme, path) -> None:
    browser = visitor(victor)
    address = edit_of(acme) if path == "edit" else NEW
    browser.get(address, status=403)
    token = browser.get(LIST).html.select_one("input[name=csrf_token]")["value"]
    forged = {"csrf_token": token, "name": "Mine", "contact_email": "v@keystone.example"}
    browser.post(address, forged, status=403)
    with look():
        assert names() == ["Acme", "Birch"]
        assert traces() == []
        assert db.session.scalar(select(func.count(Mail.id))) == 0


@pytest.mark.parametrize("address", [page_of, edit_of])
def test_mallory_finds_nothing_at_acmes_addresses(visitor, mallory, acme, address) -> None:
    visitor(mallory).get(address(acme), status=404)


def test_mallory_cannot_change_acme(visitor, mallory, look, acme) -> None:
    browser = visitor(mallory)
    token = browser.get(NEW).forms["client"]["csrf_token"].value
    forged = {"csrf_token": token, "name": "Hers", "contact_email": "m@other.example"}
    browser.post(edit_of(acme), forged, status=404)
    with look():
        assert names() == ["Acme", "Birch"]


def test_a_new_client_is_given_groups_of_all_three_kinds(visitor, alice, look, story) -> None:
    with look():
        for kind in (EndpointGroup, E911Group):
            db.session.add(kind(reseller_id=story.reseller_id, name=f"Spare {kind.__name__}"))
        db.session.commit()
    form = filled(visitor(alice))
    for box in form.fields["groups"]:
        box.checked = True
    form.submit().follow()
    with look():
        cedar = db.session.query(Client).filter_by(name="Cedar").one()
        for kind in (EndpointGroup, E911Group):
            assert db.session.query(kind).one().client_id == cedar.id


@pytest.mark.parametrize("wrong", ["abc", "0", "9" * 30, "-1"])
def test_an_id_that_cannot_be_is_not_found(visitor, alice, wrong) -> None:
    visitor(alice).get(f"/admin/clients/{wrong}/", status=404)


def test_a_stranger_is_sent_to_sign_in(visitor, acme) -> None:
    answer = visitor().get(page_of(acme), status=302)
    assert answer.location.startswith("/admin/login")


def test_a_form_without_its_token_is_refused(visitor, alice, look) -> None:
    forged = {"name": "Cedar", "contact_email": "orders@cedar.example"}
    visitor(alice).post(NEW, forged, status=400)
    with look():
        assert names() == ["Acme", "Birch"]


def test_the_same_form_sent_twice_makes_one_client(visitor, alice, look) -> None:
    form = filled(visitor(alice))
    form.submit(status=302)
    assert error(form.submit(), "name").startswith("Another client has the name Cedar.")
    with look():
        assert names() == ["Acme", "Birch", "Cedar"]
        assert db.session.scalar(select(func.count(OrderSettings.id))) == 3
        assert db.session.scalar(select(func.count(OrderSettingsTier.id))) == 3
