"""One function a mail: who gets it, in whose brand, and the row that is delivered afterwards.

Each is called in the transaction of the change that it tells of, renders at once, and adds rows to
the outbox; none sends or commits. A row has a key, and a second row with the same key is not added.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select

import brand as brands
import catalog
import credentials
import display
import hosts
import policy
import together
from brand import Brand
from columns import now
from extensions import db
from models import (
    AccountStatus,
    Client,
    Invitation,
    Login,
    Mail,
    MailState,
    Order,
    OrderNote,
    Reseller,
    Staff,
)
from permissions import GRANTS, Permission, has_left

LINK = "[[single-use link]]"
"""Stands in a stored body where the link goes: the table must not hold what sets a password."""

ADDRESS_LINK = "address_to_confirm"
"""The one kind of mail whose link confirms an address; every other one sets a password."""

LINK_HIDDEN = "(single-use link, known to the recipient only)"


# --- People -----------------------------------------------------------------------------------


def login_invited(login: Login, invitation: Invitation, addresses: Iterable[str]) -> list[Mail]:
    """Mail a login's user name, address and single-use link to every given address (P6)."""
    return [
        _write(
            "login_invited",
            address,
            f"invitation:{invitation.id}:{address}",
            _reseller_of(login),
            invitation=invitation,
            **_login_words(login),
        )
        for address in dict.fromkeys(addresses)
    ]


def preview_login_invited(login: Login) -> tuple[str, str, str]:
    """Render that mail as it will be sent, the link hidden: (subject, text, HTML) (P7)."""
    context = {"link": LINK_HIDDEN, **_login_words(login)}
    return _render("login_invited", _reseller_of(login), context)


def preview_look(reseller: Reseller) -> str:
    """Render an invitation of nobody in particular, to look at what a reseller's mails wear."""
    words = {
        "name": "Sam Sample",
        "client_name": "Sample Client",
        "email": "sam@example.com",
        "portal_url": f"{hosts.base(reseller)}/portal/{reseller.slug}/",
    }
    return _render("login_invited", reseller, {"link": LINK_HIDDEN, **words})[2]


def _login_words(login: Login) -> dict[str, Any]:
    reseller = _reseller_of(login)
    return {
        "name": login.name,
        "email": login.email,
        "client_name": login.client.name,
        "portal_url": f"{hosts.base(reseller)}/portal/{reseller.slug}/",
    }


def staff_invited(staff: Staff, invitation: Invitation) -> Mail:
    """Mail a new staff member the single-use link."""
    return _write(
        "staff_invited",
        staff.email,
        f"invitation:{invitation.id}",
        staff.reseller,
        invitation=invitation,
        name=staff.name,
        email=staff.email,
    )


def password_forgotten(person: Staff | Login, invitation: Invitation) -> Mail:
    """Mail a single-use link to somebody who forgot the password."""
    return _password_mail("password_forgotten", person, invitation)


def password_demanded(login: Login, invitation: Invitation) -> Mail:
    """Mail a single-use link to a login whose password staff have ended."""
    return _password_mail("password_demanded", login, invitation)


def _password_mail(kind: str, person: Staff | Login, invitation: Invitation) -> Mail:
    return _write(
        kind,
        person.email,
        f"invitation:{invitation.id}",
        _reseller_of(person),
        invitation=invitation,
        name=person.name,
    )


def password_changed(person: Staff | Login) -> Mail:
    """Tell somebody that the password was changed, in case it was not they who did it."""
    return _write(
        "password_changed",
        person.email,
        f"password:{uuid.uuid4()}",
        _reseller_of(person),
        name=person.name,
    )


def address_asked(login: Login, invitation: Invitation) -> None:
    """Mail a confirming link to a login's new address, and a notice to the present one."""
    reseller, new = _reseller_of(login), login.pending_email or ""
    portal = f"{hosts.base(reseller)}/portal/{reseller.slug}"
    words: dict[str, Any] = {"name": login.name, "old": login.email, "new": new}
    key = f"address:{invitation.id}"
    _write(ADDRESS_LINK, new, f"{key}:new", reseller, invitation=invitation, **words)
    _write("address_asked", login.email, key, reseller, url=f"{portal}/forgotten", **words)


def second_factor_changed(person: Staff | Login, news: str) -> Mail:
    """Tell somebody what became of the second factor, such as "turned off"."""
    return _write(
        "second_factor_changed",
        person.email,
        f"second_factor:{uuid.uuid4()}",
        _reseller_of(person),
        name=person.name,
        news=news,
    )


def _reseller_of(person: Staff | Login) -> Reseller:
    return person.reseller if isinstance(person, Staff) else person.client.reseller


# --- Orders -----------------------------------------------------------------------------------


def order_submitted(order: Order) -> None:
    """Tell the Client Contact and the reseller's approvers of a new order (P17).

    Nobody is told to wait for, or to make, a decision that the client's settings make at once.
    """
    automatic = policy.auto_approves(policy.settings_of(order.client), order.kind)
    contact = [order.client.contact_email]
    _to_client("order_submitted", order, contact, is_automatic=automatic)
    _to_approvers("order_auto_approved" if automatic else "order_to_decide", order)


