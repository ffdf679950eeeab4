"""Indicators: functions of the dataset, by calendar year, and their summary over draws and replicates."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulator.engine.states import STATES
from simulator.outcomes.years import by_year

TWO_SIDED: Final = 1.645
"""Standard errors to each side of a mean that hold its 90% interval."""

CARE_STATES: Final = ("SPECIALISED_SHELTER", "GENERAL_SHELTER", "FAMILY_CARE", "FOLLOW_UP")
CHILD_STATES: Final = STATES[:10]
AFTER: Final = STATES[2:10]
"""States after exploitation from which a child can be exploited again."""


@dataclass(frozen=True)
class Interval:
    """A summary over runs: median, 5th and 95th percentile, and what chance and few draws leave open.

    ``error`` is the standard error of the median over runs (1.2533 standard deviations over the root of the
    number of runs, as for a normal sample); it is missing for a single run.
    """

    median: float
    low: float
    high: float
    error: float | None
    runs: int


PLACE: Final = ("territory", "area")

MOVES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "first_entries": (("HOME",), ("EXPLOITED",)),
    "returns": (AFTER, ("EXPLOITED",)),
    "aged_out": (("EXPLOITED",), ("ADULT",)),
    "identified": (("EXPLOITED",), ("IDENTIFIED",)),
    "protected": (("IDENTIFIED",), ("PROTECTED",)),
    "lost_before_protection": (("IDENTIFIED",), ("LEFT_UNASSISTED",)),
    "specialised_entries": (("PROTECTED",), ("SPECIALISED_SHELTER",)),
    "general_entries": (("PROTECTED",), ("GENERAL_SHELTER",)),
    "family_care_entries": (("PROTECTED",), ("FAMILY_CARE",)),
    "completed": (("FOLLOW_UP",), ("REINTEGRATED",)),
}
"""Indicators that count children who move from one of some states to one of others: their one definition."""


SERVED: Final = (
    *("aged_out", "identified", "protected", "lost_before_protection"),
    *("specialised_entries", "general_entries", "family_care_entries"),
)
"""Of ``MOVES``, those between exploitation and care, in the order in which they are shown."""


def moved(flow: xr.DataArray, indicator: str) -> xr.DataArray:
    """Return the children of an indicator of ``MOVES`` from flows [from_state, to_state, ...]."""
    sources, targets = MOVES[indicator]
    return flow.sel(from_state=list(sources), to_state=list(targets)).sum(("from_state", "to_state"))


def national(dataset: xr.Dataset, over: Sequence[str] = PLACE) -> xr.Dataset:
    """Return stocks and flows summed over territories and areas, or over those named."""
    return dataset[["stock", "flow"]].sum(over)


def yearly(dataset: xr.Dataset, over: Sequence[str] = PLACE) -> xr.Dataset:
    """Return the yearly indicators of a result, [scenario, draw, replicate, year].

    They are those of the country, or, where places are not summed ``over``, of every territory or area:
    then without those that only the country has.

    ``first_entries`` children exploited for the first time; ``returns`` children exploited again;
    ``exploited`` mean stock; ``incidence`` first entries per 1,000 children; ``exploited_per_1000``;
    ``child_months`` spent in exploitation; ``identified``, ``protected``, ``lost_before_protection``;
    ``specialised_entries``, ``general_entries``, ``family_care_entries``; ``completed`` reintegrations;
    ``in_care`` mean stock in care and follow-up; ``aged_out`` eighteenth birthdays in exploitation;
    ``reintegration_started`` children who enter a specialised shelter, or begin a plan elsewhere; shares of
    the identified who are ``assisted`` and ``lost``; plans ``completed`` for each one started in the year.
    """
    both = national(dataset, over)
    stock, flow = both["stock"], both["flow"]

    children = by_year(stock.sel(state=list(CHILD_STATES)).sum("state"), "mean")
    exploited = stock.sel(state="EXPLOITED", drop=True)
    of_year = {name: by_year(moved(flow, name)) for name in MOVES}
    mean = by_year(exploited, "mean")
    counts = xr.Dataset(
        {
            "first_entries": of_year["first_entries"],
            "incidence": 1000.0 * of_year["first_entries"] / children,
            "returns": of_year["returns"],
            "exploited": mean,
            "exploited_per_1000": 1000.0 * mean / children,
            "child_months": by_year(exploited),
            **{name: of_year[name] for name in SERVED},
            "in_care": by_year(stock.sel(state=list(CARE_STATES)).sum("state"), "mean"),
            "completed": of_year["completed"],
        }
    )
    counts = counts.assign(
        assisted_share=ratio(counts["protected"], counts["identified"]),
        lost_share=ratio(counts["lost_before_protection"], counts["identified"]),
    )
    if set(over) != set(PLACE):
        return counts
    started = by_year(dataset["reintegration_started"])
    return counts.assign(reintegration_started=started, completed_share=ratio(counts["completed"], started))


def ratio(part: xr.DataArray, whole: xr.DataArray) -> xr.DataArray:
    """Return a ratio; where there is nothing to divide by there is no value, which is not zero."""
    return part / whole.where(whole > 0)


def summarise(values: xr.DataArray | NDArray[np.float64]) -> Interval:
    """Summarise one indicator over all draws and replicates; runs without a value do not count."""
    sample = np.asarray(values, dtype=float).ravel()
    sample = sample[~np.isnan(sample)]
    if not sample.size:
        return Interval(np.nan, np.nan, np.nan, None, 0)
    low, median, high = np.quantile(sample, [0.05, 0.5, 0.95])
    error = 1.2533 * float(sample.std(ddof=1)) / np.sqrt(sample.size) if sample.size > 1 else None
    return Interval(float(median), float(low), float(high), error, int(sample.size))


def quantiles(values: xr.DataArray) -> xr.DataArray:
    """Return [..., quantile] low, median and high of every cell over draws and replicates.

    They are those of ``summarise``; where no run has a value there is none, and one run has no interval.
    """
    runs = values.sizes["draw"] * values.sizes["replicate"]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="All-NaN slice", category=RuntimeWarning)
        out = values.astype(float).quantile([0.05, 0.5, 0.95], ("draw", "replicate"))
    out = out.assign_coords(quantile=["low", "median", "high"])
    return out if runs > 1 else out.where(out["quantile"] == "median")


def difference(table: xr.Dataset, scenario: str, comparator: str) -> xr.Dataset:
    """Return scenario less comparator, within each draw and replicate."""
    return table.sel(scenario=scenario, drop=True) - table.sel(scenario=comparator, drop=True)
