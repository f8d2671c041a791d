"""Make a call file in the documented format, as large as asked: fictional calls with a daily shape.

Business hours, quiet weekends, a few heavy numbers with their regular callers, both directions,
toll-free, messages, 911, nights on which the clock changes, and the format's quirks: numbers with
and without +1, blanks, empty columns, a header in either order. The seed makes the same file on
every machine. ``--broken`` makes a file with every kind of line that cannot be read.
Run: python sample_data/make_cdrs.py NUMBERS_FILE FIRST_DAY DAYS [--a-day N] [--swapped] > calls.CDR
"""

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

SEED = 911
ZONE = ZoneInfo("America/New_York")
HEADER = (
    "CallType;StartTime;StopTime;CallDuration;BillDuration;CallMinimum;CallIncrement;BasePrice;"
    "CallPrice;TransactionId;CustomerIP;ANI;ANIState;DNIS;LRN;DNISState;DNISLATA;DNISOCN;OrigTier;"
    "TermRateDeck"
)
SWAPPED = HEADER.replace("CallMinimum;CallIncrement", "CallIncrement;CallMinimum")
"""The order in which the carrier's own description has them."""

BY_HOUR = (1, 1, 1, 1, 1, 1, 3, 8, 20, 30, 32, 30, 24, 28, 32, 30, 26, 18, 8, 5, 4, 3, 2, 1)
"""How likely a call is in each hour of a working day, in the zone of the office."""
_HOURS = tuple(accumulate(BY_HOUR))
BY_WEEKDAY = (1.05, 1.1, 1.05, 1.0, 0.9, 0.22, 0.12)
KINDS = (("Origination", 0.52), ("Termination", 0.89), ("SMS", 0.999), ("911", 1.0))
"""Each with the chance that a call is of it or of one before."""
MICROS = {"Origination": 3_500, "Termination": 9_000, "TollFree": 14_000, "911": 0, "SMS": 0}
MESSAGE_MICROS = 4_000
STEPS = {"Origination": (6, 6), "Termination": (6, 6), "TollFree": (30, 6), "911": (60, 60)}
"""Minimum and increment in seconds."""
TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
FAR = ("212", "305", "404", "503", "614", "702", "813")
STATES = {"212": "NY", "305": "FL", "404": "GA", "503": "OR", "614": "OH", "702": "NV", "813": "FL"}
HOSTS = ("203.0.113.9", "203.0.113.10")


def lines(
    numbers: Sequence[str],
    first: date,
    days: int,
    seed: int = SEED,
    *,
    a_day: int | None = None,
    header: str = HEADER,
) -> Iterator[str]:
    """Write the file line by line; ``numbers`` are E.164, the first of them the heaviest."""
    chance = random.Random(seed)
    weights = list(accumulate(1 / (place + 1) ** 0.7 for place in range(len(numbers))))
    usual = a_day if a_day is not None else max(3 * len(numbers), 1)
    yield header
    for day in range(days):
        current = first + timedelta(days=day)
        count = round(usual * BY_WEEKDAY[current.weekday()] * chance.uniform(0.85, 1.15))
        starts = sorted(_start(chance, current) for _ in range(max(count, 1)))
        called = chance.choices(numbers, cum_weights=weights, k=len(starts))
        for place, (start, number) in enumerate(zip(starts, called, strict=True)):
            key = f"{current:%y%m%d}-{place:06d}-{seed}"
            yield _line(chance, number, start, key, is_swapped=header == SWAPPED)


