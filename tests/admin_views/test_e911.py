"""911 addresses as staff see them: found, sorted into groups, never edited; numbers without one."""

from typing import Any

import pytest

import catalog
from extensions import db
from models import AuditEntry, E911Group, E911Record, E911Status, Net
from tests.support import orders
from tests.support.cast import Story

ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Main Street",
    "address2": "Floor 7",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
}
SENT = ADDRESS | {"terms": catalog.E911_TERMS}
"""As a form sends it: with the version that was read and accepted."""

BIRCH = ADDRESS | {
    "caller_name": "Birch Legal",
    "address1": "9 High Road",
    "city": "Columbus",
    "state": "OH",
    "zip": "43004",
}


@pytest.fixture
def records(story: Story, look: Any) -> dict[str, int]:
    """Acme has an on-net address, ordered and approved; Birch an off-net one that failed."""
    with look():
        number = orders.ask(story.bob, story.acme_number, kind="e911_provision", **SENT)
        orders.approve(number, story.alice)
        failed = E911Record(
            reseller_id=story.reseller_id,
            client_id=story.birch.id,
            number="+16145550161",
            net=Net.OFF_NET,
            status=E911Status.FAILED,
            status_detail="The street could not be found.",
            **BIRCH,
        )
        db.session.add(failed)
        db.session.commit()
        acme = db.session.query(E911Record).filter_by(number=story.acme_number).one()
        return {"acme": acme.id, "birch": failed.id}


@pytest.fixture
def annex(story: Story, records: dict[str, int], look: Any) -> dict[str, int]:
    """A second 911 Group of Acme's, and one of Birch's."""
    with look():
        rows = {
            name: E911Group(reseller_id=story.reseller_id, name=f"{name} annex", client_id=key)
            for name, key in (("Acme", story.acme.id), ("Birch", story.birch.id))
        }
        db.session.add_all(rows.values())
        db.session.commit()
        return {name: row.id for name, row in rows.items()}


def listed(page: Any) -> list[str]:
    return [row.get_text(strip=True) for row in page.html.select("tbody tr td:first-child")]


def problem(page: Any, field: str) -> str:
    return str(page.html.find(id=f"{field}-error").get_text(strip=True))


def details(browser: Any, key: int, **more: Any) -> Any:
    return browser.get(f"/admin/911/details/?id={key}", **more)


# --- The list -----------------------------------------------------------------------------------


def test_the_list_shows_both_nets_with_their_status_in_words(
    visitor: Any, alice: Any, records: Any
) -> None:
    page = visitor(alice).get("/admin/911/")
    rows = [row.get_text(" ", strip=True) for row in page.html.select("tbody tr")]
    assert "Acme Dental 100 Main Street, Floor 7, Pittsburgh, PA 15222 On-net In force" in rows[0]
    assert "Birch Legal 9 High Road, Floor 7, Columbus, OH 43004 Off-net Not in force" in rows[1]


@pytest.mark.parametrize("search", ["412-555-0190", "0190", "acme dent", "main street", "100"])
def test_a_record_is_found_by_number_name_or_street(
    visitor: Any, alice: Any, records: Any, search: str
) -> None:
    assert listed(visitor(alice).get("/admin/911/", {"search": search})) == ["(412) 555-0190"]


@pytest.mark.parametrize(
    ("filter_name", "value"),
    [
        ("flt0_client_is", "Birch"),
        ("flt1_net_is", "Off-net"),
        ("flt2_status_is", "Not in force"),
        ("flt3_state_is", "oh"),
    ],
)
def test_the_list_is_narrowed(
    visitor: Any, alice: Any, records: Any, filter_name: str, value: str
) -> None:
    form = visitor(alice).get("/admin/911/").forms["filters"]
    field = form[filter_name]
    if hasattr(field, "options"):
        field.select(text=value)
    else:
        field.value = value
    assert listed(form.submit()) == ["(614) 555-0161"]


