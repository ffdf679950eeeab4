"""The monitoring export: the logic model of programmes that the United States pay, and their indicators.

Years are fiscal years of the United States: October of the year before to September.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import xarray as xr
import xlsxwriter

from scenarios import Scenario
from simulator.engine.states import START_YEAR
from simulator.evidence import load_ledger
from simulator.exports.brief import labels
from simulator.exports.workbook import Sheet, three, write_sheet
from simulator.outcomes.effects import BREAKDOWNS, by_group
from simulator.outcomes.indicators import AFTER, quantiles, summarise
from simulator.outcomes.spending import by_us_fiscal_year, dollars
from simulator.policy.budget import US_SHIFT
from simulator.policy.crosswalk import crosswalk
from simulator.report import runs_note
from simulator.report_policy import GROUP_TEXTS
from simulator.texts import language, t

if TYPE_CHECKING:
    from scenarios.programmes import Programme

MONTHS: Final = 12
OBJECTIVES: Final = ("prosecution", "protection", "prevention")
"""The three objectives of the Compact, in its order."""

OBJECTIVE_OF: Final = {"OP1": "prevention", "OP2": "prosecution", "OP3": "protection"}
"""Objective of the Compact by priority objective of the 2030 policy, under which each budget line stands."""

UNITS: Final = {
    "cases": "cases",
    "convictions": "convictions",
    "child_convictions": "convictions",
    "police_children": "records",
    "child_months": "months",
}
"""Units of indicators that do not count children."""

US: Final = "us"


def objective_of(line: str) -> str:
    """Return the objective of the Compact that a line serves: its pillar, or else that of the policy."""
    pillar = load_ledger().lines[line].pillar
    return pillar if pillar in OBJECTIVES else OBJECTIVE_OF[crosswalk()[line].objective]


def us_programmes(dataset: xr.Dataset) -> dict[str, list[Programme]]:
    """Return the programmes that the United States pay, in whole or in part, by scenario."""
    out: dict[str, list[Programme]] = {}
    told = json.loads(dataset.attrs["scenarios"])
    for name, data in zip((str(n) for n in dataset["scenario"].values), told, strict=True):
        paid = [
            one
            for one in Scenario.from_mapping(data, name=name).programmes
            if any(dict(row.shares).get(US, 0.0) > 0.0 for row in one.payers)
        ]
        if paid:
            out[name] = paid
    return out


def write_monitoring(dataset: xr.Dataset, path: Path, day: datetime.date) -> None:
    """Write the logic model and the indicator table of every scenario with a programme that the US pay.

    Parameters
    ----------
    dataset : result with a comparator first
    day : date that the file bears

    Raises
    ------
    ValueError
        If no scenario has such a programme.
    OSError
        If the place cannot be written.
    """
    chosen = us_programmes(dataset)
    if not chosen:
        raise ValueError("no programme that the United States pay")
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": t("monitoring.title")})
    book.set_properties({"created": datetime.datetime.combine(day, datetime.time())})
    yearly = {key: fiscal(series) for key, series in _series(dataset).items()}
    about = [
        (t("book.about.date"), day.isoformat()),
        (t("book.about.scenarios"), ", ".join(labels(dataset))),
        (t("book.about.runs"), runs_note(dataset)),
        (t("monitoring.years"), t("monitoring.fiscal_year")),
        (t("book.about.simulated"), t("brief.limits")),
        (t("book.about.registered"), t("score.note.reported")),
        (t("book.about.version"), str(dataset.attrs["code_version"])),
    ]
    head = (t("explain.column.field"), t("explain.column.value"))
    write_sheet(book, Sheet(t("book.sheet.about"), t("monitoring.title"), head, list(about)))
    write_sheet(book, _logic(dataset, chosen))
    write_sheet(book, _indicators(dataset, chosen, yearly))
    write_sheet(book, _targets(dataset, chosen, yearly))
    write_sheet(book, _money(dataset, chosen))
    book.close()


# -- fiscal years ----------------------------------------------------------------------------------------


def fiscal(monthly: xr.DataArray) -> xr.DataArray:
    """Return sums by fiscal year of the United States, of the years that the run holds whole."""
    when = monthly["month"].dt
    year = (when.year + (when.month > MONTHS - US_SHIFT)).rename("us_fiscal_year")
    months = xr.ones_like(monthly["month"], dtype=int).groupby(year).sum()
    total = monthly.groupby(year).sum("month")
    return total.sel(us_fiscal_year=months["us_fiscal_year"].values[months.values == MONTHS])


def _series(dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the monthly series behind the indicators, the whole country."""
    flow = dataset["flow"].sum(("territory", "area"))
    stock = dataset["stock"].sum(("territory", "area"))

    def moved(sources: list[str], targets: list[str]) -> xr.DataArray:
        return flow.sel(from_state=sources, to_state=targets).sum(("from_state", "to_state"))

    def registered(*names: str) -> xr.DataArray:
        return xr.concat([dataset[n].sum("territory") for n in names], "series").sum("series")

    return {
        "cases": registered("cases_to_investigation"),
        "child_convictions": registered("child_cases_to_convicted"),
        "convictions": registered("cases_to_convicted"),
        "police_children": registered("registered_police_children"),
        "identified": moved(["EXPLOITED"], ["IDENTIFIED"]),
        "protected": moved(["IDENTIFIED"], ["PROTECTED"]),
        "specialised_entries": moved(["PROTECTED"], ["SPECIALISED_SHELTER"]),
        "reintegration_started": dataset["reintegration_started"],
        "completed": moved(["FOLLOW_UP"], ["REINTEGRATED"]),
        "returns": moved(list(AFTER), ["EXPLOITED"]),
        "first_entries": moved(["HOME"], ["EXPLOITED"]),
        "child_months": stock.sel(state="EXPLOITED", drop=True),
    }


