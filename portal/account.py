"""One's own account in the portal: name, time zone, mails, password, address and sessions.

The second factor has a page of its own, ``two_factor``. Staff who see the portal as a login may
look at all of it and change nothing.
"""

from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for

import account_forms
import accounts
import audit
import credentials
import second_factor
import sessions
import sign_in_forms
import tenancy
from account_forms import NewAddressForm, NewPasswordForm, OwnForm
from catalog import Invalid
from columns import now
from extensions import db
from models import Invitation, Login
from permissions import login_actor
from policy import Refused
from portal.access import actor, blueprint, current_login, has_account, own_account, public


@blueprint.get("/account")
@has_account
def account() -> Any:
    """Show a login its own account."""
    return _page()


@blueprint.post("/account", endpoint="save_account")
@own_account
def save() -> Any:
    """Change one's name, time zone and mails."""
    form = OwnForm()
    try:
        changed = accounts.change_own(current_login(), by=actor(), **form.typed())
        db.session.commit()
    except Invalid as wrong:
        db.session.rollback()
        form.blame(wrong.problems)
        return _page(form=form)
    flash(f"Your account {'is saved' if changed else 'was not changed'}.", "success")
    return redirect(url_for(".account"))


@blueprint.post("/account/screen")
@own_account
def save_screen() -> Any:
    """Switch single keys and the first steps on or off."""
    switches = (accounts.KEYS, accounts.FIRST_STEPS)
    said = accounts.switch(current_login(), **{name: name in request.form for name in switches})
    db.session.commit()
    flash(said, "success")
    return redirect(url_for(".account"))


@blueprint.post("/hide-steps")
@own_account
def hide_steps() -> Any:
    """Hide the first steps from one's own first page."""
    accounts.switch(current_login(), first_steps=False)
    db.session.commit()
    flash("The first steps are hidden. Your account brings them back.", "success")
    return redirect(url_for(".first_page"))


@blueprint.post("/account/password")
@own_account
def change_password() -> Any:
    """Set a new password, sign out everywhere else, and say so by mail."""
    form = NewPasswordForm()
    if not account_forms.change_password(current_login(), form):
        return _page(password_form=form)
    db.session.commit()
    flash("Your password is changed. You are signed out everywhere else.", "success")
    return redirect(url_for(".account"))


# --- The address --------------------------------------------------------------------------------


@blueprint.post("/account/address")
@own_account
def change_address() -> Any:
    """Mail a link to a new address, which becomes the user name once it is used."""
    form = NewAddressForm(prefix="address-")
    address = account_forms.ask_address(current_login(), form)
    if address is None:
        return _page(address_form=form)
    db.session.commit()
    flash(f"Open the link that we sent to {address}. Until then nothing changes.", "success")
    return redirect(url_for(".account"))


@blueprint.post("/account/keep-address")
@own_account
def keep_address() -> Any:
    """Let a new address wait no longer."""
    login = current_login()
    accounts.keep_address(login, by=actor())
    db.session.commit()
    flash(f"Your user name stays {login.email}. The link that we sent has ended.", "success")
    return redirect(url_for(".account"))


@blueprint.route("/confirm-address/<token>", methods=["GET", "POST"])
@public
def confirm_address(token: str) -> Any:
    """Ask once more, and make the address that a link was mailed to the user name."""
    with tenancy.across_resellers():
        invitation = _redeem(token)
        login = invitation.login if invitation else None
        if invitation is None or login is None:
            page = render_template("portal/account/dead_address_link.html")
            return page, 410, sign_in_forms.PRIVATE
        shown = {"old": login.email, "new": login.pending_email, "sentence": None}
        if request.method == "POST":
            shown["sentence"] = _confirm(invitation, login)
            if shown["sentence"] is None:
                return redirect(url_for(".account"))
    page = render_template("portal/account/confirm_address.html", **shown)
    return page, 200, sign_in_forms.PRIVATE


def _redeem(token: str) -> Invitation | None:
    """Find what a link confirms, while its login may sign in here and the address waits."""
    found = credentials.redeem(token, credentials.CONFIRM_ADDRESS)
    login = found.login if found else None
    if login is None or login.pending_email is None or login.reseller_id != g.reseller.id:
        return None
    return found if sign_in_forms.is_open(login) else None


def _confirm(invitation: Invitation, login: Login) -> str | None:
    """Change the user name; gives the sentence of a refusal."""
    by = login_actor(login, **sessions.origin_of_request())
    try:
        with tenancy.acting_for(login.reseller_id):
            is_done = accounts.confirm_address(invitation, by=by)
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        return refused.sentence
    if is_done:
        flash(f"Your user name is {login.email} now.", "success")
    return None


# --- Sessions -----------------------------------------------------------------------------------


@blueprint.post("/account/end-session")
@own_account
def end_session() -> Any:
    """End one of one's own other sessions; ending it twice is as ending it once."""
    login = current_login()
    row = credentials.session_of(login, request.form.get("session")) or abort(404)
    if row.ended_at is None:
        row.ended_at = now()
        audit.record("login.session_ended", login, actor())
    db.session.commit()
    flash("That browser is signed out.", "success")
    return redirect(url_for(".account"))


@blueprint.post("/account/sign-out-elsewhere")
@own_account
def sign_out_elsewhere() -> Any:
    """End all of one's own sessions but this one."""
    login = current_login()
    credentials.end_sessions(login, but=sessions.row())
    audit.record("login.sessions_ended", login, actor())
    db.session.commit()
    flash("You are signed out everywhere else.", "success")
    return redirect(url_for(".account"))


def _page(**forms: Any) -> str:
    """Show the account, with the form that was refused in its place."""
    login = current_login()
    client, live = login.client, sessions.live_of(login)
    fresh: dict[str, Any] = {
        "steps_off": accounts.is_off(login, accounts.FIRST_STEPS),
        "form": OwnForm(formdata=None, obj=login),
        "password_form": NewPasswordForm(formdata=None),
        "address_form": NewAddressForm(formdata=None, prefix="address-"),
    }
    shown = fresh | forms
    zone = client.time_zone or client.reseller.time_zone
    mails = (
        "What becomes of them, and notes on them. Your company's contact, "
        f"{client.contact_email}, is told of every new order in any case."
    )
    shown["form"].offer(f"As {client.name}: {zone}", mails)
    return render_template(
        "portal/account/page.html",
        login=login,
        waits_until=accounts.waits_until(login),
        live=live,
        here=sessions.row(),
        others=len(live) - 1,
        is_on=second_factor.is_on(login),
        left=second_factor.codes_left(login),
        **shown,
    )
