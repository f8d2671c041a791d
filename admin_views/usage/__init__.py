"""The screens of usage: over all clients, a client's tab, call files, and what stands out."""

from admin_views.usage.client import ClientUsage
from admin_views.usage.formats import CdrFormats
from admin_views.usage.imports import CdrImports
from admin_views.usage.insights import Unassigned, UnusedNumbers
from admin_views.usage.overview import Usage

__all__ = ["CdrFormats", "CdrImports", "ClientUsage", "Unassigned", "UnusedNumbers", "Usage"]
