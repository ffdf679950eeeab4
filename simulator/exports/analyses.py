"""Analyses of sweeps as pages: pictures and tables, HTML in one file and PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator import report_analysis as tables
from simulator.experiments.analysis.futures import labels_of
from simulator.experiments.analysis.sensitivity import leading
from simulator.exports.brief import Brief, Section
from simulator.exports.documents import html
from simulator.exports.vega import INKS, Spec, config, png
from simulator.texts import language, t

if TYPE_CHECKING:
    import xarray as xr

MOST: Final = 15
"""Inputs that a picture shows."""

SETTLING: Final = 5
Q: Final = "quantitative"
INK: Final = INKS["light"]
MAIN: Final = INK.series[1]
WIDTH: Final = 380


def write(pages: Brief, chart: Spec, folder: Path, name: str) -> list[Path]:
    """Write an analysis as one HTML file and its picture as PNG; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.html", folder / f"{name}.png"]
    paths[0].write_text(html(pages), encoding="utf-8")
    paths[1].write_bytes(png(chart))
    return paths


def _page(title: str, store: xr.Dataset, sections: list[Section]) -> Brief:
    about = t(
        "analysis.about",
        experiment=str(store.attrs.get("experiment", "")),
        seed=str(store.attrs.get("seed", "")),
        version=str(store.attrs.get("code_version", "")),
        data=str(store.attrs.get("data_hash", ""))[:12],
    )
    last = Section(t("analysis.limits"), (t("analysis.note.limits"),), small=True)
    return Brief(title, about, language(), (*sections, last))


def _figure(rows: list[dict[str, Any]], body: Spec) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": rows},
        "background": INK.background,
        "padding": 8,
        "config": config(language(), "light"),
        **body,
    }


def _dots(rows: list[dict[str, Any]], labels: list[str], title: str, bar: float | None = None) -> Spec:
    """Return dots with intervals, a row for each label; ``bar`` is a line below which nothing is told."""
    y = {"field": "label", "type": "nominal", "sort": labels, "axis": {"title": None, "labelLimit": 330}}
    x = {"type": Q, "axis": {"title": title, "format": "~g"}, "scale": {"zero": True}}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "strokeWidth": 2.5, "color": MAIN},
            "encoding": {"y": y, "x": {"field": "low", **x}, "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60, "color": MAIN, "opacity": 1},
            "encoding": {"y": y, "x": {"field": "value", **x}},
        },
    ]
    if bar is not None:
        rule = {"type": "rule", "strokeDash": [4, 3], "color": INK.worse}
        layers.insert(0, {"mark": rule, "encoding": {"x": {"datum": bar}}})
    return {"width": WIDTH, "height": {"step": 22}, "layer": layers, "data": {"values": rows}}


def sensitivity_chart(told: xr.Dataset, store: xr.Dataset) -> Spec:
    """Return the leading indices with their intervals and, of a design, how they settle."""
    name = leading(told)
    along = str(told[name].dims[0])
    labels = labels_of(store, [str(n) for n in told[along].values], language())
    order = tables.leaders(told)[:MOST]
    rows = []
    for k in order:
        value, low, high = tables.interval_of(told, k)
        rows.append({"label": labels[k], "value": value, "low": low, "high": high})
    bar = float(told["pawn_dummy"].max()) if name == "pawn" else None
    dots = _dots(rows, [labels[k] for k in order], t(f"analysis.index.{name}"), bar)
    if "settling" not in told:
        return _figure(rows, dots)
    settled = [
        {"label": labels[k], "share": float(share), "value": float(told["settling"].sel(share=share)[k])}
        for k in order[:SETTLING]
        for share in told["share"].values
        if np.isfinite(told["settling"].sel(share=share)[k])
    ]
    axis = {"title": t("analysis.chart.settling"), "format": ".0%", "tickCount": 4}
    lines: Spec = {
        "data": {"values": settled},
        "width": WIDTH,
        "height": 160,
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "share", "type": Q, "axis": axis, "scale": {"domain": [0.2, 1.0]}},
            "y": {
                "field": "value",
                "type": Q,
                "axis": {"title": t(f"analysis.index.{name}"), "format": "~g"},
            },
            "color": {
                "field": "label",
                "type": "nominal",
                "sort": [labels[k] for k in order],
                "scale": {"range": list(INK.series[1:])},
                "legend": {"columns": 1},
            },
        },
    }
    return _figure(rows, {"vconcat": [dots, lines], "spacing": 28})


def sensitivity_page(told: xr.Dataset, store: xr.Dataset) -> tuple[Brief, Spec]:
    """Return the page of one kind, scenario, output and year, and its picture."""
    chart, table = sensitivity_chart(told, store), tables.sensitivity_table(told, store)
    picture = Section(t("analysis.heading.picture"), table.notes, chart=chart, described=table.title)
    return _page(table.title, store, [picture, Section(t("analysis.heading.table"), table=table)]), chart