def order_approved(order: Order) -> None:
    """Tell the login that an order is approved and under way."""
    _to_client("order_approved", order, _askers(order))


def order_completed(order: Order) -> None:
    """Tell the login that what was ordered is in force."""
    _to_client("order_completed", order, _askers(order))


def order_rejected(order: Order) -> None:
    """Tell the login, with the reason, that an order was rejected."""
    _to_client("order_rejected", order, _askers(order))


def order_reopened(order: Order) -> None:
    """Tell the login that a rejection was undone."""
    _to_client("order_reopened", order, _askers(order))


def order_cancelled(order: Order) -> None:
    """Tell the approvers that there is nothing to decide any more."""
    _to_approvers("order_cancelled", order)


def order_failed(order: Order) -> None:
    """Tell the approvers, and nobody outside, that carrying out failed."""
    _to_approvers("order_failed", order)


def order_noted(order: Order, note: OrderNote) -> None:
    """Tell the client of a note of the reseller's, and the approvers of one of the client's."""
    if note.login_id is None:
        _to_client("order_noted", order, _askers(order), note=note.text, note_id=note.id)
        return
    for address in _approvers(order):
        url = f"{_base()}/admin/orders/{order.number}"
        said = {"note": note.text, "note_id": note.id, "written_by": note.by_name}
        _order_mail("order_note_received", order, address, url, to_staff=True, **said)


def _askers(order: Order) -> list[str]:
    """Give who hears what becomes of an order: its login, unless that wants no such mail.

    Where there is no login, or whose it was has left, the Client Contact hears it.
    """
    login = db.session.get(Login, order.login_id) if order.login_id else None
    if login is None or has_left(login, now()):
        return [order.client.contact_email]
    return [login.email] if login.wants_order_mail else []


def _approvers(order: Order) -> list[str]:
    deciders = [role for role, grants in GRANTS.items() if Permission.ORDERS_DECIDE in grants]
    return list(
        db.session.scalars(
            select(Staff.email)
            .where(
                Staff.reseller_id == order.reseller_id,
                Staff.role.in_(deciders),
                Staff.status == AccountStatus.ACTIVE,
                Staff.wants_order_mail,
            )
            .order_by(Staff.id)
        )
    )


def _to_client(kind: str, order: Order, addresses: list[str], **more: Any) -> None:
    reseller = order.client.reseller
    url = f"{hosts.base(reseller)}/portal/{reseller.slug}/orders/{order.number}"
    hide = reseller.portal_settings.hide_prices
    for address in addresses:
        _order_mail(kind, order, address, url, hide_prices=hide, **more)


def _to_approvers(kind: str, order: Order) -> None:
    for address in _approvers(order):
        url = f"{_base()}/admin/orders/{order.number}"
        _order_mail(kind, order, address, url, to_staff=True)


def _order_mail(
    kind: str, order: Order, address: str, url: str, *, to_staff: bool = False, **more: Any
) -> None:
    client = order.client
    _write(
        kind,
        address,
        f"order:{order.id}:{kind}:{_turn(order, more)}:{address}",
        client.reseller,
        order=order,
        url=url,
        words=order_words(order, to_staff=to_staff),
        zone=client.time_zone or client.reseller.time_zone,
        **more,
    )


def _turn(order: Order, more: Mapping[str, Any]) -> str:
    """Tell the mails of one kind about one order apart: by its round, or by the note."""
    return f"n{more['note_id']}" if "note_id" in more else f"r{order.round}"


def _asker(order: Order, *, to_staff: bool) -> str:
    """Name who asked; where staff did it as a login, both (P8): to clients they are the company."""
    login = db.session.get(Login, order.login_id) if order.login_id else None
    name = login.name if login else order.client.name
    staff = db.session.get(Staff, order.impersonator_id) if order.impersonator_id else None
    if staff is None:
        return name
    company = order.client.reseller.portal_settings.company_name
    return f"{staff.name if to_staff else company} for {name}"


def order_words(order: Order, *, to_staff: bool) -> dict[str, Any]:
    """Say an order in words for a mail: kind, who asked, lines with their changes, prices."""
    client, currency = order.client.name, order.client.reseller.currency
    return {
        "number": order.number,
        "kind": catalog.kind(order.kind).label,
        "client": client,
        "asked_by": _asker(order, to_staff=to_staff),
        "lines": [
            {
                "number": display.number(line.number),
                "changes": catalog.changes_for_staff(line, client)
                if to_staff
                else catalog.changes(line),
            }
            for line in order.lines
        ],
        "monthly": display.money(order.monthly_micros, currency),
        "setup": display.money(order.setup_micros, currency),
        "note": order.client_note,
        "reason": order.reason,
        "errors": sorted({line.error for line in order.lines if line.error}),
    }


# --- Money --------------------------------------------------------------------------------------


def statement_key(client_id: int, month: date) -> str:
    """Give the key of the mail that tells a client once of its statement of a month."""
    return f"statement:{client_id}:{month:%Y-%m}"


