"""What a client calls its numbers: a name of its own, which nobody has to approve (P26).

A label changes nothing that a number does and nothing that is paid, so it is no order; that it was
written is recorded all the same.
"""

from typing import Any

from flask import flash, redirect, request, url_for

import audit
import display
from clients import typed
from extensions import db
from portal import number
from portal.access import actor, blueprint, requires_order_requests

LONGEST = 80


@blueprint.post("/numbers/<digits>/label")
@requires_order_requests
def label_number(digits: str) -> Any:
    """Call a number something, or nothing any more."""
    did = number.mine(digits)
    text = typed.line_of(request.form.get("label"))
    if len(text or "") > LONGEST:
        sentence = f"Write at most {LONGEST} characters; these are {len(text or '')}."
        return number.show(did, label_problem=sentence), 422
    if text != did.client_label:
        audit.record("did.labelled", did, actor(), client_label=[did.client_label, text])
        did.client_label = text
        db.session.commit()
        shown = display.number(did.number)
        flash(f"{shown} is called {text} now." if text else f"{shown} has no label.", "success")
    return redirect(url_for("portal.number", digits=did.number[2:]), 303)
