"""The embedded carrier: the reseller's own stock, and the door through which numbers change hands.

``record`` writes what a carrier has done into the reseller's own tables, whichever carrier it was.
``give_did`` and ``take_did`` are the only functions that change who has a number; they keep
``Did.client_id``, the groups and the history of assignments in step.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

import catalog
import charging
import endpoints
import rollup
import tenancy
import together
from carriers.base import Answer, Job, Outcome
from columns import now
from database import locking
from extensions import db
from models import (
    Client,
    Did,
    DidAssignment,
    DidGroup,
    DidService,
    DidStatus,
    E911Group,
    E911Record,
    E911Status,
    EndpointGroup,
    Net,
    OrderLine,
)
from prepared import prepared

LONGEST_STEM = 115
"""Of a client's name in a group's, so that there is room for a number behind it."""


class CannotCarryOut(Exception):
    """A line cannot be carried out as things stand; the sentence says why."""


class EmbeddedCarrier:
    """The reseller's own stock: what is recorded is done, so it answers at once."""

    answers_at_once = True

    def carry_out(self, job: Job) -> Answer:
        """Agree: the work is the recording that follows in the same transaction."""
        return Answer(Outcome.DONE)


# --- Who has a number -----------------------------------------------------------------------


def lock(ids: Iterable[int | None]) -> None:
    """Read numbers afresh and keep them as they are until the commit.

    What is decided about a number is decided on what the database has, not on what was read before
    somebody else moved it. In one order, so that two who lock the same never wait for each other.
    """
    wanted = sorted({key for key in ids if key is not None})
    if wanted:
        # An order that is being sent holds the reseller's row and then its numbers: in that order.
        rollup.open_from(tenancy.current(), lock=True)
        fresh = locking(select(Did).where(Did.id.in_(wanted)).order_by(Did.id), Did)
        # Read afresh, a number forgets its services; all of them come with one statement.
        fresh = fresh.options(selectinload(Did.services))
        db.session.scalars(fresh.execution_options(populate_existing=True)).all()


def give_did(
    did: Did,
    group: DidGroup,
    delivery: EndpointGroup | None = None,
    price: tuple[int, int] | None = None,
) -> None:
    """Put a number into a client's DID Group: from now on it is that client's.

    ``price`` is (monthly, set-up) in micro-units, as agreed; the number's own price by default.
    Raises CannotCarryOut when another client has it.
    """
    if did.client_id is not None and did.client_id != group.client_id:
        raise CannotCarryOut("Another client has this number.")
    moment = now()
    is_new = did.client_id is None and group.client_id is not None
    did.client_id, did.did_group_id = group.client_id, group.id
    if delivery is not None:
        did.endpoint_group_id = delivery.id
    did.held_by_id, did.held_until = None, None
    if is_new:
        did.status, did.activated_at = DidStatus.ACTIVE, moment
        _hand_over(did, moment, price)
    together.flush()


def take_did(did: Did, status: DidStatus = DidStatus.RELEASED) -> None:
    """Take a number from its client: its services end and its history keeps who had it."""
    _end_assignment(did)
    did.services.clear()
    did.client_id = did.did_group_id = did.endpoint_group_id = None
    did.status, did.activated_at, did.label, did.client_label = status, None, None, None
    db.session.flush()


def give_group(group: DidGroup | EndpointGroup, client: Client | None) -> None:
    """Give a DID Group or an Endpoint Group with all its numbers to a client, or take it back.

    A number that goes back to the stock loses its services: the next client must not inherit them.
    Raises CannotCarryOut when the group has another client (P2), or a number of it does.
    """
    if client is not None and group.client is not None and group.client_id != client.id:
        raise CannotCarryOut(f"{group.name} belongs to {group.client.name}.")
    if group.client_id == (client.id if client else None):
        return
    if client is None:
        group.client_id = None
        db.session.flush()
    # What somebody did to a number a moment ago must be seen, or it would stay on it.
    members = locking(_members(group), Did).execution_options(populate_existing=True)
    for did in db.session.scalars(members).all():
        if client is not None:
            _give_with_group(did, client)
        elif _other_owner(did) is None:
            take_back(did)
    if client is not None:
        db.session.flush()
        group.client_id = client.id
    db.session.flush()
    if isinstance(group, EndpointGroup):
        endpoints.keep_history(group)


