"""Mail: the outbox as staff see it; each mail as its reader would, and sending a failed one again.

How mails are written is ``mailer.py``, how they are delivered ``outbox.py``.
"""

from typing import Any

from flask import Response, abort, current_app, flash, redirect, url_for
from flask_admin import expose
from markupsafe import Markup
from sqlalchemy.orm import defer, joinedload

import mailer
import outbox
from admin_views import filters
from admin_views.base import RowsView
from admin_views.cells import link
from extensions import db
from models import Mail, MailState
from permissions import Permission

STATES = {
    MailState.WAITING: "Waiting to be sent",
    MailState.SENDING: "Being sent",
    MailState.SENT: "Sent",
    MailState.FAILED: "Not delivered",
    MailState.KEPT: "Kept here",
}
"""How far a mail has come, in words."""

TONES = {
    MailState.WAITING: "info",
    MailState.SENDING: "info",
    MailState.SENT: "success",
    MailState.FAILED: "danger",
    MailState.KEPT: "warning",
}

FRAME_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""A mail brings its own styles and nothing else; in its frame it can do nothing and go nowhere."""


def framed(html: str) -> Response:
    """Answer with a mail's HTML for a frame, shut off from the back office around it."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


FORGOTTEN = "The text is not kept any more; see Settings, Retention."


class Mails(RowsView):
    """The list of mails, and each one as its reader sees it."""

    permission = Permission.MAIL_VIEW
    can_view_details = can_export = True
    list_template = "admin/mail/list.html"
    page_heading = "Mail"
    page_intro = "Every mail that was written, to whom, and how far it has come."
    empty_heading = "No mail yet"
    empty_sentence = "Invitations and news of orders stand here as soon as they are written."

    column_list = (
        "subject",
        "to_address",
        "kind",
        "order.number",
        "state",
        "attempts",
        "created_at",
    )
    column_export_list = (*column_list, "sent_at", "last_error")
    column_labels = {
        "to_address": "To",
        "order.number": "Order",
        "created_at": "Written",
        "sent_at": "Sent",
        "last_error": "Last error",
    }
    column_numeric = ("attempts",)
    column_default_sort = [("created_at", True), ("id", True)]
    column_sortable_list = ("created_at", "to_address")
    column_searchable_list = ("to_address", "subject")
    column_auto_select_related = False

    def __init__(self) -> None:
        words = {state.value: text for state, text in STATES.items()}
        self.column_filters = [filters.one_of(Mail.state, "State", MailState, words)]
        self.column_formatters = {
            "subject": _link,
            "kind": lambda view, context, mail, name: filters.spoken(mail.kind),
            "order.number": _order_link,
            "state": _badge,
        }
        self.column_formatters_export = {
            "kind": self.column_formatters["kind"],
            "state": lambda view, context, mail, name: STATES[mail.state],
        }
        super().__init__(
            Mail,
            name="Mail",
            endpoint="mail",
            url="/admin/mail",
            menu_icon_value="mail",
        )

    @property
    def mail_is_kept(self) -> bool:
        """Tell whether mails stand here because no mail server is set up."""
        return current_app.config["MAIL_SERVER"] is None

    def search_placeholder(self) -> str:
        """Tell what can be searched for."""
        return "Address or subject"

    def get_query(self) -> Any:
        """Leave the bodies of the mails out of the list."""
        query = super().get_query().options(joinedload(Mail.order))
        return query.options(defer(Mail.text), defer(Mail.html))

    @expose("/details/")
    def details_view(self) -> Any:
        """Show a mail: its envelope, both parts, how its delivery went."""
        mail = self.found()
        return self.render(
            "admin/mail/details.html",
            mail=mail,
            text=self._shown(mail)[0],
            link=self._link_of(mail),
            state=STATES[mail.state],
            tone=TONES[mail.state],
            may_resend=_can_resend(mail) and self.by.can(Permission.MAIL_RESEND),
        )

    @expose("/<int:mail_id>/body")
    def body_view(self, mail_id: int) -> Any:
        """Give the HTML part of a mail for a frame."""
        mail = self.get_one(mail_id) or abort(404)
        return framed(self._shown(mail)[1])

    @expose("/resend/", methods=("POST",))
    def resend_view(self) -> Any:
        """Put a mail that could not be delivered back into the queue."""
        if not self.by.can(Permission.MAIL_RESEND):
            abort(403)
        mail = self.found()
        if not _can_resend(mail):
            flash("Only a mail that could not be delivered can be sent again.", "error")
        else:
            outbox.resend(mail, by=self.by)
            db.session.commit()
            flash(f"The mail to {mail.to_address} is being sent again.", "success")
        return redirect(url_for(".details_view", id=mail.id))

    def _shown(self, mail: Mail) -> tuple[str, str]:
        """Give (text, HTML) as this member of staff may see it."""
        if not mail.text:
            return FORGOTTEN, FORGOTTEN
        if self._link_of(mail):
            return mailer.shown(mail)
        return tuple(
            part.replace(mailer.LINK, mailer.LINK_HIDDEN) for part in (mail.text, mail.html)
        )  # type: ignore[return-value]

    def _link_of(self, mail: Mail) -> str | None:
        """Give the single-use link of a mail that stands here, to whoever may invite that person.

        Whoever sees the link can set the password, so looking at mails is not enough.
        """
        invitation = mail.invitation
        if mail.state is not MailState.KEPT or invitation is None or invitation.ended_at:
            return None
        needed = Permission.STAFF_EDIT if invitation.staff_id else Permission.LOGINS_EDIT
        return mailer.link_of(mail) if self.by.can(needed) else None


def _can_resend(mail: Mail) -> bool:
    return mail.state is MailState.FAILED and mail.text != ""


def _link(view: Any, context: Any, mail: Mail, name: str) -> Markup:
    return link("mail.details_view", mail.subject, id=mail.id)


def _order_link(view: Any, context: Any, mail: Mail, name: str) -> Any:
    if mail.order is None:
        return ""
    address = url_for("orders.show", number=mail.order.number)
    return Markup('<a class="text-nowrap" href="{}">{}</a>').format(address, mail.order.number)


def _badge(view: Any, context: Any, mail: Mail, name: str) -> Markup:
    return Markup('<span class="badge bg-{}-lt">{}</span>').format(
        TONES[mail.state], STATES[mail.state]
    )
