"""End User Portal > Portal Settings: what the portal and its mails wear, with a preview (P32)."""

from dataclasses import replace
from typing import Any

from flask import Response, abort, flash, g, redirect, render_template, request, session, url_for
from flask_admin import expose
from wtforms import BooleanField, EmailField, StringField, TelField, TextAreaField, URLField

import brand as brands
import hosts
import mailer
import portal_settings
from admin_views.base import Page, own_reseller
from admin_views.forms import PostForm
from admin_views.mail import framed
from brand import Brand
from catalog import Invalid
from columns import now
from extensions import db
from permissions import Permission

DRAFT = "portal_draft"
"""Where what was typed stands between a preview and its frames: in the signed session."""


class PortalForm(PostForm):
    """What the portal and its mails wear."""

    company_name = StringField("Company name", render_kw={"required": True, "maxlength": 120})
    brand_colour = StringField(
        "Brand colour",
        description="Of buttons and marks, such as #1f5f8b. Text on it must be readable.",
        render_kw={"required": True, "maxlength": 7, "spellcheck": "false"},
    )
    accent_colour = StringField(
        "Accent colour",
        description="Of links and of what is chosen. Empty is the brand colour.",
        render_kw={"maxlength": 7, "spellcheck": "false"},
    )
    host_name = StringField(
        "Own host name",
        description="Where your clients open the portal, such as portal.example.com. Optional.",
        render_kw={"maxlength": 253, "spellcheck": "false"},
    )
    support_email = EmailField("Support e-mail", render_kw={"maxlength": 254})
    support_phone = TelField("Support phone", render_kw={"maxlength": 32})
    support_hours = StringField("Support hours", render_kw={"maxlength": 120})
    address = TextAreaField("Address", render_kw={"rows": 3, "maxlength": 500})
    help_url = URLField("Help page", render_kw={"maxlength": 500})
    terms_url = URLField("Terms", render_kw={"maxlength": 500})
    privacy_url = URLField("Privacy", render_kw={"maxlength": 500})
    mail_from_name = StringField(
        "Sender's name of mails",
        description="Empty is the company name.",
        render_kw={"maxlength": 120},
    )
    mail_reply_to = EmailField(
        "Answers to mails go to",
        description="Empty is the support e-mail.",
        render_kw={"maxlength": 254},
    )
    mail_footer = TextAreaField("Footer of mails", render_kw={"rows": 2, "maxlength": 500})
    hide_prices = BooleanField(
        "Show no prices", description="In the portal and in mails to clients."
    )


class PortalSettingsPage(Page):
    """One form, and how the portal and a mail would look with it."""

    permission = Permission.CLIENTS_VIEW
    page_heading = "Portal Settings"
    page_intro = "What your clients see: your name, your colours and your words, and nobody else's."

    def __init__(self) -> None:
        super().__init__(
            name="Portal Settings",
            endpoint="portal_settings",
            url="/admin/portal-settings",
            category="End User Portal",
            menu_icon_value="eye",
        )

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show the settings, preview what is typed, and save it."""
        settings, may_edit = own_reseller().portal_settings, self.by.can(Permission.SETTINGS_EDIT)
        form, preview = PortalForm(obj=settings), False
        if request.method == "POST":
            if not may_edit:
                abort(403)
            with form.blaming():
                if request.form.get("go") == "preview":
                    session[DRAFT] = portal_settings.checked(form.typed())
                    preview = True
                else:
                    return self._save(form)
        page = self.render(
            "admin/portal_settings/index.html",
            form=form,
            settings=own_reseller().portal_settings,
            logo_problem=", ".join(form.errors.get("logo", ())) or g.get("logo_problem"),
            may_edit=may_edit,
            preview=preview,
            proof=hosts.PROOF,
            own_host=hosts.own_host(),
        )
        return page, 422 if form.errors or g.get("logo_problem") else 200

    def _save(self, form: PortalForm) -> Any:
        upload = request.files.get("logo")
        picture = upload.stream.read(2_000_000) if upload and upload.filename else None
        try:
            changed = portal_settings.change(
                own_reseller().portal_settings,
                by=self.by,
                picture=picture,
                remove_logo=bool(request.form.get("remove_logo")),
                **form.typed(),
            )
        except Invalid as wrong:
            g.logo_problem = wrong.problems.pop("logo", None)
            raise
        db.session.commit()
        session.pop(DRAFT, None)
        flash("The portal wears it at once." if changed else "No change.", "success")
        return redirect(url_for(".index"))

    @expose("/check-host", methods=("POST",))
    def check_host(self) -> Any:
        """Look in DNS whether the host name is the reseller's by now."""
        if not self.by.can(Permission.SETTINGS_EDIT):
            abort(403)
        settings = own_reseller().portal_settings
        proved = portal_settings.check_host(settings, by=self.by)
        db.session.commit()
        if proved:
            flash(f"{settings.host_name} is yours; links in mails use it from now on.", "success")
        else:
            flash("The TXT record was not found yet. DNS can take an hour; check again.", "warning")
        return redirect(url_for(".index"))

    # --- The preview --------------------------------------------------------------------

    @expose("/preview/<any('sign-in', 'first-page', mail, colours):what>")
    def preview(self, what: str) -> Any:
        """Give a page, a mail or the colours as the draft would make them; saves nothing."""
        if not self.by.can(Permission.SETTINGS_EDIT):
            abort(403)
        draft = session.get(DRAFT) or abort(404)
        reseller = own_reseller()
        with db.session.no_autoflush:
            for name, value in draft.items():
                setattr(reseller.portal_settings, name, value)
            shown = replace(brands.of(reseller), preview_css=url_for(".preview", what="colours"))
            made = self._draw(what, shown)
            db.session.rollback()
        return made

    def _draw(self, what: str, shown: Brand) -> Any:
        if what == "colours":
            return Response(brands.css(shown), mimetype="text/css")
        if what == "mail":
            return framed(mailer.preview_look(own_reseller()))
        g.slug = shown.slug
        return render_template(
            f"admin/portal_settings/{what.replace('-', '_')}.html",
            brand=shown,
            moment=now(),
        )
