"""One line an event on standard output: JSON in production, plain words in development.

A line holds no password, token, cookie or query string. The address of a request is therefore
logged as its rule, and a secret that stands in the address is struck from every message.
"""

import json
import logging
import logging.config
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request

log = logging.getLogger("portico.request")

SECRET_ARGUMENTS = frozenset({"token", "key", "secret", "code"})
QUIET_ENDPOINTS = frozenset({"health.healthz", "health.readyz", "static"})
INHERITED_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{7,63}")
EXTRA_FIELDS = ("endpoint", "route", "method", "status", "milliseconds", "ip")


def configuration(*, is_production: bool, level: str = "INFO") -> dict[str, Any]:
    """Describe the logging for logging.config.dictConfig; the web server uses the same."""
    formatter = "json" if is_production else "plain"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLine}, "plain": {"()": PlainLine}},
        "handlers": {
            "out": {"class": "logging.StreamHandler", "formatter": formatter, "stream": sys.stdout}
        },
        "root": {"level": level, "handlers": ["out"]},
        # These would otherwise write to handlers of their own, in another form.
        "loggers": {
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
            # Alembic tells of its own plug-ins at every start; a migration alone is worth a line.
            "alembic": {"level": "WARNING"},
            "alembic.runtime.migration": {"level": "INFO" if is_production else "WARNING"},
        },
    }


def init_app(app: Flask) -> None:
    """Set the logging up, number every request and note how it ended."""
    if app.config["APP_ENV"] != "test":
        is_production = app.config["APP_ENV"] == "production"
        logging.config.dictConfig(
            configuration(is_production=is_production, level=app.config["LOG_LEVEL"])
        )
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """Tell the id of the present request, or nothing outside of one."""
    return str(g.get("request_id", "")) if has_request_context() else ""


def _begin() -> None:
    g.request_id = _inherited_id() or secrets.token_hex(8)
    g.request_began = time.perf_counter()


def _inherited_id() -> str:
    """Take over the id that a trusted proxy gave, so that its log and this one can be joined."""
    given = request.headers.get("X-Request-Id", "")
    is_trusted = current_app.config["TRUSTED_PROXIES"] > 0
    return given if is_trusted and INHERITED_ID.fullmatch(given) else ""


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    if request.endpoint in QUIET_ENDPOINTS:
        return response
    log.info(
        "request",
        extra={
            "endpoint": request.endpoint,
            "route": _route(),
            "method": request.method,
            "status": response.status_code,
            "milliseconds": round((time.perf_counter() - g.request_began) * 1000),
            "ip": request.remote_addr,
        },
    )
    return response


def _route() -> str:
    """Tell where the request went, without what only its sender should know."""
    if request.url_rule is None:
        # A mistyped link may hold a token, so an unknown address is cut after its first part.
        return "/" + request.path.lstrip("/").split("/")[0][:40] + " (unknown)"
    shown = {k: v for k, v in (request.view_args or {}).items() if k not in SECRET_ARGUMENTS}
    return " ".join([request.url_rule.rule, *(f"{k}={v}" for k, v in shown.items())])


def _without_secrets(text: str) -> str:
    """Strike the secrets of the present address from a text."""
    if not has_request_context():
        return text
    arguments = request.view_args or {}
    for name in SECRET_ARGUMENTS & arguments.keys():
        text = text.replace(str(arguments[name]), "[secret]")
    return text


class JsonLine(logging.Formatter):
    """One JSON object an event; a line break in a value is written as an escape."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as one line."""
        event: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _without_secrets(record.getMessage()),
        }
        if number := request_id():
            event["request_id"] = number
        event |= {name: getattr(record, name) for name in EXTRA_FIELDS if hasattr(record, name)}
        if record.exc_info:
            event["error"] = _without_secrets(self.formatException(record.exc_info))
        return json.dumps(event, default=str)


class PlainLine(logging.Formatter):
    """Words for a person at a terminal; what came from outside cannot begin a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as one line, and a traceback below it."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        words = [moment, record.levelname.lower(), _escaped(_without_secrets(record.getMessage()))]
        words += [_escaped(str(getattr(record, n))) for n in EXTRA_FIELDS if hasattr(record, n)]
        line = " ".join(words)
        if record.exc_info:
            line += "\n" + _without_secrets(self.formatException(record.exc_info))
        return line


def _escaped(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
