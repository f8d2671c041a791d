"""Order Settings, P10 to P15: what staff choose rules when the portal lists, submits, approves."""

import csv
import io
from typing import Any

import pytest

import order_settings
import policy
from extensions import db
from models import AuditEntry, Client, Mail, OrderSettings, OrderState, Tier
from policy import Refused
from tests.support import orders
from tests.support.web import Visitor

LIST, DEFAULTS = "/admin/order-settings/", "/admin/order-settings/defaults"
PORTAL = "/portal/keystone"
NEW_NUMBERS = f"{PORTAL}/order-numbers"


def tab_of(client) -> str:  # type: ignore[no-untyped-def]
    return f"/admin/clients/{client.id}/order-settings/"


def said(page: Any, selector: str = "main") -> str:
    return " ".join(page.html.select_one(selector).get_text(" ").split())


def press(form: Any, act: str, status: int | None = None, **typed: Any) -> Any:
    """Fill the form as a person would, and press one of its buttons."""
    for name, value in typed.items():
        if isinstance(value, list):
            for box in form.fields[name]:
                box.checked = box._value in value
        else:
            form[name] = value
    return form.submit("act", value=act, status=status)


def save(browser: Visitor, client, status: int = 302, **typed: Any):  # type: ignore[no-untyped-def]
    return press(browser.get(tab_of(client)).forms["settings"], "save", status, **typed)


def settings_of(client) -> OrderSettings:  # type: ignore[no-untyped-def]
    db.session.expire_all()
    return policy.settings_of(db.session.get_one(Client, client.id))


def state(client) -> tuple[dict[str, Any], int, int]:  # type: ignore[no-untyped-def]
    """Tell what a client's settings say, their version, and how many mails there are."""
    row = settings_of(client)
    says = order_settings.typed_of(order_settings.values_of(row))
    return says, row.version, db.session.query(Mail).count()


@pytest.fixture
def unchanged(look, acme):  # type: ignore[no-untyped-def]
    """Hold that a test changed nothing of Acme's settings and wrote no mail."""
    with look():
        before = state(acme)
    yield
    with look():
        assert state(acme) == before


@pytest.fixture
def gold(look, story) -> int:  # type: ignore[no-untyped-def]
    """A second tier, which nobody can order from yet."""
    with look():
        tier = Tier(reseller_id=story.reseller_id, label="2", name="Gold", position=2)
        db.session.add(tier)
        db.session.commit()
        return tier.id


# --- P10: tiers ---------------------------------------------------------------------------------


def test_a_tier_that_is_taken_away_is_no_longer_listed(visitor, alice, bob, acme) -> None:
    portal = visitor(bob)
    assert "(412) 555-0101" in portal.get(NEW_NUMBERS).text
    save(visitor(alice), acme, tiers=[])
    assert "(412) 555-0101" not in portal.get(NEW_NUMBERS).text


def test_a_tier_taken_away_is_refused_when_the_open_form_is_sent(
    visitor, alice, bob, acme, story, look, gold
) -> None:
    review = visitor(bob).get(f"{NEW_NUMBERS}/review?n={story.free[0][2:]}")
    save(visitor(alice), acme, tiers=[str(gold)])
    page = review.forms["send-order"].submit(status=409)
    assert "is of a kind that Acme cannot order." in said(page)
    with look():
        assert orders.owner(story.free[0]) is None
        assert db.session.query(Mail).count() == 0


# --- P11: services ------------------------------------------------------------------------------


def test_a_switched_off_service_is_refused_when_the_open_form_is_sent(
    visitor, alice, bob, acme, story, look
) -> None:
    save(visitor(alice), acme, editable_services=["failover"])
    with look():
        with pytest.raises(Refused) as refused:
            orders.ask(bob, story.acme_number, kind="call_forwarding", forward_to="(412) 555-0188")
        assert refused.value.sentence == "Changing Call Forwarding is switched off."
        db.session.rollback()
        assert orders.ask(bob, story.acme_number, kind="failover", failover_to="(412) 555-0188")


# --- P12: the two switches ----------------------------------------------------------------------


def test_the_switches_are_radio_buttons_at_the_left_of_the_page(visitor, alice, acme) -> None:
    form = visitor(alice).get(tab_of(acme)).html.find(id="settings")
    first = form.find("fieldset")
    assert {(i["type"], i["name"]) for i in first.find_all("input")} == {
        ("radio", "did_ordering"),
        ("radio", "e911_provisioning"),
    }


