"""Figures of the 26 territories: tiles, outlines, and small paths; never a ranking, never a prevalence."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.charts.base import SIGNED, WHOLE, axis, field, figure, inks, keep, told
from app.charts.paths import OUTER
from simulator.exports.vega import Spec
from simulator.texts import t

OUTLINES: Final = Path(__file__).with_name("outlines.json")
SELECTION: Final = "territory"
"""Name of the selection of a click; it holds the code of the territory."""

SCALES: Final = ("change", "level")
"""``change`` goes from orange (worse) over zero to blue (better); ``level`` from little to much."""


@cache
def outlines() -> dict[str, Any]:
    """Return the outlines of the territories, with what the file says of where they come from."""
    read: dict[str, Any] = json.loads(OUTLINES.read_text(encoding="utf-8"))
    return read


def _shade(theme: str, kind: str) -> dict[str, Any]:
    ink = inks(theme)
    if kind == "change":
        return {"domain": [-1, 0, 1], "range": list(ink.worst_to_best), "interpolate": "rgb", "clamp": True}
    return {"domain": [0, 1], "range": list(ink.none_to_most), "interpolate": "rgb", "clamp": True}


def _border(theme: str) -> dict[str, Any]:
    """Return the outline of a place: dark where the interval leaves zero out, or where it was chosen."""
    ink = inks(theme)
    chosen = {"param": SELECTION, "empty": False}
    return {
        "stroke": {
            "condition": [{**chosen, "value": ink.text}, {"test": "datum.firm", "value": ink.text}],
            "value": ink.muted,
        },
        "strokeWidth": {
            "condition": [{**chosen, "value": 4}, {"test": "datum.firm", "value": 2.2}],
            "value": 0.4,
        },
    }


def _tooltip(lang: str, form: str) -> list[dict[str, Any]]:
    return told(
        ("name", t("chart.territory", lang), ""),
        ("value", t("chart.simulated_median", lang), form),
        ("low", t("chart.low", lang), form),
        ("high", t("chart.high", lang), form),
    )


def _select() -> list[dict[str, Any]]:
    return [{"name": SELECTION, "select": {"type": "point", "fields": ["code"], "toggle": False}}]


@keep
def tiles(lang: str, theme: str, form: str, kind: str = "change") -> Spec:
    """Return the territories as tiles, each with its value printed.

    Columns: ``code``, ``short`` (three letters), ``name``, ``row``, ``col``, ``value``, ``low``, ``high``,
    ``shade`` (-1 worst to 1 best for ``change``; 0 to 1 for ``level``), ``firm`` (the interval leaves zero
    out).
    """
    ink = inks(theme)
    place = {
        "x": field("col", "ordinal", axis=None, scale={"paddingInner": 0.06, "paddingOuter": 0.03}),
        "y": field("row", "ordinal", axis=None, scale={"paddingInner": 0.06, "paddingOuter": 0.03}),
    }
    colour = field("shade", scale=_shade(theme, kind), legend=None)
    zero = {"test": "abs(datum.value) < 0.5", "value": "0"}
    number = field("value", format=form) | ({"condition": zero} if form in (SIGNED, WHOLE) else {})
    words = {"type": "text", "color": ink.text, "baseline": "middle", "aria": False}
    layers: list[Spec] = [
        {
            "params": _select(),
            "mark": {"type": "rect", "cornerRadius": 5, "cursor": "pointer"},
            "encoding": {**place, "color": colour, **_border(theme), "tooltip": _tooltip(lang, form)},
        },
        {
            "mark": {**words, "dy": -9, "fontSize": 11, "fontWeight": "bold"},
            "encoding": {**place, "text": field("short", "nominal")},
        },
        {
            "mark": {**words, "dy": 8, "fontSize": 12},
            "encoding": {**place, "text": number},
        },
    ]
    return figure(lang, theme, {"height": 470, "layer": layers})


@keep
def outline_map(lang: str, theme: str, form: str, kind: str = "change") -> Spec:
    """Return the territories in their outlines; Callao, too small to be seen, is a dot.

    Columns: those of ``tiles`` without ``short``, ``row`` and ``col``.
    """
    shapes = {"values": outlines(), "format": {"type": "json", "property": "features"}}
    look = {"lookup": "code", "from": {"data": shapes, "key": "properties.code"}, "as": "shape"}
    colour = field("shade", scale=_shade(theme, kind), legend=None)
    encoding = {
        "shape": field("shape", "geojson"),
        "color": colour,
        # Dots lie upon what is around them.
        "order": field("is_dot"),
        **_border(theme),
        "tooltip": _tooltip(lang, form),
    }
    dots = {"calculate": "datum.shape.geometry.type == 'Point' ? 1 : 0", "as": "is_dot"}
    body = {
        "height": 520,
        "params": _select(),
        "transform": [look, dots],
        "projection": {"type": "mercator", "pointRadius": 7},
        "mark": {"type": "geoshape", "cursor": "pointer"},
        "encoding": encoding,
    }
    return figure(lang, theme, body)


@keep
def small_paths(lang: str, theme: str, form: str) -> Spec:
    """Return a small path for each territory, all on one scale; at most nine.

    Columns: ``name``, ``order`` (of the territory), ``year``, ``low``, ``median``, ``high``, ``trend``,
    ``floor`` and ``ceiling`` (the ends of the scale of all the territories of a page, the same in every row).
    """
    ink = inks(theme)
    x = field("year", axis={"format": "d", "title": None, "grid": False, "tickCount": 2, "labelFontSize": 10})
    x["scale"] = {"zero": False, "nice": False}

    def y(column: str) -> dict[str, Any]:
        return field(column, axis=axis(form, 3) | {"labelFontSize": 10}, scale={"zero": True})

    unseen = {"type": "rule", "opacity": 0, "aria": False}
    tooltip = told(
        ("name", t("chart.territory", lang), ""),
        ("year", t("chart.year", lang), "d"),
        ("median", t("chart.simulated_median", lang), form),
        ("low", t("chart.low", lang), form),
        ("high", t("chart.high", lang), form),
        ("trend", t("chart.trend", lang), form),
    )
    dashed = {"type": "line", "strokeWidth": 1.5, "strokeDash": [4, 3], "color": ink.series[0]}
    layers: list[Spec] = [
        {"mark": unseen, "encoding": {"y": y("floor"), "y2": {"field": "ceiling"}}},
        {
            "mark": {"type": "area", "opacity": OUTER + 0.08, "color": ink.series[1]},
            "encoding": {"x": x, "y": y("low"), "y2": {"field": "high"}},
        },
        {"mark": dashed, "encoding": {"x": x, "y": y("trend")}},
        {
            "mark": {"type": "line", "strokeWidth": 2, "color": ink.series[1]},
            "encoding": {"x": x, "y": y("median")},
        },
        {
            "mark": {"type": "rule", "opacity": 0, "strokeWidth": 8, "aria": False},
            "encoding": {"x": x, "tooltip": tooltip},
        },
    ]
    body = {
        "facet": field(
            "name",
            "nominal",
            sort={"field": "order", "op": "min"},
            title=None,
            header={"labelFontSize": 11, "labelPadding": 2},
        ),
        "columns": 3,
        "spacing": 9,
        "spec": {"width": 92, "height": 58, "layer": layers},
    }
    return figure(lang, theme, body)
