"""The verbs of clients and their logins: create, change, suspend, invite, disable; screens ask.

What a person typed is checked here, field by field, and answered with a sentence for each
(``catalog.Invalid``). Nothing here commits or looks at a request.
"""

from clients.companies import change, create
from clients.logins import (
    add_login,
    change_login,
    demand_password,
    disable,
    draft_login,
    enable,
    invite_again,
    last_day,
    nobody_yet,
)
from clients.standing import Stakes, close, reopen, stakes, suspend

__all__ = [
    "Stakes",
    "add_login",
    "change",
    "change_login",
    "close",
    "create",
    "demand_password",
    "disable",
    "draft_login",
    "enable",
    "invite_again",
    "last_day",
    "nobody_yet",
    "reopen",
    "stakes",
    "suspend",
]
