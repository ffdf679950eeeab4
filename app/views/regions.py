"""Where: what the plan changes in each territory, and what services there are; never a ranking."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from app import parts, period, results, screen
from app.charts import base, paths, places
from app.reduced import REGISTERED, SERVICES
from app.results import Comparison
from simulator import load_ledger
from simulator.exports.naming import plain
from simulator.outcomes.effects import GOOD
from simulator.texts import t

CHANGES: Final = ("completed", "specialised_entries", "protected", "identified", "first_entries", "returns")
"""Counts of children: only their change is shown by territory, added up over several years."""

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

VIEWS: Final = ("tiles", "outlines", "small", "table")
DATA_OF: Final = ("children_0_5_2025", "rural_share_2025", "indigenous_share", "complaints_2007_2014")
"""Columns of the data of territories that a detail tells of; other ages have the same source."""

SMALL_NUMBER: Final = 10
FROM: Final = 2024
"""First year of paths."""

IN_A_ROW, NARROWEST = 4, 150
"""Small paths in a row, and pixels that one needs: a phone shows two."""

TABLE_OF: Final = ("specialised_places", "general_places", "upe_units", "upe_capacity", "upe_waiting")
"""Services of the table of a territory."""


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
        kind = "level"
        if indicator not in SERVICES:
            # Nothing changes yet: what there is today is still worth a look.
            asked, indicator = indicator, SERVICES[0]
            names = {"asked": t(f"regions.of.{asked}"), "shown": t(f"regions.of.{indicator}")}
            st.warning(t("regions.no_change_yet", **names), icon=":material/swap_horiz:")
    if indicator in REGISTERED:
        screen.registered_notice()
    frame = _frame(told, indicator, kind)
    if view == "small":
        st.header(_title(indicator, kind, "each"))
        _small(told, indicator, kind)
        _drawer(told, indicator, frame, None, kind)
        return
    left, right = st.columns([3, 2])
    with left:
        st.header(_title(indicator, kind, "mean" if indicator in SERVICES else "sum"))
        chosen = None
        if view == "table":
            st.caption(t("regions.note.table"))
            _table(told, frame, indicator, kind)
        else:
            st.caption(t(f"regions.note.{kind}"))
            chosen = _map(told, frame, indicator, kind, view)
    with right:
        _drawer(told, indicator, frame, chosen, kind)


def _title(indicator: str, kind: str, over: str) -> str:
    what = t(f"regions.of.{indicator}")
    return t(f"regions.title.{kind}", what=what, over=_over(over))


def _over(name: str) -> str:
    return t(f"regions.over.{name}", first=period.FIRST, last=period.LAST)


def _period(told: Comparison, indicator: str) -> xr.DataArray:
    """Return one indicator over the period, [scenario, draw, territory]."""
    years = told.tables["place"].sel(place_indicator=indicator, drop=True).sel(year=list(period.YEARS))
    return years.mean("year") if indicator in SERVICES else years.sum("year")


def _frame(told: Comparison, indicator: str, kind: str) -> pd.DataFrame:
    """Return what the maps ask for, alphabetically; see ``places.tiles``."""
    ledger = load_ledger().territories
    values = _period(told, indicator)
    if kind == "change":
        table = told.against(values)
    else:
        table = told.frame(values.sel(scenario=[results.PLAN]))
    table = table[table["scenario"] == results.PLAN].set_index("territory").loc[list(ledger.codes)]
    frame = pd.DataFrame(
        {
            "code": ledger.codes,
            "short": [iso[-3:] for iso in ledger.iso],
            "name": ledger.names,
            "row": ledger.tile_row,
            "col": ledger.tile_col,
            "median": table["median"].to_numpy(),
            "low": table["low"].to_numpy(),
            "high": table["high"].to_numpy(),
            "runs": table["runs"].to_numpy(),
        }
    )
    own = _form(kind)[1]
    frame["text"] = [screen.number(value, own) for value in frame["median"]]
    frame["interval"] = [screen.between(row, own, brief=True) for _, row in frame.iterrows()]
    frame["shade"] = _sense(indicator, kind) * frame["median"] / _largest(frame)
    frame["firm"] = (frame["low"] > 0) | (frame["high"] < 0) if kind == "change" else False
    return frame.sort_values("name", key=lambda names: names.map(plain), ignore_index=True)


def _form(kind: str) -> tuple[str, str]:
    """Return the format of a chart and that of the page's own numbers."""
    return (base.SIGNED, "+n") if kind == "change" else (base.WHOLE, "n")


