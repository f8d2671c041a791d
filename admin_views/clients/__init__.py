"""The screens of clients: the list, a client's page, and the tabs of it."""

from admin_views.clients.page import ClientPage
from admin_views.clients.rows import Clients
from admin_views.clients.tabs import tabs

__all__ = ["ClientPage", "Clients", "tabs"]
