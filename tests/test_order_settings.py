"""Order settings below the screens: read, saved in versions, copied, foreseen, and as defaults."""

from typing import Any

import pytest
from sqlalchemy import select

import clients
import order_settings
import policy
from catalog import Invalid
from extensions import db
from models import AuditEntry, Client, OrderSettings, OrderState, Requirement, Tier
from tests.support import orders
from tests.support.cast import Story


def settings_of(thing) -> OrderSettings:  # type: ignore[no-untyped-def]
    return policy.settings_of(db.session.get_one(Client, thing.id))


def typed(thing, **changes: Any) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    """Give a client's settings as typed, with some typed differently."""
    return order_settings.typed_of(order_settings.values_of(settings_of(thing))) | changes


def save(story: Story, thing, **changes: Any) -> bool:  # type: ignore[no-untyped-def]
    by = orders.actor(story.alice)
    return order_settings.change(settings_of(thing), by=by, **typed(thing, **changes))


def entries() -> list[AuditEntry]:
    wanted = select(AuditEntry).where(AuditEntry.action == "order_settings.changed")
    return list(db.session.scalars(wanted.order_by(AuditEntry.id)))


def problems(story: Story, thing, **changes: Any) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """Save what cannot be; gives its sentences once it is sure that nothing changed."""
    before = order_settings.values_of(settings_of(thing))
    with pytest.raises(Invalid) as refused:
        save(story, thing, **changes)
    assert order_settings.values_of(settings_of(thing)) == before
    assert (settings_of(thing).version, entries()) == (1, [])
    return refused.value.problems


@pytest.fixture
def gold(at_reseller: Story) -> Tier:
    """A second tier, which no client can order from yet."""
    tier = Tier(reseller_id=at_reseller.reseller_id, label="2", name="Gold", position=2)
    db.session.add(tier)
    db.session.flush()
    return tier


# --- Saving -------------------------------------------------------------------------------------


def test_what_is_read_is_what_was_written(at_reseller: Story) -> None:
    values = order_settings.values_of(settings_of(at_reseller.acme))
    assert order_settings.read(order_settings.typed_of(values)) == values


def test_a_change_makes_the_next_version_and_is_recorded(at_reseller: Story, gold: Tier) -> None:
    tiers = [str(at_reseller.tier.id), str(gold.id)]
    assert save(at_reseller, at_reseller.acme, tiers=tiers, monthly_cap_micros="$1,250.50")
    settings = settings_of(at_reseller.acme)
    assert (settings.version, settings.monthly_cap_micros) == (2, 1_250_500_000)
    entry = entries()[0]
    assert (entry.by_name, entry.object_name) == ("Alice", "Acme")
    assert entry.changes == {
        "Tiers": ["Standard", "Standard, Gold"],
        "Monthly limit": ["No limit", "$1,250.50"],
    }


def test_saving_the_same_again_changes_nothing(at_reseller: Story) -> None:
    assert save(at_reseller, at_reseller.acme) is False
    assert (settings_of(at_reseller.acme).version, entries()) == (1, [])


def test_a_tier_that_is_taken_away_is_gone(at_reseller: Story) -> None:
    save(at_reseller, at_reseller.acme, tiers=[])
    assert settings_of(at_reseller.acme).tier_rows == []
    assert len(settings_of(at_reseller.birch).tier_rows) == 1


@pytest.mark.parametrize("count", ["", "0", "501", "ten", "5.5", "-3", "٣", "99999999999"])
def test_numbers_per_order_are_1_to_500(at_reseller: Story, count: str) -> None:
    found = problems(at_reseller, at_reseller.acme, max_numbers_per_order=count)
    assert found == {"max_numbers_per_order": "Write a whole number from 1 to 500."}


@pytest.mark.parametrize("count", ["0", "-1", "many", "1000001"])
def test_numbers_in_all_are_at_least_1(at_reseller: Story, count: str) -> None:
    found = problems(at_reseller, at_reseller.acme, max_numbers=count)
    assert found["max_numbers"].startswith("Write a whole number from 1 to 1,000,000")


