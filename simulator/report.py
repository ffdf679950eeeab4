"""Results as tables: by year, against a comparator, levels beside their bands, and how much chance is left.

Every count is of simulated children. Where there are several runs a summary is the median with the 5th and
95th percentile; where there is one there is no interval, and the table says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Final

from simulator.evidence import load_ledger
from simulator.outcomes.counted import ENOUGH, Counted
from simulator.outcomes.effects import EFFECTS, cost_of_effect
from simulator.outcomes.export import part_of_country
from simulator.outcomes.indicators import TWO_SIDED, Interval, difference, summarise, yearly
from simulator.outcomes.levels import levels
from simulator.outcomes.spending import (
    added_money,
    by_us_fiscal_year,
    constant,
    discounted,
    dollars,
    financing_gap,
    outcomes,
)
from simulator.policy.budget import REASONS
from simulator.policy.national import HORIZON
from simulator.policy.prices import BASE_YEAR
from simulator.tables import Column, Table
from simulator.texts import language, t

if TYPE_CHECKING:
    import xarray as xr

SHOWN: Final = ("first_entries", "exploited", "identified", "protected", "specialised_entries", "completed")
"""Indicators of the table by year; a program gets them all."""

SHARES: Final = ("assisted_share", "lost_share", "completed_share")
MEANS: Final = ("incidence", "exploited", "exploited_per_1000", "in_care", *SHARES)
"""Indicators of which a period has a mean; the others add up."""

MILLION: Final = 1e6

PERIOD: Final = 4
"""Years over which scenarios are compared: the last of the run, 2027-2030 by default (``periods``)."""

MEDIAN_INTERVAL: Final = 2 * TWO_SIDED
"""Width of the 90% interval of a median in standard errors."""


def full_years(dataset: xr.Dataset) -> list[int]:
    """Return the calendar years of which a result holds every month; all of them if it holds none whole."""
    years = [int(year) for year in dataset["month"].dt.year.values]
    full = sorted({year for year in years if years.count(year) == 12})
    return full or sorted(set(years))


def _form(indicator: str) -> str:
    return ",.2f" if indicator in ("incidence", "exploited_per_1000", *SHARES) else ",.0f"


def runs_note(dataset: xr.Dataset) -> str:
    """Return what the intervals of a result go over, and what cannot be told of it."""
    draws, replicates = dataset.sizes["draw"], dataset.sizes["replicate"]
    if draws * replicates == 1:
        told = t("report.note.one_run")
    else:
        varied = "both" if draws > 1 and replicates > 1 else "parameters" if draws > 1 else "chance"
        # Quantiles of a few runs lie within what the runs span.
        spread = t("report.note.nine") if draws * replicates >= ENOUGH else t("report.note.span")
        told = t(f"report.note.{varied}", spread=spread, draws=draws, replicates=replicates)
    few = [t("report.note.few", least=ENOUGH)] if 1 < draws * replicates < ENOUGH else []
    return " ".join([*part_of_country(dataset), told, *few])


def count_in_words(count: Counted) -> str:
    """Return in how many of the runs something is true."""
    return t("score.counted", hits=count.hits, runs=count.runs)


def count_record(count: Counted) -> dict[str, object]:
    """Return the same for a program; the probability is missing where the runs are few."""
    return {"hits": count.hits, "runs": count.runs, "probability": count.probability}


def yearly_records(dataset: xr.Dataset) -> list[dict[str, object]]:
    """Return every indicator of every scenario and year: median, interval and Monte Carlo error."""
    table = yearly(dataset).sel(year=full_years(dataset))
    return [
        {"scenario": str(name), "year": int(year), "indicator": str(indicator), **_told(summarise(cell))}
        for name in table["scenario"].values
        for year in table["year"].values
        for indicator, cell in table.sel(scenario=name, year=year).data_vars.items()
    ]


def _told(summary: Interval) -> dict[str, object]:
    several = summary.runs > 1
    return {
        "median": summary.median,
        "low": summary.low if several else None,
        "high": summary.high if several else None,
        "error": summary.error,
    }


def yearly_table(dataset: xr.Dataset) -> Table:
    """Return the main indicators of the first scenario by year."""
    table = yearly(dataset.isel(scenario=slice(0, 1))).sel(year=full_years(dataset))
    rows = []
    for year in table["year"].values:
        row: dict[str, object] = {"year": str(int(year))}
        for name in SHOWN:
            summary = summarise(table[name].sel(year=year))
            row[name] = summary.median if summary.runs == 1 else _spread(summary, name)
        rows.append(row)
    several = dataset.sizes["draw"] * dataset.sizes["replicate"] > 1
    columns = [Column("year", t("report.column.year"))]
    columns += [Column(name, t(f"indicator.{name}"), "" if several else _form(name)) for name in SHOWN]
    title = t("report.title.yearly", name=str(dataset["scenario"].values[0]))
    return Table(title, tuple(columns), tuple(rows), (runs_note(dataset), t("report.note.use")))


def _spread(summary: Interval, name: str) -> str:
    form = _form(name)
    return f"{summary.median:{form}} ({summary.low:{form}}-{summary.high:{form}})"


def periods(dataset: xr.Dataset) -> list[list[int]]:
    """Return the years over which scenarios are compared: up to the policy's horizon, and up to the end.

    What acts late is not seen at the horizon, what fades not at the end; a run that ends soon after the
    horizon has one period only.
    """
    years = full_years(dataset)
    last = years[-PERIOD:]
    early = [year for year in years if HORIZON - PERIOD < year <= HORIZON]
    return [early, last] if early and early[-1] < last[0] else [last]


def effects_table(dataset: xr.Dataset, years: Sequence[int] | None = None) -> Table:
    """Return each scenario less the first, run by run, over some years: median and 90% interval.

    Parameters
    ----------
    years : consecutive; by default the last of ``periods``
    """
    years = list(years or periods(dataset)[-1])
    table = yearly(dataset).sel(year=years)
    means = [name for name in table.data_vars if name in MEANS]
    period = table.drop_vars(means).sum("year").merge(table[means].mean("year"))
    first, *others = (str(name) for name in dataset["scenario"].values)
    rows: list[dict[str, object]] = []
    for name in others:
        change = difference(period, name, first)
        for indicator in table.data_vars:
            key = str(indicator)
            summary = summarise(change[key])
            several = summary.runs > 1
            rows.append(
                {
                    "scenario": name,
                    "start": years[0],
                    "end": years[-1],
                    "indicator": key,
                    "what": t(f"indicator.{key}"),
                    "comparator": summarise(period[key].sel(scenario=first)).median,
                    "value": summarise(period[key].sel(scenario=name)).median,
                    "difference": summary.median,
                    "low": summary.low if several else None,
                    "high": summary.high if several else None,
                    "error": summary.error,
                    "unit": t("report.unit.mean") if key in MEANS else t("report.unit.sum"),
                }
            )
    columns = (
        Column("scenario", t("report.column.scenario") if len(others) > 1 else ""),
        Column("start", ""),
        Column("end", ""),
        Column("indicator", ""),
        Column("what", t("report.column.indicator")),
        Column("unit", t("report.column.period")),
        Column("comparator", first, "n"),
        Column("value", t("report.column.value") if len(others) > 1 else others[0], "n"),
        Column("difference", t("report.column.difference"), "+n"),
        Column("low", t("report.column.low"), "+n"),
        Column("high", t("report.column.high"), "+n"),
        Column("error", t("report.column.error"), "n"),
    )
    title = t("report.title.effects", first=first, start=years[0], end=years[-1])
    notes = (runs_note(dataset), t("report.note.paired"), t("report.note.use"))
    return Table(title, columns, tuple(rows), notes)


def has_money(dataset: xr.Dataset) -> bool:
    """Return whether any scenario assigns money or asks for measures that would take some."""
    return bool(dataset["incremental_budget"].any() or dataset["required"].any())


def money_table(dataset: xr.Dataset) -> Table:
    """Return the incremental ledger of each scenario over the whole run, what it lacks, and what it buys."""
    first = str(dataset["scenario"].values[0])
    rows: list[dict[str, object]] = []
    for name in (str(name) for name in dataset["scenario"].values):
        one = dataset.sel(scenario=[name])
        if not has_money(one):
            continue
        rows += _money_rows(one, name)
        if name != first:
            rows += _effect_rows(dataset, name, first)
    years = dataset["year"].values
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("item", ""),
        Column("what", t("report.column.money")),
        Column("current", t("report.column.current"), ",.2f"),
        Column("median", t("report.column.constant", year=BASE_YEAR), ",.2f"),
        Column("low", t("report.column.low"), ",.2f"),
        Column("high", t("report.column.high"), ",.2f"),
        Column("dollars", t("report.column.dollars"), ",.2f"),
    )
    title = t("report.title.money", start=int(years[0]), end=int(years[-1]))
    notes = (t("report.note.ledgers"), t("report.note.assumed_costs"), *_own_costs(dataset))
    return Table(title, columns, tuple(rows), notes)


FISCAL_YEARS: Final = {"peru": "year", "us": "us_fiscal_year"}
"""Fiscal years of a country, and the dimension that holds them."""


def money_by_year_table(dataset: xr.Dataset, country: str) -> Table:
    """Return the incremental ledger of each scenario by fiscal year, soles of the year: medians over runs.

    Parameters
    ----------
    country : ``peru`` or ``us``; a fiscal year of the United States begins in October of the year before
    """
    years = FISCAL_YEARS[country]
    ledger = (
        dataset["incremental_budget"].sum(("line", "payer", "territory"))
        if country == "peru"
        else by_us_fiscal_year(dataset).sum(("line", "payer"))
    )
    rows: list[dict[str, object]] = []
    for name in (str(name) for name in dataset["scenario"].values):
        one = ledger.sel(scenario=name)
        for year in one[years].values:
            stages = {str(s): one.sel({years: year, "budget_stage": s}) for s in one["budget_stage"].values}
            if not any(soles.any() for soles in stages.values()):
                continue
            told = {stage: summarise(soles / MILLION) for stage, soles in stages.items()}
            spent = told["executed"]
            rows.append(
                {
                    "scenario": name,
                    "year": str(int(year)),
                    **{stage: summary.median for stage, summary in told.items()},
                    "low": spent.low if spent.runs > 1 else None,
                    "high": spent.high if spent.runs > 1 else None,
                }
            )
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("year", t(f"report.column.fiscal.{country}")),
        Column("pia", t("money.pia"), ",.2f"),
        Column("pim", t("money.pim"), ",.2f"),
        Column("executed", t("money.executed"), ",.2f"),
        Column("low", t("report.column.low"), ",.2f"),
        Column("high", t("report.column.high"), ",.2f"),
        Column("saldo", t("money.saldo"), ",.2f"),
    )
    return Table(t("report.title.by_year"), columns, tuple(rows))


def _own_costs(dataset: xr.Dataset) -> list[str]:
    """Return what scenarios say of unit costs of their own."""
    told = [str(text) for text in dataset.attrs.get("unit_costs", [])]
    return [t("report.note.own_costs", costs="; ".join(told))] if told else []


def _money_rows(dataset: xr.Dataset, name: str) -> list[dict[str, object]]:
    """Return stages, reasons of what came back, measures without money, gap, and present values."""
    budget = dataset["incremental_budget"].sum(("line", "payer", "territory"))
    unspent = dataset["incremental_unspent"].sum(("line", "territory"))
    gap, required = financing_gap(dataset), dataset["required"]
    items = {str(s): budget.sel(budget_stage=s, drop=True) for s in budget["budget_stage"].values}
    items |= {r: unspent.sel(unspent_reason=r, drop=True) for r in REASONS}
    items |= {"required": required.sum(("line", "territory")), "gap": gap.sum(("line", "territory"))}
    rows = []
    for key, soles in items.items():
        if not soles.any():
            continue
        real = summarise(constant(soles, dataset).sum("year") / MILLION)
        rows.append(
            {
                "scenario": name,
                "item": key,
                "what": t(f"money.{key}"),
                "current": summarise(soles.sum("year") / MILLION).median,
                **bounds(real),
                "dollars": summarise(dollars(soles, dataset).sum("year") / MILLION).median,
            }
        )
    rate = load_ledger().parameters["prices.discount_rate"]
    for one in (rate.low, rate.central, rate.high):
        value = summarise(discounted(added_money(dataset), dataset, one) / MILLION)
        what = t("money.present_value", rate=f"{100 * one:g}")
        rows.append({"scenario": name, "item": f"present_value_{one:g}", "what": what, **bounds(value)})
    return rows


def _effect_rows(dataset: xr.Dataset, name: str, first: str) -> list[dict[str, object]]:
    """Return what is gained of each effect, and the cost of one where it can be told."""
    rows: list[dict[str, object]] = []
    for key in EFFECTS:
        told = cost_of_effect(dataset, name, first, key)
        rows.append({"scenario": name, "item": key, "what": t(f"effect.{key}"), **bounds(told.gained)})
        cost: dict[str, object] = {"scenario": name, "item": f"cost_of_{key}"}
        if told.ratio is not None:
            rows.append({**cost, "what": t("money.cost_of", effect=t(f"effect.{key}")), **bounds(told.ratio)})
        else:
            rows.append({**cost, "what": t("money.no_ratio", effect=t(f"effect.{key}"))})
    return rows


def bounds(summary: Interval) -> dict[str, object]:
    """Return median and interval for a row; one run has no interval."""
    several = summary.runs > 1
    return {
        "median": summary.median,
        "low": summary.low if several else None,
        "high": summary.high if several else None,
    }


def outcomes_table(dataset: xr.Dataset) -> Table:
    """Return the outcomes that programmes watch: what was registered, and how often it was reached."""
    rows = []
    for one in outcomes(dataset):
        about = one.about
        row: dict[str, object] = {key: about[key] for key in ("scenario", "programme", "at_least", "by")}
        row |= {"signal": about["signal"], "what": t(f"signal.{about['signal']}")}
        row |= {"share": about["share"] or None}
        if one.reached is not None:
            row |= {"reached": count_in_words(one.reached), **count_record(one.reached)}
        rows.append(row | ({} if one.count is None else bounds(one.count)))
    columns = (
        Column("scenario", t("report.column.scenario")),
        Column("programme", t("explain.column.programme")),
        Column("signal", ""),
        Column("what", t("report.column.indicator")),
        Column("by", t("report.column.by")),
        Column("at_least", t("report.column.target"), "n"),
        Column("median", t("report.column.median"), "n"),
        Column("low", t("report.column.low"), "n"),
        Column("high", t("report.column.high"), "n"),
        Column("reached", t("report.column.probability")),
        *(Column(key, "") for key in ("hits", "runs", "probability")),
        Column("share", t("report.column.released"), ".0%"),
    )
    return Table(t("report.title.outcomes"), columns, tuple(rows), (t("report.note.registered"),))


def levels_table(dataset: xr.Dataset) -> Table:
    """Return the levels of a run beside the bands that the sources allow, with intervals over its draws."""
    rows = tuple(
        {
            "name": level.name,
            "what": t(f"level.{level.name}"),
            "value": level.value,
            "median": level.draws.median,
            "draws_low": level.draws.low,
            "draws_high": level.draws.high,
            "low": level.low,
            "high": level.high,
            "holds": level.holds,
            "unit": _unit(level.unit),
            "source": level.source,
        }
        for level in levels(dataset)
    )
    over_draws = (
        Column("median", t("report.column.median"), "n"),
        Column("draws_low", t("report.column.low"), "n"),
        Column("draws_high", t("report.column.high"), "n"),
    )
    n_draws = dataset.sizes["draw"]
    columns = (
        Column("name", ""),
        Column("what", t("report.column.level")),
        Column("value", t("report.column.value") if n_draws == 1 else t("report.column.central"), "n"),
        *(over_draws if n_draws > 1 else ()),
        Column("low", t("report.column.band_low"), "n"),
        Column("high", t("report.column.band_high"), "n"),
        Column("holds", t("report.column.holds")),
        Column("unit", t("report.column.unit")),
        Column("source", t("report.column.source")),
    )
    notes = (
        t("report.note.levels"),
        *((t("report.note.levels_draws", draws=n_draws),) if n_draws > 1 else ()),
    )
    return Table(t("report.title.levels"), columns, rows, notes)


def _unit(unit: str) -> str:
    """Return a unit of ``levels.csv`` in the language in force, under its name in the ledger."""
    name = unit.replace(" ", "_").replace("per_1000_per_year", "per_1000_year")
    return load_ledger().units[name][language()]


def precision_table(dataset: xr.Dataset, width: float) -> Table:
    """Return how many replicates bring the 90% interval of each median to ``width`` of its size."""
    years = full_years(dataset)[-PERIOD:]
    table = yearly(dataset).sel(year=years)
    rows: list[dict[str, object]] = []
    for name in table.data_vars:
        over_years = table[name].mean("year") if name in MEANS else table[name].sum("year")
        summary = summarise(over_years)
        error = summary.error or 0.0
        now = MEDIAN_INTERVAL * error / summary.median if summary.runs and summary.median else None
        # The error falls with the root of the number of runs.
        needed = None if now is None else max(1, ceil(summary.runs * (now / width) ** 2))
        rows.append(
            {
                "indicator": str(name),
                "what": t(f"indicator.{name}"),
                "median": summary.median,
                "error": error,
                "width": now,
                "replicates": needed,
            }
        )
    columns = (
        Column("indicator", ""),
        Column("what", t("report.column.indicator")),
        Column("median", t("report.column.median"), "n"),
        Column("error", t("report.column.error"), "n"),
        Column("width", t("report.column.width"), ".3f"),
        Column("replicates", t("report.column.replicates"), ",d"),
    )
    title = t("report.title.precision", width=f"{width:g}", start=years[0], end=years[-1])
    return Table(title, columns, tuple(rows), (t("report.note.precision", runs=dataset.sizes["replicate"]),))
