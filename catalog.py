"""What can be ordered: the kinds of orders and the DID services, one declaration each.

A new service is one entry in ``SERVICES``: its name, its fields, its check and its words. Order
Settings, forms, differences, mails and prices are all read from here. Who may ask for it is
``policy``; what an order does is ``workflow``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import display
from columns import E164
from models import DidType, OrderLine

Settings = dict[str, Any]
"""What a service is set to on one number, as it stands in the database."""

ROUTING = "routing"
"""The slot of the services of which the carrier runs one at a time on a number (product.md)."""

TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_STATES = frozenset(
    [
        *("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN"),
        *("IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH"),
        *("NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT"),
        *("VT", "VA", "WA", "WV", "WI", "WY", "PR", "VI", "GU", "AS", "MP"),
    ]
)


class Invalid(ValueError):
    """What was asked for is not well-formed; ``problems`` has a sentence for each field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


@dataclass(frozen=True)
class Field:
    """One thing that a service asks for."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    """The form's widget: text, number, email or checkbox."""


@dataclass(frozen=True)
class Service:
    """One thing that a number can do."""

    key: str
    label: str
    summary: str
    clean: Callable[[Mapping[str, Any], str], Settings]
    words: Callable[[Settings], str]
    fields: tuple[Field, ...] = ()
    slot: str = ""
    capability: str | None = None
    """The column of ``Did`` that must be true for this service."""
    on_toll_free: bool = True

    @property
    def place(self) -> str:
        """Tell the slot this service takes on a number; alone in its own by default."""
        return self.slot or self.key

    def fits(self, did: Any) -> str | None:
        """Tell in a sentence why a number cannot have this service; None when it can."""
        if self.capability and not getattr(did, self.capability):
            return f"{display.number(did.number)} cannot have {self.label}."
        if not self.on_toll_free and did.type is DidType.TOLL_FREE:
            return f"{self.label} does not work on toll-free numbers."
        return None


@dataclass(frozen=True)
class Kind:
    """One kind of order."""

    key: str
    label: str
    slot: str
    auto_approve: str | None = None
    """The column of ``OrderSettings`` that lets this kind approve itself."""
    is_urgent: bool = False


@dataclass(frozen=True)
class Change:
    """One row of a difference, in words."""

    field: str
    current: str
    requested: str


# --- Checks ---------------------------------------------------------------------------------


TEN_DIGITS = "Write a ten-digit US or Canadian number, such as (412) 555-0123."


def plan_problem(number: str) -> str | None:
    """Tell why a number as E.164 cannot exist; None when it can.

    The rules are those of the North American plan: no area code or exchange is an N11 code, and the
    area codes 37X and 96X are kept back; a toll-free number may have any exchange.
    """
    npa, nxx = number[2:5], number[5:8]
    if npa[1:] == "11" or npa[:2] in ("37", "96"):
        return f"no area code is {npa}"
    if nxx[1:] == "11" and npa not in TOLL_FREE:
        return f"no exchange is {nxx}"
    return None


def number_problem(number: str | None) -> str | None:
    """Tell in a sentence why this, read from what somebody typed, is no number; None when it is."""
    if number is None or not E164.fullmatch(number):
        return TEN_DIGITS
    problem = plan_problem(number)
    return problem and f"There is no number {display.number(number)}: {problem}."


def target_problem(number: str, target: str | None) -> str | None:
    """Tell why calls to a number cannot be sent to a target; None when they can.

    It must be a number of the North American plan, not itself, and no premium one (900, 976).
    """
    problem = number_problem(target)
    if target is None or problem:
        return problem
    if target == number:
        return "A number cannot be sent to itself."
    if target[2:5] == "900" or target[5:8] == "976":
        return "Premium numbers (900 and 976) are not allowed here."
    return None


def _target(name: str) -> Callable[[Mapping[str, Any], str], Settings]:
    def clean(typed: Mapping[str, Any], number: str) -> Settings:
        digits = re.sub(r"\D", "", str(typed.get(name) or ""))
        if re.fullmatch(r"[2-9]11", digits):
            raise Invalid({name: f"Calls cannot be sent to {digits}."})
        target = display.to_e164(str(typed.get(name) or ""))
        problem = target_problem(number, target)
        if problem:
            raise Invalid({name: problem})
        return {name: target}

    return clean


def _clean_email(typed: Mapping[str, Any], number: str) -> Settings:
    address = display.to_email(str(typed.get("email") or ""))
    if address is None:
        raise Invalid({"email": "Write one e-mail address, such as fax@example.com."})
    return {"email": address}


def _clean_conference(typed: Mapping[str, Any], number: str) -> Settings:
    pin = str(typed.get("pin") or "").strip()
    if not re.fullmatch(r"[0-9]{0,8}", pin):
        raise Invalid({"pin": "Write up to eight digits, or leave the PIN empty."})
    return {"pin": pin}


def _clean_caller_name(typed: Mapping[str, Any], number: str) -> Settings:
    name = re.sub(r" +", " ", display.plain(str(typed.get("display_name") or ""))).strip()
    if not re.fullmatch(r"[A-Za-z0-9 ]{1,15}", name):
        raise Invalid({"display_name": "Write 1 to 15 letters, digits and spaces."})
    if not re.search(r"[A-Za-z]", name):
        raise Invalid({"display_name": "The name needs at least one letter."})
    return {"display_name": name.upper()}