def _start(chance: random.Random, day: date) -> datetime:
    """Draw a moment of a day in the office's zone; of a repeated hour either one."""
    hour = chance.choices(range(24), cum_weights=_HOURS)[0]
    second = int(chance.random() * 3600)
    clock = time(hour, second // 60, second % 60, fold=chance.getrandbits(1))
    return datetime.combine(day, clock, ZONE).astimezone(UTC)


def _line(chance: random.Random, number: str, start: datetime, key: str, is_swapped: bool) -> str:
    draw = chance.random()
    kind = next(kind for kind, reach in KINDS if draw <= reach)
    if number[2:5] in TOLL_FREE:
        kind = "TollFree"
    seconds = _length(chance, kind)
    minimum, increment = STEPS.get(kind, (0, 1))
    billed = max(minimum, -(-seconds // increment) * increment) if seconds else 0
    micros = MESSAGE_MICROS if kind == "SMS" else billed * MICROS[kind] // 60
    far, state = _far_end(chance, number)
    is_outward = kind in ("Termination", "911") or (kind == "SMS" and chance.random() < 0.4)
    if kind == "911":
        far, state = "911", ""
    ani, dnis = (number, far) if is_outward else (far, number)
    stop = start + timedelta(seconds=seconds)
    steps = (increment, minimum) if is_swapped else (minimum, increment)
    # The carrier writes its newer kind of call as the older one: only the number tells.
    word = "Origination" if kind == "TollFree" and chance.random() < 0.5 else kind
    return ";".join(
        (
            *(word, start.isoformat(" ")[:19], stop.isoformat(" ")[:19]),
            *(str(seconds), str(billed), *map(str, steps), f"{MICROS[kind] / 1e6:.4f}"),
            *(f"{micros / 1e6:.6f}", key, HOSTS[hash_of(number) % len(HOSTS)]),
            *(_spelt(chance, ani), "PA", _spelt(chance, dnis), dnis if is_outward else ""),
            *(state, "234", "0000", *(("", "PREMIUM") if is_outward else ("1", ""))),
        )
    )


def _length(chance: random.Random, kind: str) -> int:
    """Draw a call's seconds: some are never answered, some talk for an hour."""
    if kind == "SMS" or chance.random() < 0.12:
        return 0
    return min(1 + int(chance.lognormvariate(4.4, 1.1)), 5_400)


def _far_end(chance: random.Random, number: str) -> tuple[str, str]:
    """Draw who is at the other end: half of the time one of the number's few regulars."""
    draw = int(chance.random() * 1_400)
    if draw < 700:
        draw = hash_of(number) + draw % 5
    area = FAR[draw % len(FAR)]
    return f"+1{area}55501{draw % 100:02d}", STATES[area]


def hash_of(text: str) -> int:
    """Give a whole number for a text, the same on every machine."""
    return sum(ord(sign) * (place + 7) for place, sign in enumerate(text))


def _spelt(chance: random.Random, number: str) -> str:
    """Spell a number in one of the carrier's ways."""
    draw = chance.random()
    if draw < 0.9 or not number.startswith("+1"):
        return number
    return number[2:] if draw < 0.96 else number[1:]


GOOD = (
    "Origination;2026-11-10 15:00:00;2026-11-10 15:01:01;61;66;6;6;0.0035;0.003850;KEY;203.0.113.9;"
    "+12125550147;NY;TO;;PA;234;0000;1;"
)
START = ";2026-11-10 15:00:00;"
BROKEN: tuple[tuple[str, str, str], ...] = (
    (GOOD, "short;line", "There are 2 columns"),
    ("0000;1;", "0000;1;;more", "There are 21 columns"),
    ("Origination", "Fax", "no kind of call"),
    (START, ";2026-13-01 15:00:00;", "is no time"),
    (START, ";2026-02-30 15:00:00;", "is no time"),
    (START, ";2026-11-10 25:61:00;", "is no time"),
    (START, ";yesterday;", "is no time"),
    (START, ";;", "Nothing is no time"),
    (START, ";2099-01-01 00:00:00;", "lies in the future"),
    (START, ";1969-07-20 20:17:00;", "lies too far back"),
    (";61;", ";-61;", "cannot be"),
    (";61;", ";61.5;", "no whole number of seconds"),
    (";61;", ";a minute;", "no number of seconds"),
    (";61;", ";;", "no number of seconds"),
    (";61;", ";99999999;", "cannot be"),
    ("0.003850", "-0.003850", "cannot be"),
    ("0.003850", "free", "is no amount"),
    ("0.003850", "NaN", "is no amount"),
    ("0.003850", "1e9", "cannot be"),
    ("KEY", "", "The transaction id is missing"),
    ("TO", "nobody", "no telephone number"),
    ("TO", "", "no telephone number"),
    ("TO", "=1+1", "no telephone number"),
    ("Origination", '"Origination', "quotation marks"),
    ("NY", "N\0Y", "NUL"),
    ("NY", "\udc80", "not in UTF-8"),
    ("NY", "x" * 5_000, "more than 4,000 characters"),
)
"""Ways to break a good line: what is replaced, by what, and what the reason then says."""


def broken(to: str) -> bytes:
    """Make a file of calls to a number: each kind of broken line, and a good one behind it."""
    found = [HEADER]
    for place, (before, after, _) in enumerate(BROKEN):
        for key, text in (("bad", GOOD.replace(before, after, 1)), ("good", GOOD)):
            found.append(text.replace("KEY", f"{key}-{place}").replace("TO", to))
    return "\r\n".join((*found, "")).encode("utf-8", "surrogateescape")


def main() -> None:
    """Print a file for the numbers of another file, one a line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("numbers", type=Path)
    options.add_argument("first", type=date.fromisoformat, nargs="?")
    options.add_argument("days", type=int, nargs="?", default=1)
    options.add_argument("--a-day", type=int)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--swapped", action="store_true")
    options.add_argument("--broken", action="store_true")
    given = options.parse_args()
    numbers = given.numbers.read_text().split()
    if given.broken:
        sys.stdout.buffer.write(broken(numbers[0]))
        return
    header = SWAPPED if given.swapped else HEADER
    made = lines(numbers, given.first, given.days, given.seed, a_day=given.a_day, header=header)
    for line in made:
        print(line)


if __name__ == "__main__":
    main()
