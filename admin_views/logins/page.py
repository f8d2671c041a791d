"""Logins: the people of the clients; made, previewed, invited again, disabled and enabled.

What a login may be, and what is mailed, is decided below in ``clients`` and ``mailer``.
"""

from typing import Any

from flask import abort, flash, redirect, request, session, url_for
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

import clients
import impersonation
import mailer
import second_factor
import sessions
import sign_in_forms
from admin_views.base import to_id
from admin_views.logins.forms import AgainForm, ChangeForm, ImpersonateForm, LoginForm
from admin_views.logins.rows import LoginRows
from admin_views.mail import STATES, framed
from catalog import Invalid
from columns import now
from extensions import db
from models import Client, Invitation, Login, Mail
from permissions import Permission
from policy import Refused

PREVIEW = "login_preview"
"""Where a login's draft stands between the preview and its frame: in the signed session."""


class Logins(LoginRows):
    """The list of all logins, the form with its preview, and each login's page."""

    # --- Making one ---------------------------------------------------------------------

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Make a login, or show first the mail that it would send."""
        self._demand_edit()
        form = LoginForm()
        if request.method == "GET":
            form.client_id.data = request.args.get("client", "")
        elif request.form.get("go") != "edit":
            with form.blaming():
                return (
                    self._preview(form) if request.form.get("go") == "preview" else self._add(form)
                )
        form.offer()
        return self.render("admin/logins/form.html", form=form)

    def _add(self, form: LoginForm) -> Any:
        login = clients.add_login(_client(form), by=self.by, **form.person())
        db.session.commit()
        session.pop(PREVIEW, None)
        flash(f"{login.name} has a login, and the invitation is on its way.", "success")
        return redirect(url_for(".details_view", id=login.id))

    def _preview(self, form: LoginForm) -> Any:
        client = _client(form)
        login, addresses = clients.draft_login(client, **form.person())
        session[PREVIEW] = {"client_id": client.id, "name": login.name, "email": login.email}
        subject, text, _ = mailer.preview_login_invited(login)
        return self.render(
            "admin/logins/preview.html",
            form=form,
            client=client,
            addresses=addresses,
            subject=subject,
            text=text,
        )

    @expose("/preview/")
    def preview_view(self) -> Any:
        """Give the HTML part of the mail that is being previewed, for a frame."""
        self._demand_edit()
        draft = session.get(PREVIEW) or abort(404)
        client = db.session.get(Client, draft["client_id"]) or abort(404)
        login = clients.nobody_yet(client, name=draft["name"], email=draft["email"])
        _, _, html = mailer.preview_login_invited(login)
        return framed(html)

    # --- One login ------------------------------------------------------------------------

    @expose("/details/")
    def details_view(self) -> Any:
        """Show one login: who it is, what it may do, and the invitations that were mailed."""
        return self._page(self.found())

    def _page(self, login: Login, again: AgainForm | None = None) -> Any:
        mails = _invitations(login)
        if again is None:
            again = AgainForm(formdata=None)
            again.notify.data = "\n".join(_last_addresses(mails) or [login.email])
        return self.render(
            "admin/logins/details.html",
            login=login,
            mails=mails,
            again=again,
            states=STATES,
            moment=now(),
            may_edit=self.by.can(Permission.LOGINS_EDIT),
            may_impersonate=self.by.can(Permission.IMPERSONATE),
            may_act=self.by.can(Permission.ACT_FOR_CLIENTS),
            shut=impersonation.obstacle(login),
            asks=ImpersonateForm(formdata=None),
        )

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Change a login's name and whether it may ask for orders."""
        self._demand_edit()
        login = self.found()
        form = ChangeForm(obj=login)
        if request.method == "GET":
            form.expires_on.raw_data = [clients.last_day(login)]
        if request.method == "POST":
            with form.blaming():
                changed = clients.change_login(login, by=self.by, **form.typed())
                db.session.commit()
                flash(f"{login.name} {'is saved' if changed else 'was not changed'}.", "success")
                return redirect(url_for(".details_view", id=login.id))
        return self.render("admin/logins/edit.html", form=form, login=login)

    @expose("/send-again/", methods=("POST",))
    def send_again_view(self) -> Any:
        """Mail a new link; the earlier one ends."""
        self._demand_edit()
        login, form = self.found(), AgainForm()
        try:
            addresses = clients.invite_again(login, by=self.by, notify=form.notify.data)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            form.blame(wrong.problems)
            return self._page(login, form)
        except Refused as refused:
            db.session.rollback()
            flash(refused.sentence, "error")
        else:
            flash(f"A new link is on its way to {', '.join(addresses)}.", "success")
        return redirect(url_for(".details_view", id=login.id))

    @expose("/disable/", methods=("POST",))
    def disable_view(self) -> Any:
        """Close a login and sign the person out everywhere."""
        self._demand_edit()
        login = self.found()
        done = clients.disable(login, by=self.by)
        db.session.commit()
        flash(f"{login.name} {'is' if done else 'was already'} disabled.", "success")
        return redirect(url_for(".details_view", id=login.id))

    @expose("/enable/", methods=("POST",))
    def enable_view(self) -> Any:
        """Open a disabled login again."""
        self._demand_edit()
        login = self.found()
        done = clients.enable(login, by=self.by)
        db.session.commit()
        flash(f"{login.name} {'is' if done else 'was already'} enabled.", "success")
        return redirect(url_for(".details_view", id=login.id))

    @expose("/new-password/", methods=("POST",))
    def new_password_view(self) -> Any:
        """Let the password end, and mail the link that sets a new one."""
        self._demand_edit()
        login = self.found()
        try:
            done = clients.demand_password(login, by=self.by)
            db.session.commit()
        except Refused as refused:
            db.session.rollback()
            flash(refused.sentence, "error")
        else:
            told = "is signed out and has a mail with a link" if done else "has no password yet"
            flash(f"{login.name} {told}.", "success" if done else "warning")
        return redirect(url_for(".details_view", id=login.id))

    @expose("/reset-two-factor/", methods=("POST",))
    def reset_two_factor_view(self) -> Any:
        """Take away a second factor that a person has lost, and tell the person."""
        self._demand_edit()
        login = self.found()
        done = second_factor.reset(login, by=self.by)
        db.session.commit()
        words = "is reset" if done else "was off already"
        flash(f"Two-factor sign-in of {login.name} {words}.", "success")
        return redirect(url_for(".details_view", id=login.id))

    @expose("/impersonate/", methods=("POST",))
    def impersonate_view(self) -> Any:
        """Lead to the portal as this login; its door asks once more, since a GET is no act."""
        if not self.by.can(Permission.IMPERSONATE):
            abort(403)
        login, row, form = self.found(), sessions.row() or abort(403), ImpersonateForm()
        if not _is_confirmed(form):
            return self._ask_for_impersonation(login, form)
        try:
            code = impersonation.prepare(login, row, self.by, form.reason.data)
            db.session.commit()
        except Invalid as wrong:
            form.reason.errors = list(wrong.problems.values())
            return self._ask_for_impersonation(login, form)
        except Refused as refused:
            db.session.rollback()
            flash(refused.sentence, "error")
            return redirect(url_for(".details_view", id=login.id))
        slug = login.client.reseller.slug
        return redirect(url_for("portal.impersonate", brand=slug, code=code), 303)

    def _ask_for_impersonation(self, login: Login, form: ImpersonateForm) -> Any:
        page = self.render(
            "admin/logins/impersonate.html", login=login, form=form, is_fresh=sessions.is_fresh()
        )
        return page, 422

    def _demand_edit(self) -> None:
        if not self.by.can(Permission.LOGINS_EDIT):
            abort(403)


