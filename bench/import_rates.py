"""Measure a file of rates from its upload to the plan: seconds and memory; asserts nothing.

Run: python bench/import_rates.py [--rows 200000] [--url postgresql+psycopg://…]
The database must be empty; it is migrated. First by function, each step a process of its own, so
that its peak of memory is its own: preview and confirm of 1,000 lines, of all of them, of the same
again with every fourth price changed. Then through the screens of a gunicorn: the upload until its
preview stands there, and the confirmation. The aim: 15 s each for 200,000 lines, and no more memory
than 1,000 lines need, but for the list of the prefixes met. Other load doubles the seconds.
"""

import argparse
import io
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from bare_app import make_app  # noqa: E402
from flask_migrate import upgrade  # noqa: E402
from import_dids import peak_mb  # noqa: E402
from rating import prefixes  # noqa: E402
from serving import Server, cpu, sign_in  # noqa: E402

import credentials  # noqa: E402
import models  # noqa: E402
import tenancy  # noqa: E402
from columns import now  # noqa: E402
from extensions import db  # noqa: E402
from permissions import Actor  # noqa: E402
from usage import decks  # noqa: E402

PASSWORD = "the-bench-has-no-secrets-1"
EMAIL = "olivia@bench.example"
BOUNDARY = "the-files-of-a-bench-end-here"


def lines(rows: int, changed: bool) -> Iterator[str]:
    """Write a deck as a carrier does, its prefixes in no order."""
    chance = random.Random(rows)
    known = prefixes(rows, chance)
    chance.shuffle(known)
    yield "Prefix,Destination,Rate,Minimum,Increment\r\n"
    for place, prefix in enumerate(known):
        micros = chance.randrange(1_000, 90_000) + (7 if changed and place % 4 == 0 else 0)
        yield f"{prefix},United States,{micros / 1e6:.6f},6,6\r\n"


def write(path: Path, rows: int, *, changed: bool = False) -> str:
    path.write_text("".join(lines(rows, changed)))
    return str(path)


def prepare() -> None:
    """Make a reseller with an owner who can sign in, and two plans."""
    with tenancy.across_resellers():
        reseller = models.Reseller(name="Bench", slug="bench")
        db.session.add(reseller)
        db.session.flush()
        db.session.add(models.PortalSettings(reseller_id=reseller.id, company_name="Bench"))
        owner = models.Staff(
            reseller_id=reseller.id, name="Olivia", email=EMAIL, role=models.Role.OWNER
        )
        owner.password_hash = credentials.hash_password(PASSWORD)
        owner.status = models.AccountStatus.ACTIVE
        db.session.add(owner)
        for name in ("Small", "By function", "By screen"):
            db.session.add(models.RatePlan(reseller_id=reseller.id, name=name))
        db.session.commit()


def by_function(path: str, plan: str) -> dict[str, float]:
    """Preview a file and take it in, as the screens do."""
    with tenancy.across_resellers():
        owner = db.session.query(models.Reseller.id).scalar()
    tenancy.enter(owner)
    plan_id = db.session.query(models.RatePlan.id).filter_by(name=plan).scalar()
    terms = decks.Terms(models.CallKind.OUTBOUND.value, f"{now():%Y-%m-%d}")
    by = Actor("Bench")
    begun, used = time.perf_counter(), time.process_time()
    with Path(path).open("rb") as stream:
        deck = decks.read(plan_id, stream, "deck.csv", by=by, terms=terms)
    decks.keep(deck)
    db.session.commit()
    preview, begun = time.perf_counter() - begun, time.perf_counter()
    preview_cpu, used = time.process_time() - used, time.process_time()
    counts = decks.apply(deck, by=by)
    db.session.commit()
    assert counts is not None
    return {
        "preview": preview,
        "confirm": time.perf_counter() - begun,
        "preview_cpu": preview_cpu,
        "confirm_cpu": time.process_time() - used,
        "new": counts.new,
        "changed": counts.changed,
        "peak_mb": peak_mb(),
    }


