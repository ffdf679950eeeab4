"""What does the money buy: a table of soles, what becomes of them, and what follows for children."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from app import money, parts, period, results, screen, state, takeaway
from app.charts.base import wrapped
from app.charts.money import coverage, steps
from app.money import COUNTRY, YEARS, Plan
from app.results import Comparison
from app.upload import upload
from scenarios.programmes import PAYERS
from scenarios.spreadsheet import write as write_sheet
from simulator import load_ledger
from simulator.documents import shown
from simulator.faults import FaultyInput
from simulator.policy.budget import REASONS
from simulator.texts import LANGUAGES, language, set_language, t

if TYPE_CHECKING:
    from scenarios.programmes import UnitCost
    from simulator import Scenario

MILLION = 1e6
BASE, WRITTEN, VERSION = "budget_base", "budget_written", "budget_version"
GOES_ON = "budget_goes_on"
TABLE_OR_LIST: Final = """@media (max-width: 640px) {.st-key-budget_grid {display: none}}
@media (min-width: 641px) {.st-key-budget_list {display: none}}"""
"""A phone has no room for the table: there its rows are listed, and written one at a time."""

LINE_WIDTH: Final = 420
"""Pixels of the names of lines: whom places are for stands at their end."""

MARGIN = 1.6
"""How far the curve of a line goes beyond the money that the plan gives it."""

LEAST_CURVE = 20 * MILLION

STAGES: Final = ("pia", "pim", "executed")
LEAST_STEP: Final = 1e-6
"""Millions of soles: a step of less in every run is none."""


def show() -> None:
    """Draw the page."""
    st.title(t("app.page.budget"))
    st.caption(t("budget.lead"))
    plan = _editor()
    _sums(plan)
    screen.live(_answer)
    sheet = st.expander(
        t("budget.sheet"), icon=":material/table_view:", key="budget_sheet", on_change="rerun"
    )
    # A workbook takes longer to make than the rest of the page.
    if sheet.open:
        with sheet:
            _sheet()


# The table.


def _mark(programmes: object) -> str:
    return json.dumps(programmes, sort_keys=True, default=str)


def _begin() -> Plan:
    """Return the table to begin with; a new one whenever the plan has changed elsewhere.

    Who comes back to the page begins anew too: the browser has forgotten what was typed into the old table.
    """
    now = state.scenario()
    mark = _mark([one.to_mapping(load_ledger().territories.codes) for one in now.programmes])
    is_back = GOES_ON not in st.session_state
    if is_back or st.session_state.get(WRITTEN) != mark or BASE not in st.session_state:
        told = st.session_state[BASE] = money.plan_of(now)
        st.session_state[WRITTEN] = mark
        st.session_state[VERSION] = st.session_state.get(VERSION, 0) + 1
        # Set, not left to the widgets: a browser goes on showing, and sends back, what they held before.
        for name in PAYERS:
            st.session_state[f"payer_{name}"] = round(100 * dict(told.payers).get(name, 0.0))
        st.session_state[GOES_ON] = told.goes_on
    base: Plan = st.session_state[BASE]
    return base


def _editor() -> Plan:
    """Show the table and make what it holds the plan's programme."""
    base = _begin()
    lines, places = _lines_by_name(), _places_by_code()
    columns: dict[str, Any] = {
        "line": st.column_config.SelectboxColumn(
            t("budget.column.line"),
            options=list(lines),
            format_func=lambda name: lines.get(str(name), str(name)),
            required=True,
            width=LINE_WIDTH,
        ),
        "where": st.column_config.SelectboxColumn(
            t("budget.column.where"),
            options=list(places),
            format_func=lambda code: places.get(str(code), str(code)),
            default=COUNTRY,
            width=115,
        ),
    }
    for year in YEARS:
        columns[year] = st.column_config.NumberColumn(
            f"{year} (S/)",
            min_value=0.0,
            max_value=money.MOST,
            step=1,
            default=0.0,
            format="localized",
            width=100,
        )
    st.html(f"<style>{TABLE_OR_LIST}</style>")
    grid = st.container(key="budget_grid")
    with grid:
        rows = st.data_editor(
            base.rows,
            column_config=columns,
            num_rows="dynamic",
            hide_index=True,
            key=f"budget_table_{st.session_state[VERSION]}",
            alt=t("budget.table_alt"),
            placeholder=t("budget.empty_cell"),
        )
        st.caption(t("budget.table_note"))
    listed = st.container(key="budget_list")
    outside = st.container()
    st.caption(t("budget.soles_note"))
    if any(one.name != money.NAME for one in state.scenario().programmes):
        st.caption(t("budget.flattened"))
    one_row = st.expander(t("budget.one_row"), key="budget_one_row", icon=":material/edit:")
    with st.expander(t("budget.conditions"), key="budget_conditions"):
        goes_on, payers = _conditions()
    plan = replace(base, rows=rows, goes_on=goes_on, payers=payers or base.payers)
    if payers is None:
        total = sum(st.session_state[f"payer_{name}"] for name in PAYERS)
        st.error(t("budget.payers_sum", total=total), icon=":material/error:")
    else:
        _apply(plan)
    if not plan.filled().empty:
        with grid, st.expander(t("budget.row_totals"), icon=":material/functions:"):
            _list(plan)
    with listed:
        _list(plan)
    with outside:
        _outside(plan)
    with one_row:
        _one_row(plan)
    return plan


