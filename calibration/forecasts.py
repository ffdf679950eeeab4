"""Forecasts without a model: what comes next is the last value, the trend, or the level alone.

They know the figures that were fitted to and nothing later, and are given the same error around their value
as the model, so that only where they stand is compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.observe import LEAST
from calibration.targets import Target

Floats = NDArray[np.float64]
Key = tuple[object, ...]

NAIVE: Final = ("last", "trend", "level")
"""The last value; a line through the years; the mean of all years, and each territory by its children."""

TREND_YEARS: Final = 3
"""A line needs at least so many years."""


def series_of(target: Target) -> Key:
    """Return which series a figure belongs to: figures of one kind differ by year only."""
    one = target.indicator
    if target.of_country:
        return ("region", target.region)
    return (one.quantity, one.against, one.error, one.scale, target.region)


def pace(target: Target) -> float:
    """Return a figure as its series has it: counts by month, a territory's as a part of the country's."""
    if target.of_country:
        return target.value / target.total
    return target.value / (target.stop - target.first) if _counts(target) else target.value


def naive(targets: Sequence[Target], known: Sequence[Target], children: Floats) -> dict[str, Floats]:
    """Return what each forecast says of each target, by name, [target]; missing where it has nothing to say.

    Parameters
    ----------
    known : figures that forecasts may look at, never the target itself; the last value and the trend look
        at earlier years only
    children : [territory] children, for the level of territories
    """
    by_series: dict[Key, list[Target]] = defaultdict(list)
    for target in known:
        by_series[series_of(target)].append(target)
    out = {name: np.full(len(targets), np.nan) for name in NAIVE}
    for i, target in enumerate(targets):
        others = [other for other in by_series[series_of(target)] if other is not target]
        for name, value in _naive(target, others, children).items():
            out[name][i] = value
    return out


def _naive(target: Target, others: Sequence[Target], children: Floats) -> dict[str, float]:
    if target.indicator.against == "previous":
        # No change: the only thing that a series without a level can say.
        return {"last": 1.0, "level": 1.0}
    factor = 1.0
    if target.of_country:
        factor = target.total
    elif _counts(target):
        factor = float(target.stop - target.first)
    by_year: dict[int, list[float]] = defaultdict(list)
    for other in others:
        by_year[other.year].append(pace(other))
    known = {year: float(np.mean(values)) for year, values in sorted(by_year.items())}
    before = {year: value for year, value in known.items() if year < target.year}
    out: dict[str, float] = {}
    if before:
        out["last"] = factor * before[max(before)]
    if target.of_country:
        out["level"] = factor * float(children[list(target.territories)].sum() / children.sum())
    else:
        if known:
            out["level"] = factor * float(np.mean(list(known.values())))
        if len(before) >= TREND_YEARS:
            slope, start = np.polyfit(list(before), list(before.values()), 1)
            least = LEAST if _counts(target) else 0.0
            out["trend"] = max(factor * float(start + slope * target.year), least)
    return out


def _counts(target: Target) -> bool:
    return target.indicator.error == "count"
