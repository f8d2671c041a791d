"""The verbs of ports: enter, move, date, explain, comment, complete; screens ask.

What a person typed is checked here, field by field, and answered with a sentence for each
(``catalog.Invalid``). Each step leaves one event in the port's story and one audit entry. Nothing
here commits or looks at a request.
"""

from ports.completing import Coming, coming, complete
from ports.entering import add_numbers, remove_numbers, save
from ports.moving import comment, move, set_foc, set_numbers
from ports.story import today
from ports.words import (
    ACTIVE,
    CANCELLED,
    COMPLETED,
    PERMANENT,
    QUESTION,
    furnish,
    reasons,
    remove_status,
    save_reasons,
    save_statuses,
    statuses,
)

__all__ = [
    "ACTIVE",
    "CANCELLED",
    "COMPLETED",
    "PERMANENT",
    "QUESTION",
    "Coming",
    "add_numbers",
    "coming",
    "comment",
    "complete",
    "furnish",
    "move",
    "reasons",
    "remove_numbers",
    "remove_status",
    "save",
    "save_reasons",
    "save_statuses",
    "set_foc",
    "set_numbers",
    "statuses",
    "today",
]
