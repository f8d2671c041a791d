"""The loop that works in the background: a thread of the web process, or ``flask worker``.

Adding a job is one line in ``JOBS``. A job that fails is logged and tried again at the next turn;
it never stops the others.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

import database
import forgotten
import jobs
import outbox
import retention
from extensions import db
from usage import due, folder

log = logging.getLogger(__name__)

JOBS: tuple[Callable[[], int], ...] = (
    forgotten.answer_due,
    outbox.deliver_due,
    jobs.carry_out_due,
    jobs.Seldom(folder.take_from_folder, timedelta(seconds=15)),
    due.call_files,
    jobs.Seldom(due.clean_up, timedelta(minutes=10)),
    jobs.rerate_due,
    jobs.Seldom(jobs.keep_ledger, timedelta(minutes=10)),
    jobs.Seldom(retention.forget_due, timedelta(hours=24)),
    jobs.Seldom(retention.forget_forms, timedelta(minutes=10)),
    jobs.Seldom(database.refresh_statistics, timedelta(hours=1)),
)
TURN_SECONDS = 2.0


def turn(app: Flask) -> int:
    """Run every job once, each in a context of its own; gives how much was done."""
    return sum(_run(app, job) for job in JOBS)


def _run(app: Flask, job: Callable[[], int]) -> int:
    with app.app_context():
        try:
            return job()
        except Exception:
            # The outermost boundary of the loop: the next turn tries again.
            log.exception("The job %s failed", job.__name__)
            db.session.rollback()
            return 0


class Worker(threading.Thread):
    """The loop as a thread; ``stop`` lets the current turn end first."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="background", daemon=True)
        self.app = app
        self.stopping = threading.Event()

    def run(self) -> None:
        """Take turns until told to stop; a busy turn is followed by another at once."""
        while not self.stopping.is_set():
            if not self._turn():
                self.stopping.wait(TURN_SECONDS)
        _run(self.app, due.call_files.stop)

    def _turn(self) -> int:
        """Take one turn; whatever happens, the thread lives to take the next."""
        try:
            return turn(self.app)
        except Exception:
            log.exception("A turn of the background loop failed")
            return 0

    def stop(self, timeout: float = 20.0) -> None:
        """Stop after the current turn."""
        self.stopping.set()
        self.join(timeout)


def start(app: Flask) -> Worker:
    """Start the loop beside the web server's threads."""
    worker = Worker(app)
    worker.start()
    return worker


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Deliver mail, carry out orders and read call files until told to stop."""
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    worker = Worker(app)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: worker.stopping.set())
    click.echo("The worker runs; stop it with Ctrl-C.")
    worker.run()
