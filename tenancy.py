"""Whose rows a session may touch: one reseller's, closed by default.

Isolation lies here, below every view. A session knows its reseller (``enter``, ``acting_for``), or
has been told in so many words that it works for all of them (``across_resellers``). Every ORM
statement is narrowed to that reseller; one that was told nothing raises ``TenantMissing``, and so
does SQL that cannot be narrowed. What a person may do inside a reseller is ``permissions`` and
``policy``, not this file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ForeignKey, event, inspect
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    UOWTransaction,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql import visitors

from columns import RowId
from extensions import db

EVERY = "every reseller"
NARROWED = "narrowed"
"""The execution option by which ``prepared`` names a statement that it has narrowed itself."""


class TenantMissing(RuntimeError):
    """A query was made before anyone said for which reseller."""


class WrongTenant(RuntimeError):
    """A row of one reseller was about to be written in the name of another."""


class Owned:
    """A row that belongs to one reseller."""

    reseller_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("reseller.id", ondelete="RESTRICT"), nullable=False
    )


class Root:
    """The reseller itself: its own id is the tenant."""

    id: Mapped[int] = mapped_column(RowId, primary_key=True)


def enter(reseller_id: int) -> None:
    """Narrow the session of this request or job to one reseller's rows."""
    db.session().info["tenant"] = reseller_id


def leave() -> None:
    """Forget the reseller, so that the next query fails closed."""
    db.session().info.pop("tenant", None)


def current() -> int:
    """Tell the reseller's id of this session.

    Raises TenantMissing when there is none, or when the session works across resellers.
    """
    tenant = db.session().info.get("tenant")
    if not isinstance(tenant, int):
        raise TenantMissing("This needs one reseller; use tenancy.enter or acting_for.")
    return tenant


@contextmanager
def acting_for(reseller_id: int) -> Iterator[None]:
    """Work for one reseller inside the block, then go back to what was before."""
    with _as(reseller_id):
        yield


@contextmanager
def across_resellers() -> Iterator[None]:
    """Work on rows of all resellers inside the block: sign-in, delivery, migrations, commands."""
    with _as(EVERY):
        yield


@contextmanager
def _as(tenant: int | str) -> Iterator[None]:
    info = db.session().info
    before = info.get("tenant")
    if before != tenant:
        db.session.flush()
    info["tenant"] = tenant
    try:
        yield
        db.session.flush()
    finally:
        if before is None:
            info.pop("tenant", None)
        else:
            info["tenant"] = before


def _scope(state: ORMExecuteState) -> None:
    tenant = state.session.info.get("tenant")
    if tenant == EVERY or state.is_column_load:
        return
    if not state.is_orm_statement or state.is_insert:
        _check_unscopable(state, tenant)
        return
    if tenant is None:
        _refuse_owned(state)
        return
    if _has_bare_tables(state):
        raise TenantMissing("This SQL cannot be narrowed to a reseller; use ORM entities.")
    # What a statement's eager loading asks besides has its options, and is another statement.
    if state.execution_options.get(NARROWED) is not state.statement:
        state.statement = narrowed(state.statement, tenant)


def narrowed(statement: Any, tenant: int) -> Any:
    """Narrow an ORM statement to a reseller."""
    return statement.options(*_narrowing(tenant))


@lru_cache(maxsize=1024)
def _narrowing(tenant: int) -> tuple[Any, Any]:
    """Make what narrows a statement to a reseller; made once, since every statement needs it."""
    options = {"include_aliases": True, "propagate_to_loaders": False}
    return (
        with_loader_criteria(Owned, lambda cls: cls.reseller_id == tenant, **options),
        with_loader_criteria(Root, lambda cls: cls.id == tenant, **options),
    )


def _check_unscopable(state: ORMExecuteState, tenant: int | None) -> None:
    """Refuse Core SQL on owned tables, except rows inserted under the session's own reseller."""
    if state.is_insert and tenant is not None and _rows_are_of(state, tenant):
        return
    if _owned_tables(state.statement) or _is_text(state.statement):
        raise TenantMissing("This SQL cannot be narrowed to a reseller; use ORM entities.")


def _rows_are_of(state: ORMExecuteState, tenant: int) -> bool:
    rows: Any = state.parameters
    if not rows:
        return False
    return all(
        row.get("reseller_id") == tenant for row in ([rows] if isinstance(rows, dict) else rows)
    )


def _refuse_owned(state: ORMExecuteState) -> None:
    owned = sorted({m.class_.__name__ for m in state.all_mappers if _is_owned(m.class_)})
    if owned or _owned_tables(state.statement):
        raise TenantMissing(f"A query on {', '.join(owned)} was made for no reseller.")


