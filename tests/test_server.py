"""The server as a deployment runs it: production settings, gunicorn, behind one https proxy."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config import ROOT
from tests.support.smtp import free_port

HOST = "portal.test"
KEY = "3uMZkq0c1Xb7pTn5rWv8yLd2sHf6gJa9eQi4oRtC"
POLICY = {
    "content-security-policy": "script-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "origin",
    "cross-origin-opener-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
}


@dataclass
class Server:
    """A running server, its port and where it logs."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def ask(
        self, path: str, method: str = "GET", host: str = HOST, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request as the proxy does; gives status, headers in small letters, and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host, **sent})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        body = answer.read()
        connection.close()
        return answer.status, found, body

    def say(self, raw: bytes) -> bytes:
        """Send bytes as they are; gives the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as wire:
            wire.sendall(raw)
            return wire.makefile("rb").readline()

    def lines(self) -> list[str]:
        """Read what the server has logged."""
        return self.log.read_text().splitlines()


def environ(folder: Path, port: int) -> dict[str, str]:
    """Give the settings of a deployment, and nothing of our own environment but the PATH."""
    return {
        "PATH": os.environ["PATH"],
        "APP_ENV": "production",
        "SECRET_KEY": KEY,
        "DATABASE_URL": f"sqlite:///{folder / 'portico.db'}",
        "PUBLIC_URL": f"https://{HOST}",
        "PORT": str(port),
        "TRUSTED_PROXIES": "1",
        "DELIVERER": "off",
    }


def prepare(settings: dict[str, str]) -> None:
    """Make the database and a reseller in it."""
    made = ("create-reseller", "Keystone", "--slug", "keystone", "--owner", "olga@keystone.example")
    for command in (("db", "upgrade"), (*made, "--owner-name", "Olga")):
        subprocess.run(
            [sys.executable, "-m", "flask", *command],
            cwd=ROOT,
            env=settings,
            check=True,
            capture_output=True,
            timeout=120,
        )


def start(settings: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start the server, and wait until it is ready."""
    command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "app:create_app()"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=out, stderr=out)
    pause = threading.Event()
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", int(settings["PORT"])), timeout=1).close()
            return process
        except OSError:
            assert process.poll() is None, log.read_text()
            pause.wait(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that only ask."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    settings = environ(folder, port)
    prepare(settings)
    process = start(settings, folder / "log")
    yield Server(process, port, folder / "log")
    process.terminate()
    process.wait(30)


ANSWERS = {
    "/": 302,
    "/admin/": 302,
    "/admin/login": 200,
    "/portal/keystone/sign-in": 200,
    "/portal/keystone/set-password/no-such-link": 410,
    "/portal/nobody/sign-in": 404,
    "/nowhere": 404,
    "/.git/config": 404,
    "/static/css/app.css": 200,
    "/static/../app.py": 404,
    "/static/%2e%2e/app.py": 404,
    "/static/..%2fconfig.py": 404,
    "/healthz": 200,
    "/readyz": 200,
}


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_has_the_headers(server: Server, path: str) -> None:
    status, headers, body = server.ask(path)
    assert status == ANSWERS[path]
    assert {
        name: headers.get(name, "").count(text) for name, text in POLICY.items()
    } == dict.fromkeys(POLICY, 1)
    assert "create_app" not in body.decode()
    assert not [name for name in headers if name.startswith("access-control-")]
    assert not re.search(r"\d|python|werkzeug|flask", headers["server"], re.I)


@pytest.mark.parametrize(
    "path", ["/admin/login", "/portal/keystone/sign-in", "/nowhere", "/healthz"]
)
def test_no_page_is_kept(server: Server, path: str) -> None:
    assert server.ask(path)[1]["cache-control"] == "no-store"


def test_without_https_nobody_is_bound_to_it(server: Server) -> None:
    _, headers, _ = server.ask("/admin/login", X_Forwarded_Proto="http")
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("method", ["TRACE", "BREW", "CONNECT", "PROPFIND"])
def test_other_methods_are_none(server: Server, method: str) -> None:
    status, headers, _ = server.ask("/admin/login", method)
    assert (status, headers["x-content-type-options"]) == (405, "nosniff")


@pytest.mark.parametrize(
    "host", ["evil.example", "portal.test.evil.example", f"{HOST}@evil.example", "", "a" * 300]
)
def test_an_unknown_host_is_refused(server: Server, host: str) -> None:
    status, headers, body = server.ask("/portal/keystone/forgotten", host=host)
    assert (status, "location" in headers) == (400, False)
    assert b"Keystone" not in body


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /admin/login HTTP/1.1\r\nHost: portal.test\r\nHost: evil.example\r\n\r\n",
        b"GET /admin/login HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"POST /admin/login HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /admin/ HTTP/1.1\r\nHost : portal.test\r\n\r\n",
        b"NONSENSE\r\n\r\n",
    ],
)
def test_what_two_readers_would_read_apart_is_refused(server: Server, raw: bytes) -> None:
    assert server.say(raw).split()[1] == b"400"


