"""Figures of time: a path with its bands beside the trend, the paired difference, several scenarios."""

from __future__ import annotations

from typing import Any, Final

from app.charts.base import SIGNED, WHOLE, axis, field, figure, inks, keep, told
from simulator.exports.vega import Spec
from simulator.texts import t

OUTER, INNER = 0.16, 0.30
"""How strongly the bands of 90% and of 50% are inked."""

PATH: Final = ("low", "low_half", "median", "high_half", "high")
"""Columns of a band: quantiles of 5, 25, 50, 75 and 95%."""

YEARS: Final = (
    "sequence(domain('x')[1], domain('x')[0] - 0.5, "
    "domain('x')[1] - domain('x')[0] > 16 ? -5 : domain('x')[1] - domain('x')[0] > 7 ? -2 : -1)"
)
"""Years that an axis names, from the last one backwards, in the language of Vega."""


def _when() -> dict[str, Any]:
    return field(
        "year",
        # Labels stand below their ticks. The last year comes first: those that do not fit are left out.
        axis={
            "format": "d",
            "title": None,
            "grid": False,
            "values": {"expr": YEARS},
            "labelFlush": False,
            "labelOverlap": "greedy",
            "labelSeparation": 6,
        },
        scale={"zero": False, "nice": False},
    )


def _value(name: str, form: str, title: str | None = None) -> dict[str, Any]:
    return field(name, axis=axis(form, 6, title), scale={"zero": True})


def _tooltip(lang: str, form: str, *more: tuple[str, str, str]) -> list[dict[str, Any]]:
    bands = (
        ("year", t("chart.year", lang), "d"),
        ("median", t("chart.median", lang), form),
        ("low", t("chart.low", lang), form),
        ("high", t("chart.high", lang), form),
    )
    return told(*bands, *more)


def _room(form: str) -> list[Spec]:
    """Return what lets an axis of whole numbers go from zero to one where nothing else is to be seen."""
    if form not in (WHOLE, SIGNED):
        return []
    unseen = {"type": "rule", "opacity": 0, "aria": False}
    return [{"mark": unseen, "encoding": {"y": {"datum": 1}}}]


def _hover(x: dict[str, Any], tooltip: list[dict[str, Any]]) -> Spec:
    """Return an unseen rule at each year, wide enough to be met by a pointer."""
    mark = {"type": "rule", "opacity": 0, "strokeWidth": 14, "aria": False}
    return {"mark": mark, "encoding": {"x": x, "tooltip": tooltip}}


def _bands(x: dict[str, Any], form: str, colour: str, title: str | None = None) -> list[Spec]:
    def area(low: str, high: str, opacity: float) -> Spec:
        y = {"y": _value(low, form, title), "y2": {"field": high}}
        return {"mark": {"type": "area", "opacity": opacity, "color": colour}, "encoding": {"x": x, **y}}

    return [area("low", "high", OUTER), area("low_half", "high_half", INNER)]


@keep
def fan(lang: str, theme: str, form: str, *, marks: tuple[str, ...] = ("today", "target")) -> Spec:
    """Return the path of one scenario: median, bands of 50% and 90%, the trend, today and the target.

    Columns: ``year``, those of ``PATH``, ``trend`` (median of the trend run), and in one row each, empty
    elsewhere: ``today`` (a year), ``target`` with ``target_text``.

    Parameters
    ----------
    marks : which of the last two there are; the columns of the others are not asked for
    """
    ink = inks(theme)
    x = _when()
    names = [t("chart.scenario", lang), t("chart.trend", lang)]
    legend = {"symbolType": "stroke"}
    colour = field("which", "nominal", legend=legend)
    colour["scale"] = {"domain": names, "range": [ink.series[1], ink.series[0]]}
    dash = field("which", "nominal", legend=legend)
    dash["scale"] = {"domain": names, "range": [[1, 0], [6, 4]]}

    def line(column: str, name: str, width: float) -> Spec:
        return {
            "transform": [{"calculate": f"{name!r}", "as": "which"}],
            "mark": {"type": "line", "strokeWidth": width},
            "encoding": {
                "x": x,
                "y": _value(column, form),
                "color": colour,
                "strokeDash": dash,
            },
        }

    def mark_at(channel: str, column: str, text: dict[str, Any], place: dict[str, Any]) -> list[Spec]:
        where = [{"filter": f"isValid(datum.{column})"}]
        at = {channel: field(column)}
        return [
            {
                "transform": where,
                "mark": {"type": "rule", "color": ink.muted, "strokeDash": [2, 3], "aria": False},
                "encoding": at,
            },
            {
                "transform": where,
                "mark": {"type": "text", "color": ink.muted, "fontSize": 11, **place},
                "encoding": {**at, "text": text},
            },
        ]

    today = mark_at("x", "today", {"value": t("chart.today", lang)}, {"align": "left", "dx": 4, "y": 6})
    target = mark_at("y", "target", {"field": "target_text"}, {"align": "left", "dy": -7, "dx": 4, "x": 0})
    layers = [
        *_room(form),
        *_bands(x, form, ink.series[1]),
        line("median", names[0], 2.5),
        # On top: where nothing differs, both must be seen.
        line("trend", names[1], 2.0),
        *(today if "today" in marks else []),
        *(target if "target" in marks else []),
        _hover(x, _tooltip(lang, form, ("trend", names[1], form))),
    ]
    return figure(lang, theme, {"height": 300, "layer": layers})


