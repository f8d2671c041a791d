"""What a client calls its numbers: a name of its own, which nobody has to approve (P26).

A label changes nothing that a number does and nothing that is paid, so it is no order; that it was
written is recorded all the same. One is written on a number's page, many by a file.
"""

from typing import Any

from flask import flash, redirect, request, url_for

import audit
import display
from clients import typed
from extensions import db
from models import Did
from portal import number
from portal.access import actor, blueprint, requires_order_requests

LONGEST = 80


@blueprint.post("/numbers/<digits>/label")
@requires_order_requests
def label_number(digits: str) -> Any:
    """Call a number something, or nothing any more."""
    did = number.mine(digits)
    text = typed.line_of(request.form.get("label"))
    sentence = problem(text)
    if sentence:
        return number.show(did, label_problem=sentence), 422
    if write(did, text):
        db.session.commit()
        shown = display.number(did.number)
        flash(f"{shown} is called {text} now." if text else f"{shown} has no label.", "success")
    return redirect(url_for("portal.number", digits=did.number[2:]), 303)


def problem(text: str | None) -> str | None:
    """Say why a number cannot be called that; None when it can."""
    if len(text or "") <= LONGEST:
        return None
    return f"Write at most {LONGEST} characters; these are {len(text or '')}."


def write(did: Did, text: str | None) -> bool:
    """Call a number something, and record it; tell whether it had another label."""
    if text == did.client_label:
        return False
    audit.record("did.labelled", did, actor(), client_label=[did.client_label, text])
    did.client_label = text
    return True
