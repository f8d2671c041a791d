"""Acts on many numbers at once: group, tier, take back, release; and the account of what stayed."""

from typing import Any

import pytest
from sqlalchemy import select

from extensions import db
from models import AuditEntry, Did, DidAssignment, Tier
from tests.support import orders
from tests.support.queries import statements

LIST = "/admin/dids/"


def did_of(number: str) -> Did:
    return db.session.scalars(select(Did).where(Did.number == number)).one()


def ask(browser: Any, verb: str, *ids: int, address: str = LIST) -> Any:
    """Tick numbers in the list and press one of the acts; gives the page that asks once more."""
    form = browser.get(f"{address}?page_size=100").forms["batch"]
    for box in form.fields["rowid"]:
        box.checked = int(box._value) in ids
    return form.submit("action", value=verb)


def confirm(page: Any, choice: str = "", word: str = "") -> Any:
    form = page.forms["batch-numbers"]
    if choice:
        form["choice"] = choice
    if word:
        form["typed_word"] = word
    return form.submit(expect_errors=True)


@pytest.fixture
def ids(look, story) -> dict[str, int]:  # type: ignore[no-untyped-def]
    """The ids of the reseller's numbers."""
    with look():
        return dict(db.session.execute(select(Did.number, Did.id)).all())


def test_numbers_are_put_into_a_clients_group(visitor, alice, story, acme, ids, look) -> None:
    chosen = [ids[number] for number in story.free[:2]]
    page = ask(visitor(alice), "group", *chosen)
    assert "DID Group: 2 numbers" in page.html.find("h2", class_="card-title").get_text()
    after = confirm(page, str(story.acme_group.id)).follow()
    assert "2 numbers put into the group." in after.text
    with look():
        assert {orders.owner(number) for number in story.free[:2]} == {acme.id}
        given = db.session.query(DidAssignment).filter_by(number=story.free[0]).one()
        assert given.monthly_micros == 1_500_000
        entries = (
            db.session.query(AuditEntry)
            .order_by(AuditEntry.id)
            .filter_by(action="did.grouped")
            .all()
        )
        assert [e.changes for e in entries] == [{"did_group": [None, "Acme main"]}] * 2


def test_what_cannot_go_stays_and_says_why(visitor, alice, bob, story, ids, look) -> None:
    with look():
        number = orders.ask(bob, story.free[0])
    chosen = [ids[n] for n in (story.free[0], story.free[1], story.birch_number)]
    page = confirm(ask(visitor(alice), "group", *chosen), str(story.acme_group.id))
    assert page.html.find(id="account").get_text() == (
        "1 number put into the group, 2 numbers could not be changed."
    )
    said = {row.th.get_text(): row.td.get_text() for row in page.html.select("#refused tbody tr")}
    assert said == {
        "(412) 555-0101": f"Order {number} is under way for it. Decide that first.",
        "(412) 555-0191": "Another client has it. Take it back first.",
    }
    with look():
        assert orders.owner(story.birch_number) != orders.owner(story.free[1])


def test_a_group_must_be_chosen(visitor, alice, story, ids, look) -> None:
    page = confirm(ask(visitor(alice), "group", ids[story.free[0]]))
    assert page.status_int == 422
    assert page.html.find(id="choice-problem").get_text() == "Choose a DID Group from the list."
    with look():
        assert orders.owner(story.free[0]) is None


def test_the_tier_is_changed_and_the_price_with_it(visitor, alice, story, ids, look) -> None:
    with look():
        gold = Tier(reseller_id=story.reseller_id, label="G", name="Gold", monthly_micros=9_000_000)
        db.session.add(gold)
        db.session.commit()
        key = gold.id
    confirm(ask(visitor(alice), "tier", ids[story.free[0]]), str(key))
    with look():
        assert did_of(story.free[0]).price_monthly_micros == 9_000_000


