"""Numbers > Tiers and Prices: what numbers and services cost, to the reseller and to its clients.

What a tier may be, and when it can be removed, is decided in ``tiers`` below.
"""

from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy import func, select
from wtforms import StringField

import display
import sessions
import tiers
from admin_views.base import Page, RowsView
from admin_views.cells import anchor
from admin_views.forms import PostForm
from catalog import Invalid
from extensions import db
from models import Did, Tier
from permissions import Permission

AMOUNT = {"inputmode": "decimal", "maxlength": 20}


class TierForm(PostForm):
    """What a tier is made of."""

    label = StringField(
        "Label",
        description="As your import files write it, such as 1 or 777.",
        render_kw={"required": True, "maxlength": 20},
    )
    name = StringField(
        "Name",
        description="What clients read as the price class. Empty is “Tier” and the label.",
        render_kw={"maxlength": 80},
    )
    monthly_micros = StringField("Clients pay a month", render_kw=AMOUNT)
    setup_micros = StringField("Clients pay once", render_kw=AMOUNT)
    cost_monthly_micros = StringField("You pay a month", render_kw=AMOUNT)
    cost_setup_micros = StringField("You pay once", render_kw=AMOUNT)

    def show(self, tier: Tier) -> None:
        """Fill the form from a tier."""
        self.label.data, self.name.data = tier.label, tier.name
        for column in tiers.MONEY:
            self[column].data = typed_money(getattr(tier, column) or 0)


class Tiers(RowsView):
    """The tiers with their prices, and the form that makes and changes one."""

    permission = Permission.NUMBERS_VIEW
    can_export = True
    page_heading = "Tiers"
    page_intro = (
        "Price classes of numbers. A changed price holds for new orders; who has a number already "
        "goes on paying what was agreed."
    )
    create_label = "New tier"
    empty_heading = "No tiers yet"
    empty_sentence = "Each number has a tier, which says what it costs. An import can make them."
    column_list = ("label", "name", *tiers.MONEY, "size")
    column_labels = {
        "monthly_micros": "Client, a month",
        "setup_micros": "Client, once",
        "cost_monthly_micros": "You, a month",
        "cost_setup_micros": "You, once",
        "size": "Numbers",
    }
    column_numeric = (*tiers.MONEY, "size")
    column_default_sort = "position"
    column_sortable_list = ("label", "name", *tiers.MONEY)
    column_searchable_list = ("label", "name")

    def __init__(self) -> None:
        self.column_formatters = {"label": _link, "size": _size} | dict.fromkeys(
            tiers.MONEY, lambda view, context, tier, name: display.money(getattr(tier, name))
        )
        self.column_formatters_export = {"size": _size} | dict.fromkeys(
            tiers.MONEY, lambda view, context, tier, name: typed_money(getattr(tier, name))
        )
        super().__init__(
            Tier,
            name="Tiers",
            endpoint="tiers",
            url="/admin/tiers",
            category="Numbers",
            menu_icon_value="filter",
        )

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        """Offer making a tier to whoever may."""
        return sessions.staff() is not None and self.by.can(Permission.NUMBERS_EDIT)

    @property
    def empty_action(self) -> tuple[str, str] | None:  # type: ignore[override]
        """Offer the first step to whoever may take it."""
        return ("New tier", url_for("tiers.create_view")) if self.can_create else None

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Count the numbers of the tiers with one query."""
        counts = select(Did.tier_id, func.count(Did.id)).group_by(Did.tier_id)
        g.tier_sizes = dict(db.session.execute(counts).all())  # type: ignore[arg-type]
        return super().get_list(*args, **kwargs)

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Make a tier."""
        return self._form(None)

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Show a tier, and change it."""
        return self._form(self.found())

    def _form(self, tier: Tier | None) -> Any:
        may_edit = self.by.can(Permission.NUMBERS_EDIT)
        if not may_edit and (request.method == "POST" or tier is None):
            abort(403)
        form = TierForm()
        if request.method == "POST":
            with form.blaming():
                return self._save(tier, form)
        elif tier is not None:
            form.show(tier)
        uses = tiers.uses(tier) if tier is not None else (0, 0)
        return self.render(
            "admin/tiers/form.html", form=form, tier=tier, uses=uses, may_edit=may_edit
        )

    def _save(self, tier: Tier | None, form: TierForm) -> Any:
        row = Tier() if tier is None else tier
        changed = tiers.save(row, by=self.by, **form.typed())
        db.session.commit()
        words = "is created" if tier is None else "is saved" if changed else "was not changed"
        flash(f"{row.name} {words}.", "success")
        return redirect(url_for(".index_view"))

    @expose("/remove/", methods=("POST",))
    def remove_view(self) -> Any:
        """Remove a tier that nothing uses."""
        if not self.by.can(Permission.NUMBERS_EDIT):
            abort(403)
        tier = self.found()
        name = tier.name
        try:
            tiers.remove(tier, by=self.by)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            flash(str(wrong), "error")
            return redirect(url_for(".edit_view", id=tier.id))
        flash(f"{name} is removed.", "success")
        return redirect(url_for(".index_view"))


class Prices(Page):
    """What clients pay for services and 911, on one page."""

    permission = Permission.NUMBERS_VIEW
    page_heading = "Service Prices"
    page_intro = (
        "What a client pays for a service on one number. A changed price holds for new orders."
    )

    def __init__(self) -> None:
        super().__init__(
            name="Service Prices",
            endpoint="prices",
            url="/admin/prices",
            category="Numbers",
            menu_icon_value="basket",
        )

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show the prices, and change them."""
        may_edit = self.by.can(Permission.NUMBERS_EDIT)
        problems: dict[str, str] = {}
        shown = _typed() if request.method == "POST" else _stored()
        if request.method == "POST":
            if not may_edit:
                abort(403)
            try:
                changed = tiers.save_prices(shown, by=self.by)
                db.session.commit()
            except Invalid as wrong:
                db.session.rollback()
                problems = wrong.problems
            else:
                words = f"{display.plural(changed, 'price')} changed." if changed else "No change."
                flash(words, "success")
                return redirect(url_for(".index"))
        page = self.render(
            "admin/tiers/prices.html",
            services=tiers.priced(),
            amounts=shown,
            seen=_stored(),
            problems=problems,
            may_edit=may_edit,
        )
        return page, 422 if problems else 200


COLUMNS = ("monthly_micros", "setup_micros")


def _typed() -> dict[str, dict[str, str]]:
    """Give each amount as typed; one that was left as it was shown is as it is now."""
    now = _stored()
    return {
        key: {column: _amount(f"{key}-{column}", now[key][column]) for column in COLUMNS}
        for key, _ in tiers.priced()
    }


def _amount(field: str, now: str) -> str:
    typed = request.form.get(field, "")
    return now if typed == request.form.get(f"seen-{field}") else typed


def _stored() -> dict[str, dict[str, str]]:
    known = tiers.prices()
    return {
        key: {column: typed_money(getattr(known.get(key), column, 0)) for column in COLUMNS}
        for key, _ in tiers.priced()
    }


def typed_money(micros: int) -> str:
    """Write an amount as it is typed into a field: 1.50."""
    whole, rest = divmod(micros, 1_000_000)
    return f"{whole}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


def _link(view: Any, context: Any, tier: Tier, name: str) -> Markup:
    return anchor(url_for("tiers.edit_view", id=tier.id), tier.label)


def _size(view: Any, context: Any, tier: Tier, name: str) -> int:
    sizes: dict[int, int] = g.tier_sizes
    return sizes.get(tier.id, 0)