INDICATORS: Final = {
    "cases": "prosecution",
    "convictions": "prosecution",
    "child_convictions": "prosecution",
    "police_children": "prosecution",
    "identified": "protection",
    "protected": "protection",
    "specialised_entries": "protection",
    "reintegration_started": "protection",
    "completed": "protection",
    "returns": "protection",
    "first_entries": "prevention",
    "child_months": "prevention",
}
"""Indicators by objective of the Compact."""

GROUPED: Final = (
    "first_entries",
    "returns",
    "child_months",
    "identified",
    "specialised_entries",
    "completed",
)
"""Indicators that are told by group of children too."""


# -- sheets ----------------------------------------------------------------------------------------------


def _logic(dataset: xr.Dataset, chosen: dict[str, list[Programme]]) -> Sheet:
    """Return inputs, activities and outputs of every line under the objective that it serves."""
    ledger = load_ledger()
    money = dataset["incremental_budget"].sel(budget_stage="executed").sum(("payer", "territory"))
    in_dollars = dollars(money, dataset).sum("year")
    capacity = dataset["line_capacity"].sum("territory")
    rows: list[Sequence[object]] = []
    for name, programmes in chosen.items():
        lines = dict.fromkeys(line for one in programmes for grant in one.budget for line, _ in grant.lines)
        for objective in OBJECTIVES:
            for line in lines:
                told, entry = ledger.lines[line], crosswalk()[line]
                if objective_of(line) != objective:
                    continue
                spent = summarise(money.sel(scenario=name, line=line).sum("year"))
                paid = summarise(in_dollars.sel(scenario=name, line=line))
                most = summarise(capacity.sel(scenario=name, line=line).max("year"))
                rows.append(
                    (
                        *(name, t(f"monitoring.objective.{objective}"), told.label[language()]),
                        *(spent.median, spent.low, spent.high, paid.median, paid.low, paid.high),
                        entry.activity[language()],
                        *(entry.product[language()], told.unit[language()]),
                        *(most.median, most.low, most.high),
                        "; ".join(t(f"monitoring.name.{k}") for k, o in INDICATORS.items() if o == objective),
                        t("monitoring.impact"),
                    )
                )
    head = (
        *(t("report.column.scenario"), t("monitoring.column.objective"), t("monitoring.column.input")),
        *(t("monitoring.column.soles"), t("report.column.low"), t("report.column.high")),
        *(t("monitoring.column.dollars"), t("report.column.low"), t("report.column.high")),
        *(t("book.column.activity"), t("monitoring.column.output"), t("book.column.unit")),
        *(t("monitoring.column.most"), t("report.column.low"), t("report.column.high")),
        *(t("monitoring.column.outcomes"), t("monitoring.column.impact")),
    )
    note = t("monitoring.note.logic")
    return Sheet(t("monitoring.sheet.logic"), t("monitoring.title_logic"), head, rows, note)


def _indicators(
    dataset: xr.Dataset,
    chosen: dict[str, list[Programme]],
    yearly: dict[str, xr.DataArray],
) -> Sheet:
    """Return the definition of every indicator, its baseline, and what can be told apart."""
    first = str(dataset["scenario"].values[0])
    begins = min(one.start_ti for programmes in chosen.values() for one in programmes)
    base = _fiscal_year_of(begins) - 1
    rows: list[Sequence[object]] = []
    for key, objective in INDICATORS.items():
        series = yearly[key].sel(scenario=first)
        there = base in series["us_fiscal_year"].values
        told = summarise(series.sel(us_fiscal_year=base)) if there else None
        groups = ", ".join(t(f"score.group.{by}") for by in BREAKDOWNS) if key in GROUPED else None
        rows.append(
            (
                *(
                    t(f"monitoring.objective.{objective}"),
                    t(f"monitoring.name.{key}"),
                    t(f"monitoring.definition.{key}"),
                ),
                t(f"monitoring.unit.{UNITS.get(key, 'children')}"),
                t(f"monitoring.source.{REGISTERED.get(key, 'simulated')}"),
                *(groups, f"FY{base}"),
                *((None, None, None) if told is None else (told.median, told.low, told.high)),
            )
        )
    head = (
        *(t("monitoring.column.objective"), t("report.column.indicator"), t("monitoring.column.definition")),
        *(t("report.column.unit"), t("report.column.source"), t("monitoring.column.groups")),
        *(t("monitoring.column.base_year"), t("monitoring.column.baseline"), t("report.column.low")),
        t("report.column.high"),
    )
    note = t("monitoring.note.indicators")
    return Sheet(t("monitoring.sheet.indicators"), t("monitoring.title_indicators"), head, rows, note)


