"""Wires to PostgreSQL: one loses the server's answer, one hides who answers, as a pooler does."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from flask import Flask
from sqlalchemy import event

from extensions import db

READY = b"Z"
"""The message by which the server says that it has finished what it was asked."""

KEY = b"K\0\0\0\x0c"
"""How it says which of its processes answers: this, four bytes for that one, and a secret."""


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
                client.sendall(self._told(said))
        # To close alone would not wake whoever reads from it.
        for one in (client, server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _told(self, said: bytes) -> bytes:
        """Give what the client hears of what the server says."""
        return said

    def close(self) -> None:
        """Let nobody in any more."""
        self.door.close()


class Pooler(Wire):
    """Names itself where the server names the process that answers, so that it may change."""

    def __init__(self, server: tuple[str, int]) -> None:
        super().__init__(server, b"said by nobody")

    def _told(self, said: bytes) -> bytes:
        before, key, rest = said.partition(KEY)
        return before + key + b"\0\0\0\1" + rest[4:] if key else said


def losing_answers(app: Flask, *, to: bytes) -> AbstractContextManager[Wire]:
    """Lead new connections over a wire that loses the answer to a message, once per connection."""
    return _over(app, lambda server: Wire(server, to))


def through_a_pooler(app: Flask) -> AbstractContextManager[Wire]:
    """Lead new connections through what looks like a pooler."""
    return _over(app, Pooler)


@contextmanager
def _over(app: Flask, made: Callable[[tuple[str, int]], Wire]) -> Iterator[Wire]:
    with app.app_context():
        engine = db.engine
    address = engine.url
    wire = made((address.host or "127.0.0.1", address.port or 5432))

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
