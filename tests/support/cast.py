"""Make the cast and its world in an empty database; returns records, not rows."""

from dataclasses import dataclass

import credentials
import tenancy
from extensions import db
from models import (
    AccountStatus,
    Client,
    Did,
    DidGroup,
    DidType,
    Login,
    OrderSettings,
    OrderSettingsTier,
    PortalSettings,
    Reseller,
    Role,
    ServicePrice,
    Staff,
    Tier,
)

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Person:
    """Somebody who signs in."""

    id: int
    name: str
    email: str
    reseller_id: int
    slug: str
    is_staff: bool
    client_id: int | None = None
    password: str = PASSWORD


@dataclass(frozen=True)
class Thing:
    """Any row, by its id and name."""

    id: int
    name: str


@dataclass(frozen=True)
class Story:
    """The world of the cast; free: five numbers in Pittsburgh, two in Boston, one toll-free."""

    reseller_id: int
    other_reseller_id: int
    alice: Person
    victor: Person
    bob: Person
    charlie: Person
    mallory: Person
    acme: Thing
    birch: Thing
    tier: Thing
    acme_group: Thing
    birch_group: Thing
    free: tuple[str, ...]
    acme_number: str
    birch_number: str
    foreign_number: str


@dataclass(frozen=True)
class Opening:
    """The world before the main story: no Acme and no Bob yet; five free numbers in Pittsburgh."""

    alice: Person
    charlie: Person
    free: tuple[str, ...]


def make_opening() -> Opening:
    """Fill the database with the reseller, Alice, Charlie of Birch and the stock; commits."""
    with tenancy.across_resellers():
        home = _reseller("Keystone Voice", "keystone")
        tier = _tier(home)
        birch = _client(home, "Birch", tier)
        alice, charlie = _staff(home, "Alice", Role.APPROVER), _login(birch, "Charlie")
        free = _stock(home, tier)
        _owned(home, tier, birch, _group(birch), "+14125550191")
        numbers = tuple(did.number for did in free)
        opening = Opening(_record(alice), _record(charlie), numbers)
        db.session.commit()
    db.session.remove()
    return opening


def make() -> Story:
    """Fill the database with the cast; commits."""
    with tenancy.across_resellers():
        home, away = _reseller("Keystone Voice", "keystone"), _reseller("Otherwise Tel", "other")
        tier, away_tier = _tier(home), _tier(away)
        acme, birch = _client(home, "Acme", tier), _client(home, "Birch", tier)
        people = {
            "alice": _staff(home, "Alice", Role.APPROVER),
            "victor": _staff(home, "Victor", Role.VIEWER),
            "mallory": _staff(away, "Mallory", Role.OWNER),
            "bob": _login(acme, "Bob"),
            "charlie": _login(birch, "Charlie"),
        }
        acme_group, birch_group = _group(acme), _group(birch)
        free = _stock(home, tier)
        owned = _owned(home, tier, acme, acme_group, "+14125550190")
        other = _owned(home, tier, birch, birch_group, "+14125550191")
        foreign = _did(away, away_tier, "+12125550170", "NY", "New York")
        db.session.flush()
        story = Story(
            reseller_id=home.id,
            other_reseller_id=away.id,
            acme=Thing(acme.id, acme.name),
            birch=Thing(birch.id, birch.name),
            tier=Thing(tier.id, tier.name),
            acme_group=Thing(acme_group.id, acme_group.name),
            birch_group=Thing(birch_group.id, birch_group.name),
            free=tuple(did.number for did in free),
            acme_number=owned.number,
            birch_number=other.number,
            foreign_number=foreign.number,
            **{key: _record(person) for key, person in people.items()},
        )
        db.session.commit()
    db.session.remove()
    return story


