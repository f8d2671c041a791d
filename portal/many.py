"""One service for many numbers at once (P26): who takes it, who cannot and why; one order.

Which numbers were chosen is ``choosing``; the order is like any other, with a line for each number.
"""

from collections.abc import Sequence
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for

from catalog import Invalid, Service
from extensions import db
from lines import Request
from models import ServicePrice
from policy import Refused
from portal import asked, choosing, number, number_search, sending
from portal.access import blueprint, current_client, requires_order_requests


@blueprint.get("/numbers/many")
@requires_order_requests
def review_many() -> Any:
    """Show the chosen numbers with the form of the chosen service."""
    if not request.args.get("service"):
        return back_to_list("Choose the service that you want to change.")
    service = number.allowed(request.args["service"])
    try:
        wanted = choosing.asked(current_client(), request.args)
    except Refused as refused:
        return back_to_list(refused.sentence)
    return _page(service, wanted, wanted)


@blueprint.post("/numbers/many")
@requires_order_requests
def change_many() -> Any:
    """Send one order for the ticked numbers; what cannot be comes back with its sentence."""
    service = number.allowed(request.form.get("service", ""))
    ticked = choosing.read(request.form, "n")
    shown = sorted({*choosing.read(request.form, "shown"), *ticked})
    try:
        return _send(service, ticked)
    except Invalid as wrong:
        return _page(service, shown, ticked, wrong=wrong), 422
    except Refused as refused:
        db.session.rollback()
        return _page(service, shown, ticked, refused=refused), 409


def back_to_list(sentence: str) -> Any:
    """Go back to the list, with its search, and say what was missing."""
    flash(sentence, "warning")
    wanted: dict[str, Any] = dict(number_search.read(request.args).args)
    return redirect(url_for("portal.numbers", **wanted), 303)


def _send(service: Service, ticked: Sequence[str]) -> Any:
    if not ticked:
        raise Refused("Choose at least one number: tick its box.")
    choosing.check_count(current_client(), len(ticked))
    is_off = request.form.get("turn") == "off"
    # Checked here too, without any number, so that each sentence stands beside its field.
    settings = None if is_off else service.clean(request.form, "")
    order = sending.submit(service.key, [Request(one, settings) for one in ticked])
    if request.form.get("seen", "") not in ("", _price_mark(choosing.price_of(service))):
        raise Refused("The price has changed since you opened this page. Look at it again.")
    db.session.commit()
    return sending.done(order)


def _page(
    service: Service,
    shown: Sequence[str],
    ticked: Sequence[str],
    *,
    wrong: Invalid | None = None,
    refused: Refused | None = None,
) -> str:
    client, gone = current_client(), refused.problems if refused else {}
    dids = choosing.find(client, shown[: choosing.most(client)])
    price, again = choosing.price_of(service), asked.earlier()
    wanted = asked.settings(again, service.key)
    found = choosing.candidates(service, dids, price, gone)
    if gone and all(one.reason for one in found):
        # Nothing would be left of the form, nor of what was typed in it.
        found, gone = choosing.candidates(service, dids, price), {}
    can = [one for one in found if one.reason is None]
    return render_template(
        "portal/numbers/many.html",
        service=service,
        can=can,
        cannot=[one for one in found if one.reason],
        ticked=set(ticked),
        gone=gone,
        sentence=refused.sentence if refused and not gone else None,
        problems=wrong.problems if wrong else {},
        typed=request.form if request.method == "POST" else wanted or {},
        again=again,
        again_off=again is not None and wanted is None,
        price=price,
        monthly_micros=sum(one.monthly_micros for one in can),
        setup_micros=sum(one.setup_micros for one in can),
        approves_itself=sending.approves_itself(service.key),
        note=asked.note(again, sending.MOST_NOTE),
        key=sending.key(),
        seen="" if g.brand.hide_prices else _price_mark(price),
    )


def _price_mark(price: ServicePrice | None) -> str:
    """Note the price that a person saw, so that no other is ordered."""
    return f"{price.monthly_micros}/{price.setup_micros}" if price else "0/0"
