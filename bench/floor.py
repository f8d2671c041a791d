"""The floor that pages are held against: the same rows by one statement in one bare template.

No session, no menu, no scope; SQL written by hand, rendered by one Jinja template, filled up to the
bytes of Portico's page (``?bytes=``). It runs on the same server as Portico, beside it.
"""

import os
from typing import Any

from flask import Flask, render_template_string, request
from sqlalchemy import create_engine, event, text

TABLE = """<!doctype html><title>Floor</title><table>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>"""

CLIENTS = """
SELECT c.name, c.account_ref, c.status, c.contact_email, c.id,
  (SELECT count(*) FROM did d WHERE d.reseller_id = 1 AND d.client_id = c.id),
  (SELECT count(*) FROM orders o WHERE o.reseller_id = 1 AND o.client_id = c.id
     AND o.state IN ('pending', 'approved')),
  (SELECT sum(u.price_micros) FROM usage_client_month u WHERE u.reseller_id = 1 AND u.owner = c.id
     AND u.month = :month)
FROM client c WHERE c.reseller_id = 1 ORDER BY c.name LIMIT 50"""
NUMBERS = """
SELECT d.id, d.number, d.city, d.rate_center, t.name, d.has_sms, d.status, c.name, t.monthly_micros
FROM did d JOIN tier t ON t.id = d.tier_id LEFT JOIN client c ON c.id = d.client_id
WHERE d.reseller_id = 1 {} ORDER BY d.number LIMIT 50"""
ORDERS = """
SELECT o.number, c.name, o.kind, o.state, o.line_count, o.monthly_micros, o.submitted_at,
  o.decided_at, o.reason
FROM orders o JOIN client c ON c.id = o.client_id WHERE o.reseller_id = 1 AND {} LIMIT 50"""
PENDING = """
SELECT o.number, c.name, o.kind, o.monthly_micros, o.submitted_at, l.number, l.current, l.requested
FROM (SELECT * FROM orders WHERE reseller_id = 1 AND state = 'pending'
  ORDER BY is_urgent DESC, submitted_at LIMIT 50) o
JOIN client c ON c.id = o.client_id
JOIN order_line l ON l.order_id = o.id AND l.position <= 3
ORDER BY o.is_urgent DESC, o.submitted_at"""
ONE = """
SELECT o.number, c.name, o.kind, o.state, l.number, l.current, l.requested, e.name, e.at, e.by_name
FROM orders o JOIN client c ON c.id = o.client_id JOIN order_line l ON l.order_id = o.id
JOIN order_event e ON e.order_id = o.id WHERE o.reseller_id = 1 AND o.number = :order"""
MONTH = """
SELECT u.number, sum(u.calls), sum(u.billed_seconds), sum(u.cost_micros), sum(u.price_micros)
FROM usage_day u WHERE u.reseller_id = 1 AND u.day >= :month AND u.client_id = :client
GROUP BY u.number ORDER BY 5 DESC LIMIT 50"""
MONTH_OF_ALL = """
SELECT c.name, sum(u.calls), sum(u.billed_seconds), sum(u.cost_micros), sum(u.price_micros)
FROM usage_client_month u JOIN client c ON c.id = u.owner
WHERE u.reseller_id = 1 AND u.month = :month GROUP BY c.name ORDER BY 5 DESC LIMIT 50"""
CALLS = """
SELECT started_at, kind, number, far_end, billed_seconds, price_micros FROM call
WHERE reseller_id = 1 AND client_id = :client AND number = :number AND day >= :month
ORDER BY started_at DESC LIMIT 100"""
STATEMENTS = {
    "nothing": "SELECT 1",
    "clients": CLIENTS,
    "numbers": NUMBERS.format(""),
    "found": NUMBERS.format("AND d.number LIKE :part"),
    "pending": PENDING,
    "decided": ORDERS.format("o.state <> 'pending' ORDER BY o.decided_at DESC"),
    "order": ONE,
    "month": MONTH,
    "months": MONTH_OF_ALL,
    "own_orders": ORDERS.format(
        "o.client_id = :client AND o.state IN ('pending', 'approved', 'failed') "
        "ORDER BY o.submitted_at DESC"
    ),
    "own_numbers": NUMBERS.format("AND d.client_id = :client"),
    "own_calls": CALLS,
}


def create_app() -> Flask:
    """Make the application on the database of DATABASE_URL."""
    app = Flask(__name__)
    engine = create_engine(os.environ["DATABASE_URL"], pool_size=8)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
    statements = {name: text(sql) for name, sql in STATEMENTS.items()}

    @app.get("/healthz")
    def healthz() -> str:
        return "up"

    @app.get("/<name>")
    def page(name: str) -> str:
        given = request.args.to_dict()
        wanted = int(given.pop("bytes", 0))
        statement = statements[name]
        bound = {key: given[key] for key in statement._bindparams}
        rows: Any = ()
        if name != "nothing":
            with engine.connect() as connection:
                rows = connection.execute(statement, bound).all()
        made = render_template_string(TABLE, rows=rows)
        return made + "." * (wanted - len(made))

    return app


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA cache_size=-16000")
