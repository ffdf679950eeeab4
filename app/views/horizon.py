"""What if a programme lasts longer: 5, 10 and 15 years, in calm and under shocks, and what is left."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from app import background, parts, results, screen, state
from app.charts import base, paths
from app.results import Comparison
from scenarios.files import overlays
from simulator import Scenario, load_scenario
from simulator.outcomes.indicators import Interval
from simulator.outcomes.sustainability import GAINS, LATER, fading
from simulator.texts import t

MONEY: Final = {
    "yearly": ("compact2_5_years", "compact2_10_years", "compact2_15_years"),
    "total": ("compact2_5_years", "compact2_10_years_same_total", "compact2_15_years_same_total"),
}
"""Programmes that are compared: the same money each year, or the same in all."""

CALM: Final = "calm"
UNTIL: Final = 12 * (2051 - state.FIRST_YEAR) - 1
"""December 2050: nine years after the longest programme, so that what is left of it can be told."""

SHOWN_FROM: Final = 2025
MONITORED: Final = "horizon_job"
MONITORING_DRAWS: Final = 2


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.horizon"))
    st.markdown(t("horizon.lead"))
    st.segmented_control(
        t("horizon.money"),
        tuple(MONEY),
        format_func=lambda kind: t(f"horizon.same.{kind}"),
        default="yearly",
        required=True,
        key="horizon_money",
    )
    left, right = st.columns(2)
    left.selectbox(
        t("horizon.shock"),
        (CALM, *overlays()),
        format_func=lambda name: t("horizon.calm") if name == CALM else str(_overlay(name)),
        key="horizon_shock",
    )
    right.selectbox(
        t("horizon.effect"),
        tuple(GAINS),
        format_func=lambda name: t(f"effect.{name}"),
        key="horizon_effect",
    )
    if st.session_state["horizon_shock"] != CALM:
        st.caption(str(_shock(st.session_state["horizon_shock"]).description or ""))
    screen.live(_answer, _look)
    _monitoring()


def _shock(name: str) -> Scenario:
    return state.prepared(overlays()[name])


def _overlay(name: str) -> str:
    return str(_shock(name).label)


@lru_cache(maxsize=32)
def _scenarios(money: str, shock: str) -> tuple[Scenario, ...]:
    """Return the trend and the three programmes, under a shock if there is one."""
    added = "" if shock == CALM else f"+{shock}"
    trend = replace(load_scenario(f"{results.TREND}{added}"), name=results.TREND)
    return (trend, *(replace(load_scenario(f"{name}{added}"), name=name) for name in MONEY[money]))


def _look() -> Comparison:
    chosen = _scenarios(st.session_state["horizon_money"], st.session_state["horizon_shock"])
    return results.compare(chosen, UNTIL)


def _end(scenario: Scenario) -> int:
    """Return the last year of a scenario's programmes."""
    return state.FIRST_YEAR + max(one.end_ti for one in scenario.programmes if one.end_ti is not None) // 12


def _length(scenario: Scenario) -> str:
    years = _end(scenario) - state.FIRST_YEAR + 1 - min(one.start_ti for one in scenario.programmes) // 12
    return t("horizon.years", years=years, end=_end(scenario))


def _gain(told: Comparison, effect: str) -> xr.DataArray:
    """Return what is gained a year, [scenario, draw, year]; a gain is positive."""
    values = told.tables["country"].sel(indicator=effect, drop=True)
    return GAINS[effect] * (values - values.sel(scenario=results.TREND, drop=True))


