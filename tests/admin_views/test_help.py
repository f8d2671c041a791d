"""Help: on every page in the same place, with words, keys and whom to ask; keys can be off."""

import pytest

from admin_views.help import GLOSSARY
from extensions import db
from models import Staff
from tests.support.steps import said

PAGE = "/admin/help/"


@pytest.mark.parametrize("path", ["/admin/", "/admin/clients/", "/admin/pending-orders/"])
def test_every_page_leads_to_help_in_the_same_place(visitor, victor, path: str) -> None:
    page = visitor(victor).get(path)
    assert page.html.select_one(".shell-account #help")["href"] == PAGE


def test_help_explains_the_words_and_says_whom_to_ask(visitor, olga, victor) -> None:
    page = visitor(victor).get(PAGE).html
    words = [said(term) for term in page.select(".glossary dt")]
    assert words == [term for term, _ in GLOSSARY]
    assert {"LIDB", "CNAM", "Tier", "FOC date", "PSAP"} <= set(words)
    assert "Olga ( olga@keystone.example ) owns this account" in said(page.select_one("main"))


def test_single_keys_are_switched_off_and_on_in_the_profile(visitor, victor, look) -> None:
    browser = visitor(victor)
    assert not browser.get("/admin/").html.body.has_attr("data-keys")
    form = browser.get("/admin/profile/").forms["screen"]
    form["keys"].checked = False
    page = form.submit(status=302).follow()
    assert ("Single keys are off." in page.text, page.html.body["data-keys"]) == (True, "off")
    with look():
        assert db.session.get_one(Staff, victor.id).preferences["keys"] == "off"
    form = page.forms["screen"]
    form["keys"].checked = True
    assert not form.submit().follow().html.body.has_attr("data-keys")
