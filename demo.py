"""The demo: two resellers with people, clients, numbers and orders in every state.

All of it goes through the doors that people use (import, submit, approve, reject), so that the demo
is as true as the real thing. The passwords are known to everyone: never for production.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

import clients
import credentials
import demo_usage
import did_import
import permissions
import policy
import ports
import resellers
import tenancy
import workflow
from carriers import inventory
from extensions import db
from lines import Request
from models import (
    AccountStatus,
    Did,
    Login,
    Order,
    Port,
    Reseller,
    Role,
    ServicePrice,
    Staff,
    Tier,
)
from permissions import SYSTEM

PASSWORD = "quiet-river-seven-lamps"  # noqa: S105 (The demo prints it for everybody.)
SAMPLE = Path(__file__).resolve().parent / "sample_data" / "inventory.csv"

TIERS = (
    ("1", "Standard", 1_250_000, 1_000_000, 350_000, 0),
    ("2", "Standard Plus", 1_750_000, 1_000_000, 550_000, 100_000),
    ("4", "Remote Area", 3_500_000, 2_500_000, 1_400_000, 500_000),
    ("777", "Toll-Free", 2_250_000, 1_500_000, 700_000, 250_000),
)
"""Label, name, client's monthly and set-up price, reseller's own; in micro-dollars."""

PRICES = {
    "call_forwarding": (500_000, 0),
    "failover": (250_000, 0),
    "fax_to_email": (2_000_000, 1_000_000),
    "conference_line": (3_000_000, 0),
    "cnam_outbound": (0, 1_500_000),
    "cnam_inbound": (350_000, 0),
    "sms": (1_000_000, 0),
    "e911": (1_500_000, 0),
}

CLIENTS = (
    ("Acme Dental", "bob@acme.example", "Bob Miller", "Pittsburgh", 6),
    ("Birch Legal", "charlie@birch.example", "Charlie Nguyen", "Columbus", 4),
    ("Cedar Property", "dana@cedar.example", "Dana Ortiz", "Denver", 9),
)
"""Name, login, city and how many numbers."""
DAYS_AGO = (131, 83, 47)
"""When each of the clients began."""


def load() -> None:
    """Fill an empty database with the demo; commits."""
    with tenancy.across_resellers():
        home = _reseller("Keystone Voice", "keystone", "olivia@keystone.example", "Olivia Reyes")
        away = _reseller("Harbor Tel", "harbor", "mallory@harbor.example", "Mallory Finch")
        db.session.commit()
    with tenancy.acting_for(away):
        _import_numbers(away, lines=40)
        db.session.commit()
    with tenancy.acting_for(home):
        _people(home)
        _import_numbers(home)
        made = [_client(*about) for about in CLIENTS]
        demo_usage.begin_long_ago(dict(zip(made, DAYS_AGO, strict=True)))
        db.session.commit()
        _orders()
        _ports()
        db.session.commit()
        demo_usage.load()


def users(public_url: str) -> Iterator[tuple[str, str, str]]:
    """List (address, user, password) of the people who have the demo's password, and only them."""
    with tenancy.across_resellers():
        people: list[Staff | Login] = [
            *db.session.scalars(select(Staff).where(_is_demo(Staff)).order_by(Staff.id)),
            *db.session.scalars(select(Login).where(_is_demo(Login)).order_by(Login.id)),
        ]
        for person in people:
            if credentials.verify(person, PASSWORD):
                yield _sign_in(public_url, person), person.email, PASSWORD


def _is_demo(model: type[Staff] | type[Login]) -> Any:
    """Select those who may sign in and whose address can be nobody's."""
    return (model.status == AccountStatus.ACTIVE) & model.email.endswith(".example")


def _sign_in(public_url: str, person: Staff | Login) -> str:
    if isinstance(person, Staff):
        return f"{public_url}/admin/login"
    return f"{public_url}/portal/{person.client.reseller.slug}/sign-in"


def _reseller(name: str, slug: str, email: str, owner_name: str) -> int:
    owner = resellers.create(name, slug, email, owner_name)
    _activate(owner)
    settings = owner.reseller.portal_settings
    settings.support_email, settings.support_phone = f"help@{slug}.example", "(412) 555-0100"
    settings.support_hours, settings.version = "Monday to Friday, 8 am to 6 pm", 2
    settings.brand_colour = {"keystone": "#0f5c7a", "harbor": "#7a3b0f"}[slug]
    db.session.flush()
    return owner.reseller_id


def _activate(person: Staff | Login) -> None:
    person.password_hash = credentials.hash_password(PASSWORD)
    person.status = AccountStatus.ACTIVE


def _people(reseller_id: int) -> None:
    for name, email, role in (
        ("Alice Park", "alice@keystone.example", Role.APPROVER),
        ("Victor Lund", "victor@keystone.example", Role.VIEWER),
    ):
        staff = Staff(reseller_id=reseller_id, name=name, email=email, role=role)
        _activate(staff)
        db.session.add(staff)
    db.session.flush()


def _import_numbers(reseller_id: int, lines: int | None = None) -> None:
    """Price the tiers and import the sample; the second reseller gets its last lines only."""
    reseller = db.session.get_one(Reseller, reseller_id)
    db.session.query(Tier).delete()
    for position, (label, name, monthly, setup, cost, cost_setup) in enumerate(TIERS, start=1):
        db.session.add(
            Tier(
                reseller_id=reseller_id,
                label=label,
                name=name,
                monthly_micros=monthly,
                setup_micros=setup,
                cost_monthly_micros=cost,
                cost_setup_micros=cost_setup,
                position=position,
            )
        )
    db.session.query(ServicePrice).delete()
    for service, (monthly, setup) in PRICES.items():
        db.session.add(
            ServicePrice(
                reseller_id=reseller_id,
                service=service,
                monthly_micros=monthly,
                setup_micros=setup,
            )
        )
    db.session.flush()
    did_import.apply(did_import.read(_sample(lines), SAMPLE.name), reseller, by=SYSTEM)


