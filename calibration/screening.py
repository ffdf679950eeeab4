"""Which parameters can the data tell apart? Screened on runs of the whole country over the prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

FALSE_ALARMS: Final = 0.01
"""Expected parameters taken in by chance alone, over all parameters, for one target."""

MOST_PER_TARGET: Final = 12


def movers(x: Floats, y: Floats) -> tuple[tuple[int, ...], ...]:
    """Return for each target the columns of ``x`` that move it, the strongest first.

    Forward selection on ranks: the column with the highest correlation with what is left enters, until none
    is stronger than chance would make the strongest of all columns in ``FALSE_ALARMS`` of the cases.

    Parameters
    ----------
    x : [n, parameter] positions in the prior; y : [n, target]
    """
    n, p = x.shape
    ranks = stats.rankdata(x, axis=0)
    ranks = (ranks - ranks.mean(axis=0)) / np.maximum(ranks.std(axis=0), 1e-12)
    out = []
    for k in range(y.shape[1]):
        left = stats.rankdata(y[:, k])
        left = left - left.mean()
        chosen: list[int] = []
        basis = np.zeros((n, 0))
        for _ in range(MOST_PER_TARGET):
            free = n - 2 - len(chosen)
            deviation = float(left.std())
            if deviation == 0.0 or free < 3:
                break
            correlation = left @ ranks / (n * deviation)
            correlation[chosen] = 0.0
            best = int(np.argmax(np.abs(correlation)))
            r = min(abs(float(correlation[best])), 1.0 - 1e-12)
            chance = 2.0 * p * float(stats.t.sf(r * np.sqrt(free / (1.0 - r * r)), free))
            if chance > FALSE_ALARMS:
                break
            chosen.append(best)
            column = ranks[:, best] - basis @ (basis.T @ ranks[:, best])
            basis = np.column_stack([basis, column / np.linalg.norm(column)])
            left = left - basis @ (basis.T @ left)
        out.append(tuple(chosen))
    return tuple(out)


@dataclass(frozen=True)
class Identified:
    """What the fitted targets can tell of the parameters, to first order.

    Attributes
    ----------
    narrowing : [parameter] share of the prior's standard deviation that the data take away
    directions : combinations that the data know best: (information, {column: weight})
    expected : [target] what the prior shows on average
    gain : [parameter, target] by how many standard deviations of the prior the estimate of a parameter moves
        with each target
    """

    narrowing: Floats
    directions: tuple[tuple[float, dict[int, float]], ...]
    expected: Floats
    gain: Floats

    def estimate(self, y: Floats) -> Floats:
        """Return the estimate of each parameter from data ``y`` [..., target], in standard deviations.

        The best linear one (Bayes linear, Goldstein and Wooff 2007), if errors of targets do not go together.
        """
        return (y - self.expected) @ self.gain.T


def identify(x: Floats, y: Floats, deviation: Floats, active: Sequence[Sequence[int]]) -> Identified:
    """Return what targets with these errors tell of each parameter.

    The sensitivity matrix is that of the linear regression of each target on the columns that move it, in
    standard deviations of prior and error. Its singular vectors are the combinations (in logarithms often
    products) which the data see; the rest of a parameter they do not see.

    Parameters
    ----------
    x, y : [n, parameter], [n, target]
    deviation : [target] standard deviation of observation and model error together
    active : columns that move each target
    """
    z = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-12)
    sensitivity = np.zeros((y.shape[1], x.shape[1]))
    error = np.sqrt(deviation**2 + y.var(axis=0))
    for k, columns in enumerate(active):
        if columns:
            design = np.column_stack([np.ones(len(z)), z[:, list(columns)]])
            solution = np.linalg.lstsq(design, y[:, k], rcond=None)[0]
            left = float(np.var(y[:, k] - design @ solution))
            error[k] = np.sqrt(deviation[k] ** 2 + left)
            sensitivity[k, list(columns)] = solution[1:] / error[k]
    information = sensitivity.T @ sensitivity
    after = np.linalg.inv(np.eye(len(information)) + information)
    _, singular, vectors = np.linalg.svd(sensitivity, full_matrices=False)
    directions = tuple(
        (float(s), {int(i): float(v[i]) for i in np.argsort(-np.abs(v))[:6] if abs(v[i]) > 0.2})
        for s, v in zip(singular, vectors, strict=True)
        if s > 1.0
    )
    gain = after @ sensitivity.T / error
    return Identified(1.0 - np.sqrt(np.diag(after)), directions, y.mean(axis=0), gain)
