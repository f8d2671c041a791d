"""Order Settings refused: what cannot be, whoever may not, two at once; the list; new clients."""

import csv
import io

import pytest

from extensions import db
from models import AuditEntry, Client, Tier
from tests.support.settings_page import (
    DEFAULTS,
    LIST,
    press,
    said,
    save,
    settings_of,
    tab_of,
)

# --- Bad input ----------------------------------------------------------------------------------


def test_a_limit_that_cannot_be_is_refused_and_kept(visitor, alice, acme, unchanged) -> None:
    page = save(visitor(alice), acme, 422, max_numbers_per_order="501", did_ordering="off")
    assert said(page, "#max_numbers_per_order-error") == "Write a whole number from 1 to 500."
    form = page.forms["settings"]
    assert (form["max_numbers_per_order"].value, form["did_ordering"].value) == ("501", "off")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tiers", "424242"),
        ("editable_services", "teleport"),
        ("did_ordering", "perhaps"),
        ("require_local", "<script>"),
    ],
)
def test_a_forged_choice_is_refused(visitor, alice, acme, unchanged, field, value) -> None:
    browser = visitor(alice)
    form = browser.get(tab_of(acme)).forms["settings"]
    fields = [(k, v) for k, v in form.submit_fields() if k != field]
    page = browser.post(tab_of(acme), [*fields, (field, value), ("act", "save")], status=422)
    assert "Choose" in said(page, ".alert-danger")


def test_of_two_who_save_at_once_the_second_is_told_and_keeps_what_was_typed(
    visitor, alice, olga, acme, look
) -> None:
    late = visitor(alice).get(tab_of(acme)).forms["settings"]
    save(visitor(olga), acme, max_numbers="40")
    page = press(late, "save", 409, e911_provisioning="off")
    assert "Olga saved other settings after you opened this page." in said(page, ".alert-danger")
    assert "Numbers in all: 40 becomes → No limit" in said(page, "#changes")
    with look():
        row = settings_of(acme)
        assert (row.version, row.max_numbers, row.e911_provisioning) == (2, 40, True)
    press(page.forms["settings"], "save", 302)
    with look():
        row = settings_of(acme)
        assert (row.version, row.max_numbers, row.e911_provisioning) == (3, None, False)


def test_saving_twice_is_saving_once(visitor, alice, acme, look) -> None:
    browser = visitor(alice)
    for _ in range(2):
        save(browser, acme, did_ordering="off")
    with look():
        assert settings_of(acme).version == 2
        found = (
            db.session.query(AuditEntry)
            .order_by(AuditEntry.id)
            .filter_by(action="order_settings.changed")
            .all()
        )
        assert [(one.by_name, one.changes) for one in found] == [
            ("Alice", {"DID ordering": ["On", "Off"]})
        ]


# --- Who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["tab", DEFAULTS])
def test_victor_looks_and_cannot_change(visitor, victor, acme, unchanged, path) -> None:
    browser, path = visitor(victor), tab_of(acme) if path == "tab" else path
    page = browser.get(path)
    form = page.forms["settings"]
    assert page.html.find("button", {"name": "act"}) is None
    assert all(one.has_attr("disabled") for one in page.html.select("#settings fieldset.card"))
    for act in ("save", "preview", "copy"):
        fields = [*form.submit_fields(), ("did_ordering", "off"), ("act", act)]
        browser.post(path, fields, status=403)


def test_mallory_finds_no_settings_of_another_reseller(visitor, mallory, acme, unchanged) -> None:
    browser = visitor(mallory)
    browser.get(tab_of(acme), status=404)
    token = browser.get(DEFAULTS).forms["settings"]["csrf_token"].value
    browser.post(tab_of(acme), {"csrf_token": token, "act": "save"}, status=404)
    assert "Acme" not in browser.get(LIST).text


# --- Across clients, and new clients ------------------------------------------------------------


def test_the_list_shows_each_client_and_leads_to_its_tab(visitor, alice, acme) -> None:
    browser = visitor(alice)
    save(browser, acme, did_ordering="off", auto_approve_e911=True, monthly_cap_micros="500")
    page = browser.get(LIST)
    row = page.html.select_one("tbody tr")
    assert [cell.get_text(strip=True) for cell in row.find_all("td")] == [
        *("Acme", "Off", "On", "Standard", "3", "911 Provisioning"),
        "50 an order, $500.00 a month",
    ]
    assert row.find("a")["href"] == tab_of(acme)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=birch", ["Birch"]),
        ("flt0_did_ordering_is=off", ["Acme"]),
        ("flt3_service_is=call_forwarding", ["Birch"]),
        ("flt4_approves_itself_is=auto_approve_failover", ["Acme"]),
        ("sort=0&desc=1", ["Birch", "Acme"]),
    ],
)
def test_the_list_is_searched_narrowed_and_sorted(visitor, alice, acme, query, found) -> None:
    browser = visitor(alice)
    changes = {"did_ordering": "off", "auto_approve_failover": True}
    save(browser, acme, editable_services=["failover"], **changes)
    rows = browser.get(f"{LIST}?{query}").html.select("tbody tr")
    assert [row.td.get_text(strip=True) for row in rows] == found


def test_the_list_is_exported(visitor, alice, acme) -> None:
    browser = visitor(alice)
    save(browser, acme, monthly_cap_micros="1,250.50", max_numbers="30")
    body = browser.get("/admin/order-settings/export/csv/").text
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [row["Client"] for row in rows] == ["Acme", "Birch"]
    assert (rows[0]["Monthly limit"], rows[0]["Numbers in all"]) == ("1250.50", "30")


def test_new_clients_begin_with_the_defaults_and_others_keep_their_own(
    visitor, alice, acme, look, unchanged
) -> None:
    browser = visitor(alice)
    form = browser.get(DEFAULTS).forms["settings"]
    page = press(form, "save", 302, did_ordering="off", max_numbers="5").follow()
    assert "The order settings are saved." in said(page)
    client = browser.get("/admin/clients/new/").forms["client"]
    client["name"], client["contact_email"] = "Cedar", "orders@cedar.example"
    client.submit(status=302)
    with look():
        cedar = db.session.query(Client).filter_by(name="Cedar").one()
        assert (cedar.order_settings.did_ordering, cedar.order_settings.max_numbers) == (False, 5)


def test_a_tier_of_the_defaults_is_not_removed(visitor, alice, gold, look) -> None:
    browser = visitor(alice)
    press(browser.get(DEFAULTS).forms["settings"], "save", 302, max_numbers="5")
    page = browser.get(f"/admin/tiers/edit/?id={gold}").forms["remove"].submit().follow()
    assert "Gold is used by the defaults for new clients. Change those first." in said(page)
    with look():
        assert db.session.get(Tier, gold) is not None
