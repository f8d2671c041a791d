"""The screens of orders: Pending Orders, Order History and the page of one order."""

from admin_views.orders.history import OrderHistory
from admin_views.orders.page import OrderPage
from admin_views.orders.pending import PendingOrders
from admin_views.orders.receipt import OrderReceipt
from admin_views.orders.reject_reasons import RejectReasons

__all__ = ["OrderHistory", "OrderPage", "OrderReceipt", "PendingOrders", "RejectReasons"]