@keep
def effect(lang: str, theme: str, form: str, unit: str | None = None) -> Spec:
    """Return the difference of a scenario from the trend, run by run: median, bands, and zero.

    Columns: ``year`` and those of ``PATH``.

    Parameters
    ----------
    unit : beside the axis, where it does not go without saying
    """
    ink = inks(theme)
    x = _when()
    line = {"type": "line", "strokeWidth": 2.5, "color": ink.series[1]}
    zero = {
        "mark": {"type": "rule", "color": ink.text, "strokeWidth": 1, "aria": False},
        "encoding": {"y": {"datum": 0}},
    }
    layers = [
        *_room(form),
        *_bands(x, form, ink.series[1], unit),
        zero,
        {"mark": line, "encoding": {"x": x, "y": _value("median", form, unit)}},
        _hover(x, _tooltip(lang, form)),
    ]
    return figure(lang, theme, {"height": 260, "layer": layers})


@keep
def several(
    lang: str,
    theme: str,
    form: str,
    *,
    unit: str | None = None,
    ends: bool = False,
) -> Spec:
    """Return how several scenarios differ from the trend, which is the zero line, with bands of 90%.

    Columns: ``s`` (name on screen), ``year``, ``low``, ``median``, ``high``.

    Parameters
    ----------
    unit : beside the axis, where it does not go without saying
    ends : mark the year in which each one ends. Columns ``end`` (that year, in one row of each),
        ``floor`` and ``ceiling`` (the ends of a scale that several figures share, the same in every row)
    """
    ink = inks(theme)
    x = _when()
    # Where figures stand side by side there is no room for two names in a line.
    legend = {"columns": 1 if ends else 2, "symbolType": "stroke", "symbolOpacity": 1}
    # A column of its own: a legend is shared by all scales of one column, and this one has none.
    fill = field("band", "nominal", sort=None, scale={"range": list(ink.series[1:])}, legend=None)
    stroke = fill | {"field": "s", "legend": legend}
    dashes = [[1, 0], [8, 3], [2, 2], [10, 3, 2, 3], [5, 2], [12, 4]]
    dash = field("s", "nominal", sort=None, legend=legend)
    dash["scale"] = {"range": dashes}
    y = _value("low", form, unit)
    layers: list[Spec] = [
        {
            "transform": [{"calculate": "datum.s", "as": "band"}],
            "mark": {"type": "area", "opacity": 0.13},
            "encoding": {"x": x, "y": y, "y2": {"field": "high"}, "fill": fill},
        },
        {
            "mark": {"type": "line", "strokeWidth": 2.5},
            "encoding": {
                "x": x,
                "y": _value("median", form, unit),
                "stroke": stroke,
                "strokeDash": dash,
            },
        },
        {
            "mark": {"type": "point", "opacity": 0, "size": 160, "aria": False},
            "encoding": {
                "x": x,
                "y": _value("median", form, unit),
                "tooltip": [*told(("s", t("chart.scenario", lang), "")), *_tooltip(lang, form)],
            },
        },
    ]
    rule = {"type": "rule", "color": ink.text, "strokeWidth": 1, "aria": False}
    layers.append({"mark": rule, "encoding": {"y": {"datum": 0}}})
    if ends:
        unseen = {"type": "rule", "opacity": 0, "aria": False}
        layers.append(
            {
                "mark": unseen,
                "encoding": {"y": _value("floor", form, unit), "y2": {"field": "ceiling"}},
            }
        )
        layers.append(
            {
                "transform": [{"filter": "isValid(datum.end)"}],
                "mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.7, "aria": False},
                "encoding": {"x": field("end"), "stroke": stroke, "strokeDash": dash},
            }
        )
    return figure(lang, theme, {"height": 300, "layer": layers})


@keep
def against_data(lang: str, theme: str, form: str) -> Spec:
    """Return what the model says a register shows, and what the register did show.

    Columns: ``year``, ``low``, ``median``, ``high``; rows of official figures hold ``observed`` and ``use``
    (``fit``, ``check``) instead, and are empty elsewhere.
    """
    ink = inks(theme)
    x = _when()
    uses = [t("chart.use.fit", lang), t("chart.use.check", lang)]
    which = {"calculate": f"datum.use == 'fit' ? {uses[0]!r} : {uses[1]!r}", "as": "which"}
    shape = field("which", "nominal", legend={"columns": 1})
    shape["scale"] = {"domain": uses, "range": ["circle", "diamond"]}
    tooltip = told(
        ("year", t("chart.year", lang), "d"),
        ("observed", t("chart.observed", lang), form),
        ("which", t("chart.use.what", lang), ""),
    )
    there, official = [{"filter": "isValid(datum.median)"}], [{"filter": "isValid(datum.observed)"}, which]
    layers: list[Spec] = [
        {
            "transform": there,
            "mark": {"type": "area", "opacity": OUTER + 0.06, "color": ink.series[1]},
            "encoding": {"x": x, "y": _value("low", form), "y2": {"field": "high"}},
        },
        {
            "transform": there,
            "mark": {"type": "line", "strokeWidth": 2.5, "color": ink.series[1]},
            "encoding": {"x": x, "y": _value("median", form)},
        },
        {"transform": there, **_hover(x, _tooltip(lang, form))},
        {
            "transform": official,
            "mark": {"type": "point", "size": 90, "color": ink.registered, "strokeWidth": 2},
            "encoding": {
                "x": x,
                "y": _value("observed", form),
                "shape": shape,
                "tooltip": tooltip,
            },
        },
    ]
    return figure(lang, theme, {"height": 260, "layer": layers})
