"""Measure what is no page: exports, batches of decisions, processes, mail, the first visit.

Run: python bench/work.py WHAT --url URL; WHAT is export, batch, process, visit, mail or dead-mail.
The database is one that bench/data.py filled; ``batch`` and ``mail`` change it. For an export of
500,000 rows fill it with ``--scale 2.5 --orders 0 --calls 0 --resellers 1``.
"""

import argparse
import os
import re
import socket
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from serving import Server, environment, get, sign_in  # noqa: E402

PASSWORD = "quiet-river-seven-lamps"
ALICE = "alice1@bench.example"
BATCH = 500


def export(url: str) -> None:
    """Take the CSV of all numbers: when the first byte comes, and what memory it takes."""
    with Server(url) as server:
        cookie = sign_in(server, "/admin/login", ALICE, PASSWORD)
        get(server, "/admin/dids/export/csv/?search=%2B1412", cookie)
        before, began = max(server.megabytes), time.perf_counter()
        asked = urllib.request.Request(
            f"{server.url}/admin/dids/export/csv/", headers={"Cookie": cookie}
        )
        with urllib.request.urlopen(asked, timeout=600) as answer:
            lines = answer.read(1).count(b"\n")
            first, peak = time.perf_counter() - began, 0.0
            while some := answer.read(1 << 20):
                lines += some.count(b"\n")
                peak = max(peak, *server.megabytes)
        took = time.perf_counter() - began
    print(
        f"{lines - 1:,} rows: first byte {first:.2f} s, all {took:.1f} s, +{peak - before:.0f} MB"
    )


def batch(url: str) -> None:
    """Approve the 500 pending orders that have waited longest, as the screen does."""
    with Server(url) as server:
        cookie = sign_in(server, "/admin/login", ALICE, PASSWORD)
        page = get(server, "/admin/pending-orders/?page_size=500", cookie).decode()
        ids = re.findall(r'name="rowid"\s+value="(\d+)"', page)[:BATCH]
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        form = [("csrf_token", token[1]), ("verb", "approve"), *(("rowid", one) for one in ids)]
        asked = urllib.request.Request(
            f"{server.url}/admin/pending-orders/decide",
            data=urllib.parse.urlencode(form).encode(),
            headers={"Cookie": cookie},
        )
        began = time.perf_counter()
        from serving import cpu

        used = cpu(server.workers)
        words = urllib.request.urlopen(asked, timeout=600).read().decode()
        took, used = time.perf_counter() - began, cpu(server.workers) - used
    said = re.search(r"[\d,]+ orders are approved", words)
    print(f"{len(ids)} orders: {took:.1f} s, {used / 1000:.1f} s of CPU; {said and said[0]}")


def process(url: str) -> None:
    """Start the web server, and tell how long that takes and how large its processes are."""
    took, used_cpu = [], []
    for _ in range(3):
        with Server(url) as server:
            took.append(server.took_seconds)
            used_cpu.append(server.took_cpu_seconds)
            cookie = sign_in(server, "/admin/login", ALICE, PASSWORD)
            fresh = server.megabytes
            for _ in range(8):
                for path in ("/admin/", "/admin/dids/", "/admin/pending-orders/", "/admin/usage/"):
                    get(server, path, cookie)
            used = server.megabytes
    print(f"start {min(took):.1f} s, of which a worker's CPU {min(used_cpu):.1f} s")
    print(f"fresh {[round(m) for m in fresh]} MB", end=", ")
    print(f"after pages with figures {[round(m) for m in used]} MB")


def visit(url: str) -> None:
    """Add up what a first visit of the portal's sign-in page sends."""
    with Server(url) as server:
        page = get(server, "/portal/reseller1/sign-in", "")
        files = re.findall(rb'(?:href|src)="((?:/static/|/portal/[^"]*\.css)[^"]*)"', page)
        icons = re.findall(rb'<use href="([^"#]+)', page)
        sizes = {"page": len(page)}
        for path in {one.decode() for one in [*files, *icons]}:
            asked = urllib.request.Request(
                server.url + path.replace("&amp;", "&"), headers={"Accept-Encoding": "gzip"}
            )
            with urllib.request.urlopen(asked) as answer:
                sizes[path.partition("?")[0]] = len(answer.read())
    for path, size in sorted(sizes.items(), key=lambda one: -one[1]):
        print(f"{size:>9,} {path}")
    print(f"{sum(sizes.values()):>9,} in all")


# --- Mail ---------------------------------------------------------------------------------------


class Sink(threading.Thread):
    """A mail server on loopback that takes everything, and remembers nothing."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    def run(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rwb")

        def say(words: bytes) -> None:
            stream.write(words + b"\r\n")
            stream.flush()

        say(b"220 sink")
        for line in stream:
            word = line[:4].upper()
            say(b"354 go on" if word == b"DATA" else b"221 bye" if word == b"QUIT" else b"250 ok")
            if word == b"DATA":
                while stream.readline() != b".\r\n":
                    pass
                say(b"250 taken")


def mail(url: str) -> None:
    """Deliver 500 mails to a server on loopback in this process, and tell the pace."""
    sink = Sink()
    sink.start()
    os.environ |= environment(url, 1) | {
        "SMTP_URL": f"smtp://127.0.0.1:{sink.port}?tls=off",
        "MAIL_FROM": "bench@bench.example",
        "LOG_LEVEL": "error",
    }
    import outbox
    import tenancy
    from app import create_app
    from columns import now
    from extensions import db
    from models import Mail

    with create_app().app_context():
        with tenancy.across_resellers():
            for n in range(BATCH):
                key = f"bench-{time.time_ns()}-{n}"
                db.session.add(
                    Mail(
                        reseller_id=1,
                        kind="bench",
                        to_address="bob@bench.example",
                        from_name="Bench",
                        subject="An order",
                        text="Text. " * 200,
                        html="<p>Text.</p>" * 200,
                        message_id=f"<{key}@bench.example>",
                        dedupe_key=key,
                        next_at=now(),
                    )
                )
            db.session.commit()
        began, used, sent = time.perf_counter(), time.process_time(), 0
        while done := outbox.deliver_due():
            sent += done
        took, used = time.perf_counter() - began, time.process_time() - used
    print(f"{sent} mails: {sent / took:.0f} a second, {used / sent * 1000:.1f} ms of CPU each")


def dead_mail(url: str) -> None:
    """Load a page while mail waits for a server that does not answer, and while none waits."""
    silent = socket.create_server(("127.0.0.1", 0))
    more = {
        "SMTP_URL": f"smtp://127.0.0.1:{silent.getsockname()[1]}?tls=off",
        "MAIL_FROM": "bench@bench.example",
    }
    for name, given in (("no deliverer", {}), ("dead server", more | {"DELIVERER": "web"})):
        with Server(url, **given) as server:
            cookie = sign_in(server, "/admin/login", ALICE, PASSWORD)
            seen = server.load("/admin/dids/", cookie, 6)
            print(f"{name}: {seen.a_second:.0f}/s, p99 {seen.p99:.0f} ms, cpu {seen.cpu:.1f} ms")


WHAT: dict[str, Callable[[str], None]] = {
    "export": export,
    "batch": batch,
    "process": process,
    "visit": visit,
    "mail": mail,
    "dead-mail": dead_mail,
}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("what", choices=WHAT)
    options.add_argument("--url", required=True)
    given = options.parse_args()
    WHAT[given.what](given.url)


if __name__ == "__main__":
    main()
