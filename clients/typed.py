"""Reading what a person typed for a client or a login: texts, e-mail addresses, a telephone number.

Each function puts a sentence into ``problems`` under the field's name when it cannot be.
"""

import re

import display

MOST_ADDRESSES = 20
LONGEST_NAME = 120
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""What no keyboard types, and what turns the direction of the text around it."""
_PHONE = re.compile(r"[+(]?\d[\d\s().\-/]{4,}(?:\s*(?:x|ext\.?)\s*\d+)?", re.I)


def text_of(typed: str | None) -> str | None:
    """Take the blanks around a text away, and what no keyboard types; None for nothing."""
    return _CONTROL.sub("", typed or "").strip() or None


def line_of(typed: str | None) -> str | None:
    """Take a text of one line: what a forged form breaks could pass for more of a mail's text."""
    return " ".join((text_of(typed) or "").split()) or None


def name_of(typed: str | None, problems: dict[str, str]) -> str:
    """Read a person's name."""
    text = line_of(typed) or ""
    if not text:
        problems["name"] = "Write the person's name."
    elif len(text) > LONGEST_NAME:
        problems["name"] = f"This is too long; write at most {LONGEST_NAME} characters."
    return text


def address_of(typed: str | None, field: str, problems: dict[str, str]) -> str | None:
    """Read the one e-mail address of a field."""
    text = text_of(typed)
    if not text:
        problems[field] = "Write an e-mail address."
        return None
    address = display.to_email(text)
    if address is None:
        problems[field] = f"{text[:80]} is not an e-mail address. Write one like ana@example.com."
    return address


def addresses_of(typed: str | None, problems: dict[str, str]) -> list[str]:
    """Read the addresses that are mailed, each once; name every one that is wrong."""
    words = re.split(r"[\s,;]+", text_of(typed) or "")
    read = {word: display.to_email(word) for word in dict.fromkeys(words) if word}
    wrong = [word[:80] for word, address in read.items() if address is None]
    if not read:
        problems["notify"] = "Write at least one e-mail address."
    elif wrong:
        verb = "is not an e-mail address" if len(wrong) == 1 else "are not e-mail addresses"
        problems["notify"] = f"{', '.join(wrong[:5])} {verb}. Nothing was sent; correct it first."
    elif len(read) > MOST_ADDRESSES:
        problems["notify"] = f"Write at most {MOST_ADDRESSES} addresses; these are {len(read)}."
    return list(dict.fromkeys(address for address in read.values() if address))


def phone_of(text: str | None, problems: dict[str, str]) -> str | None:
    """Keep a number of the North American plan as E.164, any other as it was typed."""
    if text is None:
        return None
    if not _PHONE.fullmatch(text):
        problems["contact_phone"] = "Write a telephone number, such as (412) 555-0123."
    return display.to_e164(text) or text
