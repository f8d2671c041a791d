"""Order numbers: what can be found, chosen and sent, by whom, and what that changes."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from columns import now
from extensions import db
from models import (
    Client,
    Did,
    DidAssignment,
    Login,
    Mail,
    Order,
    OrderEvent,
    OrderSettings,
    OrderState,
    PortalSettings,
    Requirement,
    Tier,
)
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.web import Visitor
from tests.support.words import leaks_of

FIND = "/portal/keystone/order-numbers"
REVIEW = f"{FIND}/review"


def ten(number: str) -> str:
    return number[2:]


def review(browser: Visitor, *numbers: str, status: int = 200) -> Any:
    return browser.get(REVIEW, {"chosen": ".".join(map(ten, numbers))}, status=status)


def to_review(page: Any, *choose: str) -> Any:
    """Tick boxes and press Review order, which sends the form to an address of its own."""
    form = page.forms["order-numbers"]
    for box in form.fields["n"]:
        box.checked = box.checked or f"+1{box._value}" in choose
    form.action = page.html.select_one("button[name=review]")["formaction"]
    return form.submit("review")


def send(page: Any, note: str = "", status: int = 303) -> Any:
    form = page.forms["send-order"]
    form["note"] = note
    return form.submit("send", status=status)


def listed(page: Any) -> list[str]:
    return [f"+1{box['value']}" for box in page.html.select("input[name=n]")]


def change(look: Any, model: Any, where: Any, **values: Any) -> None:
    with look():
        db.session.execute(update(model).where(where).values(**values))
        db.session.commit()


def settle(look: Any, story: Story, **values: Any) -> None:
    change(look, OrderSettings, OrderSettings.client_id == story.acme.id, **values)


def everything(look: Any) -> list[tuple[Any, ...]]:
    """What an order could change: the stock, who has what, the orders and the mail."""
    with look():
        stock = db.session.execute(
            select(Did.number, Did.client_id, Did.status, Did.held_by_id).order_by(Did.id)
        )
        tables = (DidAssignment, Order, OrderEvent, Mail)
        counts = [db.session.scalar(select(func.count()).select_from(t)) for t in tables]
        return [*map(tuple, stock), tuple(counts)]


# --- From the search to the order (P28, P16, P17, P22) -----------------------------------------


def test_bob_finds_two_numbers_in_one_city_and_orders_them(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    browser = visitor(bob)
    form = browser.get(FIND).forms["order-numbers"]
    form["place"] = "pittsburgh"
    found = form.submit("search")
    assert listed(found) == list(story.free[:5])
    page = to_review(found, *story.free[:2])
    assert "$3.00" in page.text
    assert "$2.00" in page.text
    sent = send(page, "For the front desk.").follow()
    assert "was sent" in sent.text
    with look():
        order = db.session.scalars(select(Order)).one()
        assert [line.number for line in order.lines] == list(story.free[:2])
        assert (order.state, order.login_id) == (OrderState.PENDING, bob.id)
        assert (order.monthly_micros, order.setup_micros) == (3_000_000, 2_000_000)
        assert order.client_note == "For the front desk."


def test_the_stock_is_unchanged_but_held_until_approval(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    before = everything(look)
    send(review(visitor(bob), *story.free[:2]))
    after = everything(look)
    assert [row[:3] for row in after[:-1]] == [row[:3] for row in before[:-1]]
    held = {row[0] for row in after[:-1] if row[3]}
    assert held == set(story.free[:2])
    assert after[-1][0] == before[-1][0]


def test_the_client_contact_and_the_approvers_are_mailed(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    send(review(visitor(bob), story.free[0]))
    with look():
        told = set(db.session.scalars(select(Mail.to_address)))
    assert told == {"orders@acme.example", story.alice.email}


def test_the_review_says_what_happens_next(visitor: Any, bob: Person, story: Story) -> None:
    page = review(visitor(bob), story.free[0])
    assert "Nothing is charged or changed before" in page.text


def test_sending_the_same_page_twice_gives_one_order(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    page = review(visitor(bob), *story.free[:2])
    first, second = send(page), send(page)
    assert first.location == second.location
    with look():
        assert db.session.scalar(select(func.count(Order.id))) == 1


# --- The search ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, slice(0, 8)),
        ({"state": "MA"}, slice(5, 7)),
        ({"place": "PITTSBURGH"}, slice(0, 5)),
        ({"place": "Bost"}, slice(5, 7)),
        ({"place": "Boston, ma"}, slice(5, 7)),
        ({"place": "Boston, PA"}, slice(0, 0)),
        ({"area_code": "(617)"}, slice(5, 7)),
        ({"area_code": "+1 412"}, slice(0, 5)),
        ({"digits": "555-0103"}, slice(2, 3)),
        ({"digits": "0103", "at": "end"}, slice(2, 3)),
        ({"digits": "555", "at": "end"}, slice(0, 0)),
        ({"digits": "412"}, slice(0, 0)),
        ({"digits": "412555"}, slice(0, 0)),
        ({"digits": "(412) 555-01"}, slice(0, 5)),
        ({"area_code": "412", "nxx": "555"}, slice(0, 5)),
        ({"area_code": "412", "nxx": "556"}, slice(0, 0)),
        ({"nxx": " 555 "}, slice(0, 8)),
        ({"state": "massachusetts"}, slice(5, 7)),
        ({"state": "ma"}, slice(5, 7)),
        ({"place": "Massachusetts"}, slice(5, 7)),
        ({"place": "Pa"}, slice(0, 5)),
        ({"place": "boston  Massachusetts"}, slice(5, 7)),
        ({"place": "Atlantis"}, slice(0, 0)),
        ({"digits": "+1 (412) 555-0104"}, slice(3, 4)),
        ({"feature": "sms", "state": "MA"}, slice(0, 0)),
        ({"feature": "sms", "state": "PA"}, slice(0, 5)),
        ({"type": "toll_free"}, slice(7, 8)),
        ({"page": "9"}, slice(0, 0)),
        ({"page": "-1"}, slice(0, 8)),
        ({"state": "%", "page": "9" * 30}, slice(0, 0)),
    ],
)
def test_the_search_finds(
    visitor: Any, bob: Person, story: Story, asked: dict[str, str], found: slice
) -> None:
    assert listed(visitor(bob).get(FIND, asked)) == list(story.free[found])


def test_what_cannot_be_read_gets_a_sentence_and_the_choice_stays(
    visitor: Any, bob: Person, story: Story
) -> None:
    asked = {"area_code": "41", "digits": "HELLO!", "n": ten(story.free[0])}
    page = visitor(bob).get(FIND, asked)
    form = page.forms["order-numbers"]
    assert "Write the three digits of an area code, such as 412." in page.text
    assert "Write one to ten digits or letters, such as 0100 or PETS." in page.text
    assert (form["area_code"].value, form["digits"].value) == ("41", "HELLO!")
    assert form["chosen"].value == ten(story.free[0])
    assert listed(page) == []


# --- Words, and what to ask less of (P28) -------------------------------------------------------


def number_that_spells(look: Any, story: Story, number: str) -> str:
    with look():
        did = Did(reseller_id=story.reseller_id, number=number, tier_id=story.tier.id)
        did.npa, did.nxx, did.state, did.city = number[2:5], number[5:8], "PA", "Pittsburgh"
        db.session.add(did)
        db.session.commit()
    return number


@pytest.mark.parametrize(
    ("asked", "marked", "word"),
    [
        ("pets", "7387", "PETS"),
        ("555-PETS", "555-7387", "PETS"),
        ("1-412-555-PETS", "412) 555-7387", "PETS"),
        ("5K-PETS", "55-7387", "K PETS"),
        ("5557387", "555-7387", None),
    ],
)
def test_a_word_finds_the_number_whose_keys_spell_it(
    visitor: Any, bob: Person, story: Story, look: Any, asked: str, marked: str, word: str | None
) -> None:
    number = number_that_spells(look, story, "+14125557387")
    page = visitor(bob).get(FIND, {"digits": asked})
    assert listed(page) == [number]
    assert page.html.select_one("#offers mark").text == marked
    assert ("spells" in page.text, f"spells {word}" in page.text) == (word is not None,) * 2
    assert page.forms["order-numbers"]["digits"].value == asked


def test_a_word_is_not_looked_for_in_the_area_code(visitor: Any, bob: Person, story: Story) -> None:
    assert listed(visitor(bob).get(FIND, {"digits": "GAP"})) == []  # 427 is nowhere
    assert listed(visitor(bob).get(FIND, {"digits": "41255"})) == []


def ways(page: Any) -> dict[str, str]:
    return {" ".join(item.text.split()): item.a["href"] for item in page.html.select("#ways li")}


def test_a_search_that_finds_nothing_says_what_to_ask_less_of(
    visitor: Any, bob: Person, story: Story
) -> None:
    browser = visitor(bob)
    asked = {"state": "MA", "area_code": "412", "feature": "sms", "n": ten(story.free[7])}
    offered = ways(browser.get(FIND, asked))
    assert list(offered) == ["Search without Massachusetts: 5 numbers"]
    page = browser.get(next(iter(offered.values())))
    assert listed(page) == list(story.free[:5])
    assert page.forms["order-numbers"]["chosen"].value == ten(story.free[7])
    assert page.html.select_one("input[value=sms]").has_attr("checked")


def test_digits_that_are_not_at_the_end_are_offered_anywhere(
    visitor: Any, bob: Person, story: Story
) -> None:
    browser = visitor(bob)
    offered = ways(browser.get(FIND, {"digits": "555", "at": "end"}))
    assert list(offered) == ["Search “555” anywhere in the number: 8 numbers"]
    assert listed(browser.get(next(iter(offered.values())))) == list(story.free)


def test_one_wish_alone_that_finds_nothing_offers_the_whole_stock(
    visitor: Any, bob: Person, story: Story
) -> None:
    page = visitor(bob).get(FIND, {"digits": "FLOWERS"})
    assert (ways(page), "Ask for less" in page.text) == ({}, True)
    assert page.html.select_one(f".empty a[href='{FIND}']") is not None


def test_what_a_client_may_not_order_is_neither_found_nor_offered(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    number = number_that_spells(look, story, "+14125557387")
    change(look, Did, Did.number == number, has_sms=False, city="Hidden", state="OH")
    settle(look, story, require_sms=Requirement.REQUIRED)
    page = visitor(bob).get(FIND, {"digits": "PETS", "state": "PA"})
    assert (listed(page), list(ways(page))) == ([], ["Search without “PETS”: 5 numbers"])
    assert "Hidden" not in page.text
    assert "Ohio" not in page.text


def test_a_choice_survives_a_new_search_and_comes_to_the_review(
    visitor: Any, bob: Person, story: Story
) -> None:
    page = visitor(bob).get(FIND, {"state": "PA", "n": ten(story.free[0])})
    form = page.forms["order-numbers"]
    form["state"] = "MA"
    page = to_review(form.submit("search"), story.free[5])
    assert [tag.text for tag in page.html.select("[data-number]")] == [
        "(412) 555-0101",
        "(617) 555-0101",
    ]


def test_a_long_list_has_pages_that_keep_the_choice(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    plant(look, story, 60)
    browser = visitor(bob)
    first = browser.get(FIND, {"area_code": "213", "n": "2135550100"})
    assert (len(listed(first)), "60 numbers" in first.text) == (50, True)
    second = first.forms["order-numbers"].submit("page", value="2")
    assert len(listed(second)) == 10
    assert second.forms["order-numbers"]["chosen"].value == "2135550100"


def plant(look: Any, story: Story, count: int) -> None:
    """Put more numbers into the stock, with words in them that a client must never read."""
    with look():
        for n in range(count):
            db.session.add(
                Did(
                    reseller_id=story.reseller_id,
                    number=f"+1213555{100 + n:04d}",
                    npa="213",
                    nxx="555",
                    tier_id=story.tier.id,
                    state="CA",
                    city="Los Angeles",
                    network="Wholesale Carrier Network",
                )
            )
        db.session.commit()


def test_prices_are_hidden_where_the_reseller_hides_them(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    change(look, PortalSettings, PortalSettings.company_name == "Keystone Voice", hide_prices=True)
    browser = visitor(bob)
    pages = [browser.get(FIND), review(browser, story.free[0])]
    pages.append(send(pages[-1]).follow())
    assert ["$" in page.text for page in pages] == [False, False, False]


def test_price_classes_are_offered_by_name_when_there_are_several(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    browser = visitor(bob)
    assert "price_class" not in browser.get(FIND).forms["order-numbers"].fields
    allow_second_tier(look, story)
    form = browser.get(FIND).forms["order-numbers"]
    assert [text for _, _, text in form["price_class"].options] == ["Any", "Standard", "Golden"]
    form["price_class"] = "Golden"
    assert listed(form.submit("search")) == [story.free[1]]


def allow_second_tier(look: Any, story: Story) -> None:
    from models import OrderSettingsTier

    with look():
        tier = Tier(
            reseller_id=story.reseller_id, label="G", name="Golden", monthly_micros=1, position=9
        )
        db.session.add(tier)
        db.session.flush()
        settings = db.session.get_one(Client, story.acme.id).order_settings
        db.session.add(
            OrderSettingsTier(
                reseller_id=story.reseller_id, order_settings_id=settings.id, tier_id=tier.id
            )
        )
        db.session.execute(update(Did).where(Did.number == story.free[1]).values(tier_id=tier.id))
        db.session.commit()


# --- Two people, one number (P23) --------------------------------------------------------------


def test_charlie_is_told_and_bob_keeps_the_hold(
    visitor: Any, bob: Person, charlie: Person, story: Story, look: Any
) -> None:
    both = (review(visitor(bob), *story.free[:2]), review(visitor(charlie), *story.free[1:3]))
    send(both[0])
    before = everything(look)
    page = send(both[1], "Ours, please.", status=409)
    assert "(412) 555-0102 is being ordered by someone else." in page.text
    form = page.forms["send-order"]
    assert (form["chosen"].value, form["note"].value) == (ten(story.free[2]), "Ours, please.")
    assert everything(look) == before
    send(page, "Ours, please.")
    with look():
        orders = db.session.scalars(select(Order).order_by(Order.id)).all()
        assert [[line.number for line in order.lines] for order in orders] == [
            list(story.free[:2]),
            [story.free[2]],
        ]


def test_a_number_that_is_being_ordered_is_not_found_by_anyone_else(
    visitor: Any, bob: Person, charlie: Person, story: Story
) -> None:
    send(review(visitor(bob), story.free[0]))
    assert story.free[0] not in listed(visitor(charlie).get(FIND))


def test_a_number_that_was_ordered_already_names_its_order(
    visitor: Any, bob: Person, story: Story
) -> None:
    browser = visitor(bob)
    order = send(review(browser, story.free[0])).location.rsplit("/", 1)[1]
    page = browser.get(FIND, {"chosen": ten(story.free[0])})
    assert f"(412) 555-0101 is in order {order} already." in page.text
    assert "someone else" not in page.text


def test_a_page_behind_the_last_leads_to_the_last(visitor: Any, bob: Person) -> None:
    behind = visitor(bob).get(FIND, {"page": "99", "state": "PA"})
    assert behind.location == f"{FIND}?page=1&state=PA"
    assert listed(behind.follow())


def test_a_chosen_number_that_has_gone_is_said_to_have_gone(
    visitor: Any, bob: Person, charlie: Person, story: Story
) -> None:
    send(review(visitor(charlie), story.free[0]))
    page = visitor(bob).get(FIND, {"chosen": f"{ten(story.free[0])}.{ten(story.free[1])}"})
    assert "(412) 555-0101 is being ordered by someone else." in page.text


# --- Removing, limits, prices -------------------------------------------------------------------


def test_a_number_is_removed_and_the_note_stays(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    page = review(visitor(bob), *story.free[:2])
    before = everything(look)
    page.forms["send-order"]["note"] = "Front desk."
    page = page.forms["send-order"].submit("remove", value=ten(story.free[0]))
    form = page.forms["send-order"]
    assert (form["chosen"].value, form["note"].value) == (ten(story.free[1]), "Front desk.")
    assert everything(look) == before


def test_an_empty_choice_leads_back_to_the_search(visitor: Any, bob: Person) -> None:
    page = review(visitor(bob))
    assert "send-order" not in page.forms
    assert page.html.select_one(f"main a[href='{FIND}']") is not None


def test_more_than_an_order_may_have_is_said_before_sending(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    settle(look, story, max_numbers_per_order=1)
    page = review(visitor(bob), *story.free[:2])
    assert "An order can have at most 1 numbers." in page.text
    assert page.html.select("form#send-order button[name=send]") == []


def test_a_price_that_changed_meanwhile_is_shown_before_it_is_ordered(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    page = review(visitor(bob), story.free[0])
    change(look, Tier, Tier.id == story.tier.id, monthly_micros=9_000_000)
    before = everything(look)
    page = send(page, status=409)
    assert "The price has changed since you opened this page." in page.text
    assert "$9.00" in page.text
    assert everything(look) == before


# --- Who may not --------------------------------------------------------------------------------


def test_a_read_only_login_sees_numbers_but_cannot_choose_or_send(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    page = review(browser := visitor(bob), story.free[0])
    change(look, Login, Login.id == bob.id, allow_order_requests=False)
    before = everything(look)
    refused = send(page, status=403)
    assert "may look" in refused.text
    found = browser.get(FIND)
    assert "(412) 555-0101" in found.text
    assert listed(found) == []
    browser.get(REVIEW, {"n": ten(story.free[0])}, status=403)
    assert everything(look) == before


def test_ordering_that_is_off_is_not_in_the_menu_and_its_address_refuses(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    browser = visitor(bob)
    page = review(browser, story.free[0])
    assert browser.get("/portal/keystone/").html.select(f"a[href='{FIND}']") != []
    settle(look, story, did_ordering=False)
    before = everything(look)
    assert browser.get("/portal/keystone/").html.select(f"a[href='{FIND}']") == []
    for answer in (browser.get(FIND, status=403), send(page, status=403)):
        assert "Ordering numbers is switched off." in answer.text
    assert everything(look) == before


def test_what_the_settings_forbid_is_not_listed_and_cannot_be_sent(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    browser = visitor(bob)
    page = review(browser, story.free[5])
    settle(look, story, require_sms=Requirement.REQUIRED)
    before = everything(look)
    assert listed(browser.get(FIND, {"state": "MA"})) == []
    refused = send(page, status=409)
    assert "lacks what must be had: text messages." in refused.text
    assert everything(look) == before


def test_another_resellers_number_is_no_longer_available(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    before = everything(look)
    page = review(visitor(bob), story.foreign_number)
    assert "(212) 555-0170 is no longer available." in page.text
    assert everything(look) == before


def test_a_form_without_its_token_is_refused(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    before = everything(look)
    visitor(bob).post(REVIEW, {"chosen": ten(story.free[0])}, status=400)
    assert everything(look) == before


# --- House rules --------------------------------------------------------------------------------


def test_looking_writes_nothing(app: Any, visitor: Any, bob: Person, story: Story) -> None:
    browser = visitor(bob)
    with statements(app) as seen:
        browser.get(FIND, {"state": "PA", "n": ten(story.free[0])})
        review(browser, *story.free[:2])
    assert (len(seen) > 5, writes(seen)) == (True, [])


def test_thirty_numbers_ask_no_more_queries_than_one(
    app: Any, visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    plant(look, story, 30)
    browser = visitor(bob)
    counts = []
    for asked in ({"digits": "2135550100"}, {"area_code": "213"}):
        with statements(app) as seen:
            page = browser.get(FIND, asked)
        counts.append((len(listed(page)), len(seen)))
    assert [rows for rows, _ in counts] == [1, 30]
    assert counts[0][1] == counts[1][1] <= 10


def test_no_page_of_ordering_says_a_forbidden_word(
    visitor: Any, bob: Person, story: Story, look: Any
) -> None:
    plant(look, story, 2)
    browser = visitor(bob)
    pages = [browser.get(FIND), review(browser, "+12135550100")]
    pages.append(send(pages[-1]).follow())
    assert "(213) 555-0100" in pages[0].text
    assert [leaks_of(page) for page in pages] == [[], [], []]


# --- How long they are held ----------------------------------------------------------------------


def test_a_pending_order_tells_how_long_its_numbers_are_held(
    visitor: Any, bob: Person, story: Story
) -> None:
    page = review(visitor(bob), *story.free[:2])
    assert "held for you, for up to 7 days" in page.html.find(id="consequence").get_text()
    said = send(page).follow().html.find(id="held").get_text(" ", strip=True)
    assert "Nobody else can order the numbers for 6 days more, until" in said
    assert "ended" not in said


def test_a_hold_that_has_ended_is_named(visitor: Any, bob: Person, story: Story, look: Any) -> None:
    answer = send(review(visitor(bob), *story.free[:2]))
    with look():
        over = now() - timedelta(minutes=1)
        db.session.execute(update(Did).where(Did.number == story.free[1]).values(held_until=over))
        db.session.commit()
    said = visitor(bob).get(answer.location).html.find(id="held").get_text(" ", strip=True)
    assert "The hold has ended for (412) 555-0102 . Somebody else may order it now." in said
    assert "for 6 days more" in said


def test_a_decided_order_holds_nothing(visitor: Any, bob: Person, story: Story, look: Any) -> None:
    answer = send(review(visitor(bob), story.free[0]))
    with look():
        orders.reject(answer.location.rsplit("/", 1)[1], story.alice)
    assert visitor(bob).get(answer.location).html.find(id="held") is None