def statement_ready(client: Client, month: date, total_micros: int, *, once: bool = True) -> Mail:
    """Tell the Client Contact that the statement of a month can be read in the portal."""
    reseller = client.reseller
    address = f"{hosts.base(reseller)}/portal/{reseller.slug}/statements/{month:%Y-%m}"
    hide = reseller.portal_settings.hide_prices
    return _write(
        "statement_ready",
        client.contact_email,
        statement_key(client.id, month) + ("" if once else f":{uuid.uuid4()}"),
        reseller,
        url=address,
        client_name=client.name,
        month=f"{month:%B %Y}",
        total=None if hide else display.cents(total_micros, reseller.currency),
    )


def spend_alert(client: Client, to: str, key: str, *, so_far: str, limit: str, month: str) -> Mail:
    """Tell whom the reseller named that a client's month has come to a limit."""
    words: dict[str, Any] = {
        "so_far": so_far,
        "limit": limit,
        "month": month,
        "client_name": client.name,
    }
    url = f"{_base()}/admin/clients/{client.id}/usage/"
    return _write("spend_alert", to, f"{key}:{to}", client.reseller, url=url, **words)


# --- The row ----------------------------------------------------------------------------------


def _write(
    kind: str,
    to: str,
    key: str,
    reseller: Reseller,
    *,
    order: Order | None = None,
    invitation: Invitation | None = None,
    **context: Any,
) -> Mail:
    """Render a mail and add it to the outbox, unless a row with its key stands there already."""
    key = _fitting(key)
    earlier = _earlier(key)
    if earlier is not None:
        return earlier
    brand = brands.of(reseller)
    context |= {"link": LINK, "order": order}
    subject, text, html = _render(kind, reseller, context)
    row = Mail(
        reseller_id=reseller.id,
        kind=kind,
        order_id=order.id if order else None,
        invitation_id=invitation.id if invitation else None,
        to_address=_one_line(to),
        from_name=" ".join(brand.mail_from_name.split()),
        reply_to=_one_line(brand.mail_reply_to) if brand.mail_reply_to else None,
        subject=subject,
        text=text,
        html=html,
        message_id=f"<{uuid.uuid4()}@{urlsplit(_base()).hostname or 'localhost'}>",
        dedupe_key=key,
        state=MailState.WAITING if current_app.config["MAIL_SERVER"] else MailState.KEPT,
    )
    together.add(row)
    if together.kept() is None:
        db.session.flush()
    return row


def _earlier(key: str) -> Mail | None:
    """Find the mail with a key; a batch has read which keys of its orders there are."""
    batch = together.kept()
    if batch is not None:
        if key not in batch.mail_keys:
            batch.mail_keys.add(key)
            return None
        kept = [row for row in batch.rows if isinstance(row, Mail) and row.dedupe_key == key]
        if kept:
            return kept[0]
    return db.session.scalar(select(Mail).where(Mail.dedupe_key == key))


def _fitting(key: str) -> str:
    """Shorten a key that its column cannot hold; an address alone may be longer than that."""
    longest = 200
    return key if len(key) <= longest else hashlib.sha256(key.encode()).hexdigest()


def _one_line(value: str) -> str:
    """Refuse a line break in an address: it could begin another header."""
    if "".join(value.splitlines()) != value:
        raise ValueError("An address cannot have a line break.")
    return value


def _render(kind: str, reseller: Reseller, context: dict[str, Any]) -> tuple[str, str, str]:
    brand: Brand = brands.of(reseller)
    full = {
        **context,
        "brand": brand,
        "logo": f"{hosts.base(reseller)}{brand.logo_url}" if brand.logo_url else None,
    }
    env = current_app.jinja_env
    subject, text, html = (
        env.get_template(f"mail/{kind}/{part}").render(full)
        for part in ("subject.txt", "body.txt", "body.html")
    )
    return " ".join(subject.split()), text.strip() + "\n", html


def _base() -> str:
    base: str = current_app.config["PUBLIC_URL"]
    return base


# --- What a reader sees -------------------------------------------------------------------------


def filled(mail: Mail) -> tuple[str, str]:
    """Give (text, HTML) of a mail as they are delivered, with the single-use link in its place."""
    return _with_link(mail, link_of(mail) or "")


def link_of(mail: Mail) -> str | None:
    """Write the single-use link that a mail carries; None for a mail without one."""
    if mail.invitation is None:
        return None
    is_address = mail.kind == ADDRESS_LINK
    purpose = credentials.CONFIRM_ADDRESS if is_address else credentials.SET_PASSWORD
    return credentials.link(mail.invitation, purpose)


def shown(mail: Mail) -> tuple[str, str]:
    """Give (text, HTML) for staff: with the link only while no mail server carries it away."""
    if mail.state is MailState.KEPT and mail.invitation is not None:
        return filled(mail)
    return _with_link(mail, LINK_HIDDEN)


def _with_link(mail: Mail, link: str) -> tuple[str, str]:
    return mail.text.replace(LINK, link), mail.html.replace(LINK, link)