def _lines_by_name() -> dict[str, str]:
    return {name: line.label[language()] for name, line in load_ledger().lines.items()}


def _places_by_code() -> dict[str, str]:
    land = load_ledger().territories
    return {COUNTRY: t("budget.country"), **dict(zip(land.codes, land.names, strict=True))}


def _list(plan: Plan) -> None:
    """List the rows of the table, for those who cannot see it."""
    lines, places = _lines_by_name(), _places_by_code()
    rows = plan.filled()
    if rows.empty:
        return
    table = {
        t("budget.column.line"): [lines[str(name)] for name in rows["line"]],
        t("budget.column.where"): [places[str(code)] for code in rows["where"]],
        t("budget.row_sum", first=period.FIRST, last=period.LAST): [
            money.exact(total) for total in rows[list(YEARS)].sum(axis=1)
        ],
    }
    st.table(pd.DataFrame(table), hide_index=True)


def _outside(plan: Plan) -> None:
    """Say how much is given in other years than those of the table, and what includes it."""
    sums = plan.outside_by_year()
    told = [
        t("budget.outside_year", year=years[0], more=more)
        if len(years) == 1
        else t("budget.outside_years", first=years[0], last=years[-1], more=more)
        for years in (
            [year for year in sums if year < period.FIRST],
            [year for year in sums if year > period.LAST],
        )
        if years and (more := money.exact(sum(sums[year] for year in years)))
    ]
    if told:
        until = state.month_text(state.until())[:4]
        st.info(
            t("budget.outside", more=t("budget.and").join(told), until=until),
            icon=":material/calendar_month:",
        )


def _one_row(plan: Plan) -> None:
    """Let one row be written at a time: without the table, on a phone or with a screen reader."""
    lines, places = _lines_by_name(), _places_by_code()
    rows = plan.filled().reset_index(drop=True)
    names = [
        f"{lines[str(line)]} · {places[str(code)]}"
        for line, code in zip(rows["line"], rows["where"], strict=True)
    ]
    key = f"budget_row_{st.session_state[VERSION]}_{len(rows)}"
    numbers = [len(names), *range(len(names))]
    chosen = st.selectbox(
        t("budget.row"), numbers, format_func=lambda k: [*names, t("budget.row_new")][k], key=key
    )
    there = rows.loc[chosen] if chosen < len(rows) else None
    with st.form(f"{key}_{chosen}", border=False, enter_to_submit=False):
        line = st.selectbox(
            t("budget.column.line"),
            list(lines),
            index=0 if there is None else list(lines).index(str(there["line"])),
            format_func=lines.__getitem__,
            key=f"{key}_{chosen}_line",
        )
        where = st.selectbox(
            t("budget.column.where"),
            list(places),
            index=0 if there is None else list(places).index(str(there["where"])),
            format_func=places.__getitem__,
            key=f"{key}_{chosen}_where",
        )
        grid = st.grid(len(YEARS), min_column_width=150)
        typed = {
            f"{year} (S/)": grid.text_input(
                f"{year} (S/)",
                "0" if there is None else f"{round(there[year]):,}",
                key=f"{key}_{chosen}_{year}",
            )
            for year in YEARS
        }
        whole = t("budget.row_total", first=period.FIRST, last=period.LAST)
        total = st.text_input(whole, key=f"{key}_{chosen}_total", help=t("budget.row_total_help"))
        with st.container(horizontal=True):
            is_kept = st.form_submit_button(t("budget.row_keep"), type="primary")
            is_spread = st.form_submit_button(t("budget.row_spread"))
            is_dropped = there is not None and st.form_submit_button(t("budget.row_drop"))
        if is_spread:
            typed = {whole: total}
        amounts = {label: money.read_soles(text) for label, text in typed.items()}
        if (is_kept or is_spread) and None in amounts.values():
            for label, amount in amounts.items():
                if amount is None:
                    _refuse(label, typed[label])
            return
    if is_kept or is_spread or is_dropped:
        rest = rows.drop(index=chosen, errors="ignore")
        if not is_dropped:
            given = [amount for amount in amounts.values() if amount is not None]
            by_year = money.spread(given[0]) if is_spread else dict(zip(YEARS, given, strict=True))
            row = {"line": line, "where": where} | {year: float(soles) for year, soles in by_year.items()}
            # In the place of the old row, or at the end.
            rest = pd.concat([rest, pd.DataFrame([row], index=[chosen])]).sort_index()
        _write(replace(plan, rows=rest))
        st.rerun()


