"""Figures of the 26 territories: tiles, outlines, and small paths; never a ranking, never a prevalence."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

from app.charts.base import axis, field, figure, inks, keep, told
from app.charts.paths import OUTER
from simulator.exports.vega import Spec
from simulator.texts import t

OUTLINES: Final = Path(__file__).with_name("outlines.json")
SELECTION: Final = "territory"
"""Name of the selection of a click; it holds the code of the territory."""


@cache
def outlines() -> dict[str, Any]:
    """Return the outlines of the territories, with what the file says of where they come from."""
    read: dict[str, Any] = json.loads(OUTLINES.read_text(encoding="utf-8"))
    return read


def _shade(theme: str, kind: str) -> dict[str, Any]:
    """Return a scale: of changes from worse (orange) to better (blue), of levels from none to most."""
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


def _tooltip(lang: str) -> list[dict[str, Any]]:
    return told(
        ("name", t("chart.territory", lang), ""),
        ("text", t("chart.simulated_median", lang), ""),
        ("interval", t("chart.interval", lang), ""),
    )


def _select() -> list[dict[str, Any]]:
    return [{"name": SELECTION, "select": {"type": "point", "fields": ["code"], "toggle": False}}]


@keep
def tiles(lang: str, theme: str, kind: str = "change") -> Spec:
    """Return the territories as tiles, each with its value printed as the page writes it.

    Columns: ``code``, ``short`` (three letters), ``name``, ``row``, ``col``, ``text`` and ``interval`` (the
    value and its interval in words), ``shade`` (-1 worst to 1 best for ``change``; 0 to 1 for ``level``),
    ``firm`` (the interval leaves zero out).
    """
    ink = inks(theme)
    place = {
        "x": field("col", "ordinal", axis=None, scale={"paddingInner": 0.06, "paddingOuter": 0.03}),
        "y": field("row", "ordinal", axis=None, scale={"paddingInner": 0.06, "paddingOuter": 0.03}),
    }
    colour = field("shade", scale=_shade(theme, kind), legend=None)
    words = {"type": "text", "color": ink.text, "baseline": "middle", "aria": False}
    layers: list[Spec] = [
        {
            "params": _select(),
            "mark": {"type": "rect", "cornerRadius": 5, "cursor": "pointer"},
            "encoding": {**place, "color": colour, **_border(theme), "tooltip": _tooltip(lang)},
        },
        {
            "mark": {**words, "dy": -9, "fontSize": 11, "fontWeight": "bold"},
            "encoding": {**place, "text": field("short", "nominal")},
        },
        {
            "mark": {**words, "dy": 8, "fontSize": 12},
            "encoding": {**place, "text": field("text", "nominal")},
        },
    ]
    return figure(lang, theme, {"height": 470, "layer": layers})


@keep
def outline_map(lang: str, theme: str, kind: str = "change") -> Spec:
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
        "tooltip": _tooltip(lang),
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


def _small_layers(lang: str, theme: str, form: str, kind: str, legend: bool) -> list[Spec]:
    """Return the layers of a small path: band, lines, and what a pointer tells."""
    ink = inks(theme)
    few = {"tickCount": 2, "labelFontSize": 11, "labelOverlap": "greedy", "labelSeparation": 14}
    x = field("year", axis={"format": "d", "title": None, "grid": False, **few})
    x["scale"] = {"zero": False, "nice": False}
    names = [t(f"chart.small.{kind}", lang), t("chart.trend", lang)]

    def y(column: str) -> dict[str, Any]:
        return field(column, axis=axis(form, 3) | {"labelFontSize": 11}, scale={"zero": True})

    def one_of(channel: str, domain: list[str], values: list[Any]) -> dict[str, Any]:
        look = {"symbolType": "square" if channel == "band" else "stroke", "symbolOpacity": 1}
        scale = {"domain": domain, "range": values}
        return field(channel, "nominal", scale=scale, legend=look if legend else None)

    def line(column: str, name: str, width: float) -> Spec:
        return {
            "transform": [{"calculate": f"{name!r}", "as": "which"}],
            "mark": {"type": "line", "strokeWidth": width},
            "encoding": {
                "x": x,
                "y": y(column),
                "stroke": one_of("which", shown, [ink.series[1], ink.series[0]]),
                "strokeDash": one_of("which", shown, [[1, 0], [4, 3]]),
            },
        }

    shown = names if kind == "level" else names[:1]
    band = t("chart.interval", lang)
    tooltip = told(
        ("name", t("chart.territory", lang), ""),
        ("year", t("chart.year", lang), "d"),
        ("median", t("chart.simulated_median", lang), form),
        ("low", t("chart.low", lang), form),
        ("high", t("chart.high", lang), form),
        *((("trend", names[1], form),) if kind == "level" else ()),
    )
    unseen = {"type": "rule", "opacity": 0, "aria": False}
    zero = {"type": "rule", "color": ink.text, "strokeWidth": 0.7, "aria": False}
    last = (
        line("trend", names[1], 1.5) if kind == "level" else {"mark": zero, "encoding": {"y": {"datum": 0}}}
    )
    return [
        {"mark": unseen, "encoding": {"y": y("floor"), "y2": {"field": "ceiling"}}},
        {
            "transform": [{"calculate": f"{band!r}", "as": "band"}],
            "mark": {"type": "area", "opacity": OUTER + 0.08},
            "encoding": {
                "x": x,
                "y": y("low"),
                "y2": {"field": "high"},
                "fill": one_of("band", [band], [ink.series[1]]),
            },
        },
        line("median", names[0], 2),
        # On top: where nothing differs, both must be seen.
        last,
        {
            "mark": {"type": "rule", "opacity": 0, "strokeWidth": 12, "aria": False},
            "encoding": {"x": x, "tooltip": tooltip},
        },
    ]


@keep
def small_path(lang: str, theme: str, form: str, kind: str = "change") -> Spec:
    """Return the path of one territory; all of a page share one legend beside them.

    Columns: ``name``, ``year``, ``low``, ``median``, ``high``, ``trend`` (for ``level``), ``floor`` and
    ``ceiling`` (the ends of the scale, of all the territories of a page or of this one).
    """
    return figure(lang, theme, {"height": 110, "layer": _small_layers(lang, theme, form, kind, legend=False)})


@keep
def small_paths(lang: str, theme: str, form: str, kind: str = "change", *, shared: bool = True) -> Spec:
    """Return the paths of all territories in one figure, to take away.

    Columns: those of ``small_path``, and ``order`` (of the territory).

    Parameters
    ----------
    shared : whether all are on one scale, or each on its own
    """
    body = {
        "facet": field(
            "name",
            "nominal",
            sort={"field": "order", "op": "min"},
            title=None,
            header={"labelFontSize": 12, "labelPadding": 2},
        ),
        "columns": 4,
        "spacing": 14,
        **({} if shared else {"resolve": {"scale": {"y": "independent"}}}),
        "spec": {"width": 190, "height": 90, "layer": _small_layers(lang, theme, form, kind, legend=True)},
    }
    return figure(lang, theme, body)


def scale_legend(theme: str, kind: str, ends: tuple[str, str], what: str) -> str:
    """Return the scale of colours of a map as HTML.

    Parameters
    ----------
    ends : what the first and the last colour stand for, as the page writes numbers
    what : is counted, and over which years
    """
    ink = inks(theme)
    colours = ", ".join(ink.worst_to_best if kind == "change" else ink.none_to_most)
    middle = "<span>0</span>" if kind == "change" else ""
    first, last = map(escape, ends)
    return (
        '<div style="max-width:340px;font-size:.8125rem">'
        f'<div style="height:10px;border-radius:3px;background:linear-gradient(to right, {colours})"></div>'
        f'<div style="display:flex;justify-content:space-between"><span>{first}</span>{middle}'
        f"<span>{last}</span></div>{escape(what)}</div>"
    )


def small_legend(theme: str, kind: str) -> str:
    """Return what the lines and the band of small paths are, as HTML, in the language in force."""
    ink = inks(theme)
    line = f"border-top:3px solid {ink.series[1]}"
    marks = [(t(f"chart.small.{kind}"), line)]
    if kind == "level":
        marks.append((t("chart.trend"), f"border-top:2px dashed {ink.series[0]}"))
    marks.append((t("chart.interval"), f"height:12px;background:{ink.series[1]};opacity:{OUTER + 0.08}"))
    return "".join(
        '<span style="white-space:nowrap;margin-right:1.2em"><span style="display:inline-block;width:22px;'
        f'vertical-align:middle;margin-right:6px;{look}"></span>{escape(name)}</span> '
        for name, look in marks
    )
