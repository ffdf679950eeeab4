"""The route of children through the States' hands: stocks and flows of a month, and the protection route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from app.charts.base import inks
from simulator.exports.vega import FONT
from simulator.texts import t

WIDE, HIGH = 1165, 610
NARROWEST: Final = 680
"""Pixels below which words of the protection route would lie upon one another."""


@dataclass(frozen=True)
class Box:
    """A state on the diagram: which it is, and where its box stands (pixels)."""

    state: str
    x: int
    y: int
    width: int = 150
    height: int = 84


BOXES: Final = {
    "home": Box("HOME", 4, 200, 146),
    "exploited": Box("EXPLOITED", 250, 200, 160),
    "identified": Box("IDENTIFIED", 510, 200),
    "protected": Box("PROTECTED", 735, 200),
    "specialised": Box("SPECIALISED_SHELTER", 985, 58),
    "family": Box("FAMILY_CARE", 985, 190),
    "general": Box("GENERAL_SHELTER", 985, 322),
    "follow_up": Box("FOLLOW_UP", 735, 345),
    "reintegrated": Box("REINTEGRATED", 735, 505),
    "unassisted": Box("LEFT_UNASSISTED", 250, 490, 160),
}
CARE: Final = ("specialised", "family", "general")
FRAMES: Final = {
    "state": (("identified", "protected", *CARE, "follow_up"), (490, 8, 667, 442)),
    "care": (CARE, (970, 30, 180, 390)),
}
"""Boxes within a frame, and where it stands; an arrow from a frame is of all that stand within it."""

OUTSIDE: Final = "outside"
"""Whence births and arrivals come; no box."""


@dataclass(frozen=True)
class Arrow:
    """A flow on the diagram: from a box or a frame into a box, along which path, where its number stands."""

    source: str
    target: str
    path: str
    x: int
    y: int
    anchor: str = "middle"
    is_return: bool = False


ARROWS: Final = (
    Arrow(OUTSIDE, "home", "M77 150V196", 77, 122),
    Arrow("home", "exploited", "M150 242H246", 199, 216),
    Arrow("exploited", "identified", "M410 242H506", 450, 216),
    Arrow("identified", "protected", "M660 242H731", 695, 216),
    Arrow("protected", "specialised", "M850 200C870 130 920 100 981 100", 872, 108),
    Arrow("protected", "family", "M885 232H981", 928, 206),
    Arrow("protected", "general", "M885 262C915 280 930 364 981 364", 922, 290, "start"),
    Arrow("specialised", "family", "M1060 142V186", 1068, 162, "start"),
    Arrow("general", "family", "M1060 322V278", 1068, 294, "start"),
    Arrow("care", "follow_up", "M970 392H889", 931, 406),
    Arrow("follow_up", "reintegrated", "M810 429V501", 818, 470, "start"),
    Arrow("exploited", "unassisted", "M290 284V486", 282, 380, "end"),
    Arrow("state", "unassisted", "M490 400C460 400 470 525 414 525", 478, 470, "start"),
    Arrow("unassisted", "exploited", "M345 490V288", 353, 400, "start", is_return=True),
    Arrow("state", "exploited", "M490 330C450 330 425 300 402 288", 440, 338, is_return=True),
    Arrow(
        "reintegrated",
        "exploited",
        "M735 560C560 600 330 620 190 575S190 330 262 288",
        600,
        558,
        is_return=True,
    ),
)
"""Every flow between boxes, each once; who turns 18 in a box is told within it."""


def states_of(name: str) -> list[str]:
    """Return the States of a box, of all boxes within a frame, or whence births and arrivals come."""
    if name == OUTSIDE:
        return ["OUTSIDE"]
    boxes = FRAMES[name][0] if name in FRAMES else (name,)
    return [BOXES[box].state for box in boxes]


@dataclass(frozen=True)
class Told:
    """A number as it is printed, and its interval; the latter empty where there is none to tell."""

    number: str
    interval: str = ""


def stocks(
    theme: str, stock: Mapping[str, Told], flow: Mapping[int, Told], aged: Mapping[str, str], month: str
) -> str:
    """Return the stocks and flows of a month as SVG, in the language in force.

    Parameters
    ----------
    stock : by name of a box
    flow : by place in ``ARROWS``
    aged : by name of a box, how many turn 18 in it, as printed
    month : in words
    """
    ink = inks(theme)
    title = escape(t("chart.stocks.title", month=month))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" role="img" '
        f'aria-label="{title}" font-family="{FONT}" font-size="14" '
        f'width="{WIDE}" height="{HIGH}">',
        f"<title>{title}</title><defs>",
        *(
            f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
            for name, colour in (("way", ink.muted), ("back", ink.worse))
        ),
        "</defs>",
    ]
    for name, (_, (x, y, width, height)) in FRAMES.items():
        out.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="12" fill="none" '
            f'stroke="{ink.muted}" stroke-dasharray="2 4"/>'
            f'<text x="{x + 12}" y="{y + 19}" fill="{ink.muted}">'
            f"{escape(t(f'chart.stocks.{name}'))}</text>"
        )
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
        told = stock.get(key, Told(""))
        lines = (
            (20, "", t(f"chart.stocks.{key}")),
            (41, ' font-weight="bold" font-size="17"', told.number),
            (57, ' font-size="12"', told.interval),
            (75, ' font-size="12"', t("chart.stocks.adult", count=aged[key]) if key in aged else ""),
        )
        out.append(
            f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="8" fill="{fill}" '
            f'stroke="{edge}"/>'
        )
        out += [
            f'<text x="{middle}" y="{box.y + down}" text-anchor="middle" fill="{ink.text}"{look}>'
            f"{escape(words)}</text>"
            for down, look, words in lines
            if words
        ]
    for number, arrow in enumerate(ARROWS):
        if number not in flow:
            continue
        halo = f'fill="{ink.text}" stroke="{ink.background}" stroke-width="4" paint-order="stroke"'
        for down, size, words in ((0, 14, flow[number].number), (14, 12, flow[number].interval)):
            out.append(
                f'<text x="{arrow.x}" y="{arrow.y + down}" text-anchor="{arrow.anchor}" {halo} '
                f'font-size="{size}">{escape(words)}</text>'
            )
    births = escape(t("chart.stocks.outside"))
    out.append(f'<text x="77" y="104" text-anchor="middle" fill="{ink.muted}">{births}</text>')
    note = escape(t("chart.stocks.returns"))
    out.append(f'<text x="10" y="{HIGH - 8}" fill="{ink.muted}" font-size="13">- - -  {note}</text></svg>')
    return "".join(out)


ROUTE: Final = {
    "found": ("opened", "lost", "later"),
    "opened": (*CARE, "later"),
    "specialised": ("family", "follow_up", "reintegrated", "later"),
    "general": ("family", "follow_up", "reintegrated", "later"),
    "family": ("follow_up", "reintegrated", "later"),
    "follow_up": ("reintegrated", "later"),
}
"""From each station of the protection route, where children go next."""

STATIONS: Final = (*ROUTE, "reintegrated", "lost", "later")


LOST: Final = ("LEFT_UNASSISTED",)
LATER: Final = (*LOST, "ADULT", "DEAD", "EXPLOITED", "OUTSIDE")
"""Whoever leaves the route; where those who are lost are told apart, they are not among the others."""


def state_of(station: str) -> str:
    """Return the State of a station from which children go on."""
    return {"found": "IDENTIFIED", "opened": "PROTECTED"}.get(station) or BOXES[station].state


def states_next(source: str, target: str) -> list[str]:
    """Return the States in which a child arrives that goes from one station to another, of ``ROUTE``."""
    if target == "lost":
        return list(LOST)
    if target == "later":
        return [name for name in LATER if name not in LOST or "lost" not in ROUTE[source]]
    return [state_of(target)]


def route(
    lang: str, theme: str, flows: Mapping[tuple[str, str], float], numbers: Mapping[str, str]
) -> dict[str, Any]:
    """Return the protection route of the children who were identified, for ``st.echarts_chart``.

    Those whom nobody identified are not in it: their number is apart, with its interval.

    Parameters
    ----------
    flows : children by (station, next station), of ``ROUTE``
    numbers : by station, how many pass through it, as printed
    """
    ink = inks(theme)
    colours = {"found": ink.series[0], "lost": ink.worse, "later": ink.muted}
    # Ends have room for their labels on the right; on a phone labels are broken into lines.
    names = {key: f"{station(key, lang)}\n{numbers.get(key, '')}".rstrip() for key in STATIONS}
    used = {end for link, n in flows.items() if n > 0 for end in link}
    nodes = [
        {"name": names[key], "itemStyle": {"color": colours.get(key, ink.better)}}
        for key in STATIONS
        if key in used
    ]
    links = [
        {"source": names[source], "target": names[target], "value": float(f"{n:.2g}")}
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
                "left": 2,
                "right": 94,
                "top": 8,
                "bottom": 8,
                "nodeWidth": 10,
                "nodeGap": 22,
                "draggable": False,
                "emphasis": {"focus": "adjacency"},
                "label": {
                    "color": ink.text,
                    "fontSize": 12,
                    "lineHeight": 14,
                    "width": 88,
                    "overflow": "break",
                },
                "lineStyle": {"color": "source", "opacity": 0.28, "curveness": 0.5},
                "data": nodes,
                "links": links,
            }
        ],
    }


def station(key: str, lang: str | None = None) -> str:
    """Return what a station of the protection route is called."""
    if key in {"found", "opened", "lost", "later"}:
        return t(f"chart.route.{key}", lang)
    return t(f"chart.stocks.{key}", lang)
