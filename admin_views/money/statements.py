"""A client's statements: a page for each month, its PDF and CSV, and mailing it."""

from typing import Any

from flask import Response, abort, flash, redirect, url_for
from flask_admin import expose

import audit
import brand
import sheets
import statements
from admin_views.base import Page
from admin_views.of_client import PREFIX, OfClient
from extensions import db
from permissions import Permission
from statements import Statement, mailing
from usage import reports


class ClientStatements(OfClient, Page):
    """The months of one client."""

    permission = Permission.CLIENTS_VIEW

    def __init__(self) -> None:
        super().__init__(
            name="Statements", endpoint="client_statements", url=f"{PREFIX}/statements"
        )

    @expose("/")
    def index(self) -> Any:
        """List the months."""
        return self.render("admin/money/statements.html", months=statements.months(self.client))

    @expose("/<key>")
    def show(self, key: str) -> Any:
        """Show one month as the client sees it."""
        return self.render(
            "admin/money/statement.html",
            statement=self._found(key),
            key=key,
            kinds=reports.KINDS,
            may_send=self.by.can(Permission.MONEY_EDIT),
        )

    @expose("/<key>.pdf", methods=("POST",))
    def pdf(self, key: str) -> Any:
        """Give one month as PDF; who took it is recorded."""
        found, reseller = self._taken(key, "pdf"), self.client.reseller
        face = brand.of(reseller)
        # Drawing takes 20 MB that a process which only shows pages can do without.
        from statements import pdf

        drawn = pdf.draw(found, face, reseller.portal_settings, reseller.currency)
        return Response(drawn, mimetype="application/pdf", headers=_named(key, "pdf"))

    @expose("/<key>.csv", methods=("POST",))
    def csv(self, key: str) -> Any:
        """Give one month as CSV; who took it is recorded."""
        found = self._taken(key, "csv")
        header, rows = sheets.statement(found)
        return sheets.download(f"statement-{key}.csv", header, rows)

    @expose("/<key>/send", methods=("POST",))
    def send(self, key: str) -> Any:
        """Mail one month to the Client Contact."""
        if not self.by.can(Permission.MONEY_EDIT):
            abort(403)
        found = self._found(key)
        mailing.send(self.client, found.range.first, by=self.by)
        db.session.commit()
        flash(f"The statement is on its way to {self.client.contact_email}.", "success")
        return redirect(url_for(".show", key=key))

    def _found(self, key: str) -> Statement:
        month = statements.month_of(key)
        if month is None or key not in {row.key for row in statements.months(self.client)}:
            abort(404)
        return statements.of(self.client, month)

    def _taken(self, key: str, form: str) -> Statement:
        found = self._found(key)
        audit.record("statement.exported", self.client, self.by, month=key, form=form)
        db.session.commit()
        return found


def _named(key: str, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="statement-{key}.{ending}"'}
