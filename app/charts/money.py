"""Figures of money: what changes step by step, and what a line covers for it."""

from __future__ import annotations

from typing import Any, Final

from app.charts.base import MONEY, SHARE, field, figure, inks, keep, names, told
from app.charts.paths import OUTER
from simulator.exports.vega import Spec
from simulator.texts import t

PLAIN: Final = ",.2~f"
"""As many decimals as the ticks of an axis need, whether of millions or of a part of one."""


@keep
def steps(lang: str, theme: str) -> Spec:
    """Return changes one after the other, from zero to what is left: a waterfall that lies on its side.

    Columns: ``label`` (in lines, its amount in the last one), ``name``, ``kind`` (``more``, ``less`` or
    ``total``); ``start`` and ``end``, between which a bar stands, with ``left_low`` and ``left_high`` around
    its end; ``amount`` of the step with its ``low`` and ``high``. Rows in the order shown.
    """
    ink = inks(theme)
    y = field("label", "nominal", sort=None, title=None)
    # Amounts stand below the names: beside the bars there is no room for them on a phone.
    y["axis"] = names(ink.text)
    scale = {"format": PLAIN, "title": t("chart.current_millions", lang), "tickCount": 5}
    x: dict[str, Any] = {"axis": {**scale, "labelOverlap": "greedy", "labelSeparation": 6}}
    colour = field("kind", "nominal", legend=None)
    colour["scale"] = {
        "domain": ["more", "less", "total"],
        "range": [ink.series[1], ink.series[2], ink.series[0]],
    }
    tooltip = told(
        ("name", t("chart.step", lang), ""),
        ("amount", t("chart.amount", lang), MONEY),
        ("low", t("chart.low", lang), MONEY),
        ("high", t("chart.high", lang), MONEY),
    )
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.62}, "cornerRadius": 2},
            "encoding": {
                "y": y,
                "x": field("start", **x),
                "x2": {"field": "end"},
                "color": colour,
                "tooltip": tooltip,
            },
        },
        {
            "mark": {"type": "rule", "color": ink.text, "strokeWidth": 1, "aria": False},
            "encoding": {"x": {"datum": 0}},
        },
        {
            "transform": [{"filter": "isValid(datum.left_low)"}],
            "mark": {"type": "rule", "color": ink.text, "strokeWidth": 1.5, "aria": False},
            "encoding": {"y": y, "x": field("left_low", **x), "x2": {"field": "left_high"}},
        },
    ]
    return figure(lang, theme, {"height": {"step": 50}, "layer": layers})


@keep
def coverage(lang: str, theme: str) -> Spec:
    """Return what share of its need a line covers, by the money of a year.

    Columns: ``millions`` (soles of a year), ``low``, ``median``, ``high`` (shares), and in one row, empty
    elsewhere, ``chosen`` (millions of soles).
    """
    ink = inks(theme)
    x = field("millions", axis={"format": PLAIN, "title": t("chart.millions", lang), "grid": False})
    y: dict[str, Any] = {"axis": {"format": SHARE, "title": t("chart.coverage", lang), "tickCount": 5}}

    chosen: Spec = {"transform": [{"filter": "isValid(datum.chosen)"}]}
    here = {"x": field("chosen")}
    rule = {"type": "rule", "color": ink.series[2], "strokeDash": [3, 3], "strokeWidth": 1.5, "aria": False}
    name = {"type": "text", "align": "left", "dx": 4, "y": 8, "color": ink.series[2], "fontSize": 11}
    shown = told(
        ("millions", t("chart.millions", lang), MONEY),
        ("median", t("chart.median", lang), SHARE),
        ("low", t("chart.low", lang), SHARE),
        ("high", t("chart.high", lang), SHARE),
    )
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": OUTER, "color": ink.series[1]},
            "encoding": {"x": x, "y": field("low", **y), "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line", "strokeWidth": 2.5, "color": ink.series[1]},
            "encoding": {"x": x, "y": field("median", **y)},
        },
        {**chosen, "mark": rule, "encoding": here},
        {**chosen, "mark": name, "encoding": {**here, "text": {"value": t("chart.chosen", lang)}}},
        {
            "mark": {"type": "rule", "opacity": 0, "strokeWidth": 12, "aria": False},
            "encoding": {"x": x, "tooltip": shown},
        },
    ]
    return figure(lang, theme, {"height": 260, "layer": layers})
