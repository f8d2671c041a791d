"""The screens of usage: the report over all clients, a client's tab, call files."""

from admin_views.usage.client import ClientUsage
from admin_views.usage.imports import CdrImports
from admin_views.usage.overview import Usage

__all__ = ["CdrImports", "ClientUsage", "Usage"]