def _refuse(what: str, typed: str) -> None:
    """Say that what was typed is no amount, and what would be."""
    text = screen.plain(shown(typed)) if typed.strip() else t("app.nothing")
    st.error(
        t("budget.bad_amount", what=what, typed=text, most=f"{money.MOST:,.0f}"), icon=":material/error:"
    )


def _conditions() -> tuple[bool, tuple[tuple[str, float], ...] | None]:
    """Show what goes with the money: whether it goes on, who pays, how much can be executed."""
    goes_on = st.toggle(t("budget.goes_on"), key=GOES_ON)
    st.markdown(f"**{t('budget.payers')}**")
    shares = {}
    for column, name in zip(st.columns(len(PAYERS)), PAYERS, strict=True):
        shares[name] = column.number_input(
            t(f"payer.{name}"),
            min_value=0,
            max_value=100,
            step=5,
            key=f"payer_{name}",
        )
    lever = "execution_incremental"
    now = state.amounts().get(lever, 0.0)
    st.session_state["budget_execution"] = round(100 * now)
    st.slider(
        t("budget.execution"),
        min(0, round(100 * now)),
        40,
        step=5,
        key="budget_execution",
        format="+%d",
        on_change=_set_execution,
        help=t(
            "budget.execution_help",
            base=f"{load_ledger().parameters['budget.execution_incremental'].central:.0%}",
        ),
    )
    return goes_on, money.check_payers(shares)


def _set_execution() -> None:
    screen.act(state.set_amount, "execution_incremental", st.session_state["budget_execution"] / 100)


def _apply(plan: Plan) -> None:
    """Make the table the money of the plan, if it holds something else than the plan does."""
    base: Plan = st.session_state[BASE]
    same = (
        plan.filled().reset_index(drop=True).equals(base.filled().reset_index(drop=True))
        and plan.goes_on == base.goes_on
        and plan.payers == base.payers
    )
    if same and st.session_state.get("budget_touched") != st.session_state[VERSION]:
        return
    st.session_state["budget_touched"] = st.session_state[VERSION]
    if _write(plan):
        st.session_state[WRITTEN] = _mark(
            [one.to_mapping(load_ledger().territories.codes) for one in state.scenario().programmes]
        )
    else:
        screen.faults(st.session_state[state.FAULTS])


def _write(plan: Plan) -> bool:
    """Make a table the money of the plan; return whether the schema takes it."""
    programme = plan.to_programme({lang: t("budget.programme", lang) for lang in LANGUAGES})
    mapping = state.scenario().to_mapping()
    mapping.pop("programmes", None)
    if programme is not None:
        mapping["programmes"] = [programme]
    try:
        is_new = state.build(mapping).hash != state.scenario().hash
    except FaultyInput:
        is_new = True
    return not is_new or state.change(mapping)


def _sums(plan: Plan) -> None:
    """Show the sum of each year beside a ceiling."""
    ceiling = st.number_input(
        t("budget.ceiling"),
        min_value=0.0,
        value=None,
        placeholder=t("budget.no_ceiling"),
        step=1.0,
        format="%.1f",
        key="budget_ceiling",
        persist_state="session",
        help=t("budget.ceiling_help"),
    )
    st.caption(t("budget.sums"))
    sums = plan.by_year()
    grid = st.grid(len(YEARS) + 1, min_column_width=130)
    grid.metric(
        t("budget.total", first=period.FIRST, last=period.LAST), money.exact(sum(sums.values())), border=True
    )
    for year, total in sums.items():
        with grid.container():
            st.metric(year, money.exact(total), border=True)
            if ceiling is not None and total > ceiling * MILLION:
                more = money.exact(total - ceiling * MILLION)
                st.caption(f":material/warning: {t('budget.over', more=more)}")


# What becomes of it.