@pytest.mark.parametrize("amount", ["much", "-5", "1.1234567"])
def test_the_monthly_limit_is_money(at_reseller: Story, amount: str) -> None:
    found = problems(at_reseller, at_reseller.acme, monthly_cap_micros=amount)
    sentence = "Write an amount such as 1.50, with at most six decimals."
    assert found == {"monthly_cap_micros": sentence}


def test_another_resellers_tier_is_refused(at_reseller: Story) -> None:
    foreign = at_reseller.tier.id + 1
    found = problems(at_reseller, at_reseller.acme, tiers=[str(at_reseller.tier.id), str(foreign)])
    assert list(found) == ["tiers"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tiers", ["x"]),
        ("tiers", ["9999999999999999999999"]),
        ("editable_services", ["call_forwarding", "teleport"]),
        ("require_sms", "sometimes"),
        ("did_ordering", None),
        ("e911_provisioning", "maybe"),
    ],
)
def test_what_no_form_offers_is_refused(at_reseller: Story, field: str, value: object) -> None:
    assert list(problems(at_reseller, at_reseller.acme, **{field: value})) == [field]


def test_local_and_toll_free_cannot_both_be_required(at_reseller: Story) -> None:
    found = problems(
        at_reseller, at_reseller.acme, require_local="required", require_toll_free="required"
    )
    assert found["require_toll_free"].startswith("A number is local or toll-free, never both.")


def test_neither_kind_of_number_is_allowed_only_while_ordering_is_off(at_reseller: Story) -> None:
    neither = {"require_local": "forbidden", "require_toll_free": "forbidden"}
    found = problems(at_reseller, at_reseller.acme, **neither)
    assert "or switch DID ordering off" in found["require_toll_free"]
    assert save(at_reseller, at_reseller.acme, did_ordering=False, **neither)


def test_of_two_who_save_at_once_the_second_is_told_of_the_first(at_reseller: Story) -> None:
    save(at_reseller, at_reseller.acme, did_ordering=False)
    late = typed(at_reseller.acme, e911_provisioning=False)
    by = orders.actor(at_reseller.victor)
    with pytest.raises(order_settings.Stale) as refused:
        order_settings.change(settings_of(at_reseller.acme), by=by, version=1, **late)
    assert str(refused.value).startswith("Alice saved other settings after you opened this page.")
    assert settings_of(at_reseller.acme).e911_provisioning is True
    assert (settings_of(at_reseller.acme).version, len(entries())) == (2, 1)


# --- Copies and defaults ------------------------------------------------------------------------


def test_a_copy_takes_every_setting_and_every_tier(at_reseller: Story, gold: Tier) -> None:
    save(
        at_reseller,
        at_reseller.acme,
        tiers=[str(gold.id)],
        editable_services=["sms"],
        require_sms="required",
        auto_approve_failover=True,
        max_numbers="12",
    )
    acme, birch = (db.session.get_one(Client, t.id) for t in (at_reseller.acme, at_reseller.birch))
    assert order_settings.copy(acme, birch, by=orders.actor(at_reseller.alice))
    assert order_settings.values_of(birch.order_settings) == order_settings.values_of(
        acme.order_settings
    )
    assert birch.order_settings.version == 2
    assert entries()[-1].object_name == "Birch"


def test_a_new_client_begins_with_every_tier_where_nobody_has_said(
    at_reseller: Story, gold: Tier
) -> None:
    client = clients.create(by=orders.actor(at_reseller.alice), name="New", contact_email="n@x.com")
    made = order_settings.values_of(client.order_settings)
    assert made == order_settings.values_of(order_settings.defaults())
    assert [tier.name for tier in made.tiers] == ["Standard", "Gold"]


def test_a_new_client_begins_with_the_resellers_defaults(at_reseller: Story, gold: Tier) -> None:
    by, before = orders.actor(at_reseller.alice), order_settings.defaults()
    said = order_settings.typed_of(order_settings.values_of(before))
    said |= {"tiers": [str(gold.id)], "auto_approve_failover": True, "max_numbers": "9"}
    assert order_settings.change(before, by=by, **said | {"e911_provisioning": False})
    client = clients.create(by=by, name="New", contact_email="n@x.example")
    made = client.order_settings
    assert (made.version, made.max_numbers, made.e911_provisioning) == (1, 9, False)
    assert [row.tier_id for row in made.tier_rows] == [gold.id]
    assert settings_of(at_reseller.acme).max_numbers is None


