"""What if a programme lasts longer: 5, 10 and 15 years, in calm and under shocks, and what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st
import xarray as xr

from app import background, parts, period, results, screen, state
from app.charts import base, paths
from app.engine import engine
from app.results import Comparison
from scenarios.files import overlays
from simulator import Scenario, load_ledger, load_scenario
from simulator.outcomes.counted import ENOUGH
from simulator.outcomes.indicators import Interval
from simulator.outcomes.sustainability import GAINS, LATER, fading
from simulator.texts import language, t

MONEY: Final = {
    "yearly": ("compact2_5_years", "compact2_10_years", "compact2_15_years"),
    "total": ("compact2_5_years", "compact2_10_years_same_total", "compact2_15_years_same_total"),
}
"""Programmes that are compared: the same money each year, or the same in all."""

CALM: Final = "calm"
UNTIL: Final = 12 * (2051 - period.BEGUN) - 1
"""December 2050: nine years after the longest programme, so that what is left of it can be told."""

SHOWN_FROM: Final = 2025
MONITORED: Final = "horizon_job"
FEWEST_DRAWS, MOST_DRAWS = 2, ENOUGH
"""Paired runs of the monitoring workbook, which begins with the second: a job has no memory for more."""


def show() -> None:
    """Draw the page."""
    _from_address()
    st.title(t("app.page.horizon"))
    st.markdown(t("horizon.lead"))
    st.caption(t("horizon.fixed_end"))
    st.segmented_control(
        t("horizon.money"),
        tuple(MONEY),
        format_func=lambda kind: t(f"horizon.same.{kind}"),
        required=True,
        key="horizon_money",
    )
    left, right = st.columns(2)
    left.selectbox(
        t("horizon.shock"),
        (CALM, *overlays()),
        format_func=lambda name: t("horizon.calm_alone") if name == CALM else str(_overlay(name)),
        key="horizon_shock",
    )
    right.selectbox(
        t("horizon.effect"),
        tuple(GAINS),
        format_func=lambda name: t(f"effect.{name}"),
        key="horizon_effect",
    )
    if st.session_state["horizon_shock"] != CALM:
        st.caption(screen.plain(_shock(st.session_state["horizon_shock"]).description or ""))
    _to_address()
    _programmes(_scenarios(st.session_state["horizon_money"], CALM)[1:])
    screen.live(_answer, _look, t("horizon.first"))
    _monitoring()


def _choices() -> dict[str, tuple[str, ...]]:
    """Return what can be chosen, the default first."""
    return {"money": tuple(MONEY), "shock": (CALM, *overlays()), "effect": tuple(GAINS)}


def _from_address() -> None:
    """Begin with the choices that the address holds; nonsense is a message."""
    for name, allowed in _choices().items():
        asked = st.query_params.get(name, allowed[0])
        if asked not in allowed:
            st.warning(t("horizon.nonsense"), icon=":material/link_off:")
        st.session_state.setdefault(f"horizon_{name}", asked if asked in allowed else allowed[0])


def _to_address() -> None:
    """Put the choices into the address, and offer it as a link, in the language in force."""
    chosen = {name: str(st.session_state[f"horizon_{name}"]) for name in _choices()}
    for name, value in chosen.items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value
    with st.popover(t("horizon.link"), icon=":material/link:", key="horizon_link"):
        st.markdown(t("horizon.link_note"))
        st.code(screen.link(**chosen), language=None, wrap_lines=True)


def _shock(name: str) -> Scenario:
    return state.prepared(overlays()[name])


def _overlay(name: str) -> str:
    return str(_shock(name).label)


def _named(name: str, shock: str) -> str:
    """Return the name of a scenario under a shock, as commands know it."""
    return name if shock == CALM else f"{name}+{shock}"


@lru_cache(maxsize=32)
def _scenarios(money: str, shock: str) -> tuple[Scenario, ...]:
    """Return the trend and the three programmes, under a shock if there is one."""
    names = [_named(name, shock) for name in (results.TREND, *MONEY[money])]
    return tuple(replace(load_scenario(name), name=name) for name in names)


def _shown() -> tuple[str, ...]:
    """Return the circumstances that stand side by side: calm, and the chosen shock."""
    return tuple(dict.fromkeys((CALM, str(st.session_state["horizon_shock"]))))


def _circumstance(shock: str) -> str:
    return t("horizon.calm") if shock == CALM else _overlay(shock)


def _look() -> Comparison:
    money = st.session_state["horizon_money"]
    return results.compare([one for shock in _shown() for one in _scenarios(money, shock)], UNTIL)


def _programmes(scenarios: Sequence[Scenario]) -> None:
    """Say what is compared: the money, who pays it, from when to when, where, and on what."""
    programmes = [one.programmes[0] for one in scenarios]
    yearly = [sum(grant.amount or 0.0 for grant in one.budget) for one in programmes]
    lengths = [_end(one) - _begin(one) + 1 for one in scenarios]
    rows = {
        t("horizon.programme.span"): [f"{_begin(one)}-{_end(one)}" for one in scenarios],
        t("horizon.programme.yearly"): [
            _plain(one.currency, money) for one, money in zip(programmes, yearly, strict=True)
        ],
        t("horizon.programme.total"): [
            _plain(one.currency, money * years)
            for one, money, years in zip(programmes, yearly, lengths, strict=True)
        ],
        t("horizon.programme.payer"): [
            ", ".join(t(f"payer.{who}") for who, _ in one.payers[0].shares) for one in programmes
        ],
    }
    st.header(t("horizon.programmes"))
    st.table(pd.DataFrame(rows, index=[_length(one) for one in scenarios]).T)
    if st.session_state["horizon_money"] == "total":
        st.caption(t("horizon.same_total"))
    first = programmes[0]
    ledger, lang = load_ledger(), language()
    shares: dict[str, float] = {}
    for grant in first.budget:
        for line, share in grant.lines:
            shares[line] = shares.get(line, 0.0) + share * (grant.amount or 0.0) / yearly[0]
    lines = [f"{ledger.lines[line].label[lang]} ({share:.0%})" for line, share in shares.items()]
    places = sorted({ledger.territories.names[k] for grant in first.budget for k in grant.territories})
    st.caption(
        t(
            "horizon.programme.note",
            year=first.price_year,
            ramp=first.ramp_months,
            places=", ".join(places),
            lines="; ".join(lines),
        )
    )
    parts.told_by_authors(scenarios)


def _plain(currency: str, amount: float) -> str:
    """Return an amount of a programme as its file says it: it is set, and has no interval."""
    return t(f"horizon.millions.{currency}", amount=screen.number(amount, "m"))


def _begin(scenario: Scenario) -> int:
    """Return the first year of a scenario's programmes."""
    return period.BEGUN + min(one.start_ti for one in scenario.programmes) // 12