def test_ordering_switched_off_is_neither_shown_nor_answered(visitor, alice, bob, acme) -> None:
    portal = visitor(bob)
    assert "Order Numbers" in portal.get(f"{PORTAL}/").text
    save(visitor(alice), acme, did_ordering="off")
    assert "Order Numbers" not in portal.get(f"{PORTAL}/").text
    assert "Ordering numbers is switched off." in said(portal.get(NEW_NUMBERS, status=403))


def test_ordering_switched_off_refuses_the_open_form(
    visitor, alice, bob, acme, story, look
) -> None:
    review = visitor(bob).get(f"{NEW_NUMBERS}/review?n={story.free[0][2:]}")
    save(visitor(alice), acme, did_ordering="off")
    assert "switched off" in said(review.forms["send-order"].submit(status=403))
    with look():
        assert db.session.query(Mail).count() == 0


def test_911_switched_off_is_refused_when_it_is_sent(
    visitor, alice, bob, acme, story, look
) -> None:
    save(visitor(alice), acme, e911_provisioning="off")
    with look(), pytest.raises(Refused, match="911 changes are switched off"):
        orders.ask(bob, story.acme_number, kind="e911_provision", **ADDRESS)


ADDRESS = {
    "caller_name": "Acme Dental",
    "address1": "100 Main Street",
    "city": "Pittsburgh",
    "state": "PA",
    "zip": "15222",
}

# --- P13: DID Requirements ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "shown", "hidden"),
    [
        ("require_sms", "required", "(412) 555-0101", "(617) 555-0101"),
        ("require_sms", "forbidden", "(617) 555-0101", "(412) 555-0101"),
        ("require_local", "required", "(412) 555-0101", "(833) 555-0101"),
        ("require_toll_free", "required", "(833) 555-0101", "(412) 555-0101"),
        ("require_cnam", "forbidden", "(833) 555-0101", "(412) 555-0101"),
        ("require_toll_free", "forbidden", "(412) 555-0101", "(833) 555-0101"),
    ],
)
def test_only_numbers_that_fit_the_requirements_are_listed(
    visitor, alice, bob, acme, field, value, shown, hidden
) -> None:
    save(visitor(alice), acme, **{field: value})
    page = visitor(bob).get(NEW_NUMBERS)
    assert (shown in page.text, hidden in page.text) == (True, False)


def test_what_contradicts_itself_is_refused_beside_its_field(
    visitor, alice, acme, unchanged
) -> None:
    page = save(visitor(alice), acme, 422, require_local="required", require_toll_free="required")
    sentence = said(page, "#require_toll_free-error")
    assert sentence == ("A number is local or toll-free, never both. Require one of them at most.")
    assert page.forms["settings"]["require_local"].value == "required"


# --- P14: what approves itself ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "kind", "asked"),
    [
        ("auto_approve_call_forwarding", "call_forwarding", {"forward_to": "(412) 555-0188"}),
        ("auto_approve_failover", "failover", {"failover_to": "(412) 555-0188"}),
        ("auto_approve_e911", "e911_provision", ADDRESS),
    ],
)
def test_each_kind_approves_itself_on_its_own(
    visitor, alice, bob, acme, story, look, field, kind, asked
) -> None:
    save(visitor(alice), acme, **{field: True})
    with look():
        row = settings_of(acme)
        assert [name for name in order_settings.APPROVALS if getattr(row, name)] == [field]
        number = orders.ask(bob, story.acme_number, kind=kind, **asked)
        assert orders.find(number).state is OrderState.COMPLETED
        assert orders.find(number).is_auto_approved


def test_an_order_that_waits_goes_on_waiting_when_its_kind_approves_itself(
    visitor, alice, bob, acme, story, look
) -> None:
    with look():
        number = orders.ask(bob, story.acme_number, kind="failover", failover_to="(412) 555-0188")
    save(visitor(alice), acme, auto_approve_failover=True)
    with look():
        assert orders.find(number).state is OrderState.PENDING


def test_the_help_of_911_says_that_a_stale_address_is_a_safety_risk(visitor, alice, acme) -> None:
    hint = said(visitor(alice).get(tab_of(acme)), "#auto_approve_e911-hint")
    assert hint.startswith("A stale address is a safety risk")


# --- P15: and again when staff approve ----------------------------------------------------------


