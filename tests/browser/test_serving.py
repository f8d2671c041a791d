"""The server that browser tests look at: what a browser leaves half read is closed all the same."""

import threading
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response

MORE_THAN_A_WIRE_HOLDS = [b"x" * 1_000_000] * 30


def test_an_answer_is_closed_before_it_is_sent(live_server: Callable[[Flask], Any]) -> None:
    app, closed = Flask(__name__), threading.Event()

    @app.get("/")
    def page() -> Response:
        answer = Response(iter(MORE_THAN_A_WIRE_HOLDS))
        answer.call_on_close(closed.set)
        return answer

    with live_server(app) as address:
        browser = HTTPConnection("127.0.0.1", urlsplit(address).port or 0, timeout=10)
        browser.request("GET", "/")
        begun = browser.getresponse()
        assert begun.read(1) == b"x"
        assert closed.is_set()
        begun.close()
        browser.close()
