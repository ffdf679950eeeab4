"""Where: what the plan changes in each territory, and what services there are; never a ranking."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from app import parts, results, screen
from app.charts import base, paths, places
from app.results import Comparison
from simulator import load_ledger
from simulator.exports.naming import plain
from simulator.outcomes.effects import GOOD
from simulator.texts import t

CHANGES: Final = ("completed", "specialised_entries", "protected", "identified", "first_entries", "returns")
"""Counts of children: only their change is shown by territory, added up over several years."""

SERVICES: Final = (
    *("specialised_places", "specialised_occupied", "general_places", "general_occupied"),
    *("upe_units", "upe_capacity", "upe_waiting", "waiting_for_place"),
)
"""Services: their level is shown too, as a mean over the years."""

REGISTERED: Final = ("registered_police_children", "registered_prosecutor_children")
SIGN: Final = {
    **GOOD,
    "protected": 1,
    "specialised_places": 1,
    "general_places": 1,
    "upe_units": 1,
    "upe_capacity": 1,
    "upe_waiting": -1,
    "waiting_for_place": -1,
}
"""Whether more is better (1) or worse (-1) for children; what is not named here is neither."""

PERIOD: Final = (2027, 2030)
VIEWS: Final = ("tiles", "outlines", "small", "table")
SMALL_NUMBER: Final = 10
NINE: Final = 9


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.regions"))
    st.markdown(t("regions.lead"))
    left, right = st.columns(2)
    left.selectbox(
        t("regions.indicator"),
        (*CHANGES, *SERVICES, *REGISTERED),
        format_func=lambda name: t(f"regions.of.{name}"),
        key="regions_indicator",
        persist_state="session",
    )
    can_tell_level = st.session_state["regions_indicator"] in SERVICES
    # Of counts of children only the change is told: then there is nothing to choose.
    if can_tell_level:
        right.segmented_control(
            t("regions.what"),
            ("change", "level"),
            format_func=lambda name: t(f"regions.kind.{name}"),
            default="change",
            required=True,
            key="regions_kind",
        )
    st.segmented_control(
        t("regions.view"),
        VIEWS,
        format_func=lambda name: t(f"regions.as.{name}"),
        default="tiles",
        required=True,
        key="regions_view",
    )
    screen.live(_answer)


def _answer(told: Comparison) -> None:
    indicator = st.session_state["regions_indicator"]
    kind = st.session_state.get("regions_kind", "change") if indicator in SERVICES else "change"
    view = st.session_state["regions_view"]
    if parts.is_empty(told):
        parts.offer_a_plan("regions")
        # Nothing changes yet: what there is today is still worth a look.
        indicator, kind = (indicator if indicator in SERVICES else SERVICES[0]), "level"
    if indicator in REGISTERED:
        screen.registered_notice()
    frame = _frame(told, indicator, kind)
    left, right = st.columns([3, 2])
    with left:
        st.header(_title(indicator, kind))
        st.caption(t(f"regions.note.{kind}"))
        chosen = None
        if view == "small":
            _small(told, indicator)
        elif view == "table":
            _table(told, frame, kind)
        else:
            chosen = _map(told, frame, kind, view)
    with right:
        _drawer(told, indicator, frame, chosen, kind)


def _title(indicator: str, kind: str) -> str:
    first, last = PERIOD
    key = "mean" if indicator in SERVICES else "sum"
    what = t(f"regions.of.{indicator}")
    over = t(f"regions.over.{key}", first=first, last=last)
    return t(f"regions.title.{kind}", what=what, over=over)


def _period(told: Comparison, indicator: str) -> xr.DataArray:
    """Return one indicator over the period, [scenario, draw, territory]."""
    first, last = PERIOD
    years = told.tables["place"].sel(place_indicator=indicator, drop=True).sel(year=slice(first, last))
    return years.mean("year") if indicator in SERVICES else years.sum("year")


def _frame(told: Comparison, indicator: str, kind: str) -> pd.DataFrame:
    """Return what the maps ask for, alphabetically; see ``places.tiles``."""
    ledger = load_ledger().territories
    values = _period(told, indicator)
    if kind == "change":
        table = told.against(values)
    else:
        table = told.frame(values.sel(scenario=[parts.PLAN]))
    table = table[table["scenario"] == parts.PLAN].set_index("territory").loc[list(ledger.codes)]
    frame = pd.DataFrame(
        {
            "code": ledger.codes,
            "short": [iso[-3:] for iso in ledger.iso],
            "name": ledger.names,
            "row": ledger.tile_row,
            "col": ledger.tile_col,
            "value": table["median"].to_numpy(),
            "median": table["median"].to_numpy(),
            "low": table["low"].to_numpy(),
            "high": table["high"].to_numpy(),
            "runs": table["runs"].to_numpy(),
        }
    )
    largest = float(np.nanmax(np.abs(frame["value"]))) or 1.0
    sign = SIGN.get(indicator, 0) or 1
    frame["shade"] = (sign if kind == "change" else 1) * frame["value"] / largest
    frame["firm"] = (frame["low"] > 0) | (frame["high"] < 0) if kind == "change" else False
    return frame.sort_values("name", key=lambda names: names.map(plain), ignore_index=True)


def _form(kind: str) -> tuple[str, str]:
    """Return the format of a chart and that of the page's own numbers."""
    return (base.SIGNED, "+n") if kind == "change" else (base.WHOLE, "n")