def test_a_group_narrows_the_list(visitor: Any, alice: Any, records: Any) -> None:
    form = visitor(alice).get("/admin/911/").forms["filters"]
    form["flt4_group_is"].select(text="Acme")
    assert listed(form.submit()) == ["(412) 555-0190"]


def test_a_removed_record_is_shown_when_it_is_asked_for(
    visitor: Any, alice: Any, bob: Any, story: Story, records: Any, look: Any
) -> None:
    with look():
        orders.approve(orders.ask(bob, story.acme_number, kind="e911_remove"), alice)
    browser = visitor(alice)
    assert listed(browser.get("/admin/911/")) == ["(614) 555-0161"]
    form = browser.get("/admin/911/").forms["filters"]
    form["flt2_status_is"].select(text="Removed")
    assert listed(form.submit()) == ["(412) 555-0190"]


def test_the_csv_has_the_address_in_columns(visitor: Any, alice: Any, records: Any) -> None:
    lines = visitor(alice).get("/admin/911/export/csv/").text.splitlines()
    assert lines[1].startswith(
        "+14125550190,Acme,Acme Dental,100 Main Street,Floor 7,Pittsburgh,PA,15222,,On-net,In force"
    )


def test_a_clients_tab_shows_its_addresses_only(
    visitor: Any, alice: Any, story: Story, records: Any
) -> None:
    page = visitor(alice).get(f"/admin/clients/{story.birch.id}/911/")
    assert listed(page) == ["(614) 555-0161"]
    assert (
        "1 number of this client without a 911 address" in page.html.find(id="without").get_text()
    )


# --- One record ---------------------------------------------------------------------------------


def test_a_record_tells_which_orders_changed_it(visitor: Any, alice: Any, records: Any) -> None:
    page = details(visitor(alice), records["acme"])
    told = page.html.find(id="order-list").get_text(" ", strip=True)
    assert "911 Provisioning" in told
    assert "Acme Dental, 100 Main Street" in told
    acknowledged = page.html.find(id="address").get_text(" ", strip=True)
    assert "By Bob" in acknowledged
    assert "version 2026-11" in acknowledged


def test_a_failed_address_says_what_is_wrong(visitor: Any, alice: Any, records: Any) -> None:
    page = details(visitor(alice), records["birch"])
    assert "The street could not be found." in page.html.find(id="address").get_text()


def test_a_record_moves_to_another_group_of_its_client(
    visitor: Any, alice: Any, records: Any, annex: Any, look: Any
) -> None:
    form = details(visitor(alice), records["acme"]).forms["record"]
    assert [text for _, _, text in form["e911_group_id"].options] == ["Acme", "Acme annex"]
    form["e911_group_id"].select(text="Acme annex")
    form["alert_emails"] = "desk@acme.example\nguard@acme.example"
    after = form.submit().follow()
    assert "Acme → Acme annex" in after.html.find(id="change-list").get_text()
    with look():
        record = db.session.get_one(E911Record, records["acme"])
        assert record.e911_group_id == annex["Acme"]
        assert record.alert_emails == ["desk@acme.example", "guard@acme.example"]
        entries = db.session.query(AuditEntry).filter_by(action="e911_record.changed")
        assert entries.count() == 1


def test_a_record_does_not_go_to_another_clients_group(
    visitor: Any, alice: Any, records: Any, annex: Any, look: Any
) -> None:
    form = details(visitor(alice), records["acme"]).forms["record"]
    form["e911_group_id"].force_value(str(annex["Birch"]))
    refused = form.submit(status=422)
    assert problem(refused, "e911_group_id") == "Choose a 911 Group of Acme."
    with look():
        assert db.session.get_one(E911Record, records["acme"]).e911_group.name == "Acme"


def test_a_wrong_alert_address_is_named_and_kept(
    visitor: Any, alice: Any, records: Any, look: Any
) -> None:
    form = details(visitor(alice), records["acme"]).forms["record"]
    form["alert_emails"] = "desk@acme.example\nnonsense"
    refused = form.submit(status=422)
    assert problem(refused, "alert_emails") == "nonsense is not an e-mail address. Correct it."
    assert refused.forms["record"]["alert_emails"].value.endswith("nonsense")
    with look():
        assert db.session.get_one(E911Record, records["acme"]).alert_emails == []


