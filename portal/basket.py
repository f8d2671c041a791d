"""The numbers that a client has chosen but not ordered; they live in the address, nowhere else.

A choice thus survives paging, new searches, a reload and a browser without JavaScript, and nothing
is written before the order is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import display
import policy
from models import Client, OrderSettings
from portal import stock
from portal.stock import Offer

MOST = 300
"""More is never carried along: an address has an end. The client's own limit is lower."""


@dataclass(frozen=True)
class Basket:
    """What was chosen: the offers that still stand, and a sentence for each that does not."""

    offers: list[Offer]
    gone: dict[str, str]

    @property
    def numbers(self) -> list[str]:
        """List the numbers that can still be ordered."""
        return [offer.number for offer in self.offers]

    @property
    def digits(self) -> str:
        """Give the choice as it stands in an address."""
        return as_digits(self.numbers)

    @property
    def monthly_micros(self) -> int:
        """Add up what they would come to a month."""
        return sum(offer.monthly_micros for offer in self.offers)

    @property
    def setup_micros(self) -> int:
        """Add up what they would come to once."""
        return sum(offer.setup_micros for offer in self.offers)


def chosen(values: Any) -> list[str]:
    """Read the chosen numbers of an address or a form: ``n`` for each, ``chosen`` for many.

    They come in one order however they were chosen, so that the same choice is the same order.
    """
    typed = [*values.getlist("n"), *".".join(values.getlist("chosen")).split(".")]
    numbers = (display.to_e164(text) for text in typed)
    return sorted({number for number in numbers if number})[:MOST]


def chosen_one(typed: str | None) -> str | None:
    """Read one number of a form."""
    return display.to_e164(typed)


def as_digits(numbers: Sequence[str]) -> str:
    """Write numbers as an address carries them: ten digits each, with dots between."""
    return ".".join(number[2:] for number in numbers)


def look(
    client: Client,
    settings: OrderSettings,
    numbers: Sequence[str],
    known: Mapping[str, str] | None = None,
) -> Basket:
    """See which of the chosen numbers still stand; ``known`` has sentences found earlier."""
    gone = dict(known or {})
    offers = stock.these(settings, [number for number in numbers if number not in gone])
    standing = {offer.number for offer in offers}
    missing = [number for number in numbers if number not in standing and number not in gone]
    return Basket(offers, gone | _reasons(client, missing))


def _reasons(client: Client, missing: Sequence[str]) -> dict[str, str]:
    if not missing:
        return {}
    facts = policy.facts(missing)
    return {
        number: policy.line_problem("did_order", client, number, facts)
        or f"{display.number(number)} is no longer available."
        for number in missing
    }
