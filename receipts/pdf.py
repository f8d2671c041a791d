"""An order's receipt drawn as PDF, on the paper of the statements."""

import display
from models import PortalSettings
from receipts import Receipt
from statements import pdf
from statements.pdf import Paper

WIDTHS = {True: (18, 18, 22, 22, 11, 9), False: (22, 22, 28, 28)}
"""Shares of the columns, with prices and without."""


def draw(receipt: Receipt, settings: PortalSettings, currency: str) -> bytes:
    """Draw a receipt in the reseller's brand; gives the bytes of the file."""
    paper = pdf.begin(f"Order {receipt.order.number}", receipt.brand, settings)
    for name, words in facts(receipt):
        _fact(paper, name, words)
    paper.ln(4)
    _rows(paper, receipt, currency)
    return bytes(paper.output())


def facts(receipt: Receipt) -> list[tuple[str, str]]:
    """List what stands above the table, each with its name; times in the viewer's zone."""
    named = [
        ("What", receipt.kind),
        ("Client", receipt.client),
        ("Asked for by", receipt.asked_by),
        *((name, display.moment_words(at)) for name, at in receipt.dates),
        ("Decision", receipt.decision),
    ]
    return [*named, ("Reason", receipt.reason)] if receipt.reason else named


def _fact(paper: Paper, name: str, words: str) -> None:
    paper.set_font("text", "B", pdf.TEXT)
    paper.cell(32, 5.2, name)
    paper.set_font("text", size=pdf.TEXT)
    paper.multi_cell(0, 5.2, words, new_x="LMARGIN", new_y="NEXT")


def _rows(paper: Paper, receipt: Receipt, currency: str) -> None:
    heads = ["Number", "What", "Now", "Requested"]
    rows = [
        [display.number(row.number), row.field, row.current, row.requested] for row in receipt.rows
    ]
    total = None
    if receipt.has_prices:
        heads += ["A month", "Once"]
        for cells, row in zip(rows, receipt.rows, strict=True):
            cells += [display.money(row.monthly_micros, currency)]
            cells += [display.money(row.setup_micros, currency)]
        total = _total(receipt, currency)
    pdf.table(paper, heads, rows, total, WIDTHS[receipt.has_prices], texts=4)


def _total(receipt: Receipt, currency: str) -> list[str]:
    order = receipt.order
    prices = (
        display.money(micros, currency) for micros in (order.monthly_micros, order.setup_micros)
    )
    return [f"{display.plural(order.line_count, 'number')} in all", "", "", "", *prices]
