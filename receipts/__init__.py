"""One order on one sheet, in its client's words: what was asked, what it costs, how it was decided.

Staff and logins see the same sheet. It names the reseller's company where staff acted, and tells no
reason but a rejection's. ``pdf`` draws it.
"""

from dataclasses import dataclass
from datetime import datetime

import catalog
from brand import Brand
from models import Order, OrderLine, OrderState

DECISIONS = {
    OrderState.PENDING: "Not decided yet",
    OrderState.APPROVED: "Approved by {company}; not in force yet",
    OrderState.FAILED: "Approved by {company}; not in force yet",
    OrderState.COMPLETED: "Approved by {company}; in force",
    OrderState.REJECTED: "Rejected by {company}",
    OrderState.CANCELLED: "Cancelled",
}
AUTOMATIC = "Approved automatically"


@dataclass(frozen=True)
class Row:
    """One change of one number; prices, in micro-units, stand on the number's first row."""

    number: str
    field: str
    current: str
    requested: str
    monthly_micros: int | None
    setup_micros: int | None


@dataclass(frozen=True)
class Receipt:
    """An order as its sheet tells it."""

    order: Order
    brand: Brand
    kind: str
    client: str
    asked_by: str
    decision: str
    reason: str | None
    rows: list[Row]

    @property
    def has_prices(self) -> bool:
        """Tell whether the reseller shows prices to its clients."""
        return not self.brand.hide_prices

    @property
    def dates(self) -> list[tuple[str, datetime]]:
        """List the moments that are known, each with its name."""
        order = self.order
        named = (("Sent", order.submitted_at), ("Decided", order.decided_at))
        done = ("In force since", order.completed_at)
        return [(name, moment) for name, moment in (*named, done) if moment is not None]


def of(order: Order, brand: Brand) -> Receipt:
    """Make the receipt of an order."""
    client, company = order.client, brand.company_name
    account = f", account {client.account_ref}" if client.account_ref else ""
    return Receipt(
        order=order,
        brand=brand,
        kind=catalog.kind(order.kind).label,
        client=f"{client.name}{account}",
        asked_by=asked_by(order, company),
        decision=_decision(order, company),
        reason=order.reason if order.state is OrderState.REJECTED else None,
        rows=[row for line in order.lines for row in _rows(line)],
    )


def asked_by(order: Order, company: str) -> str:
    """Name who asked for an order, as its client reads it: staff are the company."""
    name = order.login.name if order.login else company
    return f"{company} for {name}" if order.impersonator_id and order.login else name


def _decision(order: Order, company: str) -> str:
    words = DECISIONS[order.state].format(company=company)
    if order.is_auto_approved:
        words = words.replace(f"Approved by {company}", AUTOMATIC, 1)
    return words


def _rows(line: OrderLine) -> list[Row]:
    prices = (line.monthly_micros, line.setup_micros)
    return [
        Row(
            line.number,
            change.field,
            change.current,
            change.requested,
            *(prices if position == 0 else (None, None)),
        )
        for position, change in enumerate(catalog.changes(line))
    ]
