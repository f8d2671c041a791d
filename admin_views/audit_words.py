"""An audit entry in words: what was done, and what was before and after; no query, no page."""

from typing import Any

import display
from models import AuditEntry

SAID = {
    "login.asked_for_anothers": "Asked for something that is another's, and was refused",
    "staff.asked_for_anothers": "Asked for something that is another's, and was refused",
    "login.address_asked": "Asked for another address",
    "login.address_changed": "Confirmed the new address",
    "login.address_kept": "Kept the address after all",
    "client.look_asked": "Asked to look at a client's portal",
    "client.look_ended": "Stopped looking at a client's portal",
    "client.look_started": "Began to look at a client's portal",
    "login.impersonation_asked": "Asked to impersonate a login",
    "login.impersonation_ended": "Ended an impersonation",
    "login.impersonation_started": "Began to impersonate a login",
    "login.password_changed": "Changed the own password",
    "login.password_set": "Set the password by a link",
    "login.recovery_codes_renewed": "Made new recovery codes",
    "login.second_factor_off": "Turned two-factor sign-in off",
    "login.second_factor_on": "Turned two-factor sign-in on",
    "login.second_factor_reset": "Reset a login's two-factor sign-in",
    "login.session_ended": "Ended one of the own sessions",
    "login.sessions_ended": "Ended all other sessions of the own",
    "login.signed_in": "Signed in to the portal",
    "client.adjusted": "Wrote an adjustment",
    "client.alert_added": "Added a spend alert",
    "client.alert_removed": "Removed a spend alert",
    "client.statement_sent": "Mailed a statement",
    "did.labelled": "Labelled a number",
    "client.plan_given": "Gave a rate plan",
    "rate_plan.deck_imported": "Imported a file of rates",
    "calls.looked_at": "Looked at calls",
    "usage.exported": "Took usage as a file",
    "cdr_import.started": "Sent a call file",
    "cdr_import.corrected": "Put bad lines of a call file right",
    "cdr_profile.created": "Described a format of call files",
    "cdr_profile.changed": "Changed a format of call files",
    "cdr_profile.deleted": "Deleted a format of call files",
    "calls.given": "Gave calls of nobody to a client",
    "calls.rerated": "Priced calls again",
    "month.closed": "Closed a month",
    "statement.exported": "Took a statement as a file",
    "receipt.exported": "Took an order's receipt as a file",
    "statements.day_chosen": "Chose the day of statements",
    "numbers.exported": "Took the numbers as a file",
    "numbers_imported": "Imported numbers",
    "order.noted": "Wrote a note on an order",
    "reseller.forgot": "Forgot what is no longer kept",
    "reseller.changed": "Changed the company's settings",
    "staff.invited": "Invited a staff member",
    "staff.invited_again": "Invited a staff member again",
    "staff.password_changed": "Changed the own password",
    "staff.password_set": "Set the password by a link",
    "staff.recovery_codes_renewed": "Made new recovery codes",
    "staff.second_factor_off": "Turned two-factor sign-in off",
    "staff.second_factor_on": "Turned two-factor sign-in on",
    "staff.second_factor_reset": "Reset a colleague's two-factor sign-in",
    "staff.session_ended": "Ended one of the own sessions",
    "staff.sessions_ended": "Ended all sessions of a staff member",
    "staff.signed_in": "Signed in to the back office",
}
"""What the rule below would word badly."""

THINGS = {
    "Did": "Number",
    "DidGroup": "DID Group",
    "DidImport": "Import of numbers",
    "CdrImport": "Import of calls",
    "CdrProfile": "Format of call files",
    "E911Group": "911 Group",
    "E911Record": "911 address",
    "EndpointGroup": "Endpoint Group",
    "OrderSettings": "Order settings",
    "PortStatus": "Port status",
    "RatePlan": "Rate plan",
    "Reseller": "Company",
    "ServicePrice": "Service price",
    "Staff": "Staff member",
}
"""The kinds of objects whose name in the code is no word."""

_PREFIXES = {"did": "number", "did_group": "DID Group", "staff": "staff member"} | {
    "e911_group": "911 Group",
    "e911_record": "911 address",
    "endpoint_group": "Endpoint Group",
}
FIELDS = {"pon": "PON", "foc_date": "FOC date", "ip": "IP address"}
"""The fields whose name in the code is no word."""

LONGEST = 200
NOTHING = "nothing"


def action(name: str) -> str:
    """Word what was done: client.created is Client created."""
    if name in SAID:
        return SAID[name]
    thing, _, verb = name.rpartition(".")
    words = f"{_PREFIXES.get(thing, thing.replace('_', ' '))} {verb.replace('_', ' ')}".strip()
    return words[:1].upper() + words[1:]


def thing(kind: str) -> str:
    """Word a kind of object: Did is Number."""
    return THINGS.get(kind, kind)


def changes(entry: AuditEntry) -> list[tuple[str, str]]:
    """Give each field that the entry tells of, with its value or "before → after"."""
    return [(_field(key), _change(key, value)) for key, value in (entry.changes or {}).items()]


def changes_line(entry: AuditEntry) -> str:
    """Write the changes on one line, for a CSV."""
    return "; ".join(f"{field}: {words}" for field, words in changes(entry))


def _field(key: str) -> str:
    if key in FIELDS:
        return FIELDS[key]
    words = key.removesuffix("_micros").removesuffix("_id").replace("_", " ")
    return words[:1].upper() + words[1:]


def _change(key: str, value: Any) -> str:
    if _is_pair(key, value):
        return f"{_value(key, value[0])} → {_value(key, value[1])}"
    return _value(key, value)


def _is_pair(key: str, value: Any) -> bool:
    """Tell a value before and after from a list of two."""
    return isinstance(value, list) and len(value) == 2 and key != "mailed_to"


def _value(key: str, value: Any) -> str:
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return _short(", ".join(_value(key, one) for one in value))
    if isinstance(value, dict):
        return _short(", ".join(f"{name} {_value(key, one)}" for name, one in value.items()))
    if key.endswith("_micros") and isinstance(value, int):
        return display.money(value)
    return _short(display.number(str(value)))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
