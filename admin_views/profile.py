"""The profile of whoever looks: name, time zone, mails, password, and where one is signed in.

The second factor has a page of its own, ``two_factor``.
"""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose

import account_forms
import accounts
import audit
import second_factor
import sessions
import staffing
from account_forms import NewPasswordForm, OwnForm
from admin_views.base import Page, to_id
from columns import now
from extensions import db
from models import Staff
from permissions import ROLE_WORDS, Permission

MAILS = "Orders to decide, cancelled and failed ones."


class Profile(Page):
    """The page of one's own account."""

    page_heading = "Your Profile"

    def __init__(self) -> None:
        super().__init__(name="Your Profile", endpoint="profile", url="/admin/profile")

    def is_visible(self) -> bool:
        """Keep out of the menu: one's name in the corner leads here."""
        return False

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show the profile, and change it."""
        staff = _viewer()
        form = OwnForm(obj=staff)
        if request.method == "POST":
            with form.blaming():
                changed = accounts.change_own(staff, by=self.by, **form.typed())
                db.session.commit()
                flash(f"Your profile {'is saved' if changed else 'was not changed'}.", "success")
                return redirect(url_for(".index"))
        return self._page(form=form)

    @expose("/screen/", methods=("POST",))
    def screen(self) -> Any:
        """Switch single keys and the first steps on or off."""
        switches = (accounts.KEYS, accounts.FIRST_STEPS)
        said = accounts.switch(_viewer(), **{name: name in request.form for name in switches})
        db.session.commit()
        flash(said, "success")
        return redirect(url_for(".index"))

    @expose("/hide-steps/", methods=("POST",))
    def hide_steps(self) -> Any:
        """Hide the first steps from one's own first page."""
        accounts.switch(_viewer(), first_steps=False)
        db.session.commit()
        flash("The first steps are hidden. Your profile brings them back.", "success")
        return redirect(url_for("admin.index"))

    @expose("/password/", methods=("POST",))
    def password(self) -> Any:
        """Set a new password, sign out everywhere else, and say so by mail."""
        staff, form = _viewer(), NewPasswordForm()
        if not account_forms.change_password(staff, form):
            return self._page(password_form=form)
        db.session.commit()
        flash("Your password is changed. You are signed out everywhere else.", "success")
        return redirect(url_for(".index"))

    @expose("/end-session/", methods=("POST",))
    def end_session(self) -> Any:
        """End one of one's own sessions; the one of this browser is signed out."""
        staff, key = _viewer(), to_id(request.args.get("id"))
        row = next((row for row in sessions.live_of(staff) if row.id == key), None) or abort(404)
        audit.record("staff.session_ended", staff, self.by)
        row.ended_at = now()
        db.session.commit()
        flash("That browser is signed out.", "success")
        return redirect(url_for(".index"))

    @expose("/sign-out-everywhere/", methods=("POST",))
    def sign_out_everywhere(self) -> Any:
        """End all of one's own sessions, this one too."""
        staffing.end_sessions(_viewer(), by=self.by)
        sessions.sign_out()
        db.session.commit()
        flash("You are signed out everywhere.", "success")
        return redirect(url_for("staff.sign_in"))

    def _page(
        self, form: OwnForm | None = None, password_form: NewPasswordForm | None = None
    ) -> Any:
        """Show the profile, with the form that was refused in its place."""
        staff = _viewer()
        form = form or OwnForm(formdata=None, obj=staff)
        form.offer(f"As the company: {staff.reseller.time_zone}", MAILS)
        return self.render(
            "admin/profile/page.html",
            staff=staff,
            form=form,
            password_form=password_form or NewPasswordForm(formdata=None),
            live=sessions.live_of(staff),
            here=sessions.row(),
            role_words=ROLE_WORDS[staff.role],
            decides=self.by.can(Permission.ORDERS_DECIDE),
            is_on=second_factor.is_on(staff),
            keys_off=accounts.is_off(staff, accounts.KEYS),
            steps_off=accounts.is_off(staff, accounts.FIRST_STEPS),
            left=second_factor.codes_left(staff),
        )


def _viewer() -> Staff:
    """Give whoever looks; behind the wall there is always somebody."""
    return sessions.staff() or abort(403)
