"""Every address and who may open it; a new one must be listed here or the guard fails."""

from permissions import Permission

ANYONE, LOGIN, STAFF = "anyone", "a login", "any staff member"
Access = str | Permission

_LISTS: dict[str, tuple[Permission, Permission]] = {
    "client_logins": (Permission.CLIENTS_VIEW, Permission.LOGINS_EDIT),
    "client_numbers": (Permission.NUMBERS_VIEW, Permission.NUMBERS_EDIT),
    "client_order_history": (Permission.ORDERS_VIEW, Permission.ORDERS_DECIDE),
    "client_pending_orders": (Permission.ORDERS_VIEW, Permission.ORDERS_DECIDE),
    "clients": (Permission.CLIENTS_VIEW, Permission.CLIENTS_EDIT),
    "did_groups": (Permission.NUMBERS_VIEW, Permission.NUMBERS_EDIT),
    "e911_groups": (Permission.NUMBERS_VIEW, Permission.NUMBERS_EDIT),
    "endpoint_groups": (Permission.NUMBERS_VIEW, Permission.NUMBERS_EDIT),
    "staff_members": (Permission.STAFF_EDIT, Permission.STAFF_EDIT),
    "tiers": (Permission.NUMBERS_VIEW, Permission.NUMBERS_EDIT),
    "dids": (Permission.NUMBERS_VIEW, Permission.NUMBERS_EDIT),
    "logins": (Permission.CLIENTS_VIEW, Permission.LOGINS_EDIT),
    "mail": (Permission.MAIL_VIEW, Permission.MAIL_RESEND),
    "order_history": (Permission.ORDERS_VIEW, Permission.ORDERS_DECIDE),
    "pending_orders": (Permission.ORDERS_VIEW, Permission.ORDERS_DECIDE),
}
"""Flask-Admin's lists: what opens them to look, and what to change."""

_LOOKS = ("index_view", "details_view", "export", "ajax_lookup")
_CHANGES = ("create_view", "edit_view", "delete_view", "action_view", "ajax_update")

ROUTES: dict[str, Access] = {
    "static": ANYONE,
    "admin.static": ANYONE,
    "front_door": ANYONE,
    "health.healthz": ANYONE,
    "health.readyz": ANYONE,
    "staff.sign_in": ANYONE,
    "staff.forgotten": ANYONE,
    "staff.set_password": ANYONE,
    "staff.sign_out": ANYONE,
    "portal.sign_in": ANYONE,
    "portal.forgotten": ANYONE,
    "portal.set_password": ANYONE,
    "portal.brand_css": ANYONE,
    "portal.logo": ANYONE,
    "portal.sign_out": LOGIN,
    "portal.first_page": LOGIN,
    "portal.numbers": LOGIN,
    "portal.order_numbers": LOGIN,
    "portal.review_numbers": LOGIN,
    "portal.send_numbers": LOGIN,
    "portal.orders": LOGIN,
    "portal.order": LOGIN,
    "portal.cancel_order": LOGIN,
    "admin.index": STAFF,
    "orders.index": Permission.ORDERS_VIEW,
    "orders.show": Permission.ORDERS_VIEW,
    "orders.add_note": Permission.ORDERS_VIEW,
    "reject_reasons.index": Permission.ORDERS_VIEW,
    "portal.add_note": LOGIN,
    "orders.approve": Permission.ORDERS_DECIDE,
    "orders.reject": Permission.ORDERS_DECIDE,
    "orders.undo_rejection": Permission.ORDERS_DECIDE,
    "orders.retry": Permission.ORDERS_DECIDE,
    "did_groups.remove_view": Permission.NUMBERS_EDIT,
    "e911_groups.remove_view": Permission.NUMBERS_EDIT,
    "endpoint_groups.remove_view": Permission.NUMBERS_EDIT,
    "tiers.remove_view": Permission.NUMBERS_EDIT,
    "prices.index": Permission.NUMBERS_VIEW,
    "dids.batch": Permission.NUMBERS_EDIT,
    "client_numbers.batch": Permission.NUMBERS_EDIT,
    "client.overview": Permission.CLIENTS_VIEW,
    "client.edit": Permission.CLIENTS_EDIT,
    "client.standing": Permission.CLIENTS_EDIT,
    "client_pending_orders.decide": Permission.ORDERS_DECIDE,
    "pending_orders.decide": Permission.ORDERS_DECIDE,
    "logins.impersonate_view": Permission.IMPERSONATE,
    "portal.impersonate": ANYONE,
    "portal.end_impersonation": LOGIN,
    "logins.preview_view": Permission.LOGINS_EDIT,
    "logins.send_again_view": Permission.LOGINS_EDIT,
    "logins.disable_view": Permission.LOGINS_EDIT,
    "logins.enable_view": Permission.LOGINS_EDIT,
    "mail.body_view": Permission.MAIL_VIEW,
    "mail.resend_view": Permission.MAIL_RESEND,
    "staff_members.send_again_view": Permission.STAFF_EDIT,
    "staff_members.disable_view": Permission.STAFF_EDIT,
    "staff_members.enable_view": Permission.STAFF_EDIT,
    "staff_members.end_sessions_view": Permission.STAFF_EDIT,
    "did_import.index": Permission.NUMBERS_EDIT,
    "did_import.upload": Permission.NUMBERS_EDIT,
    "did_import.sample": Permission.NUMBERS_EDIT,
    "did_import.show": Permission.NUMBERS_EDIT,
    "did_import.preview_again": Permission.NUMBERS_EDIT,
    "did_import.confirm": Permission.NUMBERS_EDIT,
    "did_import.report": Permission.NUMBERS_EDIT,
}
for _name, (_look, _change) in _LISTS.items():
    ROUTES |= {f"{_name}.{view}": _look for view in _LOOKS}
    ROUTES |= {f"{_name}.{view}": _change for view in _CHANGES}
