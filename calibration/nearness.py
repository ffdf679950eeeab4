"""The posterior, by the simulations themselves: no emulator has to be true for it.

Approximate Bayesian computation with few summaries. What a simulation showed, moved by errors as those of the
targets, are *made data*. Series are many, and no simulation comes near all of them at once; so data are
compared by one summary for each parameter that they can tell: its estimate from them (semi-automatic
summaries, Fearnhead and Prangle 2012; by Bayes linear estimates as in Nott et al. 2014). The nearest made
data count, the nearer the more; what still lies between them and the official figures is taken out of the
summarised parameters by a linear regression (Beaumont et al. 2002). All others stay as they were simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from calibration.screening import Identified
from calibration.smc import Data, effective
from simulator.experiments.prior import many_uniforms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SUMMARISED: Final = 0.1
"""Narrowing to be expected, from which on a parameter has a summary."""

NEAREST: Final = 0.5
"""Share of the prior's made data that count."""

MADE: Final = 10
"""Made data for each simulation."""

EDGE: Final = 1e-4
"""How near to an end of its range a position is told apart from it."""


@dataclass(frozen=True)
class Near:
    """The posterior by simulations.

    Attributes
    ----------
    weights : [simulation] share of the posterior
    rows, x : [made], [made, parameter] of the made data that count: their simulation, and positions after the
        regression
    of_made : [made] share of the posterior
    error : standard error of a mean after the regression, in standard deviations of the posterior
    """

    weights: Floats
    rows: Integers
    x: Floats
    of_made: Floats
    error: float

    @property
    def effective(self) -> float:
        """Effective number of simulations."""
        return effective(self.weights)


def nearest(
    x: Floats,
    y: Floats,
    weights: Floats,
    known: Identified,
    data: Data,
    seed: int,
    made: Floats | None = None,
) -> Near:
    """Return the posterior of data by simulations.

    Parameters
    ----------
    x, y : [n, parameter], [n, target] positions of simulations, and what they showed
    weights : [n] that turn simulations into a sample of the prior
    known : what the targets can tell
    made : [n, MADE, target] made data, if they are at hand

    Raises
    ------
    ValueError
        If the simulations that count are fewer than the regression needs.
    """
    summarised = np.flatnonzero(known.narrowing >= min(SUMMARISED, float(known.narrowing.max())))
    if made is None:
        made = make(y, data, seed)
    per = made.shape[1]
    away = (known.estimate(made) - known.estimate(data.value))[..., summarised].reshape(-1, len(summarised))
    prior = np.repeat(weights / weights.sum() / per, per)
    whitened = away @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(away.T, aweights=prior)))).T
    distance = np.sqrt((whitened**2).sum(axis=1))
    order = np.argsort(distance, kind="stable")
    reach = distance[order][np.searchsorted(np.cumsum(prior[order]), NEAREST)]
    kernel = prior * np.maximum(1.0 - (distance / reach) ** 2, 0.0)
    near = np.flatnonzero(kernel > 0.0)
    of_made = kernel[near] / kernel.sum()
    by_simulation = kernel.reshape(-1, per).sum(axis=1) / kernel.sum()
    positions = x[near // per]
    score = ndtri(np.clip(positions[:, summarised], EDGE, 1.0 - EDGE))
    terms = np.column_stack([np.ones(len(near)), away[near]])
    root = np.sqrt(of_made)[:, None]
    solved = np.linalg.lstsq(terms * root, score * root, rcond=None)[0]
    # A regression leaves less than there is, the more terms it has for each simulation.
    free = effective(by_simulation) - terms.shape[1]
    if free < 1.0:
        raise ValueError("too few simulations lie near the data")
    left = (score - terms @ solved) * np.sqrt(effective(by_simulation) / free)
    positions[:, summarised] = ndtr(solved[0] + left)
    leverage = float(np.linalg.inv(terms.T @ (terms * of_made[:, None]))[0, 0])
    error = float(np.sqrt(leverage / effective(by_simulation)))
    return Near(by_simulation, near // per, positions, of_made, error)


def make(y: Floats, data: Data, seed: int) -> Floats:
    """Return made data [n, MADE, target]: what each simulation showed, moved by errors of the targets."""
    n, k = y.shape
    u = np.stack([many_uniforms("made data", MADE * k, seed, i) for i in range(n)])
    return np.asarray(y[:, None] + ndtri(u).reshape(n, MADE, k) * data.spread)
