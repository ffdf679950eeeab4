"""The picture of an answer about money: the split, the confirmation, the path and the front, on one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from simulator.exports.brief import Brief, Section
from simulator.exports.charts import Q
from simulator.exports.documents import html
from simulator.exports.vega import INKS, config, png
from simulator.report_optimum import MILLION, line_label, plan_name, tables
from simulator.texts import language, t

if TYPE_CHECKING:
    from simulator.experiments.optimise.answer import Answer
    from simulator.exports.vega import Inks

MOST_LINES: Final = 16
WIDTH: Final = 420


def picture(answer: Answer, theme: str = "light") -> dict[str, Any]:
    """Return the whole picture as one Vega-Lite specification."""
    look, inks = config(language(), theme), INKS[theme]
    rows: list[dict[str, Any]] = [
        {"hconcat": [_split(answer, inks), _confirmation(answer, inks)], "spacing": 40}
    ]
    second = [chart for chart in (_path(answer, inks), _front(answer)) if chart is not None]
    if second:
        rows.append({"hconcat": second, "spacing": 40})
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": inks.background,
        "padding": 16,
        "title": {
            "text": t("optimise.chart.title", name=getattr(answer.question.label, language())),
            "anchor": "start",
            "fontSize": 15,
            "color": inks.text,
            "offset": 14,
        },
        "vconcat": rows,
        "config": {
            **look,
            "axis": {**look["axis"], "labelLimit": 340},
            "title": {"fontSize": 12, "fontWeight": "normal", "anchor": "start", "color": inks.text},
        },
    }


def _titled(title: str, rows: Sequence[dict[str, Any]], **body: Any) -> dict[str, Any]:
    return {"title": title, "data": {"values": list(rows)}, "width": WIDTH, **body}


def _split(answer: Answer, inks: Inks) -> dict[str, Any]:
    question = answer.question
    equals = [answer.best, *(answer.plan(name) for name in answer.alike if name.startswith("rival"))]
    money = np.array([plan.money for plan in equals]) / MILLION
    order = [int(k) for k in np.argsort(-money[0], kind="stable")[:MOST_LINES] if money[:, k].max() > 0.0]
    rows = [
        {
            "line": line_label(question.lines[k]),
            "money": float(money[0, k]),
            "low": float(money[:, k].min()),
            "high": float(money[:, k].max()),
        }
        for k in order
    ]
    y = {"field": "line", "type": "nominal", "sort": [row["line"] for row in rows], "axis": {"title": None}}
    x = {"type": Q, "axis": {"title": None, "format": ",.3~g", "tickCount": 5}}
    layers = [
        {
            "mark": {"type": "bar", "color": inks.series[1]},
            "encoding": {"y": y, "x": {"field": "money", **x}},
        },
        {
            "mark": {"type": "rule", "strokeWidth": 2, "color": inks.text},
            "encoding": {"y": y, "x": {"field": "low", **x}, "x2": {"field": "high"}},
        },
    ]
    return _titled(t("optimise.chart.split"), rows, height={"step": 17}, layer=layers)


def _confirmation(answer: Answer, inks: Inks) -> dict[str, Any]:
    rows = []
    for one in answer.named:
        if one.name == "best" or one.name.startswith(("path", "front", "least")):
            continue
        beside = answer.beside(one.name)
        rows.append(
            {"plan": plan_name(one.name), "mean": beside.mean, "low": beside.low, "high": beside.high}
        )
    y = {"field": "plan", "type": "nominal", "sort": [row["plan"] for row in rows], "axis": {"title": None}}
    x = {"type": Q, "axis": {"title": None, "format": "+,.3~s", "tickCount": 5}}
    layers = [
        {"mark": {"type": "rule", "color": inks.muted}, "encoding": {"x": {"datum": 0}}},
        {
            "mark": {"type": "rule", "strokeWidth": 2, "color": inks.series[1]},
            "encoding": {"y": y, "x": {"field": "low", **x}, "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 50, "color": inks.series[1]},
            "encoding": {"y": y, "x": {"field": "mean", **x}},
        },
    ]
    return _titled(t("optimise.chart.confirmation"), rows, height={"step": 24}, layer=layers)


def _path(answer: Answer, inks: Inks) -> dict[str, Any] | None:
    rows = []
    for one in answer.named:
        if one.name.startswith("path") or one.name == "best":
            value = answer.told(one.name)
            row = {
                "total": one.plan.total / MILLION,
                "mean": value.mean,
                "low": value.low,
                "high": value.high,
            }
            rows.append(row)
    if len(rows) < 2:
        return None
    x = {"field": "total", "type": Q, "axis": {"title": t("optimise.column.total"), "format": ",.3~g"}}
    y = {"type": Q, "axis": {"title": t("optimise.column.value"), "format": ",.3~s"}}
    layers = [
        {
            "mark": {"type": "area", "opacity": 0.2, "color": inks.series[1]},
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line", "point": True, "color": inks.series[1]},
            "encoding": {"x": x, "y": {"field": "mean", **y}},
        },
    ]
    return _titled(t("optimise.chart.path"), rows, height=220, layer=layers)


def _front(answer: Answer) -> dict[str, Any] | None:
    names = answer.question.front[:2]
    rows = []
    for one in answer.named:
        if one.name.startswith("front") or (names and one.name in ("best", "equal", "present")):
            row: dict[str, Any] = {
                "plan": plan_name(one.name),
                "kind": "front" if one.name.startswith("front") else one.name,
            }
            for axis, name in zip("xy", names, strict=False):
                gain = answer.gain(one.name, name)
                row |= {axis: gain.mean, f"{axis}_low": gain.low, f"{axis}_high": gain.high}
            rows.append(row)
    if not any(row["kind"] == "front" for row in rows):
        return None
    axes = {
        axis: {"type": Q, "axis": {"title": t(f"optimise.measure.{name}"), "format": ",.3~s"}}
        for axis, name in zip("xy", names, strict=True)
    }
    colour = {"field": "plan", "type": "nominal", "legend": {"title": None, "orient": "bottom", "columns": 3}}
    layers = [
        {
            "mark": {"type": "rule", "opacity": 0.6},
            "encoding": {
                **{"x": {"field": "x_low", **axes["x"]}, "x2": {"field": "x_high"}},
                **{"y": {"field": "y", **axes["y"]}, "color": colour},
            },
        },
        {
            "mark": {"type": "rule", "opacity": 0.6},
            "encoding": {
                **{"y": {"field": "y_low", **axes["y"]}, "y2": {"field": "y_high"}},
                **{"x": {"field": "x", **axes["x"]}, "color": colour},
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70},
            "encoding": {
                **{"x": {"field": "x", **axes["x"]}, "y": {"field": "y", **axes["y"]}, "color": colour},
            },
        },
    ]
    return _titled(t("optimise.chart.front"), rows, height=220, layer=layers)


def page(answer: Answer) -> str:
    """Return one HTML page with picture and tables; it needs no network."""
    title = t("optimise.chart.title", name=getattr(answer.question.label, language()))
    told = tables(answer)
    first = Section(told[0].title, chart=picture(answer), described=title, table=told[0])
    sections = [first, *(Section(table.title, table.notes, table) for table in told[1:])]
    last = Section(t("optimise.title.notes"), told[0].notes, small=True)
    return html(Brief(title, t("optimise.note.simulated"), language(), (*sections, last)))


def write_picture(answer: Answer, folder: Path) -> list[Path]:
    """Write page, picture and its specification into the folder of a search; return their paths."""
    chart = picture(answer)
    paths = [folder / name for name in ("answer.html", "answer.png", "answer.vl.json")]
    paths[0].write_text(page(answer), encoding="utf-8")
    paths[1].write_bytes(png(chart))
    paths[2].write_text(json.dumps(chart, ensure_ascii=False), encoding="utf-8")
    return paths