def test_the_defaults_are_one_row_however_often_they_are_saved(at_reseller: Story) -> None:
    by = orders.actor(at_reseller.alice)
    for count in ("7", "8"):
        row = order_settings.defaults()
        said = order_settings.typed_of(order_settings.values_of(row)) | {"max_numbers": count}
        order_settings.change(row, by=by, **said)
    rows = db.session.scalars(select(OrderSettings).where(OrderSettings.client_id.is_(None))).all()
    assert [(row.max_numbers, row.version) for row in rows] == [(8, 2)]


# --- What comes of it ---------------------------------------------------------------------------


def become(story: Story, **changes: Any) -> order_settings.Affected:
    client = db.session.get_one(Client, story.acme.id)
    return order_settings.affected(client, order_settings.read(typed(story.acme, **changes)))


def test_pending_orders_are_tried_under_the_new_settings(at_reseller: Story) -> None:
    bob = at_reseller.bob
    new = orders.ask(bob, at_reseller.free[0])
    moved = orders.ask(bob, at_reseller.acme_number, kind="failover", failover_to="(412) 555-0188")
    found = become(at_reseller, did_ordering=False)
    assert [order.number for order in found.approvable] == [moved]
    assert [(o.number, o.reason) for o in found.stopped] == [
        (new, "Ordering numbers is switched off.")
    ]
    assert (found.total, found.freed, found.stuck) == (2, [], [])


def test_an_order_that_was_stopped_before_is_told_apart(at_reseller: Story) -> None:
    number = orders.ask(at_reseller.bob, at_reseller.free[0])
    save(at_reseller, at_reseller.acme, did_ordering=False)
    assert [o.number for o in become(at_reseller, did_ordering=False).stuck] == [number]
    assert [o.number for o in become(at_reseller, did_ordering=True).freed] == [number]


def test_trying_settings_changes_nothing(at_reseller: Story) -> None:
    number = orders.ask(at_reseller.bob, at_reseller.free[0])
    before = order_settings.values_of(settings_of(at_reseller.acme))
    become(at_reseller, did_ordering=False, tiers=[], editable_services=[])
    db.session.commit()
    db.session.expire_all()
    assert order_settings.values_of(settings_of(at_reseller.acme)) == before
    assert settings_of(at_reseller.acme).version == 1
    assert orders.find(number).state is OrderState.PENDING


def test_a_glance_says_what_the_portal_offers(at_reseller: Story) -> None:
    values = order_settings.read(
        typed(at_reseller.acme, require_toll_free="required", auto_approve_failover=True)
    )
    glance = order_settings.glance(order_settings.trial(values))
    assert glance.stock == [("Standard", 1)]
    assert glance.services == ["Call Forwarding", "Failover", "Caller ID Name"]
    assert glance.approvals == ["Failover"]
    assert not db.session.new


def test_what_is_hardly_meant_is_warned_of(at_reseller: Story) -> None:
    values = order_settings.read(
        typed(
            at_reseller.acme,
            tiers=[],
            editable_services=[],
            auto_approve_failover=True,
            auto_approve_e911=True,
            e911_provisioning=False,
        )
    )
    assert order_settings.warnings(order_settings.trial(values)) == [
        "DID ordering is on, but no tier is chosen: the client finds no numbers.",
        "Failover Numbers would approve itself, but the client cannot change it.",
        "911 would approve itself, but 911 provisioning is off.",
    ]
    assert order_settings.warnings(settings_of(at_reseller.acme)) == []


def test_every_requirement_of_the_policy_has_words() -> None:
    assert list(order_settings.REQUIREMENTS) == [one.setting for one in policy.FEATURES]
    assert all(order_settings.requirement_words(one) for one in Requirement)
