"""The scorecard of the 2030 policy: each indicator beside its targets, or the reason why it has no value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulator.faults import Fault, FaultyInput, did_you_mean
from simulator.outcomes.counted import ENOUGH, Counted, counted
from simulator.outcomes.indicators import Interval, moved, national, ratio, summarise
from simulator.outcomes.years import by_year, calendar_years
from simulator.policy.national import FIRST_TARGET, HORIZON, IN_FORCE, Indicator, Target, indicators
from simulator.texts import t

COHORT_YEARS: Final = 2
HALF_YEAR: Final = 6
MONTHS: Final = 12
FAR: Final = 1.5
"""Times what was reported from which on a level of the model is called far from it."""

SURE: Final = 0.9
"""Share of the runs up to which a target counts as not surely within the model's range.

Above it for every scenario, the first one included, a target tells nothing about policies.
"""


@dataclass(frozen=True)
class Score:
    """An indicator of one scenario.

    Attributes
    ----------
    scenario, indicator : whose score, of what
    targets : by year, with where each comes from
    path : by full calendar year of the run; years without a value are left out
    reaching : by year with a target, in how many runs it is reached
    reached : first year, of those in which the policy is in force, from which the median stays at the target
        of 2030 or beyond it until the run ends; ``None`` if there is none
    """

    scenario: str
    indicator: Indicator
    targets: dict[int, Target]
    path: dict[int, Interval]
    reaching: dict[int, Counted]
    reached: int | None

    @property
    def at_horizon(self) -> Counted | None:
        """Return in how many runs the target of 2030 is reached, ``None`` if there is no value."""
        return self.reaching.get(HORIZON)

    @property
    def is_sure(self) -> bool:
        """Whether nearly every run reaches the target of 2030."""
        return self.at_horizon is not None and self.at_horizon.share > SURE

    @property
    def is_met_anyhow(self) -> bool:
        """The same, of enough runs to say so."""
        return self.is_sure and self.at_horizon is not None and self.at_horizon.runs >= ENOUGH

    @property
    def is_level_off(self) -> bool:
        """Whether the level of 2023 is far from what was reported: then a probability says little.

        Far is beyond a half more or a third less than the report, counts of half a year, and outside
        the interval of the runs.
        """
        told, reported = self.path.get(FIRST_TARGET), self.indicator.reported_2023
        if told is None or not reported:
            return False
        # The half-year variant is reported as it is measured; counts of half a year are half of a year's.
        known = reported * (2.0 if self.indicator.unit == "count" else 1.0)
        far = not known / FAR <= told.median <= known * FAR
        return far and not (told.runs > 1 and told.low <= known <= told.high)

    @property
    def is_out_of_range(self) -> bool:
        """Whether what the indicator says of the model's range holds: its own target, which few reach."""
        goal = self.targets.get(HORIZON)
        official = self.indicator.target_2030
        if goal is None or official is None or self.at_horizon is None:
            return False
        sign = 1.0 if self.indicator.direction == "higher" else -1.0
        return sign * (goal.value - official) >= 0.0 and not self.is_sure


@dataclass(frozen=True)
class Scorecard:
    """Scores in the order of the policy's indicators, then of the scenarios.

    Attributes
    ----------
    silent : indicators that the model cannot speak to; each says why
    """

    scores: tuple[Score, ...]
    silent: tuple[Indicator, ...]

    @property
    def met_anyway(self) -> tuple[Score, ...]:
        """Scores of the first scenario whose target of 2030 every scenario surely reaches, that one too.

        None where there are too few runs to be sure of anything.
        """
        by_code: dict[str, list[Score]] = {}
        for one in self.scores:
            by_code.setdefault(one.indicator.code, []).append(one)
        return tuple(each[0] for each in by_code.values() if all(one.is_met_anyhow for one in each))


def scorecard(dataset: xr.Dataset, targets: Mapping[str, float] | None = None) -> Scorecard:
    """Return every indicator of the 2030 policy for every scenario of a result.

    Parameters
    ----------
    dataset : result of ``simulator.run`` or ``simulator.compare``
    targets : targets of 2030 by code of indicator, in place of the official or assumed ones

    Raises
    ------
    FaultyInput
        If a code is no indicator that the model can speak to, or a target is no number it could have.
    """
    names = {one.measure for one in indicators().values() if one.measure}
    return scores({name: measure(dataset, name) for name in names}, targets)


