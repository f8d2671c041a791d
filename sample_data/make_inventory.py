"""Make inventory.csv and inventory_broken.csv, fictional numbers in real cities; reads no file.

Every number is 555-01XX in a real area code, the range that is kept free for fiction. The cities
are the real ones of each area code, as often as the phonenumbers library knows exchanges of theirs.
The seed makes the same files on every machine. Run: python sample_data/make_inventory.py
"""

import csv
import io
import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from phonenumbers.geodata import GEOCODE_DATA

HERE = Path(__file__).parent
SEED = 412
LOCAL = 560
TOLL_FREE = 40

# Area codes with the LATA of their main city.
AREAS = {
    **{"412": "234", "724": "234", "215": "228", "617": "128", "508": "128", "646": "132"},
    **{"847": "358", "310": "730", "415": "722", "214": "552", "713": "560", "404": "438"},
    **{"305": "460", "206": "674", "303": "656", "602": "666", "313": "340", "614": "324"},
    **{"410": "238", "612": "628", "314": "520", "615": "470", "704": "422", "503": "672"},
    **{"702": "721", "619": "732", "813": "952", "504": "490"},
}
TOLL_FREE_AREAS = ("800", "833", "844", "855", "866", "877", "888")
HEADING = [
    *("Number", "Tier", "State", "Rate centre", "City", "LATA", "Features"),
    *("Monthly price", "Set-up price", "DID group", "Endpoint group"),
]


@cache
def _exchanges() -> dict[str, Counter[tuple[str, str]]]:
    """Count the exchanges of each city, by area code."""
    found: dict[str, Counter[tuple[str, str]]] = {area: Counter() for area in AREAS}
    for prefix, names in GEOCODE_DATA.items():
        if prefix[:1] == "1" and prefix[1:4] in AREAS:
            match = re.fullmatch(r"([A-Z][\w .']+), ([A-Z]{2})", names.get("en", ""))
            if match:
                found[prefix[1:4]][match[1], match[2]] += 1
    return found


def cities(area: str) -> list[tuple[str, str, int]]:
    """List the main cities of an area code with their state and number of exchanges."""
    ranked = sorted(_exchanges()[area].items(), key=lambda pair: (-pair[1], pair[0]))
    return [(city, state, count) for (city, state), count in ranked[:6]]


def rate_center(city: str) -> str:
    """Shorten a city as rate centres are: capitals, ten letters at most."""
    return re.sub(r"[^A-Z ]", "", city.upper())[:10].strip()


def inventory(seed: int = SEED) -> Iterator[list[str]]:
    """Give the rows of the sample inventory, without the heading."""
    dice = random.Random(seed)
    per_area = LOCAL // len(AREAS)
    for area in AREAS:
        endings = sorted(dice.sample(range(100, 200), per_area))
        for place, ending in zip(_places(dice, area, per_area), endings, strict=True):
            yield local_row(dice, f"{area}-555-{ending:04d}", *place)
    for ending in range(TOLL_FREE):
        area = TOLL_FREE_AREAS[ending % len(TOLL_FREE_AREAS)]
        yield _toll_free_row(dice, f"{area}-555-{100 + ending:04d}")


