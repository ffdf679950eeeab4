"""Why believe it: the model as a diagram, every parameter with its source, the data, the limits."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from app import parts, results, screen, state
from app.charts import base, paths, route
from app.results import Comparison
from app.views import fit
from calibration.targets import COUNTRY, Target, load_targets
from simulator import __version__, load_ledger
from simulator.evidence.parameter import QUALITIES, Parameter
from simulator.exports.naming import plain
from simulator.exports.vega import months
from simulator.tables import shown
from simulator.texts import language, t

TABS: Final = ("diagram", "parameters", "data", "fit", "limits", "words", "version")
CHANGELOG: Final = Path(__file__).parents[2] / "CHANGELOG.md"
"""There in the source; an installed program tells its version only."""

LAST_CHANGES: Final = 5
"""Entries that are shown, the newest first."""

REGISTERS: Final = {
    "police_victims_identified_children": "registered_police_children",
    "prosecution_victims_children": "registered_prosecutor_children",
}
"""Official series of whole years, and what of the model each is held against."""

WORDS: Final = (
    *("trend", "expected", "lever", "intervention", "place", "post", "incidence", "identified", "protected"),
    *("upe", "care", "unassisted", "follow_up", "registered", "simulated"),
    *("interval", "paired", "draw", "grade", "reintegration", "pim"),
)
BEHIND_DIAGRAM: Final = ("recruitment.", "exits.", "identification.", "referral.", "care.", "returns.")
BEHIND_ROUTE: Final = ("identification.", "referral.", "upe.", "care.", "reintegration.")
"""Beginnings of the parameters behind the diagram, and behind the protection route."""

OPEN_ENDED: Final = ("population.",)
"""Parameters by beginning that a scenario cannot set: the population is built beforehand."""


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.model"))
    st.markdown(t("model.lead"))
    tabs = st.tabs([t(f"model.tab.{name}") for name in TABS], key="model_tab", on_change="rerun")
    draw = {
        "diagram": lambda: screen.live(_diagram),
        "parameters": _parameters,
        "data": lambda: screen.live(_data),
        "fit": fit.show,
        "limits": parts.limits,
        "words": _words,
        "version": _version,
    }
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                draw[name]()


# -- stocks and flows --------------------------------------------------------------------------------------


def _diagram(told: Comparison) -> None:
    left, middle, right = st.columns([3, 2, 4])
    with left:
        year = st.select_slider(
            t("model.year"), told.years, value=min(2030, told.years[-1]), key="model_year"
        )
    with middle:
        month = st.selectbox(t("model.month"), range(1, 13), index=11, format_func=_month, key="model_month")
    with right:
        name = st.segmented_control(
            t("model.whose"),
            (results.TREND, results.PLAN),
            format_func=lambda key: screen.plain(told.label(key)),
            default=results.PLAN,
            required=True,
            key="model_whose",
        )
    now = f"{year}-{month:02d}"
    one = told.tables.sel(scenario=[name], year=year, when=now)
    when = t("app.month_of", month=_month(month), year=year)
    stock, account = _stocks(told, one), _account(told, one)
    flow = [row for _, row in told.frame(one["month_flow"]).iterrows()]
    drawn = route.stocks(
        screen.theme(),
        {key: _told(row) for key, row in stock.items()},
        {k: _told(row) for k, row in enumerate(flow)},
        {key: screen.number(account[key, "aged"]["median"]) for key in route.BOXES},
        when,
    )
    title = html.escape(t("chart.stocks.title", month=when))
    data = base64.b64encode(drawn.encode()).decode()
    # On a phone it keeps its size and is moved sideways within its own frame.
    st.html(
        f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="{title}">'
        f'<img src="data:image/svg+xml;base64,{data}" alt="{title}" style="width:100%;min-width:920px"></div>'
    )
    st.caption(t("model.diagram_note", month=when))
    flows = _flow_table(flow, account, when)
    stocks = _stock_table(stock, account, when)
    st.table(stocks, hide_index=True)
    with st.expander(t("model.flows"), icon=":material/table:", key="model_flows_table"):
        st.table(flows, hide_index=True)
    screen.footer(told)
    with st.container(horizontal=True):
        file = f"sintrata_stocks_{now}_{screen.run_id(told)}"
        parts.csv_button(flows, f"{file}_flows", "model_flows", t("model.csv_flows"))
        parts.csv_button(stocks, file, "model_stocks", t("model.csv_stocks"))
        st.download_button(
            "SVG", drawn, f"{file}.svg", "image/svg+xml", key="model_diagram_svg", on_click="ignore"
        )
        parts.opener("model_diagram", *BEHIND_DIAGRAM)
    _balance(told, name, now, when)
    _route(told, one, year)


def _told(row: pd.Series) -> route.Told:
    """Return a number and its interval; one run has none."""
    number = screen.number(row["median"])
    if math.isnan(row["low"]):
        return route.Told(number)
    return route.Told(number, t("fit.range", low=screen.number(row["low"]), high=screen.number(row["high"])))


def _stocks(told: Comparison, one: xr.Dataset) -> dict[str, pd.Series]:
    """Return the row of every box of children: who is in it at the end of the month."""
    table = told.frame(one["month_stock"]).set_index("state")
    return {key: table.loc[box.state] for key, box in route.BOXES.items()}


def _account(told: Comparison, one: xr.Dataset) -> dict[tuple[str, str], pd.Series]:
    """Return by box and entry (``in``, ``out``, ``aged``) the row of children in the month."""
    table = told.frame(one["month_account"]).set_index(["entry", "state"])
    return {
        (key, entry): table.loc[(entry, box.state)]
        for key, box in route.BOXES.items()
        for entry in ("in", "out", "aged")
    }


def _flow_table(
    flow: Sequence[pd.Series], account: Mapping[tuple[str, str], pd.Series], when: str
) -> pd.DataFrame:
    """Return every flow of the diagram with its interval, and who turns 18 in each box."""
    rows = [
        (f"{t(f'chart.stocks.{one.source}')} → {t(f'chart.stocks.{one.target}')}", row)
        for one, row in zip(route.ARROWS, flow, strict=True)
    ]
    rows += [(t("model.turns_18", box=t(f"chart.stocks.{key}")), account[key, "aged"]) for key in route.BOXES]
    return pd.DataFrame(
        [{t("model.flow"): name, t("model.in_month", month=when): parts.brief(row)} for name, row in rows]
    )


def _stock_table(
    stock: Mapping[str, pd.Series], account: Mapping[tuple[str, str], pd.Series], when: str
) -> pd.DataFrame:
    """Return who comes into each box in the month, who leaves it, and who is there at its end."""
    return pd.DataFrame(
        [
            {
                t("model.state"): t(f"chart.stocks.{key}"),
                t("model.enter"): parts.brief(account[key, "in"]),
                t("model.leave"): parts.brief(account[key, "out"]),
                t("model.at_end", month=when): parts.brief(row),
            }
            for key, row in stock.items()
        ]
    )


def _balance(told: Comparison, name: str, now: str, when: str) -> None:
    """Show the account of one run child by child: medians of several runs need not add up, a run does."""
    before = (pd.Period(now, "M") - 1).strftime("%Y-%m")
    if before not in told.tables["when"].values:
        return
    st.header(t("model.balance", month=when))
    run = st.selectbox(
        t("model.run"), told.runs, format_func=lambda draw: str(told.runs.index(draw) + 1), key="model_run"
    )
    one = told.tables.sel(scenario=name, draw=run).squeeze(drop=True)
    rows = []
    for key, box in route.BOXES.items():
        mine = one["month_stock"].sel(state=box.state)
        account = one["month_account"].sel(state=box.state, when=now)
        counts = [float(mine.sel(when=before)), *(float(account.sel(entry=e)) for e in ("in", "out"))]
        start, entered, left = (f"{count:,.0f}" for count in counts)
        rows.append(
            {
                t("model.state"): t(f"chart.stocks.{key}"),
                t("model.start"): start,
                t("model.moves"): f"+{entered} - {left}",
                t("model.end"): f"= {float(mine.sel(when=now)):,.0f}",
            }
        )
    st.table(pd.DataFrame(rows), hide_index=True)
    st.caption(t("model.balance_note"))
    parts.csv_button(pd.DataFrame(rows), f"sintrata_balance_{now}_{screen.run_id(told)}", "model_balance")


def _month(number: int) -> str:
    return months(language())[number - 1]


def _passages(
    told: Comparison, one: xr.Dataset
) -> tuple[dict[tuple[str, str], pd.Series], dict[str, pd.Series]]:
    """Return the rows of children by stretch of the protection route, and by station that they pass."""
    flow = one["flow"].transpose("scenario", "draw", "from_state", "to_state")
    place_of = flow.indexes["from_state"].get_loc, flow.indexes["to_state"].get_loc
    stretches = {
        (source, target): flow.values[
            ..., place_of[0](route.state_of(source)), [*map(place_of[1], route.states_next(source, target))]
        ].sum(axis=-1)
        for source, targets in route.ROUTE.items()
        for target in targets
    }
    stations = {
        key: sum(moved for link, moved in stretches.items() if link[0 if key == "found" else 1] == key)
        for key in route.STATIONS
    }
    # All in one array: an interval of many cells takes no longer than that of one.
    whole = np.stack([*stretches.values(), *stations.values()])
    table = told.frame(
        xr.DataArray(whole, {"scenario": one["scenario"], "draw": one["draw"]}, ("way", "scenario", "draw"))
    )
    rows = [row for _, row in table.iterrows()]
    return dict(zip(stretches, rows, strict=False)), dict(zip(stations, rows[len(stretches) :], strict=True))


def _route(told: Comparison, one: xr.Dataset, year: int) -> None:
    """Show where the children go who were identified; those whom nobody found are a number apart."""
    st.header(t("model.route", year=year))
    rows, through = _passages(told, one)
    flows = {link: float(row["median"]) for link, row in rows.items()}
    # On a phone it keeps a width at which its words stand apart, and is moved sideways within its own frame.
    st.html(
        "<style>.st-key-model_route_frame{overflow-x:auto}"
        f".st-key-model_route_frame>*{{min-width:{route.NARROWEST}px}}</style>"
    )
    with st.container(key="model_route_frame"):
        st.echarts_chart(
            route.route(
                *parts.looks(),
                flows,
                {key: screen.number(row["median"]) for key, row in through.items()},
            ),
            height=400,
            key="model_route",
            alt=t("model.route_alt", year=year, found=screen.number(flows["found", "opened"])),
            theme=None,
        )
    st.caption(t("model.route_note"))
    head = t("model.children")
    stations = pd.DataFrame(
        [{t("model.station"): route.station(key), head: parts.brief(row)} for key, row in through.items()]
    )
    st.table(stations, hide_index=True)
    table = pd.DataFrame(
        [
            {
                t("model.flow"): f"{route.station(source)} → {route.station(target)}",
                head: parts.brief(row),
            }
            for (source, target), row in rows.items()
            if row["median"] > 0.0 or row["high"] > 0.0
        ]
    )
    with st.expander(t("model.stretches"), icon=":material/table:", key="model_route_table"):
        st.table(table, hide_index=True)
    december = told.tables["month_stock"].sel(scenario=one["scenario"], when=f"{year}-12", state="EXPLOITED")
    hidden = told.frame(december).iloc[0]
    st.caption(t("model.hidden", year=year, interval=screen.between(hidden)))
    screen.footer(told)
    with st.container(horizontal=True):
        file = f"sintrata_route_{year}_{screen.run_id(told)}"
        parts.csv_button(stations, file, "model_route", t("model.csv_stations"))
        parts.csv_button(table, f"{file}_stretches", "model_stretches", t("model.csv_stretches"))
        parts.opener("model_route", *BEHIND_ROUTE)


# -- parameters --------------------------------------------------------------------------------------------


def _parameters() -> None:
    ledger = load_ledger()
    left, right = st.columns([2, 1])
    asked = plain(left.text_input(t("model.search"), key="model_search", max_chars=60).strip())
    with right:
        grades = st.pills(
            t("model.grades"), QUALITIES, default=list(QUALITIES), selection_mode="multi", key="model_grades"
        )
    found = {
        name: one
        for name, one in ledger.parameters.items()
        if one.quality in grades and (asked in plain(name) or asked in plain(one.label[language()]))
    }
    st.caption(t("model.found", count=len(found), total=len(ledger.parameters)))
    if not found:
        return
    table = pd.DataFrame(
        [
            {
                parts.heading(t("explain.column.label")): one.label[language()],
                parts.heading(t("explain.column.central")): shown(one.central, "n"),
                t("model.range"): f"{shown(one.low, 'n')} - {shown(one.high, 'n')}",
                parts.heading(t("explain.column.unit")): ledger.units[one.unit][language()],
                parts.heading(t("explain.column.quality")): one.quality,
                parts.heading(t("explain.column.name")): name,
            }
            for name, one in found.items()
        ]
    )
    # Narrow enough that a phone shows the value beside the name.
    narrow = {parts.heading(t("explain.column.label")): st.column_config.TextColumn(width=290)}
    st.dataframe(table, hide_index=True, height=260, key="model_table", column_config=narrow)
    parts.csv_button(table, "sintrata_parameters", "model_parameters")
    name = st.selectbox(
        t("model.card"),
        list(found),
        format_func=lambda key: f"{found[key].label[language()]} ({key})",
        key="model_parameter",
    )
    _card(name, found[name])


def _card(name: str, one: Parameter) -> None:
    """Show everything that is known of a parameter, and let the reader try another value of its range."""
    with st.container(border=True):
        parts.parameter_card(one)
        if one.distribution == "fixed" or one.low >= one.high or name.startswith(OPEN_ENDED):
            st.caption(t("model.fixed"))
            return
        held = state.plan().get("parameters", {}).get(name)
        widget = f"model_value_{name}"
        st.session_state[widget] = float(one.central if held is None else held)
        st.slider(
            t("model.try"),
            one.low,
            one.high,
            step=(one.high - one.low) / 100,
            format="%.4g",
            key=widget,
            on_change=screen.act,
            args=(_set, name),
            help=t("model.try_help"),
        )
        if held is not None:
            st.info(
                t("model.tried", value=f"{held:g}", central=f"{one.central:g}"), icon=":material/science:"
            )
            st.button(t("model.back"), key=f"model_back_{name}", on_click=screen.act, args=(_unset, name))


def _set(name: str) -> None:
    mapping = state.plan()
    value = float(f"{st.session_state[f'model_value_{name}']:.6g}")
    mapping["parameters"] = {**mapping.get("parameters", {}), name: value}
    state.change(mapping)


def _unset(name: str) -> None:
    mapping = state.plan()
    rest = {key: value for key, value in mapping.get("parameters", {}).items() if key != name}
    mapping.pop("parameters", None)
    state.change(mapping | ({"parameters": rest} if rest else {}))


# -- data, limits, words, version --------------------------------------------------------------------------


def _data(told: Comparison) -> None:
    """Show registers beside what the trend says they show; no curve was drawn through the points."""
    st.markdown(t("model.data_lead"))
    screen.registered_notice()
    official = [one for one in load_targets() if one.indicator.name in REGISTERED_NAMES]
    columns = st.columns(2)
    for column, (name, series) in zip(columns, REGISTERS.items(), strict=True):
        rows = [one for one in official if one.indicator.name == name and one.region == COUNTRY]
        values = told.tables["place"].sel(place_indicator=series, drop=True).sum("territory")
        table = told.frame(values.sel(scenario=[results.TREND], year=slice(None, 2025)))
        frame = table[["year", "low", "median", "high"]].assign(observed=np.nan, use="")
        points = pd.DataFrame(
            [{"year": one.year, "observed": one.value, "use": one.use} for one in rows if one.year >= 2017]
        )
        frame = pd.concat([frame, points], ignore_index=True)
        with column:
            st.header(rows[0].indicator.label[language()])
            parts.figure(
                paths.against_data(*parts.looks(), base.WHOLE),
                frame,
                key=f"model_{series}",
                told=told,
                alt=t("model.data_alt", count=len(points), what=rows[0].indicator.label[language()]),
                sources=tuple(dict.fromkeys(fit.sources()[one.source].cited() for one in rows)),
                table=_against(table, rows),
                about=series,
            )
            st.caption(t(f"model.register.{series}"))
            st.caption(_outside(table, points))
    st.caption(t("model.data_note"))


def _against(table: pd.DataFrame, rows: Sequence[Target]) -> pd.DataFrame:
    """Return by year what the model says of a register beside what it shows, and its sources."""
    official = {
        year: "; ".join(
            f"{one.value:,.0f} ({fit.sources()[one.source].cited()})" for one in rows if one.year == year
        )
        for year in {one.year for one in rows}
    }
    told = parts.words_of(table, "n", year=parts.heading(t("chart.year")))
    return told.assign(
        **{parts.heading(t("chart.observed")): table["year"].map(official).fillna("").to_list()}
    )


def _outside(table: pd.DataFrame, points: pd.DataFrame) -> str:
    """Return which official figures lie outside the band of their year."""
    band = table.set_index("year")
    out = [
        t(
            "model.figure_outside",
            year=one.year,
            value=f"{one.observed:,.0f}",
            between=screen.between(band.loc[one.year], brief=True),
        )
        for one in points.itertuples()
        if one.year in band.index
        and not band.loc[one.year, "low"] <= one.observed <= band.loc[one.year, "high"]
    ]
    return t("model.outside", figures="; ".join(out)) if out else t("model.none_outside")


REGISTERED_NAMES: Final = tuple(REGISTERS)


def _words() -> None:
    for name in WORDS:
        st.markdown(f"**{parts.heading(t(f'model.term.{name}'))}**  \n{t(f'model.meaning_of.{name}')}")


def _version() -> None:
    data = load_ledger().hash
    st.markdown(t("model.version", version=__version__, data=data[:12]))
    st.header(t("model.cite"))
    st.code(t("model.citation", version=__version__, data=data[:8]), language=None, wrap_lines=True)
    if CHANGELOG.exists():
        st.header(t("model.changes"))
        entries = CHANGELOG.read_text(encoding="utf-8").split("\n- ")[1:]
        last = entries[: -1 - LAST_CHANGES : -1]
        changed = sum("Results change: no" not in " ".join(one.split()) for one in entries)
        st.caption(t("model.changes_note", shown=len(last), count=len(entries), changed=changed))
        st.markdown("\n".join(f"- {one.partition('\n## ')[0].strip()}" for one in last))
