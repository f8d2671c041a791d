"""Which pages show rows, and how to give each of them more; counting is test_query_counts.py's.

A new page goes into ``SHOWS_ROWS``, and what it shows into one of the functions below; a page that
shows one thing, or a form, goes into ``SHOWS_NO_ROWS``.
"""

from datetime import date, timedelta

from sqlalchemy import select, update

import charging
import clients
import notes
import ports
from carriers import inventory
from columns import now
from extensions import db
from models import (
    CdrProfile,
    Client,
    Did,
    DidAssignment,
    DidGroup,
    DidImport,
    DidStatus,
    E911Group,
    E911Record,
    EndpointGroup,
    Net,
    Port,
    PortReason,
    Rate,
    RatePlan,
    RejectReason,
    Rerating,
    SpendAlert,
    Staff,
    Tier,
    UsageKind,
    WebSession,
)
from tests.support import calls, orders
from tests.support.cast import Story

_LISTS = (
    *(
        "audit",
        "client_activity",
        "client_charges",
        "client_e911",
        "client_logins",
        "client_numbers",
    ),
    *("client_order_history", "client_pending_orders", "client_ports", "clients", "did_groups"),
    *("dids", "e911", "e911_groups", "e911_missing", "endpoint_groups", "logins", "mail"),
    *("cdr_imports", "order_history", "order_settings", "pending_orders", "ports"),
    *("rate_plans", "staff_members", "tiers"),
)
SHOWS_ROWS = {
    *(f"{screen}.{view}" for screen in _LISTS for view in ("index_view", "export")),
    *(
        "cdr_formats.index",
        "admin.index",
        "search.index",
        "orders.show",
        "order_receipt.index",
        "port.show",
        "client.overview",
    ),
    *("client_usage.index", "client_usage.calls", "client_usage.csv", "usage.index", "usage.csv"),
    *("rate_plans.details_view", "rate_plans.clients_view", "rate_plans.rates_csv"),
    *("price_again.index", "unassigned.index", "unused.index", "unused.csv"),
    *("did_import.index", "did_import.show", "did_import.report", "profile.index"),
    *("port_words.index", "reject_reasons.index", "dids.details_view"),
    *("client_order_settings.index", "order_settings.defaults_view"),
    *("portal.first_page", "portal.numbers", "portal.number", "portal.orders", "portal.order"),
    "portal.order_receipt",
    *("portal.order_numbers", "portal.review_numbers", "portal.e911", "portal.review_many"),
    *("portal.review_release", "portal.numbers_csv"),
    *("client_statements.index", "client_statements.show", "client_alerts.index", "months.index"),
    *("portal.statement_list", "portal.statement", "portal.ports", "portal.port", "portal.people"),
    *("portal.account", "portal.usage", "portal.usage_calls", "portal.usage_csv"),
}
"""Pages that must have grown between the two counts, so that equal counts mean something."""

_FORMS = ("create_view", "edit_view", "ajax_lookup")
"""What Flask-Admin gives every list besides: one row's form, and choices that are asked for."""

SHOWS_NO_ROWS = {
    *(f"{screen}.{view}" for screen in _LISTS for view in _FORMS),
    *(f"{screen}.details_view" for screen in _LISTS if screen not in ("dids", "rate_plans")),
    *("client.edit", "client.standing", "cdr_imports.bad_lines", "unassigned.give"),
    *("rate_plans.copy_view", "rate_plans.rate_view", "rate_decks.upload"),
    *("rate_decks.index", "rate_decks.show", "rate_decks.bad_lines"),
    *("price_again.show", "price_again.csv"),
    *("cdr_imports.progress", "cdr_formats.edit"),
    *("did_import.sample", "logins.preview_view", "mail.body_view", "orders.index"),
    *("port.complete", "port.edit", "portal_settings.index", "portal_settings.preview"),
    *(
        "company.index",
        "retention.index",
        "help.index",
        "prices.index",
        "two_factor.index",
        "two_factor.picture",
    ),
    *("portal.two_factor", "portal.two_factor_picture"),
    *("portal.many_e911", "portal.e911_history"),
    *("portal.change_e911", "portal.change_service", "portal.new_e911", "portal.remove_e911"),
    *("portal.release_number", "portal.upload_numbers", "portal.ask_again"),
}
"""Forms, one thing each, and lists as long as the code says; they are counted all the same."""


