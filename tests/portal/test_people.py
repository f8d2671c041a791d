"""People: a client's administrator sees its colleagues' logins, and nobody else does."""

from datetime import timedelta
from typing import Any

import pytest

import clients
from columns import now
from extensions import db
from models import AccountStatus, Client, Login
from tests.support import orders
from tests.support.cast import Person, Story
from tests.support.queries import statements, writes
from tests.support.words import leaks_of

PEOPLE = "/portal/keystone/people"


@pytest.fixture
def administrator(look: Any, bob: Person) -> Person:
    """Bob, who is Acme's administrator here."""
    with look():
        db.session.get_one(Login, bob.id).is_administrator = True
        db.session.commit()
    return bob


def add(look: Any, story: Story, name: str, **changed: Any) -> None:
    with look():
        email = f"{name.lower()}@acme.example"
        login = clients.add_login(
            db.session.get_one(Client, story.acme.id),
            by=orders.actor(story.alice),
            name=name,
            email=email,
            notify=email,
            allow_order_requests=False,
        )
        for key, value in changed.items():
            setattr(login, key, value)
        db.session.commit()


def rows_of(page: Any) -> list[list[str]]:
    return [
        [cell.get_text(" ", strip=True) for cell in row.select("[data-label]")]
        for row in page.html.select("#people tbody tr")
    ]


def test_an_administrator_sees_the_colleagues_and_how_they_stand(
    visitor: Any, administrator: Person, story: Story, look: Any
) -> None:
    add(look, story, "Dora")
    add(look, story, "Eve", status=AccountStatus.DISABLED)
    add(look, story, "Finn", expires_at=now() - timedelta(days=1))
    page = visitor(administrator).get("/portal/keystone/").click("People", index=0)
    found = rows_of(page)
    assert [row[0].split()[0] for row in found] == ["Bob", "Dora", "Eve", "Finn"]
    assert found[0][0] == "Bob Administrator bob@acme.example"
    assert found[1][1:] == ["Invited, has not signed in yet", "No, looks only", "Off", "Never"]
    assert [found[2][1], found[3][1]] == ["Cannot sign in", "Has ended"]


def test_nobody_of_another_client_is_among_them(visitor: Any, administrator: Person) -> None:
    page = visitor(administrator).get(PEOPLE)
    assert "Charlie" not in page.text
    assert leaks_of(page) == []


def test_a_login_that_is_no_administrator_has_no_such_page(
    visitor: Any, bob: Person, charlie: Person
) -> None:
    for person in (bob, charlie):
        browser = visitor(person)
        menu = browser.get("/portal/keystone/").html.find("nav", attrs={"aria-label": "Main"})
        assert "People" not in menu.get_text()
        assert "Only an administrator" in browser.get(PEOPLE, status=403).text


def test_looking_writes_nothing_and_a_stranger_must_sign_in(
    visitor: Any, app: Any, administrator: Person
) -> None:
    browser = visitor(administrator)
    with statements(app) as seen:
        browser.get(PEOPLE)
    assert writes(seen) == []
    browser.post(PEOPLE, status=405)
    assert "/sign-in" in visitor().get(PEOPLE, status=302).location


def test_staff_make_a_login_the_administrator(
    visitor: Any, alice: Person, bob: Person, look: Any
) -> None:
    form = visitor(alice).get(f"/admin/logins/edit/?id={bob.id}").forms["login"]
    assert form["is_administrator"].checked is False
    form["is_administrator"] = True
    page = form.submit(status=302).follow()
    assert "Sees in the portal who else of the client can sign in" in page.text
    with look():
        assert db.session.get_one(Login, bob.id).is_administrator
    assert rows_of(visitor(bob).get(PEOPLE))


def test_victor_makes_nobody_the_administrator(
    visitor: Any, victor: Person, bob: Person, look: Any
) -> None:
    visitor(victor).get(f"/admin/logins/edit/?id={bob.id}", status=403)
    with look():
        assert not db.session.get_one(Login, bob.id).is_administrator


def test_what_a_stranger_writes_into_the_address_does_not_steer_the_pages(
    visitor: Any, administrator: Person
) -> None:
    junk = "page=2&endpoint=x&_scheme=javascript&_external=1&_anchor=y"
    browser = visitor(administrator)
    for address in (PEOPLE, "/portal/keystone/911"):
        page = browser.get(f"{address}?{junk}")
        assert page.html.select_one("[rel=prev]")["href"] == f"{address}?page=1"
