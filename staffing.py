"""The reseller's own people: invited, changed, closed and opened; what they may do is permissions.

What a person typed is answered with a sentence a field (``catalog.Invalid``), what cannot be with
one (``policy.Refused``). Nothing here commits or looks at a request.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import audit
import credentials
import mailer
import tenancy
from catalog import Invalid
from clients import typed
from extensions import db
from models import AccountStatus, Reseller, Role, Staff
from permissions import Actor
from policy import Refused

LAST_OWNER = (
    "{name} is the last active owner. Make somebody else an owner first, or nobody could manage "
    "staff any more."
)


def invite(
    reseller: Reseller, *, by: Actor, name: str | None, email: str | None, role: str | None
) -> Staff:
    """Make a staff member and mail the link that sets the password.

    Raises Invalid with a sentence a field.
    """
    problems: dict[str, str] = {}
    person = typed.name_of(name, problems)
    address = (typed.address_of(email, "email", problems) or "").lower()
    if "email" not in problems and _is_taken(address):
        problems["email"] = _taken(address)
    chosen = _role(role, problems)
    if problems or chosen is None:
        raise Invalid(problems)
    staff = Staff(reseller_id=reseller.id, name=person, email=address, role=chosen)
    try:
        with db.session.begin_nested():
            db.session.add(staff)
    except IntegrityError as clash:
        raise Invalid({"email": _taken(address)}) from clash
    mailer.staff_invited(staff, credentials.invite(staff))
    audit.record("staff.invited", staff, by, email=address, role=chosen.value)
    return staff


def change(staff: Staff, *, by: Actor, name: str | None, role: str | None) -> bool:
    """Change a staff member's name and role; tell whether anything changed.

    Raises Invalid: nobody changes their own role, and the last active owner stays one.
    """
    problems: dict[str, str] = {}
    values = {"name": typed.name_of(name, problems), "role": _role(role, problems)}
    if "role" not in problems and values["role"] is not staff.role:
        problem = _role_problem(staff, by)
        if problem:
            problems["role"] = problem
    if problems:
        raise Invalid(problems)
    return _set(staff, by, values)


def _set(staff: Staff, by: Actor, values: Mapping[str, Any]) -> bool:
    """Set what differs, and record it before and after."""
    changes = {
        key: [getattr(staff, key), value]
        for key, value in values.items()
        if getattr(staff, key) != value
    }
    for key, (_, value) in changes.items():
        setattr(staff, key, value)
    if changes:
        audit.record("staff.changed", staff, by, **changes)
    return bool(changes)


def _role_problem(staff: Staff, by: Actor) -> str | None:
    if by.staff_id == staff.id:
        return "Nobody changes their own role. Ask another owner."
    return LAST_OWNER.format(name=staff.name) if _is_last_owner(staff) else None


def disable(staff: Staff, *, by: Actor) -> bool:
    """Close a staff member's access, sessions and links; False when it was closed before.

    Raises Refused for oneself and for the last active owner.
    """
    if by.staff_id == staff.id:
        raise Refused("You cannot disable yourself. Ask another owner.")
    if staff.status is AccountStatus.DISABLED:
        return False
    if _is_last_owner(staff):
        raise Refused(LAST_OWNER.format(name=staff.name))
    credentials.end_invitations(staff)
    credentials.end_sessions(staff)
    _set_status(staff, AccountStatus.DISABLED, by)
    return True


def enable(staff: Staff, *, by: Actor) -> bool:
    """Open a disabled staff member again; without a password the person is still only invited."""
    if staff.status is not AccountStatus.DISABLED:
        return False
    has_password = staff.password_hash is not None
    _set_status(staff, AccountStatus.ACTIVE if has_password else AccountStatus.INVITED, by)
    return True


def invite_again(staff: Staff, *, by: Actor) -> None:
    """Mail a new link, which ends the earlier one.

    Raises Refused for somebody who is disabled, or has set a password already.
    """
    if staff.status is AccountStatus.DISABLED:
        raise Refused(f"{staff.name} is disabled. Enable the person, then send the mail.")
    if staff.status is AccountStatus.ACTIVE:
        raise Refused(f"{staff.name} has a password already. “Forgotten your password?” renews it.")
    mailer.staff_invited(staff, credentials.invite(staff))
    audit.record("staff.invited_again", staff, by, email=staff.email)


def end_sessions(staff: Staff, *, by: Actor) -> None:
    """Sign a staff member out everywhere."""
    credentials.end_sessions(staff)
    audit.record("staff.sessions_ended", staff, by)


def _set_status(staff: Staff, status: AccountStatus, by: Actor) -> None:
    before, staff.status = staff.status, status
    verb = "disabled" if status is AccountStatus.DISABLED else "enabled"
    audit.record(f"staff.{verb}", staff, by, status=[before.value, status.value])


def demand_four_eyes(reseller: Reseller, is_demanded: bool, *, by: Actor) -> bool:
    """Keep staff from approving what they asked for as a login; tell whether that changed."""
    before = reseller.four_eyes
    if before == is_demanded:
        return False
    reseller.four_eyes = is_demanded
    audit.record("reseller.changed", reseller, by, four_eyes=[before, is_demanded])
    return True


def _is_last_owner(staff: Staff) -> bool:
    """Tell whether nobody else could manage staff.

    The owners' rows are locked until the commit, so that two owners who close each other at once
    do not both find the other one still there.
    """
    owners = db.session.scalars(
        select(Staff.id)
        .where(
            Staff.reseller_id == staff.reseller_id,
            Staff.role == Role.OWNER,
            Staff.status == AccountStatus.ACTIVE,
        )
        .order_by(Staff.id)
        .with_for_update()
    ).all()
    return list(owners) == [staff.id]


def _role(text: str | None, problems: dict[str, str]) -> Role | None:
    if text in set(Role):
        return Role(text)
    problems["role"] = "Choose a role from the list."
    return None


def _is_taken(email: str) -> bool:
    with tenancy.across_resellers():
        return db.session.scalar(select(Staff.id).where(Staff.email == email)) is not None


def _taken(email: str) -> str:
    return f"{email} belongs to a staff member already. Write a different address."