def _is_confirmed(form: ImpersonateForm) -> bool:
    """Tell whether the password was given not long ago, or is given now and right."""
    if sessions.is_fresh():
        return True
    person = sessions.staff()
    if person is None or "current_password" not in request.form:
        return False
    if form.validate() and sign_in_forms.confirms(person, form):
        sessions.confirm()
        db.session.commit()
        return True
    return False


def _client(form: LoginForm) -> Client:
    """Find the client that was chosen; raises Invalid for one that the reseller does not have."""
    key = to_id(form.client_id.data)
    client = db.session.get(Client, key) if key is not None else None
    if client is None:
        raise Invalid({"client_id": "Choose a client from the list."})
    return client


def _invitations(login: Login) -> list[Mail]:
    """List the invitations mailed to a login, the latest first."""
    mails = (
        select(Mail)
        .join(Mail.invitation)
        .options(contains_eager(Mail.invitation))
        # A link to a new address is no invitation, and nobody has confirmed that address yet.
        .where(Invitation.login_id == login.id, Mail.kind != mailer.ADDRESS_LINK)
        .order_by(Mail.id.desc())
        .limit(20)
    )
    return list(db.session.scalars(mails))


def _last_addresses(mails: list[Mail]) -> list[str]:
    """List who got the latest invitation."""
    if not mails:
        return []
    latest = mails[0].invitation_id
    return [mail.to_address for mail in reversed(mails) if mail.invitation_id == latest]
