"""Says when the server that `make run` starts can be used; starts nothing itself."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request

PATIENCE_SECONDS = 60


def main() -> int:
    """Check that the port is free, or wait for the server and pass standard input on."""
    port = int(os.environ["PORT"])
    if sys.argv[1] == "--check-port":
        return 0 if is_free(port) else 1
    text = sys.stdin.read()
    if not wait_until_up(port, server=int(sys.argv[2])):
        return 1
    print(text, end="", flush=True)
    return 0


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104  The server binds the same.
        except OSError:
            return False
    return True


def wait_until_up(port: int, server: int) -> bool:
    """Wait until the server answers; give up when it has ended."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at and is_alive(server):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def is_alive(process: int) -> bool:
    """Tell whether a process still runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
