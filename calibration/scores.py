"""How well a forecast stands up to a figure: coverage, the continuous ranked probability score, ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def interval(sample: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the central interval of each column of ``sample`` [n, target] that holds ``level`` of it."""
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(sample, [tail, 1.0 - tail], axis=0)
    return low, high


def covered(sample: Floats, value: Floats, level: float) -> Bools:
    """Return which values [target] lie in the central interval of their column of ``sample``."""
    low, high = interval(sample, level)
    return np.asarray((low <= value) & (value <= high))


def crps(sample: Floats, value: Floats) -> Floats:
    """Return the continuous ranked probability score of each column, in the unit of the value.

    Less is better: mean distance of the sample to the value less half the mean distance within the sample
    (Gneiting and Raftery 2007, equation 21); of a single number it is the absolute error.
    """
    n = sample.shape[0]
    ordered = np.sort(sample, axis=0)
    rank = 2.0 * np.arange(1, n + 1) - n - 1.0
    within = 2.0 * np.tensordot(rank, ordered, axes=(0, 0)) / n**2
    return np.asarray(np.abs(sample - value).mean(axis=0) - within / 2.0)


def share_interval(hits: int, rows: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval (Clopper and Pearson 1934) of a share of ``rows`` that are independent."""
    if rows == 0:
        return 0.0, 1.0
    tail = (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else float(stats.beta.ppf(tail, hits, rows - hits + 1))
    high = 1.0 if hits == rows else float(stats.beta.ppf(1.0 - tail, hits + 1, rows - hits))
    return low, high


def rank_correlation(a: Floats, b: Floats) -> float:
    """Return Spearman's correlation of two columns, ties at their mean rank; missing if one is constant."""
    if a.size < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(stats.rankdata(a), stats.rankdata(b))[0, 1])
