"""The strict reading of a telephone number of an inventory: any usual spelling, one exact plan."""

import re
import unicodedata

import display
from catalog import TOLL_FREE, plan_problem
from models import DidType

_EXCEL_TEXT = re.compile(r'="(.*)"')
_SCIENTIFIC = re.compile(r"\d[.,]?\d*e\+?\d+", re.I)
_TEN = re.compile(r"\+?1?[2-9]\d{9}")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


def read_number(written: str) -> tuple[str, DidType]:
    """Read a number in any usual spelling as E.164, with its kind.

    Raises ValueError with a sentence for what is no number of the North American plan.
    """
    text = _stripped(written)
    if not text:
        raise ValueError("The number is missing.")
    if _SCIENTIFIC.fullmatch(text):
        raise ValueError(
            f"“{text[:40]}” is a number that a spreadsheet shortened. Format the column as text."
        )
    e164 = None if _is_foreign(text) or not text.isascii() else display.to_e164(text)
    if e164 is None:
        raise ValueError(f"“{text[:40]}” is not a ten-digit number{_why_not(text)}.")
    problem = "900 is for premium services" if e164[2:5] == "900" else plan_problem(e164)
    if problem:
        raise ValueError(f"{display.number(e164)} is not a number that can exist: {problem}.")
    return e164, DidType.TOLL_FREE if e164[2:5] in TOLL_FREE else DidType.LOCAL


def _stripped(written: str) -> str:
    """Take off what spreadsheets and addresses put around a number."""
    text = unicodedata.normalize("NFKC", written).translate(_HYPHENS).strip()
    if match := _EXCEL_TEXT.fullmatch(text):
        text = match.group(1)
    return text.removeprefix("'").removeprefix("tel:").strip()


def _is_foreign(text: str) -> bool:
    return text.startswith("+") and not re.sub(r"\D", "", text).startswith("1")


def _why_not(text: str) -> str:
    if _is_foreign(text):
        return " of the North American plan"
    digits = re.sub(r"\D", "", text)
    if re.search(r"[A-Za-z]", text):
        return ": it has letters"
    if len(digits) not in (10, 11):
        return f": it has {len(digits)} digits"
    if not _TEN.fullmatch(digits):
        return ": area codes begin with 2 to 9"
    return ""
