"""Strangers who guess at an account lock out themselves, not the browser that knows it."""

import pytest
from flask import Flask

import throttle
from tests.support.cast import Person
from tests.support.web import Visitor

DOOR = "/portal/keystone/sign-in"


def guess(app: Flask, person: Person) -> None:
    """Use up the tries at a person's address, from all over the world."""
    account = throttle.account_key(f"portal {person.reseller_id}", person.email)
    with app.app_context():
        for n in range(throttle.ACCOUNT_LIMIT):
            assert throttle.take_a_try(account, f"198.51.100.{n}") == 0


def try_to_sign_in(browser: Visitor, person: Person, password: str = "") -> int:
    form = browser.get(DOOR).forms["sign-in"]
    form["email"], form["password"] = person.email, password or person.password
    return int(form.submit(expect_errors=True).status_int)


@pytest.fixture
def known(visitor, bob: Person) -> Visitor:  # type: ignore[no-untyped-def]
    """A browser in which Bob was signed in before."""
    browser: Visitor = visitor(bob)
    browser.get("/portal/keystone/").forms["sign-out"].submit()
    return browser


def test_a_browser_that_bob_used_is_let_in_while_strangers_guess(
    app: Flask, visitor, bob: Person, known: Visitor
) -> None:
    guess(app, bob)
    assert try_to_sign_in(visitor(), bob) == 429
    assert try_to_sign_in(known, bob) == 302


def test_a_browser_that_bob_used_has_no_more_tries_than_another(
    app: Flask, bob: Person, known: Visitor
) -> None:
    guess(app, bob)
    tries = [try_to_sign_in(known, bob, "wrong password") for _ in range(11)]
    assert tries == [200] * 10 + [429]


def test_who_is_known_for_one_account_is_known_for_no_other(
    app: Flask, visitor, bob: Person, charlie: Person
) -> None:
    browser = visitor(charlie)
    browser.get("/portal/keystone/").forms["sign-out"].submit()
    guess(app, bob)
    assert try_to_sign_in(browser, bob) == 429


def test_a_cookie_that_nobody_signed_is_not_believed(
    app: Flask, visitor, bob: Person, known: Visitor
) -> None:
    guess(app, bob)
    right, forger = known.cookies["known"].strip('"'), visitor()
    payload, *_signature = right.split(".")
    forger.set_cookie("known", f"{payload}.Z9Xk1w.{'A' * 27}")
    assert try_to_sign_in(forger, bob) == 429
