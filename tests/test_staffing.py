"""Staff below the views: who is invited, changed and closed, and the owner who must remain."""

import threading

import pytest
from sqlalchemy import func, select

import permissions
import staffing
import tenancy
from catalog import Invalid
from extensions import db
from models import AccountStatus, AuditEntry, Invitation, Mail, Reseller, Role, Staff
from policy import Refused
from tests.support import people


def row(person) -> Staff:
    return db.session.get_one(Staff, person.id)


def as_actor(person):
    return permissions.staff_actor(row(person))


def audited() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def invite(story, by, **typed):
    reseller = db.session.get_one(Reseller, story.reseller_id)
    values = {"name": "Erin", "email": "erin@keystone.example", "role": "billing"} | typed
    return staffing.invite(reseller, by=by, **values)


@pytest.fixture
def owner(olga, at_reseller):
    """Olga's row, in the context of the test."""
    return row(olga)


@pytest.fixture
def second(owner, at_reseller):
    """Victor, made a second owner."""
    victor = row(at_reseller.victor)
    victor.role = Role.OWNER
    db.session.commit()
    return victor


def test_an_invited_person_has_the_role_and_gets_a_link(owner, at_reseller) -> None:
    erin = invite(at_reseller, permissions.staff_actor(owner))
    assert (erin.role, erin.status, erin.password_hash) == (
        Role.BILLING,
        AccountStatus.INVITED,
        None,
    )
    mail = db.session.scalars(select(Mail)).one()
    assert (mail.kind, mail.to_address) == ("staff_invited", "erin@keystone.example")
    assert audited() == ["staff.invited"]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("name", " ", "Write the person's name."),
        ("name", "x" * 121, "This is too long; write at most 120 characters."),
        ("email", "", "Write an e-mail address."),
        ("email", "erin", "erin is not an e-mail address. Write one like ana@example.com."),
        ("role", "emperor", "Choose a role from the list."),
        ("role", None, "Choose a role from the list."),
    ],
)
def test_what_cannot_be_is_answered_beside_its_field(
    owner, at_reseller, field, typed, sentence
) -> None:
    with pytest.raises(Invalid) as wrong:
        invite(at_reseller, permissions.staff_actor(owner), **{field: typed})
    assert wrong.value.problems == {field: sentence}
    assert (db.session.scalar(select(func.count(Mail.id))), audited()) == (0, [])


@pytest.mark.parametrize("taken", ["alice@keystone.example", "MALLORY@other.example"])
def test_an_address_is_staff_once_in_the_whole_deployment(owner, at_reseller, taken) -> None:
    with pytest.raises(Invalid) as wrong:
        invite(at_reseller, permissions.staff_actor(owner), email=taken)
    assert "belongs to a staff member already" in wrong.value.problems["email"]
    assert audited() == []


def test_a_changed_role_is_audited_before_and_after(owner, at_reseller) -> None:
    victor = row(at_reseller.victor)
    by = permissions.staff_actor(owner)
    assert staffing.change(victor, by=by, name="Victor", role="support")
    assert not staffing.change(victor, by=by, name="Victor", role="support")
    entry = db.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.changes) == ("staff.changed", {"role": ["viewer", "support"]})


def test_nobody_changes_their_own_role(owner, second) -> None:
    with pytest.raises(Invalid) as wrong:
        staffing.change(owner, by=permissions.staff_actor(owner), name="Olga", role="viewer")
    assert wrong.value.problems == {"role": "Nobody changes their own role. Ask another owner."}
    assert (owner.role, audited()) == (Role.OWNER, [])


def test_everybody_may_change_their_own_name(owner) -> None:
    assert staffing.change(owner, by=permissions.staff_actor(owner), name="Olga K", role="owner")
    assert owner.name == "Olga K"


def test_the_last_active_owner_stays_an_owner(owner, at_reseller) -> None:
    alice = as_actor(at_reseller.alice)
    with pytest.raises(Invalid) as wrong:
        staffing.change(owner, by=alice, name="Olga", role="viewer")
    assert wrong.value.problems["role"].startswith("Olga is the last active owner.")
    with pytest.raises(Refused, match="Olga is the last active owner"):
        staffing.disable(owner, by=alice)
    assert (owner.role, owner.status, audited()) == (Role.OWNER, AccountStatus.ACTIVE, [])


def test_an_owner_who_is_only_invited_does_not_count(owner, second, at_reseller) -> None:
    second.status = AccountStatus.INVITED
    with pytest.raises(Refused, match="last active owner"):
        staffing.disable(owner, by=as_actor(at_reseller.alice))


def test_one_of_two_owners_can_go(owner, second) -> None:
    assert staffing.disable(second, by=permissions.staff_actor(owner))
    assert not staffing.disable(second, by=permissions.staff_actor(owner))
    assert (second.status, audited()) == (AccountStatus.DISABLED, ["staff.disabled"])


def test_nobody_disables_themselves(owner, second) -> None:
    with pytest.raises(Refused, match="You cannot disable yourself"):
        staffing.disable(owner, by=permissions.staff_actor(owner))
    assert owner.status is AccountStatus.ACTIVE


def test_of_two_owners_who_close_each_other_at_once_one_remains(app, story, olga) -> None:
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        row(story.victor).role = Role.OWNER
        db.session.commit()
    start, refused = threading.Barrier(2), []

    def close(mine, other) -> None:
        with app.app_context(), tenancy.acting_for(story.reseller_id):
            start.wait()
            try:
                staffing.disable(row(other), by=as_actor(mine))
                db.session.commit()
            except Refused:
                db.session.rollback()
                refused.append(mine.name)

    pairs = ((olga, story.victor), (story.victor, olga))
    threads = [threading.Thread(target=close, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), tenancy.acting_for(story.reseller_id):
        active = select(func.count(Staff.id)).where(
            Staff.role == Role.OWNER, Staff.status == AccountStatus.ACTIVE
        )
        assert (db.session.scalar(active), len(refused)) == (1, 1)


def test_disabling_ends_the_open_invitation_and_enabling_invites_again(owner, at_reseller) -> None:
    by = permissions.staff_actor(owner)
    erin = invite(at_reseller, by)
    staffing.disable(erin, by=by)
    assert db.session.scalars(select(Invitation)).one().ended_at is not None
    assert staffing.enable(erin, by=by)
    assert erin.status is AccountStatus.INVITED


def test_a_new_invitation_ends_the_earlier_one(owner, at_reseller) -> None:
    by = permissions.staff_actor(owner)
    erin = invite(at_reseller, by)
    staffing.invite_again(erin, by=by)
    first, second = db.session.scalars(select(Invitation).order_by(Invitation.id))
    assert (first.ended_at is None, second.ended_at is None) == (False, True)


@pytest.mark.parametrize(
    ("act", "sentence"), [(people.disable, "is disabled"), (lambda _: None, "has a password")]
)
def test_nobody_else_is_invited_again(owner, at_reseller, act, sentence) -> None:
    act(at_reseller.victor)
    with pytest.raises(Refused, match=sentence):
        staffing.invite_again(row(at_reseller.victor), by=permissions.staff_actor(owner))
    assert (db.session.scalar(select(func.count(Mail.id))), audited()) == (0, [])
