"""A port's page: its numbers, its story, and the forms that move it on.

What each step does, and when it cannot be, is decided in ``ports`` below.
"""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

import display
import ports
from admin_views.base import Page, to_id
from admin_views.forms import PostForm
from admin_views.ports.forms import CompleteForm, PortForm, PortForms
from catalog import Invalid
from extensions import db
from models import Did, DidGroup, Port, PortEvent, PortNumber, PortStatus, Tier
from permissions import Permission


class PortPage(Page):
    """One port; every step of one port is sent here."""

    menu_under = "ports"
    permission = Permission.NUMBERS_VIEW

    def __init__(self) -> None:
        super().__init__(name="Port", endpoint="port", url="/admin/ports/<int:port_id>")

    def is_visible(self) -> bool:
        """Keep out of the menu: a port is reached from a list."""
        return False

    @expose("/")
    def show(self, port_id: int) -> Any:
        """Show a port."""
        port = find(port_id)
        return self._page(port, PortForms(port))

    @expose("/edit", methods=("GET", "POST"))
    def edit(self, port_id: int) -> Any:
        """Change what a port says."""
        self._demand_edit()
        port, form, problems = find(port_id), PortForm(), False
        if request.method == "GET":
            form.show(port)
        else:
            try:
                changed = ports.save(port, by=self.by, **form.details())
                db.session.commit()
                flash(f"{port.pon} {'is saved' if changed else 'was not changed'}.", "success")
                return redirect(url_for(".show", port_id=port_id))
            except Invalid as wrong:
                db.session.rollback()
                form.blame(wrong.problems)
                problems = True
        page = self.render("admin/ports/form.html", form=form, port=find(port_id))
        return page, 422 if problems else 200

    @expose("/move", methods=("POST",))
    def move(self, port_id: int) -> Any:
        """Move a port to another status."""

        def act(port: Port, forms: PortForms) -> str:
            form = forms.move
            status = _status(form.status_id.data)
            if status is None or status.key == ports.COMPLETED:
                raise Invalid({"status_id": "Choose a status from the list."})
            seen = to_id(form.seen.data)
            moved = ports.move(port, status, by=self.by, seen=seen, note=form.note.data)
            return f"{port.pon} is {'now' if moved else 'already'} {status.label}."

        return self._act(port_id, "move", act)

    @expose("/date", methods=("POST",))
    def date(self, port_id: int) -> Any:
        """Set the confirmed date."""

        def act(port: Port, forms: PortForms) -> str:
            changed = ports.set_foc(port, forms.date.foc_date.data, by=self.by)
            return "The date is saved." if changed else "The date was not changed."

        return self._act(port_id, "date", act)

    @expose("/numbers/add", methods=("POST",))
    def add_numbers(self, port_id: int) -> Any:
        """Add numbers."""

        def act(port: Port, forms: PortForms) -> str:
            count = ports.add_numbers(port, forms.add.numbers.data, by=self.by)
            return f"{display.plural(count, 'number is', 'numbers are')} added."

        return self._act(port_id, "add", act)

    @expose("/numbers/set", methods=("POST",))
    def set_numbers(self, port_id: int) -> Any:
        """Give the chosen numbers a status and a reason of their own."""

        def act(port: Port, forms: PortForms) -> str:
            form = forms.set
            status = _status(form.status_id.data)
            if status is None and form.status_id.data:
                raise Invalid({"status_id": "Choose a status from the list."})
            rows = _chosen(port)
            count = ports.set_numbers(port, rows, status, form.reason.data, by=self.by)
            return f"{display.plural(count, 'number is', 'numbers are')} changed."

        return self._act(port_id, "set", act)

    @expose("/numbers/remove", methods=("POST",))
    def remove_numbers(self, port_id: int) -> Any:
        """Take the chosen numbers out of the port."""

        def act(port: Port, forms: PortForms) -> str:
            rows = _chosen(port)
            if not rows:
                raise Invalid({"chosen": "Choose at least one number."})
            count = ports.remove_numbers(port, rows, by=self.by)
            return f"{display.plural(count, 'number is', 'numbers are')} out of {port.pon}."

        return self._act(port_id, "set", act)

    @expose("/comment", methods=("POST",))
    def comment(self, port_id: int) -> Any:
        """Add a comment to the story."""

        def act(port: Port, forms: PortForms) -> str:
            form = forms.comment
            is_private = bool(form.is_private.data)
            ports.comment(port, form.text.data, is_private=is_private, by=self.by)
            readers = "Your staff reads it." if is_private else "The client can read it."
            return f"The comment is added. {readers}"

        return self._act(port_id, "comment", act)

    @expose("/complete", methods=("GET", "POST"))
    def complete(self, port_id: int) -> Any:
        """Say what completing does, and do it when confirmed."""
        self._demand_edit()
        port = find(port_id)
        if request.method == "GET" and port.status.bucket != ports.ACTIVE:
            return redirect(url_for(".show", port_id=port_id))
        form = CompleteForm()
        if request.method == "GET":
            form.brings.data, form.seen.data = True, str(port.status_id)
            return self._confirm(port, form)
        try:
            tier = to_id(form.tier_id.data)
            ports.complete(
                port,
                by=self.by,
                seen=to_id(form.seen.data),
                tier=db.session.get(Tier, tier) if tier is not None else None,
                note=form.note.data,
                brings=bool(form.brings.data),
            )
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            form.blame(wrong.problems)
            return self._confirm(find(port_id), form), 422
        flash(f"{port.pon} is completed.", "success")
        return redirect(url_for(".show", port_id=port_id))

    def _confirm(self, port: Port, form: CompleteForm) -> Any:
        form.offer()
        return self.render(
            "admin/ports/complete.html",
            port=port,
            form=form,
            coming=ports.coming(port),
            group=_group_name(port),
        )

    def _act(self, port_id: int, name: str, act: Callable[[Port, PortForms], str]) -> Any:
        """Take one step, commit, and lead back to the page; what is wrong is shown on it."""
        self._demand_edit()
        port = find(port_id)
        forms = PortForms(port)
        try:
            sentence = act(port, forms)
            db.session.commit()
        except Invalid as wrong:
            db.session.rollback()
            form: PostForm = getattr(forms, name)
            form.blame({k: v for k, v in wrong.problems.items() if k != "chosen"})
            forms.port = find(port_id)
            return self._page(forms.port, forms, wrong.problems.get("chosen")), 422
        flash(sentence, "success")
        return redirect(url_for(".show", port_id=port_id))

    def _page(self, port: Port, forms: PortForms, choice_problem: str | None = None) -> Any:
        forms.offer()
        return self.render(
            "admin/ports/port.html",
            port=port,
            forms=forms,
            choice_problem=choice_problem,
            chosen=set(request.form.getlist("chosen")),
            statuses={status.id: status for status in ports.statuses()},
            reasons=ports.reasons(),
            dids=_dids(port),
            story=_story(port),
            is_active=port.status.bucket == ports.ACTIVE,
            may_edit=self.by.can(Permission.NUMBERS_EDIT),
        )

    def _demand_edit(self) -> None:
        if not self.by.can(Permission.NUMBERS_EDIT):
            abort(403)