def many(count: int, seed: int = SEED) -> Iterator[list[str]]:
    """Give any number of rows for a measurement, in all exchanges; never to be kept or shown."""
    dice = random.Random(seed)
    areas = {area: _places(dice, area, 500) for area in AREAS}
    names = list(areas)
    for n in range(count):
        area = names[n % len(names)]
        exchange, line = divmod(n // len(names), 10_000)
        row = local_row(dice, f"({area}) {220 + exchange}-{line:04d}", *areas[area][n % 500])
        yield [*row[:9], "", ""]


def local_row(
    dice: random.Random, number: str, city: str, state: str, lata: str, rank: int
) -> list[str]:
    """Make one row of a local number; a smaller city has a dearer tier and fewer features."""
    tier = ("1", "1", "2", "2", "4", "4")[rank]
    features = [
        f for f, odds in (("T.38", 80), ("CNAM", 90), ("SMS", 60)) if dice.randrange(100) < odds
    ]
    own_price = dice.randrange(10) == 0
    monthly = f"{dice.choice((199, 249, 299, 1250)) / 100:.2f}" if own_price else ""
    setup = dice.choice(("0.00", "5.00")) if own_price and dice.randrange(2) else ""
    group = "Spare stock" if dice.randrange(40) == 0 else ""
    place = [state, rate_center(city), city, lata]
    return [number, tier, *place, " / ".join(features), monthly, setup, group, ""]


def _toll_free_row(dice: random.Random, number: str) -> list[str]:
    features = "SMS" if dice.randrange(3) == 0 else ""
    monthly = "2.50" if dice.randrange(4) == 0 else ""
    return [number, "777", "TF", "", "", "", features, monthly, "", "", ""]


def _places(dice: random.Random, area: str, count: int) -> list[tuple[str, str, str, int]]:
    known = cities(area)
    chosen = dice.choices(range(len(known)), [weight for *_, weight in known], k=count)
    return [(known[rank][0], known[rank][1], AREAS[area], rank) for rank in sorted(chosen)]


def as_csv(rows: Iterator[list[str]]) -> bytes:
    """Write rows as the file has them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADING)
    writer.writerows(rows)
    return out.getvalue().encode()


BROKEN = (
    "Phone Number,Tier,ST,Rate Center,City,LATA,Fax,CNAM,SMS,MRC,NRC,DID Group,Endpoint Group,"
    "What is wrong",
    "(412) 555-0161,1,PA,PITTSBURGH,Pittsburgh,234,yes,yes,no,1.50,,,,nothing",
    "+1 412.555.0162,1,Pennsylvania,PITTSBURGH,Pittsburgh,234,x,,,,,,,nothing",
    ",1,PA,,,,,,,,,,,no number",
    "412-555-016,1,PA,,,,,,,,,,,nine digits",
    "1-800-FLOWERS,777,,,,,,,,,,,,letters",
    "+44 20 7946 0123,1,,,,,,,,,,,,another country",
    "4.12556E+09,1,PA,,,,,,,,,,,shortened by a spreadsheet",
    "112-555-0163,1,PA,,,,,,,,,,,area code begins with 1",
    "411-555-0163,1,PA,,,,,,,,,,,no area code",
    "412-911-0163,1,PA,,,,,,,,,,,no exchange",
    "900-555-0163,1,PA,,,,,,,,,,,premium number",
    "1 (412) 555-0161,1,PA,,,,,,,,,,,number of an earlier line",
    "412-555-0164,,PA,,,,,,,,,,,no tier",
    "412-555-0165,99,PA,,,,,,,,,,,unknown tier",
    "412-555-0166,1,ZZ,,,,,,,,,,,no state",
    "412-555-0167,1,PA,,,PGH,,,,,,,,no LATA",
    "412-555-0168,1,PA,,,,maybe,,,,,,,neither yes nor no",
    "412-555-0169,1,PA,,,,,,,free,,,,no price",
    '412-555-0170,1,PA,,,,,,,"1,50",,,,comma in the price',
    "412-555-0171,1,PA,,,,,,,-1.50,,,,negative price",
    "412-555-0172,1,PA,,,,,,,,,,No such endpoints,unknown endpoint group",
    "412-555-0173,1,PA,,,,,,,,,,,too many values,one more",
    '412-555-0174,1,PA,"PITTS"BURGH,,,,,,,,,,quotation mark inside a value',
    '412-555-0175,1,PA,"PITTSBURGH,,,,,,,,,,quotation mark never closed',
    f"412-555-0176,1,PA,{'X' * 61},,,,,,,,,,rate centre too long",
    "412-555-0177,1,PA,PITTS\0BURGH,,,,,,,,,,NUL",
    "412-555-0178,1,PA,PITTS\udcffBURGH,,,,,,,,,,bytes that are no letters",
    f"412-555-0179,1,PA,{'X' * 10_000},,,,,,,,,,longer than a line may be",
)
"""One of every kind of line that is refused, below two that are not."""


def broken() -> bytes:
    """Write the broken file; its byte order mark says UTF-8, which one line then is not."""
    return b"\xef\xbb\xbf" + "".join(f"{line}\n" for line in BROKEN).encode(
        "utf-8", "surrogateescape"
    )


if __name__ == "__main__":
    (HERE / "inventory.csv").write_bytes(as_csv(inventory()))
    (HERE / "inventory_broken.csv").write_bytes(broken())
    print("Wrote inventory.csv and inventory_broken.csv.")
