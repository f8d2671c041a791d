"""A real mail server in the process, with a script: it accepts, refuses, defers or hangs up."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Script:
    """What the server answers; ``mails`` are the messages that it took."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.rcpt: dict[str, str] = {}
        """An answer to RCPT by address, such as "550 No such person"."""
        self.hang_up_after_data = False
        self.while_sending: Callable[[], object] = lambda: None
        """What happens elsewhere at the moment when a message is taken."""

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Answer a recipient by the script."""
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take the message; perhaps without saying so."""
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        self.while_sending()
        if self.hang_up_after_data:
            server.transport.abort()
        return "250 OK"


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_server(script: Script) -> Iterator[int]:
    """Run the server on a port of its own, in a thread; gives the port."""
    controller = Controller(script, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()
