"""A world whose every free text is hostile, and what tells that a page did not defend itself."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Enum, String, select

import mailer
from columns import E164, now
from extensions import db
from models import (
    CallKind,
    CdrProfile,
    Charge,
    ChargeKind,
    Client,
    Did,
    DidImport,
    E911Group,
    E911Record,
    Endpoint,
    EndpointAssignment,
    EndpointGroup,
    Invitation,
    MonthlyFee,
    Net,
    OrderNote,
    Port,
    PortEvent,
    PortNumber,
    PortReason,
    PortStatus,
    Rate,
    RateDeck,
    RatePlan,
    RejectReason,
    Rerating,
    Role,
    Staff,
)
from tests.support import orders
from tests.support.cast import Story

MARKER = "\"><xss>{{7*7}}'"
"""Markup, the end of an attribute in either quotes, and a template's expression."""

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "  =1+1", "'=1+1", '"=1+1', "\n=1+1")


def _safe(sign: str, *entities: str) -> str:
    """Write the safe ways of a sign: an entity, JSON's escape, or its code in an address."""
    return f"(?:{'|'.join(entities)}{'|' if entities else ''}%(?:25)*{ord(sign):02X})"


_ESCAPED = re.compile(
    _safe('"', "&#34;", "&quot;", r"\\&#34;")
    + _safe(">", "&gt;", r"\\u003e")
    + _safe("<", "&lt;", r"\\u003c")
    + "xss"
    + _safe(">", "&gt;", r"\\u003e")
    + _safe("{", re.escape("{")) * 2
    + r"7(?:\*|%2A)7",
    re.I,
)
_AMOUNT = re.compile(r"-?\d+\.\d+")

APPEND_ONLY = {"audit_entry", "order_event"}
"""Tables that the database lets nobody change; their texts come from the acts of hostile people."""

CHECKED = {
    *("email", "contact_email", "support_email", "mail_reply_to", "to_address", "reply_to"),
    *("slug", "time_zone", "currency", "carrier", "brand_colour", "accent_colour", "logo_type"),
    *("host_name", "host_token", "password_hash", "totp_secret", "nonce", "token_hash"),
    *("code_hash", "submit_key", "digest", "dedupe_key", "message_id", "lease_owner", "ip"),
    *("address_validator", "pending_email", "time_format", "delimiter", "carried_by"),
    *("state", "zip", "zip4", "lata", "npa", "nxx", "digits", "bucket", "service", "slot", "kind"),
}
"""Columns whose content a door checks or the program makes; all other texts become hostile."""

MADE = {"mail.text", "mail.html", "order_event.name", "port_status.key", "orders.number"} | {
    *("charge.key", "charge.number", "charge.subject", "cdr_profile.key"),
    *("monthly_fee.number", "monthly_fee.subject"),
}
"""Texts that the program makes, of tables where another column of that name may be anything."""


OF_PROGRAM = {"forgotten_password", "lease", "sign_in_failure", "kept_form"}
"""Tables into which no person writes, or whose addresses the program makes."""


def furnish(story: Story) -> None:
    """Add a row to the tables that the cast and its orders leave empty."""
    acme, owner = db.session.get_one(Client, story.acme.id), {"reseller_id": story.reseller_id}
    step = _add(PortStatus(**owner, key="sent", label="Sent", client_text="Sent."))
    port = _add(Port(**owner, client_id=acme.id, status_id=step.id, pon="1", entity_name="Acme"))
    endpoints = _add(EndpointGroup(**owner, name="Trunk", client_id=acme.id))
    group = _add(E911Group(**owner, name="911", client_id=acme.id))
    did = db.session.scalars(select(Did).where(Did.number == story.acme_number)).one()
    plan = _add(RatePlan(**owner, name="Usual"))
    # Alice opens every screen here, those of the owner too.
    db.session.get_one(Staff, story.alice.id).role = Role.OWNER
    for row in (
        Rate(**owner, rate_plan_id=plan.id, kind=CallKind.INBOUND, starts_on=date(2026, 1, 1)),
        RateDeck(
            **owner,
            rate_plan_id=plan.id,
            file_name="deck.csv",
            content=b"",
            kind=CallKind.OUTBOUND,
            starts_on=date(2026, 1, 1),
        ),
        Rerating(**owner, first_day=date(2026, 1, 1), last_day=date(2026, 1, 31), by_name="Alice"),
        PortNumber(**owner, port_id=port.id, number="+14125550177", reason="Late."),
        PortEvent(**owner, port_id=port.id, by_name="Alice", text="Hello."),
        PortReason(**owner, text="Late."),
        RejectReason(**owner, text="No."),
        CdrProfile(**owner, key="mine", name="Mine", columns={"cost": "Price"}),
        MonthlyFee(
            **owner,
            client_id=acme.id,
            number=did.number,
            subject="e911",
            monthly_micros=1,
            started_on=date(2026, 1, 1),
        ),
        Charge(
            **owner,
            client_id=acme.id,
            kind=ChargeKind.ADJUSTMENT,
            key="one",
            day=now().date(),
            price_micros=1_000_000,
            reason="Goodwill.",
        ),
        EndpointAssignment(**owner, host="192.0.2.1", client_id=acme.id),
        Endpoint(**owner, endpoint_group_id=endpoints.id, host="sip.acme.example"),
        E911Record(
            **owner,
            client_id=acme.id,
            e911_group_id=group.id,
            did_id=did.id,
            number=did.number,
            net=Net.ON_NET,
            caller_name="Acme",
            address1="1 Main Street",
            city="Pittsburgh",
            state="PA",
            zip="15222",
        ),
    ):
        _add(row)


