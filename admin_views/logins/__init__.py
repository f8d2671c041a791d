"""The screens of logins: the list, and each login's page."""

from admin_views.logins.page import Logins
from admin_views.logins.rows import LoginRows

__all__ = ["LoginRows", "Logins"]
