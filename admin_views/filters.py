"""The filters that lists share: a choice from a menu, and a text; not what one screen means by it.

A menu may be fixed, or asked of the database whenever the list is shown. The filter's rule is a
function from the chosen value to a condition.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from flask import has_request_context
from flask_admin.contrib.sqla.filters import BaseSQLAFilter

Choices = Sequence[tuple[str, str]]
Rule = Callable[[str], Any]


class Pick(BaseSQLAFilter):  # type: ignore[misc]
    """Keeps the rows of one choice from a menu."""

    def __init__(
        self, column: Any, name: str, choices: Choices | Callable[[], Choices], rule: Rule
    ) -> None:
        self.live = choices if callable(choices) else None
        """What the menu offers at this moment; None for a menu that never changes."""
        super().__init__(column, name, options=None if callable(choices) else list(choices))
        self.rule = rule

    def operation(self) -> str:
        """Word the comparison."""
        return "is"

    def get_options(self, view: Any) -> Choices | None:
        """Give the menu as it is now; while the application is being built nobody looks."""
        if self.live is None:
            offered: Choices | None = self.options
            return offered
        return list(self.live()) if has_request_context() else None

    def clean(self, value: str) -> str:
        """Let through what the menu has; raises ValueError for anything else."""
        if value not in dict(self.live() if self.live else self.options):
            raise ValueError(value)
        return value

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        """Narrow the rows."""
        return query.filter(self.rule(value))


class Says(BaseSQLAFilter):  # type: ignore[misc]
    """Keeps the rows that fit a text somebody typed."""

    def __init__(self, column: Any, name: str, rule: Rule, words: str = "is") -> None:
        super().__init__(column, name)
        self.rule, self.words = rule, words

    def operation(self) -> str:
        """Word the comparison."""
        return self.words

    def clean(self, value: str) -> str:
        """Take blanks away; raises ValueError for a text that cannot be."""
        text = value.strip()
        if not text or len(text) > 120:
            raise ValueError(value)
        return text

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        """Narrow the rows."""
        return query.filter(self.rule(value))


def one_of(
    column: Any, name: str, kind: type[StrEnum], words: dict[str, str] | None = None
) -> Pick:
    """Make the filter of an enumeration's column."""
    choices = [(m.value, (words or {}).get(m.value) or spoken(m.value)) for m in kind]
    return Pick(column, name, choices, lambda value: column == kind(value))


def yes_or_no(column: Any, name: str) -> Pick:
    """Make the filter of a column that is true or false."""
    choices = [("yes", "Yes"), ("no", "No")]
    return Pick(column, name, choices, lambda value: column == (value == "yes"))


def spoken(value: str) -> str:
    """Word the value of an enumeration: toll_free is Toll free."""
    return value.replace("_", " ").capitalize()
