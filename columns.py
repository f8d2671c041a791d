"""Column types that refuse inexact money, times without a zone and numbers that are not E.164.

What a value means is said by the column's name (``monthly_micros``, ``decided_at``); this file
only makes sure that nothing else can be stored.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, TypeDecorator

E164 = re.compile(r"\+1[2-9][0-8][0-9][2-9][0-9]{6}")
"""A number of the North American plan, as ``data-dictionary`` b3 gives it."""

# SQLite only numbers rows by itself when the key is exactly INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")


class Micros(TypeDecorator[int]):
    """Money in whole micro-units of the reseller's currency (1 USD = 1,000,000)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """Refuse anything but a whole number: a float has already lost the cent."""
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise ValueError(f"Money is a whole number of micro-units, not {value!r}.")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, without a zone in SQLite, ``timestamptz`` in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone, since nobody can know which moment it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone.")
        moment: datetime = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give an aware time in UTC on every database."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Number(TypeDecorator[str]):
    """A telephone number of the North American plan as E.164, ``+1NXXNXXXXXX``."""

    impl = String(12)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Refuse what is not E.164; part of a number in a LIKE comparison is let through."""
        if value is None:
            return None
        if E164.fullmatch(value) or "%" in value:
            return str(value)
        raise ValueError(f"{value!r} is not a number as E.164.")


def now() -> datetime:
    """Tell the present moment in UTC; the only clock that Portico reads."""
    return datetime.now(UTC)


def to_id(value: Any) -> int | None:
    """Read a row's id from an address; None for what cannot be one on any database."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
