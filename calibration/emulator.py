"""A cheap stand-in for the model: each observed series as a polynomial of the parameters that move it.

Parameters enter as positions in their prior (``x``, 0 to 1). A series is regressed on linear, square and
product terms of the few parameters that were found to move it; what is left (chance, and all parameters that
were not found) is its error, told by leaving each simulation out in turn. One parameter that was not found
moves many series alike, so that errors go together: they have a covariance, not only variances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_TERMS_PER_RUN: Final = 0.2
"""Terms of a polynomial for each simulation it is fitted to, at most: more would learn chance by heart."""

RIDGE: Final = 1e-6


@dataclass(frozen=True)
class Polynomial:
    """One series.

    Attributes
    ----------
    columns : parameters in it, as columns of ``x``; pairs : products of two of them
    coefficients : of constant, linear, square and product terms
    left_out : [n] error for each simulation, when fitted to the others; variance : their mean square
    explained : share of the variance of the series that it tells before it sees a simulation
    """

    columns: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    coefficients: Floats
    left_out: Floats
    explained: float

    @property
    def variance(self) -> float:
        """Mean square of the errors."""
        return float(np.mean(self.left_out**2))

    def mean(self, x: Floats) -> Floats:
        """Return [n] expected values at positions ``x`` [n, parameter]."""
        return terms(x, self.columns, self.pairs) @ self.coefficients


def terms(x: Floats, columns: Sequence[int], pairs: Sequence[tuple[int, int]]) -> Floats:
    """Return [n, term]: a constant, then each column, its square, and the products of pairs."""
    z = 2.0 * x[:, list(columns)] - 1.0
    products = [(2.0 * x[:, a] - 1.0) * (2.0 * x[:, b] - 1.0) for a, b in pairs]
    return np.column_stack([np.ones(len(x)), z, z**2, *products])


def fit(x: Floats, y: Floats, columns: Sequence[int]) -> Polynomial:
    """Return the polynomial of one series [n] in the chosen columns of ``x`` [n, parameter].

    Products are taken in while simulations are many enough, those of the strongest columns first.
    """
    chosen = tuple(columns)
    room = max(int(MOST_TERMS_PER_RUN * len(y)) - 1 - 2 * len(chosen), 0)
    pairs = tuple(
        sorted(combinations(chosen, 2), key=lambda p: chosen.index(p[0]) + chosen.index(p[1]))[:room]
    )
    best = _least_squares(x, y, chosen, ())
    if pairs:
        other = _least_squares(x, y, chosen, pairs)
        if other.variance < best.variance:
            best = other
    return best


def _least_squares(
    x: Floats, y: Floats, columns: tuple[int, ...], pairs: tuple[tuple[int, int], ...]
) -> Polynomial:
    design = terms(x, columns, pairs)
    gram = design.T @ design
    gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram)
    solved = np.linalg.solve(gram, design.T)
    coefficients = solved @ y
    leverage = np.minimum((design * solved.T).sum(axis=1), 0.999)
    left_out = (y - design @ coefficients) / (1.0 - leverage)
    total = float(np.var(y))
    explained = 1.0 - float(np.mean(left_out**2)) / total if total > 0.0 else 0.0
    return Polynomial(columns, pairs, coefficients, left_out, explained)


@dataclass(frozen=True)
class Emulator:
    """All observed series, in the order of the targets.

    Attributes
    ----------
    covariance : [target, target] of its errors
    """

    series: tuple[Polynomial, ...]
    covariance: Floats

    def mean(self, x: Floats) -> Floats:
        """Return [n, target] expected values at positions ``x`` [n, parameter]."""
        return np.stack([one.mean(x) for one in self.series], axis=1)

    @property
    def variance(self) -> Floats:
        """[target] variance of its errors."""
        return np.diag(self.covariance)


def emulate(x: Floats, y: Floats, active: Sequence[Sequence[int]]) -> Emulator:
    """Return the emulator of simulations ``y`` [n, target] at ``x`` [n, parameter].

    ``active`` are the columns that move each target, the strongest first.
    """
    series = tuple(fit(x, y[:, k], columns) for k, columns in enumerate(active))
    return Emulator(series, shrunk(np.stack([one.left_out for one in series], axis=1)))


def shrunk(errors: Floats) -> Floats:
    """Return the covariance of errors [n, target], drawn towards none between targets.

    Correlations move towards zero as far as their own chance demands (Ledoit and Wolf 2004); variances stay.
    """
    n, k = errors.shape
    deviation = np.sqrt((errors**2).mean(axis=0))
    z = errors / np.maximum(deviation, 1e-300)
    correlation = z.T @ z / n
    apart = float(((correlation - np.eye(k)) ** 2).sum())
    chance = float((((z**2).T @ z**2) / n - correlation**2).sum()) / n
    share = 1.0 if apart <= 0.0 else min(chance / apart, 1.0)
    correlation = (1.0 - share) * correlation
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation * np.outer(deviation, deviation))