def _sample(lines: int | None) -> bytes:
    rows = SAMPLE.read_bytes().splitlines(keepends=True)
    return b"".join(rows if lines is None else [rows[0], *rows[-lines:]])


def _client(name: str, email: str, person: str, city: str, count: int) -> int:
    """Make a client with a login, and give it numbers of a city; gives its id."""
    staff = permissions.staff_actor(_staff("alice"))
    client = clients.create(
        name=name, contact_email=f"orders@{email.split('@')[1]}", contact_name=person, by=staff
    )
    policy.settings_of(client).auto_approve_failover = name == "Cedar Property"
    login = Login(reseller_id=client.reseller_id, client=client, name=person, email=email)
    login.is_administrator = True
    _activate(login)
    db.session.add(login)
    db.session.flush()
    group = inventory.main_group(client)
    for did in _free(city, count):
        inventory.give_did(did, group)
    return client.id


def _free(city: str, count: int) -> list[Did]:
    free = select(Did).where(Did.city == city, Did.client_id.is_(None), Did.held_by_id.is_(None))
    return list(db.session.scalars(free.order_by(Did.number).limit(count)))


def _staff(name: str) -> Staff:
    return db.session.scalars(select(Staff).where(Staff.email.startswith(name))).one()


def _login(name: str) -> Login:
    return db.session.scalars(select(Login).where(Login.email.startswith(name))).one()


def _ask(login: str, kind: str, *requests: Request, note: str | None = None) -> Order:
    person = _login(login)
    by = permissions.login_actor(person)
    order = workflow.submit(person.client, kind, requests, by, note=note)
    db.session.flush()
    return order


def _owned(login: str, position: int) -> str:
    person = _login(login)
    mine = select(Did.number).where(Did.client_id == person.client_id).order_by(Did.number)
    return db.session.scalars(mine.offset(position).limit(1)).one()


def _new(city: str, count: int) -> list[Request]:
    return [Request(did.number) for did in _free(city, count)]


def _orders() -> None:
    """Send and decide a few orders, so that every screen has something to show."""
    alice = permissions.staff_actor(_staff("alice"))
    done = _ask("dana", "did_order", *_new("Denver", 2), note="For the new building.")
    workflow.approve(done, alice)
    name = {"display_name": "Acme Dental"}
    workflow.approve(_ask("bob", "cnam_outbound", Request(_owned("bob", 0), name)), alice)
    refused = _ask("charlie", "did_order", *_new("Columbus", 3))
    workflow.reject(refused, alice, "Three numbers were ordered last week. Do you need more?")
    _ask("dana", "failover", Request(_owned("dana", 1), {"failover_to": "(303) 555-0142"}))
    dropped = _ask("bob", "failover", Request(_owned("bob", 1), {"failover_to": "4125550199"}))
    workflow.cancel(dropped, permissions.login_actor(_login("bob")))
    _ask("bob", "did_order", *_new("Pittsburgh", 2), note="Front desk and fax, please.")
    forward = {"forward_to": "(614) 555-0171"}
    _ask("charlie", "call_forwarding", Request(_owned("charlie", 0), forward))
    address = {
        "caller_name": "Cedar Property",
        "address1": "1600 Broadway",
        "address2": "Floor 7",
        "city": "Denver",
        "state": "CO",
        "zip": "80202",
    }
    _ask("dana", "e911_provision", Request(_owned("dana", 0), address))
    pittsburgh = {
        "city": "Pittsburgh",
        "state": "PA",
        "zip": "15222",
        "address1": "100 Fifth Avenue",
    }
    office = {**address, **pittsburgh, "caller_name": "Acme Dental", "address2": "Suite 300"}
    for number in (_owned("bob", 2), "+14125550196"):
        workflow.approve(_ask("bob", "e911_provision", Request(number, office)), alice)


def _ports() -> None:
    """Enter one port that waits for an answer, and one whose numbers have moved."""
    alice = permissions.staff_actor(_staff("alice"))
    step = {status.key: status for status in ports.statuses()}
    open_ = _port("bob", "KV-2041", "Three Rivers Telephone", "4125550193\n4125550194\n4125550195")
    ports.move(open_, step["submitted"], by=alice)
    reason = "The PIN or passcode is missing or wrong."
    ports.set_numbers(open_, open_.numbers[:1], step[ports.QUESTION], reason, by=alice)
    ports.move(open_, step[ports.QUESTION], by=alice, note="Please send us the PIN.")
    ports.comment(open_, "Ann at Three Rivers answers until 5 pm.", is_private=True, by=alice)
    done = _port("dana", "KV-2032", "Mile High Telecom", "(303) 555-0195, (303) 555-0196")
    ports.move(done, step["submitted"], by=alice)
    ports.set_foc(done, ports.today().isoformat(), by=alice)
    ports.move(done, step["foc_confirmed"], by=alice)
    tier = db.session.scalars(select(Tier).order_by(Tier.position)).first()
    ports.complete(done, by=alice, tier=tier, brings=True, note="Welcome.")


def _port(login: str, pon: str, losing: str, numbers: str) -> Port:
    client, port = _login(login).client, Port()
    by = permissions.staff_actor(_staff("alice"))
    entity = {"porting_from": losing, "entity_name": client.name}
    ports.save(port, by=by, client=client, numbers=numbers, pon=pon, **entity)
    return port
