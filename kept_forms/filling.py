"""Filling in a form of a finished page: which form it is, and its fields written anew.

It works on the page as browsers read it, so that no form has to know of it. Hidden fields,
passwords, codes and files stay as the page has them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from urllib.parse import urljoin

Attributes = dict[str, str | None]
Fields = list[list[str]]

UNTOUCHED = frozenset({"hidden", "password", "file", "submit", "button", "image", "reset"})
TICKED = frozenset({"checkbox", "radio"})


@dataclass
class Control:
    """A field, button or option: where its tag stands in the page, and what it says."""

    tag: str
    attributes: Attributes
    start: int
    end: int
    form: "Form | None" = None
    inside: str = ""
    closes_at: int | None = None
    of: "Control | None" = None
    """The list of an option."""

    @property
    def name(self) -> str:
        """Give the field's name; an option has its list's."""
        return str((self.of or self).attributes.get("name") or "")

    @property
    def value(self) -> str:
        """Give what the browser sends for it."""
        stated = self.attributes.get("value")
        if stated is None:
            return self.inside.strip() if self.tag == "option" else "on"
        return stated

    @property
    def kind(self) -> str:
        """Give the kind of an input."""
        return str(self.attributes.get("type") or "text").lower()

    @property
    def is_filled(self) -> bool:
        """Tell whether a person fills it in and may find it filled in again."""
        mine = (self.of or self).attributes
        is_code = mine.get("autocomplete") == "one-time-code"
        is_typed = self.tag in ("textarea", "option") or (
            self.tag == "input" and self.kind not in UNTOUCHED
        )
        return bool(self.name) and is_typed and not is_code and "readonly" not in mine


@dataclass
class Form:
    """A form of the page."""

    attributes: Attributes


class _Reader(HTMLParser):
    """Find the forms of a page and their fields, with their places."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines = [0]
        for line in html.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.forms: list[Form] = []
        self.controls: list[Control] = []
        self.main_at: int | None = None
        self.open: dict[str, Control] = {}
        self.form: Form | None = None
        self.feed(html)
        self.close()

    def _at(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start, end = self._at(), self._at() + len(self.get_starttag_text() or "")
        if tag == "form":
            self.form = Form(dict(attrs))
            self.forms.append(self.form)
        elif tag == "main":
            self.main_at = end
        elif tag in ("input", "textarea", "select", "option", "button"):
            one = Control(tag, dict(attrs), start, end, self.form, of=self._list_of(tag))
            self.controls.append(one)
            self.open[tag] = one

    def _list_of(self, tag: str) -> Control | None:
        return self.open.get("select") if tag == "option" else None

    def handle_data(self, data: str) -> None:
        if "option" in self.open:
            self.open["option"].inside += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        if tag == "select":
            self.open.pop("option", None)
        one = self.open.pop(tag, None)
        if one is not None:
            one.closes_at = self._at()


class Page:
    """A finished page whose form is filled in."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.read = _Reader(html)
        self.edits: list[tuple[int, int, str]] = []

    def form_of(self, leads_there: Callable[[str], bool], fields: Fields) -> Form | None:
        """Find the form that leads to an address; of several, the one that was filled in."""
        fitting = [form for form in self.read.forms if self._leads(form, leads_there)]
        return max(fitting, key=lambda form: self._likeness(form, fields), default=None)

    def _leads(self, form: Form, leads_there: Callable[[str], bool]) -> bool:
        if str(form.attributes.get("method") or "").lower() != "post":
            return False
        buttons = (one.attributes.get("formaction") for one in self._controls(form))
        actions = [form.attributes.get("action") or "", *filter(None, buttons)]
        return any(map(leads_there, actions))

    def _likeness(self, form: Form, fields: Fields) -> tuple[int, int]:
        """Count the hidden fields that say what was sent, then the names in common."""
        mine = self._controls(form)
        hidden = sum(one.kind == "hidden" and [one.name, one.value] in fields for one in mine)
        return hidden, len({one.name for one in mine} & {name for name, _ in fields})

    def _controls(self, form: Form) -> list[Control]:
        """List what belongs to a form, wherever it stands in the page."""
        key = form.attributes.get("id")
        return [one for one in self.read.controls if self._is_in(one, form, key)]

    @staticmethod
    def _is_in(one: Control, form: Form, key: str | None) -> bool:
        named = (one.of or one).attributes.get("form")
        return named == key if named else one.form is form

    def fill(self, form: Form, fields: Fields) -> int:
        """Write what was typed into the fields of a form; give how many of them it has."""
        values: dict[str, list[str]] = {}
        for name, value in fields:
            values.setdefault(name, []).append(value)
        typed = [one for one in self._controls(form) if one.is_filled]
        for one in typed:
            self._fill_one(one, values)
        return len(typed)

    def _fill_one(self, one: Control, values: dict[str, list[str]]) -> None:
        chosen = values.get(one.name, [])
        if one.tag == "option":
            if chosen or (one.of and "multiple" in one.of.attributes):
                self._mark(one, "selected", one.value in chosen)
        elif one.tag == "input" and one.kind in TICKED:
            self._mark(one, "checked", one.value in chosen)
        elif chosen:
            self._write(one, chosen.pop(0))

    def _mark(self, one: Control, word: str, is_on: bool) -> None:
        if is_on != (word in one.attributes):
            rest = {name: value for name, value in one.attributes.items() if name != word}
            self._replace_tag(one, rest | ({word: None} if is_on else {}))

    def _write(self, one: Control, value: str) -> None:
        if one.tag == "input":
            self._replace_tag(one, one.attributes | {"value": value})
        elif one.closes_at is not None:
            # Browsers drop one line break after the tag, so that a text may begin with its own.
            self.edits.append((one.end, one.closes_at, f"\n{escape(value)}"))

    def _replace_tag(self, one: Control, attributes: Attributes) -> None:
        words = (
            f" {name}" if value is None else f' {name}="{escape(value)}"'
            for name, value in attributes.items()
        )
        self.edits.append((one.start, one.end, f"<{one.tag}{''.join(words)}>"))

    def say(self, notice: str) -> None:
        """Put a notice, which is HTML, at the top of the page's content."""
        if self.read.main_at is not None:
            self.edits.append((self.read.main_at, self.read.main_at, notice))

    def written(self) -> str:
        """Give the page with all that was changed."""
        html = self.html
        for start, end, text in sorted(self.edits, reverse=True):
            html = html[:start] + text + html[end:]
        return html


def absolute(page: str, action: str) -> str:
    """Give the address that a form's action means on a page; an empty one means the page."""
    return urljoin(page, action) if action else page