def _end(scenario: Scenario) -> int:
    """Return the last year of a scenario's programmes."""
    return period.BEGUN + max(one.end_ti for one in scenario.programmes if one.end_ti is not None) // 12


def _length(scenario: Scenario) -> str:
    return t("horizon.years", years=_end(scenario) - _begin(scenario) + 1, end=_end(scenario))


def _gain(told: Comparison, effect: str) -> dict[str, xr.DataArray]:
    """Return what is gained a year in each circumstance, [scenario, draw, year]; a gain is positive.

    Scenarios bear the names that they have in calm.
    """
    values = told.tables["country"].sel(indicator=effect, drop=True)
    programmes = list(MONEY[st.session_state["horizon_money"]])
    out = {}
    for shock in _shown():
        there = values.sel(scenario=[_named(name, shock) for name in programmes])
        change = there - values.sel(scenario=_named(results.TREND, shock), drop=True)
        out[shock] = GAINS[effect] * change.assign_coords(scenario=programmes)
    return out


def _answer(told: Comparison) -> None:
    effect = st.session_state["horizon_effect"]
    gains = _gain(told, effect)
    calm = {one.name: one for one in _scenarios(st.session_state["horizon_money"], CALM)[1:]}
    length = {name: _length(one) for name, one in calm.items()}
    st.header(t("horizon.over_time", effect=t(f"effect.{effect}")))
    ends = {shock: _ends(told, shock, calm) for shock in gains}
    tables = {shock: _over_time(gain, calm, ends[shock]) for shock, gain in gains.items()}
    low = min(0.0, *(float(np.nanmin(table[["low", "median"]])) for table in tables.values()))
    high = max(0.0, *(float(np.nanmax(table[["high", "median"]])) for table in tables.values()))
    for column, (shock, table) in zip(st.columns(len(tables)), tables.items(), strict=True):
        with column:
            st.markdown(f"**{_circumstance(shock)}**")
            parts.figure(
                paths.several(*parts.looks(), base.SIGNED, ends=True),
                table[["s", "year", "low", "median", "high", "end"]].assign(floor=low, ceiling=high),
                key="horizon_paths" if shock == CALM else "horizon_shock_paths",
                told=told,
                alt=t(
                    "horizon.alt",
                    effect=t(f"effect.{effect}"),
                    names="; ".join(length.values()),
                    where=_circumstance(shock),
                ),
                table=parts.words_of(table, "+n", s=t("chart.scenario"), year=t("chart.year")),
                about=effect,
            )
    st.caption(t("horizon.ends"))
    for shock, last in ends.items():
        cut = [f"{length[name]}: {year}" for name, year in last.items() if year < _end(calm[name])]
        if cut:
            st.caption(t("horizon.cut", where=_circumstance(shock), ends="; ".join(cut)))
    _totals(told, effect, gains, length)
    _left(told, effect, gains, calm, ends)


def _ends(told: Comparison, shock: str, programmes: Mapping[str, Scenario]) -> dict[str, int]:
    """Return the last year in which most runs of each programme execute money, the planned end at most."""
    money = told.tables["line_money"].sel(budget_stage="executed", drop=True).sum("line").median("draw")
    out = {}
    for name, one in programmes.items():
        spent = money.sel(scenario=_named(name, shock), year=slice(_begin(one), _end(one)))
        years = spent["year"].values[spent.values > 0.0]
        out[name] = int(years[-1]) if years.size else _end(one)
    return out


