"""Formats of call files that staff describe from a sample, on which they are tried."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from sqlalchemy import func, select

import audit
from catalog import Invalid
from columns import now
from extensions import db
from models import CallKind, CdrImport, CdrProfile
from permissions import Actor
from usage import profiles
from usage.profiles import FIELDS, OPTIONAL, Profile
from usage.reading import LONGEST_LINE, BadRow, FileRefused, Lines, headers

DELIMITERS = {";": "Semicolon", ",": "Comma", "\t": "Tab", "|": "Bar"}
TIMES = {
    "%Y-%m-%d %H:%M:%S": "2026-11-30 15:04:05",
    "%Y-%m-%dT%H:%M:%S": "2026-11-30T15:04:05",
    "%Y-%m-%d %H:%M:%S.%f": "2026-11-30 15:04:05.123",
    "%m/%d/%Y %H:%M:%S": "11/30/2026 15:04:05",
    "%m/%d/%Y %I:%M:%S %p": "11/30/2026 03:04:05 PM",
    "%d/%m/%Y %H:%M:%S": "30/11/2026 15:04:05",
    "%d.%m.%Y %H:%M:%S": "30.11.2026 15:04:05",
    "%Y%m%d%H%M%S": "20261130150405",
}
UNITS = {1_000_000: "Dollars", 10_000: "Cents", 1: "Millionths of a dollar"}
GUESSES = {
    "kind": ("calltype", "type", "direction", "kind", "calldirection"),
    "started_at": ("starttime", "start", "calldate", "date", "connecttime", "timestamp", "time"),
    "seconds": ("callduration", "duration", "seconds", "billsec", "length", "durationseconds"),
    "ani": ("ani", "from", "source", "src", "caller", "callingnumber", "fromnumber"),
    "dnis": ("dnis", "to", "destination", "dst", "called", "callednumber", "tonumber"),
    "transaction_id": ("transactionid", "id", "callid", "uniqueid", "uuid", "cdrid", "recordid"),
    "cost": ("callprice", "cost", "price", "amount", "charge", "callcost", "total"),
    "carried_by": ("customerip", "ip", "endpoint", "trunk", "sourceip", "gateway"),
}
WORDS = {
    CallKind.INBOUND: "inbound, in, origination",
    CallKind.OUTBOUND: "outbound, out, termination",
    CallKind.TOLL_FREE: "tollfree, toll-free",
    CallKind.MESSAGE: "sms, mms, message",
    CallKind.E911: "911, e911",
}
SAMPLE_LINES = 20
LONGEST_SAMPLE = 60_000


@dataclass
class Sample:
    """The first lines of a file: its header and some calls."""

    header: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Write the sample as it came, for a form to carry along."""
        return "\n".join((self.header, *self.lines))


def sample_of(text: str) -> Sample:
    """Take the beginning of a file as a sample; raises FileRefused when there is no header."""
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if not lines or "\0" in text:
        raise FileRefused("The sample is empty, or it is no text.")
    if max(map(len, lines[: SAMPLE_LINES + 1])) > LONGEST_LINE:
        raise FileRefused(f"A line of the sample has more than {LONGEST_LINE:,} characters.")
    return Sample(lines[0], lines[1 : SAMPLE_LINES + 1])


def guess(sample: Sample) -> dict[str, str]:
    """Guess from a sample what staff would type; they see it and may change all of it."""
    delimiter = max(DELIMITERS, key=sample.header.count)
    names = headers(sample.header, delimiter)
    plain = {re.sub(r"[\W_]", "", name).lower(): name for name in reversed(names)}
    typed = {f"column-{f}": "" for f in FIELDS}
    for one, usual in GUESSES.items():
        typed[f"column-{one}"] = next((plain[name] for name in usual if name in plain), "")
    typed |= {f"words-{kind.value}": words for kind, words in WORDS.items()}
    return typed | {
        "delimiter": delimiter,
        "time_format": next(iter(TIMES)),
        "time_zone": "UTC",
        "unit_micros": "1000000",
    }


def typed_of(row: CdrProfile) -> dict[str, str]:
    """Write a format as the form shows it."""
    typed = {f"column-{f}": row.columns.get(f, "") for f in FIELDS}
    for kind in CallKind:
        words = [word for word, means in row.kinds.items() if means == kind.value]
        typed[f"words-{kind.value}"] = ", ".join(words)
    for name in ("name", "delimiter", "time_format", "time_zone"):
        typed[name] = getattr(row, name)
    return typed | {"carrier": row.source, "unit_micros": str(row.unit_micros)}


