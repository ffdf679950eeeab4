"""The route of children through the States' hands: stocks and flows of a month, and the protection route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from app.charts.base import inks
from simulator.exports.vega import FONT
from simulator.texts import t

WIDE, HIGH = 960, 470


@dataclass(frozen=True)
class Box:
    """A state on the diagram: what it holds, and where its box stands (pixels)."""

    states: tuple[str, ...]
    x: int
    y: int
    width: int = 150
    height: int = 56


BOXES: Final = {
    "home": Box(("HOME",), 6, 190),
    "adult": Box(("ADULT",), 206, 30),
    "exploited": Box(("EXPLOITED",), 206, 190),
    "identified": Box(("IDENTIFIED",), 408, 190),
    "protected": Box(("PROTECTED",), 608, 190),
    "specialised": Box(("SPECIALISED_SHELTER",), 804, 30),
    "general": Box(("GENERAL_SHELTER",), 804, 110),
    "family": Box(("FAMILY_CARE",), 804, 190),
    "follow_up": Box(("FOLLOW_UP",), 804, 290),
    "reintegrated": Box(("REINTEGRATED",), 804, 390),
    "unassisted": Box(("LEFT_UNASSISTED",), 408, 330),
}
CARE: Final = ("specialised", "general", "family")


@dataclass(frozen=True)
class Arrow:
    """A flow on the diagram: between which boxes, along which path, and where its number stands."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    path: str
    x: int
    y: int
    is_return: bool = False


ARROWS: Final = (
    Arrow(("home",), ("exploited",), "M156 218H202", 179, 210),
    Arrow(("exploited",), ("adult",), "M281 190V90", 306, 142),
    Arrow(("exploited",), ("identified",), "M356 218H404", 380, 210),
    Arrow(("identified",), ("protected",), "M558 218H604", 581, 210),
    Arrow(("protected",), ("specialised",), "M716 190C736 110 752 62 800 58", 722, 108),
    Arrow(("protected",), ("general",), "M738 190C752 156 766 140 800 138", 764, 170),
    Arrow(("protected",), ("family",), "M758 218H800", 779, 210),
    Arrow(CARE, ("follow_up",), "M879 246V286", 902, 271),
    Arrow(("follow_up",), ("reintegrated",), "M879 346V386", 902, 371),
    Arrow(("exploited",), ("unassisted",), "M312 246C320 300 350 345 404 350", 334, 314),
    Arrow(("identified", "protected"), ("unassisted",), "M483 246V326", 508, 290),
    Arrow((*CARE, "follow_up"), ("unassisted",), "M804 322C740 340 650 350 562 354", 690, 332),
    Arrow(("unassisted",), ("exploited",), "M408 374C310 384 262 320 258 250", 296, 364, is_return=True),
    Arrow(
        ("identified", "protected", *CARE, "follow_up", "reintegrated"),
        ("exploited",),
        "M804 420C600 462 226 480 234 250",
        520,
        446,
        is_return=True,
    ),
)


def states_of(boxes: Iterable[str]) -> list[str]:
    """Return the States that some boxes hold."""
    return [name for box in boxes for name in BOXES[box].states]


def stocks(theme: str, stock: Mapping[str, str], flow: Mapping[int, str], month: str) -> str:
    """Return the stocks and flows of a month as SVG, in the language in force.

    Parameters
    ----------
    stock : by name of a box, the number as printed
    flow : by place in ``ARROWS``, the number as printed
    month : in words
    """
    ink = inks(theme)
    title = escape(t("chart.stocks.title", month=month))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" role="img" '
        f'aria-label="{title}" font-family="{FONT}" font-size="13" '
        f'width="{WIDE}" height="{HIGH}">',
        f"<title>{title}</title><defs>",
        *(
            f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
            for name, colour in (("way", ink.muted), ("back", ink.worse))
        ),
        "</defs>",
    ]
    for arrow in ARROWS:
        colour, name, dash = (
            (ink.worse, "back", ' stroke-dasharray="6 4"') if arrow.is_return else (ink.muted, "way", "")
        )
        out.append(
            f'<path d="{arrow.path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash} '
            f'marker-end="url(#{name})"/>'
        )
    for key, box in BOXES.items():
        fill, edge = (ink.worst_to_best[1], ink.muted)
        if key == "exploited":
            fill, edge = ink.worst_to_best[0], ink.worse
        elif key in {"reintegrated", "follow_up", *CARE}:
            fill, edge = ink.none_to_most[1], ink.better
        middle = box.x + box.width // 2
        out.append(
            f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8" fill="{fill}" '
            f'stroke="{edge}"/>'
            f'<text x="{middle}" y="{box.y + 23}" text-anchor="middle" fill="{ink.text}">'
            f"{escape(t(f'chart.stocks.{key}'))}</text>"
            f'<text x="{middle}" y="{box.y + 44}" text-anchor="middle" fill="{ink.text}" font-weight="bold" '
            f'font-size="15">{escape(stock.get(key, ""))}</text>'
        )
    for number, arrow in enumerate(ARROWS):
        if number not in flow:
            continue
        out.append(
            f'<text x="{arrow.x}" y="{arrow.y}" text-anchor="middle" fill="{ink.text}" '
            f'stroke="{ink.background}" stroke-width="4" paint-order="stroke" font-size="12.5">'
            f"{escape(flow[number])}</text>"
        )
    note = escape(t("chart.stocks.returns"))
    out.append(f'<text x="20" y="{HIGH - 8}" fill="{ink.muted}" font-size="12">- - -  {note}</text></svg>')
    return "".join(out)


ROUTE: Final = {
    "found": ("opened", "lost"),
    "opened": (*CARE, "later"),
    "specialised": ("follow_up", "reintegrated", "later"),
    "general": ("follow_up", "reintegrated", "later"),
    "family": ("follow_up", "reintegrated", "later"),
    "follow_up": ("reintegrated", "later"),
}
"""From each station of the protection route, where children go next."""


def route(lang: str, theme: str, flows: Mapping[tuple[str, str], float]) -> dict[str, Any]:
    """Return the protection route of the children who were identified, for ``st.echarts_chart``.

    Those whom nobody identified are not in it: their number is apart, with its interval.

    Parameters
    ----------
    flows : children by (station, next station), of ``ROUTE``
    """
    ink = inks(theme)
    colours = {"found": ink.series[0], "lost": ink.worse, "later": ink.muted}
    stations = [*ROUTE, "reintegrated", "lost", "later"]
    names = {key: _station(key, lang) for key in stations}
    used = {end for link, n in flows.items() if n > 0 for end in link}
    nodes = [
        {"name": names[key], "itemStyle": {"color": colours.get(key, ink.better)}}
        for key in stations
        if key in used
    ]
    links = [
        {"source": names[source], "target": names[target], "value": round(n, 1)}
        for (source, target), n in flows.items()
        if n > 0
    ]
    return {
        "animation": False,
        "textStyle": {"fontFamily": FONT},
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "type": "sankey",
                "left": 4,
                "right": 110,
                "top": 8,
                "bottom": 8,
                "nodeWidth": 14,
                "nodeGap": 14,
                "draggable": False,
                "emphasis": {"focus": "adjacency"},
                "label": {"color": ink.text, "fontSize": 12},
                "lineStyle": {"color": "source", "opacity": 0.28, "curveness": 0.5},
                "data": nodes,
                "links": links,
            }
        ],
    }


def _station(key: str, lang: str) -> str:
    if key in {"found", "opened", "lost", "later"}:
        return t(f"chart.route.{key}", lang)
    return t(f"chart.stocks.{key}", lang)