def discovery_chart(told: xr.Dataset, store: xr.Dataset) -> Spec:
    """Return the peeling, coverage against density, and the draws by the two surest limits with the box."""
    peeled = [
        {"coverage": float(c), "density": float(d), "limited": int(n)}
        for c, d, n in zip(
            told["step_coverage"].values,
            told["step_density"].values,
            told["step_limited"].values,
            strict=True,
        )
    ]
    chosen = [{"coverage": float(told["coverage"][0]), "density": float(told["density"][0])}]
    share = {"type": Q, "scale": {"domain": [0, 1]}}

    def on(field: str) -> Spec:
        return {"field": field, **share, "axis": {"title": t(f"analysis.column.{field}"), "format": ".0%"}}

    both = {"x": on("coverage"), "y": on("density")}
    count = {"title": t("analysis.chart.limited"), "orient": "right"}
    scale = {"range": list(INK.none_to_most)}
    colour = {"field": "limited", "type": Q, "legend": count, "scale": scale}
    trajectory: Spec = {
        "width": 250,
        "height": 250,
        "layer": [
            {
                "data": {"values": peeled},
                "mark": {
                    "type": "point",
                    "filled": True,
                    "size": 45,
                    "stroke": INK.muted,
                    "strokeWidth": 0.5,
                },
                "encoding": {**both, "color": colour},
            },
            {
                "data": {"values": chosen},
                "mark": {"type": "point", "shape": "diamond", "size": 160, "color": INK.worse},
                "encoding": both,
            },
        ],
    }
    limited = np.flatnonzero(np.isfinite(told["low"]) | np.isfinite(told["high"]))
    if limited.size < 2:
        return _figure(peeled, trajectory)
    one, other = limited[np.argsort(told["quasi_p"].values[limited], kind="stable")][:2]
    return _figure(
        peeled, {"hconcat": [_cloud(told, store, int(one), int(other)), trajectory], "spacing": 36}
    )


def _cloud(told: xr.Dataset, store: xr.Dataset, one: int, other: int) -> Spec:
    names = [str(told["factor"].values[k]) for k in (one, other)]
    labels = labels_of(store, names, language())
    x, y = (np.asarray(store["design"].sel(factor=name), float) for name in names)
    kinds = [t("analysis.chart.case"), t("analysis.chart.other")]
    dots = [
        {"x": float(a), "y": float(b), "which": kinds[0] if case else kinds[1]}
        for a, b, case in zip(x, y, told["case"].values, strict=True)
        if np.isfinite(case)
    ]

    def inside(limit: str, k: int, values: np.ndarray) -> float:
        found = float(told[limit][k])
        return found if np.isfinite(found) else float(values.min() if limit == "low" else values.max())

    box = [
        {
            **{"x": inside("low", one, x), "x2": inside("high", one, x)},
            **{"y": inside("low", other, y), "y2": inside("high", other, y)},
        }
    ]
    axes = {
        axis: {"type": Q, "axis": {"title": label, "format": "~g"}, "scale": {"zero": False}}
        for axis, label in zip("xy", labels, strict=True)
    }
    colour = {
        "field": "which",
        "type": "nominal",
        "scale": {"domain": kinds, "range": [INK.worse, INK.muted]},
    }
    shape = {
        "field": "which",
        "type": "nominal",
        "scale": {"domain": kinds, "range": ["triangle-up", "circle"]},
    }
    return {
        "width": 250,
        "height": 250,
        "layer": [
            {
                "data": {"values": box},
                "mark": {"type": "rect", "fillOpacity": 0.1, "color": INK.worse, "stroke": INK.worse},
                "encoding": {
                    **{"x": {"field": "x", **axes["x"]}, "x2": {"field": "x2"}},
                    **{"y": {"field": "y", **axes["y"]}, "y2": {"field": "y2"}},
                },
            },
            {
                "data": {"values": dots},
                "mark": {"type": "point", "filled": True, "size": 28, "opacity": 0.65},
                "encoding": {
                    **{"x": {"field": "x", **axes["x"]}, "y": {"field": "y", **axes["y"]}},
                    **{"color": colour, "shape": shape},
                },
            },
        ],
    }


def discovery_page(told: xr.Dataset, store: xr.Dataset) -> tuple[Brief, Spec]:
    """Return the page of a discovery and its picture."""
    chart, table = discovery_chart(told, store), tables.discovery_table(told, store)
    quality = tables.quality_table(told)
    sections = [
        Section(t("analysis.heading.picture"), table.notes, chart=chart, described=table.title),
        Section(t("analysis.heading.box"), table=table),
        Section(t("analysis.heading.quality"), quality.notes, table=quality),
    ]
    return _page(table.title, store, sections), chart


def robustness_page(told: xr.Dataset, store: xr.Dataset) -> tuple[Brief, Spec]:
    """Return the page of a robustness table and the picture of regret."""
    table = tables.robustness_table(told, store)
    names = [str(name) for name in told["scenario"].values]
    rows = [
        {"label": name, "value": float(v), "low": 0.0, "high": float(h)}
        for name, v, h in zip(names, told["regret_mean"].values, told["regret_90"].values, strict=True)
    ]
    chart = _figure(
        rows, _dots(rows, names, t("analysis.chart.regret", unit=tables.unit_of(told["regret_mean"])))
    )
    sections = [
        Section(t("analysis.heading.picture"), table.notes, chart=chart, described=table.title),
        Section(t("analysis.heading.table"), table=table),
    ]
    return _page(table.title, store, sections), chart


def information_page(told: xr.Dataset, store: xr.Dataset) -> tuple[Brief, Spec]:
    """Return the page of values of information and its picture."""
    table = tables.information_table(told, store)
    worth, floor = np.asarray(told["evppi"]), np.asarray(told["floor"])
    order = [int(k) for k in np.argsort(-worth, kind="stable")][:MOST]
    labels = labels_of(store, [str(told["factor"].values[k]) for k in order], language())
    rows = [
        {"label": label, "value": float(worth[k]), "low": 0.0, "high": float(worth[k])}
        for k, label in zip(order, labels, strict=True)
    ]
    title = t("analysis.chart.worth", unit=tables.unit_of(told["evppi"]))
    chart = _figure(rows, _dots(rows, labels, title, float(floor.max())))
    sections = [
        Section(t("analysis.heading.picture"), table.notes, chart=chart, described=table.title),
        Section(t("analysis.heading.table"), table=table),
    ]
    return _page(table.title, store, sections), chart