def scores(values: Mapping[str, xr.DataArray], targets: Mapping[str, float] | None = None) -> Scorecard:
    """Return the scorecard of measures that are there already; see ``scorecard`` for targets and faults.

    Parameters
    ----------
    values : by name of the measure, [scenario, ..., year]; every other dimension is of runs
    """
    known = indicators()
    own = dict(targets or {})
    spoken = tuple(code for code, one in known.items() if one.measure)
    faults = [_fault(code, own[code], spoken) for code in own if code not in spoken]
    faults += [_out_of_range(code, v, known[code]) for code, v in own.items() if code in spoken and v < 0.0]
    faults += [
        _out_of_range(code, v, known[code])
        for code, v in own.items()
        if code in spoken and known[code].unit == "share" and v > 1.0
    ]
    if faults:
        raise FaultyInput(faults)
    out = []
    for one in known.values():
        if not one.measure:
            continue
        told = values[one.measure].transpose("scenario", "year", ...)
        years = [int(year) for year in told["year"].values]
        goal = one.targets(last=max(years), own=own.get(one.code))
        cells = np.asarray(told, float).reshape(told.sizes["scenario"], len(years), -1)
        out += [
            _score(str(name), one, goal, dict(zip(years, of_runs, strict=True)))
            for name, of_runs in zip(told["scenario"].values, cells, strict=True)
        ]
    return Scorecard(tuple(out), tuple(one for one in known.values() if not one.measure))


def _score(
    scenario: str, indicator: Indicator, targets: dict[int, Target], values: Mapping[int, NDArray[np.float64]]
) -> Score:
    """Score what the runs tell of each year."""
    sign = 1.0 if indicator.direction == "higher" else -1.0
    path: dict[int, Interval] = {}
    reaching: dict[int, Counted] = {}
    for year, of_runs in values.items():
        there = of_runs[~np.isnan(of_runs)]
        if not there.size:
            continue
        path[year] = summarise(there)
        if year in targets:
            reaching[year] = counted(sign * there >= sign * targets[year].value)
    last = targets.get(HORIZON)
    reached: int | None = None
    for year in sorted(path, reverse=True):
        if last is None or year < IN_FORCE or sign * (path[year].median - last.value) < 0.0:
            break
        reached = year
    return Score(scenario, indicator, targets, path, reaching, reached)


def _fault(code: str, value: float, spoken: tuple[str, ...]) -> Fault:
    silent = indicators().get(code)
    return Fault(
        where=f"target {code}",
        found=f"{code}={value:g}",
        allowed=", ".join(spoken),
        do=did_you_mean(code, spoken) if silent is None else t("score.do.silent"),
    )


def _out_of_range(code: str, value: float, indicator: Indicator) -> Fault:
    return Fault(
        where=f"target {code}",
        found=f"{value:g}",
        allowed=t(f"score.allowed.{indicator.unit}"),
        do=t("score.do.range"),
    )


# What the model can say of an indicator: a function of a result, [scenario, draw, replicate, year]. A year
# that the run does not hold whole has no value.


def measure(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Return one measure by calendar year, of the full years of a result.

    Parameters
    ----------
    name : of ``policy.national.MEASURES``
    """
    years, months = np.unique(calendar_years(dataset["month"]), return_counts=True)
    return _MEASURES[name](dataset).reindex(year=years[months == MONTHS])


def _country(dataset: xr.Dataset, *names: str) -> xr.DataArray:
    """Return the yearly sum of series, the whole country."""
    total: xr.DataArray = sum(dataset[name].sum("territory") for name in names)  # type: ignore[assignment]
    return by_year(total)


def _completed(dataset: xr.Dataset) -> xr.DataArray:
    return moved(national(dataset)["flow"], "completed")


def _specialised_cases(dataset: xr.Dataset) -> xr.DataArray:
    opened = dataset["cases_to_investigation"]
    share = dataset["factor"].sel(factor_name="prosecutor_office", drop=True)
    return ratio(by_year((opened * share).sum("territory")), by_year(opened.sum("territory")))


def _half_year(dataset: xr.Dataset) -> xr.DataArray:
    completed = _completed(dataset)
    first_half = by_year(completed.where(completed["month"].dt.month <= HALF_YEAR, 0))
    begun = dataset["reintegration_started"].rolling(month=MONTHS).sum()
    to_june = begun.sel(month=begun["month"].dt.month == HALF_YEAR)
    return ratio(first_half, to_june.assign_coords(month=to_june["month"].dt.year).rename(month="year"))


def _whole_year(dataset: xr.Dataset) -> xr.DataArray:
    return ratio(by_year(_completed(dataset)), by_year(dataset["reintegration_started"]))


def _cohort(dataset: xr.Dataset) -> xr.DataArray:
    begun, completed = (by_year(dataset[n]) for n in ("reintegration_started", "completed_of_cohort"))
    # Only two years later is it known who completed in 24 months.
    return ratio(completed, begun).shift(year=COHORT_YEARS)


def _residents_with_plan(dataset: xr.Dataset) -> xr.DataArray:
    return ratio(_country(dataset, "specialised_planned"), _country(dataset, "specialised_residents"))


_MEASURES: Final[dict[str, Callable[[xr.Dataset], xr.DataArray]]] = {
    "specialised_cases": _specialised_cases,
    "police_victims": lambda d: _country(d, "registered_police_children", "registered_police_adults"),
    "half_year": _half_year,
    "whole_year": _whole_year,
    "cohort": _cohort,
    "complaints": lambda d: _country(d, "cases_to_investigation"),
    "resolved_cases": lambda d: _country(d, "cases_to_convicted", "cases_to_acquitted"),
    "police_children": lambda d: _country(d, "registered_police_children"),
    "residents_with_plan": _residents_with_plan,
}
