"""An order's receipt as its client reads it: one sheet to print, and the same as PDF."""

from typing import Any

from flask import Response
from flask_admin import expose

import audit
import brand
import receipts
from admin_views.base import Page, own_reseller
from admin_views.orders import queue
from extensions import db
from permissions import Permission


class OrderReceipt(Page):
    """The receipt of one order."""

    menu_under = "pending_orders"
    permission = Permission.ORDERS_VIEW

    def __init__(self) -> None:
        super().__init__(
            name="Receipt", endpoint="order_receipt", url="/admin/orders/<number>/receipt"
        )

    def is_visible(self) -> bool:
        """Keep out of the menu: a receipt is reached from its order."""
        return False

    @expose("/")
    def index(self, number: str) -> Any:
        """Show the receipt."""
        receipt = receipts.of(queue.find(number), brand.of(own_reseller()))
        return self.render("admin/orders/receipt.html", receipt=receipt)

    @expose("/pdf", methods=("POST",))
    def pdf(self, number: str) -> Any:
        """Give the receipt as PDF; who took it is recorded."""
        order, reseller = queue.find(number), own_reseller()
        audit.record("receipt.exported", order, self.by, form="pdf")
        db.session.commit()
        # Drawing takes 20 MB that a process which only shows pages can do without.
        from receipts import pdf

        receipt = receipts.of(order, brand.of(reseller))
        drawn = pdf.draw(receipt, reseller.portal_settings, reseller.currency)
        name = {"Content-Disposition": f'attachment; filename="order-{order.number}.pdf"'}
        return Response(drawn, mimetype="application/pdf", headers=name)
