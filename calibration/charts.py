"""Charts of the validation report, as Vega-Lite specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulator import load_ledger
from simulator.exports.vega import INKS, Spec, config
from simulator.texts import language, t

if TYPE_CHECKING:
    from calibration.validation import Row, Validation

Q: Final = "quantitative"
IN_A_ROW: Final = 2
LONG: Final = {"title": None, "labelLimit": 260}
INK: Final = INKS["light"]
MODEL: Final = INK.series[1]


def courses_chart(validation: Validation) -> Spec:
    """Return what the model says of each series of the country over the years, beside the figures."""
    lang = language()
    uses = {use for course in validation.courses for _, _, use in course.shown}
    rows: list[dict[str, Any]] = []
    for course in validation.courses:
        low50, high50 = course.intervals[0.5]
        low90, high90 = course.intervals[0.9]
        for k, year in enumerate(course.years):
            rows.append(
                {
                    "series": course.label[lang],
                    "year": year,
                    "median": float(course.median[k]),
                    "low50": float(low50[k]),
                    "high50": float(high50[k]),
                    "low90": float(low90[k]),
                    "high90": float(high90[k]),
                }
            )
        for year, value, use in course.shown:
            rows.append({"series": course.label[lang], "year": year, "value": value, "use": _use(use)})
    x = {"field": "year", "type": Q, "axis": {"format": "d", "title": None, "grid": False, "tickCount": 5}}
    y = {"type": Q, "axis": {"title": None, "tickCount": 4}, "scale": {"zero": True}}

    def band(level: int, opacity: float) -> dict[str, Any]:
        return {
            "transform": [{"filter": "isValid(datum.median)"}],
            "mark": {"type": "area", "opacity": opacity, "color": MODEL},
            "encoding": {"y": {"field": f"low{level}", **y}, "y2": {"field": f"high{level}"}},
        }

    layers = [
        band(90, 0.16),
        band(50, 0.28),
        {
            "transform": [{"filter": "isValid(datum.median)"}],
            "mark": {"type": "line", "color": MODEL, "strokeWidth": 1.5},
            "encoding": {"y": {"field": "median", **y}},
        },
        {
            "transform": [{"filter": "isValid(datum.value)"}],
            "mark": {"type": "point", "filled": True, "size": 42, "opacity": 1},
            "encoding": {"y": {"field": "value", **y}, **_marked(uses)},
        },
    ]
    order = [course.label[lang] for course in validation.courses]
    facet = {"field": "series", "type": "nominal", "sort": order, "title": None}
    return _framed(
        rows,
        {
            "facet": {**facet, "header": {"labelFontSize": 12, "labelLimit": 400}},
            "columns": IN_A_ROW,
            "spec": {"width": 380, "height": 105, "encoding": {"x": x}, "layer": layers},
            "resolve": {"scale": {"y": "independent"}},
            "spacing": 14,
        },
    )


def territories_chart(rows: list[Row]) -> Spec:
    """Return the figures of one regional series as shares of the country, in the order of codes."""
    uses = {row.target.use for row in rows}
    shown: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: row.target.territories):
        total = row.target.total
        low, high = row.intervals[0.9]
        record = {
            "place": place_of(row.target.region),
            "low": max(low / total, 5e-4),
            "high": max(high / total, 5e-4),
            "median": max(row.median / total, 5e-4),
            "use": _use(row.target.use),
        }
        if not row.hidden:
            record["value"] = row.target.value / total
        shown.append(record)
    y = {"field": "place", "type": "nominal", "sort": [r["place"] for r in shown], "axis": LONG}
    x = {
        "type": Q,
        "scale": {"type": "log"},
        "axis": {
            "title": t("validation.share_of_country"),
            "format": ".1~%",
            "values": [0.001, 0.01, 0.1, 0.5],
        },
    }
    layers = [
        {
            "mark": {"type": "rule", "strokeWidth": 5, "opacity": 0.3, "color": MODEL},
            "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "tick", "color": MODEL, "thickness": 2},
            "encoding": {"x": {"field": "median", **x}},
        },
        {
            "transform": [{"filter": "isValid(datum.value)"}],
            "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1},
            "encoding": {"x": {"field": "value", **x}, **_marked(uses)},
        },
    ]
    return _framed(shown, {"width": 480, "height": {"step": 16}, "encoding": {"y": y}, "layer": layers})


def reliability_chart(validation: Validation) -> Spec:
    """Return how many figures lie inside the interval of each level, for each use."""
    rows = [
        {"level": level, "share": share, "use": _use(use)}
        for use, shares in validation.reliability.items()
        for level, share in shares.items()
    ]
    percent = {"format": ".0%", "tickCount": 5}
    unit = {"domain": [0, 1]}
    layers: list[dict[str, Any]] = [
        {
            "data": {"values": [{"level": 0, "share": 0}, {"level": 1, "share": 1}]},
            "mark": {"type": "line", "color": INK.muted, "strokeDash": [4, 4], "strokeWidth": 1},
            "encoding": {"x": {"field": "level", "type": Q}, "y": {"field": "share", "type": Q}},
        },
        {
            "mark": {"type": "line", "point": True, "strokeWidth": 2},
            "encoding": {
                "x": {
                    "field": "level",
                    "type": Q,
                    "scale": unit,
                    "axis": {**percent, "title": t("validation.nominal")},
                },
                "y": {
                    "field": "share",
                    "type": Q,
                    "scale": unit,
                    "axis": {**percent, "title": t("validation.observed")},
                },
                "color": _uses(set(validation.reliability), COLOURS),
            },
        },
    ]
    return _framed(rows, {"width": 300, "height": 220, "layer": layers})


def place_of(region: str) -> str:
    """Return what a region of a series is called; several places are told as the others."""
    if region == "PE":
        return t("validation.country")
    if " " in region:
        return t("validation.others")
    land = load_ledger().territories
    if region == "PE-LIM":
        return t("validation.lima")
    at = land.iso.index(region) if region in land.iso else land.codes.index(region)
    return land.names[at]


def _use(use: str) -> str:
    return t(f"validation.use.{use}")


SHAPES: Final = {"fit": "circle", "check": "diamond", "data": "square"}
COLOURS: Final = {"fit": INK.registered, "check": INK.worse, "data": INK.series[4]}


def _uses(uses: set[str], looks: dict[str, str]) -> dict[str, Any]:
    """Return how the figures of each use that there are look."""
    there = [use for use in SHAPES if use in uses]
    return {
        "field": "use",
        "type": "nominal",
        "scale": {"domain": [_use(use) for use in there], "range": [looks[use] for use in there]},
    }


def _marked(uses: set[str]) -> dict[str, Any]:
    return {"color": _uses(uses, COLOURS), "shape": _uses(uses, SHAPES)}


def _framed(rows: list[dict[str, Any]], body: dict[str, Any]) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": rows},
        "background": INK.background,
        "config": config(language(), "light"),
        **body,
    }
