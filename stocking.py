"""What staff do with numbers of the inventory, without an order: group, tier, take back, release.

Each act is on one number and raises Refused with the sentence that says why it cannot be; ``each``
is their door: it locks the numbers, does many and gives an account. Who has a number changes in
``carriers.inventory`` alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

import audit
import display
from carriers import inventory
from extensions import db
from models import Did, DidGroup, DidStatus, Order, OrderLine, Tier
from permissions import Actor
from policy import Refused

Act = Callable[[Did], bool]


@dataclass
class Account:
    """What became of a batch: how many numbers changed, and a sentence for each that could not."""

    changed: int = 0
    unchanged: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def each(dids: Sequence[Did], act: Act) -> Account:
    """Do something to every number, each in a savepoint; those that cannot go say why.

    All are locked first, with one statement, so that none moves between the look and the act.
    """
    inventory.lock(did.id for did in dids)
    account = Account()
    for did in dids:
        number = did.number
        try:
            with db.session.begin_nested():
                if act(did):
                    account.changed += 1
                else:
                    account.unchanged += 1
        except Refused as refused:
            account.refused[number] = refused.sentence
    return account


def put(did: Did, group: DidGroup, *, by: Actor) -> bool:
    """Put a number into a DID Group, and so into the hands of its client; False if it is there."""
    if did.did_group_id == group.id:
        return False
    if did.client_id is not None and did.client_id != group.client_id:
        raise Refused("Another client has it. Take it back first.")
    if group.client_id is not None and did.client_id is None:
        _refuse_open_order(did)
        if did.status is not DidStatus.AVAILABLE:
            raise Refused(f"It is {did.status.value}. Take it back into stock first.")
    before = did.did_group.name if did.did_group else None
    if group.client_id is None:
        did.did_group_id = group.id
        db.session.flush()
    else:
        try:
            inventory.give_did(did, group)
        except inventory.CannotCarryOut as no:
            raise Refused(str(no)) from no
    audit.record("did.grouped", did, by, did_group=[before, group.name])
    return True


def set_tier(did: Did, tier: Tier, *, by: Actor) -> bool:
    """Give a number another tier; its price holds for whoever orders it next."""
    if did.tier_id == tier.id:
        return False
    before, did.tier = did.tier.name, tier
    db.session.flush()
    audit.record("did.tier_changed", did, by, tier=[before, tier.name])
    return True


def take_back(did: Did, *, by: Actor) -> bool:
    """Take a number from its client, or from where it was released to, back into the stock."""
    if did.client_id is None and did.status is DidStatus.AVAILABLE:
        return False
    return _take(did, DidStatus.AVAILABLE, "did.taken_back", by)


def release(did: Did, *, by: Actor) -> bool:
    """Take a number out of the inventory: nobody has it, and nobody can order it."""
    if did.status is DidStatus.RELEASED:
        return False
    return _take(did, DidStatus.RELEASED, "did.released", by)


def _take(did: Did, status: DidStatus, action: str, by: Actor) -> bool:
    _refuse_open_order(did)
    if inventory.live_e911(did.number) is not None and did.client_id is not None:
        raise Refused("Its 911 address is in force. Have that removed first.")
    before = [did.client.name if did.client else None, did.status.value]
    inventory.take_did(did, status)
    audit.record(action, did, by, client=[before[0], None], status=[before[1], status.value])
    return True


def _refuse_open_order(did: Did) -> None:
    """Leave a number alone that an order under way is about."""
    about = select(Order.number).join(Order.lines)
    about = about.where(OrderLine.number == did.number, OrderLine.is_open)
    number = db.session.scalar(about.limit(1))
    if number is not None:
        raise Refused(f"Order {number} is under way for it. Decide that first.")


def said(account: Account, done: str) -> str:
    """Word an account in one sentence."""
    words = [f"{display.plural(account.changed, 'number')} {done}"]
    if account.unchanged:
        words.append(f"{display.plural(account.unchanged, 'was', 'were')} so already")
    if account.refused:
        words.append(f"{display.plural(len(account.refused), 'number')} could not be changed")
    return ", ".join(words) + "."
