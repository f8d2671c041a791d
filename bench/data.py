"""Fill an empty database with a reseller's everyday, seeded and skewed; measures nothing.

Run: python bench/data.py --url sqlite:////path/file.db [--scale 1] [--resellers 10] [--seed 7]

Scale 1 is 10 resellers, 1,000 clients, 200,000 numbers (60 % of them with clients), 100,000 orders
(4 % pending) with lines and events, 10,000 rates, and 2,000,000 calls over the 92 days up to today
with their daily sums. Client r carries 1/r^0.7 of the traffic: client 1 is the heaviest, client 500
a typical one. ``--resellers 1`` gives all of it to one reseller, which is how pages are compared
with ten times the rows that they do not show. Everybody's password is PASSWORD.
"""

import argparse
import itertools
import operator
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from loading import Loader, make_app  # noqa: E402

import credentials  # noqa: E402
import models  # noqa: E402, F401  The tables must be known before they are made.

PASSWORD = "quiet-river-seven-lamps"
DAYS = 92
TIERS = (("1", 1_250_000), ("2", 1_750_000), ("4", 3_500_000), ("777", 2_250_000))
FIRST = (
    "Alder Birch Cedar Dover Elgin Fairview Grand Harbor Ironton Juniper Keystone Lake"
).split()
SECOND = (
    "Bakery Clinic Dental Foods Insurance Law Logistics Motors Plumbing Realty Travel"
).split()
STATES = ("AL AZ CA CO CT FL GA IL IN KS MA MD MI MN MO NC NJ NV NY OH OR PA TN TX VA WA").split()
KINDS = ("did_order", "did_release", "call_forwarding", "e911_provision", "cnam_outbound")
SLOTS = dict(zip(KINDS, ("did", "did", "routing", "e911", "cnam_outbound"), strict=True))
ADDRESS = {
    "caller_name": "Front Desk",
    "address1": "100 Main Street",
    "address2": "",
    "city": "Erie",
    "state": "PA",
    "zip": "16501",
    "zip4": "",
}
Row = tuple[Any, ...]


class World:
    """Who there is and what they have, drawn once; the tables are written from it."""

    def __init__(self, seed: int, scale: float, resellers: int) -> None:
        self.random = random.Random(seed)
        self.now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        self.start = self.now - timedelta(days=DAYS)
        self.resellers = resellers
        self.clients = max(20, int(1000 * scale))
        self.numbers = int(200_000 * scale)
        self.orders = int(100_000 * scale)
        self.calls = int(2_000_000 * scale)
        self.rates = max(100, int(10_000 * scale))
        self.weights = list(itertools.accumulate(1 / r**0.7 for r in range(1, self.clients + 1)))
        self.owned: dict[int, list[int]] = defaultdict(list)
        self.free: dict[int, list[int]] = defaultdict(list)
        self.number_of: dict[int, str] = {}
        self.forwarded: dict[int, str] = {}
        self.with_e911: set[int] = set()
        self.tier_of: dict[int, int] = {}
        self.held: dict[int, int] = {}
        self.owner_of: dict[int, int] = {}

    def reseller_of(self, client: int) -> int:
        """Tell whose client it is."""
        return (client - 1) % self.resellers + 1

    def some_clients(self, count: int) -> list[int]:
        """Draw clients by their traffic."""
        everybody = range(1, self.clients + 1)
        return self.random.choices(everybody, cum_weights=self.weights, k=count)

    def share_numbers(self) -> None:
        """Give most numbers to clients and leave the others in a reseller's stock."""
        draw, drawn = self.random.random, iter(self.some_clients(self.numbers))
        for did in range(1, self.numbers + 1):
            self.number_of[did] = e164(did)
            self.tier_of[did] = did % 4
            client = did if did <= self.clients else next(drawn)
            if did <= self.clients or draw() < 0.6:
                self.owned[client].append(did)
                self.owner_of[did] = client
                if draw() < 0.2:
                    self.forwarded[did] = f"+1412555{did % 10_000:04d}"
                if draw() < 0.3:
                    self.with_e911.add(did)
            else:
                self.free[did % self.resellers + 1].append(did)


