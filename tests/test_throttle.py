"""The counts of tries to sign in; what a person sees of them is with the pages."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

import throttle
from extensions import db
from models import SignInFailure

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BOB = throttle.account_key("portal 1", "bob@acme.example")
CROWD = 30


@pytest.fixture
def clock(app: Flask) -> Iterator[Any]:
    """An application context at noon, where no time passes by itself."""
    with time_machine.travel(NOON, tick=False) as clock, app.app_context():
        yield clock


def rows() -> int:
    return db.session.scalar(select(func.count(SignInFailure.id))) or 0


def use_up(account: str = BOB, times: int = 10) -> None:
    for n in range(times):
        assert throttle.take_a_try(account, f"198.51.100.{n}") == 0


def test_ten_tries_are_free_and_the_eleventh_waits(clock: Any):
    use_up()
    assert throttle.take_a_try(BOB, "192.0.2.1") == 901
    assert (
        throttle.take_a_try(throttle.account_key("portal 2", "bob@acme.example"), "192.0.2.1") == 0
    )


def test_the_wait_is_over_when_the_oldest_try_is_a_quarter_of_an_hour_old(
    clock: Any,
):
    use_up(times=1)
    clock.shift(60)
    use_up(times=9)
    clock.move_to(NOON + timedelta(minutes=15) - timedelta(seconds=1))
    assert throttle.take_a_try(BOB, "192.0.2.1") == 2
    clock.move_to(NOON + timedelta(minutes=15))
    assert throttle.take_a_try(BOB, "192.0.2.1") == 0
    assert throttle.take_a_try(BOB, "192.0.2.1") == 61


def test_knocking_on_does_not_lengthen_the_wait(clock: Any):
    use_up()
    for _ in range(30):
        clock.shift(10)
        assert throttle.take_a_try(BOB, "192.0.2.1") > 0
    assert rows() == 10
    clock.move_to(NOON + timedelta(minutes=15))
    assert throttle.take_a_try(BOB, "192.0.2.1") == 0


def test_twenty_tries_an_hour_from_one_place(clock: Any):
    for n in range(20):
        assert (
            throttle.take_a_try(throttle.account_key("staff", f"{n}@x.example"), "192.0.2.1") == 0
        )
    assert throttle.take_a_try(BOB, "192.0.2.1") == 3601
    assert throttle.take_a_try(BOB, "192.0.2.2") == 0
    clock.shift(3600)
    assert throttle.take_a_try(BOB, "192.0.2.1") == 0


def test_all_addresses_of_one_ipv6_line_are_one_place(clock: Any):
    for n in range(20):
        guessed = throttle.account_key("staff", f"{n}@x.example")
        assert throttle.take_a_try(guessed, f"2001:db8::{n:x}") == 0
    assert throttle.take_a_try(BOB, "2001:db8::ffff:1") > 0
    assert throttle.take_a_try(BOB, "2001:db8:0:1::1") == 0


def test_an_ipv4_address_counts_the_same_in_ipv6(clock: Any):
    for n in range(20):
        throttle.take_a_try(throttle.account_key("staff", f"{n}@x.example"), "::ffff:192.0.2.1")
    assert throttle.take_a_try(BOB, "192.0.2.1") > 0


def test_success_forgets_the_tries_of_that_account_alone(clock: Any):
    other = throttle.account_key("staff", "alice@keystone.example")
    use_up()
    use_up(other)
    throttle.clear(BOB)
    db.session.commit()
    assert throttle.take_a_try(BOB, "192.0.2.1") == 0
    assert throttle.take_a_try(other, "192.0.2.1") > 0


def test_old_tries_are_forgotten_by_and_by(clock: Any):
    use_up()
    clock.shift(24 * 3600 + 1)
    throttle.take_a_try(BOB, "192.0.2.1")
    assert rows() == 1


def test_the_table_tells_no_addresses(clock: Any):
    assert len(BOB) == 64
    assert "bob" not in BOB
    assert throttle.account_key("portal 1", "  Bob@Acme.example ") == BOB
    assert throttle.account_key("staff", "bob@acme.example") != BOB


def crowd(app: Flask, take) -> int:  # type: ignore[no-untyped-def]
    """Let thirty try at one moment, each on its own connection; gives how many may go on."""
    start, passed = threading.Barrier(CROWD), []

    def one(n: int) -> None:
        with app.app_context():
            start.wait(timeout=30)
            if take(BOB, f"198.51.100.{n}") == 0:
                passed.append(n)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return len(passed)


def test_a_crowd_gets_no_more_tries_than_one(app: Flask):
    assert crowd(app, throttle.take_a_try) <= throttle.ACCOUNT_LIMIT


def test_counting_after_the_look_would_let_the_crowd_in(app: Flask):
    looked = threading.Barrier(CROWD)

    def careless(account: str, ip: str) -> int:
        wait = throttle._seconds_to_wait(account, ip)
        db.session.rollback()
        looked.wait(timeout=30)
        db.session.add(SignInFailure(account_hash=account, ip=ip))
        db.session.commit()
        return wait

    assert crowd(app, careless) == CROWD
