"""How values look to a person: numbers, money, times; and the way back from what a person types."""

import re
import unicodedata
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from flask import Flask
from markupsafe import Markup, escape

from columns import E164
from devices import device

_SHOWN = re.compile(r"\(\d{3}\) \d{3}-\d{4}")
CENT = 10_000
"""Micro-units; every currency below has cents."""
SIGNS = {"USD": "$", "CAD": "CA$", "EUR": "€", "GBP": "£"}

NOBODYS = ("UTC", "USD")
"""The zone and currency of pages that nobody in particular looks at."""

_viewer: ContextVar[tuple[str, str]] = ContextVar("viewer", default=NOBODYS)
# Not in ``g``: a page asks hundreds of times, and that takes ten times as long.


def number(e164: str | None) -> str:
    """Show a number as people write it: (412) 555-0123."""
    if not e164 or not E164.fullmatch(e164):
        return e164 or ""
    return f"({e164[2:5]}) {e164[5:8]}-{e164[8:]}"


def to_e164(typed: str | None) -> str | None:
    """Read a number in any usual spelling as E.164; None when it is not one."""
    text = (typed or "").strip()
    if not _SPELLING.fullmatch(text):
        text = as_pasted(text)
        if not _SPELLING.fullmatch(text):
            return None
    digits = re.sub(r"[^0-9]", "", text)
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    elif text.startswith("+"):
        # Another country's number: its first digits are no area code of ours.
        return None
    candidate = f"+1{digits}"
    return candidate if E164.fullmatch(candidate) else None


_SPELLING = re.compile(r"\+?[0-9\s().\-/·]*")


def as_pasted(text: str) -> str:
    """Take from a number what other programs put into it: tel:, odd dashes, unseen marks."""
    seen = (sign for sign in text.translate(_PLAIN) if unicodedata.category(sign) != "Cf")
    return re.sub(r"^\s*tel:", "", "".join(seen), flags=re.I).strip()


def to_email(typed: str | None) -> str | None:
    """Read one e-mail address that every server can deliver to; None when it is not one.

    A host name with letters of its own language comes back as the name system has it, xn--….
    """
    try:
        found = validate_email(
            (typed or "").strip(), check_deliverability=False, allow_smtputf8=False
        )
    except EmailNotValidError:
        return None
    return found.ascii_email


