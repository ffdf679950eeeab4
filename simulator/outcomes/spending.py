"""Money as results tell it: constant soles, dollars, US fiscal years, gaps, cost of an effect.

The ledgers are never added up: each function reads one of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from simulator.engine.states import month_name
from simulator.outcomes.counted import Counted, counted
from simulator.outcomes.indicators import Interval, summarise
from simulator.outcomes.record import SIGNAL_SERIES
from simulator.policy.budget import US_SHIFT
from simulator.policy.prices import present_value

if TYPE_CHECKING:
    from scenarios.schema import Scenario

MONTHS: Final = 12


def constant(soles: xr.DataArray, dataset: xr.Dataset) -> xr.DataArray:
    """Return soles of the base year (2025) of soles of each year; dims hold ``year``."""
    return soles / dataset["price_level"]


def dollars(soles: xr.DataArray, dataset: xr.Dataset) -> xr.DataArray:
    """Return dollars of each year of soles of that year; dims hold ``year``."""
    return soles / dataset["soles_per_dollar"]


def by_us_fiscal_year(dataset: xr.Dataset) -> xr.DataArray:
    """Return the incremental ledger by fiscal year of the United States, the whole country.

    A fiscal year runs from October of the year before; the first and the last may be cut by the run.

    Returns
    -------
    [..., us_fiscal_year, budget_stage, line, payer] soles
    """
    quarters = dataset["incremental_by_quarter"]
    fiscal = (quarters["quarter"].dt.year + (quarters["quarter"].dt.month > MONTHS - US_SHIFT)).rename(
        "us_fiscal_year"
    )
    return quarters.groupby(fiscal).sum("quarter")


def financing_gap(dataset: xr.Dataset) -> xr.DataArray:
    """Return what measures without money take beyond the PIM of the same line, year and territory, soles."""
    pim = dataset["incremental_budget"].sel(budget_stage="pim", drop=True).sum("payer")
    return (dataset["required"] - pim).clip(min=0)


def discounted(soles: xr.DataArray, dataset: xr.Dataset, rate: float) -> xr.DataArray:
    """Return the value in the base year of constant soles of every year, at a yearly rate."""
    real = constant(soles, dataset)
    first = int(dataset["year"][0])
    value: xr.DataArray = xr.apply_ufunc(
        lambda yearly_soles: present_value(yearly_soles, first, rate),
        real,
        input_core_dims=[["year"]],
        vectorize=True,
    )
    return value


def added_money(dataset: xr.Dataset) -> xr.DataArray:
    """Return [..., year] soles that a scenario adds: executed, and what measures without a budget take."""
    executed = dataset["incremental_budget"].sel(budget_stage="executed", drop=True)
    return executed.sum(("line", "payer", "territory")) + financing_gap(dataset).sum(("line", "territory"))


def watched(scenario: Scenario, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the outcomes that the programmes of a scenario watch, as plain data for attributes."""
    out = []
    for programme in scenario.programmes:
        grants = programme.budget
        places = (
            {k for grant in grants for k in grant.territories} if all(g.territories for g in grants) else ()
        )
        out += [
            {
                "scenario": scenario.name,
                "programme": programme.name,
                "signal": one.signal,
                "at_least": one.at_least,
                "from": month_name(programme.start_ti),
                "by": month_name(one.by_ti),
                "share": one.share,
                "territories": [codes[k] for k in sorted(places)] or list(codes),
            }
            for one in programme.outcomes
        ]
    return out


@dataclass(frozen=True)
class Watched:
    """An outcome of a programme in a result: what was registered, and how often it was reached.

    Attributes
    ----------
    about : scenario, programme, signal, ``at_least``, ``from``, ``by``, ``share``, ``territories``
    count : registered from the start of the programme to the month of the outcome; ``None`` beyond the run
    reached : in how many runs it was reached; ``None`` beyond the run
    """

    about: dict[str, Any]
    count: Interval | None
    reached: Counted | None


def outcomes(dataset: xr.Dataset) -> list[Watched]:
    """Return the outcomes that the scenarios of a result watch, in their order."""
    found = []
    last = np.datetime_as_string(dataset["month"].values[-1], unit="M")
    for about in json.loads(str(dataset.attrs.get("programme_outcomes", "[]"))):
        if about["by"] > last:
            found.append(Watched(about, None, None))
            continue
        series = dataset[SIGNAL_SERIES[about["signal"]]].sel(scenario=about["scenario"])
        registered = series.sel(month=slice(about["from"], about["by"]), territory=about["territories"])
        count = registered.sum(("month", "territory"))
        reached = counted(count >= about["at_least"] * float(dataset.attrs.get("scale", 1.0)))
        found.append(Watched(about, summarise(count), reached))
    return found
