"""How the web server runs; the settings it reads are config.py's. Checked before the port is bound.

One process with threads is the rule: pages wait for a database, not for each other. A start with
wrong settings ends here, because a platform counts a process as healthy once it listens.
"""

import contextlib
import ctypes
import gc
import os
import sys
from typing import Any

from config import THREADS, Settings
from environment import ConfigError
from logs import configuration

try:
    _settings = Settings.from_environment()
except ConfigError as error:
    sys.exit(f"Error: {error.format_message()}")

bind = f"0.0.0.0:{_settings.port}"
worker_class = "gthread"
workers = _settings.web_concurrency
threads = THREADS
# Platforms kill 30 seconds after they asked for an end; a request in flight gets 25 of them.
graceful_timeout = 25
timeout = 30
keepalive = 5
# The heartbeat file must not stand on a disk that may block.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
preload_app = False
control_socket_disable = True
accesslog = None
logconfig_dict = configuration(
    is_production=_settings.is_production,
    level=_settings.log_level if _settings.is_production else "WARNING",
)
# Proxies are config's TRUSTED_PROXIES and the application's affair; the server believes none.
forwarded_allow_ips = ""


def _keep_memory_small() -> None:
    """Have the C library give back what was freed, and keep it in few places.

    Else a process that checked one password keeps the 19 MB that this takes, and each thread a heap
    of its own: 135 MB after all pages instead of 114. See mallopt(3); other libraries have none.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_MMAP_THRESHOLD, 1 << 20)


M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3
_keep_memory_small()


def when_ready(server: Any) -> None:
    """Say once what will surprise somebody later."""
    for sentence in _settings.warnings():
        server.log.warning(sentence)


def post_worker_init(worker: Any) -> None:
    """Start the mail deliverer in the process that serves, never before it was forked.

    What was imported stays for good, so the collector need not walk through it at every full round.
    """
    gc.collect()
    gc.freeze()
    if _settings.deliverer == "web":
        import background

        worker.deliverer = background.start(worker.wsgi)


def worker_exit(server: Any, worker: Any) -> None:
    """Let the deliverer finish its mail and give the rest back."""
    with contextlib.suppress(AttributeError):
        worker.deliverer.stop()
