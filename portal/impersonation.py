"""The portal as a login for a staff member: the door, the banner's words, and the way back (P8)."""

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for

import impersonation
import sessions
import sign_in_forms
import tenancy
from extensions import db
from permissions import login_actor
from portal.access import blueprint, public


@blueprint.route("/impersonate/<code>", methods=["GET", "POST"])
@public
def impersonate(code: str) -> Any:
    """Ask once more, and open the portal as the login that the code was made for."""
    with tenancy.across_resellers():
        found = impersonation.find(code, g.reseller.id)
        if found is None:
            page = render_template("portal/impersonation/ended.html")
            return page, 410, sign_in_forms.PRIVATE
        if request.method == "GET":
            page = render_template(
                "portal/impersonation/open.html",
                staff=found.staff,
                login=impersonation.whom(found),
                is_look=found.login_id is None,
            )
            return page, 200, sign_in_forms.PRIVATE
        if impersonation.use(found):
            login = impersonation.whom(found)
            sessions.sign_in(login, by_way_of=found)
            by = login_actor(login, found.staff, **sessions.origin_of_request())
            impersonation.record("started", login, by)
            db.session.commit()
    return redirect(url_for("portal.first_page"))


@blueprint.post("/end-impersonation")
def end_impersonation() -> Any:
    """End the impersonation of this browser, and lead back to where it began in the back office."""
    staff, person = sessions.impersonator(), sessions.login()
    if staff is None or person is None:
        return redirect(url_for("portal.first_page"))
    impersonation.record("ended", person, sessions.actor())
    back = url_for("logins.details_view", id=person.id)
    if impersonation.is_onlooker(person):
        back = url_for("client.overview", client_id=person.client_id)
    sessions.sign_out()
    db.session.commit()
    flash("The impersonation has ended.", "success")
    return redirect(back)
