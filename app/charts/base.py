"""What all figures share: pieces of specifications, drawing on a page, and the copy that people take away."""

from __future__ import annotations

import copy
import json
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from simulator.exports.vega import INKS, WHOLE_TICKS, Inks, Spec, config, png, svg

if TYPE_CHECKING:
    import pandas as pd

Q: Final = "quantitative"
WHOLE, SIGNED, SHARE, MONEY = ",.0f", "+,.0f", ".0%", ",.1f"
"""Formats of numbers, in d3's spelling."""

keep = lru_cache(maxsize=256)
"""Keeps a specification for each language, theme and choice of form."""


def figure(lang: str, theme: str, body: Spec) -> Spec:
    """Return a whole specification; its background is the page's."""
    return {"background": "transparent", "config": config(lang, theme), **body}


def inks(theme: str) -> Inks:
    """Return the colours of a theme."""
    return INKS[theme]


def field(name: str, kind: str = Q, **more: Any) -> dict[str, Any]:
    """Return a channel that shows a column."""
    return {"field": name, "type": kind, **more}


def axis(form: str, ticks: int = 5, title: str | None = None) -> dict[str, Any]:
    """Return an axis of numbers; zero has no sign, and nothing between whole numbers is named."""
    plain: dict[str, Any] = {"format": form, "title": title, "tickCount": ticks}
    if form in (WHOLE, SIGNED):
        return plain | WHOLE_TICKS
    return plain | ({"labelExpr": "datum.value == 0 ? '0' : datum.label"} if form.startswith("+") else {})


LINE: Final = 14
"""Pixels of a line of a name on an axis."""


def names(colour: str) -> dict[str, Any]:
    """Return an axis of names, which may be broken into lines (``wrapped``)."""
    look = {
        "labelLimit": 0,
        "labelPadding": 6,
        "ticks": False,
        "domain": False,
        "title": None,
        "labelColor": colour,
    }
    return look | {"labelExpr": "split(datum.label, '\\n')", "labelLineHeight": LINE}


def wrapped(text: str, width: int = 26) -> str:
    """Return a name in lines for an axis of names: a phone has room for few letters."""
    return "\n".join(textwrap.wrap(text, width, break_long_words=False))


def told(*columns: tuple[str, str, str]) -> list[dict[str, Any]]:
    """Return a tooltip of (column, title, format) triples; without a format a column is text."""
    return [
        {"field": name, "title": title, **({"type": Q, "format": form} if form else {"type": "nominal"})}
        for name, title, form in columns
    ]


TABLE: Final = "table"


def draw(
    spec: Spec, frame: pd.DataFrame, *, key: str, alt: str, height: int | None = None, **choice: Any
) -> Any:
    """Put a figure on the page.

    Parameters
    ----------
    spec : of one of the functions of this folder; it is not changed
    frame : the data, tidy
    key : of the widget, constant for a place on a page
    alt : what there is to see, in a sentence
    height : pixels; by default that of the specification
    choice : ``on_select`` and ``selection_mode``, where the figure can be clicked
    """
    import streamlit as st  # noqa: PLC0415

    # A named table is there when the browser first draws; a plain one comes after, to scales that are empty.
    body = {**copy.deepcopy(spec), "data": {"name": TABLE}, "datasets": {TABLE: frame}}
    return st.vega_lite_chart(
        None,
        body,
        theme=None,
        key=key,
        alt=alt,
        height="content" if height is None else height,
        **choice,
    )


def static(spec: Spec, frame: pd.DataFrame, theme: str, width: int = 640, height: int = 320) -> Spec:
    """Return a figure with its data inside and a background, for ``vega.svg`` and ``vega.png``.

    Parameters
    ----------
    width, height : pixels, of figures that take theirs from the page
    """
    out = copy.deepcopy(spec)
    out["data"] = {"values": json.loads(frame.to_json(orient="records", date_format="iso"))}
    out["background"] = INKS[theme].background
    if "facet" not in out:
        out.setdefault("width", width)
        out.setdefault("height", height)
    return out


def picture(spec: Spec, frame: pd.DataFrame, theme: str, suffix: str) -> bytes:
    """Return a figure as a file.

    Parameters
    ----------
    suffix : ``svg`` or ``png``
    """
    chart = static(spec, frame, theme)
    return svg(chart).encode() if suffix == "svg" else png(chart)
