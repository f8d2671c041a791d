"""Every page for a look in a browser: the pictures' list, what it leaves out, and what is no page.

A new address that shows a page goes into PAGES of scripts/screens.py, or into MORE here when it
needs no picture; one that shows none goes into NO_PAGES, with the reason.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
from flask import Flask
from flask_admin.contrib.sqla import ModelView
from playwright.sync_api import Page
from sqlalchemy import select, update
from werkzeug.exceptions import HTTPException

import accounts
import credentials
import demo
import impersonation
import permissions
import second_factor
import tenancy
from columns import now
from extensions import db
from models import (
    CdrProfile,
    E911Group,
    EndpointGroup,
    Handover,
    Invitation,
    Login,
    Staff,
    WebSession,
)
from scripts.screens import DETAILS, LOGIN, OFFICE, OWNER, PAGES, PORTAL, STAFF, Act, Screen, follow

CODED_STAFF, CODED_LOGIN = "victor@keystone.example", "dana@cedar.example"
"""Whose sign-in asks for a code."""


def send(button: str, **typed: str) -> Act:
    """Fill fields by their names, press a button and wait for the page that answers."""

    def act(page: Page) -> None:
        for name, words in typed.items():
            page.locator(f"main [name={name}]").first.fill(words)
        with page.expect_navigation():
            page.locator(button).first.click()

    return act


def sign_in_as(who: str) -> Act:
    """Fill the form of the sign-in page, and wait for what comes after it."""
    return send("#sign-in [type=submit]", email=who, password=demo.PASSWORD)


def then(*acts: Act) -> Act:
    """Do one after the other."""

    def act(page: Page) -> None:
        for one in acts:
            one(page)

    return act


def choose(position: int, box: str = "[data-row]") -> Act:
    """Tick one box of a list."""
    return lambda page: page.locator(box).nth(position).check()


def follow_within(tab: str) -> Act:
    """Open the first row of a client's list at the list's own address of it."""

    def act(page: Page) -> None:
        row = page.locator(DETAILS).first.get_attribute("href") or ""
        page.goto(f"{OFFICE}/clients/1/{tab}/details/{row[row.index('?') :]}")

    return act


def sheet_with_changes(page: Page) -> None:
    """Upload a file that changes one number, leaves one and breaks one."""
    text = (
        "Number,Label,Call Forwarding: Forward to,Caller ID Name\r\n"
        "{},Front desk,4125550142,\r\n{},,nonsense,\r\n2125550199,,4125550142,\r\n"
    )
    with page.expect_navigation():
        page.goto(f"{PORTAL}/numbers")
    mine = page.locator("#numbers tbody [name=n]").evaluate_all("all => all.map(b => b.value)")
    page.goto(f"{PORTAL}/numbers/upload")
    file = {"name": "numbers.csv", "mimeType": "text/csv"}
    page.set_input_files("#file", [{**file, "buffer": text.format(*mine[:2]).encode()}])
    send("#upload-numbers button")(page)


begin_two_factor = send("#begin button", current_password=demo.PASSWORD)


def confirm_code(page: Page) -> None:
    """Confirm the key that is shown by its first code, as far as the recovery codes."""
    secret = page.inner_text("#secret").replace("-", "")
    send("#confirm button", code=pyotp.TOTP(secret).now())(page)


def without_sending(page: Page) -> None:
    """Open an impersonation, but keep the page from sending its form by itself.

    The code stands in the address that was opened first.
    """
    code = page.url.rpartition("=")[2]
    page.route(
        "**/js/app.js*", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    page.goto(f"{PORTAL}/impersonate/{code}")


def impersonate_without_a_reason(page: Page) -> None:
    """Press Impersonate with hardly a word, in the same tab."""
    page.locator("#impersonate").evaluate("form => form.removeAttribute('target')")
    send("#impersonate button", reason="ab")(page)


PENDING, SIGN_IN = f"{OFFICE}/pending-orders/", f"{PORTAL}/sign-in"
reject_chosen = send("[name=action][value=reject]")


def decided_meanwhile(page: Page) -> None:
    """Confirm a batch one of whose orders somebody else has decided in the meantime."""
    then(choose(0), choose(1), reject_chosen)(page)
    other = page.context.new_page()
    other.goto(f"{OFFICE}/pending-orders/")
    then(choose(0), send("[name=action][value=reject]"), send("#decide button", reason="No."))(
        other
    )
    other.close()
    send("#decide button", reason="Not this month.")(page)


MORE = (
    # What a form answers when it was not filled well.
    Screen("client-new-refused", OWNER, f"{OFFICE}/clients/new/", send("main form .btn-primary")),
    Screen("login-new-refused", OWNER, f"{OFFICE}/logins/new/", send("[value=preview]")),
    Screen(
        "port-new-refused",
        OWNER,
        f"{OFFICE}/ports/new/",
        send("main form .btn-primary"),
        status=422,
    ),
    Screen("staff-new-refused", OWNER, f"{OFFICE}/staff/new/", send("main form .btn-primary")),
    Screen(
        "portal-settings-refused",
        OWNER,
        f"{OFFICE}/portal-settings/",
        send("main form [value=save]", support_email="nobody", brand_colour="blue"),
        status=422,
    ),
    Screen(
        "impersonate-refused",
        STAFF,
        f"{OFFICE}/logins/",
        then(follow(DETAILS), impersonate_without_a_reason),
        status=422,
    ),
    Screen(
        "company-refused", OWNER, f"{OFFICE}/company/", send("#company button", name=""), status=422
    ),
    Screen("portal-sign-in-refused", None, SIGN_IN, send("#sign-in [type=submit]")),
    Screen(
        "portal-service-refused",
        LOGIN,
        f"{PORTAL}/numbers",
        then(follow("#numbers tbody a"), follow("#services a.btn"), send("[name=turn]")),
        status=422,
    ),
    Screen("portal-911-refused", LOGIN, f"{PORTAL}/911/new", send("#e911 button"), status=422),
    # What is a step further than the pictures go.
    Screen("code", None, f"{OFFICE}/login", sign_in_as(CODED_STAFF)),
    Screen("portal-code", None, SIGN_IN, sign_in_as(CODED_LOGIN)),
    Screen("set-password", None, f"{OFFICE}/set-password/{{alice}}"),
    Screen("dead-link", None, f"{OFFICE}/set-password/nothing", status=410),
    Screen("portal-set-password", None, f"{PORTAL}/set-password/{{bob}}"),
    Screen("portal-confirm-address", None, f"{PORTAL}/confirm-address/{{charlie}}"),
    Screen("portal-dead-address", None, f"{PORTAL}/confirm-address/nothing", status=410),
    Screen("portal-impersonate", None, f"{SIGN_IN}?code={{handover}}", without_sending),
    Screen("portal-impersonate-ended", None, f"{PORTAL}/impersonate/nothing", status=410),
    Screen("login-edit", OWNER, f"{OFFICE}/logins/edit/?id=1"),
    Screen("client-login", OWNER, f"{OFFICE}/clients/1/logins/details/?id=1"),
    Screen("client-number", OWNER, f"{OFFICE}/clients/1/numbers/", follow_within("numbers")),
    Screen("client-911-address", OWNER, f"{OFFICE}/clients/1/911/", follow_within("911")),
    Screen("endpoint-group", OWNER, f"{OFFICE}/endpoint-groups/edit/?id=1"),
    Screen("911-group", OWNER, f"{OFFICE}/911-groups/edit/?id=1"),
    Screen("staff-edit", OWNER, f"{OFFICE}/staff/edit/?id=3"),
    Screen("port-edit", OWNER, f"{OFFICE}/ports/1/edit"),
    Screen("did-group-new", OWNER, f"{OFFICE}/did-groups/new/"),
    Screen("911-group-new", OWNER, f"{OFFICE}/911-groups/new/"),
    Screen("rate-plan-edit", OWNER, f"{OFFICE}/rate-plans/edit/?id=1"),
    Screen("rate-plan-copy", OWNER, f"{OFFICE}/rate-plans/copy/?id=1"),
    Screen("call-file-format-edit", OWNER, f"{OFFICE}/call-file-formats/edit?id=1"),
    Screen("tier-new", OWNER, f"{OFFICE}/tiers/new/"),
    Screen(
        "numbers-batch",
        OWNER,
        f"{OFFICE}/dids/",
        then(choose(0), choose(1), send("[name=action][value=tier]")),
    ),
    Screen(
        "numbers-batch-account",
        OWNER,
        f"{OFFICE}/clients/1/numbers/",
        then(
            choose(0),
            choose(2),
            send("[name=action][value=take_back]"),
            send("#batch-numbers button"),
        ),
    ),
    Screen("portal-usage-calls", LOGIN, f"{PORTAL}/usage", follow("#usage-numbers a")),
    Screen("portal-911-change", LOGIN, f"{PORTAL}/911", follow("#records a[href$='0196']")),
    Screen("portal-911-remove", LOGIN, f"{PORTAL}/911", follow("#records a[href$=remove]")),
    Screen(
        "portal-release-one",
        LOGIN,
        f"{PORTAL}/numbers",
        then(follow("#numbers tbody a"), follow("#release-number")),
    ),
    Screen("portal-numbers-preview", LOGIN, f"{PORTAL}/numbers/upload", sheet_with_changes),
    # What changes the demo stands last.
    Screen("approve-many", OWNER, PENDING, then(choose(0), send("[name=action][value=approve]"))),
    Screen("decided-meanwhile", OWNER, PENDING, decided_meanwhile),
    Screen("two-factor-set-up", STAFF, f"{OFFICE}/two-factor/", begin_two_factor),
    Screen("two-factor-codes", STAFF, f"{OFFICE}/two-factor/", confirm_code),
    Screen("portal-two-factor-set-up", LOGIN, f"{PORTAL}/account/two-factor", begin_two_factor),
    Screen("portal-two-factor-codes", LOGIN, f"{PORTAL}/account/two-factor", confirm_code),
)
"""Pages that need no picture; the forms that were refused, and what takes several steps."""

FILE, LEADS_ON, WITHIN = "a file", "leads on to another page", "stands in a frame of its page"
NO_PAGES = {
    "static": FILE,
    "admin.static": FILE,
    "front_door": LEADS_ON,
    "health.healthz": "a word for machines",
    "health.readyz": "a word for machines",
    "cdr_imports.bad_lines": FILE,
    "cdr_imports.progress": "an answer to a script",
    "client_logins.create_view": LEADS_ON,
    "client_ports.create_view": LEADS_ON,
    "client_ports.details_view": LEADS_ON,
    "client_usage.csv": FILE,
    "clients.details_view": LEADS_ON,
    "did_import.report": FILE,
    "did_import.sample": FILE,
    "logins.preview_view": WITHIN,
    "mail.body_view": WITHIN,
    "orders.index": LEADS_ON,
    "portal.ask_again": LEADS_ON,
    "portal.brand_css": FILE,
    "portal.logo": FILE,
    "portal.two_factor_picture": FILE,
    "portal_settings.preview": WITHIN,
    "ports.details_view": LEADS_ON,
    "price_again.csv": FILE,
    "rate_decks.bad_lines": FILE,
    "rate_decks.index": LEADS_ON,
    "rate_plans.rates_csv": FILE,
    "two_factor.picture": FILE,
    "unused.csv": FILE,
    "usage.csv": FILE,
}
NO_PAGE_FILES = {
    "admin/frame.html": "the frame of others",
    "portal/frame.html": "the frame of others",
    "admin/model/create.html": "shown by the toy back office of test_theme_looks",
    "admin/model/edit.html": "shown by the toy back office of test_theme_looks",
    "admin/model/row_actions.html": "a part of lists",
}
NO_PAGE_VIEWS = {
    "export": "can_export",
    "ajax_lookup": None,
    "create_view": "can_create",
    "edit_view": "can_edit",
    "details_view": "can_view_details",
}
"""Flask-Admin's addresses that every list has, and what must be on for them to show a page."""


