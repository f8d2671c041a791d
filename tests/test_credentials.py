"""Passwords and single-use links, below any request."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from itsdangerous import URLSafeSerializer

import credentials
import tenancy
from extensions import db
from models import AccountStatus, Invitation, Login, Staff
from tests.support import people
from tests.support.cast import PASSWORD, Person, Story

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GOOD = "seven green bottles"

EASY = "That password is too easy to guess. Choose another."
OWN = "Leave your name, your address and the company's name out of it."
SHORT = "Use at least 12 characters; a few words in a row are easy to remember."


@pytest.fixture
def row(app: Flask, story: Story, bob: Person):  # type: ignore[no-untyped-def]
    """Bob's row, in a context that works across resellers."""
    with app.app_context(), tenancy.across_resellers():
        yield db.session.get_one(Login, bob.id)
        db.session.rollback()


@pytest.fixture
def real_cost(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash as in production, the hash that stands for unknown accounts too."""
    monkeypatch.setitem(app.config, "ARGON2_COST", "normal")
    credentials._dummy_hash.cache_clear()
    yield
    credentials._dummy_hash.cache_clear()


def test_a_password_is_kept_as_argon2id_at_the_written_costs(row: Login, real_cost: None):
    stored = credentials.hash_password(GOOD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert GOOD not in stored


def test_the_right_password_and_no_other_is_right(row: Login):
    assert credentials.verify(row, PASSWORD)
    assert not credentials.verify(row, PASSWORD + " ")
    assert not credentials.verify(row, "")
    assert not credentials.verify(None, PASSWORD)


def test_nobody_signs_in_without_a_password_set(row: Login):
    row.password_hash = None
    assert not credentials.verify(row, PASSWORD)
    assert not credentials.verify(row, "")


def test_an_old_hash_is_renewed_by_the_right_password_only(row: Login, real_cost: None):
    row.password_hash = old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(
        PASSWORD
    )
    assert not credentials.verify(row, "something else altogether")
    assert row.password_hash == old
    assert credentials.verify(row, PASSWORD)
    assert "$m=19456,t=2,p=1$" in row.password_hash
    assert credentials.verify(row, PASSWORD)


def test_an_unknown_account_takes_as_long_as_a_known_one(row: Login, real_cost: None):
    row.password_hash = credentials.hash_password(PASSWORD)
    credentials.verify(None, "warm up the dummy")

    def seconds(person: Login | None) -> float:
        began = time.perf_counter()
        credentials.verify(person, "not the password")
        return time.perf_counter() - began

    pairs = [(seconds(row), seconds(None)) for _ in range(9)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert 0.5 < unknown / known < 2


def test_a_password_is_not_cut_and_two_keyboards_type_the_same(row: Login):
    long = "x" * 80
    row.password_hash = credentials.hash_password(long + "a")
    assert not credentials.verify(row, long + "b")
    row.password_hash = credentials.hash_password("Z\u00fcrich im Herbst")
    assert credentials.verify(row, "Zu\u0308rich im Herbst")


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", SHORT),
        ("eleven char", SHORT),
        ("q1w2e3r4t5y6", EASY),
        ("Q1W2E3R4T5Y6", EASY),
        ("aaaaaaaaaaaaaaaa", EASY),
        ("12121212121212", EASY),
        ("bob@acme.example", OWN),
        ("we are acme people", OWN),
        ("KeystoneVoice-2026", OWN),
        ("Keystone  Voice !!", OWN),
        ("hello portico hello", OWN),
        ("abc" * 350, "Use at most 1,024 characters."),
        ("twelve chars", None),
        (GOOD, None),
        ("пароль из слов", None),
        ("   spaces are fine   ", None),
        ("correct horse " * 70, None),
    ],
)
def test_what_a_new_password_may_be(row: Login, password: str, sentence: str | None):
    assert credentials.password_problem(row, password) == sentence


def test_the_list_of_common_passwords_holds_what_the_length_lets_through():
    listed = credentials._common()
    assert len(listed) > 9_000
    assert {len(word) >= credentials.SHORTEST for word in listed} == {True}
    assert all(word == word.casefold() for word in listed)


# --- Links --------------------------------------------------------------------------------------


def token_of(invitation: Invitation) -> str:
    return credentials.link(invitation).rsplit("/", 1)[1]


def test_a_link_stands_on_the_public_address(
    app: Flask, row: Login, alice: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://numbers.example")
    link = credentials.link(credentials.invite(row))
    assert link.startswith("https://numbers.example/portal/keystone/set-password/")
    staff = credentials.invite(db.session.get_one(Staff, alice.id))
    assert credentials.link(staff).startswith("https://numbers.example/admin/set-password/")


def test_a_link_lives_two_days(row: Login):
    with time_machine.travel(NOON, tick=False) as clock:
        token = token_of(credentials.invite(row))
        clock.move_to(NOON + timedelta(hours=48) - timedelta(seconds=1))
        assert credentials.redeem(token).login is row
        clock.move_to(NOON + timedelta(hours=48))
        assert credentials.redeem(token) is None


def test_a_newer_link_ends_the_older_and_nobody_elses(row: Login, charlie: Person):
    older = credentials.invite(row)
    of_charlie = credentials.invite(db.session.get_one(Login, charlie.id))
    newer = credentials.invite(row)
    found = [credentials.redeem(token_of(one)) for one in (older, newer, of_charlie)]
    assert found == [None, newer, of_charlie]


def test_whoever_reads_the_row_cannot_write_the_link(app: Flask, row: Login):
    invitation = credentials.invite(row)
    content = [invitation.id, invitation.nonce]
    assert credentials.redeem(token_of(invitation)) is invitation
    for key, salt in (("guessed", "set-password"), (app.config["SECRET_KEY"], "another")):
        assert credentials.redeem(URLSafeSerializer(key, salt=salt).dumps(content)) is None


@pytest.mark.parametrize("change", ["", "x", "{}x", "x{}", "{}.{}", "{}\0", "\u0437{}"])
def test_a_changed_link_is_no_link(row: Login, change: str):
    token = token_of(credentials.invite(row))
    assert credentials.redeem(change.format(token, token)) is None


def test_a_link_outlives_a_change_of_the_secret(app: Flask, row: Login, monkeypatch):
    token = token_of(credentials.invite(row))
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "a-new-key-for-tests-that-is-long-enough")
    assert credentials.redeem(token) is not None
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [])
    assert credentials.redeem(token) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (AccountStatus.INVITED, AccountStatus.ACTIVE),
        (AccountStatus.ACTIVE, AccountStatus.ACTIVE),
        (AccountStatus.DISABLED, AccountStatus.DISABLED),
    ],
)
def test_a_link_sets_the_password_and_opens_only_who_was_invited(
    row: Login, before: AccountStatus, after: AccountStatus
):
    row.status = before
    assert credentials.set_password(credentials.invite(row), GOOD)
    assert credentials.verify(row, GOOD)
    assert not credentials.verify(row, PASSWORD)
    assert row.status is after


def test_a_link_works_once(row: Login):
    invitation = credentials.invite(row)
    assert credentials.set_password(invitation, GOOD)
    assert not credentials.set_password(invitation, "another one instead")
    assert credentials.redeem(token_of(invitation)) is None
    assert credentials.verify(row, GOOD)


def race(app: Flask, path: str, use: Callable[[Invitation, str], bool]) -> list[str]:
    """Let two use one link at one moment; gives the passwords of those who were told "done"."""
    found, won = threading.Barrier(2), []

    def one(password: str) -> None:
        with app.app_context(), tenancy.across_resellers():
            from database import reading

            with reading():
                invitation = credentials.redeem(path.rsplit("/", 1)[1])
                db.session.rollback()
            found.wait(timeout=30)
            if use(invitation, password):
                db.session.commit()
                won.append(password)

    two = [threading.Thread(target=one, args=(f"password of hand {n}",)) for n in (1, 2)]
    for thread in two:
        thread.start()
    for thread in two:
        thread.join(timeout=60)
    return won


def test_of_two_who_use_a_link_at_once_one_wins(app: Flask, bob: Person):
    won = race(app, people.link_for(app, bob), credentials.set_password)
    assert len(won) == 1
    with app.app_context(), tenancy.across_resellers():
        assert credentials.verify(db.session.get_one(Login, bob.id), won[0])


def test_without_the_claim_both_would_win(app: Flask, bob: Person):
    def careless(invitation: Invitation, password: str) -> bool:
        credentials.person_of(invitation).password_hash = credentials.hash_password(password)
        return True

    assert len(race(app, people.link_for(app, bob), careless)) == 2
