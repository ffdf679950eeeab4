"""What every chart shares, on screen and on paper: inks for light and dark, Peru's numbers, static copies.

Colours were chosen to be told apart by people who do not see all of them, and to stand out from the
background by at least three to one (tested).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import vl_convert

type Spec = dict[str, Any]
"""A Vega-Lite specification."""


@dataclass(frozen=True)
class Inks:
    """The colours of one theme.

    Attributes
    ----------
    background, text, muted, grid : of the page
    series : of scenarios; the comparator is the first, a grey
    better, worse : of changes, for children
    worst_to_best : ends and middle of the scale of changes around zero; text stays readable on all three
    none_to_most : of shares and counts that have no good or bad side
    registered : of what the State records, never that of an estimate
    """

    background: str
    text: str
    muted: str
    grid: str
    series: tuple[str, ...]
    better: str
    worse: str
    worst_to_best: tuple[str, str, str]
    none_to_most: tuple[str, str]
    registered: str


INKS: Final = {
    "light": Inks(
        background="#ffffff",
        text="#14181f",
        muted="#5c6470",
        grid="#e3e6ea",
        series=("#5f6670", "#0072b2", "#d55e00", "#0a8f6a", "#4b0f5e", "#cc4c8a", "#8a6d00"),
        better="#0072b2",
        worse="#d55e00",
        worst_to_best=("#f0a35e", "#f3f4f6", "#74b5e0"),
        none_to_most=("#f3f6f9", "#7db4dc"),
        registered="#8a6d00",
    ),
    "dark": Inks(
        background="#11161c",
        text="#f2f4f7",
        muted="#a8b0bd",
        grid="#2a303a",
        series=("#8f97a3", "#56b4e9", "#ff9a4d", "#a7f3d0", "#9b7bff", "#ffd6e8", "#fde68a"),
        better="#56b4e9",
        worse="#ff9a4d",
        worst_to_best=("#8f4a0c", "#262c36", "#1c5f92"),
        none_to_most=("#1b222c", "#1f6aa3"),
        registered="#f0d060",
    ),
}

COLOURS: Final = INKS["light"].series
FONT: Final = "system-ui, Segoe UI, Roboto, Helvetica Neue, Arial, DejaVu Sans, sans-serif"
"""That of the pages, and what stands in for it where pictures are made."""

SCALE: Final = 2.0
"""Pixels of a picture for one of the specification."""

_NUMBERS: Final = {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["S/ ", ""]}
_TIMES: Final = {
    "es": {
        "dateTime": "%d/%m/%Y %H:%M:%S",
        "date": "%d/%m/%Y",
        "time": "%H:%M:%S",
        "periods": ["a. m.", "p. m."],
        "days": ["domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"],
        "shortDays": ["dom", "lun", "mar", "mié", "jue", "vie", "sáb"],
        "months": [
            *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
            *("julio", "agosto", "setiembre", "octubre", "noviembre", "diciembre"),
        ],
        "shortMonths": ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "set", "oct", "nov", "dic"],
    },
    "en": {
        "dateTime": "%d/%m/%Y %H:%M:%S",
        "date": "%d/%m/%Y",
        "time": "%H:%M:%S",
        "periods": ["am", "pm"],
        "days": ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
        "shortDays": ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
        "months": [
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ],
        "shortMonths": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    },
}


def months(lang: str) -> list[str]:
    """Return the names of the months, January first."""
    return list(_TIMES[lang]["months"])


WHOLE_TICKS: Final = {
    "tickMinStep": 1,
    # Over a short span Vega sets ticks at halves nevertheless: they have no name. Zero has no sign.
    "labelExpr": "datum.value == 0 ? '0' : datum.value == floor(datum.value) ? datum.label : ''",
}
"""Of an axis of counts: only whole numbers are named."""


def config(lang: str, theme: str) -> dict[str, Any]:
    """Return how charts of a language and theme look and write their numbers."""
    inks = INKS[theme]
    axis = {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": inks.muted,
        "titleColor": inks.muted,
        "gridColor": inks.grid,
        "domainColor": inks.grid,
        "tickColor": inks.grid,
    }
    text = {"labelFontSize": 12, "labelColor": inks.text, "titleColor": inks.muted}
    return {
        "font": FONT,
        "locale": {"number": _NUMBERS, "time": _TIMES[lang]},
        "axis": axis,
        "legend": {**text, "orient": "bottom", "title": None, "labelLimit": 320, "symbolStrokeWidth": 3},
        "header": {**text, "labelFontSize": 12, "labelLimit": 320},
        "text": {"color": inks.text, "fontSize": 12},
        "view": {"stroke": None},
    }


def svg(chart: Spec) -> str:
    """Return a chart as SVG; nothing is fetched."""
    return str(vl_convert.vegalite_to_svg(json.dumps(chart), allowed_base_urls=[]))


def png(chart: Spec) -> bytes:
    """Return a chart as a picture; nothing is fetched."""
    return bytes(vl_convert.vegalite_to_png(json.dumps(chart), scale=SCALE, allowed_base_urls=[]))