def screens() -> tuple[Screen, ...]:
    """List the pages; the back office is looked at by its owner, who sees every button."""
    looked_at = (replace(one, who=OWNER) if one.who == STAFF else one for one in PAGES)
    return (*looked_at, *MORE)


def place_of(app: Flask, url: str) -> str:
    """Tell the endpoint that answers an address, by whatever method; "" for none."""
    places, path = app.url_map.bind("localhost"), urlsplit(url).path
    for method in ("GET", "POST"):
        with suppress(HTTPException):
            return str(places.match(path, method=method)[0])
    return ""


def is_shut(app: Flask, endpoint: str) -> bool:
    """Tell whether Flask-Admin has an address that shows no page on this screen."""
    name, _, view = endpoint.partition(".")
    screen = {one.endpoint: one for one in app.extensions["admin"][0]._views}.get(name)
    if view not in NO_PAGE_VIEWS or not isinstance(screen, ModelView):
        return False
    if view in ("export", "ajax_lookup"):
        return True
    is_stock = getattr(type(screen), view) is getattr(ModelView, view)
    return is_stock and not getattr(screen, str(NO_PAGE_VIEWS[view]))


def left_out(app: Flask, area: str, places: set[str], templates: set[str]) -> list[str]:
    """List the addresses and the templates of an area's pages that nobody looked at."""
    asked = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    asked = {one for one in asked if (area == "portal") == one.startswith("portal.")}
    missing = {one for one in asked - places - set(NO_PAGES) if not is_shut(app, one)}
    return sorted(missing) + sorted(templates_of(app, area) - templates)


