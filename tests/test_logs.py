"""What a line of the log holds, and what it must never hold."""

import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask

import logs

TOKEN = "Zm9yLW9uZS11c2Utb25seQ"


@pytest.fixture
def app() -> Flask:
    """An application with one page, one secret address and one that breaks."""
    app = Flask(__name__)
    app.config.update(APP_ENV="test", LOG_LEVEL="INFO", TRUSTED_PROXIES=0)
    logs.init_app(app)
    app.add_url_rule("/orders/<int:number>", "order", lambda number: f"order {number}")
    app.add_url_rule("/password/<token>", "password", lambda token: "choose one")
    app.add_url_rule("/broken/<token>", "broken", broken)
    return app


def broken(token: str) -> str:
    """Fail with the token in the message, as a careless exception would."""
    raise RuntimeError(f"no such token: {token}")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The lines of JSON that are logged during a test."""
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Keep()
    handler.setFormatter(logs.JsonLine())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


def test_a_request_is_one_line_with_its_id(app: Flask, lines: list[str]):
    response = app.test_client().get("/orders/7?q=private")
    (line,) = lines
    event = json.loads(line)
    assert event.pop("at").endswith("+00:00")
    assert event.pop("milliseconds") >= 0
    assert event == {
        "level": "info",
        "logger": "portico.request",
        "event": "request",
        "request_id": response.headers["X-Request-Id"],
        "endpoint": "order",
        "route": "/orders/<int:number> number=7",
        "method": "GET",
        "status": 200,
        "ip": "127.0.0.1",
    }


def test_a_single_use_link_is_logged_without_its_token(app: Flask, lines: list[str]):
    app.test_client().get(f"/password/{TOKEN}")
    (line,) = lines
    assert json.loads(line)["route"] == "/password/<token>"
    assert TOKEN not in line


def test_an_exception_is_logged_without_the_token(app: Flask, lines: list[str]):
    assert app.test_client().get(f"/broken/{TOKEN}").status_code == 500
    error = json.loads(lines[0])
    assert "RuntimeError: no such token: [secret]" in error["error"]
    assert TOKEN not in "".join(lines)


def test_a_mistyped_link_is_cut_before_its_token(app: Flask, lines: list[str]):
    app.test_client().get(f"/portal/acme/{TOKEN}")
    assert json.loads(lines[0])["route"] == "/portal (unknown)"


def test_a_line_break_from_outside_begins_no_line(app: Flask, lines: list[str]):
    logging.getLogger("x").warning("agent %s", "a\r\nforged\x1b[2J")
    (line,) = lines
    assert "\n" not in line
    record = logging.LogRecord("x", logging.INFO, "", 0, "a\r\nforged\x1b[2J", None, None)
    assert logs.PlainLine().format(record).endswith(r"info a\r\nforged\x1b[2J")


def test_an_id_is_taken_over_from_a_trusted_proxy_only(app: Flask):
    given = {"X-Request-Id": "5c1f7a90-aaaa-4bbb"}
    assert (
        app.test_client().get("/orders/1", headers=given).headers["X-Request-Id"]
        != (given["X-Request-Id"])
    )
    app.config["TRUSTED_PROXIES"] = 1
    assert (
        app.test_client().get("/orders/1", headers=given).headers["X-Request-Id"]
        == (given["X-Request-Id"])
    )


@pytest.mark.parametrize("given", ["short", "x" * 65, "has blank in it", "quote'quote"])
def test_an_odd_id_is_replaced(app: Flask, given: str):
    app.config["TRUSTED_PROXIES"] = 1
    answer = app.test_client().get("/orders/1", headers={"X-Request-Id": given})
    assert len(answer.headers["X-Request-Id"]) == 16
