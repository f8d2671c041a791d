"""A web server to measure: started on loopback, signed in to, loaded by wrk; its CPU is read.

CPU a request is what to trust on a machine that others use too. It is the workers' own, from
/proc; with PostgreSQL the backends of the measured database are counted apart.
"""

import http.cookiejar
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
WORKERS, THREADS, CONNECTIONS = 2, 4, 8
WARM = 24
SECRET = "the-bench-signs-its-cookies-with-this-0123456789"
TELL_LATENCY = """
done = function(summary, latency)
  io.write(string.format("p95 %f p99 %f bad %d\\n", latency:percentile(95), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What a load came to; times in milliseconds."""

    a_second: float
    p95: float
    p99: float
    cpu: float
    database_cpu: float
    bad: int


def environment(url: str, port: int) -> dict[str, str]:
    """Give the settings of a production server on loopback that sends no mail."""
    return {
        **os.environ,
        "APP_ENV": "production",
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOW_HTTP": "1",
        "PORT": str(port),
        "WEB_CONCURRENCY": str(WORKERS),
        "DELIVERER": "off",
        "LOG_LEVEL": "info",
        "PYTHONPATH": str(Path(__file__).parent),
    }


class Server:
    """gunicorn with an application on a free port; use it in a ``with``."""

    def __init__(self, url: str, application: str = "app:create_app()", **more: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url, self.database = f"http://127.0.0.1:{self.port}", make_url(url)
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  It lives as long as the server.
        command = ["-m", "gunicorn", "-c", "gunicorn.conf.py", "-b", f"127.0.0.1:{self.port}"]
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *command, "--threads", str(THREADS), application],
            cwd=ROOT,
            env=environment(url, self.port) | more,
            stdout=self.log,
            stderr=self.log,
        )
        self._wait()
        self.took_seconds = time.perf_counter() - began
        self.took_cpu_seconds = max(cpu([pid]) for pid in self.workers) / 1000

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(30)

    def _wait(self) -> None:
        """Wait until it answers; says what it wrote when it does not."""
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.log.seek(0)
        raise RuntimeError(self.log.read().decode()[-2000:])

    @property
    def workers(self) -> list[int]:
        """List the processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    @property
    def megabytes(self) -> list[float]:
        """Tell the memory of each worker that is its own or shared with the other."""
        found = (Path(f"/proc/{pid}/status").read_text() for pid in self.workers)
        return [int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024 for text in found]  # type: ignore[index]

    def backends(self) -> list[int]:
        """List PostgreSQL's processes that work on the measured database."""
        if self.database.get_backend_name() != "postgresql":
            return []
        server = self.database.set(drivername="postgresql", database="postgres")
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(server.render_as_string(hide_password=False)) as connection:
            return [row[0] for row in connection.execute(asked, [self.database.database])]

    def load(self, path: str, cookie: str = "", seconds: float = 3) -> Load:
        """Ask for one address with a new connection a request, once every thread knows it."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(lambda _: get(self, path, cookie), range(WARM)))
        own, theirs = cpu(self.workers), cpu(self.backends())
        said = self._wrk(path, cookie, seconds)
        own, theirs = cpu(self.workers) - own, cpu(self.backends()) - theirs
        requests = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
        tail = re.search(r"p95 (\S+) p99 (\S+) bad (\d+)", said)
        assert tail
        return Load(
            float(re.search(r"Requests/sec:\s+(\S+)", said)[1]),  # type: ignore[index]
            float(tail[1]) / 1000,
            float(tail[2]) / 1000,
            own / max(requests, 1),
            theirs / max(requests, 1),
            int(tail[3]),
        )

    def _wrk(self, path: str, cookie: str, seconds: float) -> str:
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(TELL_LATENCY)
            script.flush()
            head = ["-H", "Connection: close", "-H", f"Cookie: {cookie}"]
            size = ["-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds:.0f}s"]
            command = ["wrk", *size, *head, "-s", script.name, self.url + path]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def cpu(pids: list[int]) -> float:
    """Add up the CPU that processes have used so far, in milliseconds."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        total += (int(fields[11]) + int(fields[12])) * 1000 / TICKS
    return total


def sign_in(server: Server, path: str, email: str, password: str) -> str:
    """Sign in through the form; gives the Cookie header of the session."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(server.url + path).read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    form: dict[str, Any] = {"csrf_token": token[1], "email": email, "password": password}
    answer = opener.open(server.url + path, urllib.parse.urlencode(form).encode())
    assert "sign-in" not in answer.url, answer.url
    assert "login" not in answer.url, answer.url
    return "; ".join(f"{one.name}={one.value}" for one in jar)


def get(server: Server, path: str, cookie: str) -> bytes:
    """Read one page."""
    asked = urllib.request.Request(server.url + path, headers={"Cookie": cookie})
    body: bytes = urllib.request.urlopen(asked).read()
    return body