def e164(did: int) -> str:
    """Make the n-th number: a thousand of each area code, spread over its exchanges."""
    area, line = divmod(did - 1, 1000)
    hundreds, rest = divmod(area % 648, 81)
    npa = f"{2 + hundreds}{rest // 9}{rest % 9}"
    return f"+1{npa}{200 + area // 648 * 50 + line // 25:03d}{(line * 7919 + area) % 10_000:04d}"


# --- Resellers, clients and their people ------------------------------------------------------


def write_people(loader: Loader, world: World) -> None:
    secret = credentials.hash_password(PASSWORD)
    made = world.start - timedelta(days=900)
    loader.write(
        "reseller",
        "id name slug is_active time_zone currency carrier hold_hours last_order_number created_at",
        (
            (r, f"Reseller {r}", f"reseller{r}", True, "America/New_York", "USD", "inventory")
            + (168, world.orders + 1, made)
            for r in range(1, world.resellers + 1)
        ),
    )
    loader.write(
        "portal_settings",
        "id reseller_id company_name brand_colour hide_prices version",
        ((r, r, f"Reseller {r}", "#0f5c7a", False, 2) for r in range(1, world.resellers + 1)),
    )
    loader.write(
        "staff",
        "id reseller_id email name role status password_hash wants_order_mail created_at",
        (
            (r, r, f"alice{r}@bench.example", "Alice", "owner", "active", secret, False, made)
            for r in range(1, world.resellers + 1)
        ),
    )
    write_prices(loader, world)
    write_clients(loader, world, secret)


