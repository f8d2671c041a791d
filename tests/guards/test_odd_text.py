"""Whatever is typed into a form, a person gets a page that answers it: no error, no “Not found”."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask
from webtest import TestResponse
from webtest.forms import Email, File, Form, Hidden, Text, Textarea, Upload

from extensions import db
from models import Role, Staff
from tests.guards.test_hostile_text import addresses, rows, world
from tests.support.cast import Story
from tests.support.crawler import submits
from tests.support.web import Visitor

__all__ = ["rows", "world"]

ODD = {"signs": "a\0b 🏥 ٤١٢ \u202ec", "digits": "9" * 20}
ENDS = (
    *("sign-out", "sign-in", "/login", "password", "two-factor", "demand", "impersonat"),
    *("disable", "close", "suspend", "forget"),
)
"""Words of addresses whose forms end the reading, or change who reads."""

AREAS = {"alice": "/admin/", "bob": "/portal/"}
FEWEST = {"alice": 50, "bob": 20}
"""Ways to send a form with texts that are tried at least, or this looks at nothing."""


def forms(page: TestResponse, seen: set[Any]) -> Iterator[tuple[Form, Any]]:
    """Give each way to send a form of a page that was not tried yet, and that has texts."""
    where = page.request.path_qs
    for form in dict.fromkeys(page.forms.values()):
        for name, value, own in submits(form):
            action = urljoin(where, own or form.action or where)
            key = (action.partition("?")[0], form.id, name, value)
            if key not in seen and not any(word in action for word in ENDS) and texts(form):
                seen.add(key)
                form.action = action
                yield form, (name, value)


def texts(form: Form) -> list[Any]:
    fields = (one for some in form.fields.values() for one in some)
    typed = [one for one in fields if isinstance(one, Text | Textarea | Email)]
    return [one for one in typed if not isinstance(one, Hidden)]


def send(form: Form, way: Any, odd: str) -> TestResponse:
    for field in texts(form):
        field.force_value(odd)
    for some in form.fields.values():
        for field in some:
            if isinstance(field, File):
                field.force_value(Upload("numbers.csv", b"number\n4125550100\n"))
    name, value = way
    return form.submit(name, value=value, status="*")


@pytest.mark.parametrize("who", list(AREAS))
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_every_form_answers_odd_text(
    app: Flask,
    story: Story,
    world: Callable[[str], list[dict[str, Any]]],
    visitor: Callable[..., Visitor],
    look: Any,
    who: str,
    odd: str,
) -> None:
    worlds = world("plain")
    with look():
        db.session.get_one(Staff, story.alice.id).role = Role.OWNER
        db.session.commit()
    browser = visitor(getattr(story, who))
    seen: set[Any] = set()
    failed = []
    for where in addresses(app, worlds):
        if not where.startswith(AREAS[who]) or any(word in where for word in ENDS):
            continue
        page = browser.get(where, status="*")
        if page.status_int != 200 or page.content_type != "text/html":
            continue
        for form, way in forms(page, seen):
            answer = send(form, way, odd)
            if answer.status_int == 404 or answer.status_int >= 500:
                failed.append((form.action, form.id, way, answer.status_int))
    assert failed == []
    assert len(seen) >= FEWEST[who]
