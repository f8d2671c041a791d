"""Settings > Company: the reseller's own name, the zone of its days, and its currency."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from wtforms import SelectField, StringField

import accounts
import display
import resellers
from admin_views.base import Page, own_reseller
from admin_views.forms import PostForm
from extensions import db
from models import Reseller
from permissions import Permission

NAMES = {
    "USD": "US dollar, $",
    "CAD": "Canadian dollar, CA$",
    "EUR": "Euro, €",
    "GBP": "Pound sterling, £",
}


class CompanyForm(PostForm):
    """What an owner may change of the reseller itself."""

    name = StringField(
        "Name",
        description="In the back office, and in mails to staff. What clients read is the company "
        "name of Portal Settings.",
        render_kw={"required": True, "maxlength": resellers.LONGEST_NAME},
    )
    time_zone = SelectField(
        "Time zone",
        description="Days and months begin at midnight there: for usage, fees, rates, statements "
        "and closed months. Who has no zone of their own sees times in it.",
        validate_choice=False,
    )
    currency = SelectField(
        "Currency",
        description="Of every price and amount. Figures stay as they are: nothing is converted.",
        validate_choice=False,
    )

    def offer(self, reseller: Reseller) -> None:
        """Fill the menus; what the reseller has now is always one of the choices."""
        zones = sorted({*accounts.zones(), reseller.time_zone})
        self.time_zone.choices = [(zone, zone.replace("_", " ")) for zone in zones]
        codes = {**{code: NAMES.get(code, code) for code in display.SIGNS}}
        codes.setdefault(reseller.currency, reseller.currency)
        self.currency.choices = list(codes.items())


class Company(Page):
    """The reseller's own settings."""

    permission = Permission.SETTINGS_EDIT
    page_heading = "Company"
    page_intro = "Your own name, where your days begin, and the money that you count in."

    def __init__(self) -> None:
        super().__init__(
            name="Company",
            endpoint="company",
            url="/admin/company",
            category="Settings",
            menu_icon_value="settings",
        )

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show the settings, and change them."""
        reseller = own_reseller()
        form = CompanyForm(obj=reseller)
        form.offer(reseller)
        if request.method == "POST":
            with form.blaming():
                changed = resellers.change(reseller, by=self.by, **form.typed())
                db.session.commit()
                flash("The company is saved." if changed else "No change.", "success")
                return redirect(url_for(".index"))
        page = self.render(
            "admin/company.html",
            form=form,
            reseller=own_reseller(),
            is_fixed=resellers.has_counted(own_reseller()),
        )
        return page, 422 if form.errors else 200
