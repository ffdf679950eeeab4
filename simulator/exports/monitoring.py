"""The monitoring export: the logic model of programmes that the United States pay, and their indicators.

Years are fiscal years of the United States: October of the year before to September.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import xarray as xr
import xlsxwriter

from scenarios import Scenario
from simulator.engine.states import START_YEAR
from simulator.evidence import load_ledger
from simulator.exports.workbook import Sheet, about, three, write_sheet
from simulator.outcomes.effects import by_group
from simulator.outcomes.export import part_of_country
from simulator.outcomes.indicators import MOVES, moved, national, quantiles, summarise
from simulator.outcomes.spending import by_us_fiscal_year, dollars
from simulator.policy.budget import US_SHIFT
from simulator.policy.crosswalk import crosswalk
from simulator.policy.national import HORIZON
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

READ: Final = (
    *("flow", "stock", "cases_to_investigation", "child_cases_to_convicted", "cases_to_convicted"),
    *("registered_police_children", "reintegration_started", "incremental_budget", "incremental_by_quarter"),
    *("line_capacity", "soles_per_dollar", "flow_by_sex", "stock_by_sex", "flow_by_language"),
    *("stock_by_language", "flow_by_migrant", "stock_by_migrant", "flow_by_form", "stock_by_form"),
    *("flow_by_age_band", "stock_by_age_band"),
)
"""Variables of a result that this export reads: half of what there is, so that more runs fit in memory."""

SMALL: Final = 10
"""Children of a territory below which no median is told."""


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
    years = (t("monitoring.years"), t("monitoring.fiscal_year"))
    for sheet in (
        about(dataset, day, t("monitoring.title"), years),
        _logic(dataset, chosen),
        _indicators(dataset, chosen, yearly),
        _targets(dataset, chosen, yearly),
        _money(dataset, chosen),
    ):
        write_sheet(book, sheet, part_of_country(dataset))
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
    both = national(dataset)
    counted = {key: moved(both["flow"], key) for key in INDICATORS if key in MOVES}

    def registered(*names: str) -> xr.DataArray:
        return xr.concat([dataset[n].sum("territory") for n in names], "series").sum("series")

    return {
        "cases": registered("cases_to_investigation"),
        "child_convictions": registered("child_cases_to_convicted"),
        "convictions": registered("cases_to_convicted"),
        "police_children": registered("registered_police_children"),
        "reintegration_started": dataset["reintegration_started"],
        "child_months": both["stock"].sel(state="EXPLOITED", drop=True),
        **counted,
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

GROUPS: Final = {**GROUP_TEXTS, "form": "form", "age_band": "age_band"}
"""Section of the catalogue that names the groups of each disaggregation."""

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
        lines = _lines(programmes)
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
                        *(*three(spent), *three(paid)),
                        entry.activity[language()],
                        *(entry.product[language()], told.unit[language()]),
                        *three(most),
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
        groups = ", ".join(t(f"score.group.{by}") for by in GROUPS) if key in GROUPED else None
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
                *three(told),
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


def _lines(programmes: Sequence[Programme]) -> list[str]:
    """Return the budget lines of programmes, each once."""
    return list(dict.fromkeys(line for one in programmes for grant in one.budget for line, _ in grant.lines))


def _fiscal_year_of(ti: int) -> int:
    return START_YEAR + (ti + US_SHIFT) // MONTHS


def _targets(
    dataset: xr.Dataset, chosen: dict[str, list[Programme]], yearly: dict[str, xr.DataArray]
) -> Sheet:
    """Return the target of every fiscal year up to the horizon, and its difference from the comparator.

    The target is the median of the scenario, with its interval; the difference is taken run by run.
    """
    rows: list[Sequence[object]] = []
    for name, programmes in chosen.items():
        first, last = years_told(programmes)
        for key in INDICATORS:
            rows += _target_rows(yearly[key], name, key, t("monitoring.total"), range(first, last + 1))
        rows += _by_group(dataset, name, range(first, last + 1))
        rows += _by_territory(dataset, name, programmes)
    low, high = t("report.column.low"), t("report.column.high")
    head = (
        *(t("report.column.scenario"), t("report.column.indicator"), t("monitoring.column.group")),
        *(t("report.column.fiscal.us"), t("book.column.goal"), low, high),
        *(t("monitoring.column.difference"), low, high),
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
        lines = _lines(programmes)
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
                        *(*three(soles), *three(paid)),
                        *(ledger.lines[line].unit[language()], *three(used)),
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


def years_told(programmes: Sequence[Programme]) -> tuple[int, int]:
    """Return first and last fiscal year with targets: to the end of the programmes, or else of the policy."""
    first = min(_fiscal_year_of(one.start_ti) for one in programmes)
    if any(one.end_ti is None for one in programmes):
        return first, max(first, HORIZON)
    return first, max(_fiscal_year_of(one.end_ti) for one in programmes if one.end_ti is not None)


def _target_rows(
    series: xr.DataArray, name: str, key: str, group: str, years: Sequence[int]
) -> list[Sequence[object]]:
    """Return a row a fiscal year of one series [scenario, draw, replicate, us_fiscal_year]."""
    own = series.sel(scenario=name, drop=True)
    told, change = quantiles(own), quantiles(own - series.isel(scenario=0, drop=True))
    there = [year for year in years if year in series["us_fiscal_year"].values]
    return [
        (
            *(name, t(f"monitoring.name.{key}"), group, year),
            *(*three(told.sel(us_fiscal_year=year)), *three(change.sel(us_fiscal_year=year))),
        )
        for year in there
    ]


def _by_group(dataset: xr.Dataset, name: str, years: Sequence[int]) -> list[Sequence[object]]:
    """Return targets by sex, area, language, migrant status, form of exploitation and age."""
    out: list[Sequence[object]] = []
    # The first scenario and this one as a slice: a view, where a list would copy gigabytes.
    k = [str(one) for one in dataset["scenario"].values].index(name)
    both = dataset.isel(scenario=slice(0, k + 1, max(k, 1)))
    for by, section in GROUPS.items():
        monthly: xr.Dataset = by_group(both, by, yearly=False)
        for key in GROUPED:
            series = fiscal(monthly[key])
            for group in (str(g) for g in series[by].values):
                label = f"{t(f'score.group.{by}')}: {t(f'{section}.{group}')}"
                one = series.sel({by: group}, drop=True)
                # A group that an indicator never has, such as those without exploitation, is no group.
                if float(one.max()) > 0.0:
                    out += _target_rows(one, name, key, label, years)
    return out


def _unless_small(cell: tuple[object, ...]) -> tuple[object, ...]:
    """Return median, low and high; of a small number the interval alone, which is what can be said of it."""
    middle, *rest = cell
    return (None, *rest) if isinstance(middle, (int, float)) and middle < SMALL else cell


def _by_territory(dataset: xr.Dataset, name: str, programmes: Sequence[Programme]) -> list[Sequence[object]]:
    """Return sums over all years with targets where the programmes work, if that is not the whole country.

    Years are summed and small numbers carry their interval: one year of one territory is mostly chance.
    """
    first, last = years_told(programmes)
    places = sorted({place for one in programmes for grant in one.budget for place in grant.territories})
    if not places:
        return []
    flow, stock = dataset["flow"].sum("area"), dataset["stock"].sum("area")
    out: list[Sequence[object]] = []
    for key in GROUPED:
        monthly = stock.sel(state="EXPLOITED", drop=True) if key == "child_months" else moved(flow, key)
        series = fiscal(monthly).sel(us_fiscal_year=slice(first, last))
        if not series.sizes["us_fiscal_year"]:
            continue
        told = [int(year) for year in series["us_fiscal_year"].values[[0, -1]]]
        total = series.sum("us_fiscal_year")
        for place in places:
            one = total.isel(territory=place, drop=True)
            own = one.sel(scenario=name, drop=True)
            change = own - one.isel(scenario=0, drop=True)
            label = str(dataset["territory_name"].values[place])
            out.append(
                (
                    *(name, t(f"monitoring.name.{key}"), label, f"{told[0]}-{told[1]}"),
                    *(*_unless_small(three(quantiles(own))), *three(quantiles(change))),
                )
            )
    return out
