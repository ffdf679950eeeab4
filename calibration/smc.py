"""Populations of simulations that move towards the data, and the weights that undo how they were chosen.

Populations are drawn from the prior, then from what an emulator leaves likely under widened errors, then
under the errors as they are (sequential Monte Carlo). All of them count in the end, each simulation weighed
against the mixture of populations it was drawn from (deterministic mixture weights, Owen and Zhou 2000), so
that a poor emulator costs precision and never truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from calibration.emulator import Emulator

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

IMPLAUSIBLE: Final = 3.0
"""Standard deviations from which on a target speaks against a set (three-sigma rule, Pukelsheim 1994)."""

SPOKEN_BY: Final = 3
"""Targets that must speak against a set: one or two of many do so by chance."""


@dataclass(frozen=True)
class Data:
    """Targets on the scale of the emulator, [target].

    Attributes
    ----------
    value : official figures; deviation : standard deviations of observation and model together
    weight : share of a figure that counts
    """

    value: Floats
    deviation: Floats
    weight: Floats

    @property
    def spread(self) -> Floats:
        """[target] standard deviation of a figure that counts by its weight only."""
        return np.asarray(self.deviation / np.sqrt(self.weight))

    def log_density(self, y: Floats, widening: float = 1.0, covariance: Floats | None = None) -> Floats:
        """Return [n] log density of the data around ``y`` [n, target], but for a constant.

        ``covariance`` [target, target] is that of an emulator's errors, which add to those of the targets.
        """
        own = (widening * self.deviation) ** 2 / self.weight
        apart = y - self.value
        if covariance is None:
            return np.asarray(-0.5 * (apart**2 / own).sum(axis=1))
        factor = np.linalg.cholesky(covariance + np.diag(own))
        return np.asarray(-0.5 * (solve_triangular(factor, apart.T, lower=True) ** 2).sum(axis=0))

    def implausibility(self, mean: Floats, variance: Floats) -> Floats:
        """Return [n, target] how many standard deviations lie between data and emulated values."""
        return np.asarray(np.abs(mean - self.value) / np.sqrt(self.deviation**2 + variance))


def ruled_out(implausibility: Floats) -> NDArray[np.bool_]:
    """Return [n] whether history matching rules a set out: too many targets speak against it."""
    spoken = min(SPOKEN_BY, implausibility.shape[1])
    return np.asarray(np.sort(implausibility, axis=1)[:, -spoken] > IMPLAUSIBLE)


@dataclass(frozen=True)
class Stage:
    """How one population was chosen: by this emulator, under errors ``widening`` times as large.

    ``emulator`` is None for the prior. ``mass`` is the mean of the likelihood over the prior: with it, stages
    have one scale.
    """

    size: int
    emulator: Emulator | None
    widening: float
    mass: float

    def likelihood(self, x: Floats, data: Data) -> Floats:
        """Return [n] how likely the emulator finds sets at ``x``; 0 where history matching rules them out."""
        if self.emulator is None:
            return np.ones(len(x))
        return emulated(self.emulator, self.emulator.mean(x), data, self.widening)


def emulated(emulator: Emulator, mean: Floats, data: Data, widening: float) -> Floats:
    """Return [n] likelihood by an emulator's mean [n, target], 0 where history matching rules a set out."""
    log = data.log_density(mean, widening, emulator.covariance)
    return np.where(ruled_out(data.implausibility(mean, emulator.variance)), 0.0, np.exp(log))


def effective(weights: Floats) -> float:
    """Return the effective number of weighted simulations (Kish)."""
    total = float(weights.sum())
    return total * total / float((weights**2).sum()) if total > 0.0 else 0.0


def choose(weights: Floats, n: int, start: float) -> Integers:
    """Return ``n`` rows by systematic resampling from ``start`` in [0, 1)."""
    edges = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(edges, (np.arange(n) + start) / n), len(weights) - 1)


def of_prior(x: Floats, stages: tuple[Stage, ...], data: Data) -> Floats:
    """Return the weights [n] that turn all simulations into a sample of the prior.

    Each is weighed against the mixture of stages it was drawn from.

    Parameters
    ----------
    x : [n, parameter] positions of all simulations, stage by stage
    """
    n = sum(stage.size for stage in stages)
    shares = [stage.size / n * stage.likelihood(x, data) / stage.mass for stage in stages]
    weights = 1.0 / np.sum(shares, axis=0)
    return np.asarray(weights / weights.sum())
