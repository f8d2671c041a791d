"""Order Settings, P10 to P15: what staff choose rules when the portal lists, submits, approves."""

import pytest

import order_settings
from extensions import db
from models import Client, Mail, OrderState
from policy import Refused
from tests.support import orders
from tests.support.settings_page import press, said, save, settings_of, state, tab_of

PORTAL = "/portal/keystone"
NEW_NUMBERS = f"{PORTAL}/order-numbers"


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
