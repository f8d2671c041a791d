"""Which column of an inventory file means what, however its heading is spelt; not its cells."""

import re
import unicodedata
from dataclasses import dataclass

LABELS = {
    "number": "Number",
    "tier": "Tier",
    "state": "State",
    "rate_center": "Rate centre",
    "city": "City",
    "lata": "LATA",
    "features": "Features",
    "has_t38": "T.38",
    "has_cnam": "CNAM",
    "has_sms": "SMS",
    "monthly_micros": "Monthly price",
    "setup_micros": "Set-up price",
    "did_group": "DID group",
    "endpoint_group": "Endpoint group",
}
"""The columns that are understood, and what we call them."""

SPELLINGS = {
    "number": "did dids didnumber tn tns phone phones phonenumber phonenumbers phoneno telephone"
    " telephonenumber telephonenumbers telephoneno tel numbers e164 msisdn ddi",
    "tier": "tierid tierlabel tiername didtier ratetier priceclass",
    "state": "st province stateprovince stateorprovince stateabbr statecode",
    "rate_center": "ratecentre ratecenter rc ratecentername ratecentrename ratecenterabbr ratectr",
    "city": "town locality community municipality cityname",
    "lata": "lataid latanumber latacode",
    "features": "feature capabilities capability",
    "has_t38": "t38 fax t38fax faxt38 hast38 t38enabled",
    "has_cnam": "cnam hascnam outboundcnam cnamoutbound lidb callername callerid calleridname",
    "has_sms": "sms hassms smsenabled text texting messaging",
    "monthly_micros": "monthly monthlyprice mrc monthlyfee monthlycharge monthlyrate pricemonthly"
    " monthlyrecurring monthlyrecurringcharge permonth recurring clientmonthly",
    "setup_micros": "setup setupprice nrc setupfee setupcharge pricesetup nonrecurring onetime"
    " onetimefee onetimecharge nonrecurringcharge activation activationfee clientsetup",
    "did_group": "didgroup group groupname didgroupname numbergroup",
    "endpoint_group": "endpointgroup epg endpointgroupname trunkgroup endpoint trunk",
}


class FileProblem(ValueError):
    """A file as a whole cannot be read; the sentence says why and what to do."""


@dataclass(frozen=True)
class Headings:
    """Where each column that we understand stands, and what the file has besides."""

    written: tuple[str, ...]
    places: dict[str, int]
    ignored: tuple[str, ...]

    @property
    def width(self) -> int:
        """Tell how many cells a full line has."""
        return len(self.written)


def plain(heading: str) -> str:
    """Reduce a heading to its letters and digits: "Rate Centre (abbr.)" becomes ratecentre."""
    text = re.sub(r"\([^)]*\)", "", heading)
    text = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[^a-z0-9]", "", text)


_MEANING = {
    plain(spelling): field
    for field, spellings in SPELLINGS.items()
    for spelling in (*spellings.split(), field, LABELS[field])
}


def meaning(heading: str) -> str | None:
    """Tell which of our columns a heading names, or None."""
    text = plain(heading)
    return _MEANING.get(text) or _MEANING.get(re.sub(r"usd$", "", text))


def match(written: list[str]) -> Headings:
    """Find our columns among a file's headings.

    Raises FileProblem, naming what was found, when the numbers' column is missing or when two
    columns mean the same.
    """
    found: dict[str, list[int]] = {}
    for place, heading in enumerate(written):
        field = meaning(heading)
        if field:
            found.setdefault(field, []).append(place)
    _refuse_missing(written, found)
    _refuse_double(written, found)
    known = {place for places in found.values() for place in places}
    ignored = [h.strip() for place, h in enumerate(written) if place not in known and h.strip()]
    return Headings(tuple(written), {f: places[0] for f, places in found.items()}, tuple(ignored))


def _refuse_missing(written: list[str], found: dict[str, list[int]]) -> None:
    if "number" in found:
        return
    raise FileProblem(
        "No column holds the numbers. The first line must name the columns; it reads: "
        f"{_quoted(written)}. Call the column with the numbers Number (DID, TN, Phone number and "
        "Telephone number are understood too)."
    )


def _refuse_double(written: list[str], found: dict[str, list[int]]) -> None:
    for field, places in found.items():
        if len(places) > 1:
            raise FileProblem(
                f"Several columns could be the {LABELS[field]}: "
                f"{_quoted([written[place] for place in places])}. Keep one of them, or rename "
                "the others."
            )


def _quoted(headings: list[str]) -> str:
    shown = [f"“{' '.join(h.split())[:40]}”" for h in headings if h.strip()][:20]
    more = sum(1 for h in headings if h.strip()) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "") if shown else "nothing"