def plain(text: str) -> str:
    """Write a name in the plain letters that carriers pass on: accents off, quotes straight."""
    told = text.translate(_PLAIN)
    if told.isascii():
        return told
    apart = unicodedata.normalize("NFKD", told)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’ʼ´`", "'"),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **{"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"},
        **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"},
    }
)
"""What has no accent to take off."""


def money(micros: int | None, currency: str | None = None) -> str:
    """Show money exactly: two decimals, more only where micro-units ask for them."""
    return "" if micros is None else amount(micros, sign(currency))


def amount(micros: int, before: str) -> str:
    """Write money exactly, with what stands before it."""
    whole, rest = divmod(abs(micros), 1_000_000)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'−' if micros < 0 else ''}{before}{whole:,}.{decimals}"


def sign(currency: str | None = None) -> str:
    """Give what stands before an amount of a currency, the viewer's unless another is named."""
    code = currency or _viewer.get()[1]
    return SIGNS.get(code, f"{code} ")


def to_cents(micros: int) -> int:
    """Round an amount half up to whole cents, once; still in micro-units."""
    return (micros + CENT // 2) // CENT * CENT


def cents(micros: int | None, currency: str | None = None) -> str:
    """Show what a bill comes to: rounded to cents."""
    return "" if micros is None else money(to_cents(micros), currency)


def total(micros: int | None, currency: str | None = None) -> Markup:
    """Show what a bill comes to in cents; where that was rounded, the exact sum is a tooltip."""
    if micros is None or micros == to_cents(micros):
        return escape(money(micros, currency))
    exactly, shown = escape(money(micros, currency)), escape(cents(micros, currency))
    return Markup(f'<span title="exactly {exactly}">{shown}</span>')  # noqa: S704  Both are escaped.


_AMOUNT = re.compile(r"(\d{1,9}|[1-9]\d{0,2}(?:,\d{3}){1,2})(?:\.(\d{0,6}))?|\.(\d{1,6})", re.ASCII)


def to_micros(typed: str) -> int:
    """Read money as people type it ("$1,234.50") into micro-units, exactly.

    Raises ValueError with a sentence for anything else; a comma that groups no thousands is the
    full stop of other countries, and nobody shall pay a hundredfold by a guess.
    """
    text = re.sub(r"CA(?=\$)|[\s$€£]", "", typed)
    match = _AMOUNT.fullmatch(text)
    if not match:
        if re.fullmatch(r"\d+,\d+", text):
            raise ValueError("Write cents after a full stop, such as 1.50, not after a comma.")
        raise ValueError("Write an amount such as 1.50, with at most six decimals.")
    whole, fraction = (match[1] or "0").replace(",", ""), match[2] or match[3] or ""
    return int(whole) * 1_000_000 + int(fraction.ljust(6, "0"))


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def when(moment: datetime | None, zone: str | None = None) -> Markup:
    """Show a moment in the viewer's zone, named, with UTC for machines and as a tooltip."""
    if moment is None:
        return Markup("")
    words = moment_words(moment, zone)
    at = moment.astimezone(UTC).isoformat(" ", timespec="seconds")[:19]
    return Markup(  # noqa: S704  A zone's name and digits; Markup.format takes ten times as long.
        f'<time datetime="{at[:10]}T{at[11:]}+00:00" title="{at} UTC">{escape(words)}</time>'
    )


def moment_words(moment: datetime, zone: str | None = None) -> str:
    """Write a moment in a zone, the viewer's unless told, as plain text with the zone's name."""
    local = moment.astimezone(ZoneInfo(zone or viewers_zone()))
    time = f"{local.hour:02}:{local.minute:02}"
    return f"{MONTHS[local.month - 1]} {local.day}, {local.year}, {time} {local.tzname()}"


@lru_cache(maxsize=4_096)
def day(value: date | None) -> str:
    """Show a date: Nov 3, 2026."""
    return f"{value:%b} {value.day}, {value.year}" if value else ""


def age(moment: datetime, at: datetime) -> str:
    """Tell how long ago a moment was, in the largest whole unit."""
    minutes = max(0, int((at - moment).total_seconds() // 60))
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "under a minute"


def duration(seconds: int) -> str:
    """Write how long a call took as telephones show it: 0:09, 13:22, 1:02:03."""
    hours, rest = divmod(seconds, 3600)
    minutes = f"{hours}:{rest // 60:02}" if hours else str(rest // 60)
    return f"{minutes}:{rest % 60:02}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Count things in words: 1 number, 3 numbers."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def lines(value: str | None) -> Markup:
    """Show a text of several lines with its line breaks."""
    return Markup("<br>").join(escape(part) for part in (value or "").splitlines())


def unbroken(text: str | None) -> Markup:
    """Keep each telephone number of a sentence on one line."""
    return Markup(_SHOWN.sub(r'<span class="tel">\g<0></span>', str(escape(text or ""))))  # noqa: S704


def see_as(zone: str | None, currency: str | None) -> None:
    """Set the zone and currency of whoever looks at this request's pages."""
    _viewer.set((zone or NOBODYS[0], currency or NOBODYS[1]))


def viewers_zone() -> str:
    """Name the time zone of whoever looks."""
    return _viewer.get()[0]


def _forget_viewer(_error: BaseException | None = None) -> None:
    _viewer.set(NOBODYS)


def init_app(app: Flask) -> None:
    """Give the templates these words, and forget after a request who looked."""
    app.teardown_request(_forget_viewer)
    app.jinja_env.filters.update(
        number=number,
        money=money,
        cents=cents,
        total=total,
        when=when,
        day=day,
        age=age,
        duration=duration,
        plural=plural,
        lines=lines,
        unbroken=unbroken,
        device=device,
    )