def _over_time(
    gain: xr.DataArray, programmes: Mapping[str, Scenario], ends: Mapping[str, int]
) -> pd.DataFrame:
    """Return intervals by year, the shortest programme first; its last year stands in its first row."""
    tables = []
    for name, one in programmes.items():
        table = results.band(gain.sel(scenario=name, year=slice(SHOWN_FROM, None))).assign(s=_length(one))
        tables.append(table.assign(end=np.where(table.index == 0, float(ends[name]), np.nan)))
    return pd.concat(tables, ignore_index=True)


def _side_by_side(rows: Mapping[str, Mapping[str, str]], told: Comparison, key: str, effect: str) -> None:
    """Show a table of text with a column for each programme: a phone has room for four columns."""
    table = pd.DataFrame(rows)
    st.table(table)
    parts.below_table(
        told,
        table.rename_axis(t("horizon.column.what")).reset_index(),
        key,
        parts.beginning(*parts.BEHIND[effect], *parts.BEHIND["money"]),
    )


def _totals(
    told: Comparison, effect: str, gains: Mapping[str, xr.DataArray], length: Mapping[str, str]
) -> None:
    """Tell money and gain of each programme over the whole run, in each circumstance."""
    money = told.tables["added_money"].sum("year")
    rows: dict[str, dict[str, str]] = {length[name]: {} for name in length}
    for shock, gain in gains.items():
        trend = money.sel(scenario=_named(results.TREND, shock), drop=True)
        for name, said in length.items():
            more = results.band(money.sel(scenario=[_named(name, shock)]) - trend).iloc[0]
            total = results.band(gain.sel(scenario=[name]).sum("year")).iloc[0]
            where = _circumstance(shock)
            rows[said][t("horizon.column.money", where=where)] = parts.brief(more, "m")
            rows[said][t("horizon.column.gain", effect=t(f"effect.{effect}"), where=where)] = parts.brief(
                total, "+n"
            )
    st.header(t("horizon.totals", end=told.years[-1]))
    _side_by_side(rows, told, "horizon_totals", effect)


def _left(
    told: Comparison,
    effect: str,
    gains: Mapping[str, xr.DataArray],
    programmes: Mapping[str, Scenario],
    ends: Mapping[str, Mapping[str, int]],
) -> None:
    """Tell what is left of the gain of the last year with money, years after it, in each circumstance."""
    rows: dict[str, dict[str, str]] = {_length(one): {} for one in programmes.values()}
    last = told.years[-1]
    for shock, gain in gains.items():
        where = _circumstance(shock)
        for name, one in programmes.items():
            runs, end, row = gain.sel(scenario=name), ends[shock][name], rows[_length(one)]

            def of_year(after: int, runs: xr.DataArray = runs, end: int = end) -> np.ndarray:
                if end + after > last:
                    return np.full(runs.sizes["draw"], np.nan)
                return np.asarray(runs.sel(year=end + after))

            final, left = fading(of_year)
            row[t("horizon.column.final", where=where)] = _told(final, "+n")
            for years in LATER[1:]:
                share = left[years]
                # A share of one run has no interval, and no number stands without one.
                said = t("horizon.not_told") if share is None or share.runs < 2 else _told(share, "%")
                row[t("horizon.column.left", years=years, where=where)] = said
    st.header(t("horizon.left", effect=t(f"effect.{effect}")))
    _side_by_side(rows, told, "horizon_left", effect)
    st.caption(t("horizon.left_note"))


def _told(one: Interval, form: str) -> str:
    """Return a median with its interval; one run has none."""
    median, low, high = (screen.number(value, form) for value in (one.median, one.low, one.high))
    return t("report.interval", median=median, low=low, high=high) if one.runs > 1 else median


def _monitoring() -> None:
    """Let the reader take the monitoring workbook: logic model and indicators by US fiscal year."""
    st.header(t("horizon.monitoring"))
    st.markdown(t("horizon.monitoring_lead"))
    money, shock = st.session_state["horizon_money"], st.session_state["horizon_shock"]
    draws = st.number_input(
        t("horizon.draws"),
        FEWEST_DRAWS,
        MOST_DRAWS,
        MOST_DRAWS,
        key="horizon_draws",
        help=t("horizon.draws_help", most=MOST_DRAWS),
    )
    names = [_named(name, shock) for name in (results.TREND, *MONEY[money])]
    words = ["export", "monitoring", *names, "--draws", str(draws)]
    # The last fiscal year of the longest programme ends nine months after it.
    last = max(_end(one) for one in _scenarios(money, CALM)[1:]) + 1
    words += ["--seed", str(engine().settings.seed), "--until", f"{last}-12", "--threads", "1"]
    busy = background.is_busy(MONITORED)
    if st.button(t("horizon.prepare"), icon=":material/build:", key="horizon_prepare", disabled=busy):
        background.begin(MONITORED, [*words, "--out", "{out}"])
    background.progress(MONITORED, "*.xlsx")
    st.markdown(t("horizon.monitoring_command"))
    st.code(
        " ".join(["sintrata", *words, "--lang", language(), "--out", "."]), language="bash", wrap_lines=True
    )
