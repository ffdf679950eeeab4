"""Will the policy's targets of 2030 be reached: the scorecard, the way of each indicator, own targets."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from app import parts, results, screen
from app.charts import base, card, paths
from app.results import Comparison
from simulator import load_ledger
from simulator.exports.citing import with_labels
from simulator.faults import FaultyInput
from simulator.outcomes.scorecard import Score
from simulator.policy.national import BASELINE_YEAR, HORIZON, Indicator, indicators
from simulator.texts import language, t

OWN: Final = "own_targets"
REGISTERED: Final = ("police_victims", "complaints", "police_children")
"""Measures that count what is registered, which is not all that happens."""

HARD: Final = 0.5
"""Below this share of the runs the page says how far off the target is."""


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.targets"))
    st.markdown(t("targets.lead"))
    _own_targets()
    screen.live(_answer)
    _silent()


def _spoken() -> list[Indicator]:
    return [one for one in indicators().values() if one.measure]


def _own_targets() -> None:
    """Let the reader set targets of 2030; an empty field keeps that of the policy."""
    with st.expander(t("targets.own"), icon=":material/flag:"):
        st.caption(t("targets.own_help"))
        grid = st.grid(3, min_column_width=220)
        own = {}
        for one in _spoken():
            share = one.unit == "share"
            goal = one.targets().get(HORIZON)
            held = None if goal is None else goal.value * (100 if share else 1)
            value = grid.number_input(
                f"{one.code} ({'%' if share else t('targets.a_year')})",
                min_value=0.0,
                max_value=100.0 if share else 1e6,
                value=None,
                step=1.0,
                format="%.0f",
                placeholder=t("targets.policy", value="-" if held is None else f"{held:,.0f}"),
                help=one.label[language()],
                key=f"target_{one.code}",
                persist_state="session",
            )
            if value is not None:
                own[one.code] = value / 100 if share else value
        st.session_state[OWN] = own


def _answer(told: Comparison) -> None:
    try:
        found = parts.card_of(told, st.session_state.get(OWN) or None)
    except FaultyInput as error:
        screen.faults(error.faults)
        return
    by_code: dict[str, dict[str, Score]] = {}
    for one in found.scores:
        by_code.setdefault(one.indicator.code, {})[one.scenario] = one
    if parts.is_empty(told):
        parts.offer_a_plan("targets")
    st.header(t("targets.card", label=screen.plain(told.label(results.PLAN))))
    parts.scorecard(told, found, "targets_card")
    _one(told, by_code)


def _one(told: Comparison, by_code: dict[str, dict[str, Score]]) -> None:
    """Show the way of one indicator to its target."""
    st.header(t("targets.way"))
    code = st.selectbox(
        t("card.column.indicator"),
        list(by_code),
        format_func=lambda one: f"{one}. {indicators()[one].label[language()]}",
        key="targets_code",
        persist_state="session",
    )
    plan, trend = by_code[code][results.PLAN], by_code[code][results.TREND]
    form = card.form_of(plan.indicator)
    if plan.indicator.measure in REGISTERED:
        screen.registered_notice()
    frame = _path(told, plan)
    spec_form = base.SHARE if plan.indicator.unit == "share" else base.WHOLE
    left, right = st.columns([3, 2])
    with left:
        words = parts.words_of(frame, form, year=t("chart.year"))
        parts.figure(
            paths.fan(*parts.looks(), spec_form),
            frame,
            key="targets_path",
            told=told,
            alt=t(
                "targets.alt",
                what=plan.indicator.label[language()],
                plan=card.likelihood(plan),
                trend=card.likelihood(trend),
            ),
            table=words,
            sources=(_source(plan.indicator),),
        )
        parts.opener("targets_path", *parts.BEHIND_SCORES)
    with right:
        for each, name in ((plan, told.label(results.PLAN)), (trend, told.label(results.TREND))):
            st.markdown(f"**{screen.plain(name)}**: {_sentence(each)}")
        _about(plan)


def _path(told: Comparison, plan: Score) -> pd.DataFrame:
    values = told.tables["policy"].sel(measure=plan.indicator.measure, drop=True)
    table = told.frame(values.sel(year=slice(BASELINE_YEAR, None)))
    frame = table[table["scenario"] == results.PLAN].copy()
    frame["trend"] = table.loc[table["scenario"] == results.TREND, "median"].to_numpy()
    frame = frame[["year", *paths.PATH, "runs", "trend"]].dropna(subset=["median"]).reset_index(drop=True)
    frame = frame.assign(today=np.nan, target=np.nan, target_text="")
    goal = plan.targets.get(HORIZON)
    if len(frame):
        frame.loc[0, "today"] = parts.LAST_DATA
    if len(frame) and goal is not None:
        frame.loc[0, "target"] = goal.value
        frame.loc[0, "target_text"] = t("targets.target_mark", value=card.exact(goal.value, plan.indicator))
    return frame


def _sentence(one: Score) -> str:
    """Return what is to be said of one score."""
    at, goal = one.path.get(HORIZON), one.targets.get(HORIZON)
    if at is None or not at.runs or goal is None:
        return t("card.no_value")
    said = [t("targets.reaches", likelihood=card.likelihood(one))]
    said.append(t("targets.never") if one.reached is None else t("targets.reached", year=one.reached))
    if one.at_horizon is None or one.at_horizon.share < HARD:
        gap = abs(goal.value - at.median)
        if one.indicator.unit == "share":
            said.append(t("targets.short_share", gap=f"{100 * gap:.0f}"))
        else:
            said.append(t("targets.short", gap=screen.number(gap)))
    return " ".join(said)


def _about(score: Score) -> None:
    one = score.indicator
    told: dict[str, Any] = {
        t("score.column.formula"): one.formula[language()],
        t("score.column.responsible"): one.responsible,
        t("score.column.direction"): t(f"score.direction.{one.direction}"),
        t("report.column.source"): _source(one),
    }
    if score.is_out_of_range and one.range[language()]:
        told[t("targets.range")] = with_labels(one.range[language()])
    st.caption("  \n".join(f"**{name}**: {value}" for name, value in told.items()))


def _source(one: Indicator) -> str:
    """Return where an indicator comes from, in words."""
    sources = load_ledger().sources
    return "; ".join(sources[code].cited() if code in sources else code for code in one.source.split(";"))


def _silent() -> None:
    """List the indicators of which the model can say nothing, each with the reason."""
    st.header(t("score.title.silent"))
    rows = [
        {
            t("card.column.indicator"): f"{one.code}. {one.label[language()]}",
            t("score.column.reason"): one.reason[language()],
        }
        for one in indicators().values()
        if not one.measure
    ]
    with st.expander(t("targets.silent", count=len(rows)), icon=":material/volume_off:"):
        st.table(pd.DataFrame(rows).set_index(t("card.column.indicator")))
