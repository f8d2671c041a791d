"""Numbers > Ports: the list, a port's page, and the words that ports use."""

from admin_views.ports.page import PortPage
from admin_views.ports.rows import Ports
from admin_views.ports.wording import PortWords

__all__ = ["PortPage", "PortWords", "Ports"]
