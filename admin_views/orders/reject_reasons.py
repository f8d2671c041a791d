"""Reject Reasons: the editable list of reasons that stands beside every rejection."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose

import canned
from admin_views.base import Page
from catalog import Invalid
from extensions import db
from permissions import Permission


class RejectReasons(Page):
    """One text, one reason a line."""

    permission = Permission.ORDERS_VIEW
    page_heading = "Reject Reasons"
    page_intro = "Reasons that you use again and again; they stand beside every rejection."

    def __init__(self) -> None:
        super().__init__(
            name="Reject Reasons", endpoint="reject_reasons", url="/admin/reject-reasons"
        )

    def is_visible(self) -> bool:
        """Keep out of the menu: it is reached from a rejection."""
        return False

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show the reasons, and change them."""
        may_edit = self.by.can(Permission.ORDERS_DECIDE)
        typed, problem = "\n".join(canned.reasons()), ""
        if request.method == "POST":
            if not may_edit:
                abort(403)
            typed = request.form.get("reasons", "")
            try:
                changed = canned.save(typed, by=self.by)
                db.session.commit()
            except Invalid as wrong:
                db.session.rollback()
                problem = wrong.problems["reasons"]
            else:
                flash("The reasons are saved." if changed else "No change.", "success")
                return redirect(url_for(".index"))
        page = self.render(
            "admin/orders/reject_reasons.html", typed=typed, problem=problem, may_edit=may_edit
        )
        return page, 422 if problem else 200