def save(
    row: CdrProfile, typed: Mapping[str, str], sample: Sample | None, *, by: Actor
) -> list[str]:
    """Take over what was typed; gives the reasons of sample lines that still cannot be read.

    Raises Invalid with a sentence for each field. The caller commits.
    """
    problems = _problems(row, typed)
    if problems:
        raise Invalid(problems)
    row.name, row.delimiter = typed["name"].strip(), typed["delimiter"]
    row.columns = {f: typed[f"column-{f}"].strip() for f in FIELDS if typed[f"column-{f}"].strip()}
    row.kinds = {word: kind.value for kind in CallKind for word in _words(typed, kind)}
    row.time_format, row.time_zone = typed["time_format"], typed["time_zone"]
    row.unit_micros = int(typed["unit_micros"])
    if row.id is None:
        row.source = plain(typed["carrier"]) or plain(row.name)
        row.key = _free_key(plain(row.name) or "format")
    reasons = _tried(profiles.of_row(row), sample) if sample else []
    is_new = row.id is None
    db.session.add(row)
    db.session.flush()
    audit.record("cdr_profile.created" if is_new else "cdr_profile.changed", row, by)
    return reasons


def uses(row: CdrProfile) -> int:
    """Count the imports that were read by a format."""
    found = select(func.count(CdrImport.id)).where(CdrImport.profile == row.key)
    return int(db.session.scalar(found) or 0)


def remove(row: CdrProfile, *, by: Actor) -> bool:
    """Delete a format that no import was read by; False for any other. The caller commits."""
    if uses(row):
        return False
    audit.record("cdr_profile.deleted", row, by)
    db.session.delete(row)
    return True


def _problems(row: CdrProfile, typed: Mapping[str, str]) -> dict[str, str]:
    problems = {}
    name = typed["name"].strip()
    if not name or len(name) > 80 or not name.isprintable():
        problems["name"] = "Write a name of at most 80 characters."
    if row.id is None and len(typed["carrier"].strip()) > 40:
        problems["carrier"] = "Write at most 40 characters."
    for choice, allowed, what in (
        ("delimiter", DELIMITERS, "separator"),
        ("time_format", TIMES, "time format"),
        ("time_zone", available_timezones(), "time zone"),
        ("unit_micros", [str(unit) for unit in UNITS], "unit"),
    ):
        if typed[choice] not in allowed:
            problems[choice] = f"Choose a {what} of the list."
    return problems | _column_problems(typed) | _word_problems(typed)


def _column_problems(typed: Mapping[str, str]) -> dict[str, str]:
    problems, seen = {}, set()
    for one, label in FIELDS.items():
        name = typed[f"column-{one}"].strip()
        if not name and one not in OPTIONAL:
            problems[f"column-{one}"] = f"Name the column that has the {label.lower()}."
        elif len(name) > 80 or not name.isprintable():
            problems[f"column-{one}"] = "A header has at most 80 characters."
        elif name and name.lower() in seen:
            problems[f"column-{one}"] = f"{name} is named twice."
        seen.add(name.lower())
    return problems


def _word_problems(typed: Mapping[str, str]) -> dict[str, str]:
    problems, seen = {}, set()
    for kind in CallKind:
        words, place = _words(typed, kind), f"words-{kind.value}"
        twice = [word for word in words if word in seen]
        if len(words) > 20 or any(len(word) > 40 or not word.isprintable() for word in words):
            problems[place] = "Write at most 20 words of at most 40 characters each."
        elif twice:
            problems[place] = f"{twice[0]} stands for another kind already."
        seen.update(words)
    if not seen:
        problems["words-inbound"] = "Write at least one word for a kind of call."
    return problems


def _words(typed: Mapping[str, str], kind: CallKind) -> list[str]:
    found = typed[f"words-{kind.value}"].split(",")
    return list(dict.fromkeys(word.strip().lower() for word in found if word.strip()))


def _tried(profile: Profile, sample: Sample) -> list[str]:
    """Read the sample by the format; raises Invalid when nothing of it can be read."""
    try:
        lines = Lines(sample.header, profile, now())
    except FileRefused as refused:
        raise Invalid({"sample": str(refused)}) from None
    found = [lines.read_text(n, line) for n, line in enumerate(sample.lines, 2)]
    bad = [one for one in found if isinstance(one, BadRow)]
    if bad and len(bad) == len(found):
        raise Invalid({"sample": f"No line of the sample can be read. Line 2: {bad[0].reason}"})
    return [f"Line {one.line}: {one.reason}" for one in bad]


def plain(text: str) -> str:
    """Write a name with nothing but small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")[:30]


def _free_key(wanted: str) -> str:
    taken = set(db.session.scalars(select(CdrProfile.key))) | {
        *profiles.BUILT_IN,
        *profiles.NO_KEYS,
    }
    return next(key for key in _keys(wanted) if key not in taken)


def _keys(wanted: str) -> Iterable[str]:
    yield wanted
    yield from (f"{wanted}_{n}" for n in range(2, 10_000))