def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def poison(marker: str) -> None:
    """Write the marker into every free text of every row in scope; commits."""
    for mapper in db.Model.registry.mappers:
        names = free_texts(mapper)
        if mapper.local_table.name in APPEND_ONLY or not names:
            continue
        for row in db.session.scalars(select(mapper.class_)):
            for name, length in names.items():
                # The id keeps unique what must be; what a column cannot hold is cut off.
                setattr(row, name, f"{marker}{row.id}"[:length])
    db.session.commit()


def tables_without_a_row() -> set[str]:
    """List the tables whose texts no page could have shown."""
    return {
        mapper.local_table.name
        for mapper in db.Model.registry.mappers
        if free_texts(mapper) and db.session.scalars(select(mapper.class_).limit(1)).first() is None
    }


def free_texts(mapper: Any) -> dict[str, int | None]:
    """List the columns of a table that a person can fill with anything, with their lengths."""
    if mapper.local_table.name in OF_PROGRAM:
        return {}
    return {
        column.name: column.type.length
        for column in mapper.local_table.columns
        if isinstance(column.type, String)
        and not isinstance(column.type, Enum)
        and column.name not in CHECKED
        and f"{mapper.local_table.name}.{column.name}" not in MADE
    }


def act(story: Story, marker: str) -> None:
    """Let hostile people ask, refuse, import and be told, so that stories and mails name them."""
    address = {
        "caller_name": "Acme",
        "address1": "1 Main Street",
        "city": "Pittsburgh",
        "state": "PA",
        "zip": "15222",
    }
    asked = orders.ask(story.bob, story.acme_number, kind="e911_change", note=marker, **address)
    # No order takes such an address today; one that was sent to an earlier version may hold it.
    (line,) = orders.find(asked).lines
    texts = {"address1": f"1 {marker} Street", "address2": marker, "city": marker}
    line.requested = {"e911": line.requested["e911"] | texts}
    db.session.commit()
    refused = orders.ask(story.bob, story.free[1], note=f"{marker}\n{marker}")
    orders.reject(refused, story.alice, f"{marker}\n{marker}")
    orders.approve(orders.ask(story.bob, story.free[2], note=marker), story.alice)
    order = orders.find(refused)
    for news in ("approved", "reopened", "cancelled", "failed"):
        getattr(mailer, f"order_{news}")(order)
    for invitation in db.session.scalars(select(Invitation)):
        if invitation.login:
            mailer.login_invited(invitation.login, invitation, [story.bob.email])
            mailer.password_forgotten(invitation.login, invitation)
            mailer.password_changed(invitation.login)
    db.session.add(
        OrderNote(reseller_id=order.reseller_id, order_id=order.id, by_name="B", text="T")
    )
    db.session.commit()


def hostile_file(marker: str) -> bytes:
    """Write a file of numbers with hostile headings and cells, one line that can be imported."""
    out = io.StringIO()
    rows = [
        ["number", "tier", "city", marker],
        ["4125550151", "1", marker, marker],
        [marker, marker, marker, marker],
    ]
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def import_hostile(import_id: int, marker: str) -> None:
    """Put the hostile file in the place of what was uploaded."""
    row = db.session.get_one(DidImport, import_id)
    row.content, row.created_at = hostile_file(marker), now()
    db.session.commit()


def unescaped(html: str) -> list[str]:
    """List what stands in a page where the marker is not escaped, or its expression was run."""
    rest = _ESCAPED.sub("", html)
    raw = [rest[max(0, hit.start() - 40) : hit.end() + 20] for hit in re.finditer("xss", rest)]
    return raw + re.findall(r"xss(?:>|&gt;)49", html)


def formulas(text: str) -> Iterator[str]:
    """Go through the cells of a CSV that a spreadsheet would run."""
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            bare = cell.lstrip(' "\n')
            if bare.startswith(("=", "+", "-", "@", "\t", "\r", "\0")) and not _harmless(cell):
                yield cell


def _harmless(cell: str) -> bool:
    """Tell whether a cell that begins with a sign is a telephone number or an amount."""
    return bool(E164.fullmatch(cell) or _AMOUNT.fullmatch(cell))
