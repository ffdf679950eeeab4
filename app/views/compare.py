"""Which is better, and how sure: up to four scenarios beside the trend, paired run by run."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import combinations

import pandas as pd
import streamlit as st
import xarray as xr

from app import background, parts, period, results, screen, state, takeaway
from app.charts.base import wrapped
from app.charts.drivers import options
from app.charts.paths import several
from app.jobs import Job
from app.results import Comparison
from scenarios import levers, library
from simulator import Scenario, load_ledger
from simulator.outcomes.counted import Counted, counted
from simulator.outcomes.effects import EFFECTS, GOOD
from simulator.policy.prices import BASE_YEAR
from simulator.report import count_in_words
from simulator.texts import language, t

RESULTS = ("first_entries", "child_months", "returns", "assisted_share", "completed")
"""Results side by side: what is averted, and what is done for whom."""

BEHIND = tuple(dict.fromkeys(start for name in RESULTS for start in parts.BEHIND[name]))

PARTS = "compare_parts_job"
LARGE = 10
"""From here on a number in two significant digits has no decimals."""

PART_DRAWS = 4
"""Paired runs of each variant: a scenario of ten parts has 22."""


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.compare"))
    st.caption(t("compare.lead"))
    _choose()
    screen.live(_answer, results.seen_with_rivals)


def _choose() -> None:
    """Let the reader put scenarios beside the plan and take them away."""
    kept = st.session_state[state.RIVALS]
    full = len(kept) >= state.MOST_RIVALS
    names = [name for name in library() if name != results.TREND and name not in kept]
    chosen = st.selectbox(
        t("compare.from_library"),
        names,
        index=None,
        placeholder=t("compare.placeholder"),
        format_func=state.label_of,
        key="compare_library",
        disabled=full,
    )
    with st.container(horizontal=True):
        st.button(
            t("compare.add"),
            key="compare_add",
            disabled=full or chosen is None,
            on_click=screen.act,
            args=(_add, chosen),
            icon=":material/add:",
        )
        st.button(
            t("compare.keep"),
            key="compare_keep",
            disabled=full,
            on_click=screen.act,
            args=(state.keep_plan,),
            icon=":material/content_copy:",
        )
    for number, one in enumerate(state.rivals()):
        name, away = st.columns([4, 1], vertical_alignment="center")
        name.markdown(t("compare.numbered", number=number + 2, name=screen.plain(one.label)))
        away.button(
            t("compare.away"),
            key=f"away_{one.name}",
            on_click=screen.act,
            args=(_away, number),
            icon=":material/close:",
        )
    if not kept:
        st.info(t("compare.empty"), icon=":material/compare_arrows:")


def _add(name: str) -> None:
    if name in library():
        st.session_state[state.RIVALS] = [*st.session_state[state.RIVALS], name][: state.MOST_RIVALS]


def _away(number: int) -> None:
    kept = list(st.session_state[state.RIVALS])
    del kept[number : number + 1]
    st.session_state[state.RIVALS] = kept


def _answer(told: Comparison) -> None:
    _paths(told)
    values = told.tables["country"].sel(indicator=list(RESULTS), year=list(period.YEARS)).mean("year")
    change = changes(told, values)
    st.header(t("compare.differences", years=parts.window()))
    _differences(told, change)
    _table(told, change)
    parts.told_by_authors(told.scenarios[1:])
    st.header(t("compare.pairs", years=parts.window()))
    _pairs(told, values)
    st.header(t("budget.buys"))
    parts.cost_table(told)
    st.header(t("compare.parts"))
    _parts(told)
    st.header(t("explore.scorecard"))
    _scorecards(told)
    st.header(t("takeaway.title"))
    takeaway.offer(told, "compare")


def _paths(told: Comparison) -> None:
    indicator = st.selectbox(
        t("explore.figure"),
        parts.FIGURES,
        index=parts.FIGURES.index("child_months"),
        format_func=lambda name: t(f"indicator.{name}"),
        key="compare_figure",
    )
    values = told.tables["country"].sel(indicator=indicator, drop=True)
    change = told.against(values).rename(columns={"name": "s"})
    change["s"] = [_short(told, name) for name in change["scenario"]]
    # Before a plan can begin nothing differs.
    change = change[change["year"] >= parts.TODAY]
    year = parts.last_year(told)
    last = change[change["year"] == year]
    kind = f"+{parts.form(indicator)}"
    alt = t(
        "compare.paths_alt",
        what=t(f"indicator.{indicator}"),
        year=year,
        values="; ".join(
            f"{row['s']}, {screen.number(row['median'], kind)} ({screen.between(row, kind)})"
            for _, row in last.iterrows()
        ),
    )
    spec = several(
        language(),
        screen.theme(),
        parts.axis_form(indicator, change=True),
        unit=parts.unit_of(indicator),
    )
    table = parts.words_of(change, kind, s=t("compare.scenario"), year=t("chart.year"))
    frame = parts.scaled(change, indicator).drop(columns=["scenario"])
    parts.figure(spec, frame, key="compare_paths", alt=alt, told=told, table=table, about=indicator)


def _short(told: Comparison, name: str) -> str:
    return t("compare.numbered", number=told.names.index(name), name=told.label(name))


def changes(told: Comparison, values: xr.DataArray) -> pd.DataFrame:
    """Return paired differences from the trend as ``Comparison.against`` does, and ``better``.

    Parameters
    ----------
    values : [scenario, draw, indicator] of ``RESULTS``

    Returns
    -------
    table with one more column: in how many runs each scenario is better for children than the trend, in words
    """
    change = told.differences(values)
    good = xr.DataArray([GOOD[name] for name in RESULTS], {"indicator": list(RESULTS)})
    hits = (good * change > 0).sum("draw").transpose("scenario", "indicator")
    differ = (change != 0).any("draw").transpose("scenario", "indicator")
    better = [
        count_in_words(Counted(int(n), told.draws)) if differs else _same(told.draws)
        for n, differs in zip(hits.values.ravel(), differ.values.ravel(), strict=True)
    ]
    return told.frame(change.transpose("scenario", "indicator", "draw")).assign(better=better)


def _same(runs: int) -> str:
    return t("compare.same_one") if runs == 1 else t("compare.same", runs=runs)


def _differences(told: Comparison, change: pd.DataFrame) -> None:
    """Show the paired differences of the main results, each on its own scale."""
    grid = st.grid(2, min_column_width=320)
    for result in RESULTS:
        rows = change[change["indicator"] == result]
        kind = f"+{parts.form(result)}"
        frame = parts.scaled(rows, result).assign(
            s=[wrapped(_short(told, name), 20) for name in rows["scenario"]],
            low=lambda table: table["low"].fillna(table["median"]),
            high=lambda table: table["high"].fillna(table["median"]),
            text=rows["better"],
        )
        what = t(f"indicator.{result}")
        said = "; ".join(
            f"{_short(told, row['scenario'])}, {screen.number(row['median'], kind)}"
            f" ({screen.between(row, kind)})"
            for _, row in rows.iterrows()
        )
        with grid.container():
            st.markdown(f"**{what}**")
            parts.figure(
                options(*parts.looks(), parts.axis_form(result, change=True), parts.unit_of(result)),
                frame[["s", "low", "median", "high", "text"]],
                key=f"compare_{result}",
                alt=t("compare.differences_alt", what=what, values=said),
                told=told,
                table=parts.words_of(rows, kind, name=t("compare.scenario")),
                about=result,
                footer=False,
            )
    st.caption(t("compare.differences_note", years=parts.window()))


def _table(told: Comparison, change: pd.DataFrame) -> None:
    rows = []
    for row in change.to_dict("records"):
        which = (
            {}
            if len(told.names) == 2
            else {t("compare.scenario"): screen.plain(_short(told, row["scenario"]))}
        )
        found = parts.verdict_of(row, row["indicator"])
        rows.append(
            {t("compare.result"): t(f"indicator.{row['indicator']}")}
            | which
            | {
                t("compare.change"): parts.brief(row, f"+{parts.form(row['indicator'])}"),
                t("compare.better"): row["better"]
                if found == "few" or row["low"] == row["high"] == 0.0
                else f"{row['better']} · {t(f'score.verdict.{found}')}",
            }
        )
    table = pd.DataFrame(rows)
    st.table(table, hide_index=True)
    st.caption(t("compare.table_note", years=parts.window()))
    parts.below_table(told, table, "compare_table", parts.beginning(*BEHIND))


def _pairs(told: Comparison, values: xr.DataArray) -> None:
    """Show in how many runs each scenario is better than each other one."""
    result = st.selectbox(
        t("compare.result"), RESULTS, format_func=lambda name: t(f"indicator.{name}"), key="compare_result"
    )
    runs = {name: GOOD[result] * values.sel(scenario=name, indicator=result).values for name in told.names}
    # A row for each pair: a phone has no room for a column for each scenario.
    rows = [
        {
            t("compare.one"): screen.plain(_short(told, one)),
            t("compare.other"): screen.plain(
                told.label(other) if other == results.TREND else _short(told, other)
            ),
            t("compare.one_better"): count_in_words(counted(runs[one] > runs[other])),
            t("compare.other_better"): count_in_words(counted(runs[other] > runs[one])),
        }
        for other, one in combinations(told.names, 2)
    ]
    table = pd.DataFrame(rows)
    st.table(table, hide_index=True)
    st.caption(t("compare.pairs_note"))
    parts.below_table(told, table, "compare_pairs", parts.beginning(*parts.BEHIND[result]))


def _scorecards(told: Comparison) -> None:
    name = st.segmented_control(
        t("compare.scenario"),
        told.names[1:],
        default=told.names[1],
        required=True,
        format_func=lambda one: screen.plain(_short(told, one)),
        key="compare_scorecard",
    )
    parts.mini_scorecard(told, name or told.names[1])


def _parts(told: Comparison) -> None:
    """Let the reader take a scenario apart: what each line and lever adds, and the synergy of the whole."""
    st.markdown(t("compare.parts_lead"))
    apart = {one.name: one for one in told.scenarios[1:] if one.programmes or one.interventions}
    if not apart:
        st.info(t("compare.no_parts"), icon=":material/lightbulb:")
        return
    left, right = st.columns(2)
    name = left.selectbox(
        t("compare.scenario"), list(apart), format_func=lambda one: _short(told, one), key="compare_apart"
    )
    effect = right.selectbox(
        t("compare.result"), EFFECTS, format_func=lambda one: t(f"effect.{one}"), key="compare_part_effect"
    )
    file = f"{name}.yaml"
    words = ["contributions", file, "--draws", str(PART_DRAWS), "--seed", str(told.seed)]
    words += ["--until", state.month_text(told.until), "--threads", "1"]
    job = background.job_of(PARTS)
    busy = background.is_busy(PARTS)
    if st.button(t("compare.take_apart"), icon=":material/account_tree:", key="compare_parts", disabled=busy):
        background.begin(PARTS, [*words, "--json"], {file: apart[name].to_yaml()})
    st.caption(t("compare.parts_runs", draws=PART_DRAWS))
    background.progress(PARTS)
    if job is not None and job.state == "done":
        _part_table(job, effect, told)
    st.code(" ".join(["sintrata", *words]), language="bash", wrap_lines=True)


def _part_table(job: Job, effect: str, told: Comparison) -> None:
    """Show what a job has found for one effect; scenario, years and language may be others by now."""
    found = json.loads(job.said[job.said.index("{") :])
    scenario = state.prepared(job.folder / job.words[1])
    names = part_names([scenario], job.lang)
    rows = [
        {
            t("compare.part"): screen.plain(names.get(row["part"], row["part"])),
            t("compare.part_money", year=BASE_YEAR): in_two_digits(row["money"]),
            t("compare.alone"): in_two_digits(row["alone"]),
            t("compare.added"): in_two_digits(row["added"]),
        }
        for row in found["rows"]
        if row["effect"] == effect
    ]
    st.markdown(
        f"**{t('compare.parts_of', scenario=screen.plain(scenario.label), effect=t(f'effect.{effect}'))}**"
    )
    if any(one.name == scenario.name and one.hash != scenario.hash for one in told.scenarios):
        st.caption(t("compare.parts_changed"))
    table = pd.DataFrame(rows)
    st.table(table, hide_index=True)
    st.caption(t("score.note.contributions"))
    draws, seed, until = (job.words[job.words.index(name) + 1] for name in ("--draws", "--seed", "--until"))
    st.caption(t("compare.parts_source", draws=draws, last=until[:4], seed=seed))
    with st.container(horizontal=True):
        parts.csv_button(parts.bare(table), f"sintrata_parts_{scenario.name}", "compare_part_table")
        parts.opener("compare_part_table", *parts.BEHIND[effect], *parts.BEHIND["money"])


def in_two_digits(cell: str | None) -> str:
    """Return what a command prints in a cell, a number with its interval, as pages write numbers."""

    def short(match: re.Match[str]) -> str:
        value = float(match[0].replace(",", ""))
        number = screen.two_digits(value)
        return f"{number:,.0f}" if abs(number) >= LARGE or number == int(number) else f"{number:g}"

    return re.sub(r"-?\d[\d,]*(?:\.\d+)?", short, cell) if cell else t("app.nothing")


def part_names(scenarios: Sequence[Scenario], lang: str) -> dict[str, str]:
    """Return what parts are called on the page, by what a command calls them.

    Parameters
    ----------
    scenarios : those that may have been taken apart
    lang : language in which the command was started; the reader's may be another by now
    """
    names = {name: line.label[language()] for name, line in load_ledger().lines.items()}
    names |= {name: str(lever.label) for name, lever in levers().items()}
    names |= {t(key, lang): t(key) for key in ("score.whole", "score.synergy")}
    return names | {
        t("score.design", lang, programme=one.name): t("score.design", programme=one.label)
        for scenario in scenarios
        for one in scenario.programmes
    }