def _record(person: Staff | Login) -> Person:
    is_staff = isinstance(person, Staff)
    reseller = person.reseller if is_staff else person.client.reseller
    return Person(
        id=person.id,
        name=person.name,
        email=person.email,
        reseller_id=reseller.id,
        slug=reseller.slug,
        is_staff=is_staff,
        client_id=None if is_staff else person.client_id,
    )


def _add(row):  # type: ignore[no-untyped-def]
    db.session.add(row)
    db.session.flush()
    return row


def _reseller(name: str, slug: str) -> Reseller:
    reseller = _add(Reseller(name=name, slug=slug))
    _add(
        PortalSettings(
            reseller_id=reseller.id,
            company_name=name,
            support_email=f"help@{slug}.example",
            support_phone="(412) 555-0100",
        )
    )
    _add(ServicePrice(reseller_id=reseller.id, service="call_forwarding", monthly_micros=500_000))
    return reseller


def _tier(reseller: Reseller) -> Tier:
    return _add(
        Tier(
            reseller_id=reseller.id,
            label="1",
            name="Standard",
            monthly_micros=1_500_000,
            setup_micros=1_000_000,
            cost_monthly_micros=350_000,
            cost_setup_micros=100_000,
        )
    )


def _client(reseller: Reseller, name: str, tier: Tier) -> Client:
    client = _add(
        Client(reseller_id=reseller.id, name=name, contact_email=f"orders@{name.lower()}.example")
    )
    settings = _add(
        OrderSettings(
            reseller_id=reseller.id,
            client_id=client.id,
            editable_services=["call_forwarding", "failover", "cnam_outbound"],
        )
    )
    _add(OrderSettingsTier(reseller_id=reseller.id, order_settings_id=settings.id, tier_id=tier.id))
    return client


def _staff(reseller: Reseller, name: str, role: Role) -> Staff:
    return _add(
        Staff(
            reseller_id=reseller.id,
            email=f"{name.lower()}@{reseller.slug}.example",
            name=name,
            role=role,
            status=AccountStatus.ACTIVE,
            password_hash=credentials.hash_password(PASSWORD),
        )
    )


def _login(client: Client, name: str) -> Login:
    return _add(
        Login(
            reseller_id=client.reseller_id,
            client_id=client.id,
            email=f"{name.lower()}@{client.name.lower()}.example",
            name=name,
            status=AccountStatus.ACTIVE,
            password_hash=credentials.hash_password(PASSWORD),
        )
    )


def _group(client: Client) -> DidGroup:
    return _add(
        DidGroup(reseller_id=client.reseller_id, name=f"{client.name} main", client_id=client.id)
    )


def _did(reseller: Reseller, tier: Tier, number: str, state: str, city: str, **more) -> Did:  # type: ignore[no-untyped-def]
    values = {
        "rate_center": city.upper(),
        "has_t38": True,
        "has_cnam": True,
        "has_sms": True,
        "type": DidType.LOCAL,
    } | more
    return _add(
        Did(
            reseller_id=reseller.id,
            number=number,
            npa=number[2:5],
            nxx=number[5:8],
            tier_id=tier.id,
            state=state,
            city=city,
            **values,
        )
    )


def _stock(reseller: Reseller, tier: Tier) -> list[Did]:
    pittsburgh = [_did(reseller, tier, f"+1412555010{n}", "PA", "Pittsburgh") for n in range(1, 6)]
    boston = [
        _did(reseller, tier, f"+1617555010{n}", "MA", "Boston", has_sms=False) for n in (1, 2)
    ]
    toll_free = _did(reseller, tier, "+18335550101", "", "", type=DidType.TOLL_FREE, has_cnam=False)
    return [*pittsburgh, *boston, toll_free]


def _owned(reseller: Reseller, tier: Tier, client: Client, group: DidGroup, number: str) -> Did:
    from carriers import inventory

    did = _did(reseller, tier, number, "PA", "Pittsburgh")
    with tenancy.acting_for(reseller.id):
        inventory.give_did(did, group)
    return did
