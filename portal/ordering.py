"""Order numbers: find them, choose them, look at the order, send it.

What can be found is ``stock``; what was chosen is ``basket``; whether it may be is ``policy``, and
``workflow`` takes the order. Nothing is written before Keep or Send order.
"""

from typing import Any

from flask import abort, g, redirect, render_template, request

import holds
import policy
from extensions import db
from lines import Request
from models import Client, Order, OrderSettings
from policy import Refused
from portal import asked, basket, held, loosen, paging, sending, stock
from portal import search as searches
from portal.access import actor, blueprint, current_client, requires_order_requests
from portal.basket import Basket

KIND = "did_order"


@blueprint.get("/order-numbers")
def order_numbers() -> Any:
    """Find numbers and choose among them."""
    client = current_client()
    settings = _settings(client)
    search = searches.read(request.args, request.args.getlist("feature"))
    page = paging.asked()
    places = stock.in_stock(settings)
    offers, count = stock.find(settings, search, places, page)
    last_page = -(-count // stock.PAGE)
    if page > last_page > 0:
        return redirect(paging.url_of(last_page))
    chosen = basket.look(client, settings, basket.chosen(request.args))
    here = {offer.number for offer in offers}
    return render_template(
        "portal/order_numbers/search.html",
        search=search,
        choices=stock.choices(settings, places),
        spots=searches.SPOTS,
        has_stock=bool(offers) or stock.has_any(settings),
        ways=[] if offers else loosen.ways(settings, search, places),
        offers=offers,
        count=count,
        count_cap=stock.COUNT_CAP,
        page=page,
        page_size=stock.PAGE,
        last_page=last_page,
        chosen=chosen,
        elsewhere=Basket([offer for offer in chosen.offers if offer.number not in here], {}),
        most=settings.max_numbers_per_order,
        may_choose=actor().may_request,
    )


@blueprint.get("/order-numbers/review")
@requires_order_requests
def review_numbers() -> Any:
    """Show what is about to be ordered, with its price and what happens next."""
    client = current_client()
    settings = _settings(client)
    return _review(client, settings, basket.look(client, settings, basket.chosen(request.args)))


@blueprint.post("/order-numbers/review")
@requires_order_requests
def send_numbers() -> Any:
    """Send the order, or keep or remove numbers; what has gone comes back with its sentence."""
    client = current_client()
    settings = _settings(client)
    numbers = basket.chosen(request.form)
    removed = basket.chosen_one(request.form.get("remove"))
    if removed:
        holds.let_go(client, removed)
        rest = [number for number in numbers if number != removed]
        page = _review(client, settings, basket.look(client, settings, rest))
        db.session.commit()
        return page
    if "keep" in request.form:
        return _keep(client, settings, numbers)
    try:
        order = _send(client, numbers)
    except Refused as refused:
        db.session.rollback()
        return _refused(refused, numbers)
    db.session.commit()
    return sending.done(order)


def _keep(client: Client, settings: OrderSettings, numbers: list[str]) -> Any:
    """Keep the chosen numbers for half an hour, so that nobody else orders them meanwhile."""
    try:
        holds.keep(client, numbers)
    except Refused as refused:
        db.session.rollback()
        chosen = basket.look(client, settings, numbers)
        return _review(client, settings, chosen, refused.sentence), 409
    page = _review(client, settings, basket.look(client, settings, numbers))
    db.session.commit()
    return page


def _send(client: Client, numbers: list[str]) -> Order:
    order = sending.submit(KIND, [Request(number) for number in numbers])
    seen = request.form.get("seen", "")
    if seen and seen != _price_mark(order):
        raise Refused("The price has changed since you opened this page. Look at it again.")
    return order


def _refused(refused: Refused, numbers: list[str]) -> Any:
    """Show the review again: the sentences beside their numbers, everything else kept."""
    client = current_client()
    settings = _settings(client)
    chosen = basket.look(client, settings, numbers, refused.problems)
    sentence = None if refused.problems else refused.sentence
    return _review(client, settings, chosen, sentence, was_refused=True), 409


def _review(
    client: Client,
    settings: OrderSettings,
    chosen: Basket,
    sentence: str | None = None,
    *,
    was_refused: bool = False,
) -> str:
    count, again = len(chosen.offers), asked.earlier()
    limit = policy.order_problem(client, KIND, count, chosen.monthly_micros) if count else None
    return render_template(
        "portal/order_numbers/review.html",
        chosen=chosen,
        limit=limit,
        sentence=sentence,
        was_refused=was_refused,
        approves_itself=sending.approves_itself(KIND),
        held_for=held.usual(client.reseller),
        kept=held.basket(client, chosen.numbers),
        again=again,
        note=asked.note(again, sending.MOST_NOTE),
        most_note=sending.MOST_NOTE,
        key=sending.key(),
        seen="" if g.brand.hide_prices else _price_mark(chosen),
    )


def _price_mark(priced: Basket | Order) -> str:
    """Note the price that a person saw, so that no other is ordered."""
    return f"{priced.monthly_micros}/{priced.setup_micros}"


def _settings(client: Client) -> OrderSettings:
    """Give the client's settings, or refuse the address where ordering is off (P15)."""
    settings = policy.settings_of(client)
    problem = policy.kind_problem(settings, KIND)
    if problem:
        abort(403, problem)
    return settings
