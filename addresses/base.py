"""What an address validator is to Portico: it says what 911 would make of an address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

Address = dict[str, Any]
"""The parts of an address, by the names of ``catalog.ADDRESS``."""


class Verdict(StrEnum):
    """What a validator says of an address."""

    VALID = "valid"
    CORRECTED = "corrected"
    INVALID = "invalid"


@dataclass(frozen=True)
class Answer:
    """A validator's answer: the corrected form, or a sentence for each part that is wrong."""

    verdict: Verdict
    address: Address | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


class Validator(Protocol):
    """Where an emergency address is checked before an order is made of it."""

    answers_at_once: bool
    """True when a check needs no network: it may then run inside the request's transaction."""

    def check(self, address: Mapping[str, Any]) -> Answer:
        """Check an address that is well-formed; nothing is kept and nothing is registered.

        An exception means that nobody knows: the embedded validator is asked instead.
        """
        ...
