"""The tables, one section an aggregate; rules of conduct live in policy.py and workflow.py.

Every table but the last section's carries ``reseller_id``, and its references to other owned tables
are composite: (reseller_id, x_id) -> (reseller_id, id). The database itself thus refuses a row of
one reseller that points at another's.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from columns import Micros, Number, RowId, UtcDateTime, now
from extensions import Model
from tenancy import Owned, Root


class Role(StrEnum):
    """What a staff member is at the reseller; ``permissions`` says what each may do."""

    OWNER = "owner"
    APPROVER = "approver"
    SUPPORT = "support"
    BILLING = "billing"
    VIEWER = "viewer"


class AccountStatus(StrEnum):
    """Whether a person may sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class ClientStatus(StrEnum):
    """Whether a client's people may sign in and order."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Requirement(StrEnum):
    """What a client's settings say of one feature of the numbers it orders."""

    ANY = "any"
    REQUIRED = "required"
    FORBIDDEN = "forbidden"


class DidType(StrEnum):
    """Kinds of numbers of the North American plan."""

    LOCAL = "local"
    TOLL_FREE = "toll_free"


class DidStatus(StrEnum):
    """Where a number of the reseller's inventory stands."""

    AVAILABLE = "available"
    ACTIVE = "active"
    RELEASED = "released"
    SUSPENDED = "suspended"


class OrderState(StrEnum):
    """The states of ``product.md``; ``workflow.TRANSITIONS`` says how one follows another."""

    PENDING = "pending"
    APPROVED = "approved"
    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class LineResult(StrEnum):
    """What came of one line when it was carried out."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class MailState(StrEnum):
    """How far a mail has come; ``kept`` means that no mail server is configured."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    KEPT = "kept"


class E911Status(StrEnum):
    """Whether an emergency address is in force."""

    PROVISIONING = "provisioning"
    PROVISIONED = "provisioned"
    FAILED = "failed"
    REMOVED = "removed"


class Net(StrEnum):
    """Whether a 911 record's number is in the reseller's own inventory."""

    ON_NET = "on_net"
    OFF_NET = "off_net"


POSTGRESQL_ALONE = frozenset({"ix_did_number_part"})
"""Indexes that a migration makes on PostgreSQL, and that the other database cannot have."""


