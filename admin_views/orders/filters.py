"""What the lists of orders can be narrowed by: client, kind, state, decider, dates, words."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from sqlalchemy import or_, select

import catalog
import display
from admin_views.base import to_id
from admin_views.filters import Choices, Pick
from models import IS_PENDING, Client, Order, OrderLine, OrderState, Staff
from prepared import prepared

AUTOMATIC = "auto"
MOST_CLIENTS = 100
"""A menu of more is none that a person reads; a name is written then."""


class Row(Pick):
    """Keeps what belongs to one row of another table; its id is believed, the menu not asked."""

    also: frozenset[str] = frozenset()
    """Choices of the menu that are no ids."""

    def clean(self, value: str) -> str:
        """Let an id through; raises ValueError for anything else."""
        if value not in self.also and to_id(value) is None:
            raise ValueError(value)
        return value


class Decider(Row):
    """Keeps what one staff member decided, or what was approved by itself."""

    also = frozenset({AUTOMATIC})


class OfClient(Row):
    """Keeps the orders of a client: picked from a menu, or written where there are too many."""

    def get_options(self, view: Any) -> Choices | None:
        """Give the menu; None, which makes a field to write in, for more than a menu can hold."""
        offered = super().get_options(view)
        return None if offered is None or len(offered) > MOST_CLIENTS else offered

    def clean(self, value: str) -> str:
        """Let an id or a name through."""
        return value.strip()


def of_client(choices: Callable[[], Choices]) -> Pick:
    """Make the filter of a client."""
    return OfClient(Order.client_id, "Client", choices, _of_client)


def _of_client(value: str) -> Any:
    if to_id(value) is not None:
        return Order.client_id == int(value)
    named = select(Client.id).where(Client.name.icontains(value, autoescape=True))
    return Order.client_id.in_(named)


def of_kind() -> Pick:
    """Make the filter of the kinds of orders."""
    choices = [(kind.key, kind.label) for kind in catalog.KINDS.values()]
    return Pick(Order.kind, "Kind", choices, lambda key: Order.kind == key)


def of_state() -> Pick:
    """Make the filter of the states that a decided order can be in."""
    states = [state for state in OrderState if state is not OrderState.PENDING]
    choices = [(state.value, state.value.capitalize()) for state in states]
    return Pick(Order.state, "State", choices, lambda value: Order.state == OrderState(value))


def of_decider() -> Pick:
    """Make the filter of who decided."""
    return Decider(Order.decided_by_id, "Decided by", _deciders, _decided_by)


def _decided_by(key: str) -> Any:
    return Order.is_auto_approved if key == AUTOMATIC else Order.decided_by_id == int(key)


def _deciders() -> Choices:
    return [(AUTOMATIC, "Nobody, by itself"), *((str(k), name) for k, name in _staff().all())]


@prepared
def _staff() -> Any:
    return select(Staff.id, Staff.name).order_by(Staff.name)


class OnDay(BaseSQLAFilter):  # type: ignore[misc]
    """Keeps what happened from a day on, or up to and with it, as the viewer's calendar has it."""

    def __init__(self, column: Any, name: str, words: str) -> None:
        super().__init__(column, name, data_type="datepicker")
        self.words = words

    def operation(self) -> str:
        """Word the comparison."""
        return self.words

    def clean(self, value: str) -> date:
        """Read a date as 2026-11-23; raises ValueError for anything else."""
        day = date.fromisoformat(value)
        if not 2000 <= day.year < 2200:
            raise ValueError(value)
        return day

    def apply(self, query: Any, value: date, alias: Any = None) -> Any:
        """Narrow the rows."""
        if self.words == "from":
            return query.filter(self.column >= midnight(value))
        return query.filter(self.column < midnight(value + timedelta(days=1)))


def midnight(day: date) -> datetime:
    """Tell the moment at which a day begins for whoever looks."""
    return datetime.combine(day, time(), ZoneInfo(display.viewers_zone()))


@prepared
def clients_decided() -> Any:
    """Select some clients that have decided orders, as nearly all have: id and name."""
    theirs = select(Order.id).where(Order.client_id == Client.id, ~IS_PENDING)
    return _some(theirs.exists())


@prepared
def clients_waiting() -> Any:
    """Select some clients that wait for a decision: id and name.

    They are grouped first: told to stop at some, PostgreSQL would try client after client.
    """
    return _some(Client.id.in_(select(Order.client_id).where(IS_PENDING).group_by(Order.client_id)))


def _some(rule: Any) -> Any:
    return select(Client.id, Client.name).where(rule).limit(MOST_CLIENTS + 1)


def by_name(rows: Iterable[Any]) -> Choices:
    """Make a menu; it is sorted here, since the database stops looking when it is full."""
    return [(str(key), name) for name, key in sorted((name, key) for key, name in rows)]


def matching(typed: str) -> Any:
    """Say which orders a search means: by number, by client, or by a telephone number of theirs."""
    text = typed.strip()
    number = display.to_e164(text)
    if number:
        return _has_line(OrderLine.number == number)
    rules = [
        Order.number.icontains(text, autoescape=True),
        Order.client_id.in_(select(Client.id).where(Client.name.icontains(text, autoescape=True))),
    ]
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 4 and not re.search("[a-z]", text, re.I):
        rules.append(_has_line(OrderLine.number.like(f"%{digits[-10:]}%")))
    return or_(*rules)


def _has_line(rule: Any) -> Any:
    return Order.id.in_(select(OrderLine.order_id).where(rule))
