"""What a page reads: scenarios beside the trend, paired by draw, and intervals over the draws."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from app import period, state
from app.engine import Answer, engine
from simulator import Scenario
from simulator.outcomes.counted import ENOUGH

TREND, PLAN = state.TREND, state.MINE
BOUNDS: Final = {"low": 0.05, "low_half": 0.25, "median": 0.5, "high_half": 0.75, "high": 0.95}
LARGEST_STACKED: Final = 64 * 1024 * 1024
"""Bytes of tables that are kept side by side; those used last."""


@dataclass(frozen=True)
class Comparison:
    """Scenarios under the draws that all of them have been run with so far.

    Attributes
    ----------
    scenarios : the trend first
    answers : what the engine knows of each
    runs : draws that all of them have been run with; total : draws of the full set
    failed : what went wrong, empty if nothing did
    until : last month, counted from January 2012
    """

    scenarios: tuple[Scenario, ...]
    answers: tuple[Answer, ...]
    runs: tuple[int, ...]
    total: int
    failed: str
    until: int
    seed: int

    @property
    def draws(self) -> int:
        """Return how many runs are there."""
        return len(self.runs)

    @property
    def is_complete(self) -> bool:
        """Return whether the full set is there."""
        return self.draws >= self.total

    @cached_property
    def tables(self) -> xr.Dataset:
        """Return the tables of all runs, see ``app.reduced.reduce``, dims scenario, draw and others.

        Raises
        ------
        LookupError
            Before the first answer; a page makes sure that there is one.
        """
        if not self.runs:
            raise LookupError("no run is there yet")
        return _stacked(self.answers, self.names, self.runs)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the scenarios, the trend first."""
        return tuple(one.name for one in self.scenarios)

    @property
    def years(self) -> list[int]:
        """Return the calendar years of the runs."""
        return list(range(period.REPORTED, period.BEGUN + (self.until + 1) // 12))

    def label(self, name: str) -> str:
        """Return what a scenario is called in the language in force."""
        return next(str(one.label) for one in self.scenarios if one.name == name)

    def frame(self, values: xr.DataArray) -> pd.DataFrame:
        """Return intervals of values [scenario, draw, ...] as a long table with the names of scenarios.

        Columns: the remaining dimensions, ``scenario``, ``name``, those of ``BOUNDS`` and ``runs``.
        """
        table = band(values)
        if "scenario" in table:
            table.insert(1, "name", [self.label(one) for one in table["scenario"]])
        return table

    def differences(self, values: xr.DataArray) -> xr.DataArray:
        """Return the paired differences from the trend of every other scenario that values hold."""
        return values.drop_sel(scenario=TREND) - values.sel(scenario=TREND, drop=True)

    def against(self, values: xr.DataArray) -> pd.DataFrame:
        """Return intervals of the paired differences from the trend, see ``differences``."""
        return self.frame(self.differences(values))


def band(values: xr.DataArray) -> pd.DataFrame:
    """Return median, 50% and 90% interval over draws of every cell; runs without a value do not count.

    One run has no interval: its bounds are missing. Fewer than ``ENOUGH`` runs do not tell what nine of ten
    would do: the 90% interval is then all that they span.
    """
    sample = np.moveaxis(np.asarray(values, float), values.get_axis_num("draw"), 0)
    runs = (~np.isnan(sample)).sum(axis=0)
    filled = np.where(runs == 0, 0.0, sample)
    # To leave out runs without a value takes a loop over cells; most tables have none.
    quantile = np.nanquantile if np.isnan(filled).any() else np.quantile
    cut = dict(zip(BOUNDS, quantile(filled, list(BOUNDS.values()), axis=0), strict=True))
    few = runs < ENOUGH
    if few.any():
        for name, end in (("low", np.nanmin), ("high", np.nanmax)):
            cut[name] = np.where(few, end(filled, axis=0), cut[name])
    rest = [str(dim) for dim in values.dims if dim != "draw"]
    table = pd.MultiIndex.from_product([values[dim].values for dim in rest], names=rest).to_frame(index=False)
    for name, cells in cut.items():
        table[name] = np.where(runs > (0 if name == "median" else 1), cells, np.nan).ravel()
    return table.assign(runs=runs.ravel())


_STACKED: OrderedDict[tuple[object, ...], xr.Dataset] = OrderedDict()
_LOCK: Final = threading.Lock()


def _stacked(answers: Sequence[Answer], names: Sequence[str], draws: Sequence[int]) -> xr.Dataset:
    """Put the tables of some draws side by side; kept for whoever asks for the same next."""
    key = (*((a.scenario.hash, a.until) for a in answers), *names, *draws)
    with _LOCK:
        if key in _STACKED:
            _STACKED.move_to_end(key)
            return _STACKED[key]
    first = answers[0].tables[draws[0]]
    variables = {
        str(name): (
            ("scenario", "draw", *array.dims),
            np.stack([np.stack([a.tables[d][name].values for d in draws]) for a in answers]),
        )
        for name, array in first.data_vars.items()
    }
    out = xr.Dataset(variables, coords={**first.coords, "scenario": list(names), "draw": list(draws)})
    with _LOCK:
        _STACKED[key] = out
        while len(_STACKED) > 1 and sum(one.nbytes for one in _STACKED.values()) > LARGEST_STACKED:
            _STACKED.popitem(last=False)
    return out


def compare(scenarios: Sequence[Scenario], until: int) -> Comparison:
    """Return scenarios as far as they have been run, and keep them running; never waits.

    What this session looked at before is given up, unless another one looks at it.

    Parameters
    ----------
    scenarios : the trend first; names must differ
    """
    server = engine()
    answers = server.look(state.session(), scenarios, until)
    runs = sorted(set.intersection(*(set(a.tables) for a in answers)))
    failed = next((a.failed for a in answers if a.failed), "")
    total, seed = server.settings.draws, server.settings.seed
    return Comparison(tuple(scenarios), tuple(answers), tuple(runs), total, failed, until, seed)


def seen() -> Comparison:
    """Return the plan of this session beside the trend."""
    return compare([state.trend(), state.scenario()], state.until())


def seen_with_rivals() -> Comparison:
    """Return the plan and the scenarios that stand beside it, next to the trend."""
    return compare([state.trend(), state.scenario(), *state.rivals()], state.until())