def choice(kind: type[StrEnum], name: str | None = None, *, create_constraint: bool = True) -> Enum:
    """Store an enumeration as checked text; ``name`` tells two columns of a table apart."""
    return Enum(
        kind,
        native_enum=False,
        length=24,
        create_constraint=create_constraint,
        name=name or kind.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


def one_of(kind: type[StrEnum], column: str, name: str) -> CheckConstraint:
    """Check a column as ``choice`` does, for tables that get rows by the million.

    For a list that is written as IN, SQLite makes a table at every row.
    """
    return CheckConstraint(" OR ".join(f"{column} = '{member}'" for member in kind), name=name)


def of_reseller(target: str, column: str) -> ForeignKeyConstraint:
    """Refer to an owned row so that it must be the same reseller's."""
    return ForeignKeyConstraint(
        ["reseller_id", column], [f"{target}.reseller_id", f"{target}.id"], ondelete="RESTRICT"
    )


def owned(*rules: Any) -> tuple[Any, ...]:
    """List a table's constraints, with the key that other owned tables refer to."""
    return (UniqueConstraint("reseller_id", "id"), *rules)


# --- Reseller -------------------------------------------------------------------------------


class Reseller(Root, Model):
    """The tenant: the company whose brand the portal wears."""

    __tablename__ = "reseller"

    name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="America/New_York")
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    carrier: Mapped[str] = mapped_column(String(40), default="inventory")
    address_validator: Mapped[str] = mapped_column(
        String(40), default="embedded", server_default="embedded"
    )
    hold_hours: Mapped[int] = mapped_column(default=168)
    last_order_number: Mapped[int] = mapped_column(default=0)
    require_two_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    four_eyes: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether staff may not approve what they asked for as a login."""
    keep_mail_months: Mapped[int | None] = mapped_column()
    """After how long the texts of mails are forgotten; none means never."""
    keep_session_months: Mapped[int | None] = mapped_column()
    """After how long a sign-in that has ended is forgotten; none means never."""
    keep_call_months: Mapped[int | None] = mapped_column()
    """After how long calls in closed months are forgotten, sums not; none means never."""
    keep_audit_months: Mapped[int | None] = mapped_column()
    """After how long the audit is forgotten; none means never."""
    calls_forgotten_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Calls that began earlier may have been forgotten, so none is taken in any more."""
    closed_through: Mapped[date | None] = mapped_column()
    """The last day of the last closed month; what counts up to it never changes."""
    fees_charged_through: Mapped[date | None] = mapped_column()
    """The first day of the last month for which every running fee was charged."""
    statement_day: Mapped[int | None] = mapped_column()
    """The day of the month on which clients are sent the statement of the month before."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    portal_settings: Mapped["PortalSettings"] = relationship(
        back_populates="reseller", uselist=False, cascade="all, delete-orphan"
    )

    def __str__(self) -> str:
        return self.name


class PortalSettings(Owned, Model):
    """What the end-user portal wears: the reseller's name, colours and contact."""

    __tablename__ = "portal_settings"
    __table_args__ = owned(
        UniqueConstraint("reseller_id"),
        Index(
            "ix_portal_settings_proved_host",
            "host_name",
            unique=True,
            sqlite_where=text("host_verified_at IS NOT NULL"),
            postgresql_where=text("host_verified_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    company_name: Mapped[str] = mapped_column(String(120))
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    logo_type: Mapped[str | None] = mapped_column(String(32))
    brand_colour: Mapped[str] = mapped_column(String(7), default="#1f5f8b")
    accent_colour: Mapped[str | None] = mapped_column(String(7))
    support_email: Mapped[str | None] = mapped_column(String(254))
    support_phone: Mapped[str | None] = mapped_column(String(32))
    support_hours: Mapped[str | None] = mapped_column(String(120))
    address: Mapped[str | None] = mapped_column(Text)
    help_url: Mapped[str | None] = mapped_column(String(500))
    terms_url: Mapped[str | None] = mapped_column(String(500))
    privacy_url: Mapped[str | None] = mapped_column(String(500))
    host_name: Mapped[str | None] = mapped_column(String(253))
    host_token: Mapped[str | None] = mapped_column(String(64))
    host_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mail_from_name: Mapped[str | None] = mapped_column(String(120))
    mail_reply_to: Mapped[str | None] = mapped_column(String(254))
    mail_footer: Mapped[str | None] = mapped_column(Text)
    hide_prices: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    reseller: Mapped[Reseller] = relationship(back_populates="portal_settings")

    def __str__(self) -> str:
        return self.company_name


class Staff(Owned, Model):
    """A person of the reseller who signs in to the back office."""

    __tablename__ = "staff"
    __table_args__ = owned()

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[Role] = mapped_column(choice(Role), default=Role.VIEWER)
    status: Mapped[AccountStatus] = mapped_column(
        choice(AccountStatus), default=AccountStatus.INVITED
    )
    password_hash: Mapped[str | None] = mapped_column(String(255))
    wants_order_mail: Mapped[bool] = mapped_column(default=True)
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    time_zone: Mapped[str | None] = mapped_column(String(64))
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    reseller: Mapped[Reseller] = relationship()

    def __str__(self) -> str:
        return self.name


# --- Clients and their logins ---------------------------------------------------------------


class Client(Owned, Model):
    """The reseller's customer: a company."""

    __tablename__ = "client"
    __table_args__ = owned(
        UniqueConstraint("reseller_id", "name"),
        UniqueConstraint("reseller_id", "account_ref"),
        of_reseller("rate_plan", "rate_plan_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    account_ref: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[ClientStatus] = mapped_column(choice(ClientStatus), default=ClientStatus.ACTIVE)
    contact_name: Mapped[str | None] = mapped_column(String(120))
    contact_email: Mapped[str] = mapped_column(String(254))
    contact_phone: Mapped[str | None] = mapped_column(String(32))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    notes: Mapped[str | None] = mapped_column(Text)
    rate_plan_id: Mapped[int | None] = mapped_column(RowId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    reseller: Mapped[Reseller] = relationship()
    logins: Mapped[list["Login"]] = relationship(
        primaryjoin="Client.id == foreign(Login.client_id)",
        back_populates="client",
        order_by="Login.name",
    )
    order_settings: Mapped["OrderSettings"] = relationship(
        primaryjoin="Client.id == foreign(OrderSettings.client_id)",
        back_populates="client",
        uselist=False,
    )
    did_groups: Mapped[list["DidGroup"]] = relationship(
        primaryjoin="Client.id == foreign(DidGroup.client_id)",
        back_populates="client",
        order_by="DidGroup.name",
    )

    def __str__(self) -> str:
        return self.name


class Login(Owned, Model):
    """A person of a client who signs in to the portal; the address is the user name."""

    __tablename__ = "login"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        UniqueConstraint("reseller_id", "email"),
        Index("ix_login_client_id", "reseller_id", "client_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    client_id: Mapped[int] = mapped_column(RowId)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    status: Mapped[AccountStatus] = mapped_column(
        choice(AccountStatus), default=AccountStatus.INVITED
    )
    allow_order_requests: Mapped[bool] = mapped_column(default=True)
    is_administrator: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    wants_order_mail: Mapped[bool] = mapped_column(default=True, server_default=true())
    totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    pending_email: Mapped[str | None] = mapped_column(String(254))
    """A new address that has not been confirmed yet."""
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    time_zone: Mapped[str | None] = mapped_column(String(64))
    last_sign_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    client: Mapped[Client] = relationship(
        primaryjoin="Client.id == foreign(Login.client_id)", back_populates="logins"
    )

    def __str__(self) -> str:
        return self.name


class Invitation(Owned, Model):
    """A single-use link that sets a password; the row alone cannot rebuild the link."""

    __tablename__ = "invitation"
    __table_args__ = owned(
        of_reseller("staff", "staff_id"),
        of_reseller("login", "login_id"),
        CheckConstraint("(staff_id IS NULL) <> (login_id IS NULL)", name="one_person"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    nonce: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    staff: Mapped[Staff | None] = relationship(
        primaryjoin="Staff.id == foreign(Invitation.staff_id)"
    )
    login: Mapped[Login | None] = relationship(
        primaryjoin="Login.id == foreign(Invitation.login_id)"
    )


class WebSession(Owned, Model):
    """One signed-in browser; a cookie is worth nothing once its row has ended."""

    __tablename__ = "web_session"
    __table_args__ = owned(
        of_reseller("staff", "staff_id"),
        of_reseller("login", "login_id"),
        of_reseller("staff", "impersonator_id"),
        of_reseller("client", "client_id"),
        CheckConstraint(
            "CASE WHEN staff_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN login_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN client_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_person",
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    client_id: Mapped[int | None] = mapped_column(RowId)
    """The client whose portal staff look at as no login of it: it may not have one yet."""
    impersonator_id: Mapped[int | None] = mapped_column(RowId)
    parent_id: Mapped[int | None] = mapped_column(RowId)
    """The staff member's own session that an impersonation lives and ends with."""
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the password was given again, after the sign-in."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    staff: Mapped[Staff | None] = relationship(
        primaryjoin="Staff.id == foreign(WebSession.staff_id)"
    )
    login: Mapped[Login | None] = relationship(
        primaryjoin="Login.id == foreign(WebSession.login_id)"
    )
    client: Mapped[Client | None] = relationship(
        primaryjoin="Client.id == foreign(WebSession.client_id)"
    )
    impersonator: Mapped[Staff | None] = relationship(
        primaryjoin="Staff.id == foreign(WebSession.impersonator_id)"
    )
    parent: Mapped["WebSession | None"] = relationship(
        primaryjoin="remote(WebSession.id) == foreign(WebSession.parent_id)"
    )


class KeptForm(Owned, Model):
    """What a person had typed into a form when their sign-in had ended; single-use, for an hour."""

    __tablename__ = "kept_form"
    __table_args__ = owned(
        of_reseller("staff", "staff_id"),
        of_reseller("login", "login_id"),
        CheckConstraint("(staff_id IS NULL) <> (login_id IS NULL)", name="one_person"),
        Index("ix_kept_form_kept_at", "kept_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    page: Mapped[str] = mapped_column(String(2000))
    """Where the form stood; ``target`` is where it led."""
    target: Mapped[str] = mapped_column(String(2000))
    fields: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    """Pairs of name and value as they were sent, without secrets."""
    left_out: Mapped[list[str]] = mapped_column(JSON, default=list)
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class RecoveryCode(Owned, Model):
    """A single-use code that stands in for a lost second factor; only its hash is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = owned(
        of_reseller("staff", "staff_id"),
        of_reseller("login", "login_id"),
        CheckConstraint("(staff_id IS NULL) <> (login_id IS NULL)", name="one_person"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Handover(Owned, Model):
    """The single-use way of a staff member into the portal, which dies in a minute.

    It opens the portal as a login, or of a client as no login of it.
    """

    __tablename__ = "handover"
    __table_args__ = owned(
        of_reseller("staff", "staff_id"),
        of_reseller("login", "login_id"),
        of_reseller("client", "client_id"),
        of_reseller("web_session", "session_id"),
        CheckConstraint("(login_id IS NULL) <> (client_id IS NULL)", name="one_door"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    client_id: Mapped[int | None] = mapped_column(RowId)
    session_id: Mapped[int] = mapped_column(RowId)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    staff: Mapped[Staff] = relationship(primaryjoin="Staff.id == foreign(Handover.staff_id)")
    login: Mapped[Login | None] = relationship(primaryjoin="Login.id == foreign(Handover.login_id)")
    client: Mapped[Client | None] = relationship(
        primaryjoin="Client.id == foreign(Handover.client_id)"
    )
    session: Mapped[WebSession] = relationship(
        primaryjoin="WebSession.id == foreign(Handover.session_id)"
    )


class OrderSettings(Owned, Model):
    """What one client's logins may see and order, and which kinds approve themselves.

    The row without a client holds what the reseller's new clients begin with.
    """

    __tablename__ = "order_settings"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        UniqueConstraint("client_id"),
        Index(
            "uq_order_settings_defaults",
            "reseller_id",
            unique=True,
            sqlite_where=text("client_id IS NULL"),
            postgresql_where=text("client_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    client_id: Mapped[int | None] = mapped_column(RowId)
    did_ordering: Mapped[bool] = mapped_column(default=True)
    e911_provisioning: Mapped[bool] = mapped_column(default=True)
    editable_services: Mapped[list[str]] = mapped_column(JSON, default=list)
    require_t38: Mapped[Requirement] = mapped_column(
        choice(Requirement, "require_t38"), default=Requirement.ANY
    )
    require_cnam: Mapped[Requirement] = mapped_column(
        choice(Requirement, "require_cnam"), default=Requirement.ANY
    )
    require_sms: Mapped[Requirement] = mapped_column(
        choice(Requirement, "require_sms"), default=Requirement.ANY
    )
    require_local: Mapped[Requirement] = mapped_column(
        choice(Requirement, "require_local"), default=Requirement.ANY
    )
    require_toll_free: Mapped[Requirement] = mapped_column(
        choice(Requirement, "require_toll_free"), default=Requirement.ANY
    )
    auto_approve_call_forwarding: Mapped[bool] = mapped_column(default=False)
    auto_approve_failover: Mapped[bool] = mapped_column(default=False)
    auto_approve_e911: Mapped[bool] = mapped_column(default=False)
    max_numbers_per_order: Mapped[int] = mapped_column(default=50)
    max_numbers: Mapped[int | None] = mapped_column()
    monthly_cap_micros: Mapped[int | None] = mapped_column(Micros)
    version: Mapped[int] = mapped_column(default=1)

    client: Mapped[Client] = relationship(
        primaryjoin="Client.id == foreign(OrderSettings.client_id)",
        back_populates="order_settings",
    )
    tiers: Mapped[list["Tier"]] = relationship(
        secondary="order_settings_tier",
        primaryjoin="OrderSettings.id == foreign(OrderSettingsTier.order_settings_id)",
        secondaryjoin="Tier.id == foreign(OrderSettingsTier.tier_id)",
        order_by="Tier.position",
        viewonly=True,
    )
    tier_rows: Mapped[list["OrderSettingsTier"]] = relationship(
        primaryjoin="OrderSettings.id == foreign(OrderSettingsTier.order_settings_id)",
        cascade="all, delete-orphan",
    )

    def __str__(self) -> str:
        return self.client.name if self.client_id else "New clients"


class OrderSettingsTier(Owned, Model):
    """A tier that a client may order from."""

    __tablename__ = "order_settings_tier"
    __table_args__ = owned(
        of_reseller("order_settings", "order_settings_id"),
        of_reseller("tier", "tier_id"),
        UniqueConstraint("order_settings_id", "tier_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    order_settings_id: Mapped[int] = mapped_column(RowId)
    tier_id: Mapped[int] = mapped_column(RowId)


# --- Groups: together they make up what a client owns ---------------------------------------


class DidGroup(Owned, Model):
    """A set of numbers that belongs to one client at most."""

    __tablename__ = "did_group"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        UniqueConstraint("reseller_id", "name"),
        Index("ix_did_group_client_id", "reseller_id", "client_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    client_id: Mapped[int | None] = mapped_column(RowId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    client: Mapped[Client | None] = relationship(
        primaryjoin="Client.id == foreign(DidGroup.client_id)", back_populates="did_groups"
    )

    def __str__(self) -> str:
        return self.name


class EndpointGroup(Owned, Model):
    """Where calls to numbers are delivered; belongs to one client, or to nobody and is shared."""

    __tablename__ = "endpoint_group"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        UniqueConstraint("reseller_id", "name"),
        Index("ix_endpoint_group_client_id", "reseller_id", "client_id"),
        CheckConstraint("digits IN ('10', '11', 'e164')", name="digits"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    digits: Mapped[str] = mapped_column(String(4), default="e164")
    client_id: Mapped[int | None] = mapped_column(RowId)

    client: Mapped[Client | None] = relationship(
        primaryjoin="Client.id == foreign(EndpointGroup.client_id)"
    )
    endpoints: Mapped[list["Endpoint"]] = relationship(
        primaryjoin="EndpointGroup.id == foreign(Endpoint.endpoint_group_id)",
        cascade="all, delete-orphan",
        order_by="Endpoint.priority",
    )

    def __str__(self) -> str:
        return self.name


class Endpoint(Owned, Model):
    """One address of an endpoint group."""

    __tablename__ = "endpoint"
    __table_args__ = owned(of_reseller("endpoint_group", "endpoint_group_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    endpoint_group_id: Mapped[int] = mapped_column(RowId)
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int] = mapped_column(default=5060)
    priority: Mapped[int] = mapped_column(default=1)
    is_active: Mapped[bool] = mapped_column(default=True)


class E911Group(Owned, Model):
    """A set of 911 records that belongs to one client at most."""

    __tablename__ = "e911_group"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        UniqueConstraint("reseller_id", "name"),
        Index("ix_e911_group_client_id", "reseller_id", "client_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    client_id: Mapped[int | None] = mapped_column(RowId)
    alert_emails: Mapped[list[str]] = mapped_column(JSON, default=list)

    client: Mapped[Client | None] = relationship(
        primaryjoin="Client.id == foreign(E911Group.client_id)"
    )

    def __str__(self) -> str:
        return self.name


# --- Numbers, what they do and what they cost -----------------------------------------------


class Tier(Owned, Model):
    """A price class of numbers; the label is the carrier's, the prices are the reseller's."""

    __tablename__ = "tier"
    __table_args__ = owned(UniqueConstraint("reseller_id", "label"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    label: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(80))
    monthly_micros: Mapped[int] = mapped_column(Micros, default=0)
    setup_micros: Mapped[int] = mapped_column(Micros, default=0)
    cost_monthly_micros: Mapped[int] = mapped_column(Micros, default=0)
    cost_setup_micros: Mapped[int] = mapped_column(Micros, default=0)
    position: Mapped[int] = mapped_column(default=0)

    def __str__(self) -> str:
        return self.name


class ServicePrice(Owned, Model):
    """What a client pays for one service (or for 911, or a release) on one number."""

    __tablename__ = "service_price"
    __table_args__ = owned(UniqueConstraint("reseller_id", "service"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    service: Mapped[str] = mapped_column(String(40))
    monthly_micros: Mapped[int] = mapped_column(Micros, default=0)
    setup_micros: Mapped[int] = mapped_column(Micros, default=0)

    def __str__(self) -> str:
        return self.service.replace("_", " ").capitalize()


class Did(Owned, Model):
    """One telephone number of the reseller's inventory.

    ``client_id`` follows from the groups; ``inventory.py`` of the carriers keeps it, and triggers
    refuse a number whose two groups belong to different clients.
    """

    __tablename__ = "did"
    __table_args__ = owned(
        of_reseller("tier", "tier_id"),
        of_reseller("did_group", "did_group_id"),
        of_reseller("endpoint_group", "endpoint_group_id"),
        of_reseller("client", "client_id"),
        UniqueConstraint("reseller_id", "number"),
        CheckConstraint("(held_by_id IS NULL) = (held_until IS NULL)", name="hold"),
        Index("ix_did_search", "reseller_id", "status", "state", "rate_center", "number"),
        Index("ix_did_npa", "reseller_id", "status", "npa", "number"),
        Index("ix_did_city", "reseller_id", "status", "city", "number"),
        Index(
            "ix_did_client_id",
            "reseller_id",
            "client_id",
            "number",
            # SQLite has the id in every index.
            postgresql_include=["id"],
        ),
        Index(
            "ix_did_free",
            "reseller_id",
            "client_id",
            "status",
            sqlite_where=text("status = 'available' AND client_id IS NULL"),
            postgresql_where=text("status = 'available' AND client_id IS NULL"),
        ),
        Index(
            "ix_did_labelled",
            "reseller_id",
            "client_id",
            sqlite_where=text("label IS NOT NULL OR client_label IS NOT NULL"),
            postgresql_where=text("label IS NOT NULL OR client_label IS NOT NULL"),
        ),
        Index("ix_did_did_group_id", "reseller_id", "did_group_id", "number"),
        Index("ix_did_endpoint_group_id", "reseller_id", "endpoint_group_id"),
        Index("ix_did_held_by_id", "held_by_id"),
        Index("ix_did_kept_for_id", "kept_for_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    number: Mapped[str] = mapped_column(Number)
    npa: Mapped[str] = mapped_column(String(3))
    nxx: Mapped[str] = mapped_column(String(3))
    type: Mapped[DidType] = mapped_column(choice(DidType), default=DidType.LOCAL)
    status: Mapped[DidStatus] = mapped_column(choice(DidStatus), default=DidStatus.AVAILABLE)
    tier_id: Mapped[int] = mapped_column(RowId)
    state: Mapped[str | None] = mapped_column(String(2))
    rate_center: Mapped[str | None] = mapped_column(String(60))
    city: Mapped[str | None] = mapped_column(String(60))
    lata: Mapped[str | None] = mapped_column(String(5))
    network: Mapped[str | None] = mapped_column(String(40))
    has_t38: Mapped[bool] = mapped_column(default=False)
    has_cnam: Mapped[bool] = mapped_column(default=False)
    has_sms: Mapped[bool] = mapped_column(default=False)
    monthly_micros: Mapped[int | None] = mapped_column(Micros)
    setup_micros: Mapped[int | None] = mapped_column(Micros)
    did_group_id: Mapped[int | None] = mapped_column(RowId)
    endpoint_group_id: Mapped[int | None] = mapped_column(RowId)
    client_id: Mapped[int | None] = mapped_column(RowId)
    label: Mapped[str | None] = mapped_column(String(80))
    client_label: Mapped[str | None] = mapped_column(String(80))
    """What the client calls the number."""
    held_by_id: Mapped[int | None] = mapped_column(RowId)
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kept_for_id: Mapped[int | None] = mapped_column(RowId)
    """The client that has the number in its basket, and asked to keep it until ``kept_until``."""
    kept_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    tier: Mapped[Tier] = relationship(primaryjoin="Tier.id == foreign(Did.tier_id)")
    did_group: Mapped[DidGroup | None] = relationship(
        primaryjoin="DidGroup.id == foreign(Did.did_group_id)"
    )
    endpoint_group: Mapped[EndpointGroup | None] = relationship(
        primaryjoin="EndpointGroup.id == foreign(Did.endpoint_group_id)"
    )
    client: Mapped[Client | None] = relationship(primaryjoin="Client.id == foreign(Did.client_id)")
    services: Mapped[list["DidService"]] = relationship(
        primaryjoin="Did.id == foreign(DidService.did_id)",
        back_populates="did",
        cascade="all, delete-orphan",
        order_by="DidService.service",
    )

    def __str__(self) -> str:
        return self.number

    @property
    def price_monthly_micros(self) -> int:
        """Tell the client's monthly price: the number's own, else its tier's."""
        return self.tier.monthly_micros if self.monthly_micros is None else self.monthly_micros

    @property
    def price_setup_micros(self) -> int:
        """Tell the client's set-up price: the number's own, else its tier's."""
        return self.tier.setup_micros if self.setup_micros is None else self.setup_micros


class DidService(Owned, Model):
    """One service that is in force on a number.

    Services that the carrier cannot run side by side share a ``slot``; a slot holds one.
    """

    __tablename__ = "did_service"
    __table_args__ = owned(of_reseller("did", "did_id"), UniqueConstraint("did_id", "slot"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    did_id: Mapped[int] = mapped_column(RowId)
    service: Mapped[str] = mapped_column(String(40))
    slot: Mapped[str] = mapped_column(String(40))
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    monthly_micros: Mapped[int] = mapped_column(Micros, default=0)
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    did: Mapped[Did] = relationship(
        primaryjoin="Did.id == foreign(DidService.did_id)", back_populates="services"
    )


class DidAssignment(Owned, Model):
    """Who held a number from when to when; a number has one live assignment anywhere."""

    __tablename__ = "did_assignment"
    __table_args__ = owned(
        of_reseller("did", "did_id"),
        of_reseller("client", "client_id"),
        Index(
            "uq_did_assignment_live",
            "number",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_did_assignment_client_id",
            "reseller_id",
            "client_id",
            "monthly_micros",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_did_assignment_did_id", "reseller_id", "did_id", "started_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    did_id: Mapped[int] = mapped_column(RowId)
    number: Mapped[str] = mapped_column(Number)
    client_id: Mapped[int] = mapped_column(RowId)
    monthly_micros: Mapped[int] = mapped_column(Micros, default=0)
    setup_micros: Mapped[int] = mapped_column(Micros, default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DidImport(Owned, Model):
    """An uploaded inventory file between its preview and the staff's confirmation."""

    __tablename__ = "did_import"
    __table_args__ = owned(of_reseller("staff", "staff_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    file_name: Mapped[str] = mapped_column(String(255))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    digest: Mapped[str] = mapped_column(String(64))
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    staff: Mapped[Staff | None] = relationship(
        primaryjoin="Staff.id == foreign(DidImport.staff_id)"
    )

    def __str__(self) -> str:
        return self.file_name


class E911Record(Owned, Model):
    """The registered emergency address of one number, on-net or off-net."""

    __tablename__ = "e911_record"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        of_reseller("e911_group", "e911_group_id"),
        of_reseller("did", "did_id"),
        CheckConstraint("(net = 'on_net') = (did_id IS NOT NULL)", name="net_did"),
        Index(
            "uq_e911_record_live",
            "reseller_id",
            "number",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_e911_record_client_id", "reseller_id", "client_id"),
        Index(
            "ix_e911_record_client_live",
            "reseller_id",
            "client_id",
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
            postgresql_include=["id"],
        ),
        Index("ix_e911_record_status", "reseller_id", "status"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    client_id: Mapped[int] = mapped_column(RowId)
    e911_group_id: Mapped[int | None] = mapped_column(RowId)
    did_id: Mapped[int | None] = mapped_column(RowId)
    number: Mapped[str] = mapped_column(Number)
    net: Mapped[Net] = mapped_column(choice(Net))
    caller_name: Mapped[str] = mapped_column(String(50))
    address1: Mapped[str] = mapped_column(String(120))
    address2: Mapped[str | None] = mapped_column(String(60))
    floor: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(2))
    zip: Mapped[str] = mapped_column(String(5))
    zip4: Mapped[str | None] = mapped_column(String(4))
    status: Mapped[E911Status] = mapped_column(choice(E911Status), default=E911Status.PROVISIONING)
    status_detail: Mapped[str | None] = mapped_column(String(255))
    entered: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The address as it was typed, where the validator corrected it."""
    alert_emails: Mapped[list[str]] = mapped_column(JSON, default=list)
    accepted_by: Mapped[str | None] = mapped_column(String(120))
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_version: Mapped[str | None] = mapped_column(String(20))
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    client: Mapped[Client] = relationship(primaryjoin="Client.id == foreign(E911Record.client_id)")
    e911_group: Mapped[E911Group | None] = relationship(
        primaryjoin="E911Group.id == foreign(E911Record.e911_group_id)"
    )
    did: Mapped[Did | None] = relationship(primaryjoin="Did.id == foreign(E911Record.did_id)")

    def __str__(self) -> str:
        return self.number


# --- Ports ----------------------------------------------------------------------------------


class PortStatus(Owned, Model):
    """A step of a port in the reseller's words; an active or a completed one."""

    __tablename__ = "port_status"
    __table_args__ = owned(
        UniqueConstraint("reseller_id", "key"),
        CheckConstraint("bucket IN ('active', 'completed')", name="bucket"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(80))
    bucket: Mapped[str] = mapped_column(String(12), default="active")
    client_text: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(default=0)

    def __str__(self) -> str:
        return self.label


class Port(Owned, Model):
    """Numbers on their way from another provider to the reseller, for one client."""

    __tablename__ = "port"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        of_reseller("port_status", "status_id"),
        UniqueConstraint("reseller_id", "pon"),
        Index("ix_port_client_id", "reseller_id", "client_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    client_id: Mapped[int] = mapped_column(RowId)
    status_id: Mapped[int] = mapped_column(RowId)
    pon: Mapped[str] = mapped_column(String(40))
    entity_name: Mapped[str | None] = mapped_column(String(120))
    billing_number: Mapped[str | None] = mapped_column(Number)
    porting_from: Mapped[str | None] = mapped_column(String(120))
    requested_foc: Mapped[date | None] = mapped_column()
    foc_date: Mapped[date | None] = mapped_column()
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    client: Mapped[Client] = relationship(primaryjoin="Client.id == foreign(Port.client_id)")
    status: Mapped[PortStatus] = relationship(
        primaryjoin="PortStatus.id == foreign(Port.status_id)"
    )
    numbers: Mapped[list["PortNumber"]] = relationship(
        primaryjoin="Port.id == foreign(PortNumber.port_id)",
        cascade="all, delete-orphan",
        order_by="PortNumber.number",
    )
    events: Mapped[list["PortEvent"]] = relationship(
        primaryjoin="Port.id == foreign(PortEvent.port_id)",
        cascade="all, delete-orphan",
        order_by="PortEvent.at",
    )

    def __str__(self) -> str:
        return self.pon


class PortNumber(Owned, Model):
    """One number of a port."""

    __tablename__ = "port_number"
    __table_args__ = owned(
        of_reseller("port", "port_id"),
        of_reseller("port_status", "status_id"),
        UniqueConstraint("port_id", "number"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    port_id: Mapped[int] = mapped_column(RowId)
    status_id: Mapped[int | None] = mapped_column(RowId)
    number: Mapped[str] = mapped_column(Number)
    rate_center: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(Text)


class PortEvent(Owned, Model):
    """A step or a comment in a port's story, for the client too or for staff only."""

    __tablename__ = "port_event"
    __table_args__ = owned(of_reseller("port", "port_id"), of_reseller("staff", "staff_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    port_id: Mapped[int] = mapped_column(RowId)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    by_name: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    is_private: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class PortReason(Owned, Model):
    """A reason for a hold-up that staff choose for a port, in words for the client."""

    __tablename__ = "port_reason"
    __table_args__ = owned(UniqueConstraint("reseller_id", "text"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    text: Mapped[str] = mapped_column(String(255))
    position: Mapped[int] = mapped_column(default=0)


# --- Orders ---------------------------------------------------------------------------------


class Order(Owned, Model):
    """A request for a change; ``workflow`` alone moves its state."""

    __tablename__ = "orders"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        of_reseller("login", "login_id"),
        of_reseller("staff", "impersonator_id"),
        of_reseller("staff", "decided_by_id"),
        UniqueConstraint("reseller_id", "number"),
        UniqueConstraint("reseller_id", "submit_key"),
        Index("ix_orders_queue", "reseller_id", "state", text("is_urgent DESC"), "submitted_at"),
        Index("ix_orders_client", "reseller_id", "client_id", "submitted_at"),
        Index(
            "ix_orders_decided",
            "reseller_id",
            "decided_at",
            "id",
            sqlite_where=text("state != 'pending'"),
            postgresql_where=text("state != 'pending'"),
        ),
        Index(
            "ix_orders_client_pending",
            "reseller_id",
            "client_id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
            postgresql_include=["id"],
        ),
        Index(
            "ix_orders_client_open",
            *("reseller_id", "client_id", "submitted_at", "id"),
            sqlite_where=text("state IN ('pending', 'approved', 'failed')"),
            postgresql_where=text("state IN ('pending', 'approved', 'failed')"),
            postgresql_include=["state"],
        ),
        Index("ix_orders_client_decided", "reseller_id", "client_id", "decided_at"),
        Index("ix_orders_due", "state", "carry_out_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    number: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[OrderState] = mapped_column(choice(OrderState), default=OrderState.PENDING)
    is_urgent: Mapped[bool] = mapped_column(default=False)
    client_id: Mapped[int] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    impersonator_id: Mapped[int | None] = mapped_column(RowId)
    submit_key: Mapped[str | None] = mapped_column(String(64))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(RowId)
    decided_by_name: Mapped[str | None] = mapped_column(String(120))
    is_auto_approved: Mapped[bool] = mapped_column(default=False)
    settings_version: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str | None] = mapped_column(Text)
    client_note: Mapped[str | None] = mapped_column(Text)
    monthly_micros: Mapped[int] = mapped_column(Micros, default=0)
    setup_micros: Mapped[int] = mapped_column(Micros, default=0)
    line_count: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=1)
    carry_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    client: Mapped[Client] = relationship(primaryjoin="Client.id == foreign(Order.client_id)")
    login: Mapped[Login | None] = relationship(primaryjoin="Login.id == foreign(Order.login_id)")
    impersonator: Mapped[Staff | None] = relationship(
        primaryjoin="Staff.id == foreign(Order.impersonator_id)"
    )
    lines: Mapped[list["OrderLine"]] = relationship(
        primaryjoin="Order.id == foreign(OrderLine.order_id)",
        back_populates="order",
        order_by="OrderLine.position",
    )
    events: Mapped[list["OrderEvent"]] = relationship(
        primaryjoin="Order.id == foreign(OrderEvent.order_id)",
        order_by="OrderEvent.id",
        back_populates="order",
    )
    mails: Mapped[list["Mail"]] = relationship(
        primaryjoin="Order.id == foreign(Mail.order_id)", order_by="Mail.id", viewonly=True
    )

    def __str__(self) -> str:
        return self.number


IS_PENDING: Any = Order.state == bindparam(None, OrderState.PENDING, literal_execute=True)
"""What waits; written into the SQL, so that the index of pending orders is known to fit."""


def in_states(*states: OrderState) -> Any:
    """Say that an order is in one of some states, written into the SQL as ``IS_PENDING`` is."""
    return Order.state.in_(bindparam(None, states, expanding=True, literal_execute=True))


IS_OPEN = in_states(OrderState.PENDING, OrderState.APPROVED)
"""What is not carried out yet, and may still be."""


class OrderLine(Owned, Model):
    """One number's part of an order: what is, what is asked, the price, the result.

    ``is_open`` lines claim their (number, slot): the partial unique index lets nobody else do so.
    """

    __tablename__ = "order_line"
    __table_args__ = owned(
        of_reseller("orders", "order_id"),
        of_reseller("did", "did_id"),
        UniqueConstraint("order_id", "position"),
        Index(
            "uq_order_line_open",
            "reseller_id",
            "number",
            "slot",
            unique=True,
            sqlite_where=text("is_open"),
            postgresql_where=text("is_open"),
        ),
        Index("ix_order_line_number", "reseller_id", "number"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    order_id: Mapped[int] = mapped_column(RowId)
    position: Mapped[int] = mapped_column()
    number: Mapped[str] = mapped_column(Number)
    did_id: Mapped[int | None] = mapped_column(RowId)
    slot: Mapped[str] = mapped_column(String(40))
    current: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    requested: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    monthly_micros: Mapped[int] = mapped_column(Micros, default=0)
    setup_micros: Mapped[int] = mapped_column(Micros, default=0)
    prices: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    is_open: Mapped[bool] = mapped_column(default=True)
    result: Mapped[LineResult] = mapped_column(choice(LineResult), default=LineResult.WAITING)
    error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    order: Mapped[Order] = relationship(
        primaryjoin="Order.id == foreign(OrderLine.order_id)", back_populates="lines"
    )
    did: Mapped[Did | None] = relationship(primaryjoin="Did.id == foreign(OrderLine.did_id)")


class OrderEvent(Owned, Model):
    """One step in an order's story; events are added, never changed."""

    __tablename__ = "order_event"
    __table_args__ = owned(
        of_reseller("orders", "order_id"),
        of_reseller("staff", "staff_id"),
        of_reseller("login", "login_id"),
        Index("ix_order_event_order_id", "reseller_id", "order_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    order_id: Mapped[int] = mapped_column(RowId)
    name: Mapped[str] = mapped_column(String(40))
    from_state: Mapped[OrderState | None] = mapped_column(choice(OrderState, "from_state"))
    to_state: Mapped[OrderState] = mapped_column(choice(OrderState, "to_state"))
    staff_id: Mapped[int | None] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    by_name: Mapped[str] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    order: Mapped[Order] = relationship(
        primaryjoin="Order.id == foreign(OrderEvent.order_id)", back_populates="events"
    )


class OrderNote(Owned, Model):
    """A note on an order: between client and reseller, or for the reseller's staff alone."""

    __tablename__ = "order_note"
    __table_args__ = owned(
        of_reseller("orders", "order_id"),
        of_reseller("staff", "staff_id"),
        of_reseller("login", "login_id"),
        Index("ix_order_note_order_id", "reseller_id", "order_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    order_id: Mapped[int] = mapped_column(RowId)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    by_name: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    is_private: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class RejectReason(Owned, Model):
    """A reason for a rejection that staff use again and again."""

    __tablename__ = "reject_reason"
    __table_args__ = owned(UniqueConstraint("reseller_id", "text"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    text: Mapped[str] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0)


# --- Usage and expenses ---------------------------------------------------------------------


class CallKind(StrEnum):
    """Kinds of calls of a carrier's file, as people and prices tell them apart."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    TOLL_FREE = "toll_free"
    MESSAGE = "message"
    E911 = "e911"


class ChargeKind(StrEnum):
    """Kinds of charges beside calls."""

    MONTHLY = "monthly"
    SETUP = "setup"
    ADJUSTMENT = "adjustment"


class UsageKind(StrEnum):
    """What a daily sum adds up: the kinds of calls, then the kinds of charges."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    TOLL_FREE = "toll_free"
    MESSAGE = "message"
    E911 = "e911"
    MONTHLY = "monthly"
    SETUP = "setup"
    ADJUSTMENT = "adjustment"


class ImportState(StrEnum):
    """How far the import of a call file has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


class RerateState(StrEnum):
    """How far pricing again has come."""

    COMPARING = "comparing"
    READY = "ready"
    WRITING = "writing"
    DONE = "done"


class RatePlan(Owned, Model):
    """What a client pays for calls: rates, and a mark-up on cost where there is no rate."""

    __tablename__ = "rate_plan"
    __table_args__ = owned(
        UniqueConstraint("reseller_id", "name"),
        Index(
            "uq_rate_plan_for_new",
            "reseller_id",
            unique=True,
            sqlite_where=text("is_for_new"),
            postgresql_where=text("is_for_new"),
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    markup_basis_points: Mapped[int] = mapped_column(default=0)
    """Hundredths of a percent on the cost of a call without a rate: 2,500 is 25 %."""
    markup_fixed_micros: Mapped[int] = mapped_column(Micros, default=0)
    """What is added to every call without a rate."""
    is_for_new: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether new clients begin with it; one plan of a reseller at most."""

    rates: Mapped[list["Rate"]] = relationship(
        primaryjoin="RatePlan.id == foreign(Rate.rate_plan_id)",
        cascade="all, delete-orphan",
        order_by="Rate.kind, Rate.prefix, Rate.starts_on",
    )

    def __str__(self) -> str:
        return self.name


class Rate(Owned, Model):
    """A price of one kind of call, for the longest prefix of the far end, from a day on.

    ``tier`` narrows it to the client's numbers of that tier; empty is any.
    """

    __tablename__ = "rate"
    __table_args__ = owned(
        of_reseller("rate_plan", "rate_plan_id"),
        UniqueConstraint("reseller_id", "rate_plan_id", "kind", "prefix", "tier", "starts_on"),
        CheckConstraint("minimum_seconds >= 0 AND increment_seconds >= 1", name="steps"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    rate_plan_id: Mapped[int] = mapped_column(RowId)
    kind: Mapped[CallKind] = mapped_column(choice(CallKind, "rate_kind"))
    prefix: Mapped[str] = mapped_column(String(16), default="")
    tier: Mapped[str] = mapped_column(String(20), default="", server_default="")
    minute_micros: Mapped[int] = mapped_column(Micros, default=0)
    unit_micros: Mapped[int] = mapped_column(Micros, default=0)
    """What each call or message costs, whatever its length."""
    minimum_seconds: Mapped[int] = mapped_column(default=60)
    increment_seconds: Mapped[int] = mapped_column(default=60)
    starts_on: Mapped[date] = mapped_column()
    ends_on: Mapped[date | None] = mapped_column()
    """The first day on which it no longer holds."""


class RateDeck(Owned, Model):
    """An uploaded file of rates between its preview and the staff's confirmation."""

    __tablename__ = "rate_deck"
    __table_args__ = owned(
        of_reseller("rate_plan", "rate_plan_id"), of_reseller("staff", "staff_id")
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    rate_plan_id: Mapped[int] = mapped_column(RowId)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    file_name: Mapped[str] = mapped_column(String(255))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """Compressed; empty once it is imported."""
    kind: Mapped[CallKind] = mapped_column(choice(CallKind, "deck_kind"))
    starts_on: Mapped[date] = mapped_column()
    """The kind and the day of lines that name none."""
    replaces: Mapped[bool] = mapped_column(default=False)
    """Whether rates of these kinds that the file does not have end on that day."""
    without_one: Mapped[bool] = mapped_column(default=False)
    """Whether its prefixes are North American ones without the 1 in front."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return self.file_name


class Rerating(Owned, Model):
    """Pricing the calls of some days again: first what it would change, then, confirmed, doing it.

    ``after_id`` is the last call that was looked at, so that it goes on where it was cut off.
    """

    __tablename__ = "rerating"
    __table_args__ = owned(of_reseller("client", "client_id"), of_reseller("staff", "staff_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    first_day: Mapped[date] = mapped_column()
    last_day: Mapped[date] = mapped_column()
    client_id: Mapped[int | None] = mapped_column(RowId)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    by_name: Mapped[str] = mapped_column(String(255))
    state: Mapped[RerateState] = mapped_column(choice(RerateState), default=RerateState.COMPARING)
    after_id: Mapped[int] = mapped_column(RowId, default=0)
    seen: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    differences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Client id (0 for nobody) to [calls that change, micro-units before, after]."""
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __str__(self) -> str:
        return f"Price Again {self.id}"


class CdrProfile(Owned, Model):
    """A format of call files that staff described; the built-in ones are in ``usage/profiles``."""

    __tablename__ = "cdr_profile"
    __table_args__ = owned(UniqueConstraint("reseller_id", "key"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    source: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """The carrier: formats of one carrier share it, and a call that is in both counts once."""
    delimiter: Mapped[str] = mapped_column(String(1), default=",")
    columns: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    kinds: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    time_format: Mapped[str] = mapped_column(String(40), default="%Y-%m-%d %H:%M:%S")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    unit_micros: Mapped[int] = mapped_column(Micros, default=1_000_000, server_default="1000000")
    """What 1 in the file's price is worth: a dollar, a cent or a micro-unit."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    def __str__(self) -> str:
        return self.name


class CdrImport(Owned, Model):
    """One call file: what it was, how far it has come, and what became of its lines."""

    __tablename__ = "cdr_import"
    __table_args__ = owned(
        of_reseller("staff", "staff_id"), Index("ix_cdr_import_digest", "reseller_id", "digest")
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    file_name: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(40))
    profile: Mapped[str] = mapped_column(
        String(40), default="voip_innovations", server_default="voip_innovations"
    )
    """The key of the format by which it is read."""
    state: Mapped[ImportState] = mapped_column(choice(ImportState), default=ImportState.WAITING)
    total_lines: Mapped[int] = mapped_column(default=0, server_default="0")
    lines: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    unassigned: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text)
    header: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    read_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    checked_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    checked_good: Mapped[int] = mapped_column(default=0, server_default="0")
    checked_bad: Mapped[int] = mapped_column(default=0, server_default="0")
    """How far it was read, before anything is written, to see whether most of it can be read."""
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when the process that reads it is believed to be alive."""
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    staff: Mapped[Staff | None] = relationship(
        primaryjoin="Staff.id == foreign(CdrImport.staff_id)"
    )

    def __str__(self) -> str:
        return self.file_name


class CdrImportPart(Owned, Model):
    """A piece of an uploaded call file that waits to be read; gone when it is done."""

    __tablename__ = "cdr_import_part"
    __table_args__ = owned(
        of_reseller("cdr_import", "cdr_import_id"),
        UniqueConstraint("cdr_import_id", "position"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cdr_import_id: Mapped[int] = mapped_column(RowId)
    position: Mapped[int] = mapped_column()
    content: Mapped[bytes] = mapped_column(LargeBinary)


class CdrReject(Owned, Model):
    """A line of a call file that could not be read, kept as it stood, with the reason."""

    __tablename__ = "cdr_reject"
    __table_args__ = owned(
        of_reseller("cdr_import", "cdr_import_id"),
        Index("ix_cdr_reject_import", "reseller_id", "cdr_import_id", "line"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cdr_import_id: Mapped[int] = mapped_column(RowId)
    line: Mapped[int] = mapped_column()
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(255))
    corrected: Mapped[str | None] = mapped_column(Text)
    """What staff put in its place."""
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it became a call after all."""


class Call(Owned, Model):
    """One call or message: whose it was at that time, what it cost, and what the client pays.

    It refers to its reseller by its import alone, and nothing refers to it: every key is checked,
    and every index written, for each of millions of rows.
    """

    __tablename__ = "call"
    __table_args__ = (
        of_reseller("cdr_import", "cdr_import_id"),
        of_reseller("client", "client_id"),
        one_of(CallKind, "kind", "callkind"),
        UniqueConstraint("reseller_id", "source", "transaction_id"),
        Index("ix_call_client", "reseller_id", "client_id", "started_at"),
        Index("ix_call_number", "reseller_id", "number", "started_at"),
    )

    reseller_id: Mapped[int] = mapped_column(RowId)
    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    cdr_import_id: Mapped[int] = mapped_column(RowId)
    source: Mapped[str] = mapped_column(String(40))
    transaction_id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[CallKind] = mapped_column(choice(CallKind, create_constraint=False))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column()
    """The day it counts on: that of its start in the reseller's zone, or, where that month was
    closed before the call was known, the first day of the next."""
    number: Mapped[str] = mapped_column(String(20))
    far_end: Mapped[str] = mapped_column(String(40))
    carried_by: Mapped[str | None] = mapped_column(String(45))
    """The address of the endpoint that carried it, where the file tells."""
    seconds: Mapped[int] = mapped_column(default=0)
    billed_seconds: Mapped[int] = mapped_column(default=0)
    cost_micros: Mapped[int] = mapped_column(Micros, default=0)
    price_micros: Mapped[int] = mapped_column(Micros, default=0)
    client_id: Mapped[int | None] = mapped_column(RowId)


class UsageDay(Owned, Model):
    """The calls or charges of one client, number and kind on one day.

    The number is empty for a charge that is no number's.
    """

    __tablename__ = "usage_day"
    __table_args__ = (
        of_reseller("client", "client_id"),
        one_of(UsageKind, "kind", "usage_kind"),
        UniqueConstraint("reseller_id", "day", "owner", "number", "kind"),
        Index("ix_usage_day_client", "reseller_id", "client_id", "day"),
        CheckConstraint("owner = coalesce(client_id, 0)", name="owner"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    day: Mapped[date] = mapped_column()
    client_id: Mapped[int | None] = mapped_column(RowId)
    owner: Mapped[int] = mapped_column(RowId, default=0)
    """The client's id, or 0 for nobody: a unique key does not count empty values as alike."""
    number: Mapped[str] = mapped_column(String(20))
    kind: Mapped[UsageKind] = mapped_column(
        choice(UsageKind, "usage_kind", create_constraint=False)
    )
    calls: Mapped[int] = mapped_column(default=0)
    billed_seconds: Mapped[int] = mapped_column(default=0)
    cost_micros: Mapped[int] = mapped_column(Micros, default=0)
    price_micros: Mapped[int] = mapped_column(Micros, default=0)


class Coarse(Owned):
    """Daily sums added up further, for pages that name no number; ``rollup`` writes them."""

    reseller_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("reseller.id", ondelete="RESTRICT"), primary_key=True
    )
    kind: Mapped[UsageKind] = mapped_column(choice(UsageKind, "usage_kind"), primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)
    billed_seconds: Mapped[int] = mapped_column(BigInteger)
    cost_micros: Mapped[int] = mapped_column(Micros)
    price_micros: Mapped[int] = mapped_column(Micros)


class UsageClientDay(Coarse, Model):
    """What one client used and owes of one kind on one day, over all its numbers."""

    __tablename__ = "usage_client_day"
    __table_args__ = (
        PrimaryKeyConstraint("reseller_id", "day", "owner", "kind"),
        Index("ix_usage_client_day_owner", "reseller_id", "owner", "day"),
        {"sqlite_with_rowid": False},
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    owner: Mapped[int] = mapped_column(RowId, primary_key=True)
    """The client's id, or 0 for nobody."""


class UsageAllDay(Coarse, Model):
    """What all clients and nobody used and owe of one kind on one day."""

    __tablename__ = "usage_all_day"
    __table_args__ = (
        PrimaryKeyConstraint("reseller_id", "day", "kind"),
        {"sqlite_with_rowid": False},
    )

    day: Mapped[date] = mapped_column(primary_key=True)


class UsageClientMonth(Coarse, Model):
    """What one client used and owes of one kind in one month, over all its numbers and days."""

    __tablename__ = "usage_client_month"
    __table_args__ = (
        PrimaryKeyConstraint("reseller_id", "month", "owner", "kind"),
        Index("ix_usage_client_month_owner", "reseller_id", "owner", "month"),
        {"sqlite_with_rowid": False},
    )

    month: Mapped[date] = mapped_column(primary_key=True)
    """The first day of the month."""
    owner: Mapped[int] = mapped_column(RowId, primary_key=True)
    """The client's id, or 0 for nobody."""


class EndpointAssignment(Owned, Model):
    """Which client's calls came from an endpoint's address, from when to when."""

    __tablename__ = "endpoint_assignment"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        Index("ix_endpoint_assignment_host", "reseller_id", "host", "started_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    host: Mapped[str] = mapped_column(String(253))
    client_id: Mapped[int] = mapped_column(RowId)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MonthlyFee(Owned, Model):
    """Something that a client pays month by month, while it runs: a number, a service, a 911."""

    __tablename__ = "monthly_fee"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        of_reseller("orders", "order_id"),
        Index(
            "uq_monthly_fee_running",
            "reseller_id",
            "client_id",
            "number",
            "subject",
            unique=True,
            sqlite_where=text("ended_on IS NULL"),
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index("ix_monthly_fee_ended_on", "reseller_id", "ended_on"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    client_id: Mapped[int] = mapped_column(RowId)
    number: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(40))
    monthly_micros: Mapped[int] = mapped_column(Micros)
    cost_monthly_micros: Mapped[int] = mapped_column(Micros, default=0)
    order_id: Mapped[int | None] = mapped_column(RowId)
    started_on: Mapped[date] = mapped_column()
    ended_on: Mapped[date | None] = mapped_column()
    """The last day that is paid."""


class Charge(Owned, Model):
    """A row of the ledger: what a client owes beside its calls, or is given back."""

    __tablename__ = "charge"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        of_reseller("orders", "order_id"),
        of_reseller("staff", "staff_id"),
        of_reseller("monthly_fee", "monthly_fee_id"),
        UniqueConstraint("reseller_id", "key"),
        Index("ix_charge_client", "reseller_id", "client_id", "day"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    client_id: Mapped[int] = mapped_column(RowId)
    kind: Mapped[ChargeKind] = mapped_column(choice(ChargeKind))
    key: Mapped[str] = mapped_column(String(80))
    """What it is for; the same thing is charged once."""
    day: Mapped[date] = mapped_column()
    first_day: Mapped[date | None] = mapped_column()
    last_day: Mapped[date | None] = mapped_column()
    number: Mapped[str] = mapped_column(String(20), default="")
    subject: Mapped[str] = mapped_column(String(40), default="")
    price_micros: Mapped[int] = mapped_column(Micros)
    cost_micros: Mapped[int] = mapped_column(Micros, default=0)
    reason: Mapped[str | None] = mapped_column(String(200))
    order_id: Mapped[int | None] = mapped_column(RowId)
    monthly_fee_id: Mapped[int | None] = mapped_column(RowId)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    client: Mapped[Client] = relationship(primaryjoin="Client.id == foreign(Charge.client_id)")
    staff: Mapped[Staff | None] = relationship(primaryjoin="Staff.id == foreign(Charge.staff_id)")


class SpendAlert(Owned, Model):
    """A mail to whom the reseller names when a client's month comes to an amount; once a month."""

    __tablename__ = "spend_alert"
    __table_args__ = owned(
        of_reseller("client", "client_id"),
        CheckConstraint("(amount_micros IS NULL) <> (percent IS NULL)", name="one_limit"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    client_id: Mapped[int] = mapped_column(RowId)
    amount_micros: Mapped[int | None] = mapped_column(Micros)
    percent: Mapped[int | None] = mapped_column()
    """Of the client's monthly cap."""
    emails: Mapped[list[str]] = mapped_column(JSON, default=list)
    sent_month: Mapped[date | None] = mapped_column()
    """The first day of the last month for which it was sent."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    client: Mapped[Client] = relationship(primaryjoin="Client.id == foreign(SpendAlert.client_id)")


# --- Mail and audit -------------------------------------------------------------------------


class Mail(Owned, Model):
    """One mail to one address, written with the change that it tells of, delivered afterwards."""

    __tablename__ = "mail"
    __table_args__ = owned(
        of_reseller("orders", "order_id"),
        of_reseller("invitation", "invitation_id"),
        Index("ix_mail_due", "state", "next_at"),
        Index("ix_mail_list", "reseller_id", "created_at"),
        Index("ix_mail_order_id", "reseller_id", "order_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[int | None] = mapped_column(RowId)
    invitation_id: Mapped[int | None] = mapped_column(RowId)
    to_address: Mapped[str] = mapped_column(String(254))
    from_name: Mapped[str] = mapped_column(String(120))
    reply_to: Mapped[str | None] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[MailState] = mapped_column(choice(MailState), default=MailState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    order: Mapped[Order | None] = relationship(primaryjoin="Order.id == foreign(Mail.order_id)")
    invitation: Mapped[Invitation | None] = relationship(
        primaryjoin="Invitation.id == foreign(Mail.invitation_id)"
    )

    def __str__(self) -> str:
        return self.subject


class AuditEntry(Owned, Model):
    """Who did what, as whom and from where; the database refuses to change or delete it."""

    __tablename__ = "audit_entry"
    __table_args__ = owned(
        of_reseller("staff", "staff_id"),
        of_reseller("login", "login_id"),
        Index("ix_audit_entry_at", "reseller_id", "at"),
        Index("ix_audit_entry_object", "reseller_id", "object_type", "object_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    staff_id: Mapped[int | None] = mapped_column(RowId)
    login_id: Mapped[int | None] = mapped_column(RowId)
    by_name: Mapped[str] = mapped_column(String(255))
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    request_id: Mapped[str | None] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[int | None] = mapped_column(RowId)
    object_name: Mapped[str | None] = mapped_column(String(255))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


# --- Of the deployment, not of a reseller ----------------------------------------------------


class SignInFailure(Model):
    """A refused sign-in; counted per account and per address to slow guessing down."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_account", "account_hash", "at"),
        Index("ix_sign_in_failure_ip", "ip", "at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    account_hash: Mapped[str] = mapped_column(String(64))
    ip: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ForgottenPassword(Model):
    """What somebody typed who asks for a link; nobody has looked yet whether it is an account."""

    __tablename__ = "forgotten_password"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    at_reseller_id: Mapped[int | None] = mapped_column(RowId)
    """Whose portal was asked; none for the back office."""
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Lease(Model):
    """The right of one process to do a job, until a moment."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
