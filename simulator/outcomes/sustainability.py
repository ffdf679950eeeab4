"""What is left of a programme's gain, years after its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simulator.engine.states import START_YEAR, month_index
from simulator.outcomes.indicators import Interval, moved, national, summarise

YEAR: Final = 12
LATER: Final = (1, 3, 5, 8)
"""Years after the end of a programme at which its gain is looked at again."""

GAINS: Final = {"child_months": -1, "first_entries": -1, "returns": -1, "completed": 1}
"""What counts as a gain: fewer of the first three, more of the last."""


@dataclass(frozen=True)
class Lasting:
    """The gain of a scenario in the last twelve months of its programmes, and what is left of it.

    Attributes
    ----------
    measure : of ``GAINS``; a gain is positive
    end : last month of the programmes, counted from January 2012; runs differ if an indicator ends them.
        What follows by way of transition comes after the end: its money is part of what is left
    gain : over the twelve months up to the end
    left : by years after the end, the share of the gain; ``None`` where the run does not reach so far, or the
        interval of the gain includes zero. More than all is left where effects still grow. The few runs
        without a gain have no share of it, and do not count
    """

    scenario: str
    measure: str
    end: Interval
    gain: Interval
    left: dict[int, Interval | None]

    @property
    def is_told(self) -> bool:
        """Whether the interval of the gain lies above zero, so that a share of it means something."""
        return self.gain.low > 0.0


def lasting(dataset: xr.Dataset, comparator: str) -> list[Lasting]:
    """Return what is left of the gains of every scenario whose programmes end within the run.

    Parameters
    ----------
    comparator : scenario that gains are counted from
    """
    monthly = _monthly(dataset)
    first = _month_of(dataset["month"].values[0])
    out = []
    for name in (str(n) for n in dataset["scenario"].values if str(n) != comparator):
        ends = ends_of(dataset, name)
        if ends is None:
            continue
        for measure, sign in GAINS.items():
            change = monthly[measure].sel(scenario=name) - monthly[measure].sel(scenario=comparator)
            runs = sign * change.stack(run=("draw", "replicate")).transpose("run", "month").values
            out.append(_lasting(name, measure, ends, runs, first))
    return out


def ends_of(dataset: xr.Dataset, scenario: str) -> NDArray[np.int64] | None:
    """Return [run] the last month of a scenario's programmes; ``None`` if they go on beyond the run."""
    ends = np.asarray(dataset["programme_end"].sel(scenario=scenario)).ravel()
    return None if (ends < 0).any() else ends


def last_years(dataset: xr.Dataset, scenario: str, most: int) -> list[int]:
    """Return the last calendar years in which a scenario's programmes work, to their median end.

    Parameters
    ----------
    most : how many years at most; those before the run begins are left out

    Returns
    -------
    ascending years; none if the programmes go on beyond the run
    """
    ends = ends_of(dataset, scenario)
    if ends is None:
        return []
    # A programme that ends before December does not work through that year.
    last = START_YEAR + (int(np.median(ends)) + 1) // YEAR - 1
    first = START_YEAR + -(-_month_of(dataset["month"].values[0]) // YEAR)
    return list(range(max(first, last - most + 1), last + 1))


@dataclass(frozen=True)
class Ended:
    """In how many of the runs the programmes of a scenario ended by a registered value, before their date."""

    scenario: str
    ended: int
    runs: int


def ended_by_value(dataset: xr.Dataset) -> list[Ended]:
    """Return every scenario with a programme that a registered value can end, and how often it did."""
    out = []
    last = _month_of(dataset["month"].values[-1])
    told = json.loads(dataset.attrs.get("scenarios", "[]"))
    names = [str(n) for n in dataset["scenario"].values]
    for name, data in zip(names, told, strict=False):
        dates = [
            last if "end" not in one else month_index(one["end"])
            for one in data.get("programmes", [])
            if "stop_when" in one
        ]
        if dates:
            ends = np.asarray(dataset["programme_end"].sel(scenario=name)).ravel()
            early = (ends >= 0) & (ends < min(max(dates), last))
            out.append(Ended(name, int(early.sum()), ends.size))
    return out


def _lasting(name: str, measure: str, ends: np.ndarray, runs: np.ndarray, first: int) -> Lasting:
    """Return one row, from [run, month] gains."""
    total = np.concatenate([np.zeros((runs.shape[0], 1)), np.cumsum(runs, axis=1)], axis=1)
    row = np.arange(runs.shape[0])

    def of_year(after: int) -> np.ndarray:
        """Return [run] the gain of the twelve months that end so many years after the end."""
        stop = ends - first + 1 + YEAR * after
        there = (stop <= runs.shape[1]) & (stop >= YEAR)
        stop = np.clip(stop, YEAR, runs.shape[1])
        return np.where(there, total[row, stop] - total[row, stop - YEAR], np.nan)

    gain, left = fading(of_year)
    return Lasting(name, measure, _summary(ends.astype(float)), gain, left)


def fading(of_year: Callable[[int], np.ndarray]) -> tuple[Interval, dict[int, Interval | None]]:
    """Return the gain of the last twelve months of a programme, and the share of it left years later.

    Parameters
    ----------
    of_year : gives [run] the gain of the twelve months that end so many years after the end, missing where
        the run does not reach so far
    """
    gain = of_year(0)
    spread = _summary(gain)
    left: dict[int, Interval | None] = {}
    for years in LATER:
        later = of_year(years)
        told = spread.runs == gain.size and spread.low > 0.0 and not np.isnan(later).any()
        left[years] = _summary(later[gain > 0.0] / gain[gain > 0.0]) if told else None
    return spread, left


def _summary(values: np.ndarray) -> Interval:
    return summarise(xr.DataArray(values))


def _monthly(dataset: xr.Dataset) -> xr.Dataset:
    both = national(dataset)
    return xr.Dataset(
        {
            "child_months": both["stock"].sel(state="EXPLOITED", drop=True),
            **{name: moved(both["flow"], name) for name in ("first_entries", "returns", "completed")},
        }
    )


def _month_of(date: np.datetime64) -> int:
    """Return the number of a month, counted from January 2012."""
    return int(date.astype("datetime64[M]").astype(int)) - YEAR * (START_YEAR - 1970)
