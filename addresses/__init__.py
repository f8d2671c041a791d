"""Which address validators there are; a reseller names one of them."""

import logging
from collections.abc import Mapping
from typing import Any

from addresses.base import Address, Answer, Validator, Verdict
from addresses.embedded import EmbeddedValidator
from extensions import db
from models import Reseller

EMBEDDED = EmbeddedValidator()
VALIDATORS: dict[str, Validator] = {"embedded": EMBEDDED}


def check(reseller: Reseller, address: Mapping[str, Any]) -> Answer:
    """Ask a reseller's validator about a well-formed address, before anything is written.

    One that cannot be reached must not keep an address from being sent: the embedded one answers.
    """
    validator = VALIDATORS[reseller.address_validator]
    if not validator.answers_at_once:
        # No lock is held while another machine is asked.
        db.session.rollback()
    try:
        return validator.check(address)
    except Exception:
        logging.getLogger(__name__).exception("The address validator did not answer.")
        return EMBEDDED.check(address)


__all__ = ["VALIDATORS", "Address", "Answer", "Validator", "Verdict", "check"]
