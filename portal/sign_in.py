"""Signing in to the portal with password and code, setting a password by link, and out."""

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

import credentials
import sessions
import sign_in_forms
import tenancy
from extensions import db
from models import Client, Login
from portal.access import blueprint, public
from sign_in_forms import CodeForm, ForgottenForm, PasswordForm, SignInForm


def _find(email: str) -> Login | None:
    """Find a login of this brand's reseller by its user name."""
    return db.session.scalar(
        select(Login)
        .where(Login.reseller_id == g.reseller.id, Login.email == email)
        .options(joinedload(Login.client).joinedload(Client.reseller))
    )


def _area() -> str:
    """Count tries for each brand apart: the same address may be a user name at several."""
    return f"portal {g.reseller.id}"


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    """Ask for the user name and password, and let a login in."""
    inside = sessions.login()
    if inside is not None and inside.reseller_id == g.reseller.id:
        return redirect(url_for("portal.first_page"))
    form, wait = SignInForm(), 0
    if form.validate_on_submit():
        with tenancy.across_resellers():
            result = sign_in_forms.attempt(_area(), form, _find)
        if result.person is not None:
            return _go_on()
        wait = result.wait_seconds
        form.email.errors = [] if wait else [sign_in_forms.WRONG]
    page = render_template("portal/sign_in.html", form=form, wait=wait)
    return (page, 429, {"Retry-After": str(wait)}) if wait else page


def _go_on() -> Any:
    """Lead to the code when one must come first, else to where the person wanted to go."""
    onward = sign_in_forms.local_path(request.args.get("next"), f"/portal/{g.slug}/")
    if sessions.login() is None:
        return redirect(url_for("portal.code", next=onward))
    return redirect(onward or url_for("portal.first_page"))


@blueprint.route("/code", methods=["GET", "POST"])
@public
def code() -> Any:
    """Ask for the second factor's code, after the password and before anything else."""
    form, wait = CodeForm(), 0
    with tenancy.across_resellers():
        login = sessions.held()
        if login is None or login.reseller_id != g.reseller.id:
            return redirect(url_for("portal.sign_in", next=request.args.get("next")))
        if form.validate_on_submit():
            result = sign_in_forms.give_code(login, form)
            if result.person is not None:
                return _go_on()
            wait = result.wait_seconds
    page = render_template("portal/code.html", form=form, wait=wait)
    return (page, 429, {"Retry-After": str(wait)}) if wait else page


@blueprint.post("/sign-out")
def sign_out() -> Any:
    """End the session of this browser."""
    sessions.sign_out()
    db.session.commit()
    flash("You are signed out.", "success")
    return redirect(url_for("portal.sign_in"))


@blueprint.route("/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> Any:
    """Send a link that sets a new password; the answer is the same whoever asks."""
    form, wait, is_sent = ForgottenForm(), 0, False
    if form.validate_on_submit():
        with tenancy.across_resellers():
            wait = sign_in_forms.send_link(_area(), form, g.reseller.id)
        is_sent = not wait
    page = render_template(
        "portal/forgotten.html",
        form=form,
        wait=wait,
        sent=sign_in_forms.FORGOTTEN if is_sent else None,
    )
    return (page, 429, {"Retry-After": str(wait)}) if wait else page


@blueprint.route("/set-password/<token>", methods=["GET", "POST"])
@public
def set_password(token: str) -> Any:
    """Set a password by a single-use link, and let its owner in."""
    form, email = PasswordForm(), None
    with tenancy.across_resellers():
        invitation = credentials.redeem(token)
        person = invitation.login if invitation else None
        if invitation is not None and person is not None and person.reseller_id == g.reseller.id:
            if form.validate_on_submit() and sign_in_forms.use_link(invitation, form):
                flash("Your password is set. Welcome.", "success")
                return _go_on()
            email = person.email
    if email is None:
        return render_template("portal/dead_link.html"), 410, sign_in_forms.PRIVATE
    page = render_template("portal/set_password.html", form=form, email=email)
    return page, 200, sign_in_forms.PRIVATE
