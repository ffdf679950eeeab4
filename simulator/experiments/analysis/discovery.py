"""Scenario discovery: under which conditions a result is of interest, as a box in the space of the inputs.

The patient rule induction method (PRIM; Friedman and Fisher 1999; Bryant and Lempert 2010): peel away, a
small slice at a time, what is least of interest; paste back what was taken too much; tell how much of what is
of interest lies in the box (coverage), how much of the box is of interest (density), and whether each limit
could be there by accident (quasi-p values, resampling, fresh draws).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import stats

from simulator.experiments.analysis.futures import (
    KINDS,
    LEVEL,
    described,
    enough,
    inputs,
    one_of,
    refused,
    results,
    scenarios_of,
    year_of,
)
from simulator.texts import t

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PEEL: Final = 0.05
"""Share of the runs in the box that one step takes away, or puts back."""

LEAST_MASS: Final = 0.05
"""Share of all runs below which no box is peeled."""

RESAMPLES: Final = 50
LEAST_DRAWS: Final = 40
SURE: Final = 0.05
"""Quasi-p value above which a limit may be there by accident; it is then left out."""


@dataclass(frozen=True)
class Box:
    """Limits of some inputs.

    Attributes
    ----------
    low, high : [factor]; infinite where an input is not limited
    """

    low: Floats
    high: Floats

    @classmethod
    def open(cls, n: int) -> Box:
        """Return the box that limits nothing."""
        return cls(np.full(n, -np.inf), np.full(n, np.inf))

    def holds(self, x: Floats) -> Flags:
        """Return [draw] which draws lie in the box."""
        return np.asarray(((x >= self.low) & (x <= self.high)).all(axis=1))

    @property
    def limited(self) -> NDArray[np.int64]:
        """Return the inputs that have a limit."""
        return np.flatnonzero(np.isfinite(self.low) | np.isfinite(self.high))

    def without(self, factor: int) -> Box:
        """Return the box without the limits of one input."""
        return self.limit(factor, -np.inf, np.inf)

    def limit(self, factor: int, low: float, high: float) -> Box:
        """Return the box with other limits of one input."""
        lows, highs = self.low.copy(), self.high.copy()
        lows[factor], highs[factor] = low, high
        return Box(lows, highs)


def peel(x: Floats, cases: Flags) -> list[Box]:
    """Return the boxes of a peeling, from the open one to the smallest.

    A step takes the slice whose loss raises the density most for each run that is lost (the lenient objective
    of Friedman and Fisher, which also serves inputs of few values).

    Parameters
    ----------
    x : [draw, factor]
    cases : [draw] which draws are of interest
    """
    boxes = [Box.open(x.shape[1])]
    inside = np.ones(cases.size, bool)
    while True:
        best, gain = None, 0.0
        mean, count = cases[inside].mean(), int(inside.sum())
        for factor in range(x.shape[1]):
            column = x[inside, factor]
            for box, kept in _slices(boxes[-1], factor, column):
                n = int(kept.sum())
                if n == count or n < LEAST_MASS * cases.size:
                    continue
                better = (cases[inside][kept].mean() - mean) / (count - n)
                if better > gain:
                    best, gain = box, better
        if best is None:
            return boxes
        boxes.append(best)
        inside = best.holds(x)


def _slices(box: Box, factor: int, column: Floats) -> list[tuple[Box, Flags]]:
    """Return the boxes that lose the lowest or the highest slice of one input, and which runs each keeps.

    At least one value goes: an input of few values loses a whole one.
    """
    values = np.unique(column)
    if values.size < 2:
        return []
    low, high = np.quantile(column, [PEEL, 1.0 - PEEL])
    low = float(values[1]) if low <= values[0] else float(low)
    high = float(values[-2]) if high >= values[-1] else float(high)
    return [
        (box.limit(factor, low, float(box.high[factor])), column >= low),
        (box.limit(factor, float(box.low[factor]), high), column <= high),
    ]


def paste(x: Floats, cases: Flags, box: Box) -> Box:
    """Return a box with its limits moved outwards as long as that does not lower its density."""
    while True:
        density = cases[box.holds(x)].mean()
        best, gain = box, 0
        for factor in box.limited:
            beside = box.without(int(factor)).holds(x)
            column = np.sort(x[beside, factor])
            step = max(int(PEEL * column.size), 1)
            first = int(np.searchsorted(column, box.low[factor]))
            last = int(np.searchsorted(column, box.high[factor], side="right"))
            wider = [
                box.limit(int(factor), _at(column, first - step), float(box.high[factor])),
                box.limit(int(factor), float(box.low[factor]), _at(column, last - 1 + step)),
            ]
            for one in wider:
                inside = one.holds(x)
                more = int(inside.sum()) - int(box.holds(x).sum())
                if more > gain and cases[inside].mean() >= density:
                    best, gain = one, more
        if best is box:
            return box
        box = best


def _at(column: Floats, place: int) -> float:
    """Return the value at a place of a sorted column; beyond its ends there is no limit."""
    if place < 0:
        return -np.inf
    return float(column[place]) if place < column.size else np.inf


def quasi_p(x: Floats, cases: Flags, box: Box) -> Floats:
    """Return [limited input] how likely so many cases in the box were without the limits of one input.

    The chance that as many of the runs in the box would be of interest if each were so with the density of
    the box without that input's limits (Bryant and Lempert 2010).
    """
    inside = box.holds(x)
    found, size = int(cases[inside].sum()), int(inside.sum())
    out = np.empty(box.limited.size)
    for k, factor in enumerate(box.limited):
        wider = box.without(int(factor)).holds(x)
        out[k] = stats.binom.sf(found - 1, size, cases[wider].mean())
    return out


def choose(x: Floats, cases: Flags) -> tuple[list[Box], Box]:
    """Return the peeling and the box in which coverage and density are jointly highest, pasted and pruned.

    Their harmonic mean decides; limits that may be there by accident are then left out one by one.
    """
    boxes = peel(x, cases)
    quality = []
    for box in boxes:
        inside = box.holds(x)
        quality.append(2.0 * cases[inside].sum() / (inside.sum() + cases.sum()))
    box = paste(x, cases, boxes[int(np.argmax(quality))])
    while box.limited.size:
        p = quasi_p(x, cases, box)
        worst = int(np.argmax(p))
        if p[worst] <= SURE:
            break
        box = box.without(int(box.limited[worst]))
    return boxes, box


def coverage_and_density(x: Floats, cases: Flags, box: Box) -> tuple[float, float]:
    """Return the share of the cases that a box holds, and the share of its runs that are cases."""
    inside = box.holds(x)
    there = cases[inside].sum()
    covered = float(there / cases.sum()) if cases.any() else float("nan")
    return covered, float(there / inside.sum()) if inside.any() else float("nan")


def discover(
    store: xr.Dataset,
    output: str,
    scenario: str | None = None,
    *,
    below: float | None = None,
    above: float | None = None,
    year: int | None = None,
    kind: str = LEVEL,
    fresh: xr.Dataset | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Return under which conditions a result lies below or above a threshold.

    Parameters
    ----------
    store : of ``sweep``, opened
    scenario : by default the last
    below, above : the threshold; exactly one of them. A draw is of interest if the mean of its replicates is
    year : by default the last
    kind : ``level``, or ``effect``: less the comparator
    fresh : a store of the same factors with another seed, on which the box is tried
    seed : of resampling

    Returns
    -------
    ``low`` and ``high`` [factor] of the box, ``quasi_p`` [factor], ``reproduced`` [factor] (share of random
    halves in which the input is limited), ``coverage``, ``density``, ``mass`` of the box [on: ``found``,
    ``held out``, ``fresh``], and of the peeling [step]; ``case`` [draw]

    Raises
    ------
    FaultyInput
        If the store has not what is asked for, has too few draws, or every draw or none is of interest.
    """
    one_of(store, "kind", kind, KINDS)
    if (below is None) == (above is None):
        raise refused(store, "threshold", "-", t("analysis.allowed.threshold"), t("analysis.do.threshold"))
    names = scenarios_of(store)
    who = one_of(store, "scenario", scenario or names[-1], names if kind == LEVEL else names[1:])
    when = year_of(store, year)
    x, factors = inputs(store)
    cases, known = _cases(store, output, who, when, kind, below, above)
    x, cases = x[known], cases[known]
    enough(store, int(known.sum()), LEAST_DRAWS)
    if cases.all() or not cases.any():
        found = t("analysis.found.cases", count=int(cases.sum()), total=cases.size)
        raise refused(store, output, found, t("analysis.allowed.cases"), t("analysis.do.cases"))
    boxes, box = choose(x, cases)
    held_out, reproduced = _resampled(x, cases, seed)
    tried = np.full(3, np.nan)
    if fresh is not None:
        other = np.asarray(fresh["design"].sel(factor=factors), float)
        again, there = _cases(fresh, output, who, when, kind, below, above)
        tried[:2] = coverage_and_density(other[there], again[there], box)
        tried[2] = box.holds(other[there]).mean()
    p = np.full(len(factors), np.nan)
    p[box.limited] = quasi_p(x, cases, box)
    steps = np.array([(*coverage_and_density(x, cases, one), one.holds(x).mean()) for one in boxes])
    on = np.stack([[*coverage_and_density(x, cases, box), box.holds(x).mean()], held_out, tried])
    case = np.full(store.sizes["draw"], np.nan)
    case[known] = cases
    dataset = xr.Dataset(
        {
            "low": ("factor", box.low),
            "high": ("factor", box.high),
            "quasi_p": ("factor", p),
            "reproduced": ("factor", reproduced),
            **{name: ("on", on[:, k]) for k, name in enumerate(MEASURES)},
            **{f"step_{name}": ("step", steps[:, k]) for k, name in enumerate(MEASURES)},
            "step_limited": ("step", [one.limited.size for one in boxes]),
            "case": ("draw", case),
        },
        coords={"factor": factors, "on": list(TRIED), "step": np.arange(len(boxes)), "draw": store["draw"]},
        attrs={
            "experiment": store.attrs.get("experiment", ""),
            "output": output,
            "scenario": who,
            "year": when,
            "kind": kind,
            "threshold": float(below if below is not None else above or 0.0),
            "side": "below" if below is not None else "above",
            "density_of_all": float(cases.mean()),
        },
    )
    return described(dataset, ABOUT)


