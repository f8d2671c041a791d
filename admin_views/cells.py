"""The cells of a list, put together quickly: once a page what is the same, once a row what is not.

Flask-Admin asks for each cell through the template, and looks anew for its formatter, its choices
and the type of its value: half a millisecond a row. What a cell says is still the screen's to say.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for
from markupsafe import Markup, escape

Maker = Callable[[Any], Any]

CHOOSE = (
    '<td class="choose-cell"><input class="form-check-input" type="checkbox" name="rowid"'
    ' value="{}" data-row aria-label="Choose {}"></td>'
)


def link(endpoint: str, words: Any, **values: Any) -> Markup:
    """Make a link to a page, the words escaped."""
    return anchor(url_for(endpoint, **values), words)


def anchor(address: str, words: Any) -> Markup:
    """Make a link to an address, both escaped; Markup.format takes ten times as long."""
    return Markup(f'<a href="{escape(address)}">{escape(words)}</a>')  # noqa: S704


class Cells:
    """Writes the cells of one page's rows; made for one view and one template's context."""

    def __init__(
        self, view: Any, context: Any, columns: Sequence[tuple[Any, str]], *, can_choose: bool
    ) -> None:
        self.view, self.can_choose = view, can_choose
        self.by_type: dict[type, Any] = {}
        numeric = view.column_numeric or ()
        self.columns = [
            (self._opening(words, name in numeric), self._maker(name, context))
            for name, words in columns
        ]

    def __call__(self, row: Any) -> Markup:
        """Write the cells of a row, first the box that chooses it."""
        parts = [f"{opening}{escape(make(row))}</td>" for opening, make in self.columns]
        if self.can_choose:
            parts.insert(0, CHOOSE.format(row.id, escape(str(row))))
        return Markup("".join(parts))  # noqa: S704  Every value was escaped.

    @staticmethod
    def _opening(words: str, is_number: bool) -> str:
        look = ' class="num"' if is_number else ""
        return f'<td data-label="{escape(words)}"{look}>'

    def _maker(self, name: Any, context: Any) -> Maker:
        """Say how a column's cells are made, as Flask-Admin would."""
        view, choices = self.view, self.view._column_choices_map.get(name)
        formatter = view.column_formatters.get(name)
        if choices:
            return lambda row: view.get_list_value(context, row, name)
        if formatter is None:
            return lambda row: self._shown(view._get_field_value(row, name), name)
        return lambda row: self._shown(formatter(view, context, row, name), name)

    def _shown(self, value: Any, name: Any) -> Any:
        kind = type(value)
        if kind not in self.by_type:
            formatters = self.view.column_type_formatters.items()
            self.by_type[kind] = next((f for one, f in formatters if isinstance(value, one)), None)
        formatter = self.by_type[kind]
        return value if formatter is None else formatter(self.view, value, name)
