"""Money beside usage: charges, statements, spend alerts, and months that are closed."""

from admin_views.money.alerts import ClientAlerts
from admin_views.money.charges import ClientCharges
from admin_views.money.months import Months
from admin_views.money.statements import ClientStatements

__all__ = ["ClientAlerts", "ClientCharges", "ClientStatements", "Months"]
