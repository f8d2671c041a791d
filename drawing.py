"""What stands on pages again and again, drawn once or in Python: icons, the menu, cells of sums."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from flask import Flask, current_app, url_for
from markupsafe import Markup, escape

import display

SPRITE = "icons.svg"

ORDER_STATES = {
    "pending": ("azure", "clock"),
    "approved": ("blue", "hourglass"),
    "completed": ("green", "circle-check"),
    "failed": ("red", "alert-triangle"),
    "rejected": ("orange", "circle-x"),
    "cancelled": ("secondary", "ban"),
}
"""The colour and the icon of the badge of an order's state."""


class Entry(NamedTuple):
    """One line of a menu: where it leads, under which section, and how many wait there."""

    label: str
    url: str
    icon: str | None
    section: str | None = None
    active: bool = False
    badge: str | None = None


def icon(name: str, label: str | None = None) -> Markup:
    """Draw an icon of the sprite; without a label it is hidden from who cannot see it."""
    return _icon(url_for("static", filename=SPRITE), name, label)


@lru_cache(maxsize=1024)
def _icon(sprite: str, name: str, label: str | None) -> Markup:
    said = Markup('role="img" aria-label="{}"').format(label) if label else 'aria-hidden="true"'
    address = f"{sprite}#{name}"
    return Markup(  # noqa: S704  Every value was escaped.
        f'<svg class="icon" {said}><use href="{escape(address)}"></use></svg>'
    )


def order_state(state: str) -> Markup:
    """Draw the badge of an order's state."""
    return state_badge(state.capitalize(), *ORDER_STATES[state])


def state_badge(words: str, look: str, symbol: str) -> Markup:
    """Draw the badge of a state: its words, its colour and its icon."""
    return Markup(  # noqa: S704  Every value is escaped or ours.
        f'<span class="badge bg-{look}-lt state">{icon(symbol)} {escape(words)}</span>'
    )


def menu(entries: tuple[Entry, ...]) -> Markup:
    """Draw a menu; people who see the same one share the drawing."""
    app: Any = current_app
    kept = app.extensions["menus"]
    sprite = url_for("static", filename=SPRITE)
    drawn: Markup | None = kept.get((sprite, entries))
    if drawn is None:
        template = app.jinja_env.get_template("frame/_menu.html")
        drawn = Markup(template.render(entries=entries))  # noqa: S704  Jinja escaped it.
        if len(kept) >= MOST_MENUS:
            kept.clear()
        kept[sprite, entries] = drawn
    return drawn


MOST_MENUS = 500


def options(offered: Iterable[tuple[Any, Any]], chosen: str) -> Markup:
    """Draw the options of a choice; a list of clients has hundreds, and seldom others."""
    return _options(tuple((str(value), str(label)) for value, label in offered), chosen)


@lru_cache(maxsize=256)
def _options(offered: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    drawn = [
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(label)}</option>"
        for value, label in offered
    ]
    return Markup("".join(drawn))  # noqa: S704  Values and labels were escaped.


def sums(found: Any, cost: bool = True) -> Markup:
    """Draw the cells of sums (``usage.reports.Sums``): what was used, its cost, what it brings.

    A page has hundreds of them, and a macro takes ten times as long.
    """
    shown = [
        ("Calls", f"{found.calls:,}"),
        ("Minutes", found.minutes),
        ("Messages", f"{found.messages:,}"),
    ]
    sign = str(escape(display.sign()))
    if cost:
        shown.append(("Cost", display.amount(found.cost_micros, sign)))
    shown.append(("Price", display.amount(found.price_micros, sign)))
    if cost:
        shown.append(("Margin", display.amount(found.margin_micros, sign)))
    return Markup(  # noqa: S704  Only numbers, and the sign was escaped.
        "".join([f'<td data-label="{name}" class="num">{text}</td>' for name, text in shown])
    )


def init_app(app: Flask) -> None:
    """Give the templates what is drawn here."""
    app.extensions["menus"] = {}
    draws = {
        "draw_icon": icon,
        "draw_menu": menu,
        "draw_sums": sums,
        "draw_order_state": order_state,
        "draw_options": options,
    }
    app.jinja_env.globals.update(draws)
