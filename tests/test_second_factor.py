"""The second factor below the views: codes work once, recovery codes too, secrets are encrypted."""

import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select

import permissions
import second_factor
import tenancy
from catalog import Invalid
from extensions import db
from models import AuditEntry, Login, Mail, RecoveryCode, Reseller, Staff
from policy import Refused

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STEP = timedelta(seconds=30)


@pytest.fixture
def clock(at_reseller):
    """A clock that stands at noon until it is moved."""
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def alice_row(clock, at_reseller) -> Staff:
    return db.session.get_one(Staff, at_reseller.alice.id)


@pytest.fixture
def guarded(clock, alice_row):
    """Alice with a second factor: her row, her app and her recovery codes."""
    app, codes = set_up(alice_row)
    clock.shift(STEP)
    return alice_row, app, codes


def by(person):
    if isinstance(person, Login):
        return permissions.login_actor(person)
    return permissions.staff_actor(person)


def set_up(person) -> tuple[pyotp.TOTP, list[str]]:
    second_factor.begin(person)
    app = pyotp.TOTP(second_factor.pending_secret(person))
    codes = second_factor.confirm(person, app.now(), by=by(person))
    db.session.commit()
    return app, codes


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_first_code_turns_it_on_and_gives_ten_recovery_codes(guarded) -> None:
    alice, _, codes = guarded
    assert (second_factor.is_on(alice), len(set(codes)), actions()) == (
        True,
        10,
        ["staff.second_factor_on"],
    )
    assert db.session.scalars(select(Mail.kind)).all() == ["second_factor_changed"]


def test_a_login_can_have_one_too(clock, at_reseller) -> None:
    bob = db.session.get_one(Login, at_reseller.bob.id)
    app, codes = set_up(bob)
    clock.shift(STEP)
    assert second_factor.accept(bob, app.now()) == "code"
    assert second_factor.accept(bob, codes[0]) == "recovery code"
    assert actions() == ["login.second_factor_on"]


def test_until_it_is_confirmed_nothing_is_asked_for(alice_row) -> None:
    second_factor.begin(alice_row)
    code = pyotp.TOTP(second_factor.pending_secret(alice_row)).now()
    assert not second_factor.is_on(alice_row)
    assert second_factor.accept(alice_row, code) is None


@pytest.mark.parametrize(
    "typed", ["", None, "000000", "12345", "abcdef", "１２３４５６", "9" * 200]
)
def test_a_wrong_first_code_turns_nothing_on(alice_row, typed) -> None:
    second_factor.begin(alice_row)
    with pytest.raises(Invalid) as wrong:
        second_factor.confirm(alice_row, typed, by=by(alice_row))
    assert wrong.value.problems == {"code": second_factor.WRONG}
    assert (second_factor.is_on(alice_row), actions()) == (False, [])


def test_a_secret_is_shown_only_while_it_is_set_up(guarded) -> None:
    alice, _, _ = guarded
    assert second_factor.pending_secret(alice) is None
    assert second_factor.address(alice, "Keystone Voice") is None
    with pytest.raises(Refused, match="is on already"):
        second_factor.begin(alice)


def test_a_code_works_once(guarded) -> None:
    alice, app, _ = guarded
    code = app.now()
    assert [second_factor.accept(alice, code) for _ in range(3)] == ["code", None, None]


def test_an_older_code_is_refused_after_a_newer_one(guarded, clock) -> None:
    alice, app, _ = guarded
    older = app.now()
    clock.shift(STEP)
    assert second_factor.accept(alice, app.now()) == "code"
    assert second_factor.accept(alice, older) is None


@pytest.mark.parametrize(("steps", "used"), [(-2, None), (-1, "code"), (1, "code"), (2, None)])
def test_a_clock_may_be_off_by_one_step(guarded, clock, steps, used) -> None:
    alice, app, _ = guarded
    clock.shift(4 * STEP)
    assert second_factor.accept(alice, app.at(NOON + (5 + steps) * STEP)) == used


def test_a_code_can_be_typed_in_groups(guarded) -> None:
    alice, app, _ = guarded
    code = app.now()
    assert second_factor.accept(alice, f" {code[:3]} {code[3:]} ") == "code"