def _map(told: Comparison, frame: pd.DataFrame, indicator: str, kind: str, view: str) -> str | None:
    """Draw tiles or outlines; return the code of the territory that was clicked."""
    make = places.tiles if view == "tiles" else places.outline_map
    firm = frame.loc[frame["firm"], "name"]
    alt = t("regions.alt", what=t(f"regions.kind.{kind}"), count=len(firm), names=", ".join(firm) or "0")
    st.html(_scale(frame, indicator, kind))
    picked = parts.figure(
        make(*parts.looks(), kind),
        frame,
        key=f"regions_{view}",
        told=told,
        alt=alt,
        table=_words(frame, kind),
        about=indicator,
        sources=(t("regions.outline_source"),) if view == "outlines" else (),
        on_select="rerun",
        selection_mode=[places.SELECTION],
    )
    points = picked.selection.get(places.SELECTION, []) if picked else []
    return str(points[0]["code"]).zfill(2) if points else None


def _sense(indicator: str, kind: str) -> int:
    """Return 1 where more is at the last colour of the scale, and -1 where it is at the first."""
    return (SIGN.get(indicator, 0) or 1) if kind == "change" else 1


def _largest(frame: pd.DataFrame) -> float:
    """Return the number that the ends of the scale of colours stand for."""
    return float(np.nanmax(np.abs(frame["median"]))) or 1.0


def _scale(frame: pd.DataFrame, indicator: str, kind: str) -> str:
    """Return the scale of colours of a map, with what it counts."""
    largest, own = _largest(frame), _form(kind)[1]
    last = _sense(indicator, kind) * largest
    ends = (screen.number(-last if kind == "change" else 0.0, own), screen.number(last, own))
    over = _over("mean" if indicator in SERVICES else "sum")
    what = t("regions.scale", what=t(f"regions.of.{indicator}"), over=over)
    return places.scale_legend(screen.theme(), kind, ends, what)


