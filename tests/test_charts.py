"""Figures are what Plotly's own schema knows, say what they were given, and need no package."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import plotly.graph_objects as go
import pytest

import charts

ROOT = Path(__file__).parents[1]
DAYS = {date(2026, 11, 1): 1_250_000, date(2026, 11, 2): 1}
NO_FEES = dict.fromkeys(DAYS, 0)
FEES = {date(2026, 11, 1): 2_000_000, date(2026, 11, 2): 0}

FIGURES = {
    "by day": lambda: charts.money_by_day(DAYS, NO_FEES),
    "by day, with fees": lambda: charts.money_by_day(DAYS, FEES),
    "by day, with the month before": lambda: charts.money_by_day(DAYS, NO_FEES, [5, 6, 7]),
    "by day, with both": lambda: charts.money_by_day(DAYS, FEES, [5]),
    "by name": lambda: charts.money_by_name({"Ann": 3_000_000, "Bob": 1}),
    "by kind": lambda: charts.money_by_kind(
        {"Inbound": 3_000_000, "Monthly fees": 1}, ["Monthly fees"]
    ),
}


@pytest.fixture(autouse=True)
def _in_an_application(app):
    with app.app_context():
        yield


@pytest.mark.parametrize("name", FIGURES)
def test_plotly_knows_every_part_of_a_figure(name: str) -> None:
    """Plotly's package raises ValueError for a property or a value that its schema has not."""
    figure = FIGURES[name]()
    known = go.Figure(data=figure["data"], layout=figure["layout"]).to_plotly_json()
    known["layout"].pop("template", None)
    assert [dict(trace) for trace in known["data"]] == figure["data"]
    assert known["layout"] == figure["layout"]
    assert len(figure["palette"]) == len(figure["data"])
    json.dumps(figure)


def test_plotly_refuses_what_its_schema_has_not() -> None:
    figure = charts.money_by_day(DAYS, NO_FEES)
    figure["layout"]["barmod"] = "relative"
    with pytest.raises(ValueError, match="barmod"):
        go.Figure(data=figure["data"], layout=figure["layout"])


def test_a_figure_says_units_of_money_and_leaves_out_what_is_nothing() -> None:
    used, owed = charts.money_by_day(DAYS, FEES)["data"]
    assert (used["x"], used["y"]) == (["2026-11-01", "2026-11-02"], [1.25, 0.000001])
    assert (owed["name"], owed["y"]) == (charts.OWED, [2.0, None])
    assert len(charts.money_by_day(DAYS, NO_FEES, [0, 0])["data"]) == 1
    assert charts.money_by_day(DAYS, NO_FEES, [5, 6, 7])["data"][1]["y"] == [0.000005, 0.000006]


def test_fees_are_hatched_so_that_no_colour_is_needed() -> None:
    calls, fees = FIGURES["by kind"]()["data"]
    assert calls["y"] == ["Inbound"]
    assert fees["y"] == ["Monthly fees"]
    assert "marker" not in calls
    assert fees["marker"]["pattern"]["shape"] == "/"


def test_one_figure_is_not_another_ones() -> None:
    one, other = FIGURES["by day, with fees"](), FIGURES["by day, with fees"]()
    one["layout"]["height"] = 1
    one["data"][0]["y"].append(9)
    assert other["layout"]["height"] == charts.HEIGHT
    assert len(other["data"][0]["y"]) == len(DAYS)


def test_making_a_figure_loads_no_package_of_plotly() -> None:
    """It would cost each web process 24 MB."""
    script = (
        "import sys, charts, display; display.see_as('UTC', 'USD');"
        "charts.money_by_name({'Ann': 1}); charts.money_by_kind({'Inbound': 1}, []);"
        "assert not any(name.split('.')[0] == 'plotly' for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