def give_e911_group(group: E911Group, client: Client) -> None:
    """Give a 911 Group to a client; raises CannotCarryOut when another client has it (P2)."""
    if group.client is not None and group.client_id != client.id:
        raise CannotCarryOut(f"{group.name} belongs to {group.client.name}.")
    group.client_id = client.id
    db.session.flush()


def _members(group: DidGroup | EndpointGroup) -> Select[Did]:
    column = Did.did_group_id if isinstance(group, DidGroup) else Did.endpoint_group_id
    return (
        select(Did)
        .where(column == group.id)
        .order_by(Did.number)
        .options(joinedload(Did.tier), joinedload(Did.did_group), joinedload(Did.endpoint_group))
    )


def _other_owner(did: Did) -> int | None:
    """Tell whose a number still is by its groups."""
    groups = (did.did_group, did.endpoint_group)
    return next((group.client_id for group in groups if group and group.client_id), None)


def _give_with_group(did: Did, client: Client) -> None:
    if did.client_id not in (None, client.id):
        raise CannotCarryOut(f"{did.number} is in the hands of another client.")
    if did.client_id is None:
        moment = now()
        did.client_id, did.status, did.activated_at = client.id, DidStatus.ACTIVE, moment
        _hand_over(did, moment)


def take_back(did: Did) -> None:
    """Put a number back into the stock; it stays in its groups, which have no client."""
    _end_assignment(did)
    did.services.clear()
    did.client_id, did.status = None, DidStatus.AVAILABLE
    did.activated_at = did.label = did.client_label = None


def _end_assignment(did: Did) -> None:
    """Write that a number goes from who has it, and end what is paid for it."""
    db.session.execute(
        update(DidAssignment)
        .where(DidAssignment.did_id == did.id, DidAssignment.ended_at.is_(None))
        .values(ended_at=now())
    )
    if did.client_id is not None:
        charging.end_number(did.client_id, did.number)


def _hand_over(did: Did, moment: datetime, price: tuple[int, int] | None = None) -> None:
    """Write who has a number from now on, and what is paid for it month by month."""
    monthly, setup = price or (did.price_monthly_micros, did.price_setup_micros)
    client_id = did.client_id or 0
    db.session.add(
        DidAssignment(
            monthly_micros=monthly,
            setup_micros=setup,
            reseller_id=did.reseller_id,
            did_id=did.id,
            number=did.number,
            client_id=client_id,
            started_at=moment,
        )
    )
    cost = did.tier.cost_monthly_micros
    charging.begin(client_id, did.number, catalog.DID, monthly, cost_micros=cost)


def main_group(client: Client) -> DidGroup:
    """Find the DID Group that a client's new numbers go to, or make one with the client's name."""
    if client.did_groups:
        return client.did_groups[0]
    return _new_group(DidGroup, client)


def main_e911_group(client: Client) -> E911Group:
    """Find the 911 Group of a client's emergency addresses, or make one with its name."""
    found: E911Group | None = _e911_groups().objects(client=client.id).first()
    return found or _new_group(E911Group, client)


@prepared
def _e911_groups() -> Any:
    mine = select(E911Group).where(E911Group.client_id == bindparam("client"))
    return mine.order_by(E911Group.name)


Group = TypeVar("Group", DidGroup, E911Group)


def _new_group(kind: type[Group], client: Client) -> Group:
    same = kind.name.startswith(client.name[:LONGEST_STEM], autoescape=True)
    taken = set(db.session.scalars(select(kind.name).where(same)))
    for name in (one for one in _names(client.name) if one not in taken):
        try:
            with db.session.begin_nested():
                group = kind(reseller_id=client.reseller_id, name=name, client=client)
                db.session.add(group)
        except IntegrityError:
            # Somebody made one of that name in the meantime.
            db.session.expire(client)
        else:
            return group
    raise CannotCarryOut(f"There are too many groups named {client.name}. Rename some first.")


def _names(client_name: str) -> Iterator[str]:
    yield client_name
    stem = client_name[:LONGEST_STEM]
    yield from (f"{stem} {n}" for n in range(2, 10_000))


# --- What a carried-out line writes -----------------------------------------------------------