@pytest.mark.parametrize("header", ["X_Forwarded_Host", "X_Host", "Forwarded", "X_Original_Host"])
def test_a_forwarded_host_is_not_believed(server: Server, header: str) -> None:
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    for path in ("/", "/admin/", "/portal/keystone/"):
        _, headers, body = server.ask(path, **{header: value})
        assert "evil" not in headers.get("location", "") + body.decode()


def test_the_log_believes_the_proxy_alone_and_no_line_is_forged(server: Server) -> None:
    forged = '203.0.113.99, {"event": "forged"}, 198.51.100.77'
    server.ask(
        "/portal/keystone/set-password/secret-token?password=hunter2",
        X_Forwarded_For=forged,
        User_Agent='x", "event": "forged',
        Cookie="__Host-portal=stolen-cookie",
    )
    lines = server.lines()
    asked = [json.loads(line) for line in lines if "set-password" in line]
    assert asked[-1]["ip"] == "198.51.100.77"
    told = "\n".join(lines)
    assert not [word for word in ("secret-token", "hunter2", "stolen-cookie", KEY) if word in told]
    assert [line for line in lines if not line.startswith("{")] == []


def test_an_end_that_is_asked_for_breaks_no_answer_off(tmp_path: Path) -> None:
    """SIGTERM, as at every deployment: what was begun is finished, then the process ends."""
    port = free_port()
    settings = environ(tmp_path, port) | {"DELIVERER": "web"}
    prepare(settings)
    server = Server(start(settings, tmp_path / "log"), port, tmp_path / "log")
    answered, broken, running = [], [], threading.Event()

    def visit() -> None:
        for _ in range(400):
            try:
                answered.append(server.ask("/portal/keystone/sign-in")[0])
            except (http.client.IncompleteRead, ValueError) as error:
                broken.append(repr(error))
            except OSError:
                return
            running.set()

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    assert running.wait(30)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(25) == 0
    for visitor in visitors:
        visitor.join(timeout=30)
    assert (broken, set(answered)) == ([], {200})
    with pytest.raises(OSError):
        server.ask("/healthz")


def test_freed_memory_is_given_back(tmp_path: Path) -> None:
    """A password takes 19 MB for a moment; the C library would keep them from the second on."""
    script = """
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("conf", "gunicorn.conf.py")
if sys.argv[1] == "with":
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
pages = lambda: int(open("/proc/self/statm").read().split()[1])
before = pages()
for _ in range(3):
    block = bytearray(b"x") * (19 << 20)
    del block
print((pages() - before) * os.sysconf("SC_PAGESIZE") >> 20)
"""
    kept = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", script, how],
                cwd=ROOT,
                env=environ(tmp_path, 1),
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for how in ("with", "without")
    }
    assert kept["without"] >= 15, "this C library gives memory back by itself: is the rule needed?"
    assert kept["with"] <= 2
