"""Rows in, Plotly figures out: what is drawn, not how it is coloured; the page's script does that.

A figure is a plain dictionary. Colours are names of the page's own palette (``chart-1`` …), which
follow the brand and dark mode; patterns tell series apart without colour.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

Figure = dict[str, Any]

HEIGHT = 260


def money_by_day(
    days: Mapping[date, int], before: Sequence[int] = (), *, name: str, name_before: str
) -> Figure:
    """Draw money by day as bars, with the days of an earlier range as a line.

    ``days`` maps a day to micro-units; ``before`` are micro-units day by day from the first.
    """
    import plotly.graph_objects as go

    x = [day.isoformat() for day in days]
    figure = go.Figure(
        layout={
            "height": HEIGHT,
            "margin": {"l": 56, "r": 8, "t": 8, "b": 32},
            "yaxis": {"tickprefix": "$", "rangemode": "tozero", "fixedrange": True},
            "xaxis": {"type": "date", "tickformat": "%b %-d", "fixedrange": True},
            "legend": {"orientation": "h", "y": 1.15},
            "bargap": 0.25,
            "hovermode": "x unified",
        },
    )
    figure.add_bar(
        x=x, y=[_units(micros) for micros in days.values()], name=name, hovertemplate="$%{y:.2f}"
    )
    if any(before):
        figure.add_scatter(
            x=x,
            y=[_units(micros) for micros in before[: len(x)]],
            name=name_before,
            mode="lines+markers",
            line={"dash": "dot"},
            hovertemplate="$%{y:.2f}",
        )
    return _plain(figure, ["chart-1", "chart-2"])


def money_by_name(rows: Mapping[str, int]) -> Figure:
    """Draw money by name as lying bars, the dearest on top; micro-units by name."""
    import plotly.graph_objects as go

    names = list(rows)[::-1]
    figure = go.Figure(
        layout={
            "height": max(120, 40 + 34 * len(names)),
            "margin": {"l": 8, "r": 8, "t": 8, "b": 32},
            "xaxis": {"tickprefix": "$", "rangemode": "tozero", "fixedrange": True},
            "yaxis": {"automargin": True, "fixedrange": True, "type": "category"},
            "showlegend": False,
        },
    )
    figure.add_bar(
        x=[_units(rows[name]) for name in names],
        y=names,
        orientation="h",
        hovertemplate="$%{x:.2f}<extra></extra>",
    )
    return _plain(figure, ["chart-1"])


def _units(micros: int) -> float:
    """Give an amount for a picture; figures that people read stand in the table beside it."""
    return round(micros / 1_000_000, 6)


def _plain(figure: Any, palette: list[str]) -> Figure:
    """Give a figure as plain data, without Plotly's own look."""
    made: Figure = figure.to_plotly_json()
    made["layout"].pop("template", None)
    made["data"] = [dict(trace) for trace in made["data"]]
    made["palette"] = palette
    return made
