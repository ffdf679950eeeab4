"""Charts as Vega-Lite specifications: plain dicts with their data inside, drawn without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulator.exports.vega import COLOURS, INKS, WHOLE_TICKS, Spec, config
from simulator.outcomes.effects import GOOD
from simulator.outcomes.indicators import Interval, difference, summarise, yearly
from simulator.report import PERIOD, full_years
from simulator.texts import language, t

if TYPE_CHECKING:
    import xarray as xr

IN_CHANGES: Final = (
    "first_entries",
    "returns",
    "child_months",
    "identified",
    "specialised_entries",
    "completed",
)


def averted_chart(dataset: xr.Dataset, indicator: str) -> Spec:
    """Return the change of an indicator by year beside the first scenario: median and 90% interval."""
    first, *others = (str(name) for name in dataset["scenario"].values)
    table = yearly(dataset)[[indicator]].sel(year=full_years(dataset))
    rows: list[dict[str, Any]] = []
    for name in others:
        change = difference(table, name, first)[indicator]
        for year in change["year"].values:
            rows.append({"s": name, "year": int(year), **_interval(summarise(change.sel(year=year)))})
    # Before the first scenario begins nothing differs: the chart starts a year earlier.
    begins = min((row["year"] for row in rows if row["low"] or row["high"]), default=None)
    rows = [row for row in rows if begins is None or row["year"] >= begins - 1]
    x = {"field": "year", "type": Q, "axis": {"format": "d", "title": None, "grid": False, "tickMinStep": 1}}
    y = {"title": t(f"indicator.{indicator}"), "axis": COUNTS}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"y": {"field": "median", "type": Q, **y}}}
    ]
    if dataset.sizes["draw"] * dataset.sizes["replicate"] > 1:
        band = {"y": {"field": "low", "type": Q, **y}, "y2": {"field": "high"}}
        layers.insert(0, {"mark": {"type": "area", "opacity": 0.18}, "encoding": band})
    body = {"encoding": {"x": x, "color": _colour(others)}, "layer": layers}
    return _chart(rows, {"width": 520, "height": 170, **body})


def changes_chart(dataset: xr.Dataset) -> Spec:
    """Return the change of main indicators a year beside the first scenario, each with its own scale."""
    first, *others = (str(name) for name in dataset["scenario"].values)
    years = full_years(dataset)[-PERIOD:]
    table = yearly(dataset)[list(IN_CHANGES)].sel(year=years).mean("year")
    rows: list[dict[str, Any]] = []
    for name in others:
        change = difference(table, name, first)
        for key in IN_CHANGES:
            told = _interval(summarise(change[key]))
            rows.append({"s": name, "what": t(f"indicator.{key}"), "zero": 0, **told})
    y = {"field": "s", "type": "nominal", "sort": others, "axis": None}
    x = {"type": Q, "axis": {"title": None, "tickCount": 4, **COUNTS}}
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "rule", "color": INKS["light"].muted}, "encoding": {"x": {"field": "zero", **x}}},
        # Less than one is little: the scale goes to one at least.
        *({"mark": {"type": "rule", "opacity": 0}, "encoding": {"x": {"datum": end}}} for end in (-1, 1)),
        {
            "mark": {"type": "point", "filled": True, "size": 45},
            "encoding": {"y": y, "x": {"field": "median", **x}, "color": _colour(others)},
        },
    ]
    if dataset.sizes["draw"] * dataset.sizes["replicate"] > 1:
        interval = {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                "y": y,
                "x": {"field": "low", **x},
                "x2": {"field": "high"},
                "color": _colour(others),
            },
        }
        layers.insert(1, interval)
    order = [t(f"indicator.{key}") for key in IN_CHANGES]
    facet = {"field": "what", "type": "nominal", "sort": order, "title": None}
    body = {
        "facet": {**facet, "header": {"labelFontSize": 11}},
        "columns": 3,
        "spec": {"width": 165, "height": 18 + 15 * len(others), "layer": layers},
        "resolve": {"scale": {"x": "independent"}},
        "spacing": 12,
    }
    return _chart(rows, body)


Q: Final = "quantitative"
COUNTS: Final = {"format": "+,.0f", **WHOLE_TICKS}
"""Axis of differences of counts."""


def _interval(told: Interval) -> dict[str, float]:
    return {"median": told.median, "low": told.low, "high": told.high}


def _colour(names: list[str]) -> dict[str, Any]:
    """Return how scenarios are told apart; the comparator has the first colour wherever it is shown."""
    return {
        "field": "s",
        "type": "nominal",
        "scale": {"domain": names, "range": [COLOURS[1 + k % (len(COLOURS) - 1)] for k in range(len(names))]},
        "legend": {"orient": "bottom", "title": None, "columns": 2, "labelLimit": 260, "symbolOpacity": 1},
    }


if not set(IN_CHANGES) <= set(GOOD):
    raise AssertionError("every indicator of the chart needs a sense of better")


def _chart(rows: list[dict[str, Any]], body: dict[str, Any]) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": rows},
        "background": INKS["light"].background,
        "config": config(language(), "light"),
        **body,
    }