def grow(story: Story, first: int, last: int) -> None:
    """Add one of everything that any page lists, for each n; commits."""
    for n in range(first, last):
        _add_client(story, n)
        _add_orders(story, [f"+1215555{n:02d}{k:02d}" for k in range(4)])
        _move_in(story, n)
        _add_people(story, n)
        _add_past(story, n)
        _add_money(story, n)
        db.session.commit()
    _add_calls(story, first, last)


def in_stock(first: int, last: int) -> list[str]:
    """Name the numbers that stay free to be ordered, by their digits."""
    return [f"215555{n:02d}03" for n in range(first, last)]


def _add_client(story: Story, n: int) -> None:
    alice = orders.actor(story.alice)
    client = clients.create(by=alice, name=f"Client {n}", contact_email=f"c{n}@x.example")
    email = f"p{n}@x.example"
    more = {"notify": email, "allow_order_requests": True}
    clients.add_login(client, by=alice, name=f"Person {n}", email=email, **more)
    acme = db.session.get_one(Client, story.acme.id)
    clients.add_login(acme, by=alice, name=f"Colleague {n}", email=f"a{email}", **more)
    for kind in (DidGroup, EndpointGroup, E911Group):
        db.session.add(kind(reseller_id=story.reseller_id, name=f"G {n}", client=client))
    group = DidGroup(reseller_id=story.reseller_id, name=f"Own {n}", client=client)
    did = add_did(story, f"+1215556{n:04d}")
    db.session.add(group)
    db.session.flush()
    inventory.give_did(did, group)
    idle = add_did(story, f"+1215558{n:04d}")
    db.session.flush()
    inventory.give_did(idle, group)
    idle.activated_at = calls.LONG_AGO
    db.session.add(Tier(reseller_id=story.reseller_id, label=f"T{n}", name=f"T {n}"))
    _add_rates(story, n)
    for kind in (RejectReason, PortReason):
        db.session.add(
            kind(
                reseller_id=story.reseller_id,
                text=f"A reason that is as long as a sentence is, number {n}.",
                position=n,
            )
        )


def _add_rates(story: Story, n: int) -> None:
    """Add a rate plan, a rate of the plan that is shown, and calls priced again."""
    shown = db.session.scalars(select(RatePlan).where(RatePlan.name == "Acme's plan")).one()
    rate = {"kind": "outbound", "prefix": f"1{n:04d}", "starts_on": date(2026, 1, 1)}
    db.session.add(RatePlan(reseller_id=story.reseller_id, name=f"Plan {n}"))
    db.session.add(Rerating(first_day=date(2026, 1, 1), last_day=date(2026, 1, 2), by_name="A"))
    db.session.add(Rate(rate_plan_id=shown.id, **rate))


def _add_orders(story: Story, numbers: list[str]) -> None:
    """Add an approved, two rejected and a pending order of Bob's, and a number in stock."""
    for number in numbers:
        add_did(story, number)
    db.session.commit()
    orders.approve(orders.ask(story.bob, numbers[0]), story.alice)
    orders.reject(orders.ask(story.bob, numbers[1]), story.alice)
    forwarding = {"kind": "call_forwarding", "forward_to": "4125550177"}
    orders.reject(orders.ask(story.bob, story.acme_number, **forwarding), story.alice)
    pending = orders.find(orders.ask(story.bob, numbers[2]))
    notes.add(pending, "A word.", orders.actor(story.bob))


def owned(first: int, last: int) -> str:
    """Name Acme's numbers as an address does, as many as one order can have."""
    return ".".join(f"215555{n:02d}00" for n in range(first, min(last, first + 49)))


def add_did(story: Story, number: str, status: DidStatus = DidStatus.AVAILABLE) -> Did:
    """Put a number in the inventory."""
    did = Did(
        reseller_id=story.reseller_id,
        number=number,
        npa=number[2:5],
        nxx=number[5:8],
        tier_id=story.tier.id,
        status=status,
        state="PA",
        city="Pittsburgh",
        has_t38=True,
        has_cnam=True,
        has_sms=True,
    )
    db.session.add(did)
    return did


