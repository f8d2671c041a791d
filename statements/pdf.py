"""A statement drawn as PDF: the reseller's face, what the month comes to and is made of."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

import display
from brand import Brand
from models import PortalSettings
from statements import Statement
from usage import reports

FONTS = Path(__file__).parent / "fonts"
MOST_NUMBERS = 500
"""A longer list is cut here, and says so; the CSV has them all."""

MARGIN, SMALL, TEXT, LARGE = 16, 8, 9, 18
GREY = (90, 100, 110)


class Paper(FPDF):
    """Letter paper with the reseller's name and the page's number at the foot."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="letter")
        self.foot = foot
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, margin=MARGIN + 4)
        self.add_font("text", "", FONTS / "DejaVuSans.ttf")
        self.add_font("text", "B", FONTS / "DejaVuSans-Bold.ttf")

    def footer(self) -> None:
        """Write the foot of a page."""
        self.set_y(-MARGIN)
        self.set_font("text", size=SMALL)
        self.set_text_color(*GREY)
        self.cell(0, 4, f"{self.foot}   {self.page_no()}/{{nb}}", align="C")


def draw(statement: Statement, brand: Brand, settings: PortalSettings, currency: str) -> bytes:
    """Draw a statement in a reseller's brand; gives the bytes of the file."""
    page = begin(f"Statement of {statement.month}", brand, settings)
    _about(page, statement)
    _made_of(page, statement, currency)
    _numbers(page, statement, currency)
    return bytes(page.output())


def begin(title: str, brand: Brand, settings: PortalSettings) -> Paper:
    """Begin a sheet in a reseller's brand: its face, then the title."""
    page = Paper(" · ".join(filter(None, (brand.company_name, brand.support_phone))))
    page.set_title(title)
    page.set_author(brand.company_name)
    page.set_creator(brand.company_name)
    page.set_producer(brand.company_name)
    page.add_page()
    _face(page, brand, settings)
    page.set_font("text", "B", LARGE)
    page.cell(0, 9, title, new_x="LMARGIN", new_y="NEXT")
    return page


def _face(page: Paper, brand: Brand, settings: PortalSettings) -> None:
    if settings.logo:
        page.image(BytesIO(settings.logo), h=12, keep_aspect_ratio=True)
        page.ln(3)
    page.set_font("text", "B", TEXT + 2)
    page.cell(0, 6, brand.company_name, new_x="LMARGIN", new_y="NEXT")
    page.set_font("text", size=TEXT)
    page.set_text_color(*GREY)
    for line in (brand.address or "").splitlines():
        page.cell(0, 4.5, line, new_x="LMARGIN", new_y="NEXT")
    page.ln(6)
    page.set_text_color(0)


def _about(page: Paper, statement: Statement) -> None:
    page.set_font("text", size=TEXT)
    client = statement.client
    of = f"{client.name}{f', account {client.account_ref}' if client.account_ref else ''}"
    page.multi_cell(0, 5, of, new_x="LMARGIN", new_y="NEXT")
    if not statement.is_closed:
        page.set_text_color(*GREY)
        words = "This month is not closed yet: calls may still come in."
        page.cell(0, 5, words, new_x="LMARGIN", new_y="NEXT")
        page.set_text_color(0)
    page.ln(4)


def _made_of(page: Paper, statement: Statement, currency: str) -> None:
    def price(micros: int) -> str:
        return display.money(micros, currency)

    rows = [
        [
            reports.KINDS[kind],
            _amount(sums.calls + sums.messages),
            sums.minutes if sums.calls else "",
            price(sums.price_micros),
        ]
        for kind, sums in statement.calls.items()
    ]
    rows += [[fee.label, _amount(fee.count), "", price(fee.price_micros)] for fee in statement.fees]
    rows += [
        [f"{row.reason} ({display.day(row.day)})", "", "", price(row.price_micros)]
        for row in statement.adjustments
    ]
    total = ["In all", "", "", price(statement.due_micros)]
    table(page, ["What", "How many", "Minutes", "Price"], rows, total, (52, 14, 14, 20))
    if statement.due_micros != statement.total_micros:
        page.set_text_color(*GREY)
        words = f"Exactly, before rounding to cents: {price(statement.total_micros)}"
        page.cell(0, 6, words, align="R", new_x="LMARGIN", new_y="NEXT")
        page.set_text_color(0)


def _numbers(page: Paper, statement: Statement, currency: str) -> None:
    if not statement.numbers:
        return
    page.ln(6)
    page.set_font("text", "B", TEXT + 3)
    page.cell(0, 8, "By number", new_x="LMARGIN", new_y="NEXT")
    rows = [
        [
            display.number(row.number) or "Not of a number",
            _amount(row.used.calls),
            row.used.minutes,
            _amount(row.used.messages),
            display.money(row.fees_micros, currency),
            display.money(row.total_micros, currency),
        ]
        for row in statement.numbers[:MOST_NUMBERS]
    ]
    heads = ["Number", "Calls", "Minutes", "Messages", "Fees", "In all"]
    table(page, heads, rows, None, (28, 12, 14, 14, 16, 16))
    left = len(statement.numbers) - MOST_NUMBERS
    if left > 0:
        page.set_font("text", size=TEXT)
        words = f"and {display.plural(left, 'more number')}; the CSV file lists them all."
        page.cell(0, 6, words, new_x="LMARGIN", new_y="NEXT")


def table(
    page: Paper,
    heads: list[str],
    rows: list[list[str]],
    total: list[str] | None,
    widths: Sequence[int],
    texts: int = 1,
) -> None:
    """Draw a table; the first columns, as many as ``texts``, stand at the left."""
    page.set_font("text", size=TEXT)
    bold = FontFace(emphasis="BOLD")
    aligns = (*("LEFT",) * texts, *("RIGHT",) * (len(heads) - texts))
    with page.table(
        col_widths=tuple(widths),
        text_align=aligns,
        headings_style=bold,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        line_height=5.4,
    ) as table:
        table.row(heads)
        for row in rows:
            table.row(row)
        if total:
            table.row(total, style=bold)


def _amount(count: int) -> str:
    return f"{count:,}"
