"""Recording who looked at call detail; the one thing that is written when a page is opened.

It is written after the page was made and before it is sent, in a transaction of its own: a GET
reads without the write lock. What cannot be recorded is not shown.
"""

from typing import Any

from flask import Response, after_this_request
from sqlalchemy import insert

import audit
import database
from extensions import db
from models import AuditEntry, Client
from permissions import Actor

_WRITTEN = insert(AuditEntry).inline()
"""One line past the ORM, which takes twice as long; nobody asks for its id."""


def at_calls(client: Client, by: Actor, **what: Any) -> None:
    """Record that somebody looks at calls of a client, once the page turns out to be there."""

    @after_this_request
    def write(response: Response) -> Response:
        if response.status_code == 200:
            # Before the transaction ends, after which the client would be read anew.
            line = audit.line("calls.looked_at", client, by, what)
            db.session.rollback()
            database.set_looking(False)
            db.session.connection().execute(_WRITTEN, line)
            db.session.commit()
        return response
