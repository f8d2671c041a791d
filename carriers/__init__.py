"""Which carriers there are; a reseller names one of them."""

from carriers.base import Answer, Carrier, Job, Outcome
from carriers.inventory import EmbeddedCarrier
from models import Reseller

CARRIERS: dict[str, Carrier] = {"inventory": EmbeddedCarrier()}


def of(reseller: Reseller) -> Carrier:
    """Look up the carrier of a reseller; raises KeyError for one that is not installed."""
    return CARRIERS[reseller.carrier]


__all__ = ["CARRIERS", "Answer", "Carrier", "Job", "Outcome", "of"]