def _answer(told: Comparison) -> None:
    effect = st.session_state["horizon_effect"]
    gain = _gain(told, effect)
    length = {one.name: _length(one) for one in told.scenarios[1:]}
    table = results.band(gain.sel(scenario=list(length), year=slice(SHOWN_FROM, None)))
    frame = table.assign(s=table["scenario"].map(length)).sort_values(
        "scenario", key=lambda names: names.map(list(length).index), kind="stable", ignore_index=True
    )
    st.header(t("horizon.over_time", effect=t(f"effect.{effect}")))
    words = parts.words_of(frame, "+n", s=t("chart.scenario"), year=t("chart.year"))
    parts.figure(
        paths.several(*parts.looks(), base.SIGNED, differences=True),
        frame[["s", "year", "low", "median", "high"]],
        key="horizon_paths",
        told=told,
        alt=t("horizon.alt", effect=t(f"effect.{effect}"), names="; ".join(length.values())),
        table=words,
    )
    st.caption(t("horizon.ends"))
    _totals(told, effect, gain, length)
    _left(told, effect, gain, length)


def _totals(told: Comparison, effect: str, gain: xr.DataArray, length: dict[str, str]) -> None:
    """Tell money and gain of each programme over the whole run."""
    money = told.tables["added_money"].sum("year")
    more = results.band(money.sel(scenario=list(length)) - money.sel(scenario=results.TREND, drop=True))
    total = results.band(gain.sel(scenario=list(length)).sum("year"))
    rows = [
        {
            t("horizon.column.length"): length[name],
            t("horizon.column.money"): parts.brief(more.set_index("scenario").loc[name], "m"),
            t("horizon.column.gain", effect=t(f"effect.{effect}")): parts.brief(
                total.set_index("scenario").loc[name], "+n"
            ),
        }
        for name in length
    ]
    st.header(t("horizon.totals", end=told.years[-1]))
    st.table(pd.DataFrame(rows).set_index(t("horizon.column.length")))
    screen.footer(told)


def _left(told: Comparison, effect: str, gain: xr.DataArray, length: dict[str, str]) -> None:
    """Tell what is left of the gain of the last year, years after the end."""
    rows = []
    last = int(gain["year"].max())
    for one in told.scenarios[1:]:
        runs, end = gain.sel(scenario=one.name), _end(one)

        def of_year(after: int, runs: xr.DataArray = runs, end: int = end) -> np.ndarray:
            if end + after > last:
                return np.full(runs.sizes["draw"], np.nan)
            return np.asarray(runs.sel(year=end + after))

        final, left = fading(of_year)
        row = {t("horizon.column.length"): length[one.name]}
        row[t("horizon.column.final")] = _told(final, "+n")
        for years in LATER[1:]:
            share = left[years]
            # A share of one run has no interval, and no number stands without one.
            said = t("horizon.not_told") if share is None or share.runs < 2 else _told(share, "%")
            row[t("score.column.left", years=years)] = said
        rows.append(row)
    st.header(t("horizon.left", effect=t(f"effect.{effect}")))
    # Programmes side by side: on a phone four columns are read, five are not.
    st.table(pd.DataFrame(rows).set_index(t("horizon.column.length")).T)
    st.caption(t("horizon.left_note"))
    screen.footer(told)


def _told(one: Interval, form: str) -> str:
    """Return a median with its interval; one run has none."""
    median, low, high = (screen.number(value, form) for value in (one.median, one.low, one.high))
    return t("report.interval", median=median, low=low, high=high) if one.runs > 1 else median


def _monitoring() -> None:
    """Let the reader take the monitoring workbook: logic model and indicators by US fiscal year."""
    st.header(t("horizon.monitoring"))
    st.markdown(t("horizon.monitoring_lead"))
    money, shock = st.session_state["horizon_money"], st.session_state["horizon_shock"]
    added = "" if shock == CALM else f"+{shock}"
    names = [f"{name}{added}" for name in (results.TREND, *MONEY[money])]
    job = background.job_of(MONITORED)
    busy = job is not None and not background.is_over(job)
    if st.button(t("horizon.prepare"), icon=":material/build:", key="horizon_prepare", disabled=busy):
        words = ["export", "monitoring", *names, "--draws", str(MONITORING_DRAWS), "--threads", "1"]
        background.begin(MONITORED, [*words, "--out", "{out}"])
    background.progress(MONITORED, ".xlsx")