def test_of_two_who_use_one_code_at_once_one_gets_in(app, story) -> None:
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        device, _ = set_up(db.session.get_one(Staff, story.alice.id))
    code = device.at(datetime.now(UTC) + STEP)
    start, found = threading.Barrier(2), []

    def enter() -> None:
        with app.app_context(), tenancy.acting_for(story.reseller_id):
            start.wait()
            found.append(second_factor.accept(db.session.get_one(Staff, story.alice.id), code))
            db.session.commit()

    threads = [threading.Thread(target=enter) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == [None, "code"]


def test_a_recovery_code_works_once_however_it_is_typed(guarded) -> None:
    alice, _, codes = guarded
    typed = codes[3].lower().replace("-", " ")
    assert second_factor.accept(alice, typed) == "recovery code"
    assert second_factor.accept(alice, codes[3]) is None
    assert second_factor.codes_left(alice) == 9


def test_a_new_set_of_recovery_codes_ends_the_old_one(guarded) -> None:
    alice, _, old = guarded
    new = second_factor.renew_codes(alice, by=by(alice))
    assert [second_factor.accept(alice, code) for code in old] == [None] * 10
    assert second_factor.accept(alice, new[0]) == "recovery code"


def test_a_recovery_code_opens_nobody_elses_account(guarded, at_reseller) -> None:
    _, _, codes = guarded
    victor = db.session.get_one(Staff, at_reseller.victor.id)
    set_up(victor)
    assert second_factor.accept(victor, codes[0]) is None


def test_neither_secret_nor_codes_stand_readable_in_the_database(guarded) -> None:
    alice, app, codes = guarded
    hashes = db.session.scalars(select(RecoveryCode.code_hash)).all()
    assert app.secret not in alice.totp_secret
    assert all(len(stored) == 64 for stored in hashes)
    assert not {code.replace("-", "") for code in codes} & set(hashes)


def test_a_changed_key_still_reads_the_secret_of_before(guarded, app, clock, monkeypatch) -> None:
    alice, device, _ = guarded
    old = app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "SECRET_KEY", "another-key-that-is-long-enough-to-pass")
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
    assert second_factor.accept(alice, device.now()) == "code"
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [])
    clock.shift(STEP)
    assert second_factor.accept(alice, device.now()) == "code"


def test_without_its_key_a_secret_opens_nothing_but_recovery_codes_do(
    guarded, app, monkeypatch
) -> None:
    alice, device, codes = guarded
    monkeypatch.setitem(app.config, "SECRET_KEY", "another-key-that-is-long-enough-to-pass")
    assert second_factor.accept(alice, device.now()) is None
    assert second_factor.accept(alice, codes[0]) == "recovery code"


def test_turned_off_it_is_forgotten_and_told(guarded) -> None:
    alice, _, codes = guarded
    assert second_factor.turn_off(alice, by=by(alice))
    assert not second_factor.turn_off(alice, by=by(alice))
    assert (alice.totp_secret, second_factor.accept(alice, codes[0])) == (None, None)
    assert actions() == ["staff.second_factor_on", "staff.second_factor_off"]


def test_what_is_demanded_cannot_be_turned_off(guarded) -> None:
    alice, _, _ = guarded
    reseller = db.session.get_one(Reseller, alice.reseller_id)
    assert second_factor.demand(reseller, True, by=by(alice))
    assert not second_factor.demand(reseller, True, by=by(alice))
    with pytest.raises(Refused, match="Keystone Voice asks everyone"):
        second_factor.turn_off(alice, by=by(alice))
    assert second_factor.is_on(alice)


def test_a_reset_is_audited_and_told_to_the_person(guarded, at_reseller) -> None:
    alice, _, _ = guarded
    victor = db.session.get_one(Staff, at_reseller.victor.id)
    assert second_factor.reset(alice, by=by(victor))
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.by_name) == ("staff.second_factor_reset", "Victor")
    mail = db.session.scalars(select(Mail).order_by(Mail.id.desc())).first()
    assert (mail.to_address, "reset by Victor" in mail.text) == (alice.email, True)


def test_nobody_resets_their_own(guarded) -> None:
    alice, _, _ = guarded
    with pytest.raises(Refused, match="on your profile"):
        second_factor.reset(alice, by=by(alice))
    assert second_factor.is_on(alice)


def test_the_picture_carries_no_inline_style(alice_row) -> None:
    second_factor.begin(alice_row)
    drawn = second_factor.picture(second_factor.address(alice_row, "Keystone Voice"))
    assert (drawn.count(b"<svg"), b"style" in drawn, b"<script" in drawn) == (1, False, False)


def test_the_operator_helps_an_owner_who_is_locked_out(app, story) -> None:
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        set_up(db.session.get_one(Staff, story.alice.id))
    first = app.test_cli_runner().invoke(args=["reset-second-factor", story.alice.email])
    again = app.test_cli_runner().invoke(args=["reset-second-factor", story.alice.email])
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        alice = db.session.get_one(Staff, story.alice.id)
        assert (first.exit_code, again.exit_code, second_factor.is_on(alice)) == (0, 1, False)
        assert actions() == ["staff.second_factor_on", "staff.second_factor_reset"]
