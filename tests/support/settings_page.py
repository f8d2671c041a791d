"""The page of order settings for tests of screens: filled as a person would, and what is stored."""

from typing import Any

import order_settings
import policy
from extensions import db
from models import Client, Mail, OrderSettings
from tests.support.web import Visitor

LIST, DEFAULTS = "/admin/order-settings/", "/admin/order-settings/defaults"


def tab_of(client) -> str:  # type: ignore[no-untyped-def]
    return f"/admin/clients/{client.id}/order-settings/"


def said(page: Any, selector: str = "main") -> str:
    return " ".join(page.html.select_one(selector).get_text(" ").split())


def press(form: Any, act: str, status: int | None = None, **typed: Any) -> Any:
    """Fill the form as a person would, and press one of its buttons."""
    for name, value in typed.items():
        if isinstance(value, list):
            for box in form.fields[name]:
                box.checked = box._value in value
        else:
            form[name] = value
    return form.submit("act", value=act, status=status)


def save(browser: Visitor, client, status: int = 302, **typed: Any):  # type: ignore[no-untyped-def]
    return press(browser.get(tab_of(client)).forms["settings"], "save", status, **typed)


def settings_of(client) -> OrderSettings:  # type: ignore[no-untyped-def]
    db.session.expire_all()
    return policy.settings_of(db.session.get_one(Client, client.id))


def state(client) -> tuple[dict[str, Any], int, int]:  # type: ignore[no-untyped-def]
    """Tell what a client's settings say, their version, and how many mails there are."""
    row = settings_of(client)
    says = order_settings.typed_of(order_settings.values_of(row))
    return says, row.version, db.session.query(Mail).count()