def test_settings_changed_after_submit_hold_at_approval(
    visitor, alice, bob, acme, story, look
) -> None:
    browser = visitor(alice)
    with look():
        number = orders.ask(bob, story.free[0])
    page = save(browser, acme, did_ordering="off").follow()
    assert f"These pending orders can no longer be approved: {number}." in said(page)
    with look():
        with pytest.raises(Refused, match="Ordering numbers is switched off"):
            orders.approve(number, alice)
        db.session.rollback()
        assert orders.find(number).state is OrderState.PENDING
        assert orders.owner(story.free[0]) is None
    save(browser, acme, did_ordering="on")
    with look():
        orders.approve(number, alice)
        assert orders.owner(story.free[0]) == acme.id


def test_a_lowered_limit_holds_at_approval(visitor, alice, bob, acme, story, look) -> None:
    with look():
        number = orders.ask(bob, *story.free[:3])
    save(visitor(alice), acme, max_numbers_per_order="2")
    with look(), pytest.raises(Refused, match="An order can have at most 2 numbers"):
        orders.approve(number, alice)


# --- Before saving ------------------------------------------------------------------------------


def test_the_preview_says_what_the_portal_will_show(visitor, alice, acme, unchanged) -> None:
    form = visitor(alice).get(tab_of(acme)).forms["settings"]
    page = press(form, "preview", 200, require_toll_free="required", auto_approve_failover=True)
    assert said(page, "#glance-stock") == "1 number in stock Standard: 1"
    assert said(page, "#glance-services") == "Call Forwarding, Failover, Caller ID Name"
    assert said(page, "#glance-approvals") == "Failover"
    assert "Toll-free numbers: Any becomes → Required" in said(page, "#changes")
    assert page.forms["settings"]["require_toll_free"].value == "required"


@pytest.mark.parametrize("switch", ["on", "off"])
def test_the_preview_names_the_menu_that_the_portal_then_has(
    visitor, alice, bob, acme, switch
) -> None:
    form = visitor(alice).get(tab_of(acme)).forms["settings"]
    page = press(form, "preview", 200, did_ordering=switch)
    press(page.forms["settings"], "save", 302)
    menu = visitor(bob).get(f"{PORTAL}/").html.select(".shell-nav a span")
    assert said(page, "#glance-menu").split(", ") == [one.get_text() for one in menu]


def test_the_preview_says_what_becomes_of_pending_orders(
    visitor, alice, bob, acme, story, look
) -> None:
    with look():
        stopped = orders.ask(bob, story.free[0])
        stays = orders.ask(bob, story.acme_number, kind="failover", failover_to="4125550188")
    form = visitor(alice).get(tab_of(acme)).forms["settings"]
    words = said(press(form, "preview", 200, did_ordering="off"), "#becomes")
    assert "1 order can be approved as before." in words
    assert f"{stopped} New Numbers: Ordering numbers is switched off." in words
    assert stays not in words


def test_no_tier_while_ordering_is_on_is_a_warning_and_can_be_saved(
    visitor, alice, acme, look
) -> None:
    browser = visitor(alice)
    page = save(browser, acme, tiers=[]).follow()
    assert "DID ordering is on, but no tier is chosen" in said(page, "#glance")
    with look():
        assert settings_of(acme).tier_rows == []


# --- Copy ---------------------------------------------------------------------------------------


def test_a_copy_shows_what_it_changes_and_is_saved_after(visitor, alice, acme, birch, look) -> None:
    browser = visitor(alice)
    save(browser, birch, editable_services=["sms"], max_numbers="40", did_ordering="off")
    page = press(browser.get(tab_of(acme)).forms["copy"], "copy", 200, source=str(birch.id))
    assert "What copying from Birch changes" in said(page, "#changes")
    assert "Numbers in all: No limit becomes → 40" in said(page, "#changes")
    with look():
        assert settings_of(acme).version == 1
    press(page.forms["settings"], "save", 302)
    with look():
        mine, theirs = state(acme), state(birch)
        assert (mine[0], mine[1]) == (theirs[0], 2)


def test_only_ones_own_clients_can_be_copied(visitor, alice, story, acme, look, unchanged) -> None:
    with look(story.other_reseller_id):
        foreign = Client(name="Foreign", contact_email="f@x.example")
        db.session.add(foreign)
        db.session.commit()
        key = str(foreign.id)
    browser = visitor(alice)
    form = browser.get(tab_of(acme)).forms["copy"]
    assert not {key, str(acme.id)} & {value for value, *_ in form["source"].options}
    fields = {"csrf_token": form["csrf_token"].value, "act": "copy", "source": key}
    browser.post(tab_of(acme), fields, status=404)


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
        found = db.session.query(AuditEntry).filter_by(action="order_settings.changed").all()
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