def _clean_nothing(typed: Mapping[str, Any], number: str) -> Settings:
    return {}


def clean_address(typed: Mapping[str, Any], number: str) -> Settings:
    """Check an emergency address and bring it into one form.

    What a dispatcher reads is written in plain letters: accents come off, other signs are refused.
    Raises Invalid with a sentence a field. Limits are the carriers' (data-dictionary b2), the signs
    those of the postal service's Publication 28, which the address databases are held in.
    """
    values = {key: _plain_part(str(typed.get(key) or "")) for key in ADDRESS}
    values["state"] = values["state"].upper()
    values["floor"] = re.sub(r"^(?:floor|fl)\b\.?\s+", "", values["floor"], flags=re.I)
    # Of two sentences about one field the first rule's is the more telling.
    broken = [rule for rule in _address_rules(values) if not rule[1]]
    problems = {name: sentence for name, _, sentence in reversed(broken)}
    if problems:
        raise Invalid(problems)
    return tidy_address(values) | {key: typed[key] for key in BESIDE if typed.get(key)}


def _plain_part(text: str) -> str:
    """Take accents off and put one space between words; a digit of another script stays.

    "12²" and "123½" would become other house numbers: left as they are, they are refused.
    """
    words = " ".join(text.split())
    is_odd = not words.isascii() and any(sign.isnumeric() and not sign.isascii() for sign in words)
    return words if is_odd else display.plain(words)


def tidy_address(values: Settings) -> Settings:
    """Leave out the parts that an address need not have; so it stands in every order."""
    return {key: value for key, value in values.items() if value or key not in MAY_LACK}


_PART = re.compile(r"[A-Za-z0-9 .,&'#/()\-]*")
_ODD_PART = "Write plain letters and digits; of signs only . , & ' # / ( ) and -."
HOUSE_AND_STREET = re.compile(r"[NSEW]?[0-9]\S*\s+\S+", re.I)
"""How a street begins: a house number, in parts of Wisconsin and Illinois with its quarter."""


def _address_rules(values: Mapping[str, str]) -> list[tuple[str, bool, str]]:
    street = values["address1"]
    is_box = re.match(r"(p\.?\s*o\.?\s*box|post office box)\b", street, re.I)
    name_ok = re.fullmatch(r"[A-Za-z0-9 .,&'\-]{3,50}", values["caller_name"])
    return [
        (
            "caller_name",
            bool(name_ok),
            "Write 3 to 50 letters and digits; of signs only . , & ' and -.",
        ),
        *(
            (part, bool(_PART.fullmatch(values[part])), _ODD_PART)
            for part in ("address1", "address2", "floor", "city")
        ),
        ("address1", not is_box, "A post office box cannot be found by an ambulance."),
        (
            "address1",
            bool(HOUSE_AND_STREET.match(street)) and len(street) <= 120,
            "Write the house number and the street, such as 100 Main Street.",
        ),
        ("address2", len(values["address2"]) <= 60, "Use at most 60 characters."),
        ("floor", len(values["floor"]) <= 20, "Use at most 20 characters, such as 3 or 3rd."),
        (
            "city",
            2 <= len(values["city"]) <= 60 and bool(re.search(r"[A-Za-z]", values["city"])),
            "Write the city.",
        ),
        (
            "state",
            values["state"] in _STATES,
            "Write a US state by its two letters or its name, such as PA or Pennsylvania.",
        ),
        (
            "zip",
            bool(re.fullmatch(r"[0-9]{5}", values["zip"])),
            "Write the five digits of the ZIP.",
        ),
        (
            "zip4",
            bool(re.fullmatch(r"([0-9]{4})?", values["zip4"])),
            "Write four digits, or none.",
        ),
    ]


E911_TERMS = "2026-11"
"""The version of what a person confirms to have read about 911 before sending an address."""

ADDRESS = ("caller_name", "address1", "address2", "floor", "city", "state", "zip", "zip4")
MAY_LACK = ("floor", "alert_emails")
"""Parts that stand in an order only where there is something to say."""

RECEIPT = ("entered", "terms")
"""What an order keeps of how it was sent: the address as typed, the version that was accepted."""

BESIDE = ("alert_emails", *RECEIPT)
"""What an order for an address carries beside it; the form that sends it has checked it."""


def same_address(one: Any, other: Any) -> bool:
    """Tell whether two subjects say the same, however they were sent."""
    return bool(_without_receipt(one) == _without_receipt(other))


def _without_receipt(settings: Any) -> Any:
    if not isinstance(settings, dict):
        return settings
    return {key: value for key, value in settings.items() if key not in RECEIPT}


def _address_words(values: Settings) -> str:
    place = f"{values['city']}, {values['state']} {values['zip']}"
    place += f"-{values['zip4']}" if values.get("zip4") else ""
    floor = f"Floor {values['floor']}" if values.get("floor") else ""
    parts = (values["caller_name"], values["address1"], values.get("address2"), floor, place)
    told = ", ".join(values.get("alert_emails") or ())
    return ", ".join(part for part in parts if part) + (f"; alerts to {told}" if told else "")