def test_a_forged_address_changes_nothing(
    visitor: Any, alice: Any, records: Any, look: Any
) -> None:
    browser = visitor(alice)
    form = details(browser, records["acme"]).forms["record"]
    forged = dict(form.submit_fields()) | {"address1": "1 Elsewhere", "status": "removed"}
    browser.post(f"/admin/911/details/?id={records['acme']}", forged)
    with look():
        record = db.session.get_one(E911Record, records["acme"])
        assert (record.address1, record.status.value) == ("100 Main Street", "provisioned")


def test_a_removed_record_is_history(
    visitor: Any, alice: Any, bob: Any, story: Story, records: Any, look: Any
) -> None:
    browser = visitor(alice)
    typed = dict(details(browser, records["acme"]).forms["record"].submit_fields())
    with look():
        orders.approve(orders.ask(bob, story.acme_number, kind="e911_remove"), alice)
    assert "record" not in details(browser, records["acme"]).forms
    late = typed | {"alert_emails": "a@b.example"}
    page = browser.post(f"/admin/911/details/?id={records['acme']}", late, status=422)
    assert "This address was removed" in page.text
    with look():
        assert db.session.get_one(E911Record, records["acme"]).alert_emails == []


def test_victor_looks_and_cannot_change(visitor: Any, victor: Any, records: Any, look: Any) -> None:
    browser = visitor(victor)
    page = details(browser, records["acme"])
    assert "record" not in page.forms
    typed = {"csrf_token": page.forms["sign-out"]["csrf_token"].value, "alert_emails": "a@b.co"}
    browser.post(f"/admin/911/details/?id={records['acme']}", typed, status=403)
    with look():
        assert db.session.get_one(E911Record, records["acme"]).alert_emails == []


def test_mallory_finds_no_address_of_another_reseller(
    visitor: Any, mallory: Any, records: Any
) -> None:
    browser = visitor(mallory)
    details(browser, records["acme"], status=404)
    assert "No 911 addresses yet" in browser.get("/admin/911/").text


# --- Numbers without one ------------------------------------------------------------------------


def test_numbers_without_911_are_counted_and_listed(visitor: Any, alice: Any, records: Any) -> None:
    page = visitor(alice).get("/admin/911/")
    assert "1 number of clients without a 911 address" in page.html.find(id="without").get_text()
    missing = page.click("1 number of clients")
    assert listed(missing) == ["(412) 555-0191"]
    assert missing.html.find(id="count").get_text() == "1"


def test_a_number_whose_address_is_on_order_names_the_order(
    visitor: Any, alice: Any, charlie: Any, story: Story, records: Any, look: Any
) -> None:
    with look():
        number = orders.ask(charlie, story.birch_number, kind="e911_provision", **BIRCH)
    page = visitor(alice).get("/admin/911-missing/")
    assert f"{number} waits" in page.html.select_one("tbody tr").get_text()
    assert number in visitor(alice).get("/admin/911-missing/export/csv/").text


def test_a_free_number_needs_no_address(visitor: Any, alice: Any, story: Story) -> None:
    shown = listed(visitor(alice).get("/admin/911-missing/"))
    assert shown == ["(412) 555-0190", "(412) 555-0191"]


def test_nothing_is_missing_when_every_number_has_one(
    visitor: Any, alice: Any, charlie: Any, story: Story, records: Any, look: Any
) -> None:
    with look():
        number = orders.ask(charlie, story.birch_number, kind="e911_provision", **BIRCH)
        orders.approve(number, alice)
    browser = visitor(alice)
    assert browser.get("/admin/911/").html.find(id="without") is None
    assert "Every number has a 911 address" in browser.get("/admin/911-missing/").text
