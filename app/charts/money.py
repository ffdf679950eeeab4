"""Figures of money: what changes step by step, and what a line covers for it."""

from __future__ import annotations

from typing import Any

from app.charts.base import MONEY, SHARE, axis, field, figure, inks, keep, names, told
from app.charts.paths import OUTER
from simulator.exports.vega import Spec
from simulator.texts import t


@keep
def steps(lang: str, theme: str, form: str = MONEY, *, interval: bool = False) -> Spec:
    """Return changes one after the other, from zero to their total: a waterfall that lies on its side.

    Columns: ``label``, ``start``, ``end``, ``amount``, ``text`` (the amount as printed), ``kind`` (``more``,
    ``less`` or ``total``); rows in the order shown. With ``interval`` also ``low`` and ``high``, around
    ``end``.

    Parameters
    ----------
    interval : whether each step has a 90% interval
    """
    ink = inks(theme)
    y = field("label", "nominal", sort=None, title=None)
    y["axis"] = names(ink.text)
    x: dict[str, Any] = {"axis": axis(form)}
    kinds = ["more", "less", "total"]
    colour = field("kind", "nominal", legend=None)
    colour["scale"] = {"domain": kinds, "range": [ink.series[1], ink.series[2], ink.series[0]]}
    columns = [("label", t("chart.step", lang), ""), ("amount", t("chart.amount", lang), form)]
    if interval:
        columns += [("low", t("chart.low", lang), form), ("high", t("chart.high", lang), form)]
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": {"band": 0.62}, "cornerRadius": 2},
            "encoding": {
                "y": y,
                "x": field("start", **x),
                "x2": {"field": "end"},
                "color": colour,
                "tooltip": told(*columns),
            },
        },
        {
            "transform": [{"calculate": "max(datum.start, datum.end)", "as": "edge"}],
            "mark": {"type": "text", "align": "left", "dx": 5, "color": ink.text, "aria": False},
            "encoding": {"y": y, "x": field("edge", **x), "text": field("text", "nominal")},
        },
        {
            "mark": {"type": "rule", "color": ink.text, "strokeWidth": 1, "aria": False},
            "encoding": {"x": {"datum": 0}},
        },
    ]
    if interval:
        rule = {"type": "rule", "color": ink.text, "strokeWidth": 1.5}
        layers.append({"mark": rule, "encoding": {"y": y, "x": field("low", **x), "x2": {"field": "high"}}})
        # The number would stand on its own interval.
        layers[1]["transform"] = [{"calculate": "max(datum.start, datum.end, datum.high)", "as": "edge"}]
    return figure(lang, theme, {"height": {"step": 36}, "layer": layers})


@keep
def coverage(lang: str, theme: str) -> Spec:
    """Return what share of its need a line covers, by the money of a year.

    Columns: ``millions`` (soles of a year), ``low``, ``median``, ``high`` (shares), and in one row each,
    empty elsewhere: ``now`` and ``chosen`` (millions of soles).
    """
    ink = inks(theme)
    x = field("millions", axis={"format": ",.0f", "title": t("chart.millions", lang), "grid": False})
    y: dict[str, Any] = {"axis": {"format": SHARE, "title": t("chart.coverage", lang), "tickCount": 5}}

    def mark_at(column: str, text: str, colour: str, dy: int) -> list[Spec]:
        where = [{"filter": f"isValid(datum.{column})"}]
        return [
            {
                "transform": where,
                "mark": {
                    "type": "rule",
                    "color": colour,
                    "strokeDash": [3, 3],
                    "strokeWidth": 1.5,
                    "aria": False,
                },
                "encoding": {"x": field(column)},
            },
            {
                "transform": where,
                "mark": {"type": "text", "align": "left", "dx": 4, "y": dy, "color": colour, "fontSize": 11},
                "encoding": {"x": field(column), "text": {"value": text}},
            },
        ]

    shown = told(
        ("millions", t("chart.millions", lang), MONEY),
        ("median", t("chart.median", lang), SHARE),
        ("low", t("chart.low", lang), SHARE),
        ("high", t("chart.high", lang), SHARE),
    )
    layers = [
        {
            "mark": {"type": "area", "opacity": OUTER, "color": ink.series[1]},
            "encoding": {"x": x, "y": field("low", **y), "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line", "strokeWidth": 2.5, "color": ink.series[1]},
            "encoding": {"x": x, "y": field("median", **y)},
        },
        *mark_at("now", t("chart.now", lang), ink.muted, 8),
        *mark_at("chosen", t("chart.chosen", lang), ink.series[2], 22),
        {
            "mark": {"type": "rule", "opacity": 0, "strokeWidth": 12, "aria": False},
            "encoding": {"x": x, "tooltip": shown},
        },
    ]
    return figure(lang, theme, {"height": 260, "layer": layers})