def _map(told: Comparison, frame: pd.DataFrame, kind: str, view: str) -> str | None:
    """Draw tiles or outlines; return the code of the territory that was clicked."""
    form, own = _form(kind)
    make = places.tiles if view == "tiles" else places.outline_map
    firm = frame.loc[frame["firm"], "name"]
    alt = t("regions.alt", what=t(f"regions.kind.{kind}"), count=len(firm), names=", ".join(firm) or "0")
    told_rows = parts.words_of(frame, own, name=t("chart.territory"))
    picked = parts.figure(
        make(*parts.looks(), form, kind),
        frame,
        key=f"regions_{view}",
        told=told,
        alt=alt,
        table=told_rows,
        sources=(t("regions.outline_source"),) if view == "outlines" else (),
        on_select="rerun",
        selection_mode=[places.SELECTION],
    )
    points = picked.selection.get(places.SELECTION, []) if picked else []
    return str(points[0]["code"]).zfill(2) if points else None


def _table(told: Comparison, frame: pd.DataFrame, kind: str) -> None:
    st.table(parts.words_of(frame, _form(kind)[1], name=t("chart.territory")).set_index(t("chart.territory")))
    screen.footer(told)


def _small(told: Comparison, indicator: str) -> None:
    """Draw the path of every territory, nine to a figure, all on one scale."""
    ledger = load_ledger().territories
    name_of = dict(zip(ledger.codes, ledger.names, strict=True))
    values = told.tables["place"].sel(place_indicator=indicator, drop=True).sel(year=slice(2024, None))
    table = told.frame(values)
    plan = table[table["scenario"] == parts.PLAN].copy()
    plan["trend"] = table.loc[table["scenario"] == results.TREND, "median"].to_numpy()
    plan["name"] = plan["territory"].map(name_of)
    plan["floor"], plan["ceiling"] = 0.0, float(plan[["high", "median", "trend"]].max().max())
    names = sorted(name_of.values(), key=plain)
    spec = places.small_paths(*parts.looks(), base.WHOLE)
    for start in range(0, len(names), NINE):
        part = names[start : start + NINE]
        rows = pd.concat([plan[plan["name"] == name] for name in part])
        rows["order"] = rows["name"].map(part.index)
        columns = ["name", "order", "year", "low", "median", "high", "trend", "floor", "ceiling"]
        base.draw(
            spec,
            rows[columns],
            key=f"regions_small_{start}",
            alt=t("regions.small_alt", what=t(f"regions.of.{indicator}"), names=", ".join(part)),
        )
    screen.footer(told)


def _drawer(told: Comparison, indicator: str, frame: pd.DataFrame, clicked: str | None, kind: str) -> None:
    """Show one territory: what changes, its services, and how good its data are."""
    ledger = load_ledger().territories
    codes = frame["code"].tolist()
    name_of = dict(zip(ledger.codes, ledger.names, strict=True))
    if clicked in codes and clicked != st.session_state.get("regions_clicked"):
        st.session_state["regions_territory"] = clicked
    st.session_state["regions_clicked"] = clicked
    code = st.selectbox(
        t("regions.territory"),
        codes,
        format_func=lambda one: name_of[one],
        key="regions_territory",
        persist_state="session",
    )
    at = ledger.codes.index(code)
    row = frame.set_index("code").loc[code]
    own = _form(kind)[1]
    with st.container(border=True):
        st.metric(
            t(f"regions.of.{indicator}"),
            screen.number(row["median"], own),
            help=t(f"regions.note.{kind}"),
        )
        st.caption(t("regions.simulated", interval=screen.between(row, own)))
        _path(told, indicator, code, name_of[code])
    st.markdown(f"**{t('regions.services')}**")
    st.table(_services(told, code))
    children = ledger.children_0_5_2025[at] + ledger.children_6_11_2025[at] + ledger.children_12_17_2025[at]
    complaints = int(ledger.complaints_2007_2014[at])
    with st.expander(t("regions.data_quality"), icon=":material/fact_check:"):
        st.markdown(
            t(
                "regions.quality",
                capital=ledger.capitals[at],
                children=f"{children:,.0f}",
                rural=screen.number(ledger.rural_share_2025[at], "%"),
                indigenous=screen.number(ledger.indigenous_share[at], "%"),
                complaints=f"<{SMALL_NUMBER}" if complaints < SMALL_NUMBER else f"{complaints:,}",
            )
        )
        screen.registered_notice()


def _path(told: Comparison, indicator: str, code: str, name: str) -> None:
    values = told.tables["place"].sel(place_indicator=indicator, territory=code, drop=True)
    table = told.frame(values.sel(year=slice(2024, None)))
    plan = table[table["scenario"] == parts.PLAN].copy()
    plan["trend"] = table.loc[table["scenario"] == results.TREND, "median"].to_numpy()
    plan = plan.assign(today=np.nan, target=np.nan, target_text="")
    columns = ["year", *paths.PATH, "trend", "today", "target", "target_text"]
    base.draw(
        paths.fan(*parts.looks(), base.WHOLE),
        plan[columns],
        key="regions_path",
        alt=t("regions.path_alt", name=name, what=t(f"regions.of.{indicator}")),
        height=220,
    )


def _services(told: Comparison, code: str) -> pd.DataFrame:
    """Return the services of a territory in the last year of the period, plan beside trend."""
    names = ["specialised_places", "general_places", "upe_units", "upe_capacity", "upe_waiting"]
    last = min(PERIOD[1], told.years[-1])
    table = told.frame(told.tables["place"].sel(place_indicator=names, territory=code, year=last, drop=True))
    rows = []
    for name in names:
        one = table[table["place_indicator"] == name].set_index("scenario")
        plan, trend = one.loc[parts.PLAN], one.loc[results.TREND]
        rows.append(
            {
                t("regions.service", year=last): t(f"regions.of.{name}"),
                t("chart.trend"): screen.number(trend["median"]),
                t("chart.scenario"): parts.brief(plan),
            }
        )
    return pd.DataFrame(rows).set_index(t("regions.service", year=last))
