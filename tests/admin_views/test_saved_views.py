"""The views of a list that a person keeps: kept, shown, opened with, dropped, and refused."""

import pytest

from extensions import db
from models import Staff

LIST = "/admin/clients/"


def keep(browser, name: str, opens: bool = False, path: str = LIST, **shown: str):  # type: ignore[no-untyped-def]
    form = browser.get(path, shown or {"sort": "0", "desc": "1"}).forms["keep-view"]
    form["view_name"], form["opens"] = name, opens
    return form.submit(status=302)


def names(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [row.td.get_text(strip=True) for row in page.html.select("tbody tr")]


def views(page) -> list[str]:  # type: ignore[no-untyped-def]
    return [link.get_text(strip=True) for link in page.html.select(".views li a")]


def kept(look, person) -> dict:  # type: ignore[no-untyped-def,type-arg]
    with look():
        return db.session.get_one(Staff, person.id).preferences.get("views", {})


def test_search_filters_and_sorting_are_kept_under_a_name(visitor, alice) -> None:
    browser = visitor(alice)
    shown = {"search": "birch", "flt0_status_is": "active", "sort": "0", "page": "0"}
    page = keep(browser, "Birch, active", **shown).follow()
    assert "The view Birch, active is kept." in page.text
    assert (views(page), names(page)) == (["All", "Birch, active"], ["Birch"])
    assert page.html.select_one(".views a.active").get_text(strip=True) == "Birch, active"
    whole = browser.get(LIST, status=200)
    assert names(whole) == ["Acme", "Birch"]
    assert names(whole.click("Birch, active")) == ["Birch"]


def test_a_list_opens_with_the_view_that_was_chosen_for_it(visitor, alice, victor) -> None:
    browser = visitor(alice)
    keep(browser, "Backwards", opens=True)
    page = browser.get(LIST).follow()
    assert names(page) == ["Birch", "Acme"]
    assert names(page.click("^All$")) == ["Acme", "Birch"]
    assert names(visitor(victor).get(LIST, status=200)) == ["Acme", "Birch"]


def test_the_filters_can_be_emptied_although_the_list_opens_with_a_view(visitor, alice) -> None:
    browser = visitor(alice)
    keep(browser, "Birch", opens=True, search="birch")
    form = browser.get(LIST).follow().forms["filters"]
    form["search"] = ""
    assert names(form.submit().maybe_follow()) == ["Acme", "Birch"]


def test_one_view_at_a_time_opens_the_list(visitor, alice, look) -> None:
    browser = visitor(alice)
    keep(browser, "One", opens=True)
    keep(browser, "Two", opens=True, search="acme")
    found = [(one["name"], one["opens"]) for one in kept(look, alice)["clients"]]
    assert found == [("One", False), ("Two", True)]


def test_a_view_of_the_same_name_is_replaced(visitor, alice, look) -> None:
    browser = visitor(alice)
    keep(browser, "Mine")
    keep(browser, "mine", search="acme")
    assert [one["query"] for one in kept(look, alice)["clients"]] == [[["search", "acme"]]]


def test_a_view_is_dropped(visitor, alice, look) -> None:
    browser = visitor(alice)
    page = keep(browser, "Mine", opens=True).follow()
    page = page.forms["drop-view"].submit().follow()
    assert ("The view Mine is gone." in page.text, names(page)) == (True, ["Acme", "Birch"])
    assert kept(look, alice) == {"clients": []}


def test_a_tabs_view_is_kept_for_the_tab(visitor, alice, acme, birch) -> None:
    browser = visitor(alice)
    keep(browser, "By address", path=f"/admin/clients/{acme.id}/logins/", sort="1")
    assert views(browser.get(f"/admin/clients/{birch.id}/logins/")) == ["All", "By address"]
    assert views(browser.get("/admin/logins/")) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (" ", "Give the view a name; it was not kept."),
        ("x" * 41, "Use at most 40 characters for a view's name; it was not kept."),
    ],
)
def test_a_name_that_cannot_be_is_refused(visitor, alice, look, name: str, said: str) -> None:
    page = keep(visitor(alice), name, search="acme").follow()
    assert said.replace("'", "&#39;") in page.text
    assert (kept(look, alice), names(page)) == ({}, ["Acme"])


@pytest.mark.parametrize("forged", [{"sort": "99"}, {"sort": "-1"}, {"page_size": "9999"}])
def test_what_no_list_understands_is_left_out(visitor, alice, look, forged) -> None:
    browser = visitor(alice)
    token = browser.get(LIST).forms["sign-out"]["csrf_token"].value
    form = {"csrf_token": token, "view_name": "Forged", "flt0_<b>": "x", **forged}
    browser.post(f"{LIST}keep-view", form, status=302)
    assert [one["query"] for one in kept(look, alice)["clients"]] == [[]]
    browser.get(LIST, status=200)


def test_a_twenty_first_view_is_refused(visitor, alice, look) -> None:
    with look():
        views = [{"name": str(n), "query": [], "opens": False} for n in range(20)]
        db.session.get_one(Staff, alice.id).preferences = {"views": {"clients": views}}
        db.session.commit()
    assert "A list keeps 20 views at most." in keep(visitor(alice), "One more").follow().text
    assert len(kept(look, alice)["clients"]) == 20
