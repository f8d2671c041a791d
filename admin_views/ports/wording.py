"""Port Words: the statuses that ports go through, and the reasons for a hold-up; both editable."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose

import display
import ports
from admin_views.base import Page, to_id
from catalog import Invalid
from extensions import db
from models import PortStatus
from permissions import Permission

COLUMNS = ("label", "client_text", "bucket", "position")


class PortWords(Page):
    """One page with two lists."""

    menu_under = "ports"
    permission = Permission.NUMBERS_VIEW
    page_heading = "Port Words"
    page_intro = "What your clients read about their ports: each status, and why something waits."

    def __init__(self) -> None:
        super().__init__(name="Port Words", endpoint="port_words", url="/admin/port-words")

    def is_visible(self) -> bool:
        """Keep out of the menu: it is reached from the ports."""
        return False

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Any:
        """Show the statuses and the reasons, and change the statuses."""
        if request.method == "GET":
            return self._page()
        self._demand_edit()
        keys = [*(str(status.id) for status in ports.statuses()), "new"]
        typed = {key: {c: request.form.get(f"{c}-{key}") for c in COLUMNS} for key in keys}
        try:
            changed = ports.save_statuses(typed, by=self.by)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            return self._page(typed=typed, problems=wrong.problems)
        words = f"{display.plural(changed, 'status', 'statuses')} saved."
        flash(words if changed else "No change.", "success")
        return redirect(url_for(".index"))

    @expose("/reasons", methods=("POST",))
    def reasons(self) -> Any:
        """Replace the reasons."""
        self._demand_edit()
        text = request.form.get("reasons", "")
        try:
            changed = ports.save_reasons(text, by=self.by)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            return self._page(reasons=text, problems=wrong.problems)
        flash("The reasons are saved." if changed else "No change.", "success")
        return redirect(url_for(".index"))

    @expose("/remove", methods=("POST",))
    def remove(self) -> Any:
        """Remove a status that no port uses."""
        self._demand_edit()
        key = to_id(request.form.get("status", ""))
        status = db.session.get(PortStatus, key) if key is not None else None
        if status is None:
            abort(404)
        label = status.label
        try:
            ports.remove_status(status, by=self.by)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            flash(str(wrong), "error")
        else:
            flash(f"{label} is removed.", "success")
        return redirect(url_for(".index"))

    def _page(
        self,
        typed: dict[str, dict[str, str | None]] | None = None,
        reasons: str | None = None,
        problems: dict[str, str] | None = None,
    ) -> Any:
        statuses = ports.statuses()
        page = self.render(
            "admin/ports/words.html",
            statuses=statuses,
            values=typed or _stored(statuses),
            reasons="\n".join(ports.reasons()) if reasons is None else reasons,
            problems=problems or {},
            permanent=ports.PERMANENT,
            may_edit=self.by.can(Permission.NUMBERS_EDIT),
        )
        return page, 422 if problems else 200

    def _demand_edit(self) -> None:
        if not self.by.can(Permission.NUMBERS_EDIT):
            abort(403)


def _stored(statuses: list[PortStatus]) -> dict[str, dict[str, str | None]]:
    found = {
        str(status.id): {column: getattr(status, column) for column in COLUMNS}
        for status in statuses
    }
    following = str(max((status.position for status in statuses), default=0) + 1)
    blank = {"label": "", "client_text": "", "bucket": ports.ACTIVE, "position": following}
    return found | {"new": blank}