REGISTERED: Final = {
    "cases": "prosecutors",
    "convictions": "courts",
    "child_convictions": "courts",
    "police_children": "police",
}
"""Who registers an indicator; the others are what happens in the model."""


def _fiscal_year_of(ti: int) -> int:
    return START_YEAR + (ti + US_SHIFT) // MONTHS


def _targets(
    dataset: xr.Dataset, chosen: dict[str, list[Programme]], yearly: dict[str, xr.DataArray]
) -> Sheet:
    """Return the target of every fiscal year: the median of the scenario, with its interval; and by group."""
    rows: list[Sequence[object]] = []
    for name, programmes in chosen.items():
        first = min(_fiscal_year_of(one.start_ti) for one in programmes)
        for key, series in yearly.items():
            told = quantiles(series.sel(scenario=name))
            for year in (int(y) for y in told["us_fiscal_year"].values if int(y) >= first):
                row: list[Any] = [name, t(f"monitoring.name.{key}"), t("monitoring.total"), year]
                rows.append((*row, *three(told.sel(us_fiscal_year=year))))
        rows += _by_group(dataset, name, first)
    head = (
        *(t("report.column.scenario"), t("report.column.indicator"), t("monitoring.column.group")),
        *(t("report.column.fiscal.us"), t("book.column.goal"), t("report.column.low")),
        t("report.column.high"),
    )
    note = t("monitoring.note.targets")
    return Sheet(t("monitoring.sheet.targets"), t("monitoring.title_targets"), head, rows, note)


def _money(dataset: xr.Dataset, chosen: dict[str, list[Programme]]) -> Sheet:
    """Return what every line executes by US fiscal year, and its output: units in use that calendar year."""
    ledger = load_ledger()
    executed = by_us_fiscal_year(dataset).sel(budget_stage="executed").sum("payer")
    units = dataset["line_capacity"].sum("territory")
    rows: list[Sequence[object]] = []
    for name, programmes in chosen.items():
        lines = dict.fromkeys(line for one in programmes for grant in one.budget for line, _ in grant.lines)
        rate = dataset["soles_per_dollar"].sel(scenario=name)
        for line in sorted(lines, key=lambda one: OBJECTIVES.index(objective_of(one))):
            for year in (int(y) for y in executed["us_fiscal_year"].values if y in units["year"].values):
                spent = executed.sel(scenario=name, line=line, us_fiscal_year=year)
                if float(spent.max()) <= 0.0:
                    continue
                soles, paid = summarise(spent), summarise(spent / rate.sel(year=year))
                used = summarise(units.sel(scenario=name, line=line, year=year))
                rows.append(
                    (
                        *(name, t(f"monitoring.objective.{objective_of(line)}")),
                        *(ledger.lines[line].label[language()], year),
                        *(soles.median, soles.low, soles.high, paid.median, paid.low, paid.high),
                        *(ledger.lines[line].unit[language()], used.median, used.low, used.high),
                    )
                )
    low, high = t("report.column.low"), t("report.column.high")
    head = (
        *(t("report.column.scenario"), t("monitoring.column.objective"), t("monitoring.column.input")),
        *(t("report.column.fiscal.us"), t("monitoring.column.spent"), low, high),
        *(t("monitoring.column.spent_dollars"), low, high),
        *(t("book.column.unit"), t("monitoring.column.in_use"), low, high),
    )
    title, note = t("monitoring.title_money"), t("monitoring.note.money")
    return Sheet(t("monitoring.sheet.money"), title, head, rows, note)


def _by_group(dataset: xr.Dataset, name: str, first: int) -> list[Sequence[object]]:
    out: list[Sequence[object]] = []
    one: xr.Dataset = dataset.sel(scenario=[name])
    for by, section in GROUP_TEXTS.items():
        monthly: xr.Dataset = by_group(one, by, yearly=False)
        for key in GROUPED:
            series = quantiles(fiscal(monthly[key])).sel(scenario=name)
            for group in (str(g) for g in series[by].values):
                label = f"{t(f'score.group.{by}')}: {t(f'{section}.{group}')}"
                for year in (int(y) for y in series["us_fiscal_year"].values if int(y) >= first):
                    row: list[Any] = [name, t(f"monitoring.name.{key}"), label, year]
                    out.append((*row, *three(series.sel({by: group, "us_fiscal_year": year}))))
    return out