def _answer(told: Comparison) -> None:
    if not told.scenarios[1].programmes:
        st.info(t("budget.empty"), icon=":material/payments:")
        st.button(
            t("parts.use_first"),
            key="budget_first",
            on_click=screen.act,
            args=(state.preset, parts.FIRST_CHOICE),
        )
        screen.footer(told)
        return
    parts.cards(told)
    parts.warnings(told)
    left, right = st.columns(2)
    with left:
        st.header(t("budget.spent"))
        _waterfall(told)
    with right:
        st.header(t("budget.coverage"))
        _coverage(told)
    st.header(t("budget.by_year"))
    _years(told)
    st.header(t("budget.lines"))
    _lines(told)
    st.header(t("budget.buys"))
    parts.cost_table(told)
    st.header(t("explore.scorecard"))
    parts.mini_scorecard(told)
    st.header(t("app.who.title"))
    parts.who(told, "budget_who")
    st.header(t("takeaway.title"))
    takeaway.offer(told, "budget")


def _span(told: Comparison) -> list[int]:
    """Return the years of the money: those of the table and after, and before it from the first with any."""
    starts = [period.BEGUN + one.start_ti // money.YEAR for one in _plan(told).programmes]
    return [year for year in told.years if year >= min(period.FIRST, *starts)]


def _last_funded(told: Comparison) -> dict[str, int]:
    """Return the last year of the table in which each line of the plan executes money, if there is one."""
    money_of = told.tables["line_money"].sel(scenario=results.PLAN, budget_stage="executed")
    used = money_of.sel(year=[year for year in _span(told) if year <= period.LAST]).median("draw") > 0.0
    last = used["year"].where(used).max("year")
    return {
        str(line): int(year) for line, year in zip(last["line"].values, last.values, strict=True) if year > 0
    }


def _waterfall(told: Comparison) -> None:
    """Show the way from what is assigned to what is executed, the sum of all years, run by run."""
    years = _span(told)
    own = told.tables.sel(scenario=results.PLAN, year=years).sum("year")
    stages, back = own["line_money"].sum("line"), own["unspent"].sum("line")
    pia, pim, executed = (
        stages.sel(budget_stage=name, drop=True) / MILLION for name in ("pia", "pim", "executed")
    )
    steps_told = [(t("budget.step.pia"), pia), (t("budget.step.pim"), pim - pia)]
    steps_told += [
        (t(f"budget.reason.{name}"), -back.sel(unspent_reason=name, drop=True) / MILLION) for name in REASONS
    ]
    first, *rest = steps_told
    rows = money.waterfall(
        [first, *(one for one in rest if bool((abs(one[1]) > LEAST_STEP).any()))],
        (t("budget.step.executed"), executed),
    )
    amounts = [
        parts.brief(row * MILLION, "m" if k in (0, len(rows) - 1) else "+m")
        for k, (_, row) in enumerate(rows[["median", "low", "high"]].iterrows())
    ]
    names = rows["label"]
    frame = rows.assign(
        name=names,
        label=[f"{wrapped(name, 22)}\n{amount}" for name, amount in zip(names, amounts, strict=True)],
        amount=rows["median"],
    )
    table = pd.DataFrame({t("chart.step"): names, t("budget.in_millions"): amounts})
    alt = t("budget.waterfall_alt", pia=amounts[0], executed=amounts[-1])
    parts.figure(
        steps(*parts.looks()), frame, key="waterfall", alt=alt, told=told, table=table, about="money"
    )
    st.caption(t("budget.waterfall_note", first=years[0], last=years[-1]))


def _coverage(told: Comparison) -> None:
    """Show what share of its need a line covers for its money."""
    ledger = load_ledger()
    lang = language()
    own = told.tables.sel(scenario=results.PLAN)
    funded = _last_funded(told)
    lines = [name for name in funded if ledger.lines[name].buys != "places"]
    if not lines:
        st.caption(t("budget.no_coverage"))
        return
    line = st.selectbox(
        t("budget.line"), lines, format_func=lambda name: ledger.lines[name].label[lang], key="coverage_line"
    )
    year = funded[line]
    at = own.sel(line=[line], year=year)
    spent = results.band(at["line_money"].sel(budget_stage="executed") / at["price_level"]).iloc[0]
    covered = results.band(at["line_coverage"]).iloc[0]
    up_to = max(MARGIN * float(spent["median"]), LEAST_CURVE)
    curve = money.curve(line, at["line_need"], up_to, _own_costs(told))
    frame = curve.assign(chosen=None)
    frame.loc[0, "chosen"] = float(spent["median"]) / MILLION
    said = t(
        "budget.coverage_alt",
        line=ledger.lines[line].label[lang],
        year=year,
        money=parts.brief(spent, "m"),
        share=parts.brief(covered, ".%"),
    )
    table = pd.DataFrame(
        {
            t("chart.millions"): [screen.number(value * MILLION, "m") for value in curve["millions"]],
            t("chart.coverage"): [parts.brief(row, ".%") for _, row in curve.iterrows()],
        }
    )
    parts.figure(
        coverage(lang, screen.theme()), frame, key="coverage", alt=said, told=told, table=table, footer=False
    )
    st.caption(said)
    st.caption(t("budget.coverage_note"))
    screen.footer(told)
    one = ledger.lines[line]
    parts.cards_behind("coverage", [one.cost, one.reach, one.lead])


def _plan(told: Comparison) -> Scenario:
    return next(one for one in told.scenarios if one.name == results.PLAN)


def _own_costs(told: Comparison) -> tuple[UnitCost, ...]:
    return _plan(told).unit_costs


def _years(told: Comparison) -> None:
    """Show assigned, modified and executed money by year, and who pays."""
    years = _span(told)
    own = told.tables.sel(scenario=results.PLAN, year=years)
    stages = own["line_money"].sum("line")
    cells = results.band(stages).set_index(["year", "budget_stage"])
    table = pd.DataFrame(
        [
            {t("app.column.year"): str(year)}
            | {t(f"budget.stage.{stage}"): parts.brief(cells.loc[(year, stage)], "m") for stage in STAGES}
            for year in years
        ]
    )
    st.table(table, hide_index=True)
    st.caption(t("budget.by_year_note"))
    parts.below_table(told, table, "budget_by_year", parts.of_money())
    st.markdown(f"**{t('budget.who_pays')}**")
    paid = results.band(own["payer_money"].sel(budget_stage="executed", drop=True).sum("year"))
    paid = paid[paid["high"].fillna(paid["median"]) > 0.0]
    table = pd.DataFrame(
        {
            t("budget.payer"): [t(f"payer.{name}") for name in paid["payer"]],
            t("budget.paid", first=years[0], last=years[-1]): [
                parts.brief(row, "m") for _, row in paid.iterrows()
            ],
        }
    )
    st.table(table, hide_index=True)
    parts.below_table(told, table, "budget_paid", parts.of_money())


def _lines(told: Comparison) -> None:
    """Show what each line spends and runs in the last year with money."""
    ledger = load_ledger()
    lang = language()
    funded = _last_funded(told)
    if not funded:
        st.caption(t("budget.no_lines"))
        return
    year = max(funded.values())
    own = told.tables.sel(scenario=results.PLAN, year=year)
    spent = results.band(own["line_money"].sel(budget_stage="executed", drop=True)).set_index("line")
    units = results.band(own["line_capacity"]).set_index("line")
    bought = [name for name in spent.index if spent.loc[name, "median"] > 0.0]
    rows = []
    for name in bought:
        line = ledger.lines[name]
        each = money.unit_cost(name, _own_costs(told))
        sure = each["low"] == each["high"]
        rows.append(
            {
                t("budget.column.line"): f"{line.label[lang]} ({line.unit[lang]})",
                t("budget.line_spent", year=year): parts.brief(spent.loc[name], "m"),
                t("budget.line_units"): parts.brief(units.loc[name]),
                t("budget.line_cost"): t("budget.fixed", amount=screen.number(each["median"], "s"))
                if sure
                else f"{parts.brief(each, 's')} · {line.quality}",
            }
        )
    table = pd.DataFrame(rows)
    st.table(table, hide_index=True)
    st.caption(t("budget.lines_note"))
    shown = [ledger.lines[name] for name in bought]
    parts.below_table(
        told, table, "budget_lines", [name for one in shown for name in (one.cost, one.reach, one.lead)]
    )


# Workbooks.


@lru_cache(maxsize=16)
def workbook(text: str, lang: str) -> bytes:
    """Return the workbook of a scenario.

    Parameters
    ----------
    text : its mapping as JSON: all of it, whatever it is based on
    """
    set_language(lang)
    with tempfile.TemporaryDirectory(prefix="sintrata-") as folder:
        path = Path(folder) / "plan.xlsx"
        write_sheet(json.loads(text), path)
        return path.read_bytes()


def _sheet() -> None:
    st.markdown(t("budget.sheet_note"))
    whole = replace(state.scenario(), until_ti=state.until())
    st.download_button(
        t("budget.sheet_download"),
        # Not made on click: what is left for later is lost when the page is drawn again meanwhile.
        workbook(json.dumps(whole.to_mapping(), sort_keys=True), language()),
        "sintrata_plan.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key="sheet_download",
        on_click="ignore",
        icon=":material/download:",
    )
    upload("budget", "xlsx")