# --- Services -------------------------------------------------------------------------------

SERVICES: dict[str, Service] = {
    service.key: service
    for service in (
        Service(
            "call_forwarding",
            "Call Forwarding",
            "Sends every call to another number.",
            _target("forward_to"),
            lambda s: f"All calls to {display.number(s['forward_to'])}",
            (Field("forward_to", "Forward to", "Any usual spelling will do.", "number"),),
            slot=ROUTING,
        ),
        Service(
            "failover",
            "Failover",
            "Sends calls to another number when yours cannot be reached.",
            _target("failover_to"),
            lambda s: f"When unreachable, to {display.number(s['failover_to'])}",
            (Field("failover_to", "Fail over to", "Any usual spelling will do.", "number"),),
            slot=ROUTING,
        ),
        Service(
            "fax_to_email",
            "Fax to Email",
            "Receives faxes and mails them to you.",
            _clean_email,
            lambda s: f"Faxes to {s['email']}",
            (Field("email", "E-mail address", "", "email"),),
            slot=ROUTING,
            capability="has_t38",
        ),
        Service(
            "conference_line",
            "Conference Line",
            "Makes the number a conference that people dial into.",
            _clean_conference,
            lambda s: f"On, PIN {s['pin']}" if s.get("pin") else "On, without a PIN",
            (Field("pin", "PIN", "Up to eight digits; empty for none."),),
            slot=ROUTING,
        ),
        Service(
            "cnam_outbound",
            "Caller ID Name",
            "The name that people you call may see.",
            _clean_caller_name,
            lambda s: s["display_name"],
            (Field("display_name", "Name to show", "Up to 15 letters, digits and spaces."),),
            capability="has_cnam",
            on_toll_free=False,
        ),
        Service(
            "cnam_inbound",
            "Caller ID Look-up",
            "Shows you the name of who is calling.",
            _clean_nothing,
            lambda s: "On",
        ),
        Service(
            "sms",
            "Text Messages",
            "Sends and receives text messages.",
            _clean_nothing,
            lambda s: "On",
            capability="has_sms",
        ),
        Service(
            "t38",
            "T.38 Fax",
            "Carries faxes over the internet in the T.38 form.",
            _clean_nothing,
            lambda s: "On",
            capability="has_t38",
        ),
    )
}

DID, E911 = "did", "e911"
"""What an order may change beside services: who has the number, and its emergency address."""

KINDS: dict[str, Kind] = {
    "did_order": Kind("did_order", "New Numbers", DID),
    "did_release": Kind("did_release", "Release of Numbers", DID),
    "e911_provision": Kind(
        "e911_provision", "911 Provisioning", E911, "auto_approve_e911", is_urgent=True
    ),
    "e911_change": Kind("e911_change", "911 Change", E911, "auto_approve_e911", is_urgent=True),
    "e911_remove": Kind("e911_remove", "911 Removal", E911, "auto_approve_e911", is_urgent=True),
} | {
    key: Kind(
        key,
        service.label,
        service.place,
        f"auto_approve_{key}" if key in ("call_forwarding", "failover") else None,
    )
    for key, service in SERVICES.items()
}


def kind(key: str) -> Kind:
    """Look a kind of order up; raises KeyError for one that does not exist."""
    return KINDS[key]


def label(subject: str) -> str:
    """Name what a line changes: a service, the emergency address or the number itself."""
    if subject in SERVICES:
        return SERVICES[subject].label
    return {E911: "911 Address", DID: "Number"}[subject]


def words(subject: str, settings: Settings | None) -> str:
    """Say in words what a subject is set to; "Off", "None" or "Not yours" when it is not."""
    if settings is None:
        return {E911: "None", DID: "Not yours"}.get(subject, "Off")
    if subject == E911:
        return _address_words(settings)
    if subject == DID:
        return "Yours"
    return SERVICES[subject].words(settings)


def changes(line: OrderLine) -> list[Change]:
    """List what a line changes, as current and requested values in the words of the client."""
    return [
        Change(label(subject), words(subject, line.current.get(subject)), words(subject, asked))
        for subject, asked in line.requested.items()
    ]


def changes_for_staff(line: OrderLine, client: str) -> list[Change]:
    """List what a line changes in the words of staff, to whom a number is never “yours”."""
    return [
        Change(
            "Belongs to" if subject == DID else label(subject),
            _staff_words(line, subject, line.current.get(subject), client),
            _staff_words(line, subject, asked, client),
        )
        for subject, asked in line.requested.items()
    ]


def _staff_words(line: OrderLine, subject: str, settings: Settings | None, client: str) -> str:
    if subject != DID:
        return words(subject, settings)
    if settings is not None:
        return client
    return "In stock" if line.current.get(subject) is None else "Released"


def rivals(service: Service) -> list[str]:
    """List the other services that cannot run beside this one on a number."""
    return [s.key for s in SERVICES.values() if s.place == service.place and s.key != service.key]
