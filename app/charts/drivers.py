"""Figures of what drives a result, and of which option is better."""

from __future__ import annotations

from typing import Any

from app.charts.base import LINE, axis, field, figure, inks, keep, names, told
from app.charts.paths import OUTER
from simulator.exports.vega import Spec
from simulator.texts import t


@keep
def intervals(lang: str, theme: str, form: str, lines: int = 2) -> Spec:
    """Return dots with their 90% intervals, one row each, around a zero line: sensitivities, changes.

    Columns: ``label``, ``median``, ``low``, ``high``.

    Parameters
    ----------
    lines : of the longest label, so that none lies over another
    """
    ink = inks(theme)
    y = field("label", "nominal", sort=None, axis=names(ink.text))
    x: dict[str, Any] = {"axis": axis(form)}
    shown = told(
        ("label", t("chart.step", lang), ""),
        ("median", t("chart.median", lang), form),
        ("low", t("chart.low", lang), form),
        ("high", t("chart.high", lang), form),
    )
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": ink.muted, "strokeWidth": 1, "aria": False},
            "encoding": {"x": {"datum": 0}},
        },
        {
            "mark": {"type": "rule", "color": ink.series[1], "strokeWidth": 2.5},
            "encoding": {"y": y, "x": field("low", **x), "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "color": ink.series[1], "opacity": 1},
            "encoding": {"y": y, "x": field("median", **x), "tooltip": shown},
        },
    ]
    return figure(lang, theme, {"height": {"step": lines * LINE + 8}, "layer": layers})


@keep
def options(lang: str, theme: str, form: str, unit: str | None = None) -> Spec:
    """Return up to four options side by side for one result, with how sure it is that each is better.

    Columns: ``s`` (name of the option, which may be broken into lines), ``median``, ``low``, ``high``
    (differences from the comparator), ``text`` (the probability that the option is better, as printed).

    Parameters
    ----------
    unit : below the axis, where it does not go without saying
    """
    ink = inks(theme)
    y = field("s", "nominal", sort=None, axis=names(ink.text), title=None)
    x: dict[str, Any] = {"axis": axis(form, 4, unit)}
    colour = field("s", "nominal", sort=None, legend=None)
    colour["scale"] = {"range": list(ink.series[1:])}
    shown = told(
        ("s", t("chart.scenario", lang), ""),
        ("median", t("chart.median", lang), form),
        ("low", t("chart.low", lang), form),
        ("high", t("chart.high", lang), form),
        ("text", t("chart.probability", lang), ""),
    )
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": ink.muted, "strokeWidth": 1, "aria": False},
            "encoding": {"x": {"datum": 0}},
        },
        {
            "mark": {"type": "rule", "strokeWidth": 2.5},
            "encoding": {"y": y, "x": field("low", **x), "x2": {"field": "high"}, "color": colour},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 75, "opacity": 1},
            "encoding": {"y": y, "x": field("median", **x), "color": colour, "tooltip": shown},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 8, "color": ink.text, "fontSize": 11},
            "encoding": {"y": y, "x": {"value": "width"}, "text": field("text", "nominal")},
        },
    ]
    return figure(lang, theme, {"height": {"step": 40}, "layer": layers})


@keep
def foretold(lang: str, theme: str, form: str) -> Spec:
    """Return official figures beside what the model says of each: its median, 50% and 90% intervals.

    Columns: ``label``, those of ``paths.PATH``, ``observed``, ``inside`` (in words: whether the 90% interval
    holds the figure).
    """
    ink = inks(theme)
    y = field("label", "nominal", sort=None, axis=names(ink.text), title=None)
    x: dict[str, Any] = {"axis": axis(form)}
    words = [t("chart.inside", lang), t("chart.outside", lang)]
    looks = {"type": "nominal", "title": None, "legend": {"columns": 1}}
    shape = {"field": "inside", **looks, "scale": {"domain": words, "range": ["circle", "diamond"]}}
    colour = {"field": "inside", **looks, "scale": {"domain": words, "range": [ink.registered, ink.worse]}}
    shown = told(
        ("label", t("chart.step", lang), ""),
        ("observed", t("chart.observed", lang), form),
        ("median", t("chart.simulated_median", lang), form),
        ("low", t("chart.low", lang), form),
        ("high", t("chart.high", lang), form),
        ("inside", t("chart.use.what", lang), ""),
    )

    def bar(low: str, high: str, width: float, opacity: float) -> Spec:
        mark = {"type": "rule", "strokeWidth": width, "opacity": opacity, "color": ink.series[1]}
        return {"mark": mark, "encoding": {"y": y, "x": field(low, **x), "x2": {"field": high}}}

    layers: list[Spec] = [
        bar("low", "high", 9, 0.28),
        bar("low_half", "high_half", 9, 0.42),
        {
            "mark": {"type": "tick", "thickness": 2, "height": 14, "color": ink.series[1]},
            "encoding": {"y": y, "x": field("median", **x)},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
            "encoding": {
                "y": y,
                "x": field("observed", **x),
                "shape": shape,
                "color": colour,
                "tooltip": shown,
            },
        },
    ]
    return figure(lang, theme, {"height": {"step": 30}, "layer": layers})


@keep
def convergence(lang: str, theme: str, form: str, unit: str | None = None) -> Spec:
    """Return how an estimate settles as runs are added: the estimate and its 90% interval.

    Columns: ``runs``, ``median``, ``low``, ``high``.

    Parameters
    ----------
    unit : beside the axis, where it does not go without saying
    """
    ink = inks(theme)
    x = field("runs", axis={"format": ",.0f", "title": t("chart.runs", lang), "grid": False})

    def y(column: str) -> dict[str, Any]:
        return field(column, axis=axis(form, title=unit), scale={"zero": False})

    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": OUTER, "color": ink.series[1]},
            "encoding": {"x": x, "y": y("low"), "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line", "strokeWidth": 2.5, "color": ink.series[1]},
            "encoding": {"x": x, "y": y("median")},
        },
    ]
    return figure(lang, theme, {"height": 240, "layer": layers})
