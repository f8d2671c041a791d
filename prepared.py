"""Statements that are built once: what a page asks again and again, with other values.

To build a statement of columns and narrow it takes SQLAlchemy three times as long as to run it. A
function under ``@prepared`` builds one of a shape, with ``bindparam`` where a value goes; the next
caller gets the same. It is narrowed to a reseller when it is built, whose id is a value like others
and always the session's own, never the caller's. Columns are asked for by ``all`` and its like,
past the ORM; ``objects`` and ``rows`` load entities. An update names its table, not an entity.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, ParamSpec, cast

from sqlalchemy import Result, ScalarResult, Select, Update, bindparam
from sqlalchemy.orm import with_loader_criteria

import tenancy
from columns import RowId
from extensions import db
from tenancy import Owned, Root, TenantMissing

MOST_SHAPES = 256
"""How many shapes of one statement are kept; a page has a handful."""

MOST_RESELLERS = 100
"""For how many resellers a statement that loads entities is kept."""

Shape = ParamSpec("Shape")

PARAMETER = "of_reseller"
_of_reseller = bindparam(PARAMETER, type_=RowId)


class Prepared:
    """One statement, narrowed to whichever reseller the session works for when it is run."""

    def __init__(self, statement: Select[Any] | Update) -> None:
        if isinstance(statement, Update):
            table: Any = statement.table
            self._statement: Any = statement.where(table.c.reseller_id == _of_reseller)
            return
        self._plain = statement
        self._by_tenant: dict[int, Any] = {}
        options: dict[str, Any] = {"include_aliases": True, "propagate_to_loaders": False}
        self._statement = statement.options(
            with_loader_criteria(Owned, lambda cls: cls.reseller_id == _of_reseller, **options),
            with_loader_criteria(Root, lambda cls: cls.id == _of_reseller, **options),
        )

    def all(self, **values: Any) -> Sequence[Any]:
        """Give every row.

        Raises TenantMissing where the session has no reseller or works for all, or where the
        statement reaches a table that cannot be narrowed.
        """
        return cast("Sequence[Any]", self._run(values).all())

    def first(self, **values: Any) -> Any:
        """Give the first row, or None; raises as ``all`` does."""
        return self._run(values).first()

    def one(self, **values: Any) -> Any:
        """Give the only row; raises NoResultFound or MultipleResultsFound, and as ``all`` does."""
        return self._run(values).one()

    def scalar(self, **values: Any) -> Any:
        """Give the first column of the first row, or None; raises as ``all`` does."""
        return self._run(values).scalar()

    def scalars(self, **values: Any) -> Sequence[Any]:
        """Give the first column of every row; raises as ``all`` does."""
        return cast("Sequence[Any]", self._run(values).scalars().all())

    def change(self, **values: Any) -> int:
        """Update rows, past the ORM, and tell how many; raises as ``all`` does."""
        return int(self._run(values).rowcount)

    def rows(self, **values: Any) -> Result[Any]:
        """Load entities into the session, with what the statement's options load besides.

        Raises TenantMissing as ``all`` does.
        """
        mine = self._of(tenancy.current())
        return db.session.execute(mine, values, execution_options={tenancy.NARROWED: mine})

    def objects(self, **values: Any) -> ScalarResult[Any]:
        """Load the one entity of each row, as ``rows`` does."""
        return self.rows(**values).scalars()

    def _of(self, tenant: int) -> Any:
        """Give the statement for a reseller: what its options load is narrowed by its value."""
        found = self._by_tenant.get(tenant)
        if found is None:
            if len(self._by_tenant) >= MOST_RESELLERS:
                self._by_tenant.clear()
            found = self._by_tenant[tenant] = tenancy.narrowed(self._plain, tenant)
        return found

    def _run(self, values: dict[str, Any]) -> Any:
        session = db.session()
        values[PARAMETER] = tenancy.current()
        if session.autoflush:
            session.flush()
        return session.connection().execute(self._narrowed, values)

    @cached_property
    def _narrowed(self) -> Any:
        """The statement, looked through at its first use: no table may stand in it at large."""
        kind: Any = type(db.engine.dialect)
        written = str(self._statement.compile(dialect=kind(paramstyle="named")))
        if at_large := _at_large(written):
            tables = ", ".join(sorted(at_large))
            raise TenantMissing(f"This SQL cannot be narrowed to a reseller: {tables}.")
        return self._statement


def prepared(build: Callable[Shape, Select[Any] | Update]) -> Callable[Shape, Prepared]:
    """Keep what a function builds, for each shape (its arguments) once."""

    def shape(*args: Shape.args, **kwargs: Shape.kwargs) -> Prepared:
        return Prepared(build(*args, **kwargs))

    return cast("Callable[Shape, Prepared]", lru_cache(maxsize=MOST_SHAPES)(shape))


def _at_large(written: str) -> set[str]:
    """Name the owned tables that stand in SQL more often than they are narrowed there."""
    found = set()
    for table in tenancy.owned_table_names():
        column = "id" if table == tenancy.root_table_name() else "reseller_id"
        names = [
            alias or table
            for alias in re.findall(
                rf"(?:\bFROM|\bJOIN|,)\s+\(*\"?{table}\"?(?![\w.\"])(?: AS (\w+))?", written
            )
        ]
        for name in set(names):
            narrowed = re.findall(rf"\b{name}\.{column} = :{PARAMETER}\b", written)
            if len(narrowed) < names.count(name):
                found.add(table)
    return found