def find(port_id: int) -> Port:
    """Find a port; 404 for none, and for another reseller's."""
    key = to_id(port_id)
    rows = select(Port).where(Port.id == key)
    rows = rows.options(joinedload(Port.client), joinedload(Port.status))
    return (db.session.scalar(rows) if key is not None else None) or abort(404)


def _status(typed: str | None) -> PortStatus | None:
    key = to_id(typed)
    return db.session.get(PortStatus, key) if key is not None else None


def _chosen(port: Port) -> list[PortNumber]:
    keys = {to_id(value) for value in request.form.getlist("chosen")}
    return [row for row in port.numbers if row.id in keys]


def _dids(port: Port) -> dict[str, int]:
    """Tell which of a port's numbers stand in the inventory."""
    numbers = [row.number for row in port.numbers]
    rows = db.session.execute(select(Did.number, Did.id).where(Did.number.in_(numbers)))
    return {row.number: row.id for row in rows}


def _group_name(port: Port) -> str:
    """Name the DID Group that completing puts numbers into, without making it."""
    groups = select(DidGroup).where(DidGroup.client_id == port.client_id)
    found = db.session.scalars(groups.order_by(DidGroup.name)).first()
    return found.name if found else port.client.name


def _story(port: Port) -> list[dict[str, Any]]:
    """List the steps of a port's story, the latest first."""
    rows = select(PortEvent).where(PortEvent.port_id == port.id).order_by(PortEvent.id.desc())
    return [
        {
            "icon": "lock" if event.is_private else "send",
            "title": "Private" if event.is_private else "For the client",
            "by": event.by_name,
            "at": event.at,
            "note": event.text,
        }
        for event in db.session.scalars(rows)
    ]
