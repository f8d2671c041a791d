"""Slowing down whoever guesses passwords: tries to sign in, counted in the database.

The counts survive a restart and hold over several processes. They are kept by what was typed, so
that an account that does not exist is slowed like one that does.
"""

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from columns import now
from extensions import db
from models import SignInFailure

ACCOUNT_LIMIT, ACCOUNT_WINDOW = 10, timedelta(minutes=15)
IP_LIMIT, IP_WINDOW = 20, timedelta(hours=1)
KEPT = timedelta(days=1)


def account_key(area: str, typed: str) -> str:
    """Hash an area and a typed address, so that the table tells no addresses."""
    return hashlib.sha256(f"{area}\n{typed.strip().casefold()}".encode()).hexdigest()


def take_a_try(account: str, ip: str) -> int:
    """Count a try before it is made; gives the seconds to wait when there were too many.

    Counting first lets no two tries at once pass on one count. A try that must wait is not kept,
    so that knocking on does not lengthen the wait. Commits.
    """
    ip = _place(ip)
    mine = SignInFailure(account_hash=account, ip=ip)
    db.session.add(mine)
    db.session.execute(delete(SignInFailure).where(SignInFailure.at < now() - KEPT))
    db.session.commit()
    wait = _seconds_to_wait(account, ip)
    if wait:
        db.session.delete(mine)
        db.session.commit()
    return wait


def clear(account: str) -> None:
    """Forget the tries of an account that has signed in; the caller commits."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.account_hash == account))


def _place(ip: str) -> str:
    """Take the addresses that one line is given as one: of IPv6 anybody has a whole /64."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv4Address):
        return ip
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _seconds_to_wait(account: str, ip: str) -> int:
    ends = (
        _end_of_wait(SignInFailure.account_hash == account, ACCOUNT_LIMIT, ACCOUNT_WINDOW),
        _end_of_wait(SignInFailure.ip == ip, IP_LIMIT, IP_WINDOW),
    )
    moment = now()
    return max((int((end - moment).total_seconds()) + 1 for end in ends if end), default=0)


def _end_of_wait(mine: ColumnElement[bool], limit: int, window: timedelta) -> datetime | None:
    """Find when the oldest try falls out of the window; None while there is room for this one."""
    count, oldest = db.session.execute(
        select(func.count(SignInFailure.id), func.min(SignInFailure.at)).where(
            mine, SignInFailure.at > now() - window
        )
    ).one()
    return oldest + window if count > limit else None
