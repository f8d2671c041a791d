"""Rate plans on screen: the list, a plan's page with its rates, files of rates, and who has it."""

from admin_views.rates.again import PriceAgain
from admin_views.rates.decks import RateDecks
from admin_views.rates.plans import RatePlans

__all__ = ["PriceAgain", "RateDecks", "RatePlans"]
