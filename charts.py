"""Rows in, Plotly figures out: what is drawn, not how it is coloured; the page's script does that.

A figure is a plain dictionary, as Plotly's schema has it: the tests hold each to it by Plotly's own
package, which a web process need not carry (24 MB). Colours are names of the page's own palette
(``chart-1`` …), which follow the brand and dark mode; patterns tell series apart without colour.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import display

Figure = dict[str, Any]

HEIGHT = 260
USED, OWED = "Calls and messages", "Fees and adjustments"
HATCHED = {"pattern": {"shape": "/", "size": 7, "solidity": 0.4}, "line": {"width": 1.5}}
"""How fees are told from calls without colour."""


def money_by_day(
    used: Mapping[date, int], owed: Mapping[date, int], before: Sequence[int] = ()
) -> Figure:
    """Draw calls by day as bars, fees and adjustments hatched upon them, an earlier range as line.

    ``used`` and ``owed`` map the same days to micro-units; ``before`` are micro-units in all, day
    by day from the first. What is nothing on every day is left out.
    """
    x = [day.isoformat() for day in used]
    series = {"used": [*used.values()], "owed": [*owed.values()], "before": [*before[: len(x)]]}
    shown = {name: micros for name, micros in series.items() if name == "used" or any(micros)}
    figure = _by_day(display.sign(), *shown)
    for trace, micros in zip(figure["data"], shown.values(), strict=True):
        trace |= {"x": x, "y": [_units(amount) for amount in micros]}
        if trace.get("name") == OWED:
            # A bar of no height would still draw its outline.
            trace["y"] = [amount or None for amount in trace["y"]]
    return figure


def money_by_name(rows: Mapping[str, int]) -> Figure:
    """Draw money by name as lying bars, the dearest on top; micro-units by name."""
    names = list(rows)[::-1]
    figure = _by_name(display.sign(), max(120, 40 + 34 * len(names)))
    figure["data"][0] |= {"x": [_units(rows[name]) for name in names], "y": names}
    return figure


def money_by_kind(rows: Mapping[str, int], apart: Collection[str]) -> Figure:
    """Draw money by kind as lying bars, the first kind on top; micro-units by the kind's name.

    The kinds ``apart`` are fees and adjustments: hatched, so that no colour is needed to tell.
    """
    names = list(rows)[::-1]
    figure = _by_kind(display.sign(), names)
    for trace, mine in zip(
        figure["data"],
        ([n for n in names if n not in apart], [n for n in names if n in apart]),
        strict=True,
    ):
        trace |= {"x": [_units(rows[name]) for name in mine], "y": mine, "showlegend": bool(mine)}
    return figure


def _by_day(sign: str, *shown: str) -> Figure:
    hover = f"{sign}%{{y:.2f}}"
    traces = {
        "used": {"type": "bar", "name": USED, "hovertemplate": hover},
        "owed": {"type": "bar", "name": OWED, "hovertemplate": hover, "marker": HATCHED},
        "before": {
            "type": "scatter",
            "name": "The month before, in all",
            "mode": "lines+markers",
            "line": {"dash": "dot"},
            "hovertemplate": hover,
        },
    }
    palette = {"used": "chart-1", "owed": "chart-2", "before": "chart-3"}
    return {
        "data": [traces[name] for name in shown],
        "layout": {
            "height": HEIGHT,
            "margin": {"l": 56, "r": 8, "t": 8, "b": 32},
            "yaxis": {"tickprefix": sign, "rangemode": "tozero", "fixedrange": True},
            "xaxis": {"type": "date", "tickformat": "%b %-d", "fixedrange": True},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
            "barmode": "relative",
            "bargap": 0.25,
            "hovermode": "x unified",
            "showlegend": len(shown) > 1,
        },
        "palette": [palette[name] for name in shown],
    }


def _by_name(sign: str, height: int) -> Figure:
    hover = f"{sign}%{{x:.2f}}<extra></extra>"
    return {
        "data": [{"type": "bar", "orientation": "h", "hovertemplate": hover}],
        "layout": {
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 32},
            "xaxis": {"tickprefix": sign, "rangemode": "tozero", "fixedrange": True},
            "yaxis": {"automargin": True, "fixedrange": True, "type": "category"},
            "showlegend": False,
        },
        "palette": ["chart-1"],
    }


def _by_kind(sign: str, names: list[str]) -> Figure:
    order = {"categoryorder": "array", "categoryarray": names}
    look = {
        "type": "bar",
        "orientation": "h",
        "hovertemplate": f"%{{y}}: {sign}%{{x:.2f}}<extra></extra>",
    }
    return {
        "data": [{"name": USED, **look}, {"name": OWED, "marker": HATCHED, **look}],
        "layout": {
            "height": max(150, 90 + 30 * len(names)),
            "margin": {"l": 8, "r": 8, "t": 8, "b": 32},
            "xaxis": {"tickprefix": sign, "rangemode": "tozero", "fixedrange": True},
            "yaxis": {"automargin": True, "fixedrange": True, "type": "category", **order},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom"},
            "barmode": "overlay",
            "bargap": 0.3,
        },
        "palette": ["chart-1", "chart-2"],
    }


def _units(micros: int) -> float:
    """Give an amount for a picture; figures that people read stand in the table beside it."""
    return round(micros / 1_000_000, 6)
