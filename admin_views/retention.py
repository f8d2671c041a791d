"""Settings > Retention: how long texts, sign-ins, calls and the audit are kept; what would go."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from wtforms import SelectField

import retention
from admin_views.base import Page, own_reseller
from admin_views.forms import PostForm
from extensions import db
from permissions import Permission

CHOICES = [("", "For ever"), *((str(one), f"{one} months") for one in retention.MONTHS)]


class RetentionForm(PostForm):
    """What an owner may choose."""

    keep_mail_months = SelectField(
        "Texts of mails",
        choices=CHOICES,
        description="Who was written to, when and about what stays; the text itself goes.",
        validate_choice=False,
    )
    keep_session_months = SelectField(
        "Sign-ins that have ended",
        choices=CHOICES,
        description="With the address and browser of each. That somebody signed in stays in the "
        "audit log.",
        validate_choice=False,
    )
    keep_call_months = SelectField(
        "Calls and messages",
        choices=CHOICES,
        description="Who called whom and when, in closed months, and bad lines of call files. What "
        "they came to stays by day and number. Lines of files that are older than calls are kept "
        "are refused from then on.",
        validate_choice=False,
    )
    keep_audit_months = SelectField(
        "Audit log",
        choices=CHOICES,
        description="Who did what, and who looked at calls. The stories of orders stay.",
        validate_choice=False,
    )


class Retention(Page):
    """How long things are kept."""

    permission = Permission.SETTINGS_EDIT
    page_heading = "Retention"
    page_intro = "What is forgotten by its age. Nothing is, until you choose a time."

    def __init__(self) -> None:
        super().__init__(
            name="Retention",
            endpoint="retention",
            url="/admin/retention",
            category="Settings",
            menu_icon_value="history",
        )

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show what each choice would end, and choose."""
        reseller = own_reseller()
        form = RetentionForm(obj=reseller)
        if request.method == "POST":
            with form.blaming():
                changed = retention.change(reseller, by=self.by, **form.typed())
                db.session.commit()
                flash("Retention is saved." if changed else "No change.", "success")
                return redirect(url_for(".index"))
        else:
            for name in {kind.setting for kind in retention.KINDS}:
                form[name].data = str(getattr(reseller, name) or "")
        page = self.render(
            "admin/retention.html",
            form=form,
            kinds=retention.KINDS,
            figures=retention.figures(),
        )
        return page, 422 if form.errors else 200
