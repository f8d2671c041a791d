"""Numbers > Inventory: every number of the reseller, found by any part of it; nothing changes here.

Who has a number is decided by orders and by giving groups to clients; new ones come by the import.
"""

import re
from typing import Any

from flask import url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import String, and_, func, or_, select, type_coerce
from sqlalchemy.orm import joinedload, load_only, selectinload

import catalog
import display
from admin_views import filters
from admin_views.base import RowsView
from admin_views.cells import link
from admin_views.number_batch import NumberBatch
from columns import now
from extensions import db
from models import (
    Client,
    Did,
    DidAssignment,
    DidStatus,
    DidType,
    E911Record,
    Order,
    OrderLine,
    Tier,
)
from permissions import Permission
from prepared import prepared

FEATURES = (("has_sms", "SMS"), ("has_t38", "T.38 fax"), ("has_cnam", "Caller ID name"))
"""What a number can do, by its column, in the words of the list."""

SHOWN = (
    *(Did.number, Did.type, Did.city, Did.state, Did.rate_center, Did.status, Did.held_until),
    *(Did.has_sms, Did.has_t38, Did.has_cnam, Did.monthly_micros, Did.tier_id, Did.client_id),
)
"""The columns that the list reads; a column of the export alone is not loaded for it."""

_NO_PLACE = re.compile(r"[\d@_]")
"""What the name of no city has in it."""
_LOOKS_LIKE_A_NUMBER = re.compile(r"[+\d\s().\-/·]*\d[+\d\s().\-/·]*")


class Inventory(NumberBatch, RowsView):
    """The list of all numbers, and each one's page."""

    permission = Permission.NUMBERS_VIEW
    same_for_all = True
    can_view_details = can_export = True
    details_template = "admin/numbers/details.html"
    page_heading = "Numbers"
    page_intro = "Every number in your inventory: what it can do, what it costs and who has it."
    empty_heading = "No numbers yet"
    empty_sentence = "Import a list of your numbers, and clients can order from it."

    column_list = (
        "number",
        "place",
        "rate_center",
        "tier.name",
        "features",
        "status",
        "client.name",
        "price_monthly_micros",
    )
    column_export_list = (
        "number",
        "type",
        "city",
        "state",
        "rate_center",
        "lata",
        "tier.label",
        "features",
        "status",
        "client.name",
        "did_group.name",
        "monthly_micros",
        "setup_micros",
    )
    """A price stands here only where the number has one of its own, so that importing the file
    again changes nothing."""

    column_labels = {
        "number": "Number",
        "place": "Place",
        "rate_center": "Rate centre",
        "lata": "LATA",
        "tier.name": "Tier",
        "tier.label": "Tier",
        "client.name": "Client",
        "did_group.name": "DID Group",
        "price_monthly_micros": "Per month",
        "monthly_micros": "Per month",
        "setup_micros": "Set-up",
    }
    column_numeric = ("price_monthly_micros",)
    column_default_sort = ("number", False)
    column_sortable_list = ("number", ("place", ("state", "city", "number")), "rate_center")
    column_searchable_list = ("number",)
    column_auto_select_related = False

    def __init__(self, **where: Any) -> None:
        self.column_filters = self.narrowings()
        self.column_formatters = {
            "number": lambda view, context, did, name: _link(did),
            "place": lambda view, context, did, name: place(did),
            "features": lambda view, context, did, name: ", ".join(features(did)),
            "status": lambda view, context, did, name: status(did),
            "price_monthly_micros": lambda view, context, did, name: display.money(
                did.price_monthly_micros
            ),
            "client.name": lambda view, context, did, name: _client(did),
        }
        self.column_formatters_export = {
            "features": self.column_formatters["features"],
            "status": self.column_formatters["status"],
            "type": lambda view, context, did, name: filters.spoken(did.type.value),
            "monthly_micros": lambda view, context, did, name: plain_money(did.monthly_micros),
            "setup_micros": lambda view, context, did, name: plain_money(did.setup_micros),
        }
        usual = {
            "name": "Inventory",
            "endpoint": "dids",
            "url": "/admin/dids",
            "category": "Numbers",
            "menu_icon_value": "hash",
        }
        super().__init__(Did, **(usual | where))

    def narrowings(self) -> list[Any]:
        """List what the numbers can be narrowed by."""
        return _filters()

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the import to whoever may do it."""
        if not self.by.can(Permission.NUMBERS_EDIT):
            return None
        return "Import numbers", url_for("did_import.index")

    def get_query(self) -> Any:
        """Load with the rows what the list shows of other tables, and no more."""
        client = joinedload(Did.client).options(load_only(Client.name))
        if self.is_exporting:
            wanted = (joinedload(Did.tier), client, joinedload(Did.did_group))
        else:
            wanted = (load_only(*SHOWN), joinedload(Did.tier), client)
        return super().get_query().options(*wanted)

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Any part of a number, a place or a client"

    def _apply_search(
        self, query: Any, count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> Any:
        found = matching(search)
        return query.filter(found), count_query.filter(found), joins, count_joins

    @expose("/details/")
    def details_view(self) -> Any:
        """Show one number: what is on it, who had it, and the order that waits for it."""
        did = self.found()
        return self.render(
            self.details_template,
            did=did,
            place=place(did),
            status=status(did),
            features=features(did),
            services=_services(did),
            e911=_e911(did),
            holders=_holders(did),
            orders=_open_orders(did),
            is_held=is_held(did),
        )


# --- What a search means ----------------------------------------------------------------------


def matching(typed: str) -> Any:
    """Say which numbers a search means: part of a number in any spelling, a place, or a client."""
    text = typed.strip()
    if looks_like_a_number(text):
        return part_of_number(Did.number, text)
    has_client = select(Client.id).where(Client.name.icontains(text, autoescape=True))
    rules = [Did.label.icontains(text, autoescape=True), Did.client_id.in_(has_client)]
    if not _NO_PLACE.search(text):
        rules += [
            Did.city.istartswith(text, autoescape=True),
            Did.rate_center.istartswith(text, autoescape=True),
        ]
    return or_(*rules)


def looks_like_a_number(text: str) -> bool:
    """Tell whether a search is for digits: a number, or a part of one."""
    return _LOOKS_LIKE_A_NUMBER.fullmatch(display.as_pasted(text)) is not None


def part_of_number(column: Any, text: str) -> Any:
    """Say which numbers of a column have some digits in them, in any spelling."""
    whole = display.to_e164(text)
    if whole:
        return column == whole
    text = display.as_pasted(text)
    digits = re.sub(r"\D", "", text)
    # The column's own type takes whole numbers only.
    number = type_coerce(column, String)
    if text.startswith("+"):
        # From the front, so that the index on numbers can answer.
        after = str(int(digits) + 1).zfill(len(digits))
        return and_(number >= f"+{digits}", number < f"+{after}")
    return number.contains(digits)


def _filters() -> list[Any]:
    statuses = {status_.value: filters.spoken(status_.value) for status_ in DidStatus}
    return [
        filters.one_of(Did.status, "Status", DidStatus, statuses),
        filters.Says(Did.state, "State", lambda text: Did.state == text.upper()[:2]),
        filters.Says(Did.npa, "Area code", lambda text: Did.npa == text),
        filters.Pick(Did.tier_id, "Tier", _tiers, lambda value: Did.tier_id == int(value)),
        filters.Says(Did.client_id, "Client", _of_client),
        filters.one_of(Did.type, "Type", DidType),
        filters.Pick(Did.held_until, "On order", [("yes", "Yes"), ("no", "No")], _held),
    ]


def _tiers() -> filters.Choices:
    return [(str(key), name) for key, name in _names_of_tiers().all()]


@prepared
def _names_of_tiers() -> Any:
    return select(Tier.id, Tier.name).order_by(Tier.position, Tier.name)


def _of_client(name: str) -> Any:
    """Select by the client's name as it is written, in capitals or not."""
    return Did.client_id.in_(select(Client.id).where(func.lower(Client.name) == name.lower()))


