"""The theme keeps Flask-Admin's contract under the strict content policy; looks are next door."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from tests.support.theme_app import make_theme_app

NEVER_MADE = "Toy that nobody made"


@pytest.fixture
def toys() -> Flask:
    """The toy back office, with 120 toys; Toy 000 is red, 001 green, 002 blue, 003 red."""
    return make_theme_app()


@pytest.fixture
def office(toys: Flask, live_server: Any, page: Callable[..., Page]) -> Iterator[Page]:
    """A page on the toy back office."""
    with live_server(toys) as address:
        opened = page(address)
        yield opened
        # Before the server: an icon still on its way would be a complaint.
        opened.close()


def kept(toys: Flask, sql: str) -> list[Any]:
    """Ask the table itself, past every screen."""
    with toys.app_context():
        return list(toys.extensions["sqlalchemy"].session.scalars(text(sql)))


def names(page: Page) -> Locator:
    """The names that the list shows, in its order; expecting them waits for the page."""
    return page.locator("tbody td[data-label=Name]")


def row(page: Page, name: str) -> Locator:
    """The row of a toy."""
    return page.locator("tbody tr").filter(has=page.get_by_role("cell", name=name, exact=True))


def test_search_narrows_the_list_and_clear_widens_it(office: Page) -> None:
    office.goto("/admin/toys/")
    office.get_by_label("Search").fill("11")
    office.get_by_label("Search").press("Enter")
    expect(office.get_by_text("11 rows")).to_be_visible()
    expect(names(office)).to_have_text(
        ["Toy 011"] + [f"Toy {number}" for number in range(110, 120)]
    )
    expect(office.get_by_label("Search")).to_have_value("11")
    office.get_by_role("link", name="Clear").click()
    expect(office.get_by_text("120 rows")).to_be_visible()


def test_a_search_that_finds_nothing_says_so_and_leads_back(office: Page) -> None:
    office.goto("/admin/toys/?search=unicorn")
    expect(office.get_by_text("Nothing fits", exact=True)).to_be_visible()
    office.get_by_role("link", name="Clear search and filters").click()
    expect(names(office)).to_have_count(50)


def test_a_filter_is_added_and_removed(office: Page) -> None:
    office.goto("/admin/toys/")
    office.get_by_label("Colour").select_option("green")
    office.get_by_label("Name contains").fill("Toy 00")
    office.get_by_role("button", name="Show").click()
    expect(office.get_by_text("3 rows")).to_be_visible()
    expect(names(office)).to_have_text(["Toy 001", "Toy 004", "Toy 007"])
    office.get_by_label("Colour").select_option("Any")
    office.get_by_role("button", name="Show").click()
    expect(office.get_by_text("10 rows")).to_be_visible()


def test_filters_are_read_from_the_address(office: Page) -> None:
    office.goto("/admin/toys/?flt0_colour_equals=blue&flt2_made_greater_than=2026-11-30")
    expect(names(office)).to_have_text(["Toy 110", "Toy 113", "Toy 116", "Toy 119"])
    expect(office.get_by_label("Colour")).to_have_value("blue")
    expect(office.get_by_label("Made greater than")).to_have_value("2026-11-30")


def test_a_wrong_filter_in_the_address_breaks_nothing(office: Page) -> None:
    office.goto("/admin/toys/?flt2_made_greater_than=yesterday&flt9_x=1&page=zz&sort=77")
    expect(office.get_by_role("heading", name="Toys", level=1)).to_be_visible()
    expect(names(office)).to_have_count(50)


def test_a_column_sorts_both_ways_and_keeps_the_filter(office: Page) -> None:
    office.goto("/admin/toys/?flt0_colour_equals=green")
    heading = office.get_by_role("columnheader", name="Name")
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(names(office).first).to_have_text("Toy 001")
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(names(office).first).to_have_text("Toy 118")
    expect(office.get_by_label("Colour")).to_have_value("green")


def test_a_new_search_keeps_the_order_and_the_page_size(office: Page) -> None:
    office.goto("/admin/toys/?sort=0&desc=1&page_size=20&page=3")
    office.get_by_label("Name contains").fill("Toy 0")
    office.get_by_label("Name contains").press("Enter")
    expect(office.get_by_text("Page 1 of 5")).to_be_visible()
    expect(names(office)).to_have_text([f"Toy {number:03d}" for number in range(99, 79, -1)])


def test_pages_go_forward_and_back_to_the_last(office: Page) -> None:
    office.goto("/admin/toys/")
    office.get_by_role("link", name="Next").click()
    expect(office.get_by_text("Page 2 of 3")).to_be_visible()
    office.get_by_role("link", name="Next").click()
    expect(office.get_by_text("Page 3 of 3")).to_be_visible()
    expect(names(office)).to_have_text([f"Toy {number:03d}" for number in range(100, 120)])
    expect(office.get_by_role("link", name="Next")).to_have_count(0)
    office.get_by_role("link", name="Previous").click()
    expect(names(office).first).to_have_text("Toy 050")


def test_the_page_size_changes_and_stays_on_the_next_page(office: Page) -> None:
    office.goto("/admin/toys/")
    office.get_by_role("link", name="20", exact=True).click()
    expect(office.get_by_text("Page 1 of 6")).to_be_visible()
    expect(names(office)).to_have_count(20)
    office.get_by_role("link", name="Next").click()
    expect(names(office).first).to_have_text("Toy 020")
    expect(office.locator(".pager [aria-current]")).to_have_text("20")


def test_the_csv_has_what_the_filter_shows(office: Page) -> None:
    office.goto("/admin/toys/?flt0_colour_equals=green&flt1_name_contains=Toy+00&sort=0&desc=1")
    with office.expect_download() as download:
        office.get_by_role("link", name="CSV").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:2] for line in lines] == [
        ["Name", "Colour"],
        ["Toy 007", "green"],
        ["Toy 004", "green"],
        ["Toy 001", "green"],
    ]


def test_a_list_without_a_count_still_turns_its_pages(office: Page) -> None:
    office.goto("/admin/uncounted/")
    expect(office.locator(".pager-count")).to_have_count(0)
    expect(office.locator(".pager")).to_contain_text("Page 1")
    office.get_by_role("link", name="Next").click()
    office.get_by_role("link", name="Next").click()
    expect(names(office).last).to_have_text("Toy 119")
    expect(office.get_by_role("link", name="Next")).to_have_count(0)


def test_an_empty_list_says_what_it_is_for_and_the_first_step(office: Page) -> None:
    office.goto("/admin/empty/")
    expect(office.get_by_text("Things stand here once there are some.")).to_be_visible()
    expect(office.locator("table")).to_have_count(0)
    office.get_by_role("link", name="Make the first").click()
    expect(office.get_by_role("heading", level=1)).to_have_text("New: Nothing")


def test_details_open_from_the_row_and_lead_back_to_the_same_list(office: Page) -> None:
    office.goto("/admin/toys/?flt0_colour_equals=green&page_size=20")
    office.get_by_role("link", name="Open Toy 004").click()
    expect(office.get_by_role("heading", level=1)).to_have_text("Toy 004")
    expect(office.locator("dl.facts")).to_contain_text("green")
    office.get_by_role("link", name="Go back").click()
    expect(office.get_by_label("Colour")).to_have_value("green")


def test_every_row_is_chosen_and_counted_at_once(office: Page) -> None:
    office.goto("/admin/toys/?page_size=20")
    every = office.get_by_label("Choose every row of this page")
    expect(office.get_by_role("button", name="Sell")).to_be_disabled()
    every.check()
    expect(office.get_by_role("status")).to_have_text("20 chosen")
    office.get_by_label("Choose Toy 003").uncheck()
    expect(office.get_by_role("status")).to_have_text("19 chosen")
    assert every.evaluate("box => [box.checked, box.indeterminate]") == [False, True]
    office.get_by_label("Choose Toy 003").check()
    expect(every).to_be_checked()


@pytest.mark.parametrize("way_out", ["Go back", "Escape"])
def test_a_batch_does_nothing_when_the_question_is_declined(
    office: Page, toys: Flask, way_out: str
) -> None:
    office.goto("/admin/toys/")
    office.get_by_label("Choose Toy 000").check()
    office.get_by_role("button", name="Sell").click()
    question = office.get_by_role("dialog", name="Sell the chosen toys? Their buyers are told.")
    if way_out == "Escape":
        question.press("Escape")
    else:
        question.get_by_role("button", name=way_out).click()
    expect(question).to_have_count(0)
    expect(office.get_by_label("Choose Toy 000")).to_be_checked()
    expect(office.get_by_role("button", name="Sell")).to_be_focused()
    assert kept(toys, "SELECT name FROM toy WHERE is_sold") == []


def test_a_batch_is_done_when_the_question_is_accepted(office: Page, toys: Flask) -> None:
    office.goto("/admin/toys/?flt0_colour_equals=green")
    office.get_by_label("Choose Toy 001").check()
    office.get_by_label("Choose Toy 004").check()
    office.get_by_role("button", name="Sell").click()
    office.get_by_role("dialog").get_by_role("button", name="Sell").click()
    expect(office.get_by_role("status")).to_have_text("None chosen")
    expect(office.get_by_label("Colour")).to_have_value("green")
    assert kept(toys, "SELECT name FROM toy WHERE is_sold") == ["Toy 001", "Toy 004"]


def test_delete_keeps_the_row_when_the_question_is_declined(office: Page, toys: Flask) -> None:
    office.goto("/admin/toys/")
    office.get_by_role("button", name="Delete Toy 005").click()
    question = office.get_by_role("dialog", name="Delete Toy 005? It cannot be brought back.")
    question.get_by_role("button", name="Go back").click()
    expect(question).to_have_count(0)
    office.reload()
    expect(row(office, "Toy 005")).to_have_count(1)
    assert kept(toys, "SELECT count(*) FROM toy") == [120]


def test_delete_removes_that_row_alone_when_accepted(office: Page, toys: Flask) -> None:
    office.goto("/admin/toys/?flt1_name_contains=Toy+00")
    office.get_by_label("Choose Toy 007").check()
    office.get_by_role("button", name="Delete Toy 005").click()
    office.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(office.get_by_text("9 rows")).to_be_visible()
    expect(office.get_by_label("Name contains")).to_have_value("Toy 00")
    assert kept(toys, "SELECT name FROM toy WHERE name IN ('Toy 005', 'Toy 007')") == ["Toy 007"]


def test_a_wrong_new_row_is_explained_beside_its_field(office: Page, toys: Flask) -> None:
    office.goto("/admin/toys/new/")
    office.get_by_label("Colour").select_option("blue")
    office.get_by_label("Made On").fill("2026-02-03")
    office.get_by_role("button", name="Create").click()
    expect(office.locator("#name-error")).to_have_text("Write a name.")
    expect(office.get_by_label("Name")).to_have_attribute(
        "aria-describedby", "name-hint name-error"
    )
    expect(office.locator("[data-focus]")).to_be_focused()
    expect(office.get_by_label("Colour")).to_have_value("blue")
    expect(office.get_by_label("Made On")).to_have_value("2026-02-03")
    assert kept(toys, "SELECT count(*) FROM toy") == [120]


def test_a_right_new_row_is_created(office: Page, toys: Flask) -> None:
    office.goto("/admin/toys/")
    office.get_by_role("link", name="New").click()
    office.get_by_label("Name").fill("Abacus")
    office.get_by_label("Made On").fill("2026-02-03")
    office.get_by_label("Is Sold").check()
    office.get_by_role("button", name="Create").click()
    expect(office.get_by_text("121 rows")).to_be_visible()
    assert kept(toys, "SELECT made_on FROM toy WHERE name = 'Abacus' AND is_sold") == ["2026-02-03"]


def test_a_wrong_edit_keeps_what_was_typed_and_the_row(office: Page, toys: Flask) -> None:
    office.goto("/admin/toys/")
    office.get_by_role("link", name="Edit Toy 002").click()
    office.get_by_label("Name").evaluate("box => { box.maxLength = 99; }")
    office.get_by_label("Name").fill(NEVER_MADE + " at all")
    office.get_by_label("Made On").fill("last week")
    office.get_by_role("button", name="Save").click()
    expect(office.locator("#name-error")).to_contain_text("20 characters")
    expect(office.locator("#made_on-error")).to_be_visible()
    expect(office.get_by_label("Name")).to_have_value(NEVER_MADE + " at all")
    expect(office.get_by_label("Made On")).to_have_value("last week")
    assert kept(toys, "SELECT name FROM toy WHERE id = 3") == ["Toy 002"]


def test_a_right_edit_is_saved_and_leads_back_to_the_same_list(office: Page, toys: Flask) -> None:
    office.goto("/admin/toys/?flt0_colour_equals=blue&page_size=20")
    office.get_by_role("link", name="Edit Toy 002").click()
    office.get_by_label("Name").fill("Kite")
    office.get_by_role("button", name="Save").click()
    expect(office.get_by_label("Colour")).to_have_value("blue")
    expect(row(office, "Kite")).to_have_count(1)
    assert kept(toys, "SELECT name FROM toy WHERE id = 3") == ["Kite"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/admin/toys/delete/", {"id": "1"}),
        ("/admin/toys/action/", {"action": "sell", "rowid": "1"}),
        ("/admin/toys/new/", {"name": NEVER_MADE}),
        ("/admin/toys/edit/?id=1", {"name": NEVER_MADE}),
    ],
)
def test_nothing_changes_without_a_token(
    office: Page, toys: Flask, path: str, form: dict[str, str]
) -> None:
    before = kept(toys, "SELECT name || is_sold FROM toy ORDER BY id")
    assert office.request.post(path, form=form, max_redirects=0).status == 400
    assert kept(toys, "SELECT name || is_sold FROM toy ORDER BY id") == before


def test_delete_and_batch_refuse_to_be_opened_by_a_link(office: Page, toys: Flask) -> None:
    for path in ("/admin/toys/delete/?id=1", "/admin/toys/action/?action=sell&rowid=1"):
        assert office.request.get(path).status == 405
    assert kept(toys, "SELECT count(*) FROM toy WHERE NOT is_sold") == [120]


def test_a_form_is_sent_once_however_often_it_is_pressed(office: Page, toys: Flask) -> None:
    office.goto("/admin/empty/new/")
    office.get_by_label("Name").fill("Once")
    office.get_by_role("button", name="Create").dblclick()
    expect(office.locator("tbody tr")).to_have_count(1)
    assert kept(toys, "SELECT name FROM empty") == ["Once"]


def test_a_form_can_be_sent_again_after_going_back(office: Page, toys: Flask) -> None:
    office.goto("/admin/empty/new/")
    office.get_by_label("Name").fill("First")
    office.get_by_role("button", name="Create").click()
    expect(office.locator("tbody tr")).to_have_count(1)
    office.go_back()
    office.get_by_label("Name").fill("Second")
    office.get_by_role("button", name="Create").click()
    expect(office.locator("tbody tr")).to_have_count(2)
    assert kept(toys, "SELECT name FROM empty ORDER BY id") == ["First", "Second"]
