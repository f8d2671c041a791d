"""Order Settings: the tab of a client, the list across clients, and what new clients begin with."""

from admin_views.order_settings.page import ClientOrderSettings
from admin_views.order_settings.rows import OrderSettingsRows

__all__ = ["ClientOrderSettings", "OrderSettingsRows"]
