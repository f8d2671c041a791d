"""A wire to PostgreSQL that loses the server's answer: what was asked is done, and nobody hears."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask
from sqlalchemy import event

from extensions import db

READY = b"Z"
"""The message by which the server says that it has finished what it was asked."""


class Wire:
    """Hands on what both sides say until somebody asks for what it waits for."""

    def __init__(self, server: tuple[str, int], until: bytes) -> None:
        self.server, self.until = server, until
        self.lost = 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.door.getsockname()[1]
        threading.Thread(target=self._let_in, daemon=True).start()

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.door.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.create_connection(self.server)
        is_lost = threading.Event()
        back = threading.Thread(target=self._answer, args=(server, client, is_lost), daemon=True)
        back.start()
        with suppress(OSError):
            while said := client.recv(65536):
                if self.until in said:
                    is_lost.set()
                server.sendall(said)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _answer(
        self, server: socket.socket, client: socket.socket, is_lost: threading.Event
    ) -> None:
        with suppress(OSError):
            while said := server.recv(65536):
                if is_lost.is_set() and READY in said:
                    self.lost += 1
                    break
                client.sendall(said)
        # To close alone would not wake whoever reads from it.
        for one in (client, server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """Let nobody in any more."""
        self.door.close()


@contextmanager
def losing_answers(app: Flask, *, to: bytes) -> Iterator[Wire]:
    """Lead new connections over a wire that loses the answer to a message, once per connection."""
    with app.app_context():
        engine = db.engine
    address = engine.url
    wire = Wire((address.host or "127.0.0.1", address.port or 5432), to)

    def go_round(_dialect: Any, _record: Any, _args: Any, values: dict[str, Any]) -> None:
        values["host"], values["port"] = "127.0.0.1", wire.port
        values["sslmode"] = "disable"

    engine.dispose()
    event.listen(engine, "do_connect", go_round)
    try:
        yield wire
    finally:
        event.remove(engine, "do_connect", go_round)
        engine.dispose()
        wire.close()
