"""Signing in to the back office with password and code, setting a password by link, and out."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

import credentials
import sessions
import sign_in_forms
import tenancy
from extensions import db
from models import Staff
from sign_in_forms import CodeForm, ForgottenForm, PasswordForm, SignInForm

blueprint = Blueprint("staff", __name__, url_prefix="/admin")


def _find(email: str) -> Staff | None:
    """Find a staff member by the address, which is unique in the deployment."""
    return db.session.scalar(
        select(Staff).where(Staff.email == email).options(joinedload(Staff.reseller))
    )


@blueprint.route("/login", methods=["GET", "POST"])
def sign_in() -> Any:
    """Ask for the user name and password, and let staff in."""
    if sessions.staff() is not None:
        return redirect(url_for("admin.index"))
    form, wait = SignInForm(), 0
    if form.validate_on_submit():
        with tenancy.across_resellers():
            result = sign_in_forms.attempt("staff", form, _find)
        if result.person is not None:
            return _go_on()
        wait = result.wait_seconds
        form.email.errors = [] if wait else [sign_in_forms.WRONG]
    page = render_template("staff/sign_in.html", form=form, wait=wait)
    return (page, 429, {"Retry-After": str(wait)}) if wait else page


def _go_on() -> Any:
    """Lead to the code when one must come first, else to where the person wanted to go."""
    onward = sign_in_forms.local_path(request.args.get("next"), "/admin/")
    if sessions.staff() is None:
        return redirect(url_for(".code", next=onward))
    return redirect(onward or url_for("admin.index"))


@blueprint.route("/code", methods=["GET", "POST"])
def code() -> Any:
    """Ask for the second factor's code, after the password and before anything else."""
    form, wait = CodeForm(), 0
    with tenancy.across_resellers():
        staff = sessions.held()
        if staff is None:
            return redirect(url_for(".sign_in", next=request.args.get("next")))
        if form.validate_on_submit():
            result = sign_in_forms.give_code(staff, form)
            if result.person is not None:
                return _go_on()
            wait = result.wait_seconds
    page = render_template("staff/code.html", form=form, wait=wait)
    return (page, 429, {"Retry-After": str(wait)}) if wait else page


@blueprint.post("/logout")
def sign_out() -> Any:
    """End the session of this browser."""
    sessions.sign_out()
    db.session.commit()
    flash("You are signed out.", "success")
    return redirect(url_for("staff.sign_in"))


@blueprint.route("/forgotten", methods=["GET", "POST"])
def forgotten() -> Any:
    """Send a link that sets a new password; the answer is the same whoever asks."""
    form, wait, is_sent = ForgottenForm(), 0, False
    if form.validate_on_submit():
        with tenancy.across_resellers():
            wait = sign_in_forms.send_link("staff", form)
        is_sent = not wait
    page = render_template(
        "staff/forgotten.html",
        form=form,
        wait=wait,
        sent=sign_in_forms.FORGOTTEN if is_sent else None,
    )
    return (page, 429, {"Retry-After": str(wait)}) if wait else page


@blueprint.route("/set-password/<token>", methods=["GET", "POST"])
def set_password(token: str) -> Any:
    """Set a password by a single-use link, and let its owner in."""
    form, email = PasswordForm(), None
    with tenancy.across_resellers():
        invitation = credentials.redeem(token)
        if invitation is not None and invitation.staff is not None:
            if form.validate_on_submit() and sign_in_forms.use_link(invitation, form):
                flash("Your password is set. Welcome.", "success")
                return _go_on()
            email = invitation.staff.email
    if email is None:
        return render_template("staff/dead_link.html"), 410, sign_in_forms.PRIVATE
    page = render_template("staff/set_password.html", form=form, email=email)
    return page, 200, sign_in_forms.PRIVATE
