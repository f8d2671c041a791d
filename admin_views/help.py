"""Help: the words of the trade, the keys, and whom to ask; every page leads to it."""

from typing import Any

from flask_admin import expose
from sqlalchemy import select

from admin_views.base import Page
from extensions import db
from models import AccountStatus, Role, Staff

GLOSSARY = (
    ("911 Group", "911 addresses that belong to one client together."),
    ("Area code, NPA", "The first three digits of a number; NXX are the three after them."),
    ("CDR", "Call detail record: one call or message, a line of the carrier's file."),
    ("CNAM", "Caller ID name: the name that a called telephone shows beside the number."),
    ("DID", "A telephone number that can be called directly."),
    ("DID Group", "Numbers that belong to one client together. A new number goes to the first."),
    ("E.164", "How numbers are stored: a plus, the country and the number, as +14125550123."),
    ("E911, 911 address", "The street address that an ambulance is sent to for a number."),
    ("Endpoint Group", "The addresses of equipment to which the calls of numbers are delivered."),
    ("Failover", "Where calls go when a number's own equipment does not answer."),
    ("FOC date", "Firm order commitment: the day on which the old provider lets a port go."),
    ("Hold", "A number that is being ordered is kept for that order, for a time."),
    ("LATA", "A region of the network within which calls count as local to the carrier."),
    ("LIDB", "The database that caller ID names are looked up in and written to."),
    ("Month to date", "From the 1st, midnight in the company's time zone, until now."),
    ("On-net, off-net", "In your own inventory; or not, and with a 911 address all the same."),
    ("PON", "Purchase order number: what both providers call a port."),
    ("Port", "The move of numbers from another provider to you."),
    ("PSAP", "The call centre that answers 911 for an address."),
    ("Rate centre", "The place that a number counts as, for local calls and for its price."),
    ("T.38", "How a fax is sent over the internet."),
    ("Tier", "The carrier's price class of a number: a label, not a rank."),
    ("Undo Rejection", "A rejected order waits again, in Order History; nothing is deleted."),
)

KEYS = (
    ("/", "Search everywhere"),
    ("?", "Help; in Pending Orders and on an order, its keys"),
    ("j", "Pending Orders: the next order"),
    ("k", "Pending Orders: the order before"),
    ("Enter", "Pending Orders: open the order"),
    ("x", "Pending Orders: choose the order for a batch"),
    ("a", "Approve, after a question"),
    ("r", "Write the reason of a rejection"),
    ("n", "On an order: the next one"),
)


class Help(Page):
    """The page that the Help of every page leads to, and that opens over it."""

    page_heading = "Help"
    page_intro = "The words of the trade, the keys, and whom to ask."

    def __init__(self) -> None:
        super().__init__(name="Help", endpoint="help", url="/admin/help")

    def is_visible(self) -> bool:
        """Keep out of the menu: it stands below it, in the same place on every page."""
        return False

    @expose("/")
    def index(self) -> Any:
        """Show the help."""
        owners = select(Staff).where(Staff.role == Role.OWNER, Staff.status == AccountStatus.ACTIVE)
        return self.render(
            "admin/help.html",
            glossary=GLOSSARY,
            keys=KEYS,
            owners=db.session.scalars(owners.order_by(Staff.name).limit(5)).all(),
        )