def templates_of(app: Flask, area: str) -> set[str]:
    """List the templates that are whole pages of an area."""
    folders = {"portal": ("portal",), "office": ("admin", "staff")}[area]
    root = Path(app.root_path, "templates")
    found = {one.relative_to(root) for folder in folders for one in (root / folder).rglob("*.html")}
    return {
        str(one) for one in found if not one.name.startswith("_") and str(one) not in NO_PAGE_FILES
    }


def furnish() -> dict[str, str]:
    """Make on the demo what its pages lack; gives the tokens of the links by name; commits."""
    with tenancy.across_resellers():
        for person in (_person(Staff, CODED_STAFF), _person(Login, CODED_LOGIN)):
            second_factor.begin(person)
            person.totp_confirmed_at = now()
        alice, bob = _person(Staff, STAFF), _person(Login, LOGIN)
        tokens = {
            "alice": _token(credentials.invite(alice)),
            "bob": _token(credentials.invite(bob)),
            "charlie": _token_of_new_address(_person(Login, "charlie@birch.example")),
        }
        for group in (EndpointGroup, E911Group):
            db.session.add(group(reseller_id=alice.reseller_id, name="The first"))
        db.session.add(CdrProfile(reseller_id=alice.reseller_id, key="other", name="Other"))
        tokens["handover"] = _handover(alice, bob)
        db.session.commit()
    return tokens


def _person(model: Any, email: str) -> Any:
    return db.session.scalars(select(model).where(model.email == email)).one()


def _handover(staff: Staff, login: Login) -> str:
    """Prepare an impersonation that can be begun for longer than a minute; gives its code."""
    row = WebSession(
        reseller_id=staff.reseller_id, staff_id=staff.id, expires_at=now() + timedelta(hours=1)
    )
    row.token_hash = "of the test"
    db.session.add(row)
    db.session.flush()
    code = impersonation.prepare(login, row, permissions.staff_actor(staff), "Ticket 4711")
    db.session.flush()
    db.session.execute(update(Handover).values(expires_at=row.expires_at))
    return code


def _token_of_new_address(login: Login) -> str:
    accounts.ask_address(login, f"new.{login.email}", by=permissions.login_actor(login))
    asked = select(Invitation).where(Invitation.login_id == login.id)
    latest = db.session.scalars(asked.order_by(Invitation.id.desc())).first()
    assert latest is not None
    return _token(latest, credentials.CONFIRM_ADDRESS)


def _token(invitation: Invitation, purpose: str = credentials.SET_PASSWORD) -> str:
    return credentials.link(invitation, purpose).rsplit("/", 1)[1]