MEASURES: Final = ("coverage", "density", "mass")
TRIED: Final = ("found", "held out", "fresh")
ABOUT: Final = {
    "low": ("unit of the input", "lower limit of the box, minus infinity where there is none"),
    "high": ("unit of the input", "upper limit of the box, infinity where there is none"),
    "quasi_p": ("1", "chance of so many cases without the limits of this input"),
    "reproduced": ("1", "share of random halves of the draws in which the input is limited"),
    "coverage": ("1", "share of the cases that lie in the box"),
    "density": ("1", "share of the draws in the box that are cases"),
    "mass": ("1", "share of all draws that lie in the box"),
    "step_coverage": ("1", "coverage after each step of the peeling"),
    "step_density": ("1", "density after each step of the peeling"),
    "step_mass": ("1", "mass after each step of the peeling"),
    "step_limited": ("inputs", "inputs limited after each step of the peeling"),
    "case": ("1", "1 where a draw is of interest, 0 where not, missing where it has no result"),
}
"""Units and names of what comes out."""


def _cases(
    store: xr.Dataset,
    output: str,
    scenario: str,
    year: int,
    kind: str,
    below: float | None,
    above: float | None,
) -> tuple[Flags, Flags]:
    """Return [draw] which draws are of interest, and which have a result."""
    y = np.asarray(
        results(store, output, kind=kind).sel(scenario=scenario, year=year).mean("replicate"), float
    )
    with np.errstate(invalid="ignore"):
        return (y < below if below is not None else y > (above or 0.0)), np.isfinite(y)


def _resampled(x: Floats, cases: Flags, seed: int) -> tuple[Floats, Floats]:
    """Return how boxes of random halves do on the other halves, and which inputs they limit.

    The first is mean coverage, density and mass; the second [factor], the share of halves with a limit.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    limited = np.zeros(x.shape[1])
    told = []
    for _ in range(RESAMPLES):
        order = rng.permutation(cases.size)
        one, other = order[: cases.size // 2], order[cases.size // 2 :]
        if not cases[one].any() or cases[one].all():
            continue
        _, box = choose(x[one], cases[one])
        limited[box.limited] += 1
        told.append((*coverage_and_density(x[other], cases[other], box), box.holds(x[other]).mean()))
    if not told:
        return np.full(3, np.nan), np.full(x.shape[1], np.nan)
    rows: Any = np.array(told)
    return np.nanmean(rows, axis=0), limited / len(told)
