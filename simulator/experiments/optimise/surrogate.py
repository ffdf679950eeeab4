"""A stand-in for the model: a smoothing-spline analysis of variance, fitted to what simulations told.

The change of a measure is a sum over lines of smooth curves that begin at nothing where no money goes, and of
products of pairs of lines. It is a Gaussian process with the kernel of such functions (Wahba 1990, "Spline
models for observational data"; Duvenaud et al. 2011, "Additive Gaussian processes"): each line has a variance
of its own, so that lines of no effect fall silent, and all of it is fitted by maximum likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

Floats = NDArray[np.float64]

SPREAD: Final = 2.0
"""Standard deviation of the logarithm of a line's variance around that of all lines: a weak prior."""

MOST_STEPS: Final = 60
JITTER: Final = 1e-9
BOUNDS: Final = (-18.0, 6.0)
"""Of the logarithms that are fitted; data are scaled to a size of one."""


@dataclass(frozen=True)
class Weights:
    """What is fitted.

    Attributes
    ----------
    variance : [line] of the straight part of its curve
    bend : of the bent part, beside the straight one
    pairs : of products of two lines, beside the two
    noise : variance of chance
    """

    variance: Floats
    bend: float
    pairs: float
    noise: float


class Surrogate:
    """A fitted stand-in.

    Parameters
    ----------
    points : [n, line] money of each line over its scale, from 0
    values : [n] change beside no money at all
    weights : fitted before, or ``None`` to fit them
    start : where fitting begins

    Attributes
    ----------
    weights : with which it predicts
    """

    def __init__(
        self, points: Floats, values: Floats, *, weights: Weights | None = None, start: Weights | None = None
    ) -> None:
        self.points = points
        self.size = float(np.sqrt(np.mean(values**2))) or 1.0
        y = values / self.size
        self.weights = weights or _fit(points, y, start)
        kernel = _kernel(points, points, self.weights)
        kernel[np.diag_indices_from(kernel)] += self.weights.noise + JITTER
        self._factor = cho_factor(kernel, lower=True)
        self._alpha = cho_solve(self._factor, y)

    def mean(self, u: Floats) -> float:
        """Return what is expected at [line] money over scale."""
        return self.size * float(_kernel(u[None], self.points, self.weights)[0] @ self._alpha)

    def gradient(self, u: Floats) -> Floats:
        """Return [line] the slope of what is expected."""
        return self.size * np.asarray(_slope(u, self.points, self.weights).T @ self._alpha)

    def deviation(self, u: Floats, beside: Floats | None = None) -> float:
        """Return the standard deviation of the expectation at ``u``, or of the difference from a point."""
        rows = u[None] if beside is None else np.stack([u, beside])
        sign = np.array([1.0]) if beside is None else np.array([1.0, -1.0])
        cross = _kernel(rows, self.points, self.weights).T @ sign
        prior = sign @ _kernel(rows, rows, self.weights) @ sign
        left = float(prior - cross @ cho_solve(self._factor, cross))
        return self.size * float(np.sqrt(max(left, 0.0)))

    def deviation_gradient(self, u: Floats) -> Floats:
        """Return [line] the slope of the standard deviation."""
        cross = _kernel(u[None], self.points, self.weights)[0]
        own = 2.0 * _slope(u, u[None], self.weights)[0]
        slope = own - 2.0 * _slope(u, self.points, self.weights).T @ cho_solve(self._factor, cross)
        return np.asarray(self.size * self.size * slope / (2.0 * max(self.deviation(u), 1e-12 * self.size)))


def _parts(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return [line, n, m] products, and the spline kernel of functions with value and slope 0 at 0."""
    x, y = a.T[:, :, None], b.T[:, None, :]
    low, high = np.minimum(x, y), np.maximum(x, y)
    return x * y, low * low * (3.0 * high - low) / 2.0


def _kernel(a: Floats, b: Floats, w: Weights) -> Floats:
    straight, bent = _parts(a, b)
    first = np.tensordot(w.variance, straight + w.bend * bent, 1)
    scaled = np.sqrt(w.variance)[:, None, None] * straight
    total = scaled.sum(axis=0)
    return np.asarray(first + 0.5 * w.pairs * (total * total - (scaled * scaled).sum(axis=0)))


def _slope(u: Floats, points: Floats, w: Weights) -> Floats:
    """Return [n, line] the slope in ``u`` of the kernel between ``u`` and each point."""
    low = np.minimum(u, points)
    bent = np.where(u <= points, 3.0 * u * (2.0 * points - u), 3.0 * low * low) / 2.0
    root = np.sqrt(w.variance)
    scaled = root * u * points
    total = scaled.sum(axis=1, keepdims=True)
    return np.asarray(w.variance * (points + w.bend * bent) + w.pairs * (total - scaled) * root * points)


def _fit(points: Floats, y: Floats, start: Weights | None) -> Weights:
    """Return the weights of largest posterior density."""
    n, lines = points.shape
    straight, bent = (part.reshape(lines, n * n) for part in _parts(points, points))
    squared = straight * straight
    level = float(np.log(1.0 / max(float(np.mean(np.sum(points**2, axis=1))), 1e-9)))
    if start is None:
        first = np.concatenate([np.full(lines, level), [0.0, -2.0, -3.0]])
    else:
        first = np.log([*np.maximum(start.variance, 1e-9), start.bend, start.pairs, start.noise])

    def loss(theta: Floats) -> tuple[float, Floats]:
        variance = np.exp(theta[:lines])
        bend, pairs, noise = np.exp(theta[lines:])
        root = np.sqrt(variance)
        total = root @ straight
        product = 0.5 * (total * total - variance @ squared)
        bends = variance @ bent
        kernel = (variance @ straight + bend * bends + pairs * product).reshape(n, n)
        kernel[np.diag_indices(n)] += noise + JITTER
        try:
            factor = cho_factor(kernel, lower=True)
        except np.linalg.LinAlgError:
            return 1e12, np.zeros_like(theta)
        alpha = cho_solve(factor, y)
        pull = (np.outer(alpha, alpha) - cho_solve(factor, np.eye(n))).ravel()
        value = 0.5 * float(y @ alpha) + float(np.log(np.diag(factor[0])).sum())
        of_line = variance * (straight @ pull + bend * (bent @ pull))
        of_line += 0.5 * pairs * (root * (straight @ (pull * total)) - variance * (squared @ pull))
        of_bend = bend * float(bends @ pull)
        of_pairs = pairs * float(product @ pull)
        of_noise = noise * float(pull[:: n + 1].sum())
        slope = -0.5 * np.array([*of_line, of_bend, of_pairs, of_noise])
        middle = theta[:lines].mean()
        away = np.array([*(theta[:lines] - middle), theta[lines], theta[lines + 1] + 2.0, 0.0])
        value += 0.5 * float(away @ away) / SPREAD**2
        return value, slope + away / SPREAD**2

    best = minimize(
        loss,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=[BOUNDS] * first.size,
        options={"maxiter": MOST_STEPS},
    )
    theta = np.exp(best.x)
    return Weights(theta[:lines], float(theta[lines]), float(theta[lines + 1]), float(theta[lines + 2]))
