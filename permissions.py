"""Roles and predicates: who may do what; nothing here looks at a request.

``Actor`` is the person behind an act. Views make one from whoever is signed in and hand it down as
``by=``, so that what lies below never asks a web session.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models import AccountStatus, ClientStatus, Login, Role, Staff


class Permission(StrEnum):
    """What a staff member may be allowed to do."""

    ORDERS_VIEW = "orders.view"
    ORDERS_DECIDE = "orders.decide"
    CLIENTS_VIEW = "clients.view"
    CLIENTS_EDIT = "clients.edit"
    LOGINS_EDIT = "logins.edit"
    NUMBERS_VIEW = "numbers.view"
    NUMBERS_EDIT = "numbers.edit"
    MAIL_VIEW = "mail.view"
    MAIL_RESEND = "mail.resend"
    SETTINGS_EDIT = "settings.edit"
    STAFF_EDIT = "staff.edit"
    IMPERSONATE = "impersonate"
    ACT_FOR_CLIENTS = "act_for_clients"
    """Send orders while impersonating; without it the portal is read-only then."""

    AUDIT_VIEW = "audit.view"
    MONEY_EDIT = "money.edit"
    """Rate plans, adjustments, closed months, statements and spend alerts."""


_LOOK = frozenset(
    {
        Permission.ORDERS_VIEW,
        Permission.CLIENTS_VIEW,
        Permission.NUMBERS_VIEW,
        Permission.MAIL_VIEW,
    }
)
_WORK = _LOOK | {
    Permission.ORDERS_DECIDE,
    Permission.CLIENTS_EDIT,
    Permission.LOGINS_EDIT,
    Permission.NUMBERS_EDIT,
    Permission.MAIL_RESEND,
    Permission.IMPERSONATE,
    Permission.ACT_FOR_CLIENTS,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.APPROVER: _WORK,
    Role.SUPPORT: _LOOK | {Permission.IMPERSONATE},
    Role.BILLING: _LOOK | {Permission.MONEY_EDIT},
    Role.VIEWER: _LOOK,
}

ROLE_WORDS: dict[Role, str] = {
    Role.OWNER: "Does everything, and manages staff, settings and the audit log.",
    Role.APPROVER: "Decides orders, and works with clients, logins and numbers.",
    Role.SUPPORT: "Looks at everything, and sees the portal as a login without acting.",
    Role.BILLING: "Looks at everything; keeps rates, adjustments, statements and closed months.",
    Role.VIEWER: "Looks at everything; changes nothing.",
}
"""What each role may do, in a sentence for whoever gives it."""


@dataclass(frozen=True)
class Actor:
    """Who acts: a staff member, a login (perhaps with staff behind it), or Portico itself."""

    name: str
    staff_id: int | None = None
    login_id: int | None = None
    client_id: int | None = None
    impersonator_id: int | None = None
    permissions: frozenset[Permission] = frozenset()
    may_request: bool = False
    four_eyes: bool = False
    """Whether the reseller wants nobody to approve what that person asked for (A-24)."""
    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None

    def can(self, permission: Permission) -> bool:
        """Tell whether this actor holds a permission of the back office."""
        return permission in self.permissions


SYSTEM = Actor(name="Automatic approval")
"""The actor of what nobody decided: auto-approval and a remote carrier's late answer."""


def staff_actor(staff: Staff, **origin: str | None) -> Actor:
    """Describe a staff member as an actor; ``origin`` is ip, user_agent and request_id."""
    return Actor(
        name=staff.name,
        staff_id=staff.id,
        permissions=GRANTS[staff.role],
        four_eyes=staff.reseller.four_eyes,
        **origin,  # type: ignore[arg-type]
    )


def login_actor(login: Login, impersonator: Staff | None = None, **origin: str | None) -> Actor:
    """Describe a login as an actor; it may request only where the checkbox allows it (P9).

    A staff member behind it may request only with a role that acts for clients (P8).
    """
    acts = impersonator is None or Permission.ACT_FOR_CLIENTS in GRANTS[impersonator.role]
    return Actor(
        name=login.name,
        login_id=login.id,
        client_id=login.client_id,
        impersonator_id=impersonator.id if impersonator else None,
        may_request=login.allow_order_requests and acts,
        four_eyes=impersonator is not None and impersonator.reseller.four_eyes,
        **origin,  # type: ignore[arg-type]
    )


def is_staff_open(staff: Staff) -> bool:
    """Tell whether a staff member may be signed in at this moment."""
    return staff.status is AccountStatus.ACTIVE and staff.reseller.is_active


def lacks_second_factor(staff: Staff) -> bool:
    """Tell whether a staff member must set up two-factor sign-in before doing anything else."""
    return staff.reseller.require_two_factor and staff.totp_confirmed_at is None


def is_login_open(login: Login, at: datetime) -> bool:
    """Tell whether a login may be signed in at that moment: itself, its client, its reseller."""
    return login.status is AccountStatus.ACTIVE and _has_portal(login, at)


def can_be_impersonated(login: Login, at: datetime) -> bool:
    """Tell whether staff may see the portal as a login: one that was invited is there already."""
    is_there = login.status in (AccountStatus.ACTIVE, AccountStatus.INVITED)
    return is_there and _has_portal(login, at)


def has_left(login: Login, at: datetime) -> bool:
    """Tell whether a login is disabled or past its last day, whatever its client's state."""
    return login.status is AccountStatus.DISABLED or _is_over(login, at)


def _is_over(login: Login, at: datetime) -> bool:
    return login.expires_at is not None and login.expires_at <= at


def _has_portal(login: Login, at: datetime) -> bool:
    return (
        not _is_over(login, at)
        and login.client.status is ClientStatus.ACTIVE
        and login.client.reseller.is_active
    )
