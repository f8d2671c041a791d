"""What a carrier is to Portico: it is asked to do a job, and answers now or later.

A job may be asked for again after a crash or a lost answer; ``Job.key`` stays the same, so that a
carrier does it once.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Outcome(StrEnum):
    """What a carrier says of a job."""

    DONE = "done"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True)
class Job:
    """One line to carry out, as plain data: nothing of the database goes to a carrier."""

    key: str
    number: str
    current: dict[str, Any]
    requested: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A carrier's answer; ``reason`` is a sentence for staff when it refused."""

    outcome: Outcome
    reason: str | None = None


class Carrier(Protocol):
    """Where approved orders are carried out."""

    answers_at_once: bool
    """True when a job needs no network: it then runs in the transaction of the approval."""

    def carry_out(self, job: Job) -> Answer:
        """Do the job, or say that it is under way, or refuse it.

        Doing the same key twice must be as doing it once. An exception means that nobody knows:
        the job is asked for again.
        """
        ...