def in_a_process(url: str, path: str, plan: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--url", url, "--file", path, "--plan", plan]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(said)
    return found


def by_screen(url: str, path: str) -> dict[str, float]:
    """Upload a file and confirm it, as a browser does; the memory is the busiest worker's peak."""
    with Server(url) as server:
        cookie = sign_in(server, "/admin/login", EMAIL, PASSWORD)
        plan = re.search(
            r'details/\?id=(\d+)[^"]*">By screen', ask(server, cookie, "/admin/rate-plans/")[1]
        )
        assert plan
        upload = f"/admin/rate-decks/new/{plan[1]}"
        token = token_of(ask(server, cookie, upload)[1])
        before = peaks(server)
        body = multipart(Path(path), token, {"kind": "outbound", "starts_on": f"{now():%Y-%m-%d}"})
        begun, used = time.perf_counter(), cpu(server.workers)
        where, page = ask(server, cookie, upload, body)
        preview, preview_cpu = time.perf_counter() - begun, cpu(server.workers) - used
        assert "Nothing is written yet" in page, page
        begun, used = time.perf_counter(), cpu(server.workers)
        ask(server, cookie, f"{where}/apply", f"csrf_token={token_of(page)}".encode())
        confirm, confirm_cpu = time.perf_counter() - begun, cpu(server.workers) - used
        assert "Taken into By screen" in ask(server, cookie, where)[1]
        return {
            "preview": preview,
            "confirm": confirm,
            "preview_cpu": preview_cpu / 1000,
            "confirm_cpu": confirm_cpu / 1000,
            "memory_mb": max(peaks(server)) - max(before),
        }


def ask(server: Server, cookie: str, path: str, body: bytes | None = None) -> tuple[str, str]:
    """Read a page, or send a form; gives the address where it ended, and the page."""
    asked = urllib.request.Request(
        path if path.startswith("http") else server.url + path, data=body
    )
    asked.add_header("Cookie", cookie)
    asked.add_header("Origin", server.url)
    if body and body.startswith(b"--"):
        asked.add_header("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    with urllib.request.urlopen(asked, timeout=300) as answer:
        return answer.url, answer.read().decode()


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def multipart(path: Path, token: str, fields: dict[str, str]) -> bytes:
    out = io.BytesIO()
    for name, value in {"csrf_token": token, **fields}.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        out.write(f"{head}{value}\r\n".encode())
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="deck.csv"\r\n'
    out.write(f"{head}Content-Type: text/csv\r\n\r\n".encode())
    out.write(path.read_bytes() + f"\r\n--{BOUNDARY}--\r\n".encode())
    return out.getvalue()


def peaks(server: Server) -> list[float]:
    found = (Path(f"/proc/{pid}/status").read_text() for pid in server.workers)
    return [int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024 for text in found]  # type: ignore[index]


def compare(url: str, rows: int, folder: Path) -> None:
    """Measure all of it on an empty database, and print a line each."""
    with make_app(url).app_context():
        upgrade()
        prepare()
    small = write(folder / "small.csv", 1_000)
    large = write(folder / "large.csv", rows)
    again = write(folder / "again.csv", rows, changed=True)
    for name, path, plan in (
        ("1,000 lines", small, "Small"),
        (f"{rows:,} lines", large, "By function"),
        ("the same again, a quarter changed", again, "By function"),
    ):
        tell(name, in_a_process(url, path, plan))
    tell(f"{rows:,} lines through the screens", by_screen(url, large))


def tell(name: str, took: dict[str, Any]) -> None:
    print(name, {key: round(value, 1) for key, value in took.items()}, flush=True)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--url", default="")
    options.add_argument("--file", default="")
    options.add_argument("--plan", default="")
    given = options.parse_args()
    if given.file:
        with make_app(given.url).app_context():
            print(json.dumps(by_function(given.file, given.plan)))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(given.url or f"sqlite:///{folder}/bench.db", given.rows, Path(folder))


if __name__ == "__main__":
    main()
