"""Staff: each person's page and what an owner does there; the rules are below, in ``staffing``."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose

import second_factor
import sessions
import staffing
from admin_views.base import own_reseller
from admin_views.staff_members.forms import ChangeForm, InviteForm
from admin_views.staff_members.rows import StaffRows
from extensions import db
from models import Staff
from policy import Refused


class StaffMembers(StaffRows):
    """The list of staff, the invitation, and each person's page."""

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        """Invite a person."""
        form = InviteForm()
        if request.method == "POST":
            with form.blaming():
                staff = staffing.invite(own_reseller(), by=self.by, **form.typed())
                db.session.commit()
                flash(f"{staff.name} is invited; the mail is on its way.", "success")
                return redirect(url_for(".details_view", id=staff.id))
        return self.render("admin/staff_members/form.html", form=form, staff=None)

    @expose("/details/")
    def details_view(self) -> Any:
        """Show one person: what it may do, how it signs in, and where it is signed in."""
        staff = self.found()
        return self.render(
            "admin/staff_members/details.html", staff=staff, live=sessions.live_of(staff)
        )

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        """Change a person's name and role."""
        staff = self.found()
        form = ChangeForm(obj=staff)
        if request.method == "POST":
            with form.blaming():
                changed = staffing.change(staff, by=self.by, **form.typed())
                db.session.commit()
                flash(f"{staff.name} {'is saved' if changed else 'was not changed'}.", "success")
                return redirect(url_for(".details_view", id=staff.id))
        return self.render("admin/staff_members/form.html", form=form, staff=staff)

    @expose("/send-again/", methods=("POST",))
    def send_again_view(self) -> Any:
        """Mail a new link; the earlier one ends."""
        return self._do(staffing.invite_again, "A new link is on its way to {staff.email}.")

    @expose("/disable/", methods=("POST",))
    def disable_view(self) -> Any:
        """Close a person's access and sign the person out everywhere."""
        return self._do(staffing.disable, "{staff.name} is disabled.")

    @expose("/enable/", methods=("POST",))
    def enable_view(self) -> Any:
        """Open a disabled person's access again."""
        return self._do(staffing.enable, "{staff.name} is enabled.")

    @expose("/end-sessions/", methods=("POST",))
    def end_sessions_view(self) -> Any:
        """Sign a person out everywhere."""
        return self._do(staffing.end_sessions, "{staff.name} is signed out everywhere.")

    @expose("/reset-two-factor/", methods=("POST",))
    def reset_two_factor_view(self) -> Any:
        """Take away a second factor that a colleague has lost."""
        return self._do(second_factor.reset, "Two-factor sign-in of {staff.name} is reset.")

    @expose("/demand/", methods=("POST",))
    def demand_view(self) -> Any:
        """Demand two-factor sign-in of everyone, or stop it."""
        said = (
            "Two-factor sign-in is demanded of everyone.",
            "Two-factor sign-in is up to each person.",
        )
        return self._demand(second_factor.demand, *said)

    @expose("/demand-four-eyes/", methods=("POST",))
    def demand_four_eyes_view(self) -> Any:
        """Keep whoever asked for an order as a login from approving it, or stop that."""
        who = "Who asks for an order as a login"
        said = f"{who} has another approve it.", f"{who} may approve it too."
        return self._demand(staffing.demand_four_eyes, *said)

    def _demand(self, verb: Callable[..., object], if_demanded: str, if_not: str) -> Any:
        """Demand something of all staff, or stop that, and lead back to the list."""
        is_demanded = request.form.get("demand") == "yes"
        verb(own_reseller(), is_demanded, by=self.by)
        db.session.commit()
        flash(if_demanded if is_demanded else if_not, "success")
        return redirect(url_for(".index_view"))

    def _do(self, verb: Callable[..., object], done: str) -> Any:
        """Do something to the person of the address, and lead back to its page."""
        staff: Staff = self.found()
        address = url_for(".details_view", id=staff.id)
        try:
            verb(staff, by=self.by)
            db.session.commit()
            flash(done.format(staff=staff), "success")
        except Refused as refused:
            db.session.rollback()
            flash(refused.sentence, "error")
        return redirect(address)