def _is_owned(cls: type) -> bool:
    return issubclass(cls, (Owned, Root))


def _parts(statement: Any) -> Iterator[Any]:
    return visitors.iterate(statement)


def _is_text(statement: Any) -> bool:
    return any(e.__visit_name__ == "textclause" for e in _parts(statement))


def _owned_tables(statement: Any) -> set[str]:
    tables = {e.name for e in _parts(statement) if e.__visit_name__ == "table"}
    return tables & owned_table_names()


_looked_at: dict[Any, bool] = {}
"""Statements that were taken apart before, by the key under which their SQL is kept too."""

MOST_LOOKED_AT = 2_000


def _has_bare_tables(state: ORMExecuteState) -> bool:
    """Tell whether a statement reaches a table past the scope; each shape is taken apart once."""
    statement: Any = state.statement
    key = statement._generate_cache_key()
    if key is None:
        return bool(_bare_tables(state))
    found = _looked_at.get(key.key)
    if found is None:
        if len(_looked_at) >= MOST_LOOKED_AT:
            _looked_at.clear()
        found = _looked_at[key.key] = bool(_bare_tables(state))
    return found


def _bare_tables(state: ORMExecuteState) -> set[str]:
    """Name the owned tables that a statement uses beside its entities, where no scope reaches."""
    statement: Any = state.statement
    named = {
        e.table.name
        for e in _parts(statement)
        if e.__visit_name__ == "column"
        and e.table is not None
        and "parententity" not in e._annotations
    }
    named |= {
        getattr(source, "name", "")
        for source in getattr(statement, "_from_obj", ())
        if "parententity" not in source._annotations
    }
    return (named & owned_table_names()) - {_table_name(m) for m in state.all_mappers}


def _table_name(mapper: Any) -> str:
    return str(mapper.local_table.name)


@cache
def owned_table_names() -> frozenset[str]:
    """List the tables whose rows belong to a reseller, the reseller's own table included."""
    return frozenset(
        _table_name(m)
        for m in db.Model.registry.mappers  # type: ignore[attr-defined]
        if _is_owned(m.class_)
    )


@cache
def root_table_name() -> str:
    """Name the table whose own key is the reseller."""
    (name,) = (
        _table_name(m)
        for m in db.Model.registry.mappers  # type: ignore[attr-defined]
        if issubclass(m.class_, Root)
    )
    return name


def _guard_writes(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    tenant = session.info.get("tenant")
    for row in session.new:
        _stamp(row, tenant)
    for row in (*session.dirty, *session.deleted):
        _guard_row(row, tenant)


def _stamp(row: Any, tenant: int | str | None) -> None:
    if isinstance(row, Owned):
        if row.reseller_id is None and isinstance(tenant, int):
            row.reseller_id = tenant
        _guard_row(row, tenant)


def _guard_row(row: Any, tenant: int | str | None) -> None:
    if not isinstance(row, (Owned, Root)) or tenant == EVERY:
        return
    if tenant is None:
        raise TenantMissing(f"A {type(row).__name__} was written for no reseller.")
    if owner_of(row) != tenant or _moved(row):
        raise WrongTenant(f"This {type(row).__name__} belongs to another reseller.")


def _moved(row: Any) -> bool:
    if not isinstance(row, Owned) or not inspect(row).persistent:
        return False
    return bool(inspect(row).attrs.reseller_id.history.deleted)


class _ScopedGet:
    """Session.get answers from memory without a statement, so it needs a guard of its own."""

    info: dict[str, Any]

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """Find a row by its key; None for a row of another reseller, even one loaded before."""
        found = super().get(entity, ident, **options)  # type: ignore[misc]
        if isinstance(found, (Owned, Root)):
            tenant = self.info.get("tenant")
            if tenant is None:
                raise TenantMissing(f"A {type(found).__name__} was asked for no reseller.")
            if tenant not in (EVERY, owner_of(found)):
                return None
        return found


def owner_of(row: Any) -> int:
    """Tell the reseller's id of an owned row, or of the reseller itself."""
    return int(row.reseller_id if isinstance(row, Owned) else row.id)


def install(factory: Any) -> None:
    """Attach the scope to every session that the application's factory makes."""
    if _ScopedGet not in factory.class_.__mro__:
        factory.class_ = type("ScopedSession", (_ScopedGet, factory.class_), {})
    event.listen(factory.class_, "do_orm_execute", _scope)
    event.listen(factory.class_, "before_flush", _guard_writes)
