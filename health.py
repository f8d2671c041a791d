"""Two addresses for the platform: is the process alive, and is it ready; never for people.

``/healthz`` asks nothing but the process, so that a slow database does not get it killed.
``/readyz`` asks the database too: point the gate of a deployment at it.
"""

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from columns import now
from config import ROOT
from database import reading
from extensions import db
from models import Mail, MailState

log = logging.getLogger("portico.health")
health = Blueprint("health", __name__)

AT_HEAD = "at head"


def init_app(app: Flask) -> None:
    """Add the two addresses to the application."""
    app.register_blueprint(health)


@health.get("/healthz")
def healthz() -> Response:
    """Answer that the process is alive; no database, no session."""
    return _uncached(Response("ok\n", content_type="text/plain; charset=utf-8"))


@health.get("/readyz")
def readyz() -> Response:
    """Answer 200 when the database is reachable and its migrations are at the head, else 503."""
    state = readiness()
    response = jsonify(state)
    response.status_code = 200 if state["migrations"] == AT_HEAD else 503
    return _uncached(response)


def readiness() -> dict[str, Any]:
    """Tell the state of the database: reachable, migrated, and how long the oldest mail waits."""
    try:
        with reading(), db.engine.connect() as connection:
            if not _is_at_head(connection):
                return {"database": "reachable", "migrations": "behind; run: flask db upgrade"}
            waits = _oldest_due_mail(connection)
    except SQLAlchemyError:
        log.exception("The database did not answer.")
        return {"database": "unreachable", "migrations": "unknown"}
    return {
        "database": "reachable",
        "migrations": AT_HEAD,
        "oldest_due_mail_seconds": waits,
    }


def _is_at_head(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    current = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    return list(current) == [newest(ROOT / "migrations")]


def _oldest_due_mail(connection: Connection) -> int:
    """Tell how many seconds late the oldest mail is, over all resellers; 0 when none is due."""
    unsent = (MailState.WAITING, MailState.SENDING)
    due_at = connection.scalar(select(func.min(Mail.next_at)).where(Mail.state.in_(unsent)))
    return max(0, int((now() - due_at).total_seconds())) if due_at else 0


@lru_cache
def newest(folder: Path) -> str:
    """Tell the newest revision by the files' names: asking Alembic takes 10 MB of every process."""
    return max(path.name[:4] for path in (folder / "versions").glob("[0-9]*.py"))


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
