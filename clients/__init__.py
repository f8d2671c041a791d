"""The verbs of clients and their logins: create, change, invite, disable; screens only ask.

What a person typed is checked here, field by field, and answered with a sentence for each
(``catalog.Invalid``). Nothing here commits or looks at a request.
"""

from clients.companies import change, create
from clients.logins import (
    add_login,
    change_login,
    disable,
    draft_login,
    enable,
    invite_again,
    nobody_yet,
)

__all__ = [
    "add_login",
    "change",
    "change_login",
    "create",
    "disable",
    "draft_login",
    "enable",
    "invite_again",
    "nobody_yet",
]
