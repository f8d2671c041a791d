"""Two-factor sign-in of a login: set up, recovery codes, off; nobody demands it.

Nobody but the login itself looks in: the page shows the secret while it is being set up. How codes
are made and used up is ``second_factor``, the page that asks for one is ``sign_in``.
"""

from typing import Any

from flask import Response, abort, flash, g, redirect, render_template, url_for

import second_factor
import second_factor_forms
from extensions import db
from policy import Refused
from portal.access import actor, blueprint, current_login, own_account
from sign_in_forms import CodeForm

STEPS = ("begin", "picture", "confirm", "renew", "turn_off")


@blueprint.get("/account/two-factor", endpoint="two_factor")
@own_account
def index() -> Any:
    """Show how it stands: off, being set up, or on."""
    return _page()


@blueprint.post("/account/two-factor/begin", endpoint="two_factor_begin")
@own_account
def begin() -> Any:
    """Make a secret for the app, after the current password."""
    login, form = current_login(), second_factor_forms.begin_form()
    if not second_factor_forms.is_confirmed(login, form):
        return _page(begin_form=form)
    try:
        second_factor.begin(login)
        db.session.commit()
    except Refused as refused:
        return _refuse(refused)
    return redirect(url_for(".two_factor"))


@blueprint.get("/account/two-factor/picture.svg", endpoint="two_factor_picture")
@own_account
def picture() -> Any:
    """Draw the secret that is being set up as a QR code."""
    address = second_factor.address(current_login(), g.brand.company_name) or abort(404)
    return Response(second_factor.picture(address), mimetype="image/svg+xml")


@blueprint.post("/account/two-factor/confirm", endpoint="two_factor_confirm")
@own_account
def confirm() -> Any:
    """Turn it on by a first code, and show the recovery codes this once."""
    form = CodeForm()
    try:
        codes = second_factor_forms.confirm(current_login(), form)
        if codes is None:
            return _page(code_form=form)
        db.session.commit()
    except Refused as refused:
        return _refuse(refused)
    return render_template("portal/account/codes.html", codes=codes, is_new=True)


@blueprint.post("/account/two-factor/renew", endpoint="two_factor_renew")
@own_account
def renew() -> Any:
    """Make new recovery codes, after the current password, and show them this once."""
    login, form = current_login(), second_factor_forms.renew_form()
    if not second_factor_forms.is_confirmed(login, form):
        return _page(renew_form=form)
    try:
        codes = second_factor.renew_codes(login, by=actor())
        db.session.commit()
    except Refused as refused:
        return _refuse(refused)
    return render_template("portal/account/codes.html", codes=codes, is_new=False)


@blueprint.post("/account/two-factor/off", endpoint="two_factor_turn_off")
@own_account
def turn_off() -> Any:
    """Turn it off, after the current password."""
    login, form = current_login(), second_factor_forms.off_form()
    if not second_factor_forms.is_confirmed(login, form):
        return _page(off_form=form)
    second_factor.turn_off(login, by=actor())
    db.session.commit()
    flash("Two-factor sign-in is off.", "success")
    return redirect(url_for(".two_factor"))


def _refuse(refused: Refused) -> Any:
    """Lead back to the page with the sentence of what cannot be."""
    db.session.rollback()
    flash(refused.sentence, "error")
    return redirect(url_for(".two_factor"))


def _page(**forms: Any) -> str:
    """Show how it stands, with the form that was refused in its place."""
    return render_template(
        "portal/account/two_factor.html",
        urls={step: url_for(f".two_factor_{step}") for step in STEPS},
        is_demanded=False,
        company=g.brand.company_name,
        **second_factor_forms.shown(current_login(), forms),
    )
