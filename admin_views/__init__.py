"""The back office; this file reads as its menu."""

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme

from admin_views import base, menu, sign_in, two_factor
from admin_views.audit import Audit
from admin_views.clients import ClientPage, Clients, tabs
from admin_views.company import Company
from admin_views.did_import import Import
from admin_views.e911 import E911Records
from admin_views.e911_missing import NumbersWithout911
from admin_views.first_page import FirstPage
from admin_views.groups import DidGroups, E911Groups, EndpointGroups
from admin_views.help import Help
from admin_views.logins import Logins
from admin_views.mail import Mails
from admin_views.money import ClientAlerts, ClientCharges, ClientStatements, Months
from admin_views.numbers import Inventory
from admin_views.order_settings import ClientOrderSettings, OrderSettingsRows
from admin_views.orders import (
    OrderHistory,
    OrderPage,
    OrderReceipt,
    PendingOrders,
    RejectReasons,
)
from admin_views.portal_settings import PortalSettingsPage
from admin_views.ports import PortPage, Ports, PortWords
from admin_views.profile import Profile
from admin_views.rates import PriceAgain, RateDecks, RatePlans
from admin_views.retention import Retention
from admin_views.search import Search
from admin_views.staff_members import StaffMembers
from admin_views.tiers import Prices, Tiers
from admin_views.usage import CdrFormats, CdrImports, Unassigned, UnusedNumbers, Usage, imports

BACK_OFFICE = "Back Office"


def init_app(app: Flask) -> None:
    """Register the sign-in pages and every screen of the menu, in its order."""
    app.register_blueprint(sign_in.blueprint)
    app.before_request(base.refuse_strange_way_back)
    menu.init_app(app)
    imports.init_app(app)
    two_factor.init_app(app)
    admin = Admin(
        app,
        name=BACK_OFFICE,
        theme=Theme(folder="office", base_template="admin/frame.html"),
        index_view=FirstPage(name="First Page", url="/admin", menu_icon_value="home"),
    )
    for screen in screens():
        admin.add_view(screen)


def screens() -> list[object]:
    """List the screens as the menu shows them."""
    return [
        Search(),
        Clients(),
        ClientPage(),
        *tabs(),
        Logins(),
        PendingOrders(),
        OrderHistory(),
        OrderSettingsRows(),
        ClientOrderSettings(),
        OrderPage(),
        OrderReceipt(),
        RejectReasons(),
        Mails(),
        Usage(),
        CdrImports(),
        CdrFormats(),
        Unassigned(),
        UnusedNumbers(),
        RatePlans(),
        RateDecks(),
        PriceAgain(),
        Months(),
        ClientCharges(),
        ClientStatements(),
        ClientAlerts(),
        Inventory(),
        Import(),
        DidGroups(),
        EndpointGroups(),
        Tiers(),
        Prices(),
        E911Groups(),
        E911Records(),
        NumbersWithout911(),
        Ports(),
        PortPage(),
        PortWords(),
        PortalSettingsPage(),
        Company(),
        Retention(),
        StaffMembers(),
        Audit(),
        Profile(),
        Help(),
        two_factor.TwoFactor(),
    ]
