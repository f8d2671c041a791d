"""The base of the forms of both areas: fields only; what is right is decided below the views.

Forms carry no validators: the domain checks what was typed and answers with a sentence a field,
which ``blame`` puts beside it. The token is checked by CSRFProtect before any view runs.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import flash
from flask_wtf import FlaskForm

from catalog import Invalid
from extensions import db


class PostForm(FlaskForm):  # type: ignore[misc]
    """A form that keeps what was typed and shows what was wrong with it."""

    def blame(self, problems: Mapping[str, str]) -> None:
        """Put each sentence beside its field; one that has no field stands above the form."""
        for name, sentence in problems.items():
            if name in self:
                self[name].errors = [sentence]
            else:
                flash(sentence, "error")

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """Undo what the domain refuses inside the block, and say why beside the fields."""
        try:
            yield
        except Invalid as wrong:
            db.session.rollback()
            self.blame(wrong.problems)

    def typed(self) -> dict[str, Any]:
        """Give what was typed, field by field, without the token."""
        return {name: value for name, value in self.data.items() if name != "csrf_token"}
