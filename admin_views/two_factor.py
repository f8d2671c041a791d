"""Two-factor sign-in of whoever looks: set up, recovery codes, off; and the wall that demands it.

How codes are made and used up is ``second_factor``, the page that asks for one is ``sign_in``.
"""

from typing import Any

from flask import Flask, Response, abort, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Answer

import second_factor
import second_factor_forms
import sessions
from admin_views.base import Page
from extensions import db
from models import Staff
from permissions import lacks_second_factor
from policy import Refused
from sign_in_forms import CodeForm

OPEN = ("two_factor.", "staff.", "admin.static")
"""What begins the endpoints that whoever must set up a second factor can still reach."""


STEPS = ("begin", "picture", "confirm", "renew", "turn_off")


def init_app(app: Flask) -> None:
    """Put the wall before every page of the back office."""
    app.before_request(_demand)


def _demand() -> Answer | None:
    """Send whoever lacks a second factor that the reseller demands to the page that sets it up."""
    endpoint = request.endpoint
    if endpoint is None or sessions.area() != sessions.STAFF or endpoint.startswith(OPEN):
        return None
    staff = sessions.staff()
    if staff is None or not lacks_second_factor(staff):
        return None
    return redirect(url_for("two_factor.index"))


class TwoFactor(Page):
    """The page of one's own second factor."""

    page_heading = "Two-Factor Sign-In"

    def __init__(self) -> None:
        super().__init__(name="Two-Factor Sign-In", endpoint="two_factor", url="/admin/two-factor")

    def is_visible(self) -> bool:
        """Keep out of the menu: it is reached from the profile."""
        return False

    @expose("/")
    def index(self) -> Any:
        """Show how it stands: off, being set up, or on."""
        return self._page()

    @expose("/begin/", methods=("POST",))
    def begin(self) -> Any:
        """Make a secret for the app, after the current password."""
        staff, form = _viewer(), second_factor_forms.begin_form()
        if not second_factor_forms.is_confirmed(staff, form):
            return self._page(begin_form=form)
        try:
            second_factor.begin(staff)
            db.session.commit()
        except Refused as refused:
            flash(refused.sentence, "error")
        return redirect(url_for(".index"))

    @expose("/picture.svg")
    def picture(self) -> Any:
        """Draw the secret that is being set up as a QR code."""
        staff = _viewer()
        address = second_factor.address(staff, staff.reseller.name) or abort(404)
        return Response(second_factor.picture(address), mimetype="image/svg+xml")

    @expose("/confirm/", methods=("POST",))
    def confirm(self) -> Any:
        """Turn it on by a first code, and show the recovery codes this once."""
        form = CodeForm()
        try:
            codes = second_factor_forms.confirm(_viewer(), form)
            if codes is None:
                return self._page(code_form=form)
            db.session.commit()
        except Refused as refused:
            flash(refused.sentence, "error")
            return redirect(url_for(".index"))
        return self.render("admin/two_factor/codes.html", codes=codes, is_new=True)

    @expose("/renew/", methods=("POST",))
    def renew(self) -> Any:
        """Make new recovery codes, after the current password, and show them this once."""
        staff, form = _viewer(), second_factor_forms.renew_form()
        if not second_factor_forms.is_confirmed(staff, form):
            return self._page(renew_form=form)
        try:
            codes = second_factor.renew_codes(staff, by=self.by)
            db.session.commit()
        except Refused as refused:
            flash(refused.sentence, "error")
            return redirect(url_for(".index"))
        return self.render("admin/two_factor/codes.html", codes=codes, is_new=False)

    @expose("/off/", methods=("POST",))
    def turn_off(self) -> Any:
        """Turn it off, after the current password."""
        staff, form = _viewer(), second_factor_forms.off_form()
        if not second_factor_forms.is_confirmed(staff, form):
            return self._page(off_form=form)
        try:
            second_factor.turn_off(staff, by=self.by)
            db.session.commit()
            flash("Two-factor sign-in is off.", "success")
        except Refused as refused:
            db.session.rollback()
            flash(refused.sentence, "error")
        return redirect(url_for(".index"))

    def _page(self, **forms: Any) -> Any:
        """Show how it stands, with the form that was refused in its place."""
        staff = _viewer()
        reseller = staff.reseller
        return self.render(
            "admin/two_factor/page.html",
            urls={step: url_for(f".{step}") for step in STEPS},
            is_missing=lacks_second_factor(staff),
            is_demanded=reseller.require_two_factor,
            company=reseller.name,
            **second_factor_forms.shown(staff, forms),
        )


def _viewer() -> Staff:
    """Give whoever looks; behind the wall there is always somebody."""
    return sessions.staff() or abort(403)
