"""One number of the client: what it does, and asking for a change of a service (P26).

The services, their fields and checks are ``catalog``; what may be changed is ``policy``. A change
is an order like any other: nothing happens to the number before it is approved.
"""

from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, request
from sqlalchemy import select

import catalog
import display
import policy
from catalog import Invalid, Service
from columns import now
from extensions import db
from lines import Request
from models import Client, Did, E911Record, Order, OrderLine
from policy import Refused
from portal import asked, number_search, sending, stock
from portal.access import actor, blueprint, current_client, own, requires_order_requests
from portal.e911 import STATUSES
from portal.numbers import STATES
from usage import reports
from usage.reports import Sums

RECENT = 10


@dataclass(frozen=True)
class Row:
    """A service of the number as its page shows it."""

    key: str
    label: str
    summary: str
    words: str
    is_on: bool
    may_change: bool
    order: str | None


def mine(digits: str) -> Did:
    """Fetch a number of the client by its digits, in any spelling; 404 for any other."""
    known = display.to_e164(digits)
    return own(Did, number=known) if known else abort(404)


@blueprint.get("/numbers/<digits>")
def number(digits: str) -> Any:
    """Show one number: its services with their values, its 911 address, its orders."""
    return show(mine(digits))


def show(did: Did, label_problem: str | None = None) -> str:
    """Show one number's page, with a sentence where its label could not be."""
    client, typed = current_client(), request.form.get("label")
    return render_template(
        "portal/numbers/number.html",
        did=did,
        place=stock.place(did),
        state=STATES[did.status],
        services=_services(did),
        label=number_search.label_of(did),
        typed_label=typed if typed is not None else did.client_label or "",
        label_problem=label_problem,
        may_label=actor().may_request,
        e911=_e911(did),
        e911_words=STATUSES,
        shows_e911=policy.kind_problem(policy.settings_of(client), "e911_provision") is None,
        month=_month_to_date(client, did),
        orders=_orders(did),
        kinds=catalog.KINDS,
        may_release=_may_release(),
    )


def _month_to_date(client: Client, did: Did) -> Sums:
    span = reports.month_to_date(reports.today(client.reseller.time_zone, now()))
    return reports.of_number(span, client.id, did.number) or Sums()


def _may_release() -> bool:
    settings = policy.settings_of(current_client())
    return actor().may_request and policy.kind_problem(settings, "did_release") is None


@blueprint.route("/numbers/<digits>/<service>", methods=["GET", "POST"])
@requires_order_requests
def change_service(digits: str, service: str) -> Any:
    """Ask for a service to be set, changed or turned off on one number."""
    did, wanted = mine(digits), allowed(service)
    unfit = wanted.fits(did)
    if unfit:
        abort(403, unfit)
    problems: dict[str, str] = {}
    sentence = None
    if request.method == "POST":
        try:
            return _send(did, wanted)
        except Invalid as wrong:
            problems = wrong.problems
        except Refused as refused:
            db.session.rollback()
            did, sentence = mine(digits), refused.sentence
    page = render_template(
        "portal/numbers/service.html", **_form(did, wanted), problems=problems, sentence=sentence
    )
    return page, 409 if sentence else 422 if problems else 200


def allowed(key: str) -> Service:
    """Give a service that the client may change; 404 for none, 403 for one that is off (P15)."""
    service = catalog.SERVICES.get(key) or abort(404)
    problem = policy.kind_problem(policy.settings_of(current_client()), key)
    if problem:
        abort(403, problem)
    return service


def _send(did: Did, service: Service) -> Any:
    is_off = request.form.get("turn") == "off"
    # Checked here too, so that each sentence stands beside its field.
    settings = None if is_off else service.clean(request.form, did.number)
    order = sending.submit(service.key, [Request(did.number, settings)])
    db.session.commit()
    return sending.done(order)


def _form(did: Did, service: Service) -> dict[str, Any]:
    now_on = {row.service: row for row in did.services}
    current = now_on.get(service.key)
    price = policy.facts([did.number]).prices.get(service.key)
    rivals = [catalog.label(key) for key in catalog.rivals(service) if key in now_on]
    again = asked.earlier()
    wanted = asked.settings(again, service.key, did.number)
    kept = wanted or (current.settings if current else {})
    return {
        "did": did,
        "service": service,
        "words": catalog.words(service.key, current.settings if current else None),
        "is_on": current is not None,
        "typed": request.form if request.method == "POST" else kept,
        "again": again,
        "again_off": again is not None and wanted is None,
        "rivals": rivals,
        "release": _open_slots(did).get(catalog.DID),
        "monthly_micros": price.monthly_micros if price else 0,
        "setup_micros": price.setup_micros if price else 0,
        "approves_itself": sending.approves_itself(service.key),
        "note": asked.note(again, sending.MOST_NOTE),
        "key": sending.key(),
    }


def _services(did: Did) -> list[Row]:
    now_on = {row.service: row for row in did.services}
    settings, open_ = policy.settings_of(current_client()), _open_slots(did)
    may_request = actor().may_request
    found = []
    for service in catalog.SERVICES.values():
        row = now_on.get(service.key)
        is_allowed = policy.kind_problem(settings, service.key) is None
        if row is None and (service.fits(did) or not is_allowed):
            continue
        order = open_.get(service.place)
        found.append(
            Row(
                service.key,
                service.label,
                service.summary,
                catalog.words(service.key, row.settings if row else None),
                row is not None,
                may_request and is_allowed and order is None,
                order,
            )
        )
    return found


def _open_slots(did: Did) -> dict[str, str]:
    """Name the order that is under way for each slot of the number (P24)."""
    rows = db.session.execute(
        select(OrderLine.slot, Order.number)
        .join(OrderLine.order)
        .where(OrderLine.number == did.number, OrderLine.is_open)
    )
    return dict(rows.all())  # type: ignore[arg-type]


def _e911(did: Did) -> E911Record | None:
    return db.session.scalar(
        select(E911Record).where(
            E911Record.number == did.number,
            E911Record.client_id == current_client().id,
            E911Record.removed_at.is_(None),
        )
    )


def _orders(did: Did) -> list[Order]:
    lines = select(OrderLine.order_id).where(OrderLine.number == did.number)
    mine = select(Order).where(Order.client_id == current_client().id, Order.id.in_(lines))
    return list(db.session.scalars(mine.order_by(Order.id.desc()).limit(RECENT)))