def write_prices(loader: Loader, world: World) -> None:
    ids = itertools.count(1)
    loader.write(
        "tier",
        "id reseller_id label name monthly_micros setup_micros cost_monthly_micros "
        "cost_setup_micros position",
        (
            (next(ids), r, label, f"Tier {label}", price, price // 2, price // 3, 0, n)
            for r in range(1, world.resellers + 1)
            for n, (label, price) in enumerate(TIERS)
        ),
    )
    prices = [("call_forwarding", 500_000), ("e911", 1_500_000), ("cnam_outbound", 250_000)]
    loader.write(
        "service_price",
        "reseller_id service monthly_micros setup_micros",
        ((r, key, price, 0) for r in range(1, world.resellers + 1) for key, price in prices),
    )
    plans = range(1, world.resellers + 1)
    loader.write(
        "rate_plan",
        "id reseller_id name markup_basis_points markup_fixed_micros",
        ((r, r, "Standard", 2500, 0) for r in plans),
    )
    loader.write(
        "rate",
        "reseller_id rate_plan_id kind prefix minute_micros unit_micros minimum_seconds "
        "increment_seconds starts_on",
        (
            (1, 1, "outbound", f"1{prefix}", 9_000 + prefix, 0, 6, 6, world.start.date())
            for prefix in range(200, 200 + world.rates)
        ),
    )


def write_clients(loader: Loader, world: World, secret: str) -> None:
    everybody = range(1, world.clients + 1)
    pick, since = world.random.choice, world.start
    standing = world.random.choices(("active", "suspended", "closed"), (94, 4, 2), k=world.clients)
    standing[0] = standing[min(500, world.clients) - 1] = "active"
    of = world.reseller_of
    loader.write(
        "client",
        "id reseller_id name account_ref status contact_name contact_email rate_plan_id created_at",
        (
            (c, of(c), f"{pick(FIRST)} {pick(SECOND)} {c}", f"C{c:05d}", standing[c - 1])
            + ("Bob Miller", f"billing@client{c}.example", of(c), since - timedelta(days=c % 700))
            for c in everybody
        ),
    )
    loader.write(
        "login",
        "id reseller_id client_id email name status allow_order_requests is_administrator "
        "password_hash must_change_password created_at",
        (
            (c, of(c), c, f"bob{c}@bench.example", "Bob", "active", True, True, secret, False)
            + (since,)
            for c in everybody
        ),
    )
    loader.write(
        "did_group",
        "id reseller_id name client_id created_at",
        ((c, of(c), f"Numbers of {c}", c, since) for c in everybody),
    )
    write_order_settings(loader, world)


def write_order_settings(loader: Loader, world: World) -> None:
    everybody, of = range(1, world.clients + 1), world.reseller_of
    services = ["call_forwarding", "failover", "fax_to_email", "cnam_outbound"]
    loader.write(
        "order_settings",
        "id reseller_id client_id did_ordering e911_provisioning editable_services require_t38 "
        "require_cnam require_sms require_local require_toll_free auto_approve_call_forwarding "
        "auto_approve_failover auto_approve_e911 max_numbers_per_order version",
        (
            (c, of(c), c, True, True, services, *["any"] * 5, False, False, False, 50, 1)
            for c in everybody
        ),
    )
    loader.write(
        "order_settings_tier",
        "reseller_id order_settings_id tier_id",
        ((of(c), c, (of(c) - 1) * 4 + n) for c in everybody for n in range(1, 5)),
    )


# --- Numbers ------------------------------------------------------------------------------------


def write_numbers(loader: Loader, world: World) -> None:
    loader.write(
        "did",
        "id reseller_id number npa nxx type status tier_id state rate_center city has_t38 has_cnam "
        "has_sms did_group_id client_id held_by_id held_until activated_at created_at",
        (number_row(world, did) for did in range(1, world.numbers + 1)),
    )
    loader.write(
        "did_service",
        "reseller_id did_id service slot settings monthly_micros since",
        (
            (world.reseller_of(world.owner_of[did]), did, "call_forwarding", "routing")
            + ({"forward_to": to}, 500_000, world.start)
            for did, to in world.forwarded.items()
        ),
    )
    loader.write(
        "did_assignment",
        "reseller_id did_id number client_id monthly_micros setup_micros started_at",
        (
            (world.reseller_of(client), did, world.number_of[did], client)
            + (TIERS[world.tier_of[did]][1], 0, world.start - timedelta(hours=did % 9000))
            for did, client in world.owner_of.items()
        ),
    )
    loader.write(
        "e911_record",
        "reseller_id client_id did_id number net caller_name address1 city state zip status "
        "alert_emails activated_at",
        (
            (world.reseller_of(world.owner_of[did]), world.owner_of[did], did)
            + (world.number_of[did], "on_net", "Front Desk", "100 Main Street", "Erie", "PA")
            + ("16501", "provisioned", [], world.start)
            for did in sorted(world.with_e911)
        ),
    )


def number_row(world: World, did: int) -> Row:
    number, client = world.number_of[did], world.owner_of.get(did)
    reseller = world.reseller_of(client) if client else did % world.resellers + 1
    state, town = STATES[int(number[2:5]) % len(STATES)], FIRST[did % len(FIRST)]
    order = world.held.get(did)
    until = world.now + timedelta(days=6) if order else None
    status = "active" if client else "available" if did % 20 else "suspended"
    return (
        *(did, reseller, number, number[2:5], number[5:8], "local", status),
        *((reseller - 1) * 4 + 1 + world.tier_of[did], state, f"{town.upper()} {number[2:5]}"),
        *(town, did % 3 > 0, True, did % 2 > 0, client, client, order, until),
        *(world.start if client else None, world.start - timedelta(days=300)),
    )


# --- Orders -------------------------------------------------------------------------------------


class Orders:
    """The orders with their lines and events, made before the numbers that some of them hold."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: list[Row] = []
        self.lines: list[Row] = []
        self.events: list[Row] = []
        self.taken: set[tuple[int, str]] = set()
        pick = world.random.choices
        kinds = pick(KINDS, (50, 15, 15, 12, 8), k=world.orders)
        states = pick(("pending", "completed", "rejected"), (4, 86, 10), k=world.orders)
        for n, client in enumerate(world.some_clients(world.orders), 1):
            self._add(n, client, kinds[n - 1], states[n - 1])

    def _add(self, n: int, client: int, kind: str, state: str) -> None:
        world = self.world
        span = (world.now - world.start).total_seconds()
        at = world.start + timedelta(seconds=n * span / (world.orders + 1))
        dids = self._numbers(client, kind, state)
        if not dids:
            kind, dids = "did_order", world.owned[client][:1]
            state = "completed"
        is_open = state == "pending"
        lines = [self._line(n, p, did, kind, is_open) for p, did in enumerate(dids, 1)]
        decided = None if is_open else at + timedelta(minutes=7 + n % 2880)
        self.rows.append(
            (n, world.reseller_of(client), f"O-{n:06d}", kind, state, kind[:4] == "e911", client)
            + (client, at, decided, None if is_open else world.reseller_of(client))
            + (None if is_open else "Alice", False, 1)
            + ("Sold to somebody else meanwhile." if state == "rejected" else None,)
            + (sum(row[8] for row in lines), sum(row[9] for row in lines), len(lines), 1, 0)
            + (decided if state == "completed" else None,)
        )
        self.lines += lines
        self._tell(n, client, state, at, decided)

    def _numbers(self, client: int, kind: str, state: str) -> list[int]:
        """Choose the numbers of an order; those of an open one are no other open order's."""
        world, slot = self.world, SLOTS[kind]
        if kind == "did_order":
            count = min(20, int(world.random.paretovariate(1.2)))
            if state != "pending":
                return list(dict.fromkeys(world.random.choices(world.owned[client], k=count)))
            stock = world.free[world.reseller_of(client)]
            found = []
            while stock and len(found) < count:
                did = stock.pop()
                if did % 20:
                    found.append(did)
            world.held |= dict.fromkeys(found, len(self.rows) + 1)
            return found
        did = world.random.choice(world.owned[client])
        if state != "pending":
            return [did]
        clash = (did, slot) in self.taken or (kind == "e911_provision" and did in world.with_e911)
        if clash or (kind == "did_release" and did in world.with_e911):
            return []
        self.taken.add((did, slot))
        return [did]

    def _line(self, n: int, position: int, did: int, kind: str, is_open: bool) -> Row:
        world = self.world
        current, requested, monthly, setup = asked(world, did, kind)
        prices = {key: {"monthly_micros": monthly, "setup_micros": setup} for key in requested}
        return (
            *(self._reseller(did), n, position, world.number_of[did], did, SLOTS[kind]),
            *(current, requested, monthly, setup, prices, is_open),
            *("waiting" if is_open else "done", None if is_open else world.now),
        )

    def _reseller(self, did: int) -> int:
        client = self.world.owner_of.get(did)
        return self.world.reseller_of(client) if client else did % self.world.resellers + 1

    def _tell(self, n: int, client: int, state: str, at: datetime, decided: Any) -> None:
        reseller = self.world.reseller_of(client)
        self.events.append((reseller, n, "submitted", None, "pending", None, client, "Bob", at))
        if state == "rejected":
            event = ("rejected", "pending", "rejected", reseller, None, "Alice", decided)
            self.events.append((reseller, n, *event))
        if state == "completed":
            for event in (
                ("approved", "pending", "approved", reseller, None, "Alice", decided),
                ("completed", "approved", "completed", None, None, "By itself", decided),
            ):
                self.events.append((reseller, n, *event))

    def write(self, loader: Loader) -> None:
        """Write the orders, then what hangs on them."""
        loader.write(
            "orders",
            "id reseller_id number kind state is_urgent client_id login_id submitted_at decided_at "
            "decided_by_id decided_by_name is_auto_approved settings_version reason monthly_micros "
            "setup_micros line_count round attempts completed_at",
            self.rows,
        )
        loader.write(
            "order_line",
            "reseller_id order_id position number did_id slot current requested monthly_micros "
            "setup_micros prices is_open result done_at",
            self.lines,
        )
        loader.write(
            "order_event",
            "reseller_id order_id name from_state to_state staff_id login_id by_name at",
            self.events,
        )


def asked(world: World, did: int, kind: str) -> tuple[Any, Any, int, int]:
    """Say what a line of a kind changes on a number: now, then, and what it costs."""
    rent, to = TIERS[world.tier_of[did]][1], world.forwarded.get(did)
    on = {"call_forwarding": {"forward_to": to}} if to else {}
    if kind == "did_order":
        return {"did": None}, {"did": {}}, rent, rent // 2
    if kind == "did_release":
        now: dict[str, Any] = {"did": {}} | on
        return now, dict.fromkeys(now), -rent, 0
    if kind == "call_forwarding":
        return (
            {kind: on.get(kind)},
            {kind: {"forward_to": f"+1614555{did % 10_000:04d}"}},
            0 if to else 500_000,
            0,
        )
    if kind == "e911_provision":
        return {"e911": None}, {"e911": ADDRESS}, 1_500_000, 0
    return {kind: None}, {kind: {"display_name": f"DESK {did % 1000}"}}, 250_000, 0


# --- Calls --------------------------------------------------------------------------------------


def write_calls(loader: Loader, world: World) -> None:
    sums: dict[Row, list[int]] = {}
    loader.write(
        "cdr_import",
        "id reseller_id file_name digest source state lines added repeated bad unassigned "
        "created_at",
        (
            (r, r, "bench.csv", "0" * 64, "bench", "done", world.calls, world.calls, 0, 0, 0)
            + (world.now,)
            for r in range(1, world.resellers + 1)
        ),
    )
    loader.write(
        "call",
        "reseller_id cdr_import_id source transaction_id kind started_at day number far_end "
        "seconds billed_seconds cost_micros price_micros client_id",
        calls(world, sums),
    )
    loader.write(
        "usage_day",
        "reseller_id day client_id owner number kind calls billed_seconds cost_micros price_micros",
        (
            (reseller, day, client, client, number, kind, *total)
            for (reseller, day, client, number, kind), total in sums.items()
        ),
    )
    for table, key in (
        ("usage_client_day", "day owner kind"),
        ("usage_client_month", "month owner kind"),
        ("usage_all_day", "day kind"),
    ):
        loader.write(
            table,
            f"reseller_id {key} calls billed_seconds cost_micros price_micros",
            ((*at, *total) for at, total in added_up(sums, key.split()).items()),
        )


def added_up(sums: dict[Row, list[int]], key: list[str]) -> dict[Row, list[int]]:
    """Add daily sums up by the reseller and a coarser key."""
    coarse: dict[Row, list[int]] = {}
    for (reseller, day, client, _, kind), added in sums.items():
        parts = {"day": day, "month": day.replace(day=1), "owner": client, "kind": kind}
        total = coarse.setdefault((reseller, *(parts[name] for name in key)), [0, 0, 0, 0])
        total[:] = map(operator.add, total, added)
    return coarse


def calls(world: World, sums: dict[Row, list[int]]) -> Iterator[Row]:
    """Make calls in the order of time, and add them up day by day as they pass."""
    draw, span = world.random.random, (world.now - world.start).total_seconds()
    clients: Iterator[int] = iter(())
    for n in range(world.calls):
        if n % 100_000 == 0:
            clients = iter(world.some_clients(100_000))
        client = next(clients)
        own = world.owned[client]
        reseller, number = world.reseller_of(client), world.number_of[own[int(draw() * len(own))]]
        at = world.start + timedelta(seconds=n * span / world.calls)
        day = (at - timedelta(hours=5)).date()
        kind = "outbound" if draw() < 0.4 else "inbound"
        seconds = int(15 + 300 * draw() ** 2)
        billed = -(-seconds // 6) * 6
        cost, price = billed * 5_000 // 60, billed * 9_000 // 60
        total = sums.setdefault((reseller, day, client, number, kind), [0, 0, 0, 0])
        for i, more in enumerate((1, billed, cost, price)):
            total[i] += more
        far_end = f"+1{200 + int(draw() * 780)}555{int(draw() * 10_000):04d}"
        yield (
            *(reseller, reseller, "bench", f"b{n}", kind, at, day, number, far_end),
            *(seconds, billed, cost, price, client),
        )


def fill(url: str, world: World) -> None:
    """Migrate an empty database and fill it."""
    app, began = make_app(url), time.perf_counter()
    with app.app_context():
        loader = Loader()
        world.share_numbers()
        write_people(loader, world)
        orders = Orders(world)
        write_numbers(loader, world)
        orders.write(loader)
        write_calls(loader, world)
        loader.done()
    for table, count in loader.counts.items():
        print(f"{count:>10,} {table}")
    print(f"{time.perf_counter() - began:.0f} s")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--url", required=True)
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--resellers", type=int, default=10)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--orders", type=int, help="instead of what the scale gives")
    options.add_argument("--calls", type=int, help="instead of what the scale gives")
    given = options.parse_args()
    world = World(given.seed, given.scale, given.resellers)
    world.orders = world.orders if given.orders is None else given.orders
    world.calls = world.calls if given.calls is None else given.calls
    fill(given.url, world)


if __name__ == "__main__":
    main()
