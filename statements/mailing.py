"""Sending statements: by itself on the day that the reseller chose, or when staff say so."""

from datetime import date, timedelta

from sqlalchemy import select

import audit
import charging
import mailer
import rollup
import statements
import tenancy
from columns import now
from extensions import db
from models import Client, ClientStatus, Mail, Reseller
from permissions import Actor


def send_due() -> int:
    """Mail every client of the session's reseller the statement of last month, once.

    Nothing happens before the chosen day, nor where no day is chosen; gives how many were written.
    """
    reseller = db.session.get_one(Reseller, tenancy.current())
    day = rollup.today(reseller.time_zone, now())
    if reseller.statement_day is None or day.day < reseller.statement_day:
        return 0
    month = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
    waiting = _waiting(month)
    for client in waiting:
        mailer.statement_ready(client, month, statements.of(client, month).due_micros)
    return len(waiting)


def send(client: Client, month: date, *, by: Actor) -> None:
    """Mail a client one statement, whether it had it before or not."""
    total = statements.of(client, month).due_micros
    mailer.statement_ready(client, month, total, once=False)
    audit.record("client.statement_sent", client, by, month=f"{month:%Y-%m}")


def _waiting(month: date) -> list[Client]:
    """List the clients with a statement of a month that was not mailed."""
    wanted = (
        select(Client)
        .where(Client.status != ClientStatus.CLOSED, Client.id.in_(statements.clients_in(month)))
        .order_by(Client.id)
    )
    clients = {mailer.statement_key(one.id, month): one for one in db.session.scalars(wanted)}
    if not clients:
        return []
    charging.charge_due()
    known = select(Mail.dedupe_key).where(Mail.dedupe_key.in_(clients))
    sent = set(db.session.scalars(known))
    return [client for key, client in clients.items() if key not in sent]
