"""Order settings: checked, saved, copied and foreseen, for a client or for new clients.

What they allow is ``policy``. Nothing here commits or looks at a request.
"""

from order_settings.foreseeing import Affected, Glance, Waiting, affected, glance, warnings
from order_settings.saving import Stale, change, copy, defaults, trial
from order_settings.values import (
    APPROVALS,
    MOST_PER_ORDER,
    REQUIREMENTS,
    Values,
    differences,
    read,
    requirement_words,
    typed_of,
    values_of,
)

__all__ = [
    "APPROVALS",
    "MOST_PER_ORDER",
    "REQUIREMENTS",
    "Affected",
    "Glance",
    "Stale",
    "Values",
    "Waiting",
    "affected",
    "change",
    "copy",
    "defaults",
    "differences",
    "glance",
    "read",
    "requirement_words",
    "trial",
    "typed_of",
    "values_of",
    "warnings",
]
