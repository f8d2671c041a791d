"""Make a call file in the documented format, as large as asked: fictional calls with a daily shape.

Business hours, quiet weekends, a few heavy numbers, messages, both directions, nights on which the
clock changes. The seed makes the same file on every machine.
Run: python sample_data/make_cdrs.py NUMBERS_FILE FIRST_DAY DAYS > calls.CDR
"""

import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SEED = 911
ZONE = ZoneInfo("America/New_York")
HEADER = (
    "CallType;StartTime;StopTime;CallDuration;BillDuration;CallMinimum;CallIncrement;BasePrice;"
    "CallPrice;TransactionId;CustomerIP;ANI;ANIState;DNIS;LRN;DNISState;DNISLATA;DNISOCN;OrigTier;"
    "TermRateDeck"
)
BY_HOUR = (1, 1, 1, 1, 1, 1, 3, 8, 20, 30, 32, 30, 24, 28, 32, 30, 26, 18, 8, 5, 4, 3, 2, 1)
"""How likely a call is in each hour of a working day, in the zone of the office."""
KINDS = ("Origination", "Termination", "SMS")
FAR = ("212", "305", "404", "503", "614", "702", "813")


def lines(numbers: Sequence[str], first: date, days: int, seed: int = SEED) -> Iterator[str]:
    """Write the file line by line; ``numbers`` are E.164, the first of them the heaviest."""
    chance = random.Random(seed)
    weights = [1 / (place + 1) ** 0.7 for place in range(len(numbers))]
    yield HEADER
    for day in range(days):
        current = first + timedelta(days=day)
        is_weekend = current.weekday() >= 5
        calls = chance.randint(20, 40) * len(numbers) // (60 if is_weekend else 10)
        for place in range(max(calls, 1)):
            number = chance.choices(numbers, weights)[0]
            yield _line(chance, number, current, f"{current:%y%m%d}-{place:05d}-{seed}")


def _line(chance: random.Random, number: str, day: date, key: str) -> str:
    hour = chance.choices(range(24), BY_HOUR)[0]
    local = datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60)), ZONE)
    start = local.astimezone(UTC)
    kind = chance.choices(KINDS, (55, 35, 10))[0]
    seconds = 0 if kind == "SMS" else min(int(chance.expovariate(1 / 150)), 5_400)
    billed = 0 if seconds == 0 else max(6, -(-seconds // 6) * 6)
    rate = {"Origination": 3_500, "Termination": 9_000, "SMS": 0}[kind]
    micros = 4_000 if kind == "SMS" else billed * rate // 60
    far = f"+1{chance.choice(FAR)}55501{chance.randrange(100):02d}"
    ani, dnis = (number, far) if kind == "Termination" else (far, number)
    stop = start + timedelta(seconds=seconds)
    return ";".join(
        (
            *(kind, f"{start:%Y-%m-%d %H:%M:%S}", f"{stop:%Y-%m-%d %H:%M:%S}"),
            *(str(seconds), str(billed), "6", "6", f"{rate / 1e6:.4f}", f"{micros / 1e6:.6f}"),
            *(key, "203.0.113.9", ani, "PA", dnis, dnis, "PA", "234", "0000", "1", ""),
        )
    )


def main() -> None:
    """Print a file for the numbers of another file, one a line."""
    numbers = Path(sys.argv[1]).read_text().split()
    for line in lines(numbers, date.fromisoformat(sys.argv[2]), int(sys.argv[3])):
        print(line)


if __name__ == "__main__":
    main()
