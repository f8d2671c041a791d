"""Statements in the portal: the client's months, each as a page, PDF and CSV (P25)."""

from typing import Any

from flask import Response, abort, g, render_template

import audit
import sheets
import statements
from extensions import db
from portal.access import actor, blueprint, current_client
from statements import Statement
from usage import reports


@blueprint.get("/statements")
def statement_list() -> Any:
    """List the months."""
    months = statements.months(current_client())
    return render_template("portal/statements/list.html", months=months)


@blueprint.get("/statements/<key>")
def statement(key: str) -> Any:
    """Show one month."""
    return render_template(
        "portal/statements/show.html", statement=_found(key), key=key, kinds=reports.KINDS
    )


@blueprint.post("/statements/<key>.pdf")
def statement_pdf(key: str) -> Any:
    """Give one month as PDF; who took it is recorded."""
    found, reseller = _taken(key, "pdf"), g.reseller
    # Drawing takes 20 MB that a process which only shows pages can do without.
    from statements import pdf

    drawn = pdf.draw(found, g.brand, reseller.portal_settings, reseller.currency)
    name = {"Content-Disposition": f'attachment; filename="statement-{key}.pdf"'}
    return Response(drawn, mimetype="application/pdf", headers=name)


@blueprint.post("/statements/<key>.csv")
def statement_csv(key: str) -> Any:
    """Give one month as CSV; who took it is recorded."""
    header, rows = sheets.statement(_taken(key, "csv"))
    return sheets.download(f"statement-{key}.csv", header, rows)


def _found(key: str) -> Statement:
    month, client = statements.month_of(key), current_client()
    if month is None or key not in {row.key for row in statements.months(client)}:
        abort(404)
    return statements.of(client, month)


def _taken(key: str, form: str) -> Statement:
    found = _found(key)
    audit.record("statement.exported", current_client(), actor(), month=key, form=form)
    db.session.commit()
    return found