def _move_in(story: Story, n: int) -> None:
    """Add a port, a number to the port that is shown, and a 911 address of Acme's."""
    alice, shown = orders.actor(story.alice), _shown_port()
    typed = {"pon": f"P {n}", "porting_from": "Oldtel", "numbers": f"+1610555{n:04d}"}
    ports.save(Port(), by=alice, client=shown.client, **typed)
    ports.add_numbers(shown, f"+1484555{n:04d}", by=alice)
    address = {"address1": "1 Main Street", "city": "Erie", "state": "PA", "zip": "16501"}
    record = E911Record(
        reseller_id=story.reseller_id,
        client_id=story.acme.id,
        number=f"+1814555{n:04d}",
        net=Net.OFF_NET,
        caller_name="Acme",
        **address,
    )
    db.session.add(record)


def _shown_port() -> Port:
    return db.session.scalars(select(Port).where(Port.pon == "K-1")).one()


def _add_people(story: Story, n: int) -> None:
    """Add a staff member, and a browser in which Alice is signed in, and one of Bob's."""
    db.session.add(Staff(reseller_id=story.reseller_id, name=f"S {n}", email=f"s{n}@x.example"))
    for own in ({"staff_id": story.alice.id}, {"login_id": story.bob.id}):
        session = WebSession(reseller_id=story.reseller_id, **own)
        session.token_hash, session.expires_at = (
            f"{next(iter(own))}{n:054d}",
            now() + timedelta(days=1),
        )
        db.session.add(session)


def _add_money(story: Story, n: int) -> None:
    """Add an adjustment of Acme's, an alert, and a month long ago."""
    alice = orders.actor(story.alice)
    acme = db.session.get_one(Client, story.acme.id)
    charging.adjust(acme, n, f"Work number {n}, as agreed", by=alice, key=f"g{n}")
    alert = SpendAlert(client_id=acme.id, amount_micros=n, emails=[f"desk{n}@x.example"])
    day = date(2010 + n // 12, 1 + n % 12, 1)
    calls.spent(acme.id, day, n, UsageKind.ADJUSTMENT)
    db.session.add_all([alert, CdrProfile(key=f"f{n}", name=f"Format {n}")])


def _add_past(story: Story, n: int) -> None:
    """Add a past holder of the number whose page is opened, and an upload of numbers."""
    did = db.session.scalars(select(Did).where(Did.number == story.free[0])).one()
    held = DidAssignment(reseller_id=story.reseller_id, did_id=did.id, number=did.number)
    held.client_id, held.started_at, held.ended_at = story.birch.id, calls.LONG_AGO, now()
    db.session.add(held)
    counts = {"counts": {"added": 1}}
    upload = DidImport(reseller_id=story.reseller_id, staff_id=story.alice.id, counts=counts)
    upload.file_name, upload.content, upload.digest = f"{n}.csv", b"", f"{n:064d}"
    db.session.add(upload)


def _add_calls(story: Story, first: int, last: int) -> None:
    """Add a call file for each n: calls of two numbers of Acme's, and of one of Client n."""
    own = {"synchronize_session": False}
    started = update(DidAssignment).values(started_at=calls.LONG_AGO).execution_options(**own)
    db.session.execute(started)
    db.session.commit()
    at = now().strftime("%Y-%m-%d %H:%M:%S")
    for n in range(first, last):
        calls.load(
            calls.line(f"n{n}", f"+1215555{n:02d}00", at=at),
            calls.line(f"a{n}", story.acme_number, at=at),
            calls.line(f"c{n}", f"+1215556{n:04d}", at=at),
            calls.line(f"x{n}", f"+1303555{n:04d}", at=at),
            name=f"{n}.CDR",
        )


def long_order(story: Story, number: str, lines: int) -> None:
    """Give the order that the pages show more lines and notes; commits."""
    order = orders.find(number)
    spare = [f"+1267555{n:04d}" for n in range(lines)]
    for telephone in spare:
        # Not to be ordered, so that the portal's stock stays within a page.
        add_did(story, telephone, DidStatus.SUSPENDED)
    db.session.commit()
    order.lines.extend(
        type(order.lines[0])(
            reseller_id=order.reseller_id,
            position=len(order.lines) + n,
            number=telephone,
            slot=order.lines[0].slot,
            requested={"did": {}},
            current={"did": None},
            prices={},
        )
        for n, telephone in enumerate(spare, 1)
    )
    for n in range(lines):
        notes.add(order, f"Note {n}.", orders.actor(story.bob))
    db.session.commit()
