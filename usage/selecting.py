"""The statements behind reports, each built once.

Values come with the run: ``first``, ``last`` and what each function names besides. Every statement
reads the coarsest sums that have the answer; only numbers are read from daily sums of numbers.
"""

from typing import Any

from sqlalchemy import bindparam, func, literal, or_, select, union_all

import rollup
from models import (
    Call,
    Client,
    Did,
    DidGroup,
    UsageAllDay,
    UsageClientDay,
    UsageClientMonth,
    UsageDay,
    UsageKind,
)
from prepared import prepared

SUMS = ("calls", "messages", "billed_seconds", "cost_micros", "price_micros")
"""The numbers of ``reports.Sums``, in their order."""

OF_CALLS = (
    Call.id,
    Call.kind,
    Call.started_at,
    Call.day,
    Call.far_end,
    Call.seconds,
    Call.billed_seconds,
    Call.cost_micros,
    Call.price_micros,
)


@prepared
def days(count: int, of_client: bool) -> Any:
    """Select the days of some ranges by kind, of a ``client`` or of all.

    Each range has its ``first_n`` and ``last_n``.
    """
    table: Any = UsageClientDay if of_client else UsageAllDay
    wanted = select(table.day, table.kind, *(getattr(table, name) for name in rollup.ADDED))
    wanted = wanted.where(table.day >= bindparam("first"), table.day <= bindparam("last"))
    if count > 1:
        either = (
            table.day.between(bindparam(f"first_{n}"), bindparam(f"last_{n}")) for n in range(count)
        )
        wanted = wanted.where(or_(*either))
    return wanted.where(table.owner == bindparam("client")) if of_client else wanted


def of_numbers() -> Any:
    """Select what each number of a client used: the number, then its sums; for those below."""
    first: Any = bindparam("first", literal_execute=True)
    last: Any = bindparam("last", literal_execute=True)
    mine = (UsageDay.client_id == _client(), UsageDay.day >= first, UsageDay.day <= last)
    return select(UsageDay.number, *_summed(UsageDay)).where(*mine).group_by(UsageDay.number)


@prepared
def by_number() -> Any:
    """Select all numbers of a ``client``, the dearest first."""
    price = func.sum(UsageDay.price_micros).desc()
    return of_numbers().order_by(price, UsageDay.number)


@prepared
def of_number() -> Any:
    """Select one ``number`` of a ``client`` on some ``days``, named one by one.

    So each is sought in the unique key. Told the first and the last day PostgreSQL reads all that
    the client used between them: 23,000 rows of a big one for the thirty of a number.
    """
    days = UsageDay.day.in_(bindparam("days", expanding=True))
    mine = (days, UsageDay.owner == bindparam("client"), UsageDay.number == bindparam("number"))
    return select(UsageDay.number, *_summed(UsageDay)).where(*mine).group_by(UsageDay.number)


@prepared
def by_group() -> Any:
    """Select the groups of a ``client``."""
    return of_groups(of_numbers().subquery())


@prepared
def numbers(with_groups: bool) -> Any:
    """Select ``most`` numbers of a ``client`` after ``skipped`` ones, and its groups behind them.

    The first column tells groups from numbers; the days of numbers are added up once for both.
    """
    used = of_numbers().cte("used")
    dearest = select(used).order_by(used.c.price_micros.desc(), used.c.number)
    some = dearest.limit(bindparam("most")).offset(bindparam("skipped")).subquery()
    wanted = select(literal(0).label("is_group"), some)
    if not with_groups:
        return wanted.order_by(some.c.price_micros.desc(), some.c.number)
    groups = of_groups(used).subquery()
    both = union_all(wanted, select(literal(1), groups)).subquery()
    price, name = list(both.c)[-1], list(both.c)[1]
    return select(both).order_by(both.c.is_group, price.desc(), name)


def _client() -> Any:
    """Have a client written out, so that PostgreSQL plans for it: others have far fewer rows."""
    return bindparam("client", literal_execute=True)


def of_groups(used: Any) -> Any:
    """Add what numbers used up by their groups: the name, then its sums.

    The client's own numbers are looked up by its groups; else PostgreSQL reads all there are.
    """
    own = (
        select(Did.number.label("number"), DidGroup.name.label("name"))
        .join(DidGroup, DidGroup.id == Did.did_group_id)
        .where(DidGroup.client_id == _client())
        .subquery()
    )
    return (
        select(own.c.name, *(func.sum(used.c[name]).label(name) for name in SUMS))
        .select_from(used)
        .outerjoin(own, own.c.number == used.c.number)
        .group_by(own.c.name)
    )


@prepared
def calls() -> Any:
    """Select ``most`` calls of a ``client`` and ``number`` after ``skipped``, the latest first."""
    mine = (Call.number == bindparam("number"), Call.client_id == bindparam("client"))
    days = (Call.day >= bindparam("first"), Call.day <= bindparam("last"))
    wanted = select(*OF_CALLS).where(*mine, *days)
    wanted = wanted.order_by(Call.started_at.desc(), Call.id.desc())
    return wanted.limit(bindparam("most")).offset(bindparam("skipped"))


@prepared
def clients(parts: tuple[str, ...], some: bool) -> Any:
    """Select all clients, or some ``ids``, the dearest first: the owner, then its sums.

    Each of the ``parts`` (``months``, ``after``, ``days``) has its own first and last day.
    """
    used = _union(parts, some)
    found = select(used.c.owner, *_summed(used.c)).group_by(used.c.owner)
    return found.order_by(func.sum(used.c.price_micros).desc(), used.c.owner)


@prepared
def dearest(parts: tuple[str, ...], some: bool) -> Any:
    """Select the ``most`` dearest clients: id, name and price."""
    used = _union(parts, some)
    price = func.sum(used.c.price_micros)
    found = select(Client.id, Client.name, price).join_from(used, Client, Client.id == used.c.owner)
    found = found.group_by(Client.id, Client.name).order_by(price.desc(), Client.name)
    return found.limit(bindparam("most"))


@prepared
def total(parts: tuple[str, ...], some: bool) -> Any:
    """Select what all clients, or some ``ids``, come to."""
    return select(*_summed(_union(parts, some).c))


def _union(parts: tuple[str, ...], some: bool) -> Any:
    """Put the sums of months and days together: owner, kind and the numbers of ``ADDED``."""
    return union_all(*(_part(part, some) for part in parts)).subquery()


def _part(part: str, some: bool) -> Any:
    table: Any = UsageClientMonth if part == "months" else UsageClientDay
    when = table.month if part == "months" else table.day
    wanted = [when >= bindparam(f"{part}_first"), when <= bindparam(f"{part}_last")]
    if some:
        wanted.append(table.owner.in_(bindparam("ids", expanding=True)))
    sums = (getattr(table, name) for name in rollup.ADDED)
    signed = ((-column if part == "after" else column).label(column.key) for column in sums)
    return select(table.owner, table.kind, *signed).where(*wanted)


def _summed(table: Any) -> list[Any]:
    """Add the numbers of ``Sums`` up, from a table's columns."""
    is_message = table.kind == UsageKind.MESSAGE
    return [
        func.coalesce(func.sum(table.calls).filter(~is_message), 0).label("calls"),
        func.coalesce(func.sum(table.calls).filter(is_message), 0).label("messages"),
        *(func.sum(getattr(table, name)).label(name) for name in rollup.ADDED[1:]),
    ]
