"""An order's receipt in the portal: one sheet to print, and the same as PDF."""

from typing import Any

from flask import Response, g, render_template

import audit
import receipts
from extensions import db
from models import Order
from portal.access import actor, blueprint, own


@blueprint.get("/orders/<number>/receipt")
def order_receipt(number: str) -> Any:
    """Show an order's receipt."""
    receipt = receipts.of(own(Order, number=number), g.brand)
    return render_template("portal/orders/receipt.html", receipt=receipt)


@blueprint.post("/orders/<number>/receipt.pdf")
def order_receipt_pdf(number: str) -> Any:
    """Give an order's receipt as PDF; who took it is recorded."""
    mine, reseller = own(Order, number=number), g.reseller
    audit.record("receipt.exported", mine, actor(), form="pdf")
    db.session.commit()
    # Drawing takes 20 MB that a process which only shows pages can do without.
    from receipts import pdf

    receipt = receipts.of(mine, g.brand)
    drawn = pdf.draw(receipt, reseller.portal_settings, reseller.currency)
    name = {"Content-Disposition": f'attachment; filename="order-{mine.number}.pdf"'}
    return Response(drawn, mimetype="application/pdf", headers=name)