def record(line: OrderLine, client: Client, by_name: str) -> None:
    """Write a carried-out line into the reseller's tables.

    Raises CannotCarryOut when the number is no longer where the order found it.
    """
    did = db.session.get(Did, line.did_id) if line.did_id else None
    # What ends comes before what begins, since a slot holds one service; the number itself is
    # last, since nothing can be changed on a number that is gone.
    parts = sorted(
        line.requested.items(), key=lambda part: (part[1] is not None, part[0] == catalog.DID)
    )
    for subject, settings in parts:
        if subject == catalog.E911:
            _record_e911(line, client, did, settings, by_name)
        elif subject == catalog.DID:
            _record_did(line, client, did, settings)
        else:
            _record_service(_needed(did, client), catalog.SERVICES[subject], settings, line)


def _needed(did: Did | None, client: Client) -> Did:
    if did is None or did.client_id != client.id:
        raise CannotCarryOut(f"The number is no longer in the hands of {client.name}.")
    return did


def _record_did(line: OrderLine, client: Client, did: Did | None, settings: Any) -> None:
    if settings is None:
        take_did(_needed(did, client))
        return
    if did is None or did.client_id is not None or did.held_by_id != line.order_id:
        raise CannotCarryOut("The number is no longer held for this order.")
    give_did(did, main_group(client), price=(line.monthly_micros, line.setup_micros))
    cost = did.tier.cost_setup_micros
    charging.setup(line.order, did.number, catalog.DID, line.setup_micros, cost_micros=cost)


def _record_service(
    did: Did, service: catalog.Service, settings: dict[str, Any] | None, line: OrderLine
) -> None:
    now_on = next((row for row in did.services if row.service == service.key), None)
    # The line's price is what changes: what is paid already goes on being paid.
    monthly = (now_on.monthly_micros if now_on else 0) + _price_of(line, service.key)
    if now_on is not None:
        did.services.remove(now_on)
        db.session.flush()
    if settings is not None:
        did.services.append(
            DidService(
                reseller_id=did.reseller_id,
                service=service.key,
                slot=service.place,
                settings=settings,
                monthly_micros=monthly,
            )
        )
    _charge(line, did.number, service.key, None if settings is None else monthly)


def _charge(line: OrderLine, number: str, subject: str, monthly_micros: int | None) -> None:
    """Let the fee of a service or an address run at a price, or end it, and charge its set-up."""
    client_id = line.order.client_id
    if monthly_micros is None:
        charging.end(client_id, number, subject)
        return
    charging.begin(client_id, number, subject, monthly_micros, order_id=line.order_id)
    charging.setup(line.order, number, subject, _price_of(line, subject, "setup_micros"))


def _price_of(line: OrderLine, subject: str, part: str = "monthly_micros") -> int:
    price: int = line.prices.get(subject, {}).get(part, 0)
    return price


def _record_e911(
    line: OrderLine, client: Client, did: Did | None, address: Any, by_name: str
) -> None:
    row = live_e911(line.number)
    if row is not None and row.client_id != client.id:
        raise CannotCarryOut("Another client has the 911 address of this number.")
    if address is None:
        if row is not None:
            row.status, row.removed_at = E911Status.REMOVED, now()
            _charge(line, line.number, catalog.E911, None)
        return
    if row is None:
        row = E911Record(
            reseller_id=client.reseller_id,
            client_id=client.id,
            e911_group_id=main_e911_group(client).id,
            did_id=did.id if did else None,
            number=line.number,
            net=Net.ON_NET if did else Net.OFF_NET,
        )
        db.session.add(row)
    for key in catalog.ADDRESS:
        setattr(row, key, address.get(key) or None)
    row.alert_emails, row.entered = list(address.get("alert_emails") or ()), address.get("entered")
    if address.get("terms"):
        row.accepted_by, row.accepted_version = by_name, address["terms"]
        row.accepted_at = line.order.submitted_at
    is_new = row.activated_at is None
    row.status, row.activated_at = E911Status.PROVISIONED, now()
    if is_new:
        _charge(line, line.number, catalog.E911, _price_of(line, catalog.E911))


def live_e911(number: str) -> E911Record | None:
    """Find the emergency address in force for a number, on-net or off-net."""
    batch = together.kept()
    if batch is not None and number in batch.live_e911:
        known: E911Record | None = batch.live_e911.pop(number)
        return known
    found: E911Record | None = _live_e911().objects(number=number).first()
    return found


@prepared
def _live_e911() -> Any:
    mine = E911Record.number == bindparam("number")
    return select(E911Record).where(mine, E911Record.removed_at.is_(None))