def _words(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    return parts.words_of(frame, _form(kind)[1], name=parts.heading(t("chart.territory")))


def _table(told: Comparison, frame: pd.DataFrame, indicator: str, kind: str) -> None:
    table = _words(frame, kind)
    st.table(table, hide_index=True)
    screen.footer(told)
    with st.container(horizontal=True):
        parts.csv_button(table, f"sintrata_regions_{screen.run_id(told)}", "regions_rows")
        parts.opener("regions_rows", *parts.BEHIND[indicator])


def _paths(told: Comparison, indicator: str, kind: str) -> pd.DataFrame:
    """Return an indicator by year and territory: its change, or its level and that of the trend."""
    values = told.tables["place"].sel(place_indicator=indicator, drop=True).sel(year=slice(FROM, None))
    if kind == "change":
        table = told.against(values)
        return table[table["scenario"] == results.PLAN].copy()
    table = told.frame(values)
    plan = table[table["scenario"] == results.PLAN].copy()
    plan["trend"] = table.loc[table["scenario"] == results.TREND, "median"].to_numpy()
    return plan


def _small(told: Comparison, indicator: str, kind: str) -> None:
    """Draw the path of every territory, all on one scale, alphabetically."""
    ledger = load_ledger().territories
    names = sorted(ledger.names, key=plain)
    form, own = _form(kind)
    rows = _paths(told, indicator, kind)
    rows["name"] = rows["territory"].map(dict(zip(ledger.codes, ledger.names, strict=True)))
    rows["order"] = rows["name"].map(names.index)
    drawn = ["low", "median", "high", *(["trend"] if kind == "level" else [])]
    shared = (
        st.segmented_control(
            t("regions.scale_of"),
            ("shared", "own"),
            format_func=lambda name: t(f"regions.scaled.{name}"),
            default="shared",
            required=True,
            key="regions_scale",
        )
        != "own"
    )
    # Each row has the ends of its scale: of all rows, or of those of its territory.
    scale = pd.Series("all", rows.index) if shared else rows["territory"]
    rows["floor"] = rows[drawn].min(axis=1).groupby(scale).transform("min").clip(upper=0.0)
    rows["ceiling"] = rows[drawn].max(axis=1).groupby(scale).transform("max").clip(lower=1.0)
    rows = rows.sort_values(["order", "year"], ignore_index=True)
    st.caption(t(f"regions.small_note.{kind}"))
    st.html(places.small_legend(screen.theme(), kind))
    grid = st.grid(IN_A_ROW, min_column_width=NARROWEST)
    for name in names:
        one = rows[rows["name"] == name]
        last = one.iloc[-1]
        with grid.container():
            st.markdown(f"**{name}**")
            base.draw(
                places.small_path(*parts.looks(), form, kind),
                one[["name", "year", *drawn, "floor", "ceiling"]],
                key=f"regions_small_{last['territory']}",
                alt=t(
                    "regions.small_alt",
                    name=name,
                    what=t(f"regions.of.{indicator}"),
                    kind=t(f"regions.kind.{kind}"),
                    year=last["year"],
                    value=screen.number(last["median"], own),
                    between=screen.between(last, own),
                ),
            )
    screen.footer(told)
    shown = parts.words_of(
        rows, own, name=parts.heading(t("chart.territory")), year=parts.heading(t("chart.year"))
    )
    parts.below(
        places.small_paths(*parts.looks(), form, kind, shared=shared),
        rows[["name", "order", "year", *drawn, "floor", "ceiling"]],
        shown,
        key="regions_small",
        told=told,
        about=indicator,
    )


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
            t(f"regions.detail.{kind}", what=t(f"regions.of.{indicator}")),
            row["text"],
            help=t(f"regions.about.{kind}"),
        )
        over = _over("mean" if indicator in SERVICES else "sum")
        st.caption(t("regions.simulated", over=over, interval=screen.between(row, own)))
        _path(told, indicator, kind, code, name_of[code])
    st.markdown(f"**{t('regions.services')}**")
    services = _services(told, code)
    st.table(services, hide_index=True)
    screen.footer(told)
    with st.container(horizontal=True):
        parts.csv_button(services, f"sintrata_services_{code}_{screen.run_id(told)}", "regions_services")
        parts.opener("regions_services", *dict.fromkeys(b for name in TABLE_OF for b in parts.BEHIND[name]))
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
        whole = load_ledger()
        used = dict.fromkeys(whole.columns[name]["source"] for name in DATA_OF)
        st.caption(t("regions.data_source", sources="; ".join(whole.sources[code].cited() for code in used)))
        screen.registered_notice()


def _path(told: Comparison, indicator: str, kind: str, code: str, name: str) -> None:
    rows = _paths(told, indicator, kind)
    rows = rows[rows["territory"] == code]
    form, own = _form(kind)
    if kind == "change":
        spec, columns = paths.effect(*parts.looks(), form), ["year", *paths.PATH]
    else:
        spec = paths.fan(*parts.looks(), form, marks=())
        columns = ["year", *paths.PATH, "trend"]
    st.caption(t(f"regions.each.{kind}"))
    parts.figure(
        spec,
        rows[columns],
        key="regions_path",
        alt=t(
            "regions.path_alt", name=name, what=t(f"regions.of.{indicator}"), kind=t(f"regions.kind.{kind}")
        ),
        told=told,
        table=parts.words_of(rows, own, year=parts.heading(t("chart.year"))),
        about=indicator,
        footer=False,
        height=220,
    )


def _services(told: Comparison, code: str) -> pd.DataFrame:
    """Return the services of a territory in the last year of the period, plan beside trend."""
    table = told.frame(
        told.tables["place"].sel(place_indicator=list(TABLE_OF), territory=code, year=period.LAST, drop=True)
    )
    rows = []
    for name in TABLE_OF:
        one = table[table["place_indicator"] == name].set_index("scenario")
        plan, trend = one.loc[results.PLAN], one.loc[results.TREND]
        rows.append(
            {
                t("regions.service", year=period.LAST): t(f"regions.of.{name}"),
                parts.heading(t("chart.trend")): parts.brief(trend),
                parts.heading(t("chart.scenario")): parts.brief(plan),
            }
        )
    return pd.DataFrame(rows)