def test_taking_back_says_what_it_ends_and_frees_the_number(
    visitor, alice, bob, story, ids, look
) -> None:
    with look():
        number = orders.ask(bob, story.acme_number, kind="cnam_outbound", display_name="Acme")
        orders.approve(number, alice)
    page = ask(visitor(alice), "take_back", ids[story.acme_number])
    said = " ".join(page.html.find(id="consequence").get_text().split())
    assert said.endswith("1 of them has a client, with 1 service.")
    confirm(page)
    with look():
        did = did_of(story.acme_number)
        assert (did.client_id, did.status.value, did.services) == (None, "available", [])


def test_a_released_number_can_be_ordered_by_nobody(visitor, alice, bob, story, ids, look) -> None:
    confirm(ask(visitor(alice), "release", ids[story.free[0]]), word="Release")
    page = visitor(bob).get("/portal/keystone/order-numbers?place=Pittsburgh")
    assert "(412) 555-0101" not in page.text
    assert "4 numbers found" in page.text


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", "Type release; nothing was done."),
        ("yes", "“yes” is not release; nothing was done."),
    ],
)
def test_nothing_is_released_before_the_word_is_typed(
    visitor, alice, story, ids, look, word: str, said: str
) -> None:
    page = confirm(ask(visitor(alice), "release", ids[story.free[0]]), word=word)
    assert page.status_int == 422
    assert page.html.find(id="typed-word-problem").get_text() == said
    assert page.forms["batch-numbers"]["typed_word"].value == word
    with look():
        assert did_of(story.free[0]).status.value == "available"


def test_the_tab_of_a_client_acts_on_its_own_numbers(visitor, alice, acme, story, ids) -> None:
    address = f"/admin/clients/{acme.id}/numbers/"
    page = ask(visitor(alice), "take_back", ids[story.acme_number], address=address)
    after = confirm(page)
    assert after.location == f"{address}?page_size=100"
    token = page.forms["batch-numbers"]["csrf_token"].value
    forged = {"csrf_token": token, "verb": "release", "rowid": ids[story.birch_number]}
    page.test_app.post(f"{address}batch", forged, status=404)


def test_five_hundred_numbers_go_in_one_step(app, visitor, alice, story, look) -> None:
    with look():
        tier = db.session.get_one(Tier, story.tier.id)
        for n in range(500):
            line = f"{n:04d}"
            row = {"number": f"+1215555{line}", "npa": "215", "nxx": "555", "tier_id": tier.id}
            db.session.add(Did(reseller_id=story.reseller_id, **row))
        db.session.commit()
        chosen = list(db.session.scalars(select(Did.id).where(Did.npa == "215")))
    browser = visitor(alice)
    token = browser.get("/admin/").html.find("input", {"name": "csrf_token"})["value"]
    form = {"csrf_token": token, "verb": "release", "rowid": chosen, "typed_word": "release"}
    with statements(app) as seen:
        browser.post(f"{LIST}batch", form, status=302)
    assert len(seen) < 8 * 500
    with look():
        left = select(Did.id).where(Did.npa == "215", Did.status != "released")
        assert db.session.scalars(left).all() == []


def test_victor_is_offered_nothing_and_forges_nothing(visitor, victor, story, ids, look) -> None:
    browser = visitor(victor)
    page = browser.get(LIST)
    assert "batch" not in page.forms
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    forged = {"csrf_token": token, "verb": "release", "rowid": ids[story.free[0]]}
    browser.post(f"{LIST}batch", forged, status=403)
    browser.post(f"{LIST}action/", forged | {"action": "release"}, status=403)
    with look():
        assert did_of(story.free[0]).status.value == "available"


def test_one_foreign_id_refuses_the_whole_batch(visitor, mallory, story, ids, look) -> None:
    browser = visitor(mallory)
    token = browser.get("/admin/").html.find("input", {"name": "csrf_token"})["value"]
    with look(story.other_reseller_id):
        own = did_of(story.foreign_number).id
    forged = {"csrf_token": token, "verb": "release", "rowid": [own, ids[story.free[0]]]}
    browser.post(f"{LIST}batch", forged, status=404)
    with look(story.other_reseller_id):
        assert did_of(story.foreign_number).status.value == "available"