def _held(value: str) -> Any:
    held = and_(Did.held_until.is_not(None), Did.held_until >= now())
    return held if value == "yes" else or_(Did.held_until.is_(None), Did.held_until < now())


# --- How a number reads -----------------------------------------------------------------------


def place(did: Did) -> str:
    """Name where a number lies: Pittsburgh, PA; or that it is toll-free."""
    if did.type is DidType.TOLL_FREE:
        return "Toll-free"
    return ", ".join(part for part in (did.city, did.state) if part)


def features(did: Did) -> list[str]:
    """List what a number can do."""
    return [words for column, words in FEATURES if getattr(did, column)]


def is_held(did: Did) -> bool:
    """Tell whether an order holds the number at this moment."""
    return did.held_until is not None and did.held_until >= now()


def status(did: Did) -> str:
    """Word a number's status; one that an order holds cannot be ordered though nobody has it."""
    if did.status is DidStatus.AVAILABLE and is_held(did):
        return "On order"
    return filters.spoken(did.status.value)


def plain_money(micros: int | None) -> str:
    """Write money for a spreadsheet: 1.50, without a sign or separators; nothing for none."""
    if micros is None:
        return ""
    return f"{micros // 1_000_000}.{f'{micros % 1_000_000:06d}'.rstrip('0').ljust(2, '0')}"


def _link(did: Did) -> Markup:
    address, shown = url_for("dids.details_view", id=did.id), display.number(did.number)
    # A number is digits and a plus, and so is the address.
    look = f'class="text-nowrap" data-copy="{did.number}"'
    return Markup(f'<a href="{address}" {look}>{shown}</a>')  # noqa: S704


def _client(did: Did) -> Any:
    if did.client is None:
        return ""
    return link("client.overview", did.client.name, client_id=did.client_id)


# --- What one number's page asks ----------------------------------------------------------------


def _services(did: Did) -> list[dict[str, Any]]:
    return [
        {
            "label": catalog.label(row.service),
            "words": catalog.words(row.service, row.settings),
            "monthly_micros": row.monthly_micros,
            "since": row.since,
        }
        for row in did.services
    ]


def _e911(did: Did) -> E911Record | None:
    return db.session.scalar(
        select(E911Record).where(E911Record.number == did.number, E911Record.removed_at.is_(None))
    )


def _holders(did: Did) -> list[Any]:
    """List who had the number, the latest first."""
    rows = (
        select(DidAssignment, Client)
        .join(Client, Client.id == DidAssignment.client_id)
        .where(DidAssignment.did_id == did.id)
        .order_by(DidAssignment.started_at.desc(), DidAssignment.id.desc())
    )
    return list(db.session.execute(rows).all())


def _open_orders(did: Did) -> list[Order]:
    """List the orders that are open on the number: for itself, or for its services."""
    lines = select(OrderLine.order_id).where(OrderLine.number == did.number, OrderLine.is_open)
    orders = select(Order).where(Order.id.in_(lines)).options(selectinload(Order.client))
    return list(db.session.scalars(orders.order_by(Order.submitted_at)))
